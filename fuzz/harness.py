"""One fuzzer: `python fuzz/harness.py TARGET [libFuzzer's arguments] CORPUS`; `run.py` calls it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent.parent))

with atheris.instrument_imports(include=["cevents"]):
    from cevents import CloudEvent, formats

from fuzz import properties
from fuzz.seeds import message_of


def fuzz_json(text: bytes) -> None:
    """One event in JSON."""
    properties.check_json(text)


def fuzz_batch(text: bytes) -> None:
    """A batch, or a stream of events."""
    properties.check_batch(text)


def fuzz_http(text: bytes) -> None:
    """A message of HTTP, in the notation of `seeds.py`."""
    properties.check_http(*message_of(text))


def fuzz_messages(text: bytes) -> None:
    """The same message, as the bindings of other protocols may get it."""
    properties.check_messages(*message_of(text))


def fuzz_grammars(text: bytes) -> None:
    """A timestamp, media type or URI."""
    characters = text.decode("utf-8", errors="surrogateescape")
    properties.check_timestamp(characters)
    properties.check_media_type(characters)
    properties.check_uri(characters)


def of_format(name: str) -> Callable[[bytes], None]:
    """One of the other formats."""
    return lambda text: properties.check_format(name, text)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "json": fuzz_json,
    "batch": fuzz_batch,
    "http": fuzz_http,
    "grammars": fuzz_grammars,
    "messages": fuzz_messages,
    **{name: of_format(name) for name in formats.names() if name != "json"},
}


def learn() -> None:
    """Let the short way of the JSON decoder know some extensions, as it does in a program that has run for a while."""
    names = (
        "comexampleextension1",
        "comexampleothervalue",
        "partitionkey",
        "sequence",
        "traceparent",
        "ext",
        "a",
    )
    event: CloudEvent[None] = CloudEvent(type="t", source="/s", **dict.fromkeys(names, "v"))
    for _ in range(5):
        formats.json.decode(formats.json.encode(event))


if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]
    learn()
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
