"""The HTTP protocol binding (`bindings/http-protocol-binding.md`): binary, structured and batched mode.

Requests and responses alike; nothing here depends on a method, a status or an HTTP version.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from cevents.bindings import _modes
from cevents.bindings._headers import Headers, is_plain, pairs, percent_decode, percent_encode, raw_pairs
from cevents.bindings._modes import Mode
from cevents.bindings._table import Binding
from cevents.errors import Findings, NotACloudEvent
from cevents.event import CloudEvent

__all__ = ["HttpMessage", "content_mode", "decode", "decode_batch", "encode", "encode_batch", "is_cloudevent"]


class HttpMessage(NamedTuple):
    """What stands in a request or response: headers as pairs with names in lower case, and the body."""

    headers: list[tuple[str, str]]
    body: bytes


_BINDING = Binding(
    protocol="HTTP",
    prefix="ce-",  # HTTP-3.1.3.1-a
    any_case=True,  # HTTP-3.1.3.1-b
    container=raw_pairs,
    pairs=pairs,
    code=percent_encode,  # HTTP-3.1.3.2-a, HTTP-3.1.3.2-c
    is_plain=is_plain,
    read=percent_decode,
    charset="latin-1",
    content_type_among_headers=True,
    flattens_maps=True,
    mode_requirement="HTTP-3-c",
    content_type_requirement="HTTP-3.1.1-b",
)


def encode(
    event: CloudEvent[Any],
    mode: Literal["binary", "structured"] = "binary",
    format: str = "json",
) -> HttpMessage:
    """Return the event as headers and body.

    `format` is the event format of structured mode, by name or media type. Raises `InvalidEvent` for an event that
    binary mode cannot carry (its content type marks another mode) and `DataError` if its charset cannot hold the data.
    """
    content_type, headers, body = _modes.encode(event, mode, format, _BINDING)
    if content_type is not None:
        headers.append(("content-type", content_type))  # HTTP-3.1.1-a: as it is, not encoded
    return HttpMessage(headers, body or b"")


def encode_batch(events: Iterable[CloudEvent[Any]], format: str = "json") -> HttpMessage:
    """Return the events as one message; to be sent only to whom asked for batches (`HTTP-3-a`).

    Raises `UnsupportedBatch` for a format without batches, `InvalidEvent` if the events are not of one specversion.
    """
    media_type, body = _modes.encode_batch(events, format)
    return HttpMessage([("content-type", media_type)], body)


def decode(headers: Headers, body: bytes | None = b"", *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event of a message; its content type alone tells the mode (`HTTP-3-c`).

    Raises `NotACloudEvent` for a message that claims nothing, `UnsupportedFormat` for an event format not known here,
    and `InvalidEvent` with every problem, for a batch too. An empty body, or None, is no data.
    """
    found, content = list(raw_pairs(headers)), _modes.bytes_of(body)
    event = _modes.decode_usual(found, content, _BINDING, lenient)
    return event or _modes.decode_with_care(found, content, _BINDING, lenient)


def decode_batch(headers: Headers, body: bytes, *, lenient: bool = False) -> list[CloudEvent[Any]]:
    """Return the events of a message in batched mode, in order; raises as `decode` does, for a single event too."""
    findings = Findings(lenient=lenient)
    content_type, found = _content_type(headers, findings)
    if _modes.mode_of(content_type) == "binary" and not _modes.claims(found, _BINDING):
        raise NotACloudEvent("the message has no batch of events: its content type is another")
    return _modes.decode_batch(content_type, _modes.bytes_of(body) or b"", _BINDING, findings)


def content_mode(headers: Headers) -> Mode:
    """Return the mode that the content type of a message says: "binary", "structured" or "batch"."""
    return _modes.mode_among(headers, _BINDING)


def is_cloudevent(headers: Headers) -> bool:
    """Tell whether a message claims to be an event or a batch: by content type, or by all required headers.

    It may still be invalid (`HTTP-3-e`).
    """
    return _modes.claims(headers, _BINDING)


def _content_type(headers: Headers, findings: Findings) -> tuple[str | None, list[tuple[str, str]]]:
    found = list(pairs(headers))
    return _modes.content_type_among(found, _BINDING, findings), found
