"""The specification's `cloudevents.proto` as message classes, in a pool of their own: no copy of it clashes.

They are not what `protoc` would generate, but the same on the wire. What is known by its bytes, or may be bad where the
rest is good, is bytes here: the entries of the map of attributes, the events of a batch. `EventWithRepeats` has lists
where the usual classes keep the last value only.
"""

from __future__ import annotations

from typing import Any, TypeAlias

try:
    from google.protobuf import any_pb2, timestamp_pb2
    from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message import DecodeError, Message
    from google.protobuf.message_factory import GetMessageClass
    from google.protobuf.timestamp_pb2 import Timestamp
except ImportError as error:
    raise ImportError("the Protobuf format needs protobuf: pip install 'cevents[protobuf]'") from error

__all__ = ["Batch", "DecodeError", "Entry", "Event", "EventWithRepeats", "Message", "Timestamp"]

_Fields: TypeAlias = "list[tuple[str, FieldDescriptorProto.Type.ValueType | str]]"

_PACKAGE = "io.cloudevents.v1"
_STRING, _BYTES = FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_BYTES
_BOOL, _INT32 = FieldDescriptorProto.TYPE_BOOL, FieldDescriptorProto.TYPE_INT32
_INT64 = FieldDescriptorProto.TYPE_INT64
_ONE, _MANY = FieldDescriptorProto.LABEL_OPTIONAL, FieldDescriptorProto.LABEL_REPEATED

# The fields of each message by number, from 1; a text is the name of a message.
_REQUIRED: _Fields = [("id", _STRING), ("source", _STRING), ("spec_version", _STRING), ("type", _STRING)]
_ANY, _TIMESTAMP = ".google.protobuf.Any", ".google.protobuf.Timestamp"
_DATA: _Fields = [("binary_data", _BYTES), ("text_data", _STRING), ("proto_data", _ANY)]
_VALUES: _Fields = [
    ("ce_boolean", _BOOL), ("ce_integer", _INT32), ("ce_string", _STRING), ("ce_bytes", _BYTES),
    ("ce_uri", _STRING), ("ce_uri_ref", _STRING), ("ce_timestamp", _TIMESTAMP),
]  # fmt: skip


def _classes(*, repeats: bool) -> tuple[Any, ...]:
    """Return the classes of an event, of an entry of its map, and of a batch."""
    file = FileDescriptorProto(name="cevents/formats/protobuf.proto", package=_PACKAGE, syntax="proto3")
    label = _MANY if repeats else _ONE
    entries: FieldDescriptorProto.Type.ValueType | str = _BYTES
    values, data = _VALUES, _DATA
    if repeats:  # these, too
        own = {_ANY: f".{_PACKAGE}.Any", _TIMESTAMP: f".{_PACKAGE}.Timestamp"}
        _add(file, "Any", [("type_url", _STRING), ("value", _BYTES)], label)
        _add(file, "Timestamp", [("seconds", _INT64), ("nanos", _INT32)], label)
        values, data = (
            [(name, own.get(str(kind), kind)) for name, kind in fields] for fields in (values, data)
        )
        entries = f".{_PACKAGE}.AttributesEntry"
    value = _add(file, "CloudEventAttributeValue", values, label)
    _add(file, "AttributesEntry", [("key", _STRING), ("value", f".{_PACKAGE}.{value.name}")], label)
    event = _add(file, "CloudEvent", [*_REQUIRED, ("attributes", entries), *data], label)
    event.field[len(_REQUIRED)].label = _MANY
    _add(file, "CloudEventBatch", [("events", _BYTES)], _MANY)
    if not repeats:
        _make_oneof(value, "attr", len(_VALUES))
        _make_oneof(event, "data", len(_DATA))
    pool = DescriptorPool()
    for imported in (any_pb2.DESCRIPTOR, timestamp_pb2.DESCRIPTOR):
        file.dependency.append(imported.name)
        pool.AddSerializedFile(imported.serialized_pb)
    pool.AddSerializedFile(file.SerializeToString())
    names = ("CloudEvent", "AttributesEntry", "CloudEventBatch")
    return tuple(GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in names)


def _add(
    file: FileDescriptorProto, name: str, fields: _Fields, label: FieldDescriptorProto.Label.ValueType
) -> DescriptorProto:
    message = file.message_type.add(name=name)
    for number, (field_name, kind) in enumerate(fields, 1):
        field = message.field.add(name=field_name, number=number, label=label)
        if isinstance(kind, str):
            field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, kind
        else:
            field.type = kind
    return message


def _make_oneof(message: DescriptorProto, name: str, count: int) -> None:
    """Make one choice of the last fields of a message."""
    message.oneof_decl.add(name=name)
    for field in message.field[-count:]:
        field.oneof_index = 0


Event, Entry, Batch = _classes(repeats=False)
EventWithRepeats, _, _ = _classes(repeats=True)
