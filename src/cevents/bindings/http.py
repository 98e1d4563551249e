"""The HTTP protocol binding (`bindings/http-protocol-binding.md`): binary, structured and batched mode.

Requests and responses alike; nothing here depends on a method, a status or an HTTP version.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from msgspec import Raw

from cevents.attributes import Value, spelled
from cevents.bindings import _modes
from cevents.bindings._headers import Headers, is_plain, pairs, percent_decode, percent_encode, raw_pairs
from cevents.bindings._modes import Mode
from cevents.errors import Findings, NotACloudEvent
from cevents.event import CloudEvent

__all__ = ["HttpMessage", "content_mode", "decode", "decode_batch", "encode", "encode_batch", "is_cloudevent"]


class HttpMessage(NamedTuple):
    """What stands in a request or response: headers as pairs with names in lower case, and the body."""

    headers: list[tuple[str, str]]
    body: bytes


def _spell(_name: str, value: Value | Raw) -> str:
    return percent_encode(spelled(value))  # HTTP-3.1.3.2-a, HTTP-3.1.3.2-c


_BINDING = _modes.Binding(
    prefix="ce-",  # HTTP-3.1.3.1-a
    spell=_spell,
    read=percent_decode,
    is_plain=is_plain,
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
    if mode == "binary":
        declared, headers, data = _modes.encode_binary(event, _BINDING)
        if declared is not None:
            headers.append(("content-type", declared))  # HTTP-3.1.1-a: as it is, not encoded
        return HttpMessage(headers, data or b"")
    if mode != "structured":
        raise ValueError('mode must be "binary" or "structured"')
    media_type, body = _modes.encode_structured(event, format)
    return HttpMessage([("content-type", media_type)], body)


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
    found = list(raw_pairs(headers))
    content = _bytes(body)
    event = _modes.decode_usual(found, content, _BINDING, lenient)
    if event is not None:
        return event
    findings = Findings(lenient=lenient)
    content_type, texts = _content_type(found, findings)
    return _modes.decode(content_type, texts, content, _BINDING, findings)


def decode_batch(headers: Headers, body: bytes, *, lenient: bool = False) -> list[CloudEvent[Any]]:
    """Return the events of a message in batched mode, in order; raises as `decode` does, for a single event too."""
    findings = Findings(lenient=lenient)
    content_type, found = _content_type(headers, findings)
    if _modes.mode_of(content_type) == "binary" and not _has_required(found):
        raise NotACloudEvent("the message has no batch of events: its content type is another")
    return _modes.decode_batch(content_type, _bytes(body), findings)


def content_mode(headers: Headers) -> Mode:
    """Return the mode that the content type of a message says: "binary", "structured" or "batch"."""
    return _modes.mode_of(_content_type(headers, Findings(lenient=True))[0])


def is_cloudevent(headers: Headers) -> bool:
    """Tell whether a message claims to be an event or a batch: by content type, or by all required headers.

    It may still be invalid (`HTTP-3-e`).
    """
    content_type, found = _content_type(headers, Findings(lenient=True))
    return _modes.mode_of(content_type) != "binary" or _has_required(found)


_REQUIRED = frozenset({"ce-specversion", "ce-type", "ce-source", "ce-id"})


def _has_required(found: list[tuple[str, str]]) -> bool:
    return {name for name, _ in found} >= _REQUIRED


def _content_type(headers: Headers, findings: Findings) -> tuple[str | None, list[tuple[str, str]]]:
    found = list(pairs(headers))
    content_type = None
    for name, value in found:
        if name == "content-type":
            if content_type is not None and content_type != value:
                findings.report(
                    "CE-attrs-d", "is there more than once, with different values", "content-type", value
                )
            elif content_type is not None:
                findings.repair("CE-attrs-d", "is there more than once", "content-type", value)
            content_type = value
    return content_type, found


def _bytes(body: bytes | None) -> bytes:
    return body if type(body) is bytes else bytes(memoryview(body or b""))
