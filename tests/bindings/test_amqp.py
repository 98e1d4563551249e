"""The AMQP 1.0 binding: pairs of event and message both ways, native types, both separators, every kind of body."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from cevents import (
    CloudEvent,
    DataError,
    InvalidEvent,
    NotACloudEvent,
    UnsupportedFormat,
    attributes,
    formats,
)
from cevents.attributes import URIReferenceText, URIText
from cevents.bindings import amqp
from cevents.bindings.amqp import AmqpMessage
from cevents.errors import Findings
from cevents.event import assemble, kept_extensions
from cevents.timestamps import TimestampText

Event = CloudEvent[Any]
Properties = dict[str, Any]

CORE: Properties = {
    "cloudEvents_specversion": "1.0",
    "cloudEvents_type": "t",
    "cloudEvents_source": "/s",
    "cloudEvents_id": "1",
}
OLDER: Properties = {name.replace("_", ":"): value for name, value in CORE.items()}
STRUCTURED = "application/cloudevents+json"


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def problems(
    properties: Any, content_type: Any = None, body: Any = b"", *, lenient: bool = False
) -> list[tuple[str | None, str]]:
    with pytest.raises(InvalidEvent) as caught:
        amqp.decode(content_type, properties, body, lenient=lenient)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


# What proton makes of AMQP's types: subclasses of Python's.
Symbol = type("symbol", (str,), {})
ULong, UByte, Int32 = (type(name, (int,), {}) for name in ("ulong", "ubyte", "int32"))
Timestamp = type("timestamp", (int,), {})
Decimal32 = type("decimal32", (int,), {})

# AMQP-3.1.1-a, AMQP-3.1.2-a, AMQP-3.1.3-a, AMQP-3.1.3.1-a, AMQP-3.1.3.2-a, AMQP-3.1.3.2-b, AMQP-3.1.3.2-e
PAIRS: list[tuple[str, Event, str | None, Properties, bytes]] = [
    ("no data", made(), None, CORE, b""),
    ("JSON", made(data={"a": 1}), "application/json", CORE, b'{"a":1}'),
    ("bytes without content type", made(data=b"x"), None, CORE, b"x"),
    (
        "every core attribute",
        made(time="2018-04-05T17:31:00.120+02:00", subject="\u20ac", dataschema="urn:x:y", datacontenttype="a/b"),
        "a/b",
        {
            **CORE,
            "cloudEvents_time": "2018-04-05T17:31:00.120+02:00",
            "cloudEvents_subject": "\u20ac",
            "cloudEvents_dataschema": "urn:x:y",
        },
        b"",
    ),
    (
        "native types",  # AMQP-3.1.3.2-f, F3, F11, T-AMQP-2
        made(flag=True, other=False, count=-5, blob=b"\x01\x02", text="5"),
        None,
        {
            **CORE,
            "cloudEvents_flag": True,
            "cloudEvents_other": False,
            "cloudEvents_count": -5,
            "cloudEvents_blob": b"\x01\x02",
            "cloudEvents_text": "5",
        },
        b"",
    ),
    (
        "Timestamp",  # T-AMQP-3
        made(at=datetime(2020, 1, 1, tzinfo=UTC)),
        None,
        {**CORE, "cloudEvents_at": "2020-01-01T00:00:00Z"},
        b"",
    ),
]  # fmt: skip
each_pair = pytest.mark.parametrize(
    ("event", "content_type", "properties", "body"),
    [pair[1:] for pair in PAIRS],
    ids=[pair[0] for pair in PAIRS],
)


@each_pair
def test_an_event_is_written_so(
    event: Event, content_type: str | None, properties: Properties, body: bytes
) -> None:
    message = amqp.encode(event)
    assert message == AmqpMessage(content_type, properties, body)
    assert {name: type(value) for name, value in message.application_properties.items()} == {
        name: type(value) for name, value in properties.items()
    }
    older = amqp.encode(event, separator=":")
    assert older.application_properties == {n.replace("_", ":"): v for n, v in properties.items()}
    assert amqp.decode(*older) == event  # AMQP-3.1.3.1-d, AMQP-3.1.3.1-e, T-AMQP-1


@each_pair
@pytest.mark.parametrize("lenient", [False, True])
def test_a_message_is_read_so(
    event: Event, content_type: str | None, properties: Properties, body: bytes, lenient: bool
) -> None:
    others = {"x": 1.5, "cloudevents_id": "other", "CLOUDEVENTS_ID": "other", "cloudEvents": [1]}  # T-AMQP-5
    symbol = None if content_type is None else Symbol(content_type)
    for found in (
        amqp.decode(content_type, properties, body, lenient=lenient),
        amqp.decode(
            symbol, {Symbol(name): value for name, value in properties.items()}, body, lenient=lenient
        ),
        amqp.decode(content_type, {**others, **properties}, body, lenient=lenient),
        amqp.decode(content_type, list(properties.items()), memoryview(body), lenient=lenient),
        amqp.decode(content_type, {**properties, "cloudEvents_none": None}, bytearray(body), lenient=lenient),
    ):
        assert found == event
        assert found.repairs == ()
        kinds = {name: type(value) for name, value in kept_extensions(event).items()}
        kinds = {name: str if kind is TimestampText else kind for name, kind in kinds.items()}
        assert {name: type(value) for name, value in kept_extensions(found).items()} == kinds


def test_uris_are_strings() -> None:  # AMQP-3.1.3.2-a
    found = {"specversion": "1.0", "type": "t", "source": "/s", "id": "1"}
    event = assemble({**found, "a": URIText("urn:x:y"), "b": URIReferenceText("../x")}, None, Findings())
    properties = amqp.encode(event).application_properties
    assert (properties["cloudEvents_a"], properties["cloudEvents_b"]) == ("urn:x:y", "../x")
    assert {type(value) for value in properties.values()} == {str}


# ----------------------------------------------------------------------------------------------------- types when read


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Timestamp(1522900584000), "2018-04-05T03:56:24Z"),  # T70, AMQP-3.1.3.2-c
        (1522900584000, "2018-04-05T03:56:24Z"),
        (Timestamp(1522900584250), "2018-04-05T03:56:24.250Z"),
        (Timestamp(-1), "1969-12-31T23:59:59.999Z"),
        (datetime(2018, 4, 5, 3, 56, 24, tzinfo=UTC), "2018-04-05T03:56:24Z"),
        (datetime(2018, 4, 5, 3, 56, 24), "2018-04-05T03:56:24Z"),
        (datetime(2018, 4, 5, 5, 56, 24, tzinfo=timezone(timedelta(hours=2))), "2018-04-05T05:56:24+02:00"),
        (Symbol("2018-04-05T03:56:24Z"), "2018-04-05T03:56:24Z"),
    ],
    ids=range(8),
)
def test_a_time(value: Any, text: str) -> None:
    event = amqp.decode(None, {**CORE, "cloudEvents_time": value}, b"")
    assert event.text("time") == text
    if type(value) is not int:
        extended = amqp.decode(None, {**CORE, "cloudEvents_at": value}, b"")
        assert extended.text("at") == text


@pytest.mark.parametrize("value", [2**62, -(2**62)])
def test_a_time_that_no_calendar_has(value: int) -> None:
    assert problems({**CORE, "cloudEvents_time": Timestamp(value)}) == [("time", "CE-time-a")]


def test_numbers_of_any_width() -> None:  # AMQP-3.1.3.2-d
    for kind in (int, ULong, UByte, Int32):
        event = amqp.decode(None, {**CORE, "cloudEvents_count": kind(5)}, b"")
        assert type(event["count"]) is int
        assert event == made(count=5)
    assert problems({**CORE, "cloudEvents_count": 2**40}) == [("count", "CE-types-c")]


def test_declared_types() -> None:  # AMQP-3.1.3.2-c
    kinds = {
        "amqpcount": attributes.Integer,
        "amqpmoment": attributes.Timestamp,
        "amqpflag": attributes.Boolean,
    }
    for name, kind in kinds.items():
        attributes.register(name, kind)
    try:
        texts: Properties = dict(zip(kinds, ("5", "1970-01-01T00:00:00Z", "true"), strict=True))
        native: Properties = dict(zip(kinds, (5, 0, True), strict=True))
        one, other = (
            amqp.decode(
                None, {**CORE, **{f"cloudEvents_{name}": value for name, value in values.items()}}, b""
            )
            for values in (texts, native)
        )
        assert one == other
        assert one["amqpcount"] == 5
        assert one["amqpmoment"] == other["amqpmoment"] == datetime(1970, 1, 1, tzinfo=UTC)
        assert problems({**CORE, "cloudEvents_amqpcount": True}) == [("amqpcount", "CE-types-n")]
    finally:
        for name in kinds:
            attributes.unregister(name)


REFUSED: list[tuple[str, Properties, list[tuple[str | None, str]]]] = [
    ("a float", {"cloudEvents_x": 1.5}, [("x", "CE-types-l")]),
    ("a list", {"cloudEvents_x": [1]}, [("x", "CE-types-l")]),
    ("a map", {"cloudEvents_x": {"a": 1}}, [("x", "CE-types-l")]),
    ("a UUID", {"cloudEvents_x": UUID(int=1)}, [("x", "CE-types-l")]),
    ("a decimal", {"cloudEvents_x": Decimal32(5)}, [("x", "CE-types-l")]),
    ("an id that is a number", {"cloudEvents_id": 5}, [("id", "CE-id-b")]),
    ("an id that is binary", {"cloudEvents_id": memoryview(b"1")}, [("id", "CE-id-b")]),
    ("a version that is a number", {"cloudEvents_specversion": 1.0}, [("specversion", "CE-specversion-b")]),
    ("a time that is true", {"cloudEvents_time": True}, [("time", "CE-time-a")]),
    ("capitals", {"cloudEvents_Ext": "x"}, [("Ext", "CE-naming-a")]),
    ("datacontenttype", {"cloudEvents_datacontenttype": "x/y"}, [("datacontenttype", "AMQP-3.1.1-a")]),
    ("both separators", {"cloudEvents:ext": "x"}, [(None, "AMQP-3.1.3.1-c")]),  # T69
    (
        "all at once",
        {"cloudEvents_x": 1.5, "cloudEvents_subject": "", "cloudEvents_y": []},
        [("x", "CE-types-l"), ("subject", "CE-subject-a"), ("y", "CE-types-l")],
    ),
]


@pytest.mark.parametrize(
    ("extra", "found"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_refused(extra: Properties, found: list[tuple[str | None, str]]) -> None:
    assert problems({**CORE, **extra}, "a/b", b"x") == found


def test_t69_both_separators() -> None:  # AMQP-3.1.3.1-c
    mixed = {**CORE, "cloudEvents:type": "t"}
    del mixed["cloudEvents_type"]
    for lenient in (False, True):
        assert problems(mixed, lenient=lenient) == [(None, "AMQP-3.1.3.1-c")]
        assert problems({**OLDER, "cloudEvents_ext": "x"}, lenient=lenient) == [(None, "AMQP-3.1.3.1-c")]
    both = problems({**CORE, **OLDER})
    assert both == [
        (None, "AMQP-3.1.3.1-c"),
        *((name, "CE-attrs-d") for name in ("specversion", "type", "source", "id")),
    ]


def test_what_lenient_reading_mends() -> None:
    extra = {"cloudEvents_datacontenttype": "x/y", "cloudEvents_Ext": "x"}
    event = amqp.decode(None, {**CORE, **extra}, b"x", lenient=True)
    assert event == made(datacontenttype="x/y", data=b"x", ext="x")
    assert [problem.requirement for problem in event.repairs] == ["AMQP-3.1.1-a", "CE-naming-a"]
    assert amqp.decode("a/b", {**CORE, **extra}, b"x", lenient=True).datacontenttype == "a/b"


# ---------------------------------------------------------------------------------------------------------------- body


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b"", None),
        (None, None),
        ([], None),
        ([b""], None),
        (b"ab", b"ab"),
        ([b"a", memoryview(b"b")], b"ab"),  # T71: data sections belong together
        ((b"a", b"b"), b"ab"),
        ("ab", b"ab"),  # T-AMQP-4: an AMQP value
        (Symbol("\u20ac"), b"\xe2\x82\xac"),
    ],
    ids=range(9),
)
def test_a_body(body: Any, data: bytes | None) -> None:  # AMQP-3.1.2-a
    assert amqp.decode(None, CORE, body).data_bytes == data
    if data == b"ab":
        assert amqp.decode(None, CORE, body) == made(data=b"ab")


def test_a_text_under_a_charset() -> None:
    event = amqp.decode("text/plain; charset=iso-8859-1", CORE, "gr\xfcn")
    assert (event.data, event.data_bytes) == ("gr\xfcn", b"gr\xfcn".decode("latin-1").encode("latin-1"))
    with pytest.raises(DataError):
        amqp.decode("text/plain; charset=us-ascii", CORE, "gr\xfcn")


@pytest.mark.parametrize("body", [5, True, 1.5, {"a": 1}, [1], ["a"], [b"a", "b"]], ids=repr)
def test_a_body_that_is_neither_data_nor_text(body: Any) -> None:
    assert problems(CORE, "a/b", body) == [(None, "AMQP-3.1.2-a")]
    assert problems({**CORE, "cloudEvents_subject": ""}, None, body) == [
        (None, "AMQP-3.1.2-a"),
        ("subject", "CE-subject-a"),
    ]
    assert problems({}, STRUCTURED, body) == [(None, "AMQP-3.1.2-a")]
    with pytest.raises(NotACloudEvent):
        amqp.decode("a/b", {}, body)


# ---------------------------------------------------------------------------------------------------------- structured


@pytest.mark.parametrize("name", formats.names())
def test_structured_mode(name: str) -> None:  # AMQP-1.3-a, AMQP-1.4-a, AMQP-3.2.1-a, AMQP-3.2.2-a
    event = made(data=b"x", datacontenttype="a/b")
    found = formats.get(name)
    message = amqp.encode(event, "structured", name)
    assert message == AmqpMessage(found.media_type, {}, found.encode(event))
    assert amqp.decode(*message) == event
    spelled: Any = Symbol(found.media_type.upper() + "; charset=utf-8")
    sent = amqp.decode(spelled, {**CORE, "cloudEvents_id": "OTHER"}, [message.body[:5], message.body[5:]])
    assert sent == event  # AMQP-3-a, AMQP-3.2.3-a
    assert amqp.content_mode(spelled) == "structured"


def test_a_text_in_structured_mode() -> None:  # T-AMQP-4
    assert amqp.decode(STRUCTURED, None, formats.json.encode(made()).decode()) == made()


def test_what_claims_to_be_an_event() -> None:  # AMQP-3-c
    for properties in ({}, None, {"cloudEvents_id": "1"}, {"cloudevents_specversion": "1.0"}):
        with pytest.raises(NotACloudEvent):
            amqp.decode("application/json", properties, b"{}")
        assert not amqp.is_cloudevent("application/json", properties)
    assert amqp.is_cloudevent(None, CORE)
    assert amqp.is_cloudevent(None, OLDER)
    assert amqp.is_cloudevent(STRUCTURED, None)
    with pytest.raises(UnsupportedFormat):
        amqp.decode("application/cloudevents+yaml", CORE, b"")  # AMQP-3-b: not passed on as binary


def test_an_unknown_separator() -> None:
    with pytest.raises(ValueError, match='separator must be "_" or ":"'):
        amqp.encode(made(), separator="-")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested


# ----------------------------------------------------------------------------------------------------------------- 0.3


def test_03_knows_the_colon_only() -> None:  # V03-amqp-a
    event = made(specversion="0.3", count=5)
    properties = amqp.encode(event).application_properties
    assert properties == {**OLDER, "cloudEvents:specversion": "0.3", "cloudEvents:count": 5}
    assert amqp.decode(None, properties, b"") == event


def test_a_map_of_03() -> None:  # V03-amqp-a
    older = {**OLDER, "cloudEvents:specversion": "0.3"}
    event = amqp.decode(None, {**older, "cloudEvents:map": {"a": "x", "b": {"c": 1}}}, b"")
    assert event["map"] == {"a": "x", "b": {"c": 1}}
    message = amqp.encode(event)
    assert (
        message.application_properties["cloudEvents:map"] == '{"a":"x","b":{"c":1}}'
    )  # AMQP has no maps there
    assert amqp.decode(*message) == event
    lines = formats.json.decode(b'{"specversion":"0.3","type":"t","source":"/s","id":"1","map":{"a": [\n1]}}')
    assert amqp.encode(lines).application_properties["cloudEvents:map"] == '{"a":[1]}'
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    for bad in ({"a": object()}, {(): 1}, {"a": "\ud800"}, deep):
        assert problems({**older, "cloudEvents:map": bad}) == [("map", "V03-amqp-a")]
    while deep:
        deep = deep["a"]
    noncharacter = amqp.decode(None, {**older, "cloudEvents:map": {"a": "\ufffe"}}, b"")
    with pytest.raises(InvalidEvent, match="CE-types-e"):
        amqp.encode(noncharacter)
