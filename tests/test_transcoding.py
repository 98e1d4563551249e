"""Every way beside every other: an event that goes in comes out equal, or an error says at once why it cannot.

A way is a format, or a binding in one of its modes. The kinds of data stand in `KINDS`, the ways in `HOPS`; what a way
does not keep stands in `EXCEPTIONS`, and `docs/formats/index.md` shows what the formats make of each kind.
"""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from cevents import CloudEvent, attributes, formats, testing
from cevents.attributes import URIReferenceText, URIText
from cevents.data import Binary
from cevents.errors import Findings
from cevents.event import assemble, stored_data, wire_attributes
from cevents.timestamps import TimestampText
from tests.transcoding_table import BINARY, EXCEPTIONS, HOPS, KINDS, LOSSY_TIMES, STRUCTURED

Event = CloudEvent[Any]


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "com.example.t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def seconds(kind: str, first: str) -> list[str]:
    """The ways to go on: all formats and binary modes, and of the many structured ones others for each kind and way."""
    start = (len(kind) + list(HOPS).index(first)) % 4
    return [name for name in HOPS if name not in STRUCTURED] + list(STRUCTURED)[start::4]


def test_every_structured_way_is_gone_from_every_other() -> None:
    for first in HOPS:
        assert {name for kind in KINDS for name in seconds(kind, first)} == set(HOPS)


@pytest.mark.parametrize("first", HOPS)
@pytest.mark.parametrize("kind", KINDS)
def test_data_arrives(kind: str, first: str) -> None:
    event = made(**KINDS[kind])
    arrived = HOPS[first](event)
    if (kind, first) in EXCEPTIONS:
        event = made(**EXCEPTIONS[kind, first])
    assert arrived == event
    assert arrived.has_data is event.has_data
    for second in seconds(kind, first):
        again = HOPS[second](arrived)
        wanted = made(**EXCEPTIONS[kind, second]) if (kind, second) in EXCEPTIONS else event
        assert again == wanted, second
        assert again.has_data is wanted.has_data, second


@pytest.mark.parametrize("hop", HOPS)
def test_a_way_that_loses_data_is_no_way(hop: str) -> None:
    """The comparison that the others rely on can fail."""
    assert HOPS[hop](made(data={"a": 1})) != made(data={"a": 2})
    assert HOPS[hop](made(data=b"1")) != made()


EXTENSIONS: dict[str, Any] = {
    "flag": True,
    "count": -5,
    "text": "Euro \u20ac <&> %41",
    "binary": b"\x00\xff",
    "uri": URIText("https://example.com/a"),
    "reference": URIReferenceText("../a?b#c"),
    "moment": TimestampText("2018-04-05T17:31:00Z"),
    "empty": "",
}


def extended() -> Event:
    found = {"specversion": "1.0", "type": "t", "source": "/s", "id": "1", **EXTENSIONS}
    return assemble(found, None, Findings())


# What texts keep of a type: nothing. Avro and its compact form know five types and six.
TYPED: dict[str, set[str]] = {
    "json": {"flag", "count"},
    "avro": {"flag", "count", "binary"},
    "avro-compact": {"flag", "count", "binary", "moment"},
    "cbor": {"flag", "count", "binary", "uri", "reference", "moment"},
    "protobuf": {"flag", "count", "binary", "uri", "reference", "moment"},
    "xml": {"flag", "count", "binary", "uri", "reference", "moment"},
    **{name: set() for name in BINARY},
    "AMQP binary": {"flag", "count", "binary"},
}


@pytest.mark.parametrize("hop", TYPED)
def test_types_of_extensions(hop: str) -> None:
    event = extended()
    arrived = HOPS[hop](event)
    assert arrived == event
    kept = wire_attributes(arrived)
    for name, value in EXTENSIONS.items():
        wanted = attributes.type_of(value) if name in TYPED[hop] else attributes.String
        assert attributes.type_of(kept[name]) is wanted, name


@pytest.mark.parametrize("hop", HOPS)
def test_declared_types_come_back(hop: str) -> None:
    kinds = {
        "flag": attributes.Boolean,
        "count": attributes.Integer,
        "binary": attributes.Binary,
        "uri": attributes.URI,
        "reference": attributes.URIReference,
        "moment": attributes.Timestamp,
    }
    event = extended()
    for name, kind in kinds.items():
        attributes.register(name, kind)
    try:
        kept = wire_attributes(HOPS[hop](HOPS["HTTP binary"](event)))
        assert {name: attributes.type_of(kept[name]) for name in kinds} == kinds
        assert HOPS[hop](event) == event
    finally:
        for name in kinds:
            attributes.unregister(name)


@pytest.mark.parametrize("hop", HOPS)
def test_times_arrive(hop: str) -> None:
    for time in (
        "2018-04-05T17:31:00Z",
        "2018-04-05T17:31:00.123Z",
        "2018-04-05T17:31:00.123456Z",
        "0001-01-01T00:00:00Z",
    ):
        event = made(time=time)
        assert HOPS[hop](event).text("time") == time
    for time in ("2018-04-05T17:31:00.120+02:00", "2018-04-05t17:31:00z"):
        arrived = HOPS[hop](made(time=time))
        assert arrived.time == made(time=time).time
        assert (arrived.text("time") == time) is (hop.rsplit(maxsplit=1)[-1] not in LOSSY_TIMES)


def test_a_message_of_protobuf_arrives() -> None:
    message = Timestamp(seconds=5, nanos=7)
    event = made(data=message)
    for hop in (*HOPS.values(), *HOPS.values()):
        arrived = hop(event)
        assert arrived == event
        assert arrived.data_as(Timestamp) == message
        assert HOPS["protobuf"](arrived).data_as(Timestamp) == message


# ------------------------------------------------------------------------------------------------------- any event


def carried(event: Event) -> Event:
    """The event with what every way keeps: times as all spell them, data that is not empty, names that XML can have."""
    changes: dict[str, Any] = {}
    for name, value in wire_attributes(event).items():
        if name[0].isdigit():
            changes[name] = None
        if attributes.type_of(value, name) is attributes.Timestamp:
            changes[name] = "2018-04-05T17:31:00.250Z" if name == "time" else None
    if event.data_bytes == b"":
        changes["data"] = None
    return event.replace(**changes)


@given(testing.events(), st.lists(st.sampled_from(list(HOPS)), min_size=5, max_size=5))
def test_any_event_arrives_after_five_hops(event: Event, hops: list[str]) -> None:
    sent = carried(event)
    arrived = sent
    for hop in hops:
        if hop != "Pub/Sub binary" or _fits(arrived):
            arrived = HOPS[hop](arrived)
    assert arrived == sent
    assert arrived.has_data is sent.has_data


def _fits(event: Event) -> bool:
    """Pub/Sub has no room for more, and says so."""
    return all(len(attributes.spelled(value).encode()) <= 1024 for value in wire_attributes(event).values())


def test_bytes_that_claim_base64_stay_bytes() -> None:
    event = made(data=Binary(b'{"a":1}'), datacontenttype="application/json")
    for hop in HOPS.values():
        assert hop(event) == event


def test_the_registry_has_all() -> None:
    assert set(formats.names()) <= set(HOPS)
    assert isinstance(stored_data(made(data=1)), Raw)
