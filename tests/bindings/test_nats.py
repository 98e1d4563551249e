"""The NATS binding: pairs of event and message both ways, percent-encoding, and messages without headers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from cevents import CloudEvent, InvalidEvent, NotACloudEvent, UnsupportedFormat, attributes, formats, testing
from cevents.bindings import nats
from cevents.bindings.nats import NatsMessage

Event = CloudEvent[Any]
Headers = list[tuple[str, str]]

CORE: Headers = [("ce-specversion", "1.0"), ("ce-type", "t"), ("ce-source", "/s"), ("ce-id", "1")]
STRUCTURED = ("content-type", "application/cloudevents+json")
BODY = formats.json.encode(CloudEvent(type="t", source="/s", id="1", time=None))


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def problems(headers: Any, *, lenient: bool = False) -> list[tuple[str | None, str]]:
    with pytest.raises(InvalidEvent) as caught:
        nats.decode(headers, b"", lenient=lenient)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


# NATS-3.1.1-a, NATS-3.1.2-a, NATS-3.1.3.1-a, NATS-3.1.3.2-a
PAIRS: list[tuple[str, Event, Headers, bytes]] = [
    ("no data", made(), CORE, b""),
    ("JSON", made(data={"a": 1}), [*CORE, ("ce-datacontenttype", "application/json")], b'{"a":1}'),  # T74
    ("bytes without content type", made(data=b"x"), CORE, b"x"),
    (
        "a content type with a parameter",  # T-NATS-2
        made(datacontenttype="application/json; charset=utf-8", data=b"1"),
        [*CORE, ("ce-datacontenttype", "application/json;%20charset=utf-8")],
        b"1",
    ),
    (
        "every core attribute",
        made(time="2018-04-05T17:31:00.120+02:00", subject="s", dataschema="urn:x:y", datacontenttype="a/b"),
        [
            *CORE,
            ("ce-time", "2018-04-05T17:31:00.120+02:00"),
            ("ce-subject", "s"),
            ("ce-dataschema", "urn:x:y"),
            ("ce-datacontenttype", "a/b"),
        ],
        b"",
    ),
    (
        "coded",  # NATS-3.1.3.2-c, NATS-3.1.3.2-h, NATS-3.1.3.2-i, NATS-3.1.3.2-k
        made(subject='Euro \u20ac \U0001f600', ext='100%"'),
        [*CORE, ("ce-subject", "Euro%20%E2%82%AC%20%F0%9F%98%80"), ("ce-ext", "100%25%22")],
        b"",
    ),
    (
        "what looks like structured mode",
        made(datacontenttype="application/cloudevents+json", data=b"{}"),
        [*CORE, ("ce-datacontenttype", "application/cloudevents+json")],
        b"{}",
    ),
    ("an Integer", made(count=5, flag=True), [*CORE, ("ce-count", "5"), ("ce-flag", "true")], b""),
]  # fmt: skip
each_pair = pytest.mark.parametrize(
    ("event", "headers", "payload"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)


@each_pair
def test_an_event_is_written_so(event: Event, headers: Headers, payload: bytes) -> None:
    assert nats.encode(event) == NatsMessage(headers, payload)


@each_pair
@pytest.mark.parametrize("lenient", [False, True])
def test_a_message_is_read_so(event: Event, headers: Headers, payload: bytes, lenient: bool) -> None:
    for sent in (
        headers,
        dict(headers),
        [(name.title(), value) for name, value in headers],  # NATS-3.1.3.1-b, T-NATS-3
        {name.upper(): value for name, value in headers},
        {name: [value] for name, value in headers},
        [("Nats-Msg-Id", "x"), *reversed(headers)],
    ):
        found = nats.decode(sent, payload, lenient=lenient)
        assert found == event
        assert found.repairs == ()


@given(testing.events())
def test_every_header_is_printable_ascii(event: Event) -> None:  # NATS-3.1.3.2-b, NATS-3.1.3.2-j
    for _, value in nats.encode(event).headers or ():
        assert all("!" <= character <= "~" and character != '"' for character in value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('"a b"', "a b"),  # NATS-3.1.3.2-e, NATS-3.1.3.2-g
        ('"a \\" b"', 'a " b'),
        ("%2520", "%20"),  # NATS-3.1.3.2-f
        ("%e2%82%ac", "\u20ac"),  # NATS-3.1.3.2-l
        ("%41", "A"),  # NATS-3.1.3.2-m
    ],
)
def test_a_value_is_decoded_once(value: str, text: str) -> None:
    assert nats.decode([*CORE, ("ce-subject", value)], b"").subject == text


REFUSED: list[tuple[str, Headers, list[tuple[str | None, str]], bool]] = [
    ("overlong", [("ce-subject", "%C0%A0")], [("subject", "NATS-3.1.3.2-n")], False),
    ("raw", [("ce-subject", "\xe9")], [("subject", "NATS-3.1.3.2-b")], True),  # F6: sdk-go does not encode
    ("lone percent", [("ce-subject", "100%")], [("subject", "NATS-3.1.3.2-f")], True),
    ("quote without end", [("ce-subject", '"a')], [("subject", "NATS-3.1.3.2-e")], True),
    ("line feed", [("ce-subject", "%0A")], [("subject", "CE-types-e")], False),
    ("twice", [("Ce-Id", "2")], [("id", "CE-attrs-d")], False),
    ("no name", [("ce-my-ext", "x")], [("my-ext", "CE-naming-a")], True),
]


@pytest.mark.parametrize(
    ("extra", "found", "is_mended"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_refused(extra: Headers, found: list[tuple[str | None, str]], is_mended: bool) -> None:
    assert problems([*CORE, *extra]) == found
    if is_mended:
        repairs = nats.decode([*CORE, *extra], b"", lenient=True).repairs
        assert [(problem.attribute, problem.requirement) for problem in repairs] == found
    else:
        assert problems([*CORE, *extra], lenient=True) == found


def test_what_lenient_reading_makes_of_raw_texts() -> None:  # F6
    for text in ("\xe9", "\u20ac", "\xc3\xa9"):
        event = nats.decode([*CORE, ("ce-subject", text)], b"", lenient=True)
        assert event.subject == text.replace("\xc3\xa9", "\xe9")


def test_t74_the_content_type_tells_the_mode_and_nothing_else() -> None:  # NATS-3-a
    other = ("Content-Type", "text/xml")
    assert nats.decode([*CORE, other], b"x") == made(data=b"x")
    declared = [*CORE, other, ("ce-datacontenttype", "a/b")]
    for lenient in (False, True):
        event = nats.decode(declared, b"x", lenient=lenient)
        assert event == made(data=b"x", datacontenttype="a/b")
        assert event.repairs == ()
    event = nats.decode([*CORE, other], b"x", lenient=True)  # T-NATS-2
    assert event == made(data="x", datacontenttype="text/xml")
    assert [problem.requirement for problem in event.repairs] == ["NATS-3.1.2-a"]


def test_a_declared_type() -> None:
    attributes.register("natscount", attributes.Integer)
    try:
        assert nats.decode([*CORE, ("ce-natscount", "5")], b"")["natscount"] == 5
    finally:
        attributes.unregister("natscount")


# ---------------------------------------------------------------------------------------------------------- structured


def test_structured_mode() -> None:  # NATS-1.3-a, NATS-1.4-a, NATS-3-b, NATS-3.2-a
    event = made(data={"a": 1})
    message = nats.encode(event, "structured")
    assert message == NatsMessage(
        [STRUCTURED], formats.json.encode(event)
    )  # T-NATS-1: always with the header
    assert nats.decode(*message) == event
    for spelled in ("Application/CloudEvents+JSON", "application/cloudevents+json; charset=utf-8"):
        headers = {"Content-Type": spelled, "ce-id": "OTHER"}
        assert nats.decode(headers, message.payload) == event
        assert nats.content_mode(headers) == "structured"
        assert nats.is_cloudevent(headers)


@pytest.mark.parametrize("name", [name for name in formats.names() if name != "json"])
def test_json_only(name: str) -> None:  # NATS-3-b
    with pytest.raises(UnsupportedFormat, match="NATS carries no format but json"):
        nats.encode(made(), "structured", name)
    body = formats.get(name).encode(made())
    for _ in range(2):
        with pytest.raises(UnsupportedFormat, match="NATS carries no format but json"):
            nats.decode({"Content-Type": formats.get(name).media_type}, body)


def test_without_headers() -> None:  # NATS-1.3-b, NATS-3-a, T-NATS-4, V03-nats-a
    for event in (made(data={"a": 1}), made(specversion="0.3")):
        message = nats.encode(event, "structured", headers=False)
        assert message == NatsMessage(None, formats.json.encode(event))
        nothing: list[Any] = [None, {}, []]
        for headers in nothing:
            assert nats.decode(headers, message.payload) == event  # T-NATS-1
            assert nats.content_mode(headers) == "structured"
            assert not nats.is_cloudevent(headers)
    with pytest.raises(ValueError, match="without headers there is no binary mode"):
        nats.encode(made(), headers=False)


def test_what_is_no_event() -> None:
    for payload in (b"", b"hello", b"{}", b"[]", b"\xff"):
        with pytest.raises(NotACloudEvent):
            nats.decode(None, payload)
        with pytest.raises(NotACloudEvent):
            nats.decode({"Nats-Msg-Id": "x"}, payload)
    with pytest.raises(InvalidEvent):
        nats.decode(None, b'{"specversion":"1.0"}')
    assert nats.content_mode({"Nats-Msg-Id": "x"}) == "binary"


def test_headers_that_say_nothing() -> None:  # T-NATS-1: JetStream adds its own to what an older sender wrote
    with pytest.raises(NotACloudEvent):
        nats.decode({"Nats-Msg-Id": "x"}, BODY)
    event = nats.decode({"Nats-Msg-Id": "x"}, BODY, lenient=True)
    assert event == made()
    assert [problem.requirement for problem in event.repairs] == ["NATS-3-a"]


def test_03_in_binary_mode() -> None:  # V03-nats-a
    with pytest.raises(InvalidEvent, match="V03-nats-a"):
        nats.encode(made(specversion="0.3"))
    headers = [("ce-specversion", "0.3"), *CORE[1:]]
    assert nats.decode(headers, b"") == made(specversion="0.3")  # though nobody should have written it
