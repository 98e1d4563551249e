"""The registry of formats: what is found by which name, what may be added, and what an absent one says."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import threading
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from cevents import CloudEvent, UnsupportedBatch, UnsupportedFormat, bindings, formats

Event = CloudEvent[Any]


@pytest.fixture(autouse=True)
def fresh_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers goes with it; no entry points but those that it gives."""
    monkeypatch.setattr(formats, "_by_name", dict(formats._by_name))
    monkeypatch.setattr(formats, "_by_media_type", dict(formats._by_media_type))
    monkeypatch.setattr(formats, "_loaded_groups", set())
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [])


class Reversed:
    """A format of somebody's own: JSON from its end."""

    name = "reversed"
    media_type = "application/cloudevents+reversed"
    batch_media_type: str | None = None

    def encode(self, event: Event) -> bytes:
        return formats.json.encode(event)[::-1]

    def decode(self, body: bytes, *, lenient: bool = False) -> Event:
        return formats.json.decode(body[::-1], lenient=lenient)

    def encode_batch(self, events: Iterable[Event]) -> bytes:
        raise UnsupportedBatch("reversed has no batches")

    def decode_batch(self, body: bytes, *, lenient: bool = False) -> list[Event]:
        raise UnsupportedBatch("reversed has no batches")


# SDK-enc-e, HTTP-1.4-a, CE-overview-b
@pytest.mark.parametrize(
    "name",
    [
        "json",
        "application/cloudevents+json",
        "Application/CloudEvents+JSON",
        "application/cloudevents+json; charset=utf-8",
        " application/cloudevents+json ;charset=UTF-8",
        "application/cloudevents-batch+json",
        "APPLICATION/CLOUDEVENTS-BATCH+JSON;a=b",
    ],
)
def test_json_is_found(name: str) -> None:
    assert formats.get(name) is formats.json
    assert "json" in formats.names()


def test_what_has_no_batches() -> None:  # T-CBOR-5
    for known in ("avro", "avro-compact", "cbor"):
        with pytest.raises(UnsupportedFormat, match=f"application/cloudevents.{known} has no batches"):
            formats.get(f"application/cloudevents-batch+{known}; charset=utf-8")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "JSON",
        "yaml",
        "application/json",
        "application/cloudevents",
        "application/cloudevents+yaml",
        "application/cloudevents+proto",  # T-PB-8
        "x" * 10_000,
        "a\r\nb",
    ],
)
def test_t04_what_is_not_known(name: str) -> None:
    with pytest.raises(
        UnsupportedFormat, match=r"no event format .* is known here; known are .*json"
    ) as caught:
        formats.get(name)
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


SHIPPED = {
    "avro": "application/cloudevents+avro",  # AVRO-4-a
    "avro-compact": "application/cloudevents+avro-compact",  # AVROC-3-a
    "cbor": "application/cloudevents+cbor",  # CBOR-3-b
    "protobuf": "application/cloudevents+protobuf",  # PB-4-a
    "xml": "application/cloudevents+xml",  # XML-4-b
}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_format_that_needs_an_extra_is_found_when_it_is_asked_for(name: str) -> None:
    found = formats.get(name)
    assert found.name == name
    assert found.media_type == SHIPPED[name]
    assert formats.get(SHIPPED[name].upper() + "; charset=utf-8") is found
    batches = {
        "protobuf": "application/cloudevents-batch+protobuf",
        "xml": "application/cloudevents-batch+xml",
    }
    assert found.batch_media_type == batches.get(name)  # PB-5.2-a, XML-5-c
    if name in batches:
        assert formats.get(batches[name]) is found
    else:  # AVRO-1-a, AVROC-1-a
        for verb in (lambda: found.encode_batch([]), lambda: found.decode_batch(b"")):
            with pytest.raises(UnsupportedBatch, match="has no batches"):
                verb()


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("avro", "fastavro", "avro"),
        ("avro-compact", "fastavro", "avro"),
        ("cbor", "cbor2", "cbor"),
        ("protobuf", "google", "protobuf"),
    ],
)
def test_a_missing_extra_is_told_in_one_line(name: str, package: str, extra: str) -> None:
    program = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {package!r}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
from cevents import UnsupportedFormat, bindings, formats
for ask in (lambda: formats.get({name!r}), lambda: bindings.http.decode(
    [("content-type", {SHIPPED[name]!r})], b"x"
)):
    try:
        ask()
    except UnsupportedFormat as error:
        print(error)
"""
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert line.endswith(f"pip install 'cevents[{extra}]'")


def test_importing_cevents_imports_no_extra() -> None:
    program = """
import sys
before = set(sys.modules)  # what measures coverage may have some of these
import cevents
print({"fastavro", "cbor2", "google", "xml", "pyexpat"} & (set(sys.modules) - before))
"""
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert result.stdout == "set()\n"


# HTTP-1.4-b, CE-format-b
def test_a_format_of_somebody_else() -> None:
    mine = Reversed()
    formats.register(mine)
    assert formats.get("reversed") is formats.get("application/cloudevents+REVERSED") is mine
    assert formats.names() == sorted([*formats.names()])
    event: Event = CloudEvent(type="t", source="/s", data=[1])
    assert bindings.http.decode(*bindings.http.encode(event, "structured", "reversed")) == event
    for batch in (
        lambda: mine.encode_batch([event]),
        lambda: bindings.http.encode_batch([event], "reversed"),
    ):
        with pytest.raises(UnsupportedBatch):
            batch()


def test_a_format_may_take_the_place_of_another() -> None:
    class Mine(Reversed):
        name = "json"
        media_type = "application/cloudevents+json"

    mine = Mine()
    formats.register(mine)
    assert formats.get("json") is formats.get("application/cloudevents+json") is mine
    assert formats.get("application/cloudevents-batch+json") is formats.json


# CE-format-a
@pytest.mark.parametrize("missing", ["encode", "decode", "encode_batch", "decode_batch"])
def test_a_format_without_a_verb_is_refused(missing: str) -> None:
    mine = type("Half", (Reversed,), {missing: None})()
    with pytest.raises(TypeError, match=f"a format needs {missing}"):
        formats.register(mine)
    assert "reversed" not in formats.names()


@pytest.mark.parametrize("attribute", ["media_type", "batch_media_type"])
def test_a_format_of_no_media_type_is_refused(attribute: str) -> None:
    mine: Any = type("Half", (Reversed,), {attribute: "nonsense"})()
    with pytest.raises(ValueError, match='"nonsense" is not a media type'):
        formats.register(mine)
    assert "reversed" not in formats.names()
    with pytest.raises(UnsupportedFormat):
        formats.get("application/cloudevents+reversed")


class EntryPoint:
    """An entry point of a package that is installed."""

    def __init__(self, name: str, found: object) -> None:
        self.name = name
        self._found = found
        self.loaded = 0

    def load(self) -> object:
        self.loaded += 1
        if isinstance(self._found, Exception):
            raise self._found
        return self._found


def install(monkeypatch: pytest.MonkeyPatch, *entry_points: EntryPoint) -> None:
    def found(*, group: str) -> list[EntryPoint]:
        assert group == "cevents.formats"
        return list(entry_points)

    monkeypatch.setattr(importlib.metadata, "entry_points", found)


def test_a_format_without_a_name_is_refused() -> None:
    for name in (None, "", 5):
        other: Any = SimpleNamespace(**{**vars(formats.json), "name": name})
        with pytest.raises(TypeError, match="the name of a format"):
            formats.register(other)
    assert formats.names() == sorted(formats.names())


def test_a_format_is_taken_back() -> None:
    found = formats.get("xml")
    formats.unregister("xml")
    assert formats.get("application/cloudevents-batch+xml") is found
    formats.unregister("never known")


def test_formats_are_attributes() -> None:
    for name in ("avro", "avro_compact", "cbor", "protobuf", "xml"):
        assert getattr(formats, name) is formats.get(name)
    with pytest.raises(AttributeError, match="yaml"):
        _ = formats.yaml


def test_what_is_no_name_and_no_body() -> None:
    for name in (formats.json, 5):
        with pytest.raises(TypeError, match="a format has a name or a media type"):
            formats.get(name)  # type: ignore[arg-type] # the error is the point
    for found in ("avro", "cbor", "xml", "protobuf"):
        with pytest.raises(TypeError, match="must be bytes, not str"):
            formats.get(found).decode("text")  # type: ignore[arg-type] # the error is the point


def test_a_format_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Reversed()
    entry_point, known = EntryPoint("reversed", mine), EntryPoint("json", AssertionError())
    install(monkeypatch, entry_point, known)
    assert formats.get("json") is formats.json
    assert entry_point.loaded == 0  # not before it is needed
    assert formats.get("application/cloudevents+reversed") is mine
    assert formats.get("reversed") is mine
    with pytest.raises(UnsupportedFormat):
        formats.get("other")
    assert (entry_point.loaded, known.loaded) == (1, 0)


@pytest.mark.parametrize(
    "found",
    [ImportError("no module named fastavro"), AttributeError("gone"), object()],
    ids=lambda found: type(found).__name__,
)
def test_a_broken_entry_point_breaks_no_decoder(monkeypatch: pytest.MonkeyPatch, found: object) -> None:
    install(monkeypatch, EntryPoint("broken", found), EntryPoint("reversed", Reversed()))
    with pytest.raises(UnsupportedFormat, match="other"):
        formats.get("other")
    assert formats.get("reversed").name == "reversed"
    with pytest.raises(UnsupportedFormat, match="broken"):
        formats.get("broken")


def test_a_format_is_found_by_all_of_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one thread loads the entry points, another does not take the format for unknown."""
    mine = Reversed()
    loading, go_on = threading.Event(), threading.Event()

    class Slow(EntryPoint):
        def load(self) -> object:
            loading.set()
            go_on.wait(timeout=30)
            return super().load()

    install(monkeypatch, Slow("reversed", mine))
    found: list[object] = []

    def get() -> None:
        try:
            found.append(formats.get("reversed"))
        except UnsupportedFormat as error:
            found.append(error)

    first = threading.Thread(target=get)
    first.start()
    assert loading.wait(timeout=30)
    second = threading.Thread(target=get)
    second.start()
    second.join(timeout=0.2)  # it may wait for the first, or go its own way
    go_on.set()
    first.join(timeout=30)
    second.join(timeout=30)
    assert found == [mine, mine]
