"""The RabbitMQ protocol binding, for AMQP 0.9.1: binary and structured mode.

Its document is a working draft, `cloudevents-protocol-spec/spec.md` of Knative's RabbitMQ broker. For AMQP 1.0 there is
`cevents.bindings.amqp`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

from cevents.bindings import _modes
from cevents.bindings._headers import exact_pairs, read_native
from cevents.bindings._modes import Mode
from cevents.bindings._table import Binding, Limits
from cevents.event import CloudEvent

__all__ = [
    "RabbitMessage",
    "content_mode",
    "decode",
    "decode_batch",
    "encode",
    "encode_batch",
    "is_cloudevent",
]

Headers: TypeAlias = Mapping[Any, Any] | Iterable[tuple[Any, Any]] | None


class RabbitMessage(NamedTuple):
    """What stands in a message: the properties `content_type` and `headers`, and the body."""

    content_type: str | None
    headers: dict[str, str]
    body: bytes


# Values are written as texts, since the document leaves their types open and other SDKs write texts (RABBIT-3.1.3.2-a).
_BINDING = Binding(
    protocol="RabbitMQ",
    prefix="ce-",  # RABBIT-3.1.3.1-a
    any_case=True,  # RABBIT-3.1.3.1-b
    pairs=partial(exact_pairs, any_case=True),
    read=read_native,  # RABBIT-3.1.3.2-a, RABBIT-3.1.3.2-b
    content_type_among_headers=False,  # RABBIT-3.1.1-a
    limits=Limits("RABBIT-3.1.3.1-a", name=128),  # of a field's name; clients cut longer ones
    mode_requirement="RABBIT-3-a",
    content_type_requirement="RABBIT-3.1.1-a",
    batch_requirement="RABBIT-1.3-a",
)

encode_batch = decode_batch = _modes.no_batches("RabbitMQ", "RABBIT-1.3-a")


def encode(
    event: CloudEvent[Any], mode: Literal["binary", "structured"] = "binary", format: str = "json"
) -> RabbitMessage:
    """Return the event as content type, headers and body.

    Raises `InvalidEvent` for an event whose content type marks structured mode and for a name of more than 125
    characters, `UnsupportedFormat`, and `DataError` if its charset cannot hold the data.
    """
    content_type, headers, body = _modes.encode(event, mode, format, _BINDING)
    return RabbitMessage(content_type, dict(headers), body or b"")


def decode(
    content_type: str | None, headers: Headers, body: bytes, *, lenient: bool = False
) -> CloudEvent[Any]:
    """Return the event of a message; its content type alone tells the mode (RABBIT-3-a).

    Booleans, integers, timestamps and byte arrays of the field table are read as such. An empty body is no data. Raises
    `NotACloudEvent` for a message that claims nothing, `UnsupportedFormat` for an event format not known here, and
    `InvalidEvent` with every problem, such as a value that is a table.
    """
    return _modes.read(headers, _modes.bytes_of(body), _BINDING, lenient, content_type)


def content_mode(content_type: str | None) -> Mode:
    """Return the mode that the content type of a message says: "binary", "structured" or "batch"."""
    return _modes.mode_among((), _BINDING, content_type)


def is_cloudevent(content_type: str | None, headers: Headers) -> bool:
    """Tell whether a message claims to be an event: by content type, or by all required headers."""
    return _modes.claims(headers, _BINDING, content_type)
