"""The AMQP 1.0 protocol binding (`bindings/amqp-protocol-binding.md`): binary and structured mode.

The body is the data section: a client may need to be told so (`proton.Message(..., inferred=True)`), or it sends an
AMQP value. For AMQP 0.9.1 there is `cevents.bindings.rabbitmq`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from msgspec import Raw, structs

from cevents import attributes
from cevents.attributes import Value
from cevents.bindings import _modes
from cevents.bindings._headers import read_native
from cevents.bindings._modes import Mode
from cevents.bindings._table import Binding
from cevents.data import content, json_value
from cevents.errors import DataError, Findings
from cevents.event import UNREADABLE, CloudEvent
from cevents.formats import json
from cevents.timestamps import TimestampText

__all__ = ["AmqpMessage", "content_mode", "decode", "decode_batch", "encode", "encode_batch", "is_cloudevent"]

Properties: TypeAlias = Mapping[Any, Any] | Iterable[tuple[Any, Any]] | None


class AmqpMessage(NamedTuple):
    """What stands in a message: the property `content-type`, the application properties, and the data section."""

    content_type: str | None
    application_properties: dict[str, str | bool | int | bytes]
    body: bytes


def _native(value: Value | Raw) -> Any:
    """Return a Boolean, Integer (to clients an `int` is a long) and Binary as such, all else as its text.

    A Timestamp, too, may be a text (section 3.1.3.2), and is one here: that of AMQP has milliseconds and no offset, so
    that digits would be lost or made up (T-AMQP-3).
    """
    return (
        value
        if isinstance(value, bool | int | bytes) and not isinstance(value, Raw)
        else attributes.spelled(value)
    )


def _read(name: str, value: Any, findings: Findings, version: str) -> Any:
    """Return what `assemble` takes, of numbers of any width (AMQP-3.1.3.2-d), and timestamps as clients have them."""
    kind = type(value).__name__
    if kind.startswith("decimal"):  # to a client, the bits of one are an int
        findings.report("CE-types-l", "must not be a decimal", name)
        return UNREADABLE
    if isinstance(value, int) and not isinstance(value, bool):
        is_moment = kind == "timestamp" or name == "time" or attributes.declared(name) is attributes.Timestamp
        return _moment(name, value, findings) if is_moment else value
    if isinstance(value, dict) and version == "0.3":  # V03-amqp-a
        try:
            return json_value(json.encode_value(cast("dict[str, Any]", value)))
        except (TypeError, ValueError, RecursionError, DataError):
            findings.report("V03-amqp-a", "is a Map with values that no Map has", name)
            return UNREADABLE
    return read_native(name, value, findings, version)


def _moment(name: str, milliseconds: int, findings: Findings) -> Any:
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(milliseconds))
    except OverflowError:
        findings.report("CE-time-a", "must be a moment that UTC has a date for", name, int(milliseconds))
        return UNREADABLE
    digits = "milliseconds" if moment.microsecond else "seconds"
    return TimestampText(moment.isoformat(timespec=digits).replace("+00:00", "Z"))


_UNDERSCORE = Binding(
    protocol="AMQP 1.0",
    prefix="cloudEvents_",  # AMQP-3.1.3.1-a, AMQP-3.1.3.1-b
    also_read=("cloudEvents:",),  # AMQP-3.1.3.1-e
    canonical=_native,  # AMQP-3.1.3.2-a
    read=_read,
    content_type_among_headers=False,  # AMQP-3.1.1-a
    mode_requirement="AMQP-3-a",
    content_type_requirement="AMQP-3.1.1-a",
    one_prefix_requirement="AMQP-3.1.3.1-c",
    batch_requirement="AMQP-1.3-a",
    body_requirement="AMQP-3.1.2-a",
)
_COLON: Binding = structs.replace(_UNDERSCORE, prefix="cloudEvents:", also_read=("cloudEvents_",))

encode_batch = decode_batch = _modes.no_batches("AMQP 1.0", "AMQP-1.3-a")


def encode(
    event: CloudEvent[Any],
    mode: Literal["binary", "structured"] = "binary",
    format: str = "json",
    *,
    separator: Literal["_", ":"] = "_",
) -> AmqpMessage:
    """Return the event as content type, application properties and body.

    `separator=":"` writes names for readers of version 1.0.2 and before, who do not know the other; a 0.3 event has no
    other. Raises `InvalidEvent` for an event whose content type marks structured mode, `UnsupportedFormat`, and
    `DataError` if its charset cannot hold the data.
    """
    if separator not in ("_", ":"):  # pyright: ignore[reportUnnecessaryContains] # callers may have no types
        raise ValueError('separator must be "_" or ":"')
    binding = _COLON if separator == ":" or event.specversion == "0.3" else _UNDERSCORE  # V03-amqp-a
    content_type, properties, body = _modes.encode(event, mode, format, binding)
    return AmqpMessage(content_type, dict(properties), body or b"")


def decode(
    content_type: str | None, application_properties: Properties, body: Any, *, lenient: bool = False
) -> CloudEvent[Any]:
    """Return the event of a message; its content type alone tells the mode (AMQP-3-a).

    The body is what the client makes of the data section: bytes, or several of them, which belong together; or of an
    AMQP value that is text or binary. An empty one is no data. Raises `NotACloudEvent` for a message that claims
    nothing, `UnsupportedFormat` for an event format not known here, and `InvalidEvent` with every problem.
    """
    return _modes.read(application_properties, _bytes(body, content_type), _UNDERSCORE, lenient, content_type)


def content_mode(content_type: str | None) -> Mode:
    """Return the mode that the content type of a message says: "binary", "structured" or "batch"."""
    return _modes.mode_among((), _UNDERSCORE, content_type)


def is_cloudevent(content_type: str | None, application_properties: Properties) -> bool:
    """Tell whether a message claims to be an event: by content type, or by all that is required (AMQP-3-c)."""
    return _modes.claims(application_properties, _UNDERSCORE, content_type)


def _bytes(body: Any, content_type: str | None) -> Any:
    """Return the bytes of a body (T-AMQP-4, T71); `UNREADABLE` for an AMQP value that has none, such as a number."""
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, bytearray | memoryview):
        return bytes(cast("bytes", body))
    if isinstance(body, str):  # an AMQP value, in whatever charset the data should have
        return content(attributes.plain(body), content_type)
    if isinstance(body, list | tuple):
        sections = cast("list[Any]", body)
        if all(isinstance(section, bytes | bytearray | memoryview) for section in sections):
            return b"".join(sections)
    return UNREADABLE
