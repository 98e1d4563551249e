"""The JSON event format (`formats/json-format.md`), event <-> `application/cloudevents+json`.

Decoding never parses `data`. The usual event takes a short way (`_json_short`); whatever that does not understand, for
good or ill, takes the careful way (`_json_careful`), which finds every problem. Both give the same event.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from cevents import data as data_
from cevents import mediatypes
from cevents.data import Implied, Stored
from cevents.errors import Findings, InvalidEvent, refuse
from cevents.event import CloudEvent, Envelope, add_repairs, parts, wire_attributes
from cevents.formats import _json_careful, _json_short, _json_stream
from cevents.formats._json_careful import parsed, without_mark
from cevents.formats._typed import collected

__all__ = [
    "batch_media_type",
    "decode",
    "decode_batch",
    "encode",
    "encode_batch",
    "iter_decode",
    "media_type",
    "name",
]

name = "json"
media_type = "application/cloudevents+json"  # JSON-3-a
batch_media_type: str | None = "application/cloudevents-batch+json"  # JSON-4.2-a


# --------------------------------------------------------------------------------------------------- encode


def encode(event: CloudEvent[Any], *, sort_attributes: bool = False) -> bytes:
    """Return the event as one JSON object in UTF-8, without white space; data that is JSON goes in as it came.

    Core attributes come first, then extensions by name; with `sort_attributes` all members by name. Raises
    `InvalidEvent` for an event that was read leniently and does not conform.
    """
    envelope, extensions, data, repairs = parts(event)
    if sort_attributes or repairs or envelope.specversion != "1.0" or isinstance(data, Implied):
        data = data_.resolved(data, envelope.datacontenttype)
        if isinstance(data, str) and envelope.specversion == "0.3" and not _is_text(envelope.datacontenttype):
            # a string would be taken for base64 (V03-json-d)
            data = data_.content(data, envelope.datacontenttype)
        members: dict[str, Any] = {**wire_attributes(event), **_data_members(data, envelope.specversion)}
        return (_sorted_encoder if sort_attributes else _encoder).encode(members)
    text = _json_short.encode(envelope)
    if type(envelope) is not Envelope:
        return text  # it came as JSON, and has its extensions and data within
    head = text[:-1]
    if extensions:
        head += b"," + _encoder.encode(extensions)[1:-1]
    if type(data) is bytes or type(data) is str:
        data = data_.resolved(data, envelope.datacontenttype)
    if type(data) is Raw:
        return b"".join((head, b',"data":', data, b"}"))
    if data is None:
        return head + b"}"
    return head + b"," + _encoder.encode(_data_members(data, "1.0"))[1:]


def _is_text(content_type: str | None) -> bool:
    media_type = mediatypes.parse(content_type)
    return media_type is not None and media_type.is_text


def _data_members(data: Stored, version: str) -> dict[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, bytes):
        return {"data": data}  # JSON-3.1.1-h, JSON-3.1.1-k
    text = b64encode(data).decode()
    if version == "0.3":
        return {"datacontentencoding": "base64", "data": text}  # V03-attr-b
    return {"data_base64": text}  # JSON-3.1.1-b


def encode_batch(events: Iterable[CloudEvent[Any]]) -> bytes:
    """Return the events as one JSON array; `InvalidEvent` if they are not of one specversion (`CE-message-d`)."""
    bodies: list[bytes] = []
    version = None
    for index, event in enumerate(events):
        version = _same_version(version, event, Findings(index=index))
        bodies.append(encode(event))
    return b"[%b]" % b",".join(bodies)


def _same_version(version: str | None, event: CloudEvent[Any], findings: Findings) -> str:
    """Check that an event has the specversion of those before it in the batch (CE-message-d)."""
    if version is not None and event.specversion != version:
        rule = f"must be {version} as in the whole batch"
        if findings.repair("CE-message-d", rule, "specversion", event.specversion):
            add_repairs(event, findings.repairs)
        findings.conclude()
    return event.specversion


def encode_value(value: object) -> bytes:
    """Return the JSON text of a Map attribute of 0.3, or of one value in it."""
    return _encoder.encode(value)


_encoder = msgspec.json.Encoder(enc_hook=str.__str__)  # the hook is for TimestampText
_sorted_encoder = msgspec.json.Encoder(enc_hook=str.__str__, order="sorted")


# --------------------------------------------------------------------------------------------------- decode


def decode(body: bytes | bytearray | memoryview | str, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event of a JSON object, its data unparsed.

    Raises `InvalidEvent` with every problem: what is no JSON object, a member that is there twice, what the
    specification forbids. `lenient` mends what is documented and tells in `event.repairs`.
    """
    text = body if type(body) is bytes else _bytes(body)
    return _json_short.one(text) or _json_careful.decode(text, Findings(lenient=lenient))


def decode_batch(
    body: bytes | bytearray | memoryview | str, *, lenient: bool = False
) -> list[CloudEvent[Any]]:
    """Return the events of a JSON array, in order; `[]` is an empty batch (`JSON-4.3-a`).

    Raises `InvalidEvent`, whose problems name the index of the event, for the whole batch if one event is bad or
    (unless `lenient`) of another specversion.
    """
    text = body if type(body) is bytes else _bytes(body)
    events = _json_short.many(text)
    return list(_elements(text, lenient=lenient)) if events is None else events


def iter_decode(
    source: _json_stream.Source, *, lenient: bool = False, max_size: int = 2**24
) -> Iterator[CloudEvent[Any]]:
    """Yield the events of a stream, one after the other and in constant memory.

    `source` is a binary file or an iterable of chunks of bytes. It holds events one a line (NDJSON), one after the
    other, or one JSON array of any length. Raises `InvalidEvent` with the index and byte position of the first bad
    one; `max_size` bounds the bytes of a single event.
    """
    version = None
    for element in _json_stream.split(source, max_size=max_size):
        event = decode_element(element, lenient=lenient)
        if element.of_batch:
            version = _same_version(version, event, Findings(lenient=lenient, index=element.index))
        yield event


def decode_element(element: _json_stream.Element, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event of one element of a stream; raises `InvalidEvent` with its index and byte position."""
    try:
        if element.problem is not None:
            refuse(element.requirement, element.problem)
        return decode(element.text, lenient=lenient)
    except InvalidEvent as error:
        raise InvalidEvent(
            replace(problem, index=element.index, position=element.position + (problem.position or 0))
            for problem in error.problems
        ) from None


def _elements(text: bytes, *, lenient: bool) -> Iterator[CloudEvent[Any]]:
    findings = Findings(lenient=lenient)
    text = without_mark(text, "JSON-4.1-a", findings)
    elements = parsed(_elements_decoder, text, "JSON-4.1-a", "a JSON array of events", findings)
    version = None

    def read(element: Raw) -> CloudEvent[Any]:
        nonlocal version
        event = decode(bytes(element), lenient=lenient)
        version = _same_version(version, event, Findings(lenient=lenient))
        return add_repairs(event, findings.repairs) if findings.repairs else event

    return collected(elements, read, findings)


_elements_decoder = msgspec.json.Decoder(list[Raw])


def _bytes(body: bytearray | memoryview | bytes | str) -> bytes:
    if isinstance(body, str):
        return body.encode(errors="surrogatepass")  # what is wrong with it is found as in bytes
    return bytes(memoryview(body))  # a copy: the caller's buffer can change
