"""The Google Cloud Pub/Sub binding: binary and structured mode.

Its document is a working draft, `docs/spec/pubsub.md` of google-cloudevents.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from cevents.bindings import _modes
from cevents.bindings._headers import read_utf8
from cevents.bindings._modes import Mode
from cevents.bindings._table import Binding, Limits
from cevents.errors import refuse
from cevents.event import CloudEvent

__all__ = [
    "PubSubMessage",
    "content_mode",
    "decode",
    "decode_batch",
    "encode",
    "encode_batch",
    "from_push",
    "is_cloudevent",
]

Attributes: TypeAlias = Mapping[Any, Any] | Iterable[tuple[Any, Any]] | None


class PubSubMessage(NamedTuple):
    """What stands in a message: its attributes and its data."""

    attributes: dict[str, str]
    data: bytes


_BINDING = Binding(
    protocol="Pub/Sub",
    prefix="ce-",  # PUBSUB-3.1.3.1-a
    read=partial(read_utf8, "PUBSUB-3.1.3.2-a"),
    charset="utf-8",
    content_type_among_headers=True,
    attribute="both",  # PUBSUB-3.1.1-a: the text has the one, the example the other
    limits=Limits("PUBSUB-limits-a", attributes=100, name=256, value=1024, message=10_000_000),
    mode_requirement="PUBSUB-3-a",
    content_type_requirement="PUBSUB-3.1.1-a",
    batch_requirement="PUBSUB-1.3-a",
)

encode_batch = decode_batch = _modes.no_batches("Pub/Sub", "PUBSUB-1.3-a")


def encode(
    event: CloudEvent[Any], mode: Literal["binary", "structured"] = "binary", format: str = "json"
) -> PubSubMessage:
    """Return the event as attributes and data.

    Raises `InvalidEvent` for an event whose content type marks structured mode, and for what Pub/Sub refuses: more than
    100 attributes, a name of more than 256 bytes, a value of more than 1,024, a message of more than 10 MB;
    `UnsupportedFormat`; and `DataError` if its charset cannot hold the data.
    """
    content_type, attributes, data = _modes.encode(event, mode, format, _BINDING)
    if content_type is not None:
        attributes.append(("content-type", content_type))
    return PubSubMessage(dict(attributes), data or b"")


def decode(attributes: Attributes, data: bytes, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event of a message; its `content-type` alone tells the mode (PUBSUB-3-a).

    Raises `NotACloudEvent` for a message that claims nothing, `UnsupportedFormat` for an event format not known here,
    and `InvalidEvent` with every problem. Empty data is no data. Lenient reading takes `content-type` where
    `ce-datacontenttype` says otherwise.
    """
    return _modes.read(attributes, _modes.bytes_of(data), _BINDING, lenient)


class _Message(msgspec.Struct):
    data: str | None = None
    attributes: dict[str, str] | None = None


class _Push(msgspec.Struct):
    message: _Message


_push_decoder = msgspec.json.Decoder(_Push)


def from_push(body: bytes | str) -> PubSubMessage:
    """Return the message in the body of a push request, to be given to `decode`.

    Raises `InvalidEvent` for a body that is no JSON object with a `message` in it (PUBSUB-push-a).
    """
    try:
        message = _push_decoder.decode(body).message
        data = b64decode(message.data or "", validate=True)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        refuse("PUBSUB-push-a", f"the body is no push delivery: {str(error)[:80]}")
    return PubSubMessage(message.attributes or {}, data)


def content_mode(attributes: Attributes) -> Mode:
    """Return the mode that the content type of a message says: "binary", "structured" or "batch"."""
    return _modes.mode_among(attributes, _BINDING)


def is_cloudevent(attributes: Attributes) -> bool:
    """Tell whether a message claims to be an event: by content type, or by all that is required."""
    return _modes.claims(attributes, _BINDING)
