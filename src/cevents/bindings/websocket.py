"""The WebSocket protocol binding (`bindings/websockets-protocol-binding.md`): structured mode only (section 1.3).

The handshake settles the format for the whole connection: the client offers `offers()`, the server answers with
`choose(offered)`, and both give the subprotocol that was agreed on to `decode`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from cevents import formats
from cevents.bindings._modes import no_batches
from cevents.errors import Findings, NotACloudEvent, UnsupportedFormat, excerpt
from cevents.event import CloudEvent, add_repairs

__all__ = [
    "WebSocketFrame",
    "choose",
    "decode",
    "decode_batch",
    "encode",
    "encode_batch",
    "offers",
    "subprotocol_of",
]


class WebSocketFrame(NamedTuple):
    """What stands in a message: the subprotocol of the connection; `str` for a text frame, `bytes` for a binary one."""

    subprotocol: str
    payload: str | bytes


class _Subprotocol(NamedTuple):
    """The event format and the type of frame, which is `str` or `bytes`."""

    format: str
    frame: type[str | bytes]


_SUBPROTOCOLS = {  # WS-1.5-a
    "cloudevents.json": _Subprotocol("json", str),
    "cloudevents.avro": _Subprotocol("avro", bytes),
    "cloudevents.proto": _Subprotocol("protobuf", bytes),
}


def offers() -> list[str]:
    """Return the subprotocols for which all is installed, best known first: what a client offers (WS-1.4-c)."""
    return [name for name, facts in _SUBPROTOCOLS.items() if _is_installed(facts.format)]


def choose(offered: Iterable[str]) -> str | None:
    """Return the first of a client's subprotocols that can be spoken here (WS-1.4-d).

    None for none: then the answer has no such header, and no event may be sent (WS-1.4-e, T-WS-2).
    """
    known = offers()
    return next((name for name in offered if name in known), None)


def subprotocol_of(format: str) -> str:
    """Return the subprotocol of a format, by its name or media type; raises `UnsupportedFormat` for one without."""
    name = formats.get(format).name
    for subprotocol, facts in _SUBPROTOCOLS.items():
        if facts.format == name:
            return subprotocol
    raise UnsupportedFormat(f"no WebSocket subprotocol is defined for {excerpt(name)}")


encode_batch = decode_batch = no_batches("WebSockets", "WS-1.5-c")


def encode(
    event: CloudEvent[Any], mode: Literal["structured"] = "structured", format: str = "json"
) -> WebSocketFrame:
    """Return the event as the payload of one message, in the format that the connection has (WS-1.3-b).

    Raises `UnsupportedFormat` for a format without subprotocol.
    """
    if mode != "structured":  # pyright: ignore[reportUnnecessaryComparison] # callers may have no types
        raise ValueError('mode must be "structured"')  # WS-1.3-a, T-WS-1
    subprotocol = subprotocol_of(format)
    facts = _SUBPROTOCOLS[subprotocol]
    body = formats.get(facts.format).encode(event)
    return WebSocketFrame(subprotocol, body.decode() if facts.frame is str else body)


def decode(subprotocol: str | None, payload: str | bytes, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event of a message under the subprotocol of its connection.

    Raises `NotACloudEvent` for a subprotocol that is none of CloudEvents, `UnsupportedFormat` where an extra is
    missing, and `InvalidEvent` with every problem, such as the wrong type of frame. Lenient reading takes JSON in a
    binary frame.
    """
    facts = _SUBPROTOCOLS.get(subprotocol or "")
    if facts is None:
        raise NotACloudEvent(f"the subprotocol {excerpt(subprotocol)} is none of CloudEvents")
    findings = Findings(lenient=lenient)
    if isinstance(payload, str):
        if facts.frame is bytes:
            findings.report("WS-1.5-a", "must come in binary frames", None, payload)
        body = payload.encode(errors="surrogatepass")
    else:
        body = bytes(memoryview(payload))
        if facts.frame is str:  # T-WS-3
            findings.repair("WS-1.5-a", "must come in text frames")
    findings.conclude()
    event = formats.get(facts.format).decode(body, lenient=lenient)
    return add_repairs(event, findings.repairs) if findings.repairs else event


def _is_installed(format: str) -> bool:
    try:
        formats.get(format)
    except UnsupportedFormat:
        return False
    return True
