"""The MQTT protocol binding (`bindings/mqtt-protocol-binding.md`): binary and structured mode.

MQTT 3.1.1 has structured mode in JSON only. Under MQTT 5 attributes are user properties under their own names, so that
every user property whose name an attribute can have is one (section 3.1.3.1); others are let be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

from cevents.bindings import _modes
from cevents.bindings._headers import read_utf8
from cevents.bindings._modes import Mode
from cevents.bindings._table import Binding, Limits
from cevents.errors import UnsupportedFormat
from cevents.event import CloudEvent

__all__ = ["MqttMessage", "content_mode", "decode", "decode_batch", "encode", "encode_batch", "is_cloudevent"]

Properties: TypeAlias = Iterable[tuple[Any, Any]] | Mapping[Any, Any] | None
Protocol: TypeAlias = Literal["5", "3.1.1"]


class MqttMessage(NamedTuple):
    """What stands in a PUBLISH: payload, the Content Type property, and the user properties as pairs."""

    payload: bytes
    content_type: str | None = None
    user_properties: Sequence[tuple[str, str]] = ()


_BINDING = Binding(
    protocol="MQTT",
    prefix="",  # MQTT-3.1.3.1-a
    read_leniently="ce-",  # F5: sdk-go writes it
    read=partial(read_utf8, "MQTT-3.1.3.2-a"),
    charset="utf-8",
    content_type_among_headers=False,  # MQTT-3.1.1-a
    attribute="same",  # T-MQTT-2: the example of section 3.1.4 has it twice
    limits=Limits("MQTT-3.1.3-a", name=65535, value=65535),  # of any UTF-8 string of MQTT
    mode_requirement="MQTT-3-a",
    content_type_requirement="MQTT-3.1.1-a",
    name_requirement="MQTT-3.1.3.1-a",
    batch_requirement="MQTT-1.3-a",
    bare_requirement="MQTT-3.2.1-a",  # what an MQTT 3.1.1 client sent arrives so at one of MQTT 5
)

encode_batch = decode_batch = _modes.no_batches("MQTT", "MQTT-1.3-a")


def encode(
    event: CloudEvent[Any],
    mode: Literal["binary", "structured"] = "binary",
    format: str = "json",
    *,
    protocol: Protocol = "5",
) -> MqttMessage:
    """Return the event as payload, content type and user properties.

    Under `protocol="3.1.1"` the mode must be given as "structured" and the format is JSON (MQTT-1.3-b, MQTT-3-d).
    Raises `InvalidEvent` for an event whose content type marks structured mode and for an attribute of more than 65,535
    bytes, `UnsupportedFormat`, and `DataError` if its charset cannot hold the data.
    """
    if _is_old(protocol) and mode != "structured":
        raise ValueError('MQTT 3.1.1 has no binary mode; mode must be "structured"')
    content_type, properties, payload = _modes.encode(event, mode, format, _BINDING)
    if _is_old(protocol):
        if content_type != "application/cloudevents+json":
            raise UnsupportedFormat("MQTT 3.1.1 carries no format but json")
        return MqttMessage(payload or b"")  # MQTT-3.2.1-b: the content type is implied
    return MqttMessage(payload or b"", content_type, properties)


def decode(
    payload: bytes,
    content_type: str | None = None,
    user_properties: Properties = (),
    *,
    protocol: Protocol = "5",
    lenient: bool = False,
) -> CloudEvent[Any]:
    """Return the event of a message; the content type alone tells the mode (MQTT-3-a), under MQTT 3.1.1 it is JSON.

    Raises `NotACloudEvent` for a message that claims nothing, `UnsupportedFormat` for an event format not known here,
    and `InvalidEvent` with every problem. An empty payload is no data. Lenient reading takes names with the prefix
    `ce-`, and a message without content type whose payload is an event in JSON.
    """
    if _is_old(protocol):
        return _modes.decode_bare(_modes.bytes_of(payload), lenient)
    return _modes.read(user_properties, _modes.bytes_of(payload), _BINDING, lenient, content_type)


def content_mode(content_type: str | None) -> Mode:
    """Return the mode that the content type of an MQTT 5 message says: "binary", "structured" or "batch"."""
    return _modes.mode_among((), _BINDING, content_type)


def is_cloudevent(content_type: str | None = None, user_properties: Properties = ()) -> bool:
    """Tell whether an MQTT 5 message claims to be an event: by content type, or by all that is required (MQTT-3-c)."""
    return _modes.claims(user_properties, _BINDING, content_type)


def _is_old(protocol: str) -> bool:
    if protocol not in ("5", "3.1.1"):
        raise ValueError('protocol must be "5" or "3.1.1"')
    return protocol == "3.1.1"
