"""Which event format an input or an output is in: by what the user says, by the name of a file, or by a look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cevents import formats, mediatypes
from cevents.cli._program import NotUsable
from cevents.cli._whole import Shape, Unusable, read
from cevents.errors import UnsupportedFormat, refuse

__all__ = [
    "ENDINGS",
    "Stated",
    "beginning",
    "check_json",
    "format_named",
    "format_of",
    "is_json_text",
    "stated",
    "usable",
]

ENDINGS = {
    ".avro": "avro",
    ".avro-compact": "avro-compact",
    ".binpb": "protobuf",
    ".cbor": "cbor",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".pb": "protobuf",
    ".protobuf": "protobuf",
    ".xml": "xml",
}
"""Endings of file names, without ".gz", and the formats that they tell."""


# ------------------------------------------------------------------------------------------------- what the user says


class Stated(NamedTuple):
    """A format that the user named, and whether it is one event or a batch, which a media type says too."""

    format: formats.Format
    shape: Shape | None


def stated(text: str) -> Stated:
    """Return the format of a name or media type that the user gave; raises `NotUsable`."""
    try:
        found = formats.get(text)
    except UnsupportedFormat as error:
        raise NotUsable(str(error)) from None
    essence = _essence(text)
    if essence is None:
        return Stated(found, None)
    return Stated(found, "batch" if essence == _essence(found.batch_media_type) else "event")


def _essence(text: str | None) -> str | None:
    media_type = mediatypes.parse(text)
    return None if media_type is None else media_type.essence


def usable(name: str) -> formats.Format:
    """Return the format of a name that a file told; raises `Unusable`, which says what to install."""
    try:
        return formats.get(name)
    except UnsupportedFormat as error:
        raise Unusable(f"cannot be read: {error}") from None


# --------------------------------------------------------------------------------------------------- what a name says


def format_named(path: str) -> str | None:
    """Return the name of the format that the name of a file tells, None if it tells none."""
    name = Path(path).name.lower().removesuffix(".gz")
    ending = Path(name).suffix
    return ENDINGS.get(ending) or _of_another_package(ending[1:])


@lru_cache(maxsize=1024)
def _of_another_package(ending: str) -> str | None:
    if not ending:
        return None
    try:
        return formats.get(ending).name
    except UnsupportedFormat:
        return None


# --------------------------------------------------------------------------------------------------- what a look says

_BOM = b"\xef\xbb\xbf"
_WHITE = b" \t\r\n"
_ENOUGH = 5  # bytes that are no white space: a byte order mark and two of a text
_CBOR_MAPS = frozenset(range(0xA0, 0xC0))
_SELF_DESCRIBED = b"\xd9\xd9\xf7"  # RFC 8949, section 3.4.6
_XML_BEGINNINGS = (b"<", b"\xff\xfe<", b"\xfe\xff\x00<")
_JSON = re.compile(rb"[ \t\r\n]*[{\[]")
# A newline is also the tag of what comes first in Protobuf, and a bracket can be the length of that.
_JSON_AFTER_NEWLINE = re.compile(rb"\n[ \t\r\n]*(?:\{[ \t\r\n]*[\"}]|\[[ \t\r\n]*[{\]])")
_BY_A_LOOK = ("json", "xml", "cbor")
# Formats that nothing at their beginning tells from others: whichever reads the whole of it.
_BY_TRIAL = ("protobuf", "avro", "avro-compact")


def beginning(chunks: Iterator[bytes]) -> bytes:
    """Take from an input what is enough to see whether it is JSON; all of it if it has no more."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) > 4096 or len(b"".join(head.split())) >= _ENOUGH:
            break
    return head


def is_json_text(head: bytes) -> bool:
    """Tell whether a text that begins so can be JSON and nothing else."""
    pattern = _JSON_AFTER_NEWLINE if head.startswith(b"\n") else _JSON
    return pattern.match(head.removeprefix(_BOM)) is not None


def check_json(head: bytes, shape: Shape | None) -> None:
    """Raise `InvalidEvent` for a text that begins unlike what its media type says; events in lines are of one event."""
    is_array = head.removeprefix(_BOM).lstrip(_WHITE).startswith(b"[")
    if shape == "event" and is_array:
        refuse(
            "JSON-3-b", "must be a JSON object", hint="an array of events is a batch, of another media type"
        )
    if shape == "batch" and not is_array:
        refuse("JSON-4.1-a", "must be a JSON array of events")


def format_of(body: bytes, *, option: str) -> formats.Format:
    """Return the format of a body that is no JSON text; raises `Unusable`, which says that `option` can tell it."""
    if not body.strip(_WHITE):
        raise Unusable("is empty")
    looks_like = _looks_like(body)
    if looks_like and not (body.startswith(b"\n") and _is_protobuf(body)):
        return usable(looks_like)
    tried: list[str] = list(_BY_A_LOOK)
    missing: dict[str, None] = {}
    for name in _BY_TRIAL:
        try:
            found = formats.get(name)
        except UnsupportedFormat as error:  # the extra is not installed
            missing[str(error)] = None
            continue
        if read(found, body).events:
            return found
        tried.append(name)
    untried = f"; others were not tried: {'; '.join(missing)}" if missing else ""
    raise Unusable(f"is no valid event in any of {', '.join(sorted(tried))}{untried}; give {option}")


def _is_protobuf(body: bytes) -> bool:
    try:
        return bool(read(formats.get("protobuf"), body).events)
    except UnsupportedFormat:
        return False


def _looks_like(body: bytes) -> str | None:
    if body.removeprefix(_BOM).lstrip(_WHITE).startswith(_XML_BEGINNINGS):
        return "xml"
    return "cbor" if body[0] in _CBOR_MAPS or body.startswith(_SELF_DESCRIBED) else None
