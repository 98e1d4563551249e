"""The Kafka protocol binding (`bindings/kafka-protocol-binding.md`): binary and structured mode.

The names of the message are those of a record: `kafka.decode(record.headers, record.value)` reads one of any client.
The topic is the application's, and so is the key, unless one is named here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

from cevents.bindings import _modes
from cevents.bindings._headers import read_utf8
from cevents.bindings._modes import Mode
from cevents.bindings._table import Binding
from cevents.event import CloudEvent

__all__ = [
    "KafkaMessage",
    "content_mode",
    "decode",
    "decode_batch",
    "encode",
    "encode_batch",
    "is_cloudevent",
    "partition_key",
]

Headers: TypeAlias = Iterable[tuple[Any, Any]] | Mapping[Any, Any] | None
"""What clients hand over: pairs, a mapping, or None for no headers at all; values are bytes, str or None."""
Key: TypeAlias = str | bytes | None


class KafkaMessage(NamedTuple):
    """What stands in a record: headers as pairs, the value (None for an event without data), the key if one was given.

    A record with the value None is a tombstone where a topic is compacted (section 3.2.2).
    """

    headers: list[tuple[str, bytes]]
    value: bytes | None
    key: bytes | None = None


_BINDING = Binding(
    protocol="Kafka",
    prefix="ce_",  # KAFKA-3.2.3.1-a
    read_leniently="ce-",  # T64
    code=str.encode,  # KAFKA-3.2.3-b, KAFKA-3.2.4.2-a
    read=partial(read_utf8, "KAFKA-3.2.3-b"),
    charset="utf-8",
    content_type_among_headers=True,  # KAFKA-3.2.1-a
    lenient_content_type=True,  # T-KAFKA-5
    attribute="also",  # T-KAFKA-3: section 3.2.3 maps all attributes, section 3.2.1 this one elsewhere
    no_data=None,  # KAFKA-3.2.2-b
    mode_requirement="KAFKA-3-a",
    content_type_requirement="KAFKA-3.2.1-a",
    name_requirement="KAFKA-3.2.3.1-a",
    batch_requirement="KAFKA-1.3-a",
    bare_requirement="KAFKA-3.3.1-a",  # T-KAFKA-6
)

encode_batch = decode_batch = _modes.no_batches("Kafka", "KAFKA-1.3-a")


def encode(
    event: CloudEvent[Any],
    mode: Literal["binary", "structured"] = "binary",
    format: str = "json",
    *,
    key: Key | Callable[[CloudEvent[Any]], Key] = None,
) -> KafkaMessage:
    """Return the event as headers, value and key.

    `key` is the record's key, or a function that makes it of the event, such as `partition_key`; the event stays as it
    is (KAFKA-3.1-d). Raises `InvalidEvent` for an event whose content type marks structured mode, `UnsupportedFormat`,
    and `DataError` if its charset cannot hold the data.
    """
    content_type, headers, value = _modes.encode(event, mode, format, _BINDING)
    if content_type is not None:
        headers.append(("content-type", content_type.encode()))
    if callable(key):
        key = key(event)
    return KafkaMessage(headers, value, key.encode() if isinstance(key, str) else key)  # KAFKA-3.1-a


def partition_key(event: CloudEvent[Any]) -> str | None:
    """Return the attribute `partitionkey` or None: to be given to `encode` as `key` (KAFKA-3.1-c)."""
    return event.text("partitionkey") if "partitionkey" in event else None


def decode(
    headers: Headers,
    value: bytes | None,
    key: Any = None,  # noqa: ARG001 - a field of the message
    *,
    lenient: bool = False,
) -> CloudEvent[Any]:
    """Return the event of a record; its content type alone tells the mode (KAFKA-3-a). The key is not looked at.

    Raises `NotACloudEvent` for a record that claims nothing, `UnsupportedFormat` for an event format not known here,
    and `InvalidEvent` with every problem. Lenient reading takes the prefix `ce-`, a content type in any case, and a
    record without content type whose value is an event in JSON.
    """
    return _modes.read(headers, _modes.bytes_of(value), _BINDING, lenient)


def content_mode(headers: Headers) -> Mode:
    """Return the mode that the content type of a record says: "binary", "structured" or "batch"."""
    return _modes.mode_among(headers, _BINDING)


def is_cloudevent(headers: Headers) -> bool:
    """Tell whether a record claims to be an event: by content type, or by all required headers (KAFKA-3-c)."""
    return _modes.claims(headers, _BINDING)
