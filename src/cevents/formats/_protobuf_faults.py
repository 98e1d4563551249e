"""What can be wrong with the bytes of a Protobuf message, told in more words than Protobuf has for it."""

from __future__ import annotations

from itertools import chain
from typing import Any

from cevents.errors import Findings, InvalidEvent
from cevents.formats._protobuf_schema import Batch, DecodeError, Event, EventWithRepeats, Message

__all__ = [
    "BATCH_MEDIA_TYPE",
    "MEDIA_TYPE",
    "REQUIRED",
    "is_event",
    "parsed",
    "refuse_batch",
    "report_repeats",
]

MEDIA_TYPE = "application/cloudevents+protobuf"  # PB-4-a
BATCH_MEDIA_TYPE = "application/cloudevents-batch+protobuf"  # PB-5.2-a
REQUIRED = frozenset({"specversion", "type", "source", "id"})
"""Attributes with a field of their own."""

# The second and the third are of the implementation in Python, for a string that is not UTF-8 and for groups in groups.
UNPARSED = (DecodeError, ValueError, RecursionError)


def parsed(kind: Any, body: bytes, requirement: str, wanted: str, findings: Findings) -> Any:
    """Return a message of this class; raises `InvalidEvent` with what keeps the bytes from being one."""
    try:
        return kind.FromString(body)
    except UNPARSED:
        if kind is Event:
            refuse_batch(body, findings)
        fault, position = _fault(body)
        rule, hint = f"must be {wanted} message of Protobuf, but {fault}", None
        if body[:1] in (b"{", b"[", b"<"):
            hint = "it looks like JSON or XML"
        findings.report(requirement, rule, position=position, hint=hint)
        raise InvalidEvent(findings.problems) from None


def _fault(body: bytes) -> tuple[str, int | None]:
    """What keeps bytes from being fields of a message, and where, if that can be told."""
    at = start = number = 0
    try:
        while at < len(body):
            start = at
            tag, at = number_at(body, at)
            number, kind = tag >> 3, tag & 7
            if kind in (3, 4, 6, 7) or number == 0:
                return "has something else than a field", start
            if kind in (0, 2):
                size, at = number_at(body, at)
            else:
                size = 8 if kind == 1 else 4
            at += size if kind else 0
    except IndexError:
        at = len(body) + 1
    if at > len(body):
        return f"is cut off within field {number}", start
    return "has text that is not UTF-8, or something broken within a field", None


def number_at(body: bytes, at: int) -> tuple[int, int]:
    """The varint at a position, and the position after it; `IndexError` for one that is cut off."""
    number = shift = 0
    while body[at] & 0x80 and shift < 63:
        number |= (body[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return number | (body[at] & 0x7F) << shift, at + 1


def is_event(body: bytes) -> bool:
    """Tell whether bytes are rather an event than a batch, of whose fields an event has no other."""
    try:
        message: Any = Event.FromString(body)
    except UNPARSED:
        return False
    return bool(message.spec_version or (message.source and message.type))


def refuse_batch(body: bytes, findings: Findings) -> None:
    """Say so if bytes that should be an event are a batch."""
    try:
        events: Any = Batch.FromString(body).events
    except UNPARSED:
        return
    if events and is_event(events[0]):
        hint = f"it is {BATCH_MEDIA_TYPE}, which decode_batch reads"
        findings.report("PB-2.3-a", "must be a CloudEvent message, but is a CloudEventBatch", hint=hint)
        raise InvalidEvent(findings.problems)


def report_repeats(body: bytes, findings: Findings) -> None:
    """Note what is there more than once (CE-attrs-d): a message keeps the last only."""
    given: dict[
        str, list[list[object]]
    ] = {}  # by name: its values, and the values of each field within these
    for field, found in _all_values(parsed(EventWithRepeats, body, "PB-2.3-a", "a CloudEvent", findings)):
        name, values = _NAMES_OF_FIELDS.get(field, field), [(field, found)]
        if field == "attributes":
            name = found.key[-1] if found.key else ""
            if name in _REFUSED:
                continue
            given.setdefault(name, [[]]).append(list(found.key))
            pairs = [_all_values(value) or [("", None)] for value in found.value]
            values = list(chain.from_iterable(pairs)) or [("", None)]
        groups = given.setdefault(name, [[]])
        for of_field, value in values:
            if isinstance(value, Message):
                fields = [(inner.name, list(many)) for inner, many in value.ListFields()]
                groups += [many for _, many in fields]
                value = repr(fields)
            groups[0].append((of_field, value))
    for name, groups in given.items():
        if any(len(set(values)) > 1 for values in groups):
            findings.report("CE-attrs-d", "is there more than once, with different values", name)
        elif any(len(values) > 1 for values in groups):
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
_REFUSED = REQUIRED | {"data"}  # in the map
