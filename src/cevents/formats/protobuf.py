"""The Protobuf event format (`formats/protobuf-format.md`), event <-> `application/cloudevents+protobuf`.

The schema is the specification's `cloudevents.proto`; where the document shows other names or numbers, that file
decides (T-PB-1). Attributes keep their types. Data goes by what it is:

=============  =============================================================================================
`text_data`    a JSON value, and text: characters, whatever charset the content type names
`binary_data`  bytes, also those under a JSON type
`proto_data`   a Protobuf message: `data.ProtobufMessage`, which is made of a message given as data, and bytes
               under `application/protobuf` whose `dataschema` is `https://type.googleapis.com/` and a name
=============  =============================================================================================

A Timestamp is an instant here: it comes back in UTC, with 0, 3, 6 or 9 digits of a second. What is no such instant
cannot be written, and is a `DataError`: more than nine digits, a leap second, a year of UTC before 1 or after 9999.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NoReturn, TypeAlias, TypeVar, cast

from msgspec import Raw

from cevents import attributes as attributes_
from cevents import data as data_
from cevents.attributes import AttributeType, Value, type_of
from cevents.data import Implied, ProtobufMessage, Stored
from cevents.errors import DataError, Findings, InvalidEvent, excerpt
from cevents.event import (
    UNREADABLE,
    CloudEvent,
    Envelope,
    assemble,
    content_type,
    enclosed,
    kept_extensions,
    parts,
    undeclared,
)
from cevents.formats._protobuf_faults import (
    BATCH_MEDIA_TYPE,
    MEDIA_TYPE,
    REQUIRED,
    UNPARSED,
    is_event,
    parsed,
    refuse_batch,
    report_repeats,
)
from cevents.formats._protobuf_schema import Batch, Entry, Event, Message, Timestamp
from cevents.formats._typed import attributes_of, body_bytes, collected, only_v1
from cevents.timestamps import TimestampText

__all__ = [
    "batch_media_type",
    "decode",
    "decode_batch",
    "encode",
    "encode_batch",
    "media_type",
    "name",
    "packed",
    "unpacked",
]

M = TypeVar("M", bound=Message)

name = "protobuf"
media_type = MEDIA_TYPE
batch_media_type: str | None = BATCH_MEDIA_TYPE


# --------------------------------------------------------------------------------------------------- encode


def encode(event: CloudEvent[Any]) -> bytes:
    """Return the event as one `CloudEvent` message, with the map of attributes in the order of their names.

    Raises `InvalidEvent` for an event of 0.3 and for one that was read leniently and does not conform, `DataError` for
    a timestamp or a type URL that Protobuf cannot hold.
    """
    attributes: dict[str, Any]
    envelope, extensions, data, repairs = parts(event)
    if repairs or envelope.specversion != "1.0" or isinstance(data, Implied):
        attributes = attributes_of(event, "Protobuf")
        for name in REQUIRED:
            del attributes[name]
    else:  # for speed: the same
        attributes = {}
        declared = envelope.datacontenttype or content_type(event)
        if declared is not None:
            attributes["datacontenttype"] = declared
        if envelope.dataschema is not None:
            attributes["dataschema"] = envelope.dataschema
        if envelope.subject is not None:
            attributes["subject"] = envelope.subject
        if envelope.time is not None:
            attributes["time"] = envelope.time
        attributes.update(kept_extensions(event) if extensions is None else extensions)
    entries: list[bytes] = []
    for name in sorted(attributes):
        value = attributes[name]
        entry = _written.get((name, value)) if type(value) is str else None
        entries.append(entry or _entry(name, value))
    message = Event(  # PB-2.3-a
        spec_version="1.0", type=envelope.type, source=envelope.source, id=envelope.id, attributes=entries
    )
    if data is not None:
        _set_data(message, data, attributes)
    encoded: bytes = message.SerializeToString()
    return encoded


def encode_batch(events: Iterable[CloudEvent[Any]]) -> bytes:
    """Return the events as one `CloudEventBatch` message, which for no events has no bytes (`PB-5.1-a`)."""
    encoded: bytes = Batch(events=[encode(event) for event in events]).SerializeToString()
    return encoded


_written: dict[tuple[str, str], bytes] = {}
"""Entries by the name and value of attributes that are texts: most come again and again."""


def _entry(name: str, value: Value) -> bytes:
    """The entry of the map for an attribute."""
    if name == "time":  # for speed: as what follows would make it
        timestamp = Timestamp()
        _set_timestamp(timestamp, cast("str", value), name)
        fields = timestamp.SerializeToString()
        return _HEADS_OF_TIME[_TIME_AT + len(fields)] + fields
    entry = Entry(key=name)  # PB-2.4-a
    field = _FIELDS_OF_CORE.get(name) or _FIELDS[type_of(value).name]
    if field == "ce_timestamp":
        _set_timestamp(entry.value.ce_timestamp, cast("str", value), name)
    else:
        setattr(entry.value, field, value)
    encoded: bytes = entry.SerializeToString()
    if type(value) is str and len(encoded) <= _LONGEST_KNOWN:
        if len(_written) >= _MOST_KNOWN:
            _written.clear()
        _written[name, value] = encoded
    return encoded


_MOST_KNOWN, _LONGEST_KNOWN = 1024, 256

_TIME_AT = len(b"\x0a\x04time\x12_\x3a_")
_HEADS_OF_TIME = {
    size: b"\x0a\x04time\x12%c\x3a%c" % (size - _TIME_AT + 2, size - _TIME_AT) for size in range(_TIME_AT, 64)
}
"""What comes before the fields of the timestamp, by the size of the entry."""

# PB-2.1-a
_FIELDS = {
    attributes_.Boolean.name: "ce_boolean",
    attributes_.Integer.name: "ce_integer",
    attributes_.String.name: "ce_string",
    attributes_.Binary.name: "ce_bytes",
    attributes_.URI.name: "ce_uri",
    attributes_.URIReference.name: "ce_uri_ref",
    attributes_.Timestamp.name: "ce_timestamp",
}


def _set_data(message: Any, data: Stored, attributes: dict[str, Any]) -> None:
    content_type = attributes.get("datacontenttype")
    message_data = data_.as_message(data, content_type, attributes.get("dataschema"))
    if message_data is not None:  # PB-3-a
        message.proto_data.type_url = message_data.type_url
        message.proto_data.value = bytes(message_data)
        return
    if type(data) is bytes and not data_.is_json(data, content_type):  # T-PB-6
        data = data_.resolved(data, content_type)
    if isinstance(data, str):  # PB-3-d
        message.text_data = data
    elif isinstance(data, Raw):
        message.text_data = bytes(data).decode()
    else:  # PB-3-f
        message.binary_data = data


# ----------------------------------------------------------------------------------------------- timestamps

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - all are of UTC here
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # the years 1 to 9999 (T-PB-5)
_AFTER_SECONDS = re.compile(r"(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)


def _set_timestamp(timestamp: Any, text: str, name: str) -> None:
    """Set seconds and nanoseconds to exactly what the RFC 3339 text says."""
    try:
        since = datetime.fromisoformat(text[:19]) - _EPOCH
    except ValueError:
        _refuse_timestamp(text, name, "it has neither leap seconds nor the year 0000")
    seconds, nanos = since.days * 86_400 + since.seconds, 0
    if text[19:] != "Z":
        match = _AFTER_SECONDS.fullmatch(text, 19)
        if match is None:
            _refuse_timestamp(text, name, "the text is not of RFC 3339")
        fraction, sign, hours, minutes = match.groups()
        digits = (fraction or "").rstrip("0")
        if len(digits) > 9:
            _refuse_timestamp(text, name, "it has no more than nine digits of a second")
        nanos = int(digits.ljust(9, "0"))
        if sign is not None:
            offset = 3600 * int(hours) + 60 * int(minutes)
            seconds -= offset if sign == "+" else -offset
        if not _FIRST <= seconds <= _LAST:
            _refuse_timestamp(text, name, "it has the years 1 to 9999 of UTC only")
    timestamp.seconds = seconds
    timestamp.nanos = nanos


def _refuse_timestamp(text: str, name: str, why: str) -> NoReturn:
    raise DataError(f"{name}: {excerpt(text)} does not fit into a Timestamp of Protobuf: {why}")


def _timestamp_text(timestamp: Any) -> str | None:
    """The text of an instant, in UTC and as short as it can be; None for what Protobuf does not allow."""
    seconds: int = timestamp.seconds
    nanos: int = timestamp.nanos
    if not (_FIRST <= seconds <= _LAST and 0 <= nanos <= 999_999_999):
        return None
    minute, second = divmod(seconds, 60)
    text: str = _minute_text(minute) + _SECONDS[second]
    if nanos:
        text += f".{nanos:09}".removesuffix("000").removesuffix("000")
    return text + "Z"


@lru_cache(maxsize=512)
def _minute_text(minute: int) -> str:
    return (_EPOCH + timedelta(minutes=minute)).isoformat()[: len("2000-01-01T00:00:")]


_SECONDS = [f"{second:02}" for second in range(60)]


# --------------------------------------------------------------------------------------------------- decode


def decode(body: bytes | bytearray | memoryview, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event of a `CloudEvent` message.

    Raises `InvalidEvent` with every problem: what is no such message, what is there twice, a core attribute of another
    type than its own. `lenient` takes another type of text for it, and repeats of the same; `event.repairs` tells.
    """
    body = body_bytes(body)
    return _usual(body) or _careful(body, Findings(lenient=lenient))


def _usual(body: bytes) -> CloudEvent[Any] | None:
    """The event of a message whose entries are known, or None for one that needs care.

    A message that is written again in as many bytes had no field twice.
    """
    try:
        message: Any = Event.FromString(body)
    except UNPARSED:
        return None
    field = message.WhichOneof("data")
    if message.ByteSize() != len(body) or field == "proto_data" or message.spec_version != "1.0":
        return None
    core: dict[str, Any] = {}
    extensions: dict[str, Any] = {}
    entries = message.attributes
    for encoded in entries:
        entry = _known.get(encoded) or _usual_time(encoded)
        if entry is None:
            return None
        (core if entry[0] in _CORE else extensions)[entry[0]] = entry[1]
    event_id: str = message.id
    if (
        len(core) + len(extensions) != len(entries)  # one is there twice
        or not event_id
        or not (
            event_id.isprintable() or attributes_.is_string(event_id)
        )  # the one is quick, the other right
    ):
        return None
    in_order = undeclared(extensions) if extensions else extensions
    if in_order is None:
        return None
    get = core.get
    envelope = Envelope(
        "1.0", message.type, message.source, event_id, get("time"), get("datacontenttype"), get("subject"),
        get("dataschema"),
    )  # fmt: skip
    return enclosed(envelope, None if field is None else getattr(message, field), in_order)


def _careful(body: bytes, findings: Findings) -> CloudEvent[Any]:
    message = parsed(Event, body, "PB-2.3-a", "a CloudEvent", findings)
    is_sure = message.ByteSize() == len(body)
    data = _read_data(message, findings)
    found: dict[str, object] = {  # a string that is not set is an empty one (T-PB-2)
        "specversion": only_v1(message.spec_version, "Protobuf", findings) or None,
        "type": message.type or None,
        "source": message.source or None,
        "id": message.id or None,
    }
    if found["source"] is None:
        refuse_batch(body, findings)
    extensions: dict[str, object] = {}
    for encoded in message.attributes:
        entry = _known.get(encoded)
        if entry is None:
            entry = _usual_time(encoded) or _read_entry(encoded, data, findings)
            is_sure &= entry[2]
        name, value, _ = entry
        kind = found if name in _CORE else extensions
        if name not in kind:
            kind[name] = value
        else:
            is_sure = False
            if name in REQUIRED and value is not UNREADABLE:
                _report_required(name, value, found, findings)
    if not is_sure:
        report_repeats(body, findings)
    return assemble(found, data, findings, extensions)


def decode_batch(body: bytes | bytearray | memoryview, *, lenient: bool = False) -> list[CloudEvent[Any]]:
    """Return the events of a `CloudEventBatch` message, in order; no bytes are an empty batch (`PB-5.1-a`).

    Raises `InvalidEvent`, whose problems name the index of the event, for the whole batch if one event is bad.
    """
    findings = Findings(lenient=lenient)
    body = body_bytes(body)
    batch = parsed(Batch, body, "PB-5.1-a", "a CloudEventBatch", findings)
    if body and not (batch.events and is_event(batch.events[0])) and is_event(body):
        hint = f"it is {media_type}, which decode reads"
        findings.report("PB-5.1-a", "must be a CloudEventBatch message, but is a CloudEvent", hint=hint)
        raise InvalidEvent(findings.problems)
    return list(collected(batch.events, lambda event: decode(event, lenient=lenient), findings))


def _read_data(message: Any, findings: Findings) -> Stored:
    field = message.WhichOneof("data")  # presence, since no bytes and no characters are data (T-PB-2)
    if field != "proto_data":
        found: Stored = None if field is None else getattr(message, field)
        return found
    type_url: str = message.proto_data.type_url
    try:
        return ProtobufMessage(message.proto_data.value, type_url)
    except DataError:
        rule = "must have a URL that ends in the name of its type, as Any demands"
        findings.report("PB-3-a", rule, "proto_data", type_url)
        return None


_FIELDS_OF_CORE = {  # PB-2.4-a
    "time": "ce_timestamp",
    "datacontenttype": "ce_string",
    "subject": "ce_string",
    "dataschema": "ce_uri",
}
_CORE = REQUIRED | _FIELDS_OF_CORE.keys()
_TEXT_TYPES: dict[str, AttributeType] = {
    "ce_string": attributes_.String,
    "ce_uri": attributes_.URI,
    "ce_uri_ref": attributes_.URIReference,
}


_Read: TypeAlias = "tuple[str, object, bool]"
"""Name and value of an attribute, and whether it is sure that its bytes have no more than one value."""

_known: dict[bytes, _Read] = {}
"""Entries that are good, by their bytes: most come again and again."""


def _usual_time(encoded: bytes) -> _Read | None:
    """Read what all others write for `time`, in half the time; None for any other entry."""
    size = len(encoded)
    if encoded[:_TIME_AT] != _HEADS_OF_TIME.get(size):
        return None
    try:
        timestamp = Timestamp.FromString(encoded[_TIME_AT:])
    except UNPARSED:
        return None
    text: str | None = _timestamp_text(timestamp) if timestamp.ByteSize() == size - _TIME_AT else None
    return None if text is None else ("time", text, True)


def _read_entry(encoded: bytes, data: Stored, findings: Findings) -> _Read:
    entry = parsed(Entry, encoded, "PB-2.3-a", "a CloudEvent", findings)
    name: str = entry.key
    field = entry.value.WhichOneof("attr")  # presence, since false, 0 and "" are values (T-PB-2)
    if field is None:  # PB-2.4-b; its name is looked at all the same
        return name, UNREADABLE, False
    value = getattr(entry.value, field)
    is_sure = entry.ByteSize() == len(encoded)
    if name in REQUIRED:
        return name, value, is_sure
    if name == "dataschema" and isinstance(data, ProtobufMessage) and value == data.type_url:
        return name, data.implied[name], is_sure  # EX-PB-PROTO: to Any a missing scheme is https
    if field == "ce_integer" and value < 0:
        is_sure = False  # it may be longer when it is written again
    read = name, _read_value(name, field, value, findings), is_sure
    if is_sure and not findings.repairs and field != "ce_timestamp" and _is_good(name, read[1]):
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        if len(encoded) <= _LONGEST_KNOWN:
            _known[encoded] = read
    return read


def _is_good(name: str, value: object) -> bool:
    """Tell whether nothing can be wrong with an attribute but what its declaration or its grammar says."""
    if value is UNREADABLE or value == "" or not attributes_.accepted_names.accepts(name):
        return False
    return not isinstance(value, str) or attributes_.is_string(value)


def _read_value(name: str, field: str, value: Any, findings: Findings) -> object:
    """The value of an attribute; `UNREADABLE` after noting a problem."""
    wanted = _FIELDS_OF_CORE.get(name, field)
    if field != wanted:  # T-PB-4
        rule, hint = f"must be a {wanted}", f"it is a {field}"
        if field not in _TEXT_TYPES:
            findings.report("PB-2.4-a", rule, name, hint=hint)
        elif findings.repair("PB-2.4-a", rule, name, value, hint):
            return value
        return UNREADABLE
    if field == "ce_timestamp":
        text = _timestamp_text(value)
        if text is None:
            rule = "must be of the years 1 to 9999, with 0 to 999999999 nanos"
            findings.report("CE-time-a" if name == "time" else "CE-types-k", rule, name)
            return UNREADABLE
        return text if name == "time" else TimestampText(text)
    if field in ("ce_uri", "ce_uri_ref") and name != "dataschema":
        kind = _TEXT_TYPES[field]
        uri = kind.read(value)
        if uri is None:
            findings.report(kind.requirement, kind.rule, name, value)
            return UNREADABLE
        return uri
    return value


def _report_required(name: str, value: object, found: dict[str, object], findings: Findings) -> None:
    """Note an attribute that is in the map beside the field of its own (T-PB-3)."""
    rule = "must be in a field of its own, not in the map"
    if value == found[name]:
        findings.repair("PB-2.3-a", rule, name, value)
    else:
        findings.report("PB-2.3-a", rule, name, value)


# ----------------------------------------------------------------------------------------- messages as data


def packed(message: Message) -> ProtobufMessage:
    """Give `CloudEvent(data=message)` the message itself: this is of the time before it took one, and deprecated."""
    warnings.warn("give the message itself as data", DeprecationWarning, stacklevel=2)
    return cast("ProtobufMessage", data_.encode(message, None))


def unpacked(event: CloudEvent[Any], kind: type[M]) -> M:
    """Use `event.data_as(kind)`: this is of the time before it knew messages, and deprecated."""
    warnings.warn("use event.data_as", DeprecationWarning, stacklevel=2)
    return event.data_as(kind)
