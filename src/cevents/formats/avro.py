"""The Avro event format (`formats/avro-format.md`), event <-> `application/cloudevents+avro`.

A bare datum of the published schema: a map of all attributes and a union for the data. Boolean, Integer, String and
Binary have types of their own; URI, URI-reference and Timestamp are strings, and come back as the texts they were.

Data goes into the union by what it is. Bytes, and JSON under a `datacontenttype`, are `bytes`, text is a `string`, no
data is `null`. A JSON value without a `datacontenttype` is translated: a boolean, a number, a string, or an object of
these and null, if it is the same when it comes back. Null itself, nested values, and numbers whose digits a double does
not give back (1.0, 1.10, 1e3, 2**53, -0) would not be; they are written as bytes of `application/json`, explicitly.

There are no batches, and only specversion 1.0 is carried. Nothing that an event of it can hold is refused.
"""

from __future__ import annotations

from math import copysign, isfinite
from typing import Any, cast

import msgspec
from msgspec import Raw

from cevents import data as data_
from cevents import mediatypes
from cevents.attributes import plain
from cevents.data import Stored
from cevents.errors import DataError, Findings
from cevents.event import CloudEvent, assemble, stored_data
from cevents.formats import _avro
from cevents.formats._avro import Record
from cevents.formats._json_short import quotes
from cevents.formats._typed import attributes_of, body_bytes, no_batches, only_v1

__all__ = [
    "SCHEMA",
    "batch_media_type",
    "decode",
    "decode_batch",
    "encode",
    "encode_batch",
    "media_type",
    "name",
]

name = "avro"
media_type = "application/cloudevents+avro"  # AVRO-4-a
batch_media_type: str | None = None  # AVRO-1-a
encode_batch = decode_batch = no_batches("Avro")

# AVRO-2.4-b. The names of the records are those of the published file; in the document they have others (T-AVRO-1),
# but names are no part of a datum.
_value = {
    "type": "record",
    "name": "AvroCloudEventData",
    "fields": [{"name": "value", "type": {"type": "map", "values": [
        "null",
        "boolean",
        {"type": "map", "values": "AvroCloudEventData"},
        {"type": "array", "items": "AvroCloudEventData"},
        "double",
        "string",
    ]}}],
}  # fmt: skip
SCHEMA: dict[str, Any] = {
    "namespace": "io.cloudevents",
    "type": "record",
    "name": "AvroCloudEvent",
    "version": "1.0",
    "fields": [
        {"name": "attribute", "type": {"type": "map", "values": ["null", "boolean", "int", "string", "bytes"]}},
        {"name": "data", "type": [
            "bytes",
            "null",
            "boolean",
            {"type": "map", "values": ["null", "boolean", _value, "double", "string"]},
            {"type": "array", "items": "AvroCloudEventData"},
            "double",
            "string",
        ]},
    ],
}  # fmt: skip
"""The schema of the datum, for those who write or read it by other means."""
_schema = _avro.Schema(SCHEMA, "attribute", "AVRO-2.4-a")


# --------------------------------------------------------------------------------------------------- encode


def encode(event: CloudEvent[Any]) -> bytes:
    """Return the event as an Avro datum.

    Raises `InvalidEvent` for an event of 0.3, or one that was read leniently and does not conform, `DataError` for data
    that the charset of its content type cannot hold.
    """
    attributes = attributes_of(event, "Avro")
    stored = stored_data(event)
    translated = None
    if isinstance(stored, Raw) and event.datacontenttype is None:
        translated = _translated(stored)
        if translated is not None:
            del attributes["datacontenttype"]  # a value of the union is JSON without it (AVRO-3-c)
    branches = _avro.BRANCHES
    return _schema.write(
        {
            # AVRO-2.1-a; an attribute that is not set is left out, though it could be null (AVRO-2.3-a)
            "attribute": {
                name: ("string", plain(value)) if isinstance(value, str) else (branches[type(value)], value)
                for name, value in attributes.items()
            },
            "data": translated or _untranslated(stored, attributes.get("datacontenttype")),
        }
    )


def _untranslated(stored: Stored, content_type: str | None) -> tuple[str, Any]:
    """The branch for data under a content type: by what the bytes are, where they are text (AVRO-3-a, T-AVRO-4)."""
    if stored is None:
        return "null", None
    if not data_.is_json(stored, content_type):
        stored = data_.resolved(stored, content_type)
        if isinstance(stored, str):
            return "string", stored
    return "bytes", data_.content(stored, content_type)  # AVRO-3-b


def _translated(text: Raw) -> tuple[str, Any] | None:
    """The branch for a JSON value, None where it would be another one when it comes back (T-AVRO-2, T-AVRO-3)."""
    written = bytes(text)
    if not written.startswith(b"{"):
        scalar = _scalar(written)
        return None if scalar == _NULL else scalar  # the branch null is no data
    try:
        members = _members_decoder.decode(written)
    except RecursionError:
        return None
    if quotes(written) != sum(2 + quotes(bytes(member)) for member in members.values()):
        return None  # a name is there twice
    found: dict[str, tuple[str, Any]] = {}
    for key, member in members.items():
        scalar = _scalar(bytes(member))
        if scalar is None:
            return None
        found[key] = scalar
    return "map", found


def _scalar(text: bytes) -> tuple[str, Any] | None:
    if text.startswith(b'"'):
        return "string", _string_decoder.decode(text)
    if text in _LITERALS:
        return _LITERALS[text]
    if text[:1] in b"[{":
        return None
    number = float(text)
    return ("double", number) if isfinite(number) and _encoder.encode(_number(number)) == text else None


_NULL = ("null", None)
_LITERALS: dict[bytes, tuple[str, Any]] = {
    b"null": _NULL,
    b"true": ("boolean", True),
    b"false": ("boolean", False),
}
_members_decoder = msgspec.json.Decoder(dict[str, Raw])
_string_decoder = msgspec.json.Decoder(str)
_encoder = msgspec.json.Encoder()


# --------------------------------------------------------------------------------------------------- decode


def decode(
    body: bytes | bytearray | memoryview, *, lenient: bool = False, writer_schema: Any = None
) -> CloudEvent[Any]:
    """Return the event of an Avro datum.

    `writer_schema` is the Avro schema of a newer writer that has more fields, as JSON text, as Python values or parsed
    by fastavro; what it adds is left out. Raises `InvalidEvent` with every problem, and `ValueError` for a
    `writer_schema` that is none.
    """
    findings = Findings(lenient=lenient)
    record = _schema.read(body_bytes(body), findings, writer_schema)
    found: dict[str, object] = record["attribute"]  # null is not set (AVRO-2.3-a)
    found["specversion"] = only_v1(found.get("specversion"), "Avro", findings)
    content_type = found.get("datacontenttype")
    data = _stored(record.get("data"), content_type if isinstance(content_type, str) else None, findings)
    return assemble(found, data, findings)


def _stored(value: Any, content_type: str | None, findings: Findings) -> Stored:
    """What the event keeps of a value of the union."""
    if value is None or isinstance(value, bytes):
        return value
    media_type = mediatypes.parse(content_type)
    is_json = content_type is None or (media_type is not None and media_type.is_json)
    if isinstance(value, str) and content_type is not None:  # T-AVRO-4
        return _document(value, content_type) if is_json else value
    try:
        text = _encoder.encode(_json(value))
    except ValueError as error:
        findings.report("AVRO-3-c", str(error), "data")
        return None
    if is_json:
        return Raw(text)
    rule = "must be bytes or a string, since the content type is not JSON"
    return text if findings.repair("AVRO-3-c", rule, "data") else None


def _document(text: str, content_type: str) -> Stored:
    """A JSON document that came as a string, as the bytes that other protocols carry."""
    try:
        return data_.content(text, content_type)
    except DataError:  # its charset is not known or too small, and not needed here
        return text


def _json(value: object) -> object:
    """A value of the union as JSON has it; raises `ValueError` for one that JSON has not."""
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Record):  # T-AVRO-2: an object within a value
        value = value.value
        if not isinstance(value, dict):  # of a schema of others
            raise ValueError("must not hold records that are no JSON values")  # noqa: TRY004 - as for any value
    if not value and isinstance(value, dict | list):
        return cast("object", value)
    if isinstance(value, dict):
        return {key: _json(member) for key, member in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_json(item) for item in cast("list[object]", value)]
    if value is None or isinstance(value, str | bool) or type(value) is int:
        return value
    raise ValueError("must not hold bytes or instants, of which JSON has none")


def _number(value: float) -> float | int:
    """A double as JSON writes it: whole numbers that it has without doubt are whole numbers again."""
    if not isfinite(value):
        raise ValueError("must not be NaN or an infinity, which JSON does not have")
    if value.is_integer() and abs(value) < 2**53 and (value or copysign(1, value) > 0):
        return int(value)
    return value
