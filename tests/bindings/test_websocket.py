"""The WebSocket binding: pairs of event and frame both ways, and the subprotocols of the handshake."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevents import (
    CloudEvent,
    CloudEventError,
    InvalidEvent,
    NotACloudEvent,
    UnsupportedFormat,
    formats,
    testing,
)
from cevents.bindings import websocket
from cevents.bindings.websocket import WebSocketFrame

Event = CloudEvent[Any]
SUBPROTOCOLS = {"cloudevents.json": "json", "cloudevents.avro": "avro", "cloudevents.proto": "protobuf"}
each = pytest.mark.parametrize(("subprotocol", "name"), SUBPROTOCOLS.items())


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


@each
def test_both_ways(subprotocol: str, name: str) -> None:  # WS-1.3-b, WS-1.5-a, WS-1.5-b, WS-3-a, WS-3.1-a
    for event in (
        made(),
        made(data={"a": "\u20ac"}),
        made(data=b"\xff", datacontenttype="a/b"),
        made(specversion="0.3"),
    ):
        if event.specversion == "0.3" and name != "json":
            continue
        frame = websocket.encode(event, format=name)
        body = formats.get(name).encode(event)
        assert frame == WebSocketFrame(subprotocol, body.decode() if name == "json" else body)
        for lenient in (False, True):
            found = websocket.decode(*frame, lenient=lenient)
            assert found == event
            assert found.repairs == ()
    assert websocket.encode(made(), "structured", formats.get(name).media_type).subprotocol == subprotocol
    assert websocket.subprotocol_of(name) == subprotocol


@given(testing.events())
def test_any_event_arrives(event: Event) -> None:
    assert websocket.decode(*websocket.encode(event)) == event


def test_binary_mode() -> None:  # WS-1.3-a, T-WS-1
    with pytest.raises(ValueError, match='mode must be "structured"'):
        websocket.encode(made(), "binary")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested


@pytest.mark.parametrize("name", sorted(set(formats.names()) - set(SUBPROTOCOLS.values())))
def test_a_format_without_subprotocol(name: str) -> None:
    with pytest.raises(UnsupportedFormat, match="no WebSocket subprotocol"):
        websocket.encode(made(), format=name)
    with pytest.raises(UnsupportedFormat):
        websocket.subprotocol_of("yaml")


@pytest.mark.parametrize("subprotocol", [None, "", "graphql-ws", "Cloudevents.json", "cloudevents.xml"])
def test_another_subprotocol(subprotocol: str | None) -> None:
    with pytest.raises(NotACloudEvent):
        websocket.decode(subprotocol, websocket.encode(made()).payload)


def test_json_in_a_binary_frame() -> None:  # WS-1.5-a, T-WS-3
    body = formats.json.encode(made())
    with pytest.raises(InvalidEvent, match=r"WS-1\.5-a"):
        websocket.decode("cloudevents.json", body)
    event = websocket.decode("cloudevents.json", body, lenient=True)
    assert event == made()
    assert [problem.requirement for problem in event.repairs] == ["WS-1.5-a"]
    buffer: Any = memoryview(body)
    assert websocket.decode("cloudevents.json", buffer, lenient=True) == made()


@pytest.mark.parametrize("subprotocol", ["cloudevents.avro", "cloudevents.proto"])
@pytest.mark.parametrize("lenient", [False, True])
def test_bytes_in_a_text_frame(subprotocol: str, lenient: bool) -> None:  # WS-1.5-a
    with pytest.raises(InvalidEvent, match=r"WS-1\.5-a"):
        websocket.decode(subprotocol, "{}", lenient=lenient)


@pytest.mark.parametrize("payload", ["[]", "", "{}", '[{"specversion":"1.0"}]', "\ud800", "{"])
def test_what_is_no_event(payload: str) -> None:  # WS-1.5-c
    with pytest.raises(InvalidEvent):
        websocket.decode("cloudevents.json", payload)


def test_a_payload_of_another_type_is_a_fault_of_the_program() -> None:
    with pytest.raises(TypeError):
        websocket.decode("cloudevents.json", 5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested


@given(st.sampled_from([*SUBPROTOCOLS, None]), st.text() | st.binary(max_size=100), st.booleans())
def test_nothing_but_our_errors(subprotocol: str | None, payload: str | bytes, lenient: bool) -> None:
    with suppress(CloudEventError):
        websocket.decode(subprotocol, payload, lenient=lenient)


# ----------------------------------------------------------------------------------------------------------- handshake


def test_what_a_client_offers(monkeypatch: pytest.MonkeyPatch) -> None:  # WS-1.4-b, WS-1.4-c
    assert websocket.offers() == list(SUBPROTOCOLS)
    known = formats.get

    def get(name: str) -> formats.Format:
        if name == "avro":
            raise UnsupportedFormat("not installed")
        return known(name)

    monkeypatch.setattr(formats, "get", get)
    assert websocket.offers() == ["cloudevents.json", "cloudevents.proto"]
    assert websocket.choose(["cloudevents.avro", "cloudevents.json"]) == "cloudevents.json"


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["cloudevents.json", "cloudevents.avro"], "cloudevents.json"),  # WS-1.4-d
        (["cloudevents.avro", "cloudevents.json"], "cloudevents.avro"),
        (["soap", "cloudevents.proto"], "cloudevents.proto"),
        (["soap"], None),  # WS-1.4-e, T-WS-2
        (["CloudEvents.JSON"], None),
        ([], None),
    ],
)
def test_what_a_server_chooses(offered: list[str], chosen: str | None) -> None:
    assert websocket.choose(offered) == websocket.choose(iter(offered)) == chosen
