"""The Protobuf event format (`formats/protobuf-format.md`), event <-> `application/cloudevents+protobuf`.

The schema is the specification's `cloudevents.proto`; where the document shows other names or numbers, that file
decides (T-PB-1). Attributes keep their types. Data goes by what it is:

=============  =============================================================================================
`text_data`    a JSON value, and text: characters, whatever charset the content type names
`binary_data`  bytes, also those under a JSON type
`proto_data`   a Protobuf message: `data.ProtobufMessage`, which `packed` makes and `unpacked` reads, and bytes
               under `application/protobuf` whose `dataschema` is `https://type.googleapis.com/` and a name
=============  =============================================================================================

A Timestamp is an instant here: it comes back in UTC, with 0, 3, 6 or 9 digits of a second. What is no such instant
cannot be written, and is a `DataError`: more than nine digits, a leap second, a year of UTC before 1 or after 9999.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NoReturn, TypeAlias, TypeVar, cast

from msgspec import Raw

from cevents import attributes as attributes_
from cevents import data as data_
from cevents import mediatypes
from cevents.attributes import AttributeType, type_of
from cevents.data import ProtobufMessage, Stored
from cevents.errors import DataError, Findings, InvalidEvent, excerpt
from cevents.event import UNREADABLE, CloudEvent, assemble, stored_data
from cevents.formats._typed import attributes_of, body_bytes, collected
from cevents.timestamps import TimestampText

try:
    from google.protobuf import any_pb2, timestamp_pb2
    from google.protobuf import message as message_
    from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message import DecodeError
    from google.protobuf.message_factory import GetMessageClass
except ImportError as error:
    raise ImportError("the Protobuf format needs protobuf: pip install 'cevents[protobuf]'") from error

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

M = TypeVar("M", bound=message_.Message)

name = "protobuf"
media_type = "application/cloudevents+protobuf"  # PB-4-a
batch_media_type: str | None = "application/cloudevents-batch+protobuf"  # PB-5.2-a


# --------------------------------------------------------------------------------------------------- encode


def encode(event: CloudEvent[Any]) -> bytes:
    """Return the event as one `CloudEvent` message, with the map of attributes in the order of their names.

    Raises `InvalidEvent` for an event of 0.3 and for one that was read leniently and does not conform, `DataError` for
    a timestamp or a type URL that Protobuf cannot hold.
    """
    attributes = attributes_of(event, "Protobuf")
    take = attributes.pop
    message = Message(  # PB-2.3-a
        spec_version=take("specversion"), type=take("type"), source=take("source"), id=take("id")
    )
    add = message.attributes.add
    for name in sorted(attributes):
        value = attributes[name]
        field = _FIELDS_OF_CORE.get(name)
        if field is None:
            field = "ce_string" if type(value) is str else _FIELDS[type_of(value).name]
        entry = add()
        entry.key = name  # PB-2.4-a
        if field == "ce_timestamp":
            _set_timestamp(entry.value.ce_timestamp, value, name)
        else:
            setattr(entry.value, field, value)
    data = stored_data(event)
    if data is not None:
        _set_data(message, data, attributes)
    encoded: bytes = message.SerializeToString()
    return encoded


def encode_batch(events: Iterable[CloudEvent[Any]]) -> bytes:
    """Return the events as one `CloudEventBatch` message, which for no events has no bytes (`PB-5.1-a`)."""
    encoded: bytes = BatchMessage(events=[encode(event) for event in events]).SerializeToString()
    return encoded


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
    typed = _as_message(data, content_type, attributes.get("dataschema"))
    if typed is not None:  # PB-3-a
        message.proto_data.type_url = typed.type_url
        message.proto_data.value = bytes(typed)
        return
    if type(data) is bytes and not data_.is_json(data, content_type):  # T-PB-6
        data = data_.resolved(data, content_type)
    if isinstance(data, str):  # PB-3-d
        message.text_data = data
    elif isinstance(data, Raw):
        message.text_data = bytes(data).decode()
    else:  # PB-3-f
        message.binary_data = data


def _as_message(data: Stored, content_type: str | None, schema: str | None) -> ProtobufMessage | None:
    """The message that the data is, also after a way through a format that has bytes only (T-PB-7)."""
    if isinstance(data, ProtobufMessage):
        return _checked(data)
    if isinstance(data, bytes) and schema is not None and _TYPE_URI.fullmatch(schema):
        parsed = mediatypes.parse(content_type)
        if parsed is not None and parsed.essence == "application/protobuf":  # PB-1.2-a
            return ProtobufMessage(data, schema.removeprefix("https://"))
    return None


_TYPE_URL = "type.googleapis.com/"
_TYPE_URI = re.compile(rf"https://{re.escape(_TYPE_URL)}[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)


def _checked(message: ProtobufMessage) -> ProtobufMessage:
    """Check that the type URL has a path, as `Any` demands; that it is a URI was checked when the message was made."""
    if "/" not in message.type_url:
        raise DataError(f"{excerpt(message.type_url)} is not the type URL of a Protobuf message")
    return message


# ----------------------------------------------------------------------------------------------- timestamps

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - all are of UTC here
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # the years 1 to 9999 (T-PB-5)
_AFTER_SECONDS = re.compile(r"(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)


def _set_timestamp(timestamp: Any, text: str, name: str) -> None:
    """Set seconds and nanoseconds to exactly what the RFC 3339 text says."""
    try:
        since = datetime.fromisoformat(text[:19]) - _EPOCH
    except ValueError:
        _refuse_timestamp(text, name, "leap seconds and the year 0000 are none")
    seconds, nanos = since.days * 86_400 + since.seconds, 0
    if text[19:] != "Z":
        match = _AFTER_SECONDS.fullmatch(text, 19)
        if match is None:
            _refuse_timestamp(text, name, "it is not of RFC 3339")
        fraction, sign, hours, minutes = match.groups()
        digits = (fraction or "").rstrip("0")
        if len(digits) > 9:
            _refuse_timestamp(text, name, "it has nine digits of a second")
        nanos = int(digits.ljust(9, "0"))
        if sign is not None:
            offset = 3600 * int(hours) + 60 * int(minutes)
            seconds -= offset if sign == "+" else -offset
        if not _FIRST <= seconds <= _LAST:
            _refuse_timestamp(text, name, "it has the years 1 to 9999 of UTC")
    timestamp.seconds = seconds
    timestamp.nanos = nanos


def _refuse_timestamp(text: str, name: str, why: str) -> NoReturn:
    raise DataError(f"{name}: {excerpt(text)} cannot be a Timestamp of Protobuf: {why}")


def _timestamp_text(timestamp: Any) -> str | None:
    """The text of an instant, in UTC and as short as it can be; None for what Protobuf does not allow."""
    seconds, nanos = timestamp.seconds, timestamp.nanos
    if not (_FIRST <= seconds <= _LAST and 0 <= nanos <= 999_999_999):
        return None
    day, second = divmod(seconds, 86_400)
    text = f"{_date(day)}T{_MINUTES[second // 60]}:{second % 60:02}"
    if nanos:
        text += f".{nanos:09}".removesuffix("000").removesuffix("000")
    return text + "Z"


@lru_cache(maxsize=512)
def _date(day: int) -> str:
    return (_EPOCH + timedelta(day)).date().isoformat()


_MINUTES = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(60)]


# --------------------------------------------------------------------------------------------------- decode


def decode(body: bytes | bytearray | memoryview, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event of a `CloudEvent` message.

    Raises `InvalidEvent` with every problem: what is no such message, what is there twice, a core attribute of another
    type than its own. `lenient` takes another type of text for it, and repeats of the same; `event.repairs` tells.
    """
    body = body_bytes(body)
    findings = Findings(lenient=lenient)
    message = _parsed(Message, body, "PB-2.3-a", "a CloudEvent", findings)
    # A message that is written again in as many bytes had no field twice, unless a number takes more than it did.
    doubtful = message.ByteSize() != len(body)
    data = _read_data(message, findings)
    version = message.spec_version
    if version == "0.3":
        hint = "only JSON carries it"
        findings.report("CE-specversion-c", "cannot be carried by Protobuf", "specversion", version, hint)
        version = UNREADABLE
    found: dict[str, object] = {  # a string that is not set is an empty one (T-PB-2)
        "specversion": version or None,
        "type": message.type or None,
        "source": message.source or None,
        "id": message.id or None,
    }
    for entry in message.attributes:
        name, value = entry.key, entry.value
        text = value.ce_string
        if text and name not in found and _FIELDS_OF_CORE.get(name, "ce_string") == "ce_string":
            found[name] = text  # as most are
            continue
        field = value.WhichOneof("attr")  # presence, since false, 0 and "" are values (T-PB-2)
        if name not in found:
            found[name] = _read_attribute(name, field, value, data, findings)
            doubtful |= field == "ce_integer" and value.ce_integer < 0
        else:
            doubtful = True
            if name in _REQUIRED and field is not None:
                _report_required(name, getattr(value, field), found, findings)
    if doubtful:
        _report_repeats(body, findings)
    return assemble(found, data, findings)


def decode_batch(body: bytes | bytearray | memoryview, *, lenient: bool = False) -> list[CloudEvent[Any]]:
    """Return the events of a `CloudEventBatch` message, in order; no bytes are an empty batch (`PB-5.1-a`).

    Raises `InvalidEvent`, whose problems name the index of the event, for the whole batch if one event is bad.
    """
    findings = Findings(lenient=lenient)
    batch = _parsed(BatchMessage, body_bytes(body), "PB-5.1-a", "a CloudEventBatch", findings)
    return list(collected(batch.events, lambda event: decode(event, lenient=lenient), findings))


def _parsed(kind: Any, body: bytes, requirement: str, wanted: str, findings: Findings) -> Any:
    try:
        return kind.FromString(body)
    except _UNPARSED:
        findings.report(requirement, f"must be {wanted} message of Protobuf")
        raise InvalidEvent(findings.problems) from None


# The second and the third are of the implementation in Python, for a string that is not UTF-8 and for groups in groups.
_UNPARSED = (DecodeError, ValueError, RecursionError)


def _read_data(message: Any, findings: Findings) -> Stored:
    field = message.WhichOneof("data")  # presence, since no bytes and no characters are data (T-PB-2)
    if field != "proto_data":
        found: Stored = None if field is None else getattr(message, field)
        return found
    type_url: str = message.proto_data.type_url
    try:
        return _checked(ProtobufMessage(message.proto_data.value, type_url))
    except DataError:
        rule = "must have a URL that ends in the name of its type, as Any demands"
        findings.report("PB-3-a", rule, "proto_data", type_url)
        return None


_REQUIRED = frozenset({"specversion", "type", "source", "id"})
_FIELDS_OF_CORE = {  # PB-2.4-a
    "time": "ce_timestamp",
    "datacontenttype": "ce_string",
    "subject": "ce_string",
    "dataschema": "ce_uri",
}
_TEXT_TYPES: dict[str, AttributeType] = {
    "ce_string": attributes_.String,
    "ce_uri": attributes_.URI,
    "ce_uri_ref": attributes_.URIReference,
}


def _read_attribute(name: str, field: str | None, value: Any, data: Stored, findings: Findings) -> object:
    """The value of an attribute; `UNREADABLE` after noting a problem, and for one without a value, which is none."""
    if field is None:  # PB-2.4-b; its name is looked at all the same
        return UNREADABLE
    found = getattr(value, field)
    wanted = _FIELDS_OF_CORE.get(name, field)
    if name == "dataschema" and isinstance(data, ProtobufMessage) and found == data.type_url:
        return data.implied[name]  # EX-PB-PROTO: to Any a missing scheme is https, and a dataschema has one
    if field != wanted:  # T-PB-4
        rule, hint = f"must be a {wanted}", f"it is a {field}"
        if field not in _TEXT_TYPES:
            findings.report("PB-2.4-a", rule, name, hint=hint)
        elif findings.repair("PB-2.4-a", rule, name, found, hint):
            return found
        return UNREADABLE
    if field == "ce_timestamp":
        text = _timestamp_text(found)
        if text is None:
            rule = "must be of the years 1 to 9999, with 0 to 999999999 nanos"
            findings.report("CE-time-a" if name == "time" else "CE-types-k", rule, name)
            return UNREADABLE
        return text if name == "time" else TimestampText(text)
    if field in ("ce_uri", "ce_uri_ref") and name != "dataschema":
        kind = _TEXT_TYPES[field]
        uri = kind.read(found)
        if uri is None:
            findings.report(kind.requirement, kind.rule, name, found)
            return UNREADABLE
        return uri
    return found


def _report_required(name: str, value: object, found: dict[str, object], findings: Findings) -> None:
    """Note an attribute that is in the map beside the field of its own (T-PB-3)."""
    rule = "must be in a field of its own, not in the map"
    if value == found[name]:
        findings.repair("PB-2.3-a", rule, name, value)
    else:
        findings.report("PB-2.3-a", rule, name, value)


def _report_repeats(body: bytes, findings: Findings) -> None:
    """Note what is there more than once (CE-attrs-d): a message keeps the last only."""
    given: dict[str, list[tuple[str, Any]]] = {}
    for field, value in _all_values(_parsed(_WithRepeats, body, "PB-2.3-a", "a CloudEvent", findings)):
        if field != "attributes":
            given.setdefault(_NAMES_OF_FIELDS.get(field, field), []).append((field, value))
        elif value.key not in _REFUSED:
            given.setdefault(value.key, []).extend(_all_values(value.value) or [("", None)])
    for name, values in given.items():
        # Messages by their bytes, since an Any compares by the message in it.
        different = {
            (field, v.SerializeToString() if isinstance(v, message_.Message) else v) for field, v in values
        }
        if len(different) > 1:
            findings.report("CE-attrs-d", "is there more than once, with different values", name)
        elif len(values) > 1:
            findings.repair("CE-attrs-d", "is there more than once", name, hint="the repeats are the same")


def _all_values(message: Any) -> list[tuple[str, Any]]:
    """Every value in a message whose fields can all be there many times, with the name of its field."""
    return [(field.name, value) for field, values in message.ListFields() for value in values]


_NAMES_OF_FIELDS = {
    "spec_version": "specversion",
    "binary_data": "data",
    "text_data": "data",
    "proto_data": "data",
}
_REFUSED = _REQUIRED | {"data"}  # in the map


# ----------------------------------------------------------------------------------------- messages as data


def packed(message: message_.Message) -> ProtobufMessage:
    """Return a Protobuf message as data for an event; of an `Any` the message that it holds, never one in another.

    Raises `DataError` for a message that lacks a required field, and for an `Any` without a type.
    """
    return _checked(cast("ProtobufMessage", data_.encode(message, None)))  # T75: as the constructor does


def unpacked(event: CloudEvent[Any], kind: type[M]) -> M:
    """Return the data of an event as a Protobuf message of this class.

    Data that is a message by its type URL or `dataschema` must be one of this type, unless `kind` is `Any`; other bytes
    are read as one. Raises `DataError` for data of another type, for what is no Protobuf message, and without data.
    """
    data, content_type, wanted = stored_data(event), event.datacontenttype, kind.DESCRIPTOR.full_name
    if data is None:
        raise DataError("the event has no data")
    typed = _as_message(data, content_type, event.dataschema)
    if typed is None:
        binary = data_.resolved(data, content_type)
        if not isinstance(binary, bytes) or data_.is_json(data, content_type):
            raise DataError(f"data is JSON or text and no {wanted}")
    elif wanted == _ANY:
        return kind(type_url=typed.type_url, value=bytes(typed))
    else:
        binary, found = typed, typed.type_url.rpartition("/")[2]
        if found != wanted:
            raise DataError(f"data is a {excerpt(found)[1:-1]} and no {wanted}")
    try:
        return kind.FromString(bytes(binary))
    except _UNPARSED:
        raise DataError(f"data is no {wanted}") from None


# ----------------------------------------------------------------------------------------------- the schema

_Fields: TypeAlias = "list[tuple[str, FieldDescriptorProto.Type.ValueType | str]]"

_PACKAGE = "io.cloudevents.v1"
_ANY = "google.protobuf.Any"
_STRING, _BYTES = FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_BYTES
_BOOL, _INT32 = FieldDescriptorProto.TYPE_BOOL, FieldDescriptorProto.TYPE_INT32

# The fields of each message by number, from 1; a text is the name of a message.
_CLOUD_EVENT: _Fields = [
    ("id", _STRING), ("source", _STRING), ("spec_version", _STRING), ("type", _STRING),
    ("attributes", f".{_PACKAGE}.CloudEvent.AttributesEntry"),
    ("binary_data", _BYTES), ("text_data", _STRING), ("proto_data", f".{_ANY}"),
]  # fmt: skip
_ATTRIBUTE_VALUE: _Fields = [
    ("ce_boolean", _BOOL), ("ce_integer", _INT32), ("ce_string", _STRING), ("ce_bytes", _BYTES),
    ("ce_uri", _STRING), ("ce_uri_ref", _STRING), ("ce_timestamp", ".google.protobuf.Timestamp"),
]  # fmt: skip
_ENTRY: _Fields = [("key", _STRING), ("value", f".{_PACKAGE}.CloudEvent.CloudEventAttributeValue")]
# A message within a message is its bytes: taken as such, each event is read by itself, and a bad one has an index.
_BATCH: _Fields = [("events", _BYTES)]


def _classes(*, repeats: bool) -> tuple[Any, Any]:
    """Return the classes of an event and of a batch, in a pool of their own: nothing that an application loads clashes.

    The map is a list of its entries: the same on the wire, but no entry is lost that comes twice or has more fields.
    With `repeats` the fields of an event and of a value are lists, too, where the usual classes keep the last only.
    """
    file = FileDescriptorProto(name="cevents/formats/protobuf.proto", package=_PACKAGE, syntax="proto3")
    event = file.message_type.add(name="CloudEvent")
    value = event.nested_type.add(name="CloudEventAttributeValue")
    entry = event.nested_type.add(name="AttributesEntry")
    batch = file.message_type.add(name="CloudEventBatch")
    _add_fields(event, _CLOUD_EVENT, repeated=repeats)
    _add_fields(value, _ATTRIBUTE_VALUE, repeated=repeats)
    _add_fields(entry, _ENTRY)
    _add_fields(batch, _BATCH, repeated=True)
    event.field[4].label = FieldDescriptorProto.LABEL_REPEATED
    if not repeats:
        for message, oneof, members in ((event, "data", event.field[5:]), (value, "attr", value.field[:])):
            message.oneof_decl.add(name=oneof)
            for field in members:
                field.oneof_index = 0
    pool = DescriptorPool()
    for imported in (any_pb2.DESCRIPTOR, timestamp_pb2.DESCRIPTOR):
        file.dependency.append(imported.name)
        pool.AddSerializedFile(imported.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    names = (f"{_PACKAGE}.CloudEvent", f"{_PACKAGE}.CloudEventBatch")
    of_event, of_batch = (GetMessageClass(pool.FindMessageTypeByName(name)) for name in names)
    return of_event, of_batch


def _add_fields(message: DescriptorProto, fields: _Fields, *, repeated: bool = False) -> None:
    label = FieldDescriptorProto.LABEL_REPEATED if repeated else FieldDescriptorProto.LABEL_OPTIONAL
    for number, (name, kind) in enumerate(fields, 1):
        field = message.field.add(name=name, number=number, label=label)
        if isinstance(kind, str):
            field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, kind
        else:
            field.type = kind


Message, BatchMessage = _classes(repeats=False)
_WithRepeats, _ = _classes(repeats=True)
