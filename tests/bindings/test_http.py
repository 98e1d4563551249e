"""The HTTP binding: pairs of event and message both ways in each mode, and how the mode is told."""

from __future__ import annotations

import types
from datetime import UTC, datetime
from enum import Enum
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevents import (
    CloudEvent,
    CloudEventError,
    DataError,
    InvalidEvent,
    NotACloudEvent,
    UnsupportedBatch,
    UnsupportedFormat,
    attributes,
    formats,
    testing,
)
from cevents.bindings import _modes, http
from cevents.bindings.http import HttpMessage
from cevents.data import Binary
from cevents.errors import Findings
from cevents.event import kept_extensions, stored_data, wire_attributes

Event = CloudEvent[Any]
Headers = list[tuple[str, str]]

CORE: Headers = [("ce-specversion", "1.0"), ("ce-type", "t"), ("ce-source", "/s"), ("ce-id", "1")]
OLDER: Headers = [("ce-specversion", "0.3"), *CORE[1:]]
JSON = ("content-type", "application/json")
STRUCTURED = ("content-type", "application/cloudevents+json")
BATCH = ("content-type", "application/cloudevents-batch+json")


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def problems(headers: Any, body: bytes = b"", *, lenient: bool = False) -> list[tuple[str | None, str]]:
    with pytest.raises(InvalidEvent) as caught:
        http.decode(headers, body, lenient=lenient)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


# ---------------------------------------------------------------------------------------------- binary mode, both ways

# HTTP-1.3-b, HTTP-3.1.1-a, HTTP-3.1.3-a, HTTP-3.1.3.1-a, HTTP-3.1.3.2-a
PAIRS: list[tuple[str, Event, Headers, bytes]] = [
    ("minimal", made(), CORE, b""),  # T07
    (
        "every core attribute",
        made(
            time="2018-04-05T17:31:00.120+02:00",
            subject="sub",
            dataschema="urn:x:y",
            datacontenttype="a/b",
            data=b"x",
        ),
        [
            *CORE,
            ("ce-time", "2018-04-05T17:31:00.120+02:00"),
            ("ce-subject", "sub"),
            ("ce-dataschema", "urn:x:y"),
            ("content-type", "a/b"),
        ],
        b"x",
    ),
    (
        "Boolean",
        made(flag=True, other=False),
        [*CORE, ("ce-flag", "true"), ("ce-other", "false")],
        b"",
    ),  # T19
    ("Integer", made(count=-5), [*CORE, ("ce-count", "-5")], b""),
    ("Binary", made(blob=b"\x01\x02"), [*CORE, ("ce-blob", "AQI=")], b""),  # T20
    ("Timestamp", made(at=datetime(2020, 1, 1, tzinfo=UTC)), [*CORE, ("ce-at", "2020-01-01T00:00:00Z")], b""),
    ("empty String", made(ext=""), [*CORE, ("ce-ext", "")], b""),
    (
        "coded",
        made(subject="Euro € 😀", ext="100%"),
        [*CORE, ("ce-subject", "Euro%20%E2%82%AC%20%F0%9F%98%80"), ("ce-ext", "100%25")],
        b"",
    ),  # T12
    (
        "coded by one attribute alone",
        made(source="/a%20b"),
        [*CORE[:2], ("ce-source", "/a%2520b"), CORE[3]],
        b"",
    ),  # T-HTTP-3
    ("extensions by name", made(b="1", a="2"), [*CORE, ("ce-a", "2"), ("ce-b", "1")], b""),
    (
        "traceparent",
        made(traceparent="00-1"),
        [*CORE, ("ce-traceparent", "00-1")],
        b"",
    ),  # CE-ext-c, HTTP-3.1.3-c
    ("JSON without content type", made(data={"a": 1}), [*CORE, JSON], b'{"a":1}'),  # T23
    ("bytes without content type", made(data=b"plain"), CORE, b"plain"),  # T06
    (
        "content type without data",
        made(datacontenttype="a/b"),
        [*CORE, ("content-type", "a/b")],
        b"",
    ),  # CE-datacontenttype-d
    (
        "content type as it is",
        made(datacontenttype='text/plain; charset="utf-8"', data="x"),
        [*CORE, ("content-type", 'text/plain; charset="utf-8"')],
        b"x",
    ),  # T-HTTP-9
    ("null", made(data=b"null", datacontenttype="application/json"), [*CORE, JSON], b"null"),
    ("broken JSON", made(data=b"{", datacontenttype="application/json"), [*CORE, JSON], b"{"),  # T29
    (
        "0.3",
        made(specversion="0.3", schemaurl="/x", data={"a": 1}),
        [*OLDER, ("ce-schemaurl", "/x"), JSON],
        b'{"a":1}',
    ),
]
each_pair = pytest.mark.parametrize(
    ("event", "headers", "body"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)


@each_pair
def test_an_event_is_written_so(event: Event, headers: Headers, body: bytes) -> None:
    message = http.encode(event)
    assert message == HttpMessage(headers, body)
    assert http.encode(event, "binary") == http.encode(event, mode="binary") == message
    names = [name for name, _ in message.headers]
    assert len(names) == len(set(names))
    assert "ce-datacontenttype" not in names  # T11, HTTP-3.1.1-b


@each_pair
@pytest.mark.parametrize("lenient", [False, True])
def test_a_message_is_read_so(event: Event, headers: Headers, body: bytes, lenient: bool) -> None:
    others = [("host", "localhost"), ("content-length", "5"), ("x-two", "a"), ("x-two", "b"), ("x-foo", "%")]
    for sent in (
        headers,
        [*reversed(headers)],
        [*others, *headers],
        [(name.title(), value) for name, value in headers],  # HTTP-3.1.3.1-b, T09
        [(name.upper(), value) for name, value in headers],
        [(name.encode(), value.encode()) for name, value in headers],
        [*((name.encode(), value.encode()) for name, value in headers), (b"\xff", b"\xff")],
        dict(headers),
        {name.upper(): value for name, value in headers},
    ):
        found = http.decode(sent, body, lenient=lenient)
        assert found == event
        assert found.repairs == ()
        assert list(kept_extensions(found)) == sorted(kept_extensions(event))
        assert type(stored_data(found)) in (bytes, type(None))
        assert "foo" not in found  # CE-defext-b: other headers are no attributes
    others_of_bytes: list[Any] = [bytearray(body), memoryview(body)]
    for buffer in others_of_bytes:
        assert http.decode(headers, buffer) == event


@each_pair
def test_the_usual_message_is_read_as_the_careful_way_reads_it(
    event: Event, headers: Headers, body: bytes
) -> None:
    assert careful(headers, body, lenient=False) == http.decode(headers, body)


def careful(headers: Headers, body: bytes, *, lenient: bool) -> Event:
    findings = Findings(lenient=lenient)
    content_type, found = http._content_type(headers, findings)
    return _modes.decode(content_type, found, body, http._BINDING, findings)


NAMES = ["ce-specversion", "ce-type", "ce-source", "ce-id", "ce-time", "ce-subject", "ce-dataschema", "ce-ext",
         "CE-Ext", "ce-count", "ce-datacontenttype", "content-type", "Content-Type", "ce-", "ce-data", "ce-a-b", "host",
         "ce-\u212a"]  # fmt: skip
VALUES = ["1.0", "0.3", "t", "/s", "1", "", "a b", '"a b"', "%41", "%", "%C0", "\xe9", "\x7f", "\t", "\x85", "5",
          "2020-01-01T00:00:00Z", "2020-02-29T00:00:00Z", "application/json", "text/plain; charset=x",
          " application/json ", "application/cloudevents+json", "http://a/b", "http://a#b"]  # fmt: skip


@st.composite
def messages(draw: st.DrawFn) -> Headers:
    headers = [(name, draw(st.just(value) | st.sampled_from(VALUES))) for name, value in CORE]
    headers += draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=5))
    return draw(st.permutations(headers))


def outcome(read: Any, headers: Headers, *, lenient: bool) -> object:
    try:
        event: Event = read(headers, b"{}", lenient=lenient)
    except CloudEventError as error:
        return type(error), str(error)
    return repr(event), event.repairs, list(kept_extensions(event).items()), stored_data(event)


@given(messages())
def test_the_short_way_reads_as_the_careful_one(headers: Headers) -> None:
    attributes.register("count", attributes.Integer)
    try:
        for lenient in (False, True):
            assert outcome(http.decode, headers, lenient=lenient) == outcome(
                careful, headers, lenient=lenient
            )
    finally:
        attributes.unregister("count")


@given(testing.events() | testing.events(specversion="0.3"))
def test_every_header_is_printable_ascii(event: Event) -> None:  # HTTP-3.1.3.2-b
    for name, value in http.encode(event).headers:
        assert name == name.lower()
        assert all("!" <= character <= "~" for character in name)
        assert all(" " <= character <= "~" for character in value)
        assert name == "content-type" or not {" ", '"'} & set(value)


def test_s6_a_caller_cannot_forge_headers() -> None:  # T-HTTP-8
    for changes in (
        {"subject": "a\r\nX-Evil: 1"},
        {"datacontenttype": "a/b\r\nX-Evil: 1"},
        {"foo\nX": "1"},
        {"type": "\n"},
    ):
        with pytest.raises(InvalidEvent):
            made(**changes)


def test_a_declared_type_is_read_from_a_header() -> None:  # CE-types-n, T-CORE-15
    attributes.register("httpcount", attributes.Integer)
    try:
        assert http.decode([*CORE, ("ce-httpcount", "5")])["httpcount"] == 5
        assert problems([*CORE, ("ce-httpcount", "five")]) == [("httpcount", "CE-types-d")]
    finally:
        attributes.unregister("httpcount")
    assert http.decode([*CORE, ("ce-httpcount", "5")])["httpcount"] == "5"


# ---------------------------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize("name", ["ce-type", "ce-source", "ce-id"])
def test_t08_a_required_header_is_missing(name: str) -> None:  # CE-attrs-a, T-HTTP-17, F13
    for lenient in (False, True):
        [(attribute, _)] = problems([pair for pair in CORE if pair[0] != name], lenient=lenient)
        assert attribute == name.removeprefix("ce-")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([], b""),
        ([("host", "localhost")], b""),  # GET, HEAD
        ([JSON], b'{"specversion":"1.0","type":"t","source":"/s","id":"1"}'),
        ([("content-type", "")], b""),
        (CORE[1:], b""),
        ([("ce-id", "%")], b""),
        ([("specversion", "1.0")], b""),
        ([("content-type", "application/cloudevent+json")], b"{}"),
        ([("content-type", "text/application/cloudevents+json")], b"{}"),
    ],
    ids=range(9),
)
def test_t05_what_is_no_event(headers: Headers, body: bytes) -> None:  # HTTP-3-e
    for lenient in (False, True):
        with pytest.raises(NotACloudEvent):
            http.decode(headers, body, lenient=lenient)
    assert not http.is_cloudevent(headers)


# headers beside the core ones, problems, whether lenient reading mends it
REFUSED: list[tuple[str, Headers, list[tuple[str | None, str]], bool]] = [
    ("id twice", [("ce-id", "2")], [("id", "CE-attrs-d")], False),  # T22
    ("id twice, the same", [("Ce-Id", "1")], [("id", "CE-attrs-d")], True),
    ("content type twice", [JSON, ("Content-Type", "a/b")], [("content-type", "CE-attrs-d")], False),
    (
        "content type twice, the same",
        [JSON, ("Content-Type", "application/json")],
        [("content-type", "CE-attrs-d")],
        True,
    ),
    (
        "ce-datacontenttype",
        [JSON, ("ce-datacontenttype", "text/xml")],
        [("datacontenttype", "HTTP-3.1.1-b")],
        True,
    ),  # T10
    (
        "ce-datacontenttype alone",
        [("ce-datacontenttype", "text/xml")],
        [("datacontenttype", "HTTP-3.1.1-b")],
        True,
    ),
    ("ce-data", [("ce-data", "x")], [("data", "CE-naming-f")], True),  # T-HTTP-14
    ("ce-", [("ce-", "x")], [('""', "CE-naming-c")], True),
    ("ce-my-ext", [("ce-my-ext", "x")], [("my-ext", "CE-naming-a")], True),
    (
        "Kelvin",
        [("ce-\u212a", "x")],
        [('"\u212a"', "CE-naming-a")],
        True,
    ),
    (
        "content type",
        [("content-type", "json")],
        [("datacontenttype", "CE-datacontenttype-a")],
        True,
    ),  # HTTP-2.1-a
    (
        "content type joined",
        [("content-type", "a/b, a/b")],
        [("datacontenttype", "CE-datacontenttype-a")],
        True,
    ),
    ("subject empty", [("ce-subject", "")], [("subject", "CE-subject-a")], True),
    ("control", [("ce-subject", "%0A")], [("subject", "CE-types-e")], False),  # T-HTTP-8
    ("next line", [("ce-subject", "%C2%85")], [("subject", "CE-types-e")], False),  # T-CORE-12
    ("overlong", [("ce-subject", "%C0%A0")], [("subject", "HTTP-3.1.3.2-p")], False),  # T16
    ("lone percent", [("ce-subject", "100%")], [("subject", "HTTP-3.1.3.2-f")], True),  # T17
    ("raw", [("ce-subject", "\xc3\xa9")], [("subject", "HTTP-3.1.3.2-b")], True),  # F7
    ("raw control", [("ce-ext", "a\tb")], [("ext", "CE-types-e")], False),
    ("dataschema", [("ce-dataschema", "/x")], [("dataschema", "CE-dataschema-a")], True),
    ("time", [("ce-time", "lunchtime")], [("time", "CE-time-a")], False),
    (
        "two at once",
        [("ce-subject", ""), ("ce-time", "x")],
        [("subject", "CE-subject-a"), ("time", "CE-time-a")],
        False,
    ),
]


@pytest.mark.parametrize(
    ("extra", "found", "is_mended"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_refused(extra: Headers, found: list[tuple[str | None, str]], is_mended: bool) -> None:
    assert problems([*CORE, *extra]) == found
    assert problems([*extra, *CORE]) == found
    if is_mended:
        event = http.decode([*CORE, *extra], lenient=True)
        assert [(problem.attribute, problem.requirement) for problem in event.repairs] == found
    else:
        assert problems([*CORE, *extra], lenient=True) == found[-1:]


def test_what_lenient_reading_makes_of_it() -> None:
    def read(*extra: tuple[str, str]) -> Event:
        return http.decode([*CORE, *extra], lenient=True)

    assert (
        read(JSON, ("ce-datacontenttype", "text/xml")).datacontenttype == "application/json"
    )  # T10, T-HTTP-15
    assert read(("ce-datacontenttype", "text/xml")).datacontenttype == "text/xml"
    assert read(("ce-subject", "\xc3\xa9")).subject == "é"
    assert read(("ce-subject", "100%")).subject == "100%"
    assert dict(read(("ce-data", "x"), ("ce-my-ext", "y"), ("ce-", "z")).extensions) == {}


def test_a_name_of_any_length_is_told_short() -> None:
    with pytest.raises(InvalidEvent) as caught:
        http.decode([*CORE, ("ce-" + "x-" * 10_000, "1")])
    assert len(str(caught.value)) < 300


def test_names_from_the_wire_are_not_remembered_without_bound() -> None:
    for number in range(2000):
        http.decode([*CORE, (f"ce-name{number}", "x"), (f"x-other-{number}", "y")])
    assert len(http._BINDING.attribute_names) <= 256


def test_a_binary_event_that_would_be_read_in_another_mode() -> None:  # T-JSON-13
    for content_type in (
        "application/cloudevents+json",
        "Application/CloudEvents",
        "application/cloudevents-batch+json",
    ):
        event = made(datacontenttype=content_type, data=b"{}")
        with pytest.raises(InvalidEvent, match="marks structured mode"):
            http.encode(event)
        assert http.decode(*http.encode(event, "structured")) == event  # T43


def test_data_that_the_charset_cannot_hold() -> None:
    event = formats.json.decode(
        b'{"specversion":"1.0","type":"t","source":"/s","id":"1","datacontenttype":"text/plain; charset=us-ascii",'
        b'"data":"\xc3\xa9"}'
    )
    with pytest.raises(DataError):
        http.encode(event)


# ------------------------------------------------------------------------------------------------ structured and batch


# HTTP-3-c, HTTP-3.2.1-a, T01, T02, T03, T-HTTP-1
@pytest.mark.parametrize(
    ("content_type", "mode"),
    [
        ("application/cloudevents+json", "structured"),
        ("Application/CloudEvents+JSON; charset=UTF-8", "structured"),
        ("application/cloudevents", "structured"),
        ("application/cloudeventsfoo", "structured"),
        ("  application/cloudevents+json", "structured"),
        ("application/cloudevents-batch+json", "batch"),
        ("APPLICATION/CLOUDEVENTS-BATCH+JSON", "batch"),
        ("application/cloudevents-batch", "batch"),
        ("application/cloudevents-ba", "structured"),
        ("application/cloudevent", "binary"),
        ("application/json", "binary"),
        ("", "binary"),
        (None, "binary"),
    ],
)
def test_the_content_type_alone_tells_the_mode(content_type: str | None, mode: str) -> None:
    headers = CORE if content_type is None else [*CORE, ("Content-Type", content_type)]
    assert http.content_mode(headers) == mode
    assert http.is_cloudevent(headers)
    assert http.is_cloudevent(headers[4:]) is (mode != "binary")


@each_pair
@pytest.mark.parametrize(
    "format_", ["json", "application/cloudevents+json", "Application/CloudEvents+JSON;a=b"]
)
def test_structured_mode_both_ways(event: Event, headers: Headers, body: bytes, format_: str) -> None:
    message = http.encode(event, "structured", format_)
    assert message == HttpMessage([STRUCTURED], formats.json.encode(event))  # HTTP-3.2.1-a, HTTP-3.2.2-a
    assert http.decode(*message) == event
    assert (
        http.decode([("CONTENT-TYPE", "Application/CloudEvents+JSON; charset=UTF-8")], message.body) == event
    )


def test_t01_the_body_decides_in_structured_mode() -> None:  # HTTP-3.2.3-a, HTTP-3.2.3-b, T-HTTP-16, F13
    body = formats.json.encode(made())
    event = http.decode([*CORE[:3], ("ce-id", "OTHER"), ("ce-ext", "%"), STRUCTURED], body)
    assert event == made()
    assert problems([*CORE, STRUCTURED], body.replace(b',"id":"1"', b"")) == [("id", "CE-id-a")]


@pytest.mark.parametrize("kind", [str, str.encode])
@pytest.mark.parametrize(
    "content_type", [" application/cloudevents+json\t", f"{STRUCTURED[1]}; {'a' * 300}=b"]
)
def test_unusual_spellings_of_structured_mode(kind: Any, content_type: str) -> None:
    for _ in range(2):
        assert http.decode({"Content-Type": kind(content_type)}, formats.json.encode(made())) == made()
    with pytest.raises(InvalidEvent):
        http.decode({"content-type": kind(content_type), "Content-Type": kind("a/b")}, b"{}")


def test_a_content_type_in_bytes_among_texts() -> None:
    assert http.decode([*CORE, ("content-type", b"a/b")], b"x") == made(datacontenttype="a/b", data=b"x")
    assert http.decode([*CORE, (b"content-type", b"a/b")], b"x") == made(datacontenttype="a/b", data=b"x")


class Named(str, Enum):  # noqa: UP042 - its str() is not its text
    SUBJECT = "ce-subject"
    CONTENT_TYPE = "content-type"
    TYPE = "t"


def test_texts_of_another_class_are_read_as_the_texts_they_are() -> None:
    for _ in range(2):
        headers = {
            **dict(CORE),
            Named.SUBJECT: "x",
            Named.CONTENT_TYPE: "application/json",
            "ce-type": Named.TYPE,
        }
        event = http.decode({**headers, "ce-ext": Named.TYPE}, b"{}")
        assert event == made(subject="x", datacontenttype="application/json", data=b"{}", ext="t")
        assert {type(value) for value in wire_attributes(event).values()} == {str}
        assert http.decode({**dict(CORE), "ce-subject": "x"}).subject == "x"
        assert type(made(type="t").type) is str


def test_a_map_of_03_with_a_surrogate() -> None:
    headers = [*OLDER, ("ce-x-k", "\udcff")]
    assert problems(headers) == [("x-k", "HTTP-3.1.3.2-b")]
    assert problems(headers, lenient=True) == [("x", "CE-types-g")]


def test_a_format_can_be_replaced() -> None:
    body = formats.json.encode(made())
    assert http.decode([STRUCTURED], body) == made()
    verbs = {name: getattr(formats.json, name) for name in ("encode", "encode_batch", "decode_batch")}
    other = types.SimpleNamespace(
        name="json",
        media_type=STRUCTURED[1],
        batch_media_type=None,
        decode=lambda body, *, lenient: made(id="of another"),
        **verbs,
    )
    formats.register(cast("formats.Format", other))
    try:
        assert http.decode([STRUCTURED], body).id == "of another"
    finally:
        formats.register(formats.json)
    assert http.decode([STRUCTURED], body) == made()


@pytest.mark.parametrize(
    "content_type",
    [
        "application/cloudevents+yaml",
        "application/cloudevents",
        "application/cloudeventsfoo",
        "application/cloudevents-foo+json",
        "application/cloudevents;a=b",
        "application/cloudevents+",
        "application/cloudevents+json+gzip",
        "application/cloudevents/x",
    ],
)
def test_t04_a_format_that_is_not_known(content_type: str) -> None:  # HTTP-3-d, T-HTTP-2
    with pytest.raises(UnsupportedFormat):
        http.decode([("content-type", content_type)], b"<xml/>")


def test_lenient_reading_of_no_format() -> None:  # T-HTTP-2
    for content_type in ("application/cloudevents", "Application/CloudEvents; charset=utf-8"):
        event = http.decode([("content-type", content_type)], formats.json.encode(made()), lenient=True)
        assert event == made()
        assert [problem.attribute for problem in event.repairs] == ["content-type"]


def test_lenient_reading_tells_what_it_mended_around_a_body() -> None:
    event = http.decode([STRUCTURED, STRUCTURED], formats.json.encode(made()), lenient=True)
    assert [problem.attribute for problem in event.repairs] == ["content-type"]


def test_two_content_types_of_which_one_is_structured() -> None:
    for headers in ([STRUCTURED, JSON], [JSON, STRUCTURED], [*CORE, STRUCTURED, JSON]):
        assert problems(headers, formats.json.encode(made())) == [("content-type", "CE-attrs-d")]


def test_an_unknown_mode() -> None:
    with pytest.raises(ValueError, match='mode must be "binary" or "structured"'):
        http.encode(made(), mode="batch")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested


def test_a_batch_both_ways() -> None:  # HTTP-3.3.1-a, HTTP-3.3.2-a, SDK-enc-c
    for events in (
        [],
        [made()],
        [made(id="1"), made(id="2", type="other", data=b"\xff", datacontenttype="a/b")],
    ):
        message = http.encode_batch(iter(events))
        assert message == HttpMessage([BATCH], formats.json.encode_batch(events))
        assert http.decode_batch(*message) == events
        assert (
            http.decode_batch({"Content-Type": "Application/CloudEvents-Batch+JSON; a=b"}, message.body)
            == events
        )


def test_t03_a_batch_is_not_one_event() -> None:
    message = http.encode_batch([made()])
    assert problems(*message) == [(None, "HTTP-3-c")]
    with pytest.raises(InvalidEvent, match="use decode_batch"):
        http.decode(*message)


def test_one_event_is_not_a_batch() -> None:
    for message in (http.encode(made()), http.encode(made(), "structured")):
        with pytest.raises(InvalidEvent, match="use decode"):
            http.decode_batch(*message)
    with pytest.raises(NotACloudEvent):
        http.decode_batch([JSON], b"[]")
    with pytest.raises(NotACloudEvent):
        http.decode_batch([], b"")


def test_a_batch_of_a_format_that_is_not_known() -> None:
    with pytest.raises(UnsupportedFormat):
        http.decode_batch([("content-type", "application/cloudevents-batch+yaml")], b"")
    with pytest.raises(UnsupportedFormat):
        http.decode_batch([("content-type", "application/cloudevents-batch")], b"")
    with pytest.raises(UnsupportedFormat):
        http.encode_batch([made()], "yaml")
    with pytest.raises(UnsupportedFormat):
        http.encode(made(), "structured", "yaml")


def test_a_bad_event_of_a_batch() -> None:  # T60
    body = b"[%b,{}]" % formats.json.encode(made())
    with pytest.raises(InvalidEvent) as caught:
        http.decode_batch([BATCH], body)
    assert {problem.index for problem in caught.value.problems} == {1}
    [event] = http.decode_batch([BATCH], body.replace(b",{}", b""), lenient=True)
    assert event == made()


class Bare:
    """A format without batches."""

    name = "bare"
    media_type = "application/cloudevents+bare"
    batch_media_type: str | None = None

    def encode(self, event: Event) -> bytes:
        return formats.json.encode(event)

    def decode(self, body: bytes, *, lenient: bool = False) -> Event:
        return formats.json.decode(body, lenient=lenient)

    def encode_batch(self, events: Any) -> bytes:
        raise UnsupportedBatch("bare has no batches")

    def decode_batch(self, body: bytes, *, lenient: bool = False) -> list[Event]:
        raise UnsupportedBatch("bare has no batches")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for table in ("_by_name", "_by_media_type"):
        monkeypatch.setattr(formats, table, dict(getattr(formats, table)))
    formats.register(Bare())


@pytest.mark.usefixtures("bare")
def test_a_format_without_batches() -> None:  # HTTP-3.3-a, HTTP-1.4-b
    assert http.decode(*http.encode(made(), "structured", "bare")) == made()
    with pytest.raises(UnsupportedBatch):
        http.encode_batch([made()], "bare")


# ------------------------------------------------------------------------------------------------------------ relays


@given(testing.events() | testing.events(specversion="0.3"))
def test_a_relay_hands_the_data_on(event: Event) -> None:  # CE-conv-c
    binary = http.encode(event)
    once = http.decode(*binary)
    structured = http.decode(*http.encode(once, "structured"))
    again = http.encode(structured)
    assert dict(again.headers) == dict(binary.headers)
    # white space around a JSON value is no part of it
    assert again.body == binary.body or again.body.strip(b" \t\r\n") == binary.body.strip(b" \t\r\n")


@pytest.mark.parametrize(
    "body",
    [
        b'1,"id":"evil","authid":"root"',
        b'1}, {"id":"evil"',
        b'"a","data":"b"',
        b'{"a":1}}',
        b"1 2",
        b"\xef\xbb\xbf1",
        b'"\xc3"',
        b'"\\ud800"',
        b"NaN",
        b"01",
    ],
)
def test_f1_a_relay_cannot_be_made_to_forge(body: bytes) -> None:
    event = http.decode([*CORE, JSON], body)
    message = http.encode(event, "structured")
    found = http.decode(*message)
    assert found.id == "1"
    assert "authid" not in found
    assert found == event
    assert found.data_bytes == body
    assert http.encode(found).body == body


# ------------------------------------------------------------------------------------------------------------- 0.3


def older(*extra: tuple[str, str], body: bytes = b"", lenient: bool = False) -> Event:
    return http.decode([*OLDER, *extra], body, lenient=lenient)


def test_maps_of_03_are_flattened() -> None:  # V03-http-a
    event = formats.json.decode(
        b'{"specversion":"0.3","type":"t","source":"/s","id":"1","map":{"a":"x","b":5,"c":{"d":[1]}},"list":[1],"text":"v"}'
    )
    message = http.encode(event)
    assert message.headers[4:] == [
        ("ce-list", "[1]"),
        ("ce-map-a", "x"),
        ("ce-map-b", "5"),
        ("ce-map-c", "{%22d%22:[1]}"),
        ("ce-text", "v"),
    ]
    found = http.decode(*message)
    assert found["map"] == {"a": "x", "b": "5", "c": '{"d":[1]}'}
    assert found["list"] == "[1]"
    assert older(("ce-map-a", "1"), ("ce-map-b-c", "2"))["map"] == {"a": "1", "b-c": "2"}
    assert problems([*CORE, ("ce-map-a", "1")]) == [("map-a", "CE-naming-a")]


@pytest.mark.parametrize(
    "key",
    ["x\r\nevil: 1", "a b", "", "a:b", "é", "a\x00", "A"],
    ids=ascii,
)
def test_s6_a_map_key_cannot_forge_a_header(key: str) -> None:
    event = formats.json.decode(
        formats.json.encode_value(
            {"specversion": "0.3", "type": "t", "source": "/s", "id": "1", "map": {key: "v"}}
        )
    )
    with pytest.raises(InvalidEvent, match="V03-http-a"):
        http.encode(event)


def test_what_of_03_gets_lost_is_refused() -> None:
    event = formats.json.decode(b'{"specversion":"0.3","type":"t","source":"/s","id":"1","map":{}}')
    with pytest.raises(InvalidEvent, match="V03-http-a"):
        http.encode(event)


def test_a_map_and_a_value_of_one_name() -> None:
    for extra in ([("ce-map", "x"), ("ce-map-a", "1")], [("ce-map-a", "1"), ("ce-map", "x")]):
        assert problems([*OLDER, *extra]) == [("map", "V03-http-a")]
    assert problems([*OLDER, ("ce-id-a", "1")]) == [("id", "V03-http-a")]
    assert problems([*OLDER, ("ce-map-", "1")]) == [("map", "V03-http-a")]


def test_an_unreadable_entry_of_a_map() -> None:
    assert problems([*OLDER, ("ce-map-a", "%FF"), ("ce-map-b", "1")]) == [("map-a", "HTTP-3.1.3.2-p")]


@pytest.mark.parametrize(
    ("encoding", "body", "data"),
    [
        ("base64", b"AQ==", b"\x01"),  # V03-attr-b
        ("Base64", b"AQ==", b"\x01"),
        ("base64", b"", None),
    ],
)
def test_datacontentencoding_of_03(encoding: str, body: bytes, data: bytes | None) -> None:
    event = older(("ce-datacontentencoding", encoding), body=body)
    assert event.data == data
    assert "datacontentencoding" not in event
    assert data is None or stored_data(event) == Binary(data)


@pytest.mark.parametrize(("encoding", "body"), [("hex", b"AQ=="), ("base64", b"!"), ("base64", b"\xff")])
def test_bad_datacontentencoding_of_03(encoding: str, body: bytes) -> None:
    found = problems([*OLDER, ("ce-datacontentencoding", encoding)], body)
    assert found == [("datacontentencoding", "V03-attr-b")]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),  # V03-http-b
        ("%E2%82%AC", "€"),
        ('say "hi"', 'say "hi"'),
        ('5" disk', '5" disk'),
    ],
)
def test_a_value_of_03(value: str, text: str) -> None:
    assert older(("ce-subject", value)).subject == text


def test_a_map_of_03_that_cannot_be_parsed() -> None:
    deep = b'{"specversion":"0.3","type":"t","source":"/s","id":"1","map":%b}' % (
        b'{"a":' * 900 + b"1" + b"}" * 900
    )
    event = formats.json.decode(deep)
    assert http.decode(*http.encode(event)).text("map").startswith('{"a":"{')
    with pytest.raises(DataError):
        http.encode(
            formats.json.decode(b'{"specversion":"0.3","type":"t","source":"/s","id":"1","map":{"a":1e400}}')
        )
