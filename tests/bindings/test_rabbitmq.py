"""The RabbitMQ binding: pairs of event and message both ways, and the types of a field table."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from cevents import CloudEvent, InvalidEvent, NotACloudEvent, UnsupportedFormat, attributes, formats
from cevents.bindings import rabbitmq
from cevents.bindings.rabbitmq import RabbitMessage

Event = CloudEvent[Any]
Headers = dict[str, Any]

CORE: Headers = {"ce-specversion": "1.0", "ce-type": "t", "ce-source": "/s", "ce-id": "1"}


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def problems(headers: Any, *, lenient: bool = False) -> list[tuple[str | None, str]]:
    with pytest.raises(InvalidEvent) as caught:
        rabbitmq.decode("a/b", headers, b"", lenient=lenient)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


# RABBIT-3.1.1-a, RABBIT-3.1.2-a, RABBIT-3.1.3-a, RABBIT-3.1.3.1-a, RABBIT-3.1.3.2-a
PAIRS: list[tuple[str, Event, str | None, Headers, bytes]] = [
    ("no data", made(), None, CORE, b""),
    ("JSON", made(data={"a": 1}), "application/json", CORE, b'{"a":1}'),
    ("bytes without content type", made(data=b"x"), None, CORE, b"x"),
    (
        "every core attribute",
        made(time="2018-04-05T17:31:00.120+02:00", subject="\u20ac %41", dataschema="urn:x:y", datacontenttype="a/b"),
        "a/b",
        {**CORE, "ce-time": "2018-04-05T17:31:00.120+02:00", "ce-subject": "\u20ac %41", "ce-dataschema": "urn:x:y"},
        b"",
    ),
    (
        "canonical strings",
        made(flag=True, count=5, blob=b"\x01"),
        None,
        {**CORE, "ce-flag": "true", "ce-count": "5", "ce-blob": "AQ=="},
        b"",
    ),
]  # fmt: skip
each_pair = pytest.mark.parametrize(
    ("event", "content_type", "headers", "body"),
    [pair[1:] for pair in PAIRS],
    ids=[pair[0] for pair in PAIRS],
)


@each_pair
def test_an_event_is_written_so(
    event: Event, content_type: str | None, headers: Headers, body: bytes
) -> None:
    assert rabbitmq.encode(event) == RabbitMessage(content_type, headers, body)


@each_pair
@pytest.mark.parametrize("lenient", [False, True])
def test_a_message_is_read_so(
    event: Event, content_type: str | None, headers: Headers, body: bytes, lenient: bool
) -> None:
    for sent in (
        headers,
        list(headers.items()),
        {name.title(): value for name, value in headers.items()},  # RABBIT-3.1.3.1-b
        {name.upper(): value for name, value in headers.items()},
        {**headers, "x-death": [{"count": 1}], "x-price": Decimal("1.5"), "ce-none": None},
    ):
        found = rabbitmq.decode(content_type, sent, body, lenient=lenient)
        assert found == event
        assert found.repairs == ()


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (True, True),
        (-5, -5),
        (b"\x01", b"\x01"),
        (bytearray(b"\x01"), b"\x01"),
        (datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC)),
        (datetime(2020, 1, 1), datetime(2020, 1, 1, tzinfo=UTC)),  # pika
    ],
    ids=repr,
)
def test_native_types_are_read(value: Any, kept: Any) -> None:  # RABBIT-3.1.3.2-a
    event = rabbitmq.decode(None, {**CORE, "ce-ext": value}, b"")
    assert (type(event["ext"]), event["ext"]) == (type(kept), kept)
    assert rabbitmq.decode(*rabbitmq.encode(event)) == event
    if isinstance(value, datetime):
        assert rabbitmq.decode(None, {**CORE, "ce-time": value}, b"").time == kept


@pytest.mark.parametrize("value", [1.5, Decimal("1.5"), [1], {"a": 1}, [{"a": [1]}], 2**40], ids=repr)
@pytest.mark.parametrize("lenient", [False, True])
def test_what_no_attribute_can_have(value: Any, lenient: bool) -> None:  # RABBIT-3.1.3.2-b
    [(name, requirement)] = problems({**CORE, "ce-ext": value}, lenient=lenient)
    assert (name, requirement) == ("ext", "CE-types-c" if isinstance(value, int) else "CE-types-l")
    assert problems({**CORE, "ce-id": value}, lenient=lenient)[0][0] == "id"
    assert problems({**CORE, "ce-specversion": value}, lenient=lenient)[0][0] == "specversion"


def test_all_problems_at_once() -> None:
    headers = {
        **CORE,
        "ce-a": 1.5,
        "ce-subject": "",
        "CE-ID": "2",
        "ce-datacontenttype": "x/y",
        "ce-b-c": "x",
    }
    assert sorted(problems(headers)) == [
        ("a", "CE-types-l"),
        ("b-c", "CE-naming-a"),
        ("datacontenttype", "RABBIT-3.1.1-a"),
        ("id", "CE-attrs-d"),
        ("subject", "CE-subject-a"),
    ]


def test_a_line_break_is_refused() -> None:
    assert problems({**CORE, "ce-ext": "a\r\nb"}) == [("ext", "CE-types-e")]


def test_a_name_that_clients_would_cut() -> None:  # RABBIT-3.1.3.1-a
    assert rabbitmq.encode(made(**{"x" * 125: "v"})).headers["ce-" + "x" * 125] == "v"
    with pytest.raises(InvalidEvent, match="has a name of more than 128 bytes"):
        rabbitmq.encode(made(**{"x" * 126: "v"}))


def test_a_declared_type() -> None:
    attributes.register("rabbitcount", attributes.Integer)
    try:
        for value in ("5", 5):
            assert rabbitmq.decode(None, {**CORE, "ce-rabbitcount": value}, b"")["rabbitcount"] == 5
    finally:
        attributes.unregister("rabbitcount")


@pytest.mark.parametrize("name", formats.names())
def test_structured_mode(name: str) -> None:  # RABBIT-1.4-a, RABBIT-3-a, RABBIT-3.2.1-a, RABBIT-3.2.2-a
    event = made(data=b"x", datacontenttype="a/b")
    found = formats.get(name)
    message = rabbitmq.encode(event, "structured", name)
    assert message == RabbitMessage(found.media_type, {}, found.encode(event))
    assert rabbitmq.decode(*message) == event
    spelled = found.media_type.upper()
    assert rabbitmq.content_mode(spelled) == "structured"
    assert rabbitmq.decode(spelled, {**CORE, "ce-id": [1]}, message.body) == event  # RABBIT-3.2.3-a


def test_what_claims_to_be_an_event() -> None:
    nothing: list[Any] = [{}, None, {"ce-id": "1"}, {"ce_specversion": "1.0"}]
    for headers in nothing:
        with pytest.raises(NotACloudEvent):
            rabbitmq.decode("application/json", headers, b"{}")
        assert not rabbitmq.is_cloudevent("application/json", headers)
    assert rabbitmq.is_cloudevent(None, {name.upper(): value for name, value in CORE.items()})
    assert rabbitmq.is_cloudevent("application/cloudevents+json", None)
    with pytest.raises(UnsupportedFormat):
        rabbitmq.decode("application/cloudevents+yaml", CORE, b"")  # RABBIT-3-b: not passed on as binary
