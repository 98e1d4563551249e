"""The CBOR format: pairs of event and bytes both ways, what is refused, the short way beside the careful one.

A text of less than 24 bytes has a letter as its head: `b"dtype"` is the text "type". Bytes are written so by hand here,
or by cbor2.
"""

from __future__ import annotations

import struct
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Raw

from cevents import (
    CloudEvent,
    DataError,
    InvalidEvent,
    UnsupportedBatch,
    UnsupportedFormat,
    attributes,
    bindings,
    formats,
    testing,
)
from cevents.attributes import URIReferenceText, URIText
from cevents.data import Binary, CborItem, ProtobufMessage
from cevents.errors import Findings
from cevents.event import assemble, content_type, kept_extensions, stored_data
from cevents.formats import _cbor_careful, _cbor_items, _cbor_short
from cevents.formats import cbor as format_
from cevents.timestamps import TimestampText

Event = CloudEvent[Any]

CORE = b"kspecversionc1.0dtypeatfsourceb/sbida1"
JSON = b"odatacontenttypepapplication/json"
CBOR = b"odatacontenttypepapplication/cbor"
PNG = b"odatacontenttypeiimage/png"
PLAIN = b"odatacontenttypejtext/plain"


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def body(*members: bytes, core: bytes = CORE, count: int = 4) -> bytes:
    """A map of the required attributes and further members, each a key with its value."""
    return bytes([0xA0 + count + len(members)]) + core + b"".join(members)


def problems(text: bytes, *, lenient: bool = False) -> list[tuple[str | None, str]]:
    """What is wrong with a body: attributes and requirements."""
    with pytest.raises(InvalidEvent) as caught:
        format_.decode(text, lenient=lenient)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


def carefully(text: bytes, *, lenient: bool = False) -> Event:
    return _cbor_careful.decode(text, Findings(lenient=lenient))


def learn(text: bytes) -> None:
    """Show the decoder an event until it knows its layout."""
    for _ in range(3):
        format_.decode(text)
    assert _cbor_short.one(text) is not None


@pytest.fixture(autouse=True)
def nothing_is_known() -> Iterator[None]:
    """Each test begins with a decoder that has learned nothing."""
    _cbor_short._layouts.clear()
    _cbor_short._missed.clear()
    yield
    _cbor_short._layouts.clear()
    _cbor_short._missed.clear()


# ---------------------------------------------------------------------------------------------------- both ways

TIME = "2018-04-05T17:31:00.120Z"
# CBOR-2-a, CBOR-2.2-a, CBOR-3-a, CBOR-3-c: the event, and the bytes that are its one spelling
PAIRS: list[tuple[str, Event, bytes]] = [
    ("minimal", made(), body()),
    (
        "every core attribute",  # T-CBOR-3, CBOR-2.4-a: time has tag 0; source and dataschema are text
        made(time=TIME, datacontenttype="text/xml", subject="€", dataschema="urn:x:y", data="<a/>"),
        body(
            b"dtime\xc0x\x18" + TIME.encode(),
            b"odatacontenttypehtext/xml",
            b"gsubjectc\xe2\x82\xac",
            b"jdataschemagurn:x:y",
            b"ddatad<a/>",
        ),
    ),
    ("Boolean", made(a=True, b=False), body(b"aa\xf5", b"ab\xf4")),
    ("small Integer", made(a=0, b=23, c=24), body(b"aa\x00", b"ab\x17", b"ac\x18\x18")),
    ("negative Integer", made(a=-1, b=-25), body(b"aa\x20", b"ab\x38\x18")),
    ("large Integer", made(a=2**31 - 1, b=-(2**31)), body(b"aa\x1a\x7f\xff\xff\xff", b"ab\x3a\x7f\xff\xff\xff")),
    ("String", made(a="", b="é"), body(b"aa\x60", b"abb\xc3\xa9")),
    ("long String", made(a="x" * 300), body(b"aay\x01\x2c" + b"x" * 300)),
    ("Binary", made(a=b"", b=b"\x01\xff"), body(b"aa\x40", b"ab\x42\x01\xff")),
    ("Timestamp", made(a=TimestampText(TIME)), body(b"aa\xc0x\x18" + TIME.encode())),
    ("URI", made(a=URIText("urn:x:y")), body(b"aa\xd8\x20gurn:x:y")),
    ("URI-reference", made(a=URIReferenceText("../a")), body(b"aa\xd8\x20d../a")),
    ("empty URI-reference", made(a=URIReferenceText("")), body(b"aa\xd8\x20\x60")),
    ("name that begins with a digit", made(**{"1st": "x"}), body(b"c1stax")),
    ("name of 30 characters", made(**{"n" * 30: 1}), body(b"x\x1e" + b"n" * 30 + b"\x01")),
    ("no data under a type", made(datacontenttype="application/json"), body(JSON)),
    # data: CBOR-3.1.1-a, CBOR-3.1.1-b, CBOR-3.1.1-e, CBOR-3.1.1-g, T-CBOR-4
    (
        "JSON value without a type",
        made(data={"a": [1, "é"]}),
        body(JSON, b"ddatan" + '{"a":[1,"é"]}'.encode()),
    ),
    ("JSON value", made(data=Raw(b"1.10"), datacontenttype="application/json"), body(JSON, b"ddatad1.10")),
    ("JSON null", made(data=b"null", datacontenttype="application/json"), body(JSON, b"ddatadnull")),
    ("bytes of JSON", made(data=b'{"a": 1}', datacontenttype="application/json"), body(JSON, b'ddatah{"a": 1}')),
    ("no JSON under a JSON type", made(data=b'{"a', datacontenttype="application/json"), body(JSON, b'ddatac{"a')),
    ("no UTF-8 under JSON", made(data=b"\xff", datacontenttype="application/json"), body(JSON, b"ddata\x41\xff")),
    (
        "base64 under a JSON type",
        made(data=Binary(b"{}"), datacontenttype="application/json"),
        body(JSON, b"ddata\x42{}"),
    ),
    (
        "JSON in UTF-16",
        made(data=Raw(b'"x"'), datacontenttype="a/json; charset=utf-16"),
        body(b"odatacontenttypeva/json; charset=utf-16", b'ddatac"x"'),
    ),
    (
        "bytes of JSON in UTF-16",
        made(data=b"\xff\xfe1\x00", datacontenttype="a/json; charset=utf-16"),
        body(b"odatacontenttypeva/json; charset=utf-16", b"ddata\x44\xff\xfe1\x00"),
    ),
    ("text", made(data="é", datacontenttype="text/plain"), body(PLAIN, b"ddatab\xc3\xa9")),
    ("bytes of text", made(data=b"\xc3\xa9", datacontenttype="text/plain"), body(PLAIN, b"ddatab\xc3\xa9")),
    ("no text under a text type", made(data=b"\xff", datacontenttype="text/plain"), body(PLAIN, b"ddata\x41\xff")),
    ("empty text", made(data="", datacontenttype="text/plain"), body(PLAIN, b"ddata\x60")),
    (
        "long text",
        made(data="x" * 70_000, datacontenttype="text/plain"),
        body(PLAIN, b"ddataz\x00\x01\x11\x70" + b"x" * 70_000),
    ),
    (
        "bytes of text in ISO-8859-1",
        made(data=b"gr\xfcn", datacontenttype="a/b;charset=latin1"),
        body(b"odatacontenttypera/b;charset=latin1", b"ddatae" + "grün".encode()),
    ),
    ("bytes", made(data=b"\x00\xff", datacontenttype="image/png"), body(PNG, b"ddata\x42\x00\xff")),
    (
        "bytes under a long type",
        made(data=b"", datacontenttype="a/" + "b" * 300),
        body(b"odatacontenttypey\x01\x2ea/" + b"b" * 300, b"ddata\x40"),
    ),
    ("empty bytes", made(data=b"", datacontenttype="image/png"), body(PNG, b"ddata\x40")),
    ("many bytes", made(data=b"x" * 300, datacontenttype="image/png"), body(PNG, b"ddata\x59\x01\x2c" + b"x" * 300)),
    ("bytes without a type", made(data=b"\x00\xff"), body(b"ddata\x42\x00\xff")),
    ("ASCII without a type", made(data=b"abc"), body(b"ddata\x43abc")),
    ("empty bytes without a type", made(data=b""), body(b"ddata\x40")),
    # CBOR: CBOR-3.1.1-c, CBOR-3.1.1-d, CBOR-3.1.1-h, CBOR-3.1.2-a, CBOR-3.1.2-b, T-CBOR-1
    ("CBOR map", made(data=b"\xa1aa\x01", datacontenttype="application/cbor"), body(CBOR, b"ddata\xa1aa\x01")),
    ("CBOR null", made(data=b"\xf6", datacontenttype="application/cbor"), body(CBOR, b"ddata\xf6")),
    (
        "CBOR bytes",
        made(data=b"\x43\xa1\x01\x02", datacontenttype="application/cbor"),
        body(CBOR, b"ddata\x43\xa1\x01\x02"),
    ),
    ("CBOR text", made(data=b"bhi", datacontenttype="application/cbor"), body(CBOR, b"ddatabhi")),
    (
        "CBOR within CBOR",
        made(data=b"\xd8\x18\x43\xa1\x01\x02", datacontenttype="application/cbor"),
        body(CBOR, b"ddata\xd8\x18\x43\xa1\x01\x02"),
    ),
    (
        "CBOR of another kind",
        made(data=b"\x81\xf9\x3e\x00", datacontenttype="a/SenML+cbor; x=y"),
        body(b"odatacontenttypeqa/SenML+cbor; x=y", b"ddata\x81\xf9\x3e\x00"),
    ),
    (
        "CBOR by name only",
        made(data=b"\x01\x02", datacontenttype="a/cbor-seq"),
        body(b"odatacontenttypeja/cbor-seq", b"ddata\x42\x01\x02"),
    ),
    ("CBOR map without a type", made(data=CborItem(b"\xa1aa\x01")), body(b"ddata\xa1aa\x01")),
    ("CBOR null without a type", made(data=CborItem(b"\xf6")), body(b"ddata\xf6")),
    ("CBOR text without a type", made(data=CborItem(b"bhi")), body(b"ddatabhi")),
    ("CBOR bytes that were without a type", made(data=CborItem(b"\x42hi")), body(CBOR, b"ddata\x42hi")),
    ("CBOR that is not the shortest", made(data=CborItem(b"\x9f\x18\x01\xff")), body(b"ddata\x9f\x18\x01\xff")),
    ("extensions, then data", made(zz="1", aa="2", data=CborItem(b"\x01")), body(b"baaa2", b"bzza1", b"ddata\x01")),
]  # fmt: skip
each_pair = pytest.mark.parametrize(
    ("event", "text"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)


@each_pair
def test_an_event_is_written_so(event: Event, text: bytes) -> None:
    assert format_.encode(event) == text


@each_pair
def test_bytes_are_read_so(event: Event, text: bytes) -> None:
    for given_body in (text, bytearray(text), memoryview(text), text, text):  # the last by the short way
        found = format_.decode(given_body)
        assert found == event
        assert found.repairs == ()
        assert content_type(found) == content_type(event)
        assert {name: type(value) for name, value in kept_extensions(found).items()} == {
            name: type(value) for name, value in kept_extensions(event).items()
        }


@each_pair
def test_bytes_are_written_as_they_were_read(event: Event, text: bytes) -> None:
    if isinstance(stored_data(event), Binary):
        text = text.replace(b"\x42{}", b"b{}")  # it is not remembered that it was base64 in JSON
    for _ in range(3):
        assert format_.encode(format_.decode(text)) == text


@each_pair
def test_cbor2_reads_what_is_written(event: Event, text: bytes) -> None:
    """The attributes as cbor2 makes them: times are datetimes, tag 32 is not known to it."""
    found = cbor2.loads(format_.encode(event))
    assert list(found)[:4] == ["specversion", "type", "source", "id"]
    if "time" in event:
        assert found["time"] == event.time
    for name, value in kept_extensions(event).items():
        if isinstance(value, URIText | URIReferenceText):
            assert (found[name].tag, found[name].value) == (32, value)
        else:
            assert found[name] == event[name]
    assert ("data" in found) == event.has_data


def test_a_datetime_is_a_timestamp() -> None:
    event = made(time=datetime(2020, 1, 1, tzinfo=UTC), moment=datetime(2020, 1, 2, tzinfo=UTC))
    assert format_.encode(event) == body(
        b"dtime\xc0t2020-01-01T00:00:00Z", b"fmoment\xc0t2020-01-02T00:00:00Z"
    )


def test_a_protobuf_message_has_its_attributes_in_writing() -> None:
    event = made(data=ProtobufMessage(b"\x08\x01", "example.com/a.B"))
    found = format_.decode(format_.encode(event))
    assert found == event
    assert (found.datacontenttype, found.dataschema) == ("application/protobuf", "https://example.com/a.B")
    assert found.data_bytes == b"\x08\x01"


def test_the_formats_name_and_media_type() -> None:  # CBOR-3-b, SDK-enc-e
    assert formats.get("cbor") is formats.get("Application/CloudEvents+CBOR; x=y")
    assert format_.media_type == "application/cloudevents+cbor"


def test_cbor2_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith("cevents.formats") and "cbor" in name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "cbor2", None)
    for table in ("_by_name", "_by_media_type"):
        monkeypatch.setattr(formats, table, {})
    with pytest.raises(
        UnsupportedFormat, match=r"the CBOR format needs cbor2: pip install 'cevents\[cbor\]'"
    ):
        formats.get("cbor")


def test_there_are_no_batches() -> None:  # T-CBOR-5, CE-format-b
    assert format_.batch_media_type is None
    with pytest.raises(UnsupportedBatch, match="CBOR has no batches"):
        format_.encode_batch([made()])
    with pytest.raises(UnsupportedBatch, match="CBOR has no batches"):
        format_.decode_batch(b"\x80")


@given(testing.events())
def test_every_event_comes_back(event: Event) -> None:
    text = format_.encode(event)
    for _ in range(3):
        found = format_.decode(text)
        testing.assert_same_event(found, event)
        assert format_.decode(format_.encode(found)) == event
    assert format_.decode(format_.encode(event, deterministic=True)) == event


ITEMS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text() | st.binary()
    | st.sampled_from([cbor2.undefined, cbor2.CBORSimpleValue(99), cbor2.CBORTag(24, b"x"), cbor2.CBORTag(9999, "x")]),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text() | st.integers() | st.binary(), inner),
    max_leaves=10,
).map(cbor2.dumps)  # fmt: skip
CBOR_TYPES = st.sampled_from([None, "application/cbor", "application/senml+cbor", "Text/CBOR; a=b"])


@given(ITEMS, CBOR_TYPES)
def test_data_that_is_cbor_comes_back_to_the_byte(item: bytes, declared: str | None) -> None:
    event = made(data=CborItem(item) if declared is None else item, datacontenttype=declared)
    for _ in range(3):
        found = format_.decode(format_.encode(event))
        assert found == event
        assert found.data_bytes == item


# -------------------------------------------------------------------------------------------- other ways to say it


def text_in_chunks(text: bytes, size: int = 1) -> bytes:
    chunks = (text[at : at + size] for at in range(0, len(text), size))
    return b"\x7f" + b"".join(bytes([0x60 + len(chunk)]) + chunk for chunk in chunks) + b"\xff"


# CBOR-2.2-a: both forms of times and URIs; RFC 8949: heads that are longer than need be, and indefinite lengths
OTHER_WAYS: list[tuple[str, bytes, Event]] = [
    ("time as text", body(b"dtimet2020-01-01T00:00:00Z"), made(time="2020-01-01T00:00:00Z")),
    ("time with a tag of two bytes", body(b"dtime\xd8\x00t2020-01-01T00:00:00Z"), made(time="2020-01-01T00:00:00Z")),
    (
        "time in chunks",
        body(b"dtime\xc0" + text_in_chunks(b"2020-01-01T00:00:00Z", 7)),
        made(time="2020-01-01T00:00:00Z"),
    ),
    ("dataschema with tag 32", body(b"jdataschema\xd8\x20gurn:x:y"), made(dataschema="urn:x:y")),
    ("source with tag 32", body().replace(b"b/s", b"\xd8\x20b/s"), made()),
    ("subject null", body(b"gsubject\xf6"), made()),  # CBOR-2.2-b, CBOR-2.2-c, CBOR-3-d
    ("time null", body(b"dtime\xf6", b"gsubjectax"), made(subject="x")),
    ("datacontenttype null", body(b"odatacontenttype\xf6", b"ddata\x01"), made(data=CborItem(b"\x01"))),
    ("extension null", body(b"aa\xf6"), made()),
    ("a map without a count", b"\xbf" + CORE + b"\xff", made()),
    ("a map with a count of two bytes", b"\xb8\x04" + CORE, made()),
    ("a map with a count of nine bytes", b"\xbb" + bytes(7) + b"\x04" + CORE, made()),
    ("keys in chunks", b"\xa4" + CORE.replace(b"bid", text_in_chunks(b"id")), made()),
    ("keys with long heads", b"\xa4" + CORE.replace(b"bid", b"\x7b" + bytes(7) + b"\x02id"), made()),
    ("values in chunks", b"\xa4" + CORE.replace(b"c1.0", text_in_chunks(b"1.0")), made()),
    ("values with long heads", b"\xa4" + CORE.replace(b"a1", b"\x79\x00\x011"), made()),
    ("Integer with a long head", body(b"aa\x1b" + bytes(7) + b"\x05"), made(a=5)),
    ("Binary in chunks", body(b"aa\x5f\x41\x01\x40\x41\x02\xff"), made(a=b"\x01\x02")),
    ("data first", b"\xa5ddatabhi" + CORE, made(data=CborItem(b"bhi"))),
    ("data in the middle", body(b"ddata\x42hi", PNG), made(data=b"hi", datacontenttype="image/png")),
    (
        "text in chunks under a text type",
        body(PLAIN, b"ddata" + text_in_chunks(b"abc")),
        made(data="abc", datacontenttype="text/plain"),
    ),
    (
        "bytes in chunks",
        body(PNG, b"ddata\x5f\x41\x01\x41\x02\xff"),
        made(data=b"\x01\x02", datacontenttype="image/png"),
    ),
    ("JSON as bytes", body(JSON, b"ddata\x42{}"), made(data={}, datacontenttype="application/json")),  # T-CBOR-4
    ("text under a binary type", body(PNG, b"ddatabhi"), made(data=b"hi", datacontenttype="image/png")),
    (
        "a map of 30",
        b"\xb8\x1e" + CORE + b"".join(b"ca%02d\x01" % number for number in range(26)),
        made(**{f"a{number:02}": 1 for number in range(26)}),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "event"), [way[1:] for way in OTHER_WAYS], ids=[way[0] for way in OTHER_WAYS]
)
def test_other_ways_to_say_it(text: bytes, event: Event) -> None:
    for _ in range(4):
        found = format_.decode(text)
        assert found == event
        assert found.repairs == ()
        assert found.attributes == event.attributes
        assert format_.decode(format_.encode(found)) == event


@pytest.mark.parametrize(
    ("value", "kept"),  # CBOR-2.2-e
    [
        (b"\xc0t2020-01-01t00:00:00z", TimestampText("2020-01-01t00:00:00z")),
        (b"\xd8\x20jhttps://a/", URIText("https://a/")),
        (b"\xd8\x20lhttps://a/#b", URIReferenceText("https://a/#b")),
        (b"\xd8\x20b/a", URIReferenceText("/a")),
        (b"jhttps://a/", "https://a/"),
        (b"t2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    ],
)
def test_the_type_of_an_extension_is_that_of_its_item(value: bytes, kept: object) -> None:
    event = format_.decode(body(b"aa" + value))
    [found] = kept_extensions(event).values()
    assert found == kept
    assert type(found) is type(kept)
    assert format_.encode(event) == body(b"aa" + value)


def test_declared_types_are_read_and_written_by_the_same_rules() -> (
    None
):  # CBOR-2.2-d: no mapping but the primary
    attributes.register("declared", attributes.Timestamp)
    try:
        for value in (b"\xc0t2020-01-01T00:00:00Z", b"t2020-01-01T00:00:00Z"):
            for _ in range(3):
                event = format_.decode(body(b"hdeclared" + value))
                assert event["declared"] == datetime(2020, 1, 1, tzinfo=UTC)
                assert format_.encode(event) == body(b"hdeclared\xc0t2020-01-01T00:00:00Z")
        assert problems(body(b"hdeclared\x01")) == [("declared", "CE-types-n")]
    finally:
        attributes.unregister("declared")


def test_declaring_is_heeded_by_the_short_way() -> None:
    text = body(b"hdeclareda5")
    learn(text)
    attributes.register("declared", attributes.Integer)
    try:
        assert _cbor_short.one(text) is None
        assert format_.decode(text)["declared"] == 5
    finally:
        attributes.unregister("declared")


# ------------------------------------------------------------------------------------------------------------- data


@pytest.mark.parametrize(
    ("members", "value"),
    [
        ([CBOR, b"ddata\xa1aa\x01"], {"a": 1}),  # CBOR-3.1.2-a
        ([CBOR, b"ddata\x43\xa1\x01\x02"], b"\xa1\x01\x02"),  # CBOR-3.1.2-b, T-CBOR-1
        ([CBOR, b"ddatac\x43\x01\x02"], "C\x01\x02"),
        ([CBOR, b"ddata\xf6"], None),  # CBOR-3.1.1-h
        ([b"ddata\xa1aa\x01"], {"a": 1}),  # CBOR-3.1.2-d
        ([b"ddata\x43\xa1\x01\x02"], b"\xa1\x01\x02"),
        ([b"ddatabhi"], "hi"),
        ([b"ddata\xf6"], None),
        ([JSON, b"ddatag[1,2.5]"], [1, 2.5]),  # CBOR-3.1.2-c
        ([JSON, b"ddata\x41\x35"], 5),
        ([PLAIN, b"ddatabhi"], "hi"),
        ([PLAIN, b"ddata\x42hi"], "hi"),
        ([PNG, b"ddata\x42hi"], b"hi"),
        ([PNG, b"ddatabhi"], b"hi"),
    ],
)
def test_what_data_is_to_a_program(members: list[bytes], value: object) -> None:
    for _ in range(3):
        event = format_.decode(body(*members))
        assert event.has_data
        assert event.data == value
        assert type(event.data) is type(value)


def test_a_tag_within_data_is_not_followed_by_the_format() -> None:  # CBOR-3.1.2-b
    event = format_.decode(body(CBOR, b"ddata\xd8\x18\x43\xa1\x01\x02"))
    assert event.data == cbor2.CBORTag(24, b"\xa1\x01\x02")
    assert event.data_bytes == b"\xd8\x18\x43\xa1\x01\x02"


def test_data_without_a_type_is_cbor_elsewhere() -> None:  # CBOR-3.1.2-d
    for _ in range(3):
        event = format_.decode(body(b"ddata\xa1aa\x01"))
        assert event.datacontenttype is None
        assert content_type(event) == "application/cbor"
        headers, data = bindings.http.encode(event)
        assert ("content-type", "application/cbor") in headers
        assert data == b"\xa1aa\x01"
        assert b'"datacontenttype":"application/cbor"' in formats.json.encode(event)


def test_bytes_without_a_type_are_bytes_elsewhere() -> None:
    """A byte string without a type is what bytes without a type are written as (CBOR-3.1.1-b), and so it is read."""
    event = format_.decode(format_.encode(made(data=b"\x01")))
    assert content_type(event) is None
    assert bindings.http.encode(event).body == b"\x01"


def test_text_without_a_type_is_bytes() -> None:
    """Some formats have text without a content type; here it would be CBOR."""
    found = {"specversion": "1.0", "type": "t", "source": "/s", "id": "1"}
    event = assemble(found, "hi", Findings())
    assert format_.encode(event) == body(b"ddata\x42hi")
    assert format_.decode(format_.encode(event)) == event


def test_no_data_and_null_are_two_things() -> None:  # CBOR-3.1.1-h
    assert not format_.decode(body()).has_data
    assert format_.decode(body(b"ddata\xf6")).has_data
    assert format_.decode(body()) != format_.decode(body(b"ddata\xf6"))


def test_a_value_becomes_cbor_under_its_type() -> None:  # CBOR-3.1.1-e
    event = made(data={"a": 1}, datacontenttype="application/cbor")
    assert format_.encode(event) == body(CBOR, b"ddata\xa1aa\x01")
    with pytest.raises(DataError):  # CBOR-3.1.1-f
        made(data=object(), datacontenttype="application/cbor")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "data is cut off at byte 0"),
        (b"\x01\x02", "data is more than one CBOR item, of which the first ends at byte 1"),
        (b"\xa1aa", "data is cut off at byte 3"),
        (b"\xff", "data is not CBOR at byte 0"),
        (b'{"a":1}', "data is cut off at byte 7"),
        (b"\x81" * 401 + b"\x01", "data is nested too deeply at byte"),
        (b"\x01ddata\x02", "more than one"),  # F1: it could forge members
    ],
)
def test_data_that_claims_to_be_cbor(data: bytes, message: str) -> None:
    for event in (made(data=data, datacontenttype="application/cbor"), made(data=CborItem(data))):
        with pytest.raises(DataError, match=message):
            format_.encode(event)


def test_data_as_deep_as_can_be() -> None:
    for data in (
        b"\x81" * 400 + b"\x01",
        b"\xc6" * 400 + b"\x01",
        b"\xbf\x01" * 400 + b"\x02" + b"\xff" * 400,
    ):
        event = made(data=data, datacontenttype="application/cbor")
        assert format_.decode(format_.encode(event)) == event
        assert format_.decode(format_.encode(event, deterministic=True)).data == event.data


def test_0_3_is_not_carried() -> None:  # CE-specversion-c
    with pytest.raises(InvalidEvent, match=r"cannot be carried by CBOR.*to_v1"):
        format_.encode(made(specversion="0.3"))


# ----------------------------------------------------------------------------------------------------------- refused

# Each case: its name, the bytes, its problems, and whether lenient reading mends the first of them.


def same(case: str, text: bytes, *found: tuple[str | None, str]) -> tuple[str, bytes, list[Any], bool]:
    return case, text, list(found), False


def mended(case: str, text: bytes, *found: tuple[str | None, str]) -> tuple[str, bytes, list[Any], bool]:
    return case, text, list(found), True


NO_MAP = (None, "CBOR-3-a")
NO_TEXT_KEY = (None, "CBOR-3-c")
CASES = [
    # what is no CBOR map: CBOR-3-a
    same("nothing", b"", NO_MAP),
    same("array", b"\x80", NO_MAP),
    same("array of an event", b"\x81" + body(), NO_MAP),
    same("Integer", b"\x05", NO_MAP),
    same("text", b"ax", NO_MAP),
    same("null", b"\xf6", NO_MAP),
    same("JSON", b'{"specversion":"1.0"}', NO_MAP),
    same("another tag", b"\xc6" + body(), NO_MAP),
    same("a byte string of a map", b"\x58\x2b" + body(), NO_MAP),
    same("trailing byte", body() + b"\x00", NO_MAP),
    same("two events", body() + body(), NO_MAP),
    same("cut off", body()[:-1], NO_MAP),
    same("without its last member", b"\xa5" + CORE, NO_MAP),
    same("without its last value", b"\xa5" + CORE + b"aa", NO_MAP),
    same("no break", b"\xbf" + CORE, NO_MAP),
    same("a break after a key", b"\xbf" + CORE + b"aa\xff", NO_MAP),
    same("a break in a map with a count", b"\xa5" + CORE + b"\xff\xff", NO_MAP),
    same("a reserved head", b"\xa5" + CORE + b"aa\x1c", NO_MAP),
    same("a simple value in too many bytes", body(b"aa\xf8\x14"), NO_MAP),
    same("broken data", body(b"ddata\x9f\x01"), NO_MAP),
    same("data of a chunk of another type", body(b"ddata\x7f\x41\x00\xff"), NO_MAP),
    same("deep data", body(b"ddata" + b"\x81" * 20_000 + b"\x01"), NO_MAP),
    same("deep tags", body(b"ddata" + b"\xc6" * 20_000 + b"\x01"), NO_MAP),
    same("deep key", body(b"\x81" * 20_000 + b"\x01\x01"), NO_MAP),
    mended("self-described", b"\xd9\xd9\xf7" + body(), NO_MAP),
    same("self-described twice", b"\xd9\xd9\xf7\xd9\xd9\xf7" + body(), NO_MAP, NO_MAP),
    # keys: CBOR-3-c, T-CBOR-2
    same("Integer key", body(b"\x01\x01"), NO_TEXT_KEY),
    same("byte string key", body(b"\x47subjectax"), NO_TEXT_KEY),
    same("null key", body(b"\xf6\x01"), NO_TEXT_KEY),
    same("tagged key", body(b"\xc6aa\x01"), NO_TEXT_KEY),
    same("key that is no UTF-8", body(b"a\xff\x01"), NO_TEXT_KEY),
    mended("id twice, the same", body(b"bida1"), ("id", "CE-attrs-d")),  # CE-attrs-d, T48
    same("id twice", body(b"bida2"), ("id", "CE-attrs-d")),
    same("id twice, in another spelling", body(b"bidx\x011"), ("id", "CE-attrs-d")),
    same("subject null and not", body(b"gsubject\xf6", b"gsubjectax"), ("subject", "CE-attrs-d")),
    same("data twice", body(b"ddata\x01", b"ddata\x02"), ("data", "CE-attrs-d")),
    same("extension twice", body(b"aa\x01", b"aa\x02"), ("a", "CE-attrs-d")),
    mended("name in capitals", body(b"eMyExt\x01"), ("MyExt", "CE-naming-a")),
    mended("name with a hyphen", body(b"fmy-ext\x01"), ("my-ext", "CE-naming-a")),
    mended("no name", body(b"\x60\x01"), ('""', "CE-naming-c")),
    same("name of a core attribute in capitals", body(b"gSubjectax"), ("Subject", "CE-naming-a")),
    # required attributes: CE-attrs-a
    same(
        "empty map",
        b"\xa0",
        ("specversion", "CE-specversion-b"),
        ("type", "CE-type-a"),
        ("source", "CE-source-a"),
        ("id", "CE-id-a"),
    ),
    same("no id", body(core=CORE.replace(b"bida1", b""), count=3), ("id", "CE-id-a")),
    same("id null", body().replace(b"a1", b"\xf6"), ("id", "CE-id-a")),  # CBOR-2.2-c
    same("id empty", body().replace(b"a1", b"\x60"), ("id", "CE-id-b")),
    same("id an Integer", body().replace(b"a1", b"\x01"), ("id", "CE-id-b")),
    same("id bytes", body().replace(b"a1", b"\x41\x01"), ("id", "CE-id-b")),
    same("id with a control", body().replace(b"a1", b"a\x01"), ("id", "CE-types-e")),
    same("id with a noncharacter", body().replace(b"a1", b"c\xef\xbf\xbf"), ("id", "CE-types-f")),
    same("type with a control", body().replace(b"at", b"a\x01"), ("type", "CE-types-e")),
    same("subject with a control", body(b"gsubjecta\x7f"), ("subject", "CE-types-e")),
    same("specversion a number", body().replace(b"c1.0", b"\xf9\x3c\x00"), ("specversion", "CBOR-2.2-a")),
    same("specversion 0.3", body().replace(b"c1.0", b"c0.3"), ("specversion", "CE-specversion-c")),
    same("specversion 0.3 alone", body(b"c1stax").replace(b"c1.0", b"c0.3"), ("specversion", "CE-specversion-c")),
    same("specversion 2.0", body().replace(b"c1.0", b"c2.0"), ("specversion", "CE-specversion-c")),
    mended("specversion 1.1", body().replace(b"c1.0", b"c1.1"), ("specversion", "CE-specversion-c")),
    mended("subject empty", body(b"gsubject\x60"), ("subject", "CE-subject-a")),
    mended("dataschema with a fragment", body(b"jdataschemagurn:x#y"), ("dataschema", "CE-dataschema-a")),
    mended("datacontenttype", body(b"odatacontenttypedjson"), ("datacontenttype", "CE-datacontenttype-a")),
    # types: CBOR-2.2-a, T-CBOR-2
    same("float", body(b"aa\xf9\x3c\x00"), ("a", "CBOR-2.2-a")),
    same("long float", body(b"aa\xfb" + struct.pack(">d", 5)), ("a", "CBOR-2.2-a")),
    same("33 bits", body(b"aa\x1a\x80\x00\x00\x00"), ("a", "CE-types-c")),
    same("negative, 33 bits", body(b"aa\x3a\x80\x00\x00\x00"), ("a", "CE-types-c")),
    same("64 bits", body(b"aa\x1b" + b"\xff" * 8), ("a", "CE-types-c")),
    same("small bignum", body(b"aa\xc2\x41\x05"), ("a", "CBOR-2.2-a")),
    same("negative bignum", body(b"aa\xc3\x41\x05"), ("a", "CBOR-2.2-a")),
    same("undefined", body(b"aa\xf7"), ("a", "CBOR-2.2-a")),
    same("simple value", body(b"aa\xf8\x20"), ("a", "CBOR-2.2-a")),
    same("array", body(b"aa\x81\x01"), ("a", "CBOR-2.2-a")),
    same("map", body(b"jextensions\xa1aa\x01"), ("extensions", "CBOR-2.2-a")),  # CBOR-2-a
    same("another tag on a text", body(b"aa\xc6ax"), ("a", "CBOR-2.2-a")),
    same("two tags", body(b"aa\xd8\x20\xd8\x20ax"), ("a", "CBOR-2.2-a")),
    same("no UTF-8", body(b"aaa\xff"), ("a", "CBOR-2.2-a")),
    same("no UTF-8 in chunks", body(b"aa" + text_in_chunks("é".encode())), ("a", "CBOR-2.2-a")),
    same("a surrogate in UTF-8", body(b"aac\xed\xa0\x80"), ("a", "CBOR-2.2-a")),
    same("no UTF-8 in a tag", body(b"aa\xd8\x20a\xff"), ("a", "CBOR-2.2-a")),
    same("control", body(b"aaa\x00"), ("a", "CE-types-e")),
    same("epoch time", body(b"dtime\xc1\x1a\x5e\x0b\xe1\x00"), ("time", "CBOR-2.2-a")),
    same("epoch time of an extension", body(b"aa\xc1\x01"), ("a", "CBOR-2.2-a")),
    same("time a number in tag 0", body(b"dtime\xc0\x01"), ("time", "CBOR-2.2-a")),
    same("time a number", body(b"dtime\x01"), ("time", "CE-time-a")),
    same("time with tag 32", body(b"dtime\xd8\x20t2020-01-01T00:00:00Z"), ("time", "CBOR-2.2-a")),
    same("time of lunch", body(b"dtime\xc0elunch"), ("time", "CE-time-a")),
    mended("time with a space", body(b"dtime\xc0t2020-01-01 00:00:00Z"), ("time", "CE-time-a")),
    same("no time in tag 0", body(b"aa\xc0elunch"), ("a", "CE-types-k")),
    same("no URI in tag 32", body(b"aa\xd8\x20ca b"), ("a", "CE-types-j")),
    same("subject with tag 32", body(b"gsubject\xd8\x20ax"), ("subject", "CBOR-2.2-a")),
    same("id with tag 0", body().replace(b"a1", b"\xc0a1"), ("id", "CBOR-2.2-a")),
    mended("source that is none, with tag 32", body().replace(b"b/s", b"\xd8\x20ca b"), ("source", "CE-source-a")),
    # data: CBOR-3.1.2-c
    same("map under a JSON type", body(JSON, b"ddata\xa1aa\x01"), ("data", "CBOR-3.1.2-c")),
    same("null under a JSON type", body(JSON, b"ddata\xf6"), ("data", "CBOR-3.1.2-c")),
    same("number under a text type", body(PLAIN, b"ddata\x01"), ("data", "CBOR-3.1.2-c")),
    same("tagged bytes under a binary type", body(PNG, b"ddata\xd8\x18\x41\x01"), ("data", "CBOR-3.1.2-c")),
    same("no UTF-8 under a JSON type", body(JSON, b"ddataa\xff"), ("data", "CBOR-3.1.2-c")),
    same("no UTF-8 under a text type", body(PLAIN, b"ddataa\xff"), ("data", "CBOR-3.1.2-c")),
    same("data under 1", body(b"odatacontenttype\x01", b"ddata\x01"), ("datacontenttype", "CE-datacontenttype-a")),
]  # fmt: skip
each_case = pytest.mark.parametrize(
    ("text", "found", "is_mended"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)


@each_case
def test_what_is_refused(text: bytes, found: list[tuple[str | None, str]], is_mended: bool) -> None:
    assert problems(text) == found
    if is_mended:
        event = format_.decode(text, lenient=True)
        assert [(problem.attribute, problem.requirement) for problem in event.repairs] == found[:1]
    else:
        assert set(found) - set(problems(text, lenient=True)) <= {("id", "CE-attrs-d")}


@each_case
def test_what_is_refused_does_not_depend_on_what_was_learned(
    text: bytes, found: list[tuple[str | None, str]], is_mended: bool
) -> None:
    for members in (
        [b"aa\x05"],
        [b"aaax"],
        [b"aa\x41\x01"],
        [b"gsubjectax"],
        [PLAIN, b"ddataax"],
        [JSON, b"ddataa1"],
    ):
        learn(body(*members))
    learn(body())
    assert problems(text) == found


def test_every_problem_is_told_at_once() -> None:
    text = body(b"dtime\xc1\x01", b"bMy\x01", b"bida2", b"aa\xf7", PLAIN, b"ddata\x01", b"\x01\x01") + b"\x00"
    assert problems(text) == [
        ("id", "CE-attrs-d"),
        (None, "CBOR-3-c"),
        (None, "CBOR-3-a"),
        ("time", "CBOR-2.2-a"),
        ("a", "CBOR-2.2-a"),
        ("data", "CBOR-3.1.2-c"),
        ("My", "CE-naming-a"),
    ]


def test_what_the_messages_say() -> None:
    for text, message in [
        (b"", "is empty, but must be a CBOR map"),
        (b"\x80", "must be a CBOR map at byte 0"),
        (body(b"\x01\x01"), "must have no key but text in UTF-8 at byte 39"),
        (body() + b"\x00", "must end where the map ends at byte 39"),
        (body(b"aa\xf7"), "a: must not be undefined"),
        (body(b"aa\xc2\x41\x05"), "a: must not be a bignum"),
        (body(b"aa\xc1\x05"), r"a: must not be a number of seconds \(tag 1\)"),
        (body(b"aa\xd9\x03\xe8ax"), "a: must not be of tag 1000"),
        (body(b"aa\xfa\x00\x00\x00\x00"), "a: must not be a floating-point number"),
        (body(b"aa\xe0"), "a: must not be a simple value"),
        (body(b"aa\x80"), "a: must not be an array"),
        (body(b"jextensions\xa0"), "must not be a map; extension attributes stand beside the others"),
        (body().replace(b"c1.0", b"c0.3"), "cannot be carried by CBOR .*only JSON carries 0.3"),
    ]:
        with pytest.raises(InvalidEvent, match=message):
            format_.decode(text)


def test_what_was_read_leniently_is_not_written() -> None:
    event = format_.decode(body().replace(b"b/s", b"ca b"), lenient=True)
    with pytest.raises(InvalidEvent) as caught:
        format_.encode(event)
    assert [problem.requirement for problem in caught.value.problems] == ["CE-source-a"]
    tagged = format_.decode(b"\xd9\xd9\xf7" + body(), lenient=True)
    assert format_.encode(tagged) == body()


def test_a_content_type_that_is_empty_is_none_to_lenient_reading() -> None:
    event = format_.decode(body(b"odatacontenttype\x60", b"ddata\xa1aa\x01"), lenient=True)
    assert [problem.requirement for problem in event.repairs] == ["CE-datacontenttype-a"]
    assert event.data == {"a": 1}


@each_case
def test_lenient_reading_teaches_nothing(
    text: bytes, found: list[tuple[str | None, str]], is_mended: bool
) -> None:
    for _ in range(3 if is_mended else 0):
        format_.decode(text, lenient=True)
    assert problems(text) == found


def test_a_caller_may_reuse_its_buffer() -> None:  # T86
    buffer = bytearray(body(b"gsubjectax", b"ddata\xa1aa\x01"))
    events = [format_.decode(buffer) for _ in range(3)]
    buffer[:] = b"?" * len(buffer)
    assert [(event.subject, event.data) for event in events] == [("x", {"a": 1})] * 3


# --------------------------------------------------------------------------------------------------- the short way


def usual(
    count: bytes = b"\x05", flag: bytes = b"\xf5", name: bytes = b"ax", data: bytes = b"d1.10"
) -> bytes:
    time = b"\xc0x\x18" + TIME.encode()
    return body(b"dtime" + time, JSON, b"ecount" + count, b"dflag" + flag, b"dname" + name, b"ddata" + data)


def test_the_usual_takes_the_short_way() -> None:
    learn(usual())
    for text in (
        usual(count=b"\x06", flag=b"\xf4", name=b"ay", data=b"x\x1e" + b"1" * 30),
        usual(data=b"y\x01\x00" + b"1" * 256),
        usual(data=b"z\x00\x01\x00\x00" + b"1" * 65536),
        usual(data=b"\x43\x01\x02\x03"),
        usual(data=b'd"\xc3\xa9"'),
    ):
        event = _cbor_short.one(text)
        assert event is not None
        assert event == carefully(text)
        assert dict(event.extensions) == dict(carefully(text).extensions)
        assert list(event.extensions) == ["count", "flag", "name"]
        assert type(stored_data(event)) is bytes


@pytest.mark.parametrize(
    "text",
    [
        usual(count=b"\x18\x06"),
        usual(count=b"\xf6"),
        usual(count=b"\xf7"),
        usual(flag=b"\xe0"),
        usual(name=b"a\x01"),
        usual(name=b"a\xff"),
        usual(name=b"\x41x"),
        usual(data=b"d1.1"),
        usual(data=b"d1.100"),
        usual(data=b"d1\xff10"),
        usual(data=b"x\x1e" + b"1" * 29),
        usual(data=b"x\x1e" + b"1" * 31),
        usual(data=b"x\x1e" + b"1" * 29 + b"\xff"),
        usual(data=b"y\x01\x00" + b"1" * 255),
        usual(data=b"\x42\x01"),
        usual(data=b"\x41\x01\x01"),
        usual(data=b"\xf6"),
        usual(data=b"\x82\x01"),
        usual().replace(b"bida1", b"bida\x7f"),
        usual().replace(b"bida1", b"bidaa").replace(b"bida", b"bib1"),
        usual().replace(b"dflag", b"dname"),
        usual().replace(b"dflag", b"dFlag"),
        usual().replace(b"c1.0", b"c1.1"),
        usual().replace(b"2018-04", b"2018-13"),
        usual().replace(b"2018-04-05", b"2016-02-29"),
        usual().replace(b"b/s", b"b %"),
        b"\xa9" + usual()[1:],
        b"\xab" + usual()[1:],
        usual() + b"\x00",
        usual()[:-1],
    ],
    ids=range(30),
)
def test_the_unusual_takes_the_careful_way(text: bytes) -> None:
    learn(usual())
    assert _cbor_short.one(text) is None


def test_another_attribute_is_still_one_item() -> None:
    learn(body(b"aa\x19\x01\x00"))
    assert _cbor_short.one(body(b"aa\x19\x01\x01")) == made(a=257)
    for item in (b"\x01\x01\x01", b"\x41\x01\x01", b"\x1a\x01\x01", b"\x82\x01\x01"):
        assert _cbor_short.one(body(b"aa" + item)) is None
    learn(body(b"aa\x1a\x00\x01\x00\x00"))
    assert _cbor_short.one(body(b"aa\x1a\x80\x00\x00\x00")) is None


def test_data_that_is_cbor_is_still_one_item() -> None:
    for members in ([CBOR], []):
        learn(body(*members, b"ddata\x01"))
        assert _cbor_short.one(body(*members, b"ddata\x9f\x01\xff")) == carefully(
            body(*members, b"ddata\x9f\x01\xff")
        )
        for item in (b"\x01\x02", b"\x9f\x01", b"", b"\xff", b"\x9f\xff\xff"):
            assert _cbor_short.one(body(*members, b"ddata" + item)) is None


def test_extensions_come_by_name() -> None:
    text = body(b"bzzax", b"baaay", b"bmm\x01")
    learn(text)
    event = _cbor_short.one(text)
    assert event is not None
    assert list(event.extensions) == ["aa", "mm", "zz"]
    learn(body(b"bzzax", b"baaay"))
    event = _cbor_short.one(body(b"bzzax", b"baaay"))
    assert event is not None
    assert list(event.extensions) == ["aa", "zz"]


def test_without_data_the_short_way_ends_with_the_attributes() -> None:
    learn(body(b"gsubjectax", b"aaax"))
    assert _cbor_short.one(body(b"gsubjectay", b"aaay")) == made(subject="y", a="y")
    for text in (
        body(b"gsubjectay", b"aaay") + b"\x00",
        body(b"gsubjectay", b"aaay")[:-1],
        body(b"gsubject\xf6", b"aaaxy"),
        body(b"gsubjecta\x00", b"aaay"),
    ):
        assert _cbor_short.one(text) is None


def test_null_that_comes_each_time_takes_the_short_way() -> None:
    for members in ([b"gsubject\xf6"], [b"gsubject\xf6", b"aaax"], [b"aaax", b"gsubject\xf6", b"ddata\x01"]):
        learn(body(*members))
        assert _cbor_short.one(body(*members)) == carefully(body(*members))
        assert _cbor_short.one(body(*members).replace(b"\xf6", b"\x05")) is None


@pytest.mark.parametrize(
    "text",
    [
        b"\xbf" + CORE + b"\xff",
        b"\xa5ddata\x01" + CORE,
        body(b"ddata\x01", b"aa\x01"),
        body(b"dtimez\x00\x00\x00\x142020-01-01T00:00:00Z").replace(b"\xa5", b"\xb8\x05"),
        body(b"jdataschema\xd8\x20gurn:x:y"),
        body(b"gsubjectx\x22sometimes there is ddata in a text"),
        body(b"aa" + b"\x59\x20\x00" + bytes(8192), b"ddata\x01"),
        body(
            JSON, b"gsubjectx\x2fddatax," + b"p" * 40, b"aaax"
        ),  # what looks like the data goes on to the end
    ],
    ids=range(8),
)
def test_a_layout_that_is_not_learned(text: bytes) -> None:
    for _ in range(4):
        assert format_.decode(text) == carefully(text)
    assert _cbor_short.one(text) is None


def test_content_types_that_are_remembered_are_bounded() -> None:
    before = dict(_cbor_careful.families)
    try:
        for number in range(2000):
            text = body(b"odatacontenttype" + cbor2.dumps(f"a/cbor; n={number}"), b"ddata\x01")
            assert format_.decode(text).data == 1
        assert len(_cbor_careful.families) <= 1024
    finally:
        _cbor_careful.families.clear()
        _cbor_careful.families.update(before)


def test_what_is_learned_is_bounded() -> None:
    for length in range(3 * _cbor_short._MANY):
        text = body(b"gsubject" + cbor2.dumps("x" * (length + 1)), b"ddata\x01")
        format_.decode(text)
        if length % 2:
            format_.decode(text)
        assert len(_cbor_short._layouts) <= _cbor_short._MANY
        assert len(_cbor_short._missed) <= _cbor_short._MANY


LEARNED = [
    usual(),
    body(),
    body(b"gsubjectax", b"ddata\xa1aa\x01"),
    body(b"aa\xc0t2020-01-01T00:00:00Z", b"ab\xd8\x20gurn:x:y", CBOR, b"ddata\x82\x01ab"),
    body(b"aa\x42\x01\x02", b"ab\x19\x01\x00", PLAIN, b"ddataehello"),
    body(b"gsubject\xf6", PNG, b"ddata\x45hello"),
]


def outcome(text: bytes, *, careful: bool, lenient: bool = False) -> object:
    try:
        event = carefully(text, lenient=lenient) if careful else format_.decode(text, lenient=lenient)
    except InvalidEvent as error:
        return error.problems
    kept = [(name, type(value), value) for name, value in kept_extensions(event).items()]
    return repr(event), kept, event.repairs, type(stored_data(event)), stored_data(event)


@given(
    st.sampled_from(LEARNED),
    st.lists(
        st.tuples(
            st.integers(0, 150),
            st.sampled_from([*b"\x00\x01\x17\x18\x40ab\x62\x78\x80\x81\xa0\xc0\xf4\xf6\xf7\xff"])
            | st.integers(0, 255),
        ),
        max_size=3,
    ),
)
@example(LEARNED[0], [])
def test_the_short_way_reads_as_the_careful_one(text: bytes, changes: list[tuple[int, int]]) -> None:
    for learned in LEARNED:
        if _cbor_short.one(learned) is None:
            learn(learned)
    changed = bytearray(text)
    for at, byte in changes:
        changed[at % len(changed)] = byte
    for lenient in (False, True):
        found = outcome(bytes(changed), careful=False, lenient=lenient)
        assert found == outcome(bytes(changed), careful=True, lenient=lenient)


# ------------------------------------------------------------------------------------------------- well-formedness

# RFC 8949, appendix F.1, and the same where the break is in a tag
ILL_FORMED = """
    18 19 1a 1b 1901 1a0102 1b01020304050607 38 58 78 98 9a01ff00 b8 d8 f8 f900 fa0000 fb000000
    41 61 5affffffff00 5bffffffffffffffff010203 7affffffff00 7b7fffffffffffffff010203
    81 818181818181818181 8200 a1 a20102 a100 a2000000 c0
    5f4100 7f6100 9f 9f0102 bf bf01020102 819f 9f8000 9f9f9f9f9fffffffff 9f819f819f9fffffff
    1c 1d 1e 3c 3d 3e 5c 5d 5e 7c 7d 7e 9c 9d 9e bc bd be dc dd de fc fd fe
    f800 f801 f818 f81f
    5f00ff 5f21ff 5f6100ff 5f80ff 5fa0ff 5fc000ff 5fe0ff 7f4100ff 5f5f4100ffff 7f7f6100ffff
    ff 81ff 8200ff a1ff a1ff00 a100ff a20000ff 9f81ff 9f829f819f9fffffffff bf00ff bf000000ff
    1f 3f df 1fff 3fff dfff c1ff 9fc1ff bf01c1ff 9f01
"""
# from appendix A, and simple values that are not assigned
WELL_FORMED = """
    00 17 1818 1bffffffffffffffff 20 3bffffffffffffffff c249010000000000000000 f90000 fa47c35000 fb7e37e43c8800759c
    f4 f5 f6 f7 f0 f8ff e0 c074323031332d30332d32315432303a30343a30305a c11a514b67b0 d74401020304
    d818456449455446 40 4401020304 60 62225c 80 83010203 8301820203820405 a0 a201020304 a26161016162820203
    5f42010243030405ff 7f657374726561646d696e67ff 9fff 9f018202039f0405ffff 83018202039f0405ff
    bf61610161629f0203ffff 826161bf61626163ff 5fff 7fff 5f40ff bfff 9f9fff9fffff bf019f01ff02bf03a0ffff
    9800 b800 5800 7800 9b0000000000000001f6 d9d9f700 da0000000001
"""


@pytest.mark.parametrize("digits", ILL_FORMED.split())
def test_ill_formed(digits: str) -> None:
    item = bytes.fromhex(digits)
    with pytest.raises(_cbor_items.IllFormed):
        _cbor_items.end_of(item, 0)
    for text in (body(b"aa" + item), body(b"ddata" + item), body(item), item):
        assert problems(text)[0][1] in ("CBOR-3-a", "CBOR-3-c")


@pytest.mark.parametrize("digits", WELL_FORMED.split())
def test_well_formed(digits: str) -> None:
    item = bytes.fromhex(digits)
    assert _cbor_items.end_of(item, 0) == len(item)
    assert _cbor_items.end_of(b"\x00" + item + b"\x00", 1) == len(item) + 1
    assert format_.decode(body(CBOR, b"ddata" + item)).data_bytes == item


@given(ITEMS)
def test_an_item_ends_where_it_ends_and_not_before(item: bytes) -> None:
    assert _cbor_items.end_of(item + b"\xff", 0) == len(item)
    for size in range(len(item)):
        with pytest.raises(_cbor_items.IllFormed, match="cut off"):
            _cbor_items.end_of(item[:size], 0)


# -------------------------------------------------------------------------------------------------- deterministic


def shortest(digits: str) -> str:
    return _cbor_items.shortest(bytes.fromhex(digits))[0].hex()


@pytest.mark.parametrize(
    ("given_digits", "wanted"),
    [
        # heads
        ("1b0000000000000005", "05"),
        ("1900ff", "18ff"),
        ("3a00000100", "390100"),
        ("580141", "4141"),
        ("7b000000000000000161", "6161"),
        ("980105", "8105"),
        ("b8010203", "a10203"),
        ("d80001", "c001"),
        # lengths
        ("5f42010243030405ff", "450102030405"),
        ("7f657374726561646d696e67ff", "6973747265616d696e67"),
        ("7fff", "60"),
        ("9f018202039f0405ffff", "8301820203820405"),
        ("bf6161019f02ff03ff", "a2616101810203"),
        # keys, in the order that section 4.2.1 shows
        ("a8f4008120008118640062616100617a0020001864000a00", "a80a001864002000617a006261610081186400812000f400"),
        # numbers with a fraction: appendix A
        ("fb0000000000000000", "f90000"),
        ("fb8000000000000000", "f98000"),
        ("fb3ff8000000000000", "f93e00"),
        ("fa3fc00000", "f93e00"),
        ("fb40effc0000000000", "f97bff"),
        ("fb40f86a0000000000", "fa47c35000"),
        ("fb47efffffe0000000", "fa7f7fffff"),
        ("fb7e37e43c8800759c", "fb7e37e43c8800759c"),
        ("fb3ff199999999999a", "fb3ff199999999999a"),
        ("fb3e70000000000000", "f90001"),
        ("fb3e60000000000000", "fa33000000"),
        ("fb7ff0000000000000", "f97c00"),
        ("faff800000", "f9fc00"),
        ("fb7ff8000000000000", "f97e00"),
        ("fa7fc00001", "f97e00"),
        # bignums: section 3.4.3
        ("c24105", "05"),
        ("c240", "00"),
        ("c34105", "25"),
        ("c25f41ff41ffff", "19ffff"),
        ("c248ffffffffffffffff", "1bffffffffffffffff"),
        ("c24a00010000000000000000", "c249010000000000000000"),
        ("c34a00010000000000000000", "c349010000000000000000"),
        ("c28101", "c28101"),
        # what stays as it is
        ("c07818" + TIME.encode().hex(), "c07818" + TIME.encode().hex()),
        ("d818421805", "d818421805"),
        ("f7", "f7"),
        ("f8ff", "f8ff"),
    ],
)  # fmt: skip
def test_the_shortest_encoding(given_digits: str, wanted: str) -> None:
    assert shortest(given_digits) == wanted
    assert shortest(wanted) == wanted


PLAIN_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(), inner, max_size=30),
    max_leaves=20,
)


@given(PLAIN_VALUES)
def test_the_shortest_encoding_is_that_of_cbor2(value: Any) -> None:
    """Where they agree on the order: cbor2 puts shorter keys first, which differs for keys of several types."""
    assert _cbor_items.shortest(cbor2.dumps(value))[0] == cbor2.dumps(value, canonical=True)


def meaning(value: Any) -> Any:
    """A value to compare: a float by its bits, of NaN there is one."""
    if isinstance(value, float):
        return "NaN" if value != value else struct.pack(">d", value)
    if isinstance(value, dict):
        return {meaning(key): meaning(member) for key, member in value.items()}
    if isinstance(value, list):
        return [meaning(member) for member in value]
    return (value.tag, meaning(value.value)) if isinstance(value, cbor2.CBORTag) else (type(value), value)


@given(ITEMS)
def test_the_shortest_encoding_has_the_same_value(item: bytes) -> None:
    found, end = _cbor_items.shortest(item)
    assert end == len(item)
    assert len(found) <= len(item)
    assert meaning(cbor2.loads(found)) == meaning(cbor2.loads(item))
    assert _cbor_items.shortest(found) == (found, len(found))


def test_a_deterministic_event() -> None:
    event = made(
        time=TIME, zz=1, b="x", a=True, data=CborItem(b"\xbf\x18\x01\xfb" + bytes(8) + b"\x00\xf5\xff")
    )
    assert format_.encode(event, deterministic=True) == (
        b"\xa9aa\xf5abaxbida1bzz\x01ddata\xa2\x00\xf5\x01\xf9\x00\x00dtime\xc0x\x18"
        + TIME.encode()
        + b"dtypeatfsourceb/skspecversionc1.0"
    )
    assert format_.decode(format_.encode(event, deterministic=True)).data == event.data
    assert (
        format_.encode(made(data=b"\x01"), deterministic=True)
        == b"\xa5bida1ddata\x41\x01dtypeatfsourceb/skspecversionc1.0"
    )
    assert format_.encode(made(), deterministic=True) == b"\xa4bida1dtypeatfsourceb/skspecversionc1.0"


def test_data_without_a_deterministic_encoding() -> None:
    for item in (b"\xa2\x01\x02\x01\x03", b"\x81\xa2\x01\x02\x18\x01\x02"):
        event = made(data=CborItem(item))
        assert format_.decode(format_.encode(event)) == event
        with pytest.raises(DataError, match="no deterministic encoding: a map has a key more than once"):
            format_.encode(event, deterministic=True)


# -------------------------------------------------------------------------------------------------------- hostile

HOSTILE = {
    "nested arrays": b"\x81" * 20_000,
    "nested arrays without a count": b"\x9f" * 20_000,
    "nested maps": b"\xa1\x01" * 20_000,
    "maps as keys": b"\xa1" * 20_000,
    "nested tags": b"\xc6" * 20_000,
    "long tags": b"\xdb" + b"\xff" * 8 + b"\xdb" * 20_000,
    "nested in turn": b"\x81\xa1\x01\xc6\x9f\xbf\x01" * 4_000,
    "breaks": b"\xff" * 20_000,
    "empty arrays": b"\x9f" + b"\x80" * 20_000 + b"\xff",
    "empty chunks of text": b"\x7f" + b"\x60" * 20_000 + b"\xff",
    "empty chunks of bytes": b"\x5f" + b"\x40" * 20_000 + b"\xff",
    "a long text": b"\x7b\x00\x00\x00\xff\xff\xff\xff\xff" + b"x" * 1000,
    "the longest text": b"\x7b" + b"\xff" * 8,
    "the longest bytes": b"\x5b" + b"\xff" * 8,
    "the longest array": b"\x9b" + b"\xff" * 8,
    "the longest map": b"\xbb" + b"\xff" * 8,
    "the longest map, of a few": b"\xbb" + b"\xff" * 8 + b"aa\x01" * 1000,
    "the longest chunk": b"\x7f\x7b" + b"\xff" * 8,
    "long bignum": b"\xc2\x59\xff\xff" + b"\xff" * 65_535,
    "decimal": b"\xc4\x82\x1b" + b"\x7f" * 8 + b"\x01",
    "bigfloat": b"\xc5\x82\x1b" + b"\x7f" * 8 + b"\x01",
    "regular expression": b"\xd8\x23x\x18" + b"(a*)*" * 4 + b"((((",
    "shared value": b"\xd8\x1c\x81\xd8\x1d\x00",
    "string references": b"\xd9\x01\x00\x82cabc\xd8\x19\x00",
    "many keys": b"\xb9\x07\xd0" + b"".join(b"d%04d\x01" % number for number in range(2_000)),
    "many repeats": b"\xb9\x07\xd0" + b"aa\x01" * 2_000,
    "many keys that are no text": b"\xb9\x07\xd0" + b"\x01\x01" * 2_000,
}
PLACES: dict[str, Callable[[bytes], bytes]] = {
    "the whole": bytes,
    "a key": lambda item: body(item + b"\x01"),
    "an attribute": lambda item: body(b"aa" + item),
    "time": lambda item: body(b"dtime" + item),
    "the data": lambda item: body(b"ddata" + item),
    "the data under a type": lambda item: body(PLAIN, b"ddata" + item),
    "members": lambda item: b"\xbf" + CORE + item + b"\xff",
    "after the end": lambda item: body() + item,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("item", HOSTILE)
def test_hostile_items_cost_no_more_than_their_bytes(item: str, place: str) -> None:
    text = PLACES[place](HOSTILE[item])
    for lenient in (False, True):
        tracemalloc.start()
        found = outcome(text, careful=False, lenient=lenient)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1_000_000 + 60 * len(text), f"{peak} bytes for {len(text)}"
        assert len(repr(found)) < 50_000 + 4 * len(text)


def test_data_that_cbor2_cannot_read_is_passed_on() -> None:
    for item in (HOSTILE["regular expression"], HOSTILE["bigfloat"], b"a\xff", b"\xc0ax"):
        event = format_.decode(body(b"ddata" + item))
        assert format_.encode(event) == body(b"ddata" + item)
        with pytest.raises(DataError):
            _ = event.data


PIECES = [CORE, JSON, CBOR, PLAIN, b"bida2", b"dtime\xc0t2020-01-01T00:00:00Z", b"aa\x01", b"gsubject\xf6",
          b"ddata\xa1aa\x01", b"\xa5", b"\xbf", b"\xff", b"\x7f", b"\x60", b"\x81", b"\xc2\x41\x05", b"\xd8\x20",
          b"\xd9\xd9\xf7", b"\x1b", b"\xfb"]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An event with a few pieces removed, repeated or put in."""
    text = format_.encode(draw(testing.events()), deterministic=draw(st.booleans()))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        piece = draw(
            st.sampled_from([b"", text[start:end] * 2]) | st.sampled_from(PIECES) | st.binary(max_size=3)
        )
        text = text[:start] + piece + text[start if draw(st.booleans()) else end :]
    return text


@given(damaged() | st.binary(max_size=100).map(lambda rest: b"\xb0" + CORE + rest) | st.binary(max_size=30))
def test_damaged_bytes_give_an_event_or_an_error_of_ours(text: bytes) -> None:
    strict = outcome(text, careful=False)
    lenient = outcome(text, careful=False, lenient=True)
    for _ in range(3):
        try:
            event = format_.decode(text)
        except InvalidEvent:
            break
        assert strict == lenient
        assert format_.decode(format_.encode(event)) == event
        assert format_.decode(format_.encode(event)).data_bytes == event.data_bytes
