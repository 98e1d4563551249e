"""The Pub/Sub binding: pairs of event and message both ways, its limits, and push requests."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevents import CloudEvent, InvalidEvent, NotACloudEvent, UnsupportedFormat, attributes, formats
from cevents.bindings import pubsub
from cevents.bindings.pubsub import PubSubMessage

Event = CloudEvent[Any]
Attributes = dict[str, str]

CORE: Attributes = {"ce-specversion": "1.0", "ce-type": "t", "ce-source": "/s", "ce-id": "1"}


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def problems(found: Any, *, lenient: bool = False) -> list[tuple[str | None, str]]:
    with pytest.raises(InvalidEvent) as caught:
        pubsub.decode(found, b"", lenient=lenient)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


def typed(content_type: str) -> Attributes:
    return {"ce-datacontenttype": content_type, "content-type": content_type}


# PUBSUB-3.1.1-a, PUBSUB-3.1.2-a, PUBSUB-3.1.3-a, PUBSUB-3.1.3.1-a, PUBSUB-3.1.3.2-a
PAIRS: list[tuple[str, Event, Attributes, bytes]] = [
    ("no data", made(), CORE, b""),
    ("JSON", made(data={"a": 1}), {**CORE, **typed("application/json")}, b'{"a":1}'),
    ("bytes without content type", made(data=b"x"), CORE, b"x"),
    (
        "every core attribute",
        made(time="2018-04-05T17:31:00.120+02:00", subject="\u20ac %41", dataschema="urn:x:y", datacontenttype="a/b"),
        {
            **CORE,
            "ce-time": "2018-04-05T17:31:00.120+02:00",
            "ce-subject": "\u20ac %41",
            "ce-dataschema": "urn:x:y",
            **typed("a/b"),
        },
        b"",
    ),
    ("canonical strings", made(flag=True, count=5), {**CORE, "ce-flag": "true", "ce-count": "5"}, b""),
]  # fmt: skip
each_pair = pytest.mark.parametrize(
    ("event", "found", "data"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)


@each_pair
def test_an_event_is_written_so(event: Event, found: Attributes, data: bytes) -> None:
    assert pubsub.encode(event) == PubSubMessage(found, data)


@each_pair
@pytest.mark.parametrize("lenient", [False, True])
def test_a_message_is_read_so(event: Event, found: Attributes, data: bytes, lenient: bool) -> None:
    for sent in (
        found,
        list(found.items()),
        {"googclient_x": "y", "Content-Type": "x/y", "CE-ID": "2", **found},
        {
            name: value for name, value in found.items() if name != "content-type"
        },  # the example of section 3.1.4
        {name: value for name, value in found.items() if name != "ce-datacontenttype"},
    ):
        arrived = pubsub.decode(sent, data, lenient=lenient)
        assert arrived == event
        assert arrived.repairs == ()


def test_the_content_type_wins() -> None:  # PUBSUB-3.1.1-a
    found = {**CORE, "content-type": "a/b", "ce-datacontenttype": "x/y"}
    assert problems(found) == [("datacontenttype", "PUBSUB-3.1.1-a")]
    assert pubsub.decode(found, b"", lenient=True) == made(datacontenttype="a/b")


def test_what_is_refused() -> None:
    assert problems({**CORE, "ce-subject": "", "ce-time": "x", "ce-Ext": "x"}) == [
        ("subject", "CE-subject-a"),
        ("time", "CE-time-a"),
        ("Ext", "CE-naming-a"),
    ]
    assert problems([*CORE.items(), ("ce-id", "2")]) == [("id", "CE-attrs-d")]
    assert problems({**CORE, "ce-ext": b"\xff"}) == [("ext", "PUBSUB-3.1.3.2-a")]


# -------------------------------------------------------------------------------------------------------------- limits


def refused(event: Event, mode: Any = "binary") -> list[tuple[str | None, str]]:
    with pytest.raises(InvalidEvent) as caught:
        pubsub.encode(event, mode)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


def test_limits() -> None:  # PUBSUB-limits-a
    limit = "PUBSUB-limits-a"
    for good in (
        made(subject="x" * 1024),
        made(subject="\u20ac" * 341),
        made(**{f"x{number}": "v" for number in range(96)}),
        made(**{"x" * 253: "v"}),
        made(**{f"x{number}": "v" for number in range(94)}, datacontenttype="a/b"),
    ):
        assert pubsub.decode(*pubsub.encode(good)) == good
    assert refused(made(subject="x" * 1025, ext="\u20ac" * 342)) == [("subject", limit), ("ext", limit)]
    assert refused(made(**{"x" * 254: "v"})) == [("x" * 77 + "...", limit)]
    assert refused(made(**{f"x{number}": "v" for number in range(97)})) == [(None, limit)]
    assert refused(made(**{f"x{number}": "v" for number in range(95)}, datacontenttype="a/b")) == [
        (None, limit)
    ]
    assert refused(made(datacontenttype="a/" + "b" * 1030)) == [
        ("datacontenttype", limit),
        ("content-type", limit),
    ]


def test_the_size_of_a_message() -> None:  # PUBSUB-limits-a
    attributes_size = sum(len(name) + len(value) for name, value in CORE.items())
    most = 10_000_000 - attributes_size
    assert len(pubsub.encode(made(data=bytes(most))).data) == most
    assert refused(made(data=bytes(most + 1))) == [(None, "PUBSUB-limits-a")]
    assert refused(made(data=bytes(8_000_000)), "structured") == [(None, "PUBSUB-limits-a")]
    assert pubsub.encode(made(subject="x" * 2000), "structured").data


# --------------------------------------------------------------------------------------------------- structured, claims


@pytest.mark.parametrize("name", formats.names())
def test_structured_mode(
    name: str,
) -> None:  # PUBSUB-1.4-a, PUBSUB-3-a, PUBSUB-3.2.1-a, PUBSUB-3.2.2-a, PUBSUB-3.2.3-b
    event = made(data=b"x", datacontenttype="a/b")
    found = formats.get(name)
    message = pubsub.encode(event, "structured", name)
    assert message == PubSubMessage({"content-type": found.media_type}, found.encode(event))
    assert pubsub.decode(*message) == event
    repeated = {**CORE, "ce-id": "OTHER", "content-type": found.media_type + "; charset=UTF-8"}
    assert pubsub.decode(repeated, message.data) == event  # PUBSUB-3.2.3-a


def test_what_claims_to_be_an_event() -> None:
    nothing: list[Any] = [{}, None, {"ce-id": "1"}, {"Ce-Specversion": "1.0"}]
    for found in nothing:
        with pytest.raises(NotACloudEvent):
            pubsub.decode(found, b"{}")
        assert not pubsub.is_cloudevent(found)
        assert pubsub.content_mode(found) == "binary"
    assert pubsub.is_cloudevent(CORE)
    assert pubsub.is_cloudevent({"content-type": "application/cloudevents+json"})
    with pytest.raises(UnsupportedFormat):
        pubsub.decode({**CORE, "content-type": "application/cloudevents+yaml"}, b"")  # PUBSUB-3-b


def test_a_declared_type() -> None:
    attributes.register("pubsubcount", attributes.Integer)
    try:
        assert pubsub.decode({**CORE, "ce-pubsubcount": "5"}, b"")["pubsubcount"] == 5
    finally:
        attributes.unregister("pubsubcount")


# ---------------------------------------------------------------------------------------------------------------- push


def push(**message: Any) -> bytes:
    return json.dumps(
        {"message": {"messageId": "7", "publishTime": "x", **message}, "subscription": "s"}
    ).encode()


@each_pair
def test_a_push_request(event: Event, found: Attributes, data: bytes) -> None:  # PUBSUB-push-a
    message: dict[str, Any] = {"attributes": found}
    if data:
        message["data"] = b64encode(data).decode()
    for body in (push(**message), push(**message, orderingKey="k"), push(**message).decode()):
        assert pubsub.from_push(body) == PubSubMessage(found, data)
        assert pubsub.decode(*pubsub.from_push(body)) == event


def test_a_push_request_without_attributes() -> None:
    for body in (push(), push(data=None, attributes=None), push(data="", attributes={})):
        assert pubsub.from_push(body) == PubSubMessage({}, b"")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"message":5}',
        push(data="!"),
        push(data="AQ"),
        push(data="A-_="),
        push(data="\u20ac"),
        push(data=5),
        push(attributes=[1]),
        push(attributes={"a": 5}),
    ],
    ids=range(13),
)
def test_a_push_request_that_is_none(body: bytes) -> None:
    with pytest.raises(InvalidEvent, match="PUBSUB-push-a") as caught:
        pubsub.from_push(body)
    assert len(str(caught.value)) < 200


MEMBERS = st.sampled_from(["message", "data", "attributes", "x"])
objects = st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(MEMBERS, inner)).map(json.dumps)


@given(st.binary(max_size=30) | objects)
def test_any_push_request(body: Any) -> None:
    try:
        found = pubsub.from_push(body)
    except InvalidEvent:
        return
    assert type(found.data) is bytes
