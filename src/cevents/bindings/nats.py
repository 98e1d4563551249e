"""The NATS protocol binding (`bindings/nats-protocol-binding.md`): binary and structured mode.

Headers need NATS 2.2; a message that has none is in structured mode (section 3), which here is always JSON. Unlike in
HTTP the content type of the data is an attribute like the others, `ce-datacontenttype`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

from cevents.bindings import _modes
from cevents.bindings._headers import PercentRules, is_plain, pairs, percent_decode, percent_encode
from cevents.bindings._modes import Mode
from cevents.bindings._table import Binding
from cevents.event import CloudEvent

__all__ = ["NatsMessage", "content_mode", "decode", "decode_batch", "encode", "encode_batch", "is_cloudevent"]

Headers: TypeAlias = Iterable[tuple[Any, Any]] | Mapping[Any, Any] | None


class NatsMessage(NamedTuple):
    """What stands in a message: headers as pairs, of which clients take `dict(headers)`, and the payload."""

    headers: list[tuple[str, str]] | None
    payload: bytes


_BINDING = Binding(
    protocol="NATS",
    prefix="ce-",  # NATS-3.1.3.1-a
    any_case=True,  # NATS-3.1.3.1-b
    pairs=pairs,
    code=percent_encode,  # NATS-3.1.3.2-a, NATS-3.1.3.2-c
    is_plain=is_plain,
    read=partial(
        percent_decode,
        rules=PercentRules("NATS-3.1.3.2-b", "NATS-3.1.3.2-e", "NATS-3.1.3.2-f", "NATS-3.1.3.2-n"),
    ),
    charset="latin-1",
    content_type_among_headers=True,  # NATS-3-a
    attribute="only",  # NATS-3.1.2-a
    formats=frozenset({"json"}),  # NATS-3-b
    mode_requirement="NATS-3-a",
    content_type_requirement="NATS-3.1.2-a",
    name_requirement="NATS-3.1.3.1-a",
    batch_requirement="NATS-1.3-a",
    bare_requirement="NATS-3-a",  # T-NATS-1
    v03_requirement="V03-nats-a",
)

encode_batch = decode_batch = _modes.no_batches("NATS", "NATS-1.3-a")


def encode(
    event: CloudEvent[Any],
    mode: Literal["binary", "structured"] = "binary",
    format: str = "json",
    *,
    headers: bool = True,
) -> NatsMessage:
    """Return the event as headers and payload.

    `headers=False` writes none, in structured mode, for servers before NATS 2.2 and readers of before this binding had
    headers (NATS-1.3-b, T-NATS-4). Raises `UnsupportedFormat` for any other format than JSON, `InvalidEvent` for a 0.3
    event in binary mode, which NATS had not then, and `DataError` if its charset cannot hold the data.
    """
    if not headers and mode != "structured":
        raise ValueError('without headers there is no binary mode; mode must be "structured"')
    content_type, found, payload = _modes.encode(event, mode, format, _BINDING)
    if content_type is not None:
        found.append(("content-type", content_type))
    return NatsMessage(found if headers else None, payload or b"")


def decode(headers: Headers, payload: bytes, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event of a message: without headers one in JSON, else by the content type alone (NATS-3-a).

    Raises `NotACloudEvent` for a message that claims nothing, `UnsupportedFormat` for any event format but JSON, and
    `InvalidEvent` with every problem. An empty payload is no data. Lenient reading takes `Content-Type` for the content
    type of the data where no attribute says it, and an event in JSON under headers that say nothing.
    """
    if not headers:
        return _modes.decode_bare(_modes.bytes_of(payload), lenient)
    return _modes.read(headers, _modes.bytes_of(payload), _BINDING, lenient)


def content_mode(headers: Headers) -> Mode:
    """Return the mode of a message: "structured" without headers, else what the content type says."""
    return _modes.mode_among(headers, _BINDING) if headers else "structured"


def is_cloudevent(headers: Headers) -> bool:
    """Tell whether a message claims by its headers to be an event: by content type, or by all that are required.

    A message without headers claims nothing, though its payload may be an event: `decode` tells.
    """
    return _modes.claims(headers, _BINDING)
