"""Which event format some bytes are in: by the name of their file, or by a look at them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cevents import formats
from cevents.cli._program import NotUsable
from cevents.errors import CloudEventError, InvalidEvent, UnsupportedFormat

if TYPE_CHECKING:
    from cevents.event import CloudEvent

__all__ = [
    "ENDINGS",
    "Unusable",
    "events_of",
    "format_known",
    "format_named",
    "format_of",
    "is_json_text",
    "whole",
]


class Unusable(Exception):
    """An input that cannot be read, or not to its end; says why."""


ENDINGS = {
    ".avro": "avro",
    ".binpb": "protobuf",
    ".cbor": "cbor",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".pb": "protobuf",
    ".xml": "xml",
}
"""Endings of file names, without ".gz", and the formats that they tell."""

# What may begin a text, with or without byte order mark.
_JSON_BEGINNINGS = (b"{", b"[")
_XML_BEGINNINGS = (b"<", b"\xff\xfe<", b"\xfe\xff\x00<")
_CBOR_MAPS = frozenset(range(0xA0, 0xC0))
_SELF_DESCRIBED = b"\xd9\xd9\xf7"  # RFC 8949, section 3.4.6
# Formats that nothing at their beginning tells from others: whichever reads the whole of it.
_BY_TRIAL = ("protobuf", "avro", "avro-compact")


def is_json_text(head: bytes) -> bool:
    """Tell whether a text that begins so can be JSON and nothing else."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")[:1] in _JSON_BEGINNINGS


def format_named(path: str) -> str | None:
    """Return the name of the format that the name of a file tells, None if it tells none."""
    name = Path(path).name.lower().removesuffix(".gz")
    return ENDINGS.get(Path(name).suffix)


def format_known(name: str) -> formats.Format:
    """Return the format of a name or media type that the user gave; raises `NotUsable`."""
    try:
        return formats.get(name)
    except UnsupportedFormat as error:
        raise NotUsable(str(error)) from None


def format_of(body: bytes) -> str | None:
    """Return the name of the format that a body is in, None if it is in none that can be read here."""
    text = body.removeprefix(b"\xef\xbb\xbf")
    if is_json_text(body[:4096]):
        return "json"
    if text.lstrip(b" \t\r\n").startswith(_XML_BEGINNINGS):
        return "xml"
    if body[:1] and (body[0] in _CBOR_MAPS or body.startswith(_SELF_DESCRIBED)):
        return "cbor"
    return next((name for name in _BY_TRIAL if _reads(name, body)), None)


def whole(first: bytes, chunks: Iterable[bytes]) -> bytes:
    """Return an input that is no stream of JSON; raises `Unusable` for one that is too long to be held."""
    body = bytearray(first)
    for chunk in chunks:
        body += chunk
        if len(body) > _MOST:
            raise Unusable(f"has more than {_MOST:,} bytes, and only JSON is read as a stream")
    return bytes(body)


_MOST = 2**30


def events_of(found: formats.Format, body: bytes, *, lenient: bool) -> list[CloudEvent[Any]]:
    """Return the one event of a body, or those of a batch; raises what is wrong with what it rather is."""
    try:
        return [found.decode(body, lenient=lenient)]
    except CloudEventError as error:
        if found.batch_media_type is None:
            raise
        try:
            return found.decode_batch(body, lenient=lenient)
        except CloudEventError as of_batch:
            raise min(error, of_batch, key=_how_much) from None


def _how_much(error: CloudEventError) -> tuple[int, bool]:
    """How much speaks against what was tried: the number of problems, and whether none is of an event in a batch."""
    problems = error.problems if isinstance(error, InvalidEvent) else ()
    return len(problems) or 1, not any(problem.index is not None for problem in problems)


def _reads(name: str, body: bytes) -> bool:
    try:
        found = formats.get(name)
    except UnsupportedFormat:  # the extra is not installed
        return False
    try:
        return bool(events_of(found, body, lenient=False))
    except CloudEventError:
        return False
