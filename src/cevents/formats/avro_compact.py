"""The Avro compact format (`working-drafts/avro-compact-format.md`), event <-> `application/cloudevents+avro-compact`.

A bare datum of the draft's schema: a field for each core attribute but `specversion`, which is always 1.0, a map of the
extensions, and the data as bytes or null. It stands beside the Avro format, with which it has nothing in common on the
wire, and its document is a working draft that may change.

`time` and extensions that are known to be Timestamps are microseconds of UTC. The instant is kept, the spelling is not:
what is read has the offset Z, and no, three or six digits of a fraction, the fewest that hold it. What microseconds
cannot hold is refused: more digits, a leap second, an instant outside the years 1 to 9999 of UTC. URIs and
URI-references are strings, and come back as such. All data is bytes under a content type; that of a JSON value without
one is made explicit. There are no batches.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from cevents import data as data_
from cevents.attributes import core_attributes, plain
from cevents.errors import DataError, Findings, excerpt
from cevents.event import UNREADABLE, CloudEvent, assemble, stored_data
from cevents.formats import _avro
from cevents.formats._avro import Micros
from cevents.formats._typed import attributes_of, body_bytes, no_batches
from cevents.timestamps import TimestampText

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

name = "avro-compact"
media_type = "application/cloudevents+avro-compact"  # AVROC-3-a
batch_media_type: str | None = None  # AVROC-1-a
encode_batch = decode_batch = no_batches("Avro compact")

_OPTIONAL = ["null", "string"]
_INSTANT = {"type": "long", "logicalType": "timestamp-micros"}
SCHEMA: dict[str, Any] = {
    "namespace": "io.cloudevents.v1.avro.compact",
    "type": "record",
    "name": "CloudEvent",
    "version": "1.0",
    # The defaults of the draft are left out, since a default is no part of a datum. That of `data` is the word null
    # as four bytes, not null, and would make up data (T-AVROC-1).
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "source", "type": "string"},
        {"name": "type", "type": "string"},
        {"name": "datacontenttype", "type": _OPTIONAL},
        {"name": "dataschema", "type": _OPTIONAL},
        {"name": "subject", "type": _OPTIONAL},
        {"name": "time", "type": ["null", _INSTANT]},
        {"name": "extensions", "type": {"type": "map", "values": ["boolean", "int", _INSTANT, "string", "bytes"]}},
        {"name": "data", "type": ["bytes", "null"]},
    ],
}  # fmt: skip
"""The schema of the datum, for those who write or read it by other means."""
_schema = _avro.Schema(SCHEMA, "extensions", "AVROC-2.2-a")

_CORE = core_attributes("1.0")
_WITH_FIELDS = _CORE.keys() | {"specversion"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_START = _EPOCH.replace(tzinfo=None)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_NEVER = _LAST + 1
_FINER = re.compile(r"\.[0-9]{6}[0-9]*[1-9]")  # than microseconds
_NULL = ("null", None)


# --------------------------------------------------------------------------------------------------- encode


def encode(event: CloudEvent[Any]) -> bytes:
    """Return the event as an Avro datum.

    Raises `DataError` for a time that microseconds of UTC cannot hold and for data that the charset of its content type
    cannot hold, `InvalidEvent` for an event of 0.3, or one that was read leniently and does not conform.
    """
    attributes = attributes_of(event, "Avro compact")
    del attributes["specversion"]
    core = {name: attributes.pop(name, None) for name in _CORE}
    data = data_.content(stored_data(event), core["datacontenttype"])  # AVROC-0-a
    return _schema.write(
        {
            "id": core["id"],
            "source": core["source"],
            "type": core["type"],
            "datacontenttype": _optional(core["datacontenttype"]),
            "dataschema": _optional(core["dataschema"]),
            "subject": _optional(core["subject"]),
            "time": _NULL if core["time"] is None else ("long", _micros("time", core["time"])),
            "extensions": {name: _branch(name, value) for name, value in attributes.items()},
            "data": _NULL if data is None else ("bytes", data),  # T-AVROC-1
        }
    )


def _optional(text: Any) -> tuple[str, Any]:
    return _NULL if text is None else ("string", plain(text))


def _branch(name: str, value: Any) -> tuple[str, Any]:
    """The branch for an extension: a `long` is a Timestamp, whatever its size, an Integer is an `int` (T-AVROC-2)."""
    if isinstance(value, TimestampText):
        return "long", _micros(name, value)  # AVROC-2.1-a
    if isinstance(value, str):
        return "string", plain(value)
    return _avro.BRANCHES[type(value)], value


def _micros(name: str, text: str) -> int:
    """The microseconds of a Timestamp; `DataError` if they are not exactly what it says."""
    try:
        micros = (datetime.fromisoformat(text.upper()) - _EPOCH) // _MICROSECOND
    except ValueError:  # a leap second, or the year 0000
        micros = _NEVER
    if _FINER.search(text):
        why = "it is finer than microseconds"
    elif text[17:19] == "60":
        why = "microseconds of UTC have no leap seconds"
    elif not _FIRST <= micros <= _LAST:
        why = "it is outside the years 1 to 9999 of UTC"
    else:
        return micros
    raise DataError(f"{name}: {excerpt(text)} cannot be carried by Avro compact: {why}")


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
    found = _schema.read(body_bytes(body), findings, writer_schema)
    extensions: dict[str, Any] = found.pop("extensions")
    data = found.pop("data", None)
    found["specversion"] = "1.0"  # AVROC-0-a
    if isinstance(found.get("time"), Micros):
        found["time"] = _text("time", found["time"], findings)
    for name, value in extensions.items():
        if isinstance(value, Micros):
            text = _text(name, value, findings)
            extensions[name] = TimestampText(text) if isinstance(text, str) else text
    for name in extensions.keys() & _WITH_FIELDS:  # CE-attrs-d
        findings.report("AVROC-2.2-a", "has a field of its own, and must not be an extension", name)
        del extensions[name]
    if data is not None and not isinstance(data, bytes):  # by another schema
        findings.report("AVROC-2.2-a", "must be bytes", "data")
    return assemble(found, data, findings, extensions)


def _text(name: str, micros: Micros, findings: Findings) -> Any:
    """The text of an instant, with no more digits than it needs; `UNREADABLE` where RFC 3339 has none."""
    try:
        text = (_START + micros * _MICROSECOND).isoformat()  # with no fraction, or six digits of it
    except OverflowError:
        findings.report("AVROC-2.1-a", "must be within the years 1 to 9999", name, micros)
        return UNREADABLE
    return text.removesuffix("000") + "Z"
