"""The Protobuf format: pairs of event and message both ways, what is refused, messages as data, and its neighbours.

The messages are put together here from tags, lengths and bytes, so that nothing of the format vouches for itself; the
classes that `protoc` makes of the published schema are the second witness.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from google.protobuf import any_pb2, descriptor_pb2, duration_pb2, struct_pb2, wrappers_pb2
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Raw

import cevents
from cevents import (
    CloudEvent,
    DataError,
    InvalidEvent,
    UnsupportedFormat,
    attributes,
    bindings,
    formats,
    testing,
)
from cevents.attributes import URIReferenceText, URIText
from cevents.data import Binary, ProtobufMessage
from cevents.errors import Findings, Problem
from cevents.event import kept_extensions, stored_data
from cevents.formats import protobuf as format_
from cevents.timestamps import TimestampText

Event = CloudEvent[Any]

URL = "type.googleapis.com/example.SomeData"


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


# ------------------------------------------------------------------------------------------- messages by hand


def varint(number: int) -> bytes:
    number &= 2**64 - 1
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def number(field: int, value: int) -> bytes:
    """A field of a number that is a varint."""
    return varint(field << 3) + varint(value)


def piece(field: int, content: bytes | str) -> bytes:
    """A field of text, of bytes, or of another message."""
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def entry(name: str, value: bytes) -> bytes:
    """An entry of the map of attributes."""
    return piece(5, piece(1, name) + piece(2, value))


def string(text: str) -> bytes:
    return piece(3, text)


def instant(seconds: int, nanos: int = 0) -> bytes:
    return piece(7, (number(1, seconds) if seconds else b"") + (number(2, nanos) if nanos else b""))


def holding(url: str, value: bytes) -> bytes:
    """A field of data that holds an Any."""
    return piece(8, piece(1, url) + piece(2, value))


ID, SOURCE, VERSION, TYPE = piece(1, "1"), piece(2, "/s"), piece(3, "1.0"), piece(4, "t")
CORE = ID + SOURCE + VERSION + TYPE
JSON_TYPE = entry("datacontenttype", string("application/json"))
PROTOBUF_TYPE = entry("datacontenttype", string("application/protobuf"))

# ------------------------------------------------------------------------------------------------- both ways

# PB-2.1-a, PB-2.3-a, PB-2.4-a, T-PB-1: the event, and the message that is its one spelling. Its third member is the
# class under which the data is kept once it was read.
PAIRS: list[tuple[str, Event, bytes, type]] = [
    ("minimal", made(), CORE, type(None)),
    (
        "every core attribute",
        made(
            time="2018-04-05T17:31:00Z",
            datacontenttype="text/plain",
            subject="sub",
            dataschema="urn:x:y",
            data="text",
        ),
        CORE
        + entry("datacontenttype", string("text/plain"))
        + entry("dataschema", piece(5, "urn:x:y"))
        + entry("subject", string("sub"))
        + entry("time", instant(1522949460))
        + piece(7, "text"),
        str,
    ),
    # PB-2.4-b, T-PB-2: false, 0, "" and no bytes are values
    (
        "Boolean",
        made(a=True, b=False),
        CORE + entry("a", number(1, 1)) + entry("b", number(1, 0)),
        type(None),
    ),
    (
        "Integer",
        made(a=2147483647, b=-2147483648, c=0),
        CORE
        + entry("a", number(2, 2147483647))
        + entry("b", number(2, -2147483648))
        + entry("c", number(2, 0)),
        type(None),
    ),
    (
        "String",
        made(a="", b="€\U0001f600"),
        CORE + entry("a", string("")) + entry("b", string("€\U0001f600")),
        type(None),
    ),
    (
        "Binary",
        made(a=b"", b=b"\x00\xff"),
        CORE + entry("a", piece(4, b"")) + entry("b", piece(4, b"\x00\xff")),
        type(None),
    ),
    ("URI", made(a=URIText("urn:x:y")), CORE + entry("a", piece(5, "urn:x:y")), type(None)),
    ("URI-reference", made(a=URIReferenceText("../a#b")), CORE + entry("a", piece(6, "../a#b")), type(None)),
    (
        "Timestamp",
        made(a=TimestampText("2018-04-05T17:31:00.000000001Z"), b=TimestampText("1970-01-01T00:00:00Z")),
        CORE + entry("a", instant(1522949460, 1)) + entry("b", instant(0)),
        type(None),
    ),
    ("name that begins with a digit", made(**{"1st": "x"}), CORE + entry("1st", string("x")), type(None)),
    # data: PB-3-d, PB-3-f, T-PB-6, T-PB-2
    ("JSON value", made(data={"a": 1}), CORE + JSON_TYPE + piece(7, '{"a":1}'), str),  # CE-datacontenttype-c
    ("JSON null", made(data=Raw(b"null")), CORE + JSON_TYPE + piece(7, "null"), str),
    (
        "digits of JSON",
        made(data=Raw(b'[1.10, 123456789012345678901234567890, "\\u20ac"]')),
        CORE + JSON_TYPE + piece(7, '[1.10, 123456789012345678901234567890, "\\u20ac"]'),
        str,
    ),
    (
        "JSON bytes",
        made(data=b'{"a":1}', datacontenttype="application/json"),
        CORE + JSON_TYPE + piece(6, '{"a":1}'),
        bytes,
    ),
    (
        "no JSON",
        made(data=b"not JSON", datacontenttype="application/json"),
        CORE + JSON_TYPE + piece(6, "not JSON"),
        bytes,
    ),
    (
        "JSON value in another charset",
        made(data="é", datacontenttype="a/json; charset=iso-8859-1"),
        CORE + entry("datacontenttype", string("a/json; charset=iso-8859-1")) + piece(7, '"é"'),
        str,
    ),
    (
        "text of bytes",
        made(data="<é/>".encode(), datacontenttype="text/xml"),
        CORE + entry("datacontenttype", string("text/xml")) + piece(7, "<é/>"),
        str,
    ),
    (
        "text in another charset",
        made(data=b"\xe9", datacontenttype="text/plain; charset=iso-8859-1"),
        CORE + entry("datacontenttype", string("text/plain; charset=iso-8859-1")) + piece(7, "é"),
        str,
    ),
    (
        "text in UTF-16",
        made(data="é", datacontenttype="text/plain; charset=utf-16"),
        CORE + entry("datacontenttype", string("text/plain; charset=utf-16")) + piece(7, "é"),
        str,
    ),
    (
        "text type, but no text",
        made(data=b"\xff", datacontenttype="text/plain"),
        CORE + entry("datacontenttype", string("text/plain")) + piece(6, b"\xff"),
        bytes,
    ),
    (
        "no characters",
        made(data="", datacontenttype="text/plain"),
        CORE + entry("datacontenttype", string("text/plain")) + piece(7, ""),
        str,
    ),
    ("no bytes", made(data=b""), CORE + piece(6, b""), bytes),
    ("bytes", made(data=b"\x00\xff"), CORE + piece(6, b"\x00\xff"), bytes),
    (
        "base64 in JSON",
        made(data=Binary(b"{}"), datacontenttype="application/json"),
        CORE + JSON_TYPE + piece(6, "{}"),
        bytes,
    ),
    # PB-3-a, PB-3-b, PB-3-c
    (
        "message",
        made(data=ProtobufMessage(b"\x0a\x01x", URL)),
        CORE + PROTOBUF_TYPE + entry("dataschema", piece(5, f"https://{URL}")) + holding(URL, b"\x0a\x01x"),
        ProtobufMessage,
    ),
    (
        "message under another schema and type",
        made(data=ProtobufMessage(b"", "a.example/b.C"), datacontenttype="a/b", dataschema="urn:x:y"),
        CORE
        + entry("datacontenttype", string("a/b"))
        + entry("dataschema", piece(5, "urn:x:y"))
        + piece(8, piece(1, "a.example/b.C")),
        ProtobufMessage,
    ),
    (
        "message by its schema",  # T-PB-7: as it comes through HTTP
        made(data=b"\x0a\x01x", datacontenttype="Application/Protobuf; a=b", dataschema=f"https://{URL}"),
        CORE
        + entry("datacontenttype", string("Application/Protobuf; a=b"))
        + entry("dataschema", piece(5, f"https://{URL}"))
        + holding(URL, b"\x0a\x01x"),
        ProtobufMessage,
    ),
    (
        "message of somebody else's schema",
        made(data=b"x", datacontenttype="application/protobuf", dataschema="https://a.example/b.C"),
        CORE + PROTOBUF_TYPE + entry("dataschema", piece(5, "https://a.example/b.C")) + piece(6, "x"),
        bytes,
    ),
    (
        "no message by its content type",
        made(data=b"x", datacontenttype="application/x-protobuf", dataschema=f"https://{URL}"),
        CORE
        + entry("datacontenttype", string("application/x-protobuf"))
        + entry("dataschema", piece(5, f"https://{URL}"))
        + piece(6, "x"),
        bytes,
    ),
]
each_pair = pytest.mark.parametrize(
    ("event", "body", "kind"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)


@each_pair
def test_an_event_is_written_so(event: Event, body: bytes, kind: type) -> None:
    assert format_.encode(event) == body
    assert format_.encode_batch([event]) == piece(1, body)  # PB-5.1-a


@each_pair
def test_a_message_is_read_so(event: Event, body: bytes, kind: type) -> None:
    for given_body in (body, bytearray(body), memoryview(body)):
        found = format_.decode(given_body)
        testing.assert_same_event(found, event)
        assert found.repairs == ()
        assert found.data_bytes == event.data_bytes
        assert type(stored_data(found)) is kind
        assert {name: type(value) for name, value in kept_extensions(found).items()} == {
            name: type(value) for name, value in kept_extensions(event).items()
        }
    assert format_.decode(body, lenient=True).repairs == ()
    assert format_.decode_batch(piece(1, body)) == [event]


@each_pair
def test_a_message_is_written_as_it_was_read(event: Event, body: bytes, kind: type) -> None:
    for _ in range(3):  # T75
        body_again = format_.encode(format_.decode(body))
        assert body_again == body


def test_the_verbs_and_media_types() -> None:  # PB-4-a, PB-5.2-a
    assert formats.get("protobuf") is format_
    assert formats.get("application/cloudevents+protobuf") is format_
    assert formats.get("application/cloudevents-batch+protobuf; charset=utf-8") is format_
    with pytest.raises(UnsupportedFormat):  # T-PB-8, V03-pb-a: that of 0.3 is told
        bindings.http.decode([("content-type", "application/cloudevents+proto")], CORE)


def test_over_http() -> None:  # HTTP-3.3.1-a
    event = made(data={"a": 1}, a=True)
    message = bindings.http.encode(event, "structured", format="protobuf")
    assert message == ([("content-type", format_.media_type)], format_.encode(event))
    assert bindings.http.decode(*message) == event
    batch = bindings.http.encode_batch([event, made()], format="protobuf")
    assert batch.headers == [("content-type", format_.batch_media_type)]
    assert bindings.http.decode_batch(*batch) == [event, made()]


def test_the_order_of_extensions_does_not_show() -> None:
    names = [f"x{number}" for number in range(20)]
    bodies = {format_.encode(made(**dict.fromkeys(order, "v"))) for order in (names, names[::-1])}
    assert len(bodies) == 1


# ------------------------------------------------------------------------------------------- other ways to say it


@pytest.mark.parametrize(
    ("body", "event"),
    [
        (TYPE + VERSION + SOURCE + ID, made()),  # fields come in any order
        (CORE + number(99, 1) + piece(1000, "x") + b"\x0b\x0c", made()),  # unknown fields are no problem
        (CORE + entry("a", string("x") + number(50, 1)), made(a="x")),
        (CORE + piece(5, piece(1, "a") + piece(2, string("x")) + number(9, 1)), made(a="x")),
        (CORE + entry("a", b""), made()),  # PB-2.4-b
        (CORE + piece(5, piece(1, "a")), made()),
        (CORE + entry("subject", b"") + entry("time", b""), made()),
        (CORE + entry("id", b""), made()),
        (CORE + piece(5, piece(2, string("x")) + piece(1, "a")), made(a="x")),  # the value before the key
        (CORE + b"\x2a\x09" + piece(1, "a") + b"\x12\x04" + b"\x10\x87\x80\x00", made(a=7)),  # digits to spare
        (CORE + entry("a", b"\x10\xff\xff\xff\xff\x0f"), made(a=-1)),  # as 32 bits, where 64 are usual
        (CORE + entry("a", b"\x10\x85\x80\x80\x80\x10"), made(a=5)),  # bits beyond the 32nd
        (CORE + entry("a", b"\x08\x02"), made(a=True)),
        (CORE + JSON_TYPE + piece(7, ""), made(data=b"", datacontenttype="application/json")),
    ],
)  # fmt: skip
def test_what_others_may_write(body: bytes, event: Event) -> None:
    found = format_.decode(body)
    testing.assert_same_event(found, event)
    assert found.repairs == ()


def test_text_without_a_content_type() -> None:  # PB-3-e, PB-3-g
    found = format_.decode(CORE + piece(7, "é"))
    assert found.data_bytes == "é".encode()
    assert found.datacontenttype is None
    assert format_.encode(found) == CORE + piece(7, "é")


def test_text_under_a_json_type_is_a_json_document() -> None:  # T76
    found = format_.decode(CORE + JSON_TYPE + piece(7, '{"a": [1.10]}'))
    assert found.data == {"a": [1.1]}
    assert found.data_bytes == b'{"a": [1.10]}'
    assert found.data_as(dict[str, list[float]]) == {"a": [1.1]}
    assert b'"data":{"a": [1.10]}' in formats.json.encode(found)
    with pytest.raises(DataError):
        _ = format_.decode(CORE + JSON_TYPE + piece(7, "{")).data


def test_bytes_of_others_become_json_in_json() -> None:  # F15: there are peers that only write bytes
    found = format_.decode(CORE + JSON_TYPE + piece(6, '{"a":1}'))
    assert b'"data":{"a":1}' in formats.json.encode(found)


# ------------------------------------------------------------------------------------------------------ timestamps

MOMENTS = [
    # what is written, seconds, nanoseconds, what is read: T-PB-5, CE-types-q
    ("2018-04-05T17:31:00Z", 1522949460, 0, "2018-04-05T17:31:00Z"),
    ("2018-04-05t17:31:00z", 1522949460, 0, "2018-04-05T17:31:00Z"),
    ("2018-04-05T19:31:00+02:00", 1522949460, 0, "2018-04-05T17:31:00Z"),
    ("2018-04-05T12:01:00-05:30", 1522949460, 0, "2018-04-05T17:31:00Z"),
    ("2018-04-05T17:31:00-00:00", 1522949460, 0, "2018-04-05T17:31:00Z"),
    ("2018-04-05T17:31:00.5Z", 1522949460, 500_000_000, "2018-04-05T17:31:00.500Z"),
    ("2018-04-05T17:31:00.120000Z", 1522949460, 120_000_000, "2018-04-05T17:31:00.120Z"),
    ("2018-04-05T17:31:00.123456Z", 1522949460, 123_456_000, "2018-04-05T17:31:00.123456Z"),
    ("2018-04-05T17:31:00.123456789Z", 1522949460, 123_456_789, "2018-04-05T17:31:00.123456789Z"),
    ("2018-04-05T17:31:00.1000000000000Z", 1522949460, 100_000_000, "2018-04-05T17:31:00.100Z"),
    ("2018-04-05T17:31:00.000Z", 1522949460, 0, "2018-04-05T17:31:00Z"),
    ("1969-12-31T23:59:59.999999999Z", -1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
    ("1970-01-01T00:00:00Z", 0, 0, "1970-01-01T00:00:00Z"),
    ("0001-01-01T00:00:00Z", -62135596800, 0, "0001-01-01T00:00:00Z"),
    ("9999-12-31T23:59:59.999999999Z", 253402300799, 999_999_999, "9999-12-31T23:59:59.999999999Z"),
    ("2000-02-29T00:00:00Z", 951782400, 0, "2000-02-29T00:00:00Z"),
    ("0001-01-01T01:00:00+01:00", -62135596800, 0, "0001-01-01T00:00:00Z"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "seconds", "nanos", "read"), MOMENTS)
def test_an_instant(text: str, seconds: int, nanos: int, read: str) -> None:
    body = CORE + entry("a", instant(seconds, nanos)) + entry("time", instant(seconds, nanos))
    assert format_.encode(made(time=text, a=TimestampText(text))) == body
    found = format_.decode(body)
    assert found.text("time") == found.text("a") == read
    assert format_.encode(found) == body


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2018-04-05T17:31:00.1234567891Z", "nine digits"),
        ("2018-04-05T17:31:00.0000000001Z", "nine digits"),
        ("2016-12-31T23:59:60Z", "leap seconds"),
        ("0000-12-31T23:59:59Z", "the year 0000"),
        ("0001-01-01T00:00:00+00:01", "1 to 9999"),
        ("9999-12-31T23:59:59-00:01", "1 to 9999"),
    ],
)
def test_what_no_timestamp_of_protobuf_can_be(text: str, why: str) -> None:  # never rounded
    for event in (made(time=text), made(a=TimestampText(text))):
        with pytest.raises(DataError, match=why):
            format_.encode(event)


@pytest.mark.parametrize(
    "text",
    ["lunchtime", "2018-04-05", "2018-04-05T17:31:00", "2018-04-05T17:31:00.Z", "2018-04-05T17:31:00Zx"],
)
def test_a_timestamp_that_is_none(text: str) -> None:
    with pytest.raises(InvalidEvent, match="timestamp"):
        made(a=TimestampText(text))


# ---------------------------------------------------------------------------------------------------------- refused

# Each case: its name, the message, its problems, and whether lenient reading mends them all.


def same(case: str, body: bytes, *found: tuple[str | None, str]) -> tuple[str, bytes, list[Any], bool]:
    return case, body, list(found), False


def mended(case: str, body: bytes, *found: tuple[str | None, str]) -> tuple[str, bytes, list[Any], bool]:
    return case, body, list(found), True


NO_MESSAGE = (None, "PB-2.3-a")
CASES = [
    same("text", b"hello", NO_MESSAGE),
    same("JSON", b'{"specversion":"1.0"}', NO_MESSAGE),
    same("cut off", CORE[:-1], NO_MESSAGE),
    same("cut off in a tag", CORE + b"\xff", NO_MESSAGE),
    same("trailing byte", CORE + b"\x00", NO_MESSAGE),
    same("length beyond the end", b"\x0a\xff\xff\xff\xff\x07" + CORE, NO_MESSAGE),
    same("length of 64 bits", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", NO_MESSAGE),
    same("varint without end", b"\x08" + b"\xff" * 20, NO_MESSAGE),
    same("group without end", CORE + b"\x0b", NO_MESSAGE),
    same("end of no group", CORE + b"\x0c", NO_MESSAGE),
    same("groups in groups", CORE + b"\x0b" * 5000 + b"\x0c" * 5000, NO_MESSAGE),
    same("no UTF-8 in a field", piece(1, b"\xff") + CORE, NO_MESSAGE),
    same("no UTF-8 in text", CORE + piece(7, b"\xff"), NO_MESSAGE),
    same("surrogate in UTF-8", CORE + entry("a", piece(3, b"\xed\xa0\x80")), NO_MESSAGE),
    same("no UTF-8 in a name", CORE + piece(5, piece(1, b"\xff") + piece(2, string("x"))), NO_MESSAGE),
    same("numbers in place of texts", number(1, 1) + number(2, 1) + number(3, 1) + number(4, 1),
         ("specversion", "CE-specversion-b"), ("type", "CE-type-a"), ("source", "CE-source-a"), ("id", "CE-id-a")),
    # T-PB-2: a string that is not set is an empty one
    same("nothing", b"",
         ("specversion", "CE-specversion-b"), ("type", "CE-type-a"), ("source", "CE-source-a"), ("id", "CE-id-a")),
    same("no id", SOURCE + VERSION + TYPE, ("id", "CE-id-a")),
    same("id empty", piece(1, "") + SOURCE + VERSION + TYPE, ("id", "CE-id-a")),
    same("no source", ID + VERSION + TYPE, ("source", "CE-source-a")),
    same("no type", ID + SOURCE + VERSION, ("type", "CE-type-a")),
    same("no spec_version", ID + SOURCE + TYPE, ("specversion", "CE-specversion-b")),
    same("0.3", ID + SOURCE + TYPE + piece(3, "0.3"), ("specversion", "CE-specversion-c")),
    same("2.0", ID + SOURCE + TYPE + piece(3, "2.0"), ("specversion", "CE-specversion-c")),
    mended("1.1", ID + SOURCE + TYPE + piece(3, "1.1"), ("specversion", "CE-specversion-c")),
    mended("source that is none", ID + TYPE + VERSION + piece(2, "a b"), ("source", "CE-source-a")),
    same("control in the id", piece(1, "\x00") + SOURCE + VERSION + TYPE, ("id", "CE-types-e")),
    # T-PB-3: names in the map
    mended("type in the map, the same", CORE + entry("type", string("t")), ("type", "PB-2.3-a")),
    mended("source in the map, the same", CORE + entry("source", piece(6, "/s")), ("source", "PB-2.3-a")),
    same("id in the map", CORE + entry("id", string("2")), ("id", "PB-2.3-a")),
    same("id in the map alone", SOURCE + VERSION + TYPE + entry("id", string("1")),
         ("id", "PB-2.3-a"), ("id", "CE-id-a")),
    same("specversion in the map", CORE + entry("specversion", string("0.3")), ("specversion", "PB-2.3-a")),
    same("id in the map, a number", CORE + entry("id", number(2, -1)), ("id", "PB-2.3-a")),
    mended("data in the map", CORE + entry("data", string("x")), ("data", "CE-naming-f")),
    mended("spec_version in the map", CORE + entry("spec_version", string("1.0")), ("spec_version", "CE-naming-a")),
    mended("no name", CORE + entry("", string("x")), ('""', "CE-naming-c")),
    mended("no name and no value", CORE + piece(5, b""), ('""', "CE-naming-c")),
    mended("capitals", CORE + entry("MyExtension", string("x")), ("MyExtension", "CE-naming-a")),
    mended("punctuation", CORE + entry("my.ext", string("x")), ('"my.ext"', "CE-naming-a")),
    mended("bad name without a value", CORE + entry("My.Extension", b""), ('"My.Extension"', "CE-naming-a")),
    same("core attribute in capitals", CORE + entry("Time", instant(0)), ("Time", "CE-naming-a")),
    # T-PB-4, T77: core attributes of another type
    # T77
    same("time that is broken", CORE + entry("time", piece(7, b"\x08")), (None, "PB-2.3-a")),
    same("time with another end", CORE + entry("time", piece(7, number(1, 1) + b"\x0f")), (None, "PB-2.3-a")),
    mended("time a string", CORE + entry("time", string("2018-04-05T17:31:00Z")), ("time", "PB-2.4-a")),
    same("time a string, and none", CORE + entry("time", string("lunchtime")), ("time", "PB-2.4-a")),
    same("time a number", CORE + entry("time", number(2, 5)), ("time", "PB-2.4-a")),
    same("time true", CORE + entry("time", number(1, 1)), ("time", "PB-2.4-a")),
    mended("subject a URI", CORE + entry("subject", piece(5, "urn:x:y")), ("subject", "PB-2.4-a")),
    same("subject a number", CORE + entry("subject", number(2, 5)), ("subject", "PB-2.4-a")),
    same("subject an instant", CORE + entry("subject", instant(0)), ("subject", "PB-2.4-a")),
    same("subject bytes", CORE + entry("subject", piece(4, "x")), ("subject", "PB-2.4-a")),
    mended("content type a URI-reference", CORE + entry("datacontenttype", piece(6, "a/b")),
           ("datacontenttype", "PB-2.4-a")),
    same("content type a number", CORE + entry("datacontenttype", number(2, 5)), ("datacontenttype", "PB-2.4-a")),
    mended("dataschema a string", CORE + entry("dataschema", string("urn:x:y")), ("dataschema", "PB-2.4-a")),
    same("dataschema a number", CORE + entry("dataschema", number(2, 5)), ("dataschema", "PB-2.4-a")),
    # their values
    mended("subject empty", CORE + entry("subject", string("")), ("subject", "CE-subject-a")),
    mended("content type empty", CORE + entry("datacontenttype", string("")),
           ("datacontenttype", "CE-datacontenttype-a")),
    mended("content type xyz", CORE + entry("datacontenttype", string("xyz")),
           ("datacontenttype", "CE-datacontenttype-a")),
    mended("dataschema empty", CORE + entry("dataschema", piece(5, "")), ("dataschema", "CE-dataschema-a")),
    mended("dataschema relative", CORE + entry("dataschema", piece(5, "/a")), ("dataschema", "CE-dataschema-a")),
    # T-PB-5: instants that are none
    same("nanos below 0", CORE + entry("time", instant(0, -1)), ("time", "CE-time-a")),
    same("nanos of a second", CORE + entry("time", instant(0, 1_000_000_000)), ("time", "CE-time-a")),
    same("the year 0", CORE + entry("time", instant(-62135596801)), ("time", "CE-time-a")),
    same("the year 10000", CORE + entry("time", instant(253402300800)), ("time", "CE-time-a")),
    same("the end of all time", CORE + entry("a", instant(2**63 - 1)), ("a", "CE-types-k")),
    same("nanos of an extension", CORE + entry("a", instant(0, -1)), ("a", "CE-types-k")),
    # extensions by the grammar of their type
    same("URI that is none", CORE + entry("a", piece(5, "/a")), ("a", "CE-types-i")),
    same("URI empty", CORE + entry("a", piece(5, "")), ("a", "CE-types-i")),
    same("URI-reference that is none", CORE + entry("a", piece(6, "a b")), ("a", "CE-types-j")),
    same("control in an extension", CORE + entry("a", string("\x00")), ("a", "CE-types-e")),
    # CE-attrs-d: what is there twice
    mended("id twice, the same", CORE + ID, ("id", "CE-attrs-d")),
    same("id twice", CORE + piece(1, "2"), ("id", "CE-attrs-d")),
    same("spec_version twice", CORE + piece(3, "0.3") + VERSION, ("specversion", "CE-attrs-d")),
    same("id empty and not", piece(1, "") + CORE, ("id", "CE-attrs-d")),
    same("all twice", CORE + piece(1, "2") + piece(2, "/") + piece(4, "u"),
         ("id", "CE-attrs-d"), ("source", "CE-attrs-d"), ("type", "CE-attrs-d")),
    mended("attribute twice, the same", CORE + entry("a", string("x")) * 2, ("a", "CE-attrs-d")),
    same("attribute twice", CORE + entry("a", string("x")) + entry("a", string("y")), ("a", "CE-attrs-d")),
    same("attribute twice, of two types", CORE + entry("a", number(1, 1)) + entry("a", number(2, 1)),
         ("a", "CE-attrs-d")),
    same("attribute with a value and without", CORE + entry("a", string("x")) + entry("a", b""), ("a", "CE-attrs-d")),
    same("attribute without a value and with", CORE + entry("a", b"") + entry("a", string("x")), ("a", "CE-attrs-d")),
    same("two values of one attribute", CORE + entry("a", string("x") + number(2, 1)), ("a", "CE-attrs-d")),
    same("two attributes in one entry", CORE + piece(5, piece(1, "a") + piece(2, string("x")) + piece(2, number(2, 1))),
         ("a", "CE-attrs-d")),
    same("time twice", CORE + entry("time", instant(0)) + entry("time", instant(1)), ("time", "CE-attrs-d")),
    same("data twice", CORE + piece(7, "x") + piece(7, "y"), ("data", "CE-attrs-d")),
    mended("data twice, the same", CORE + piece(7, "x") * 2, ("data", "CE-attrs-d")),
    same("text and bytes", CORE + piece(7, "x") + piece(6, "x"), ("data", "CE-attrs-d")),
    mended("message twice, the same", CORE + holding(URL, b"x") * 2, ("data", "CE-attrs-d")),
    same("message twice", CORE + holding(URL, b"x") + holding(URL, b"y"), ("data", "CE-attrs-d")),
    same("message in two halves", CORE + piece(8, piece(1, URL)) + piece(8, piece(2, b"x")), ("data", "CE-attrs-d")),
    mended("time twice, the same", CORE + entry("time", instant(5)) * 2, ("time", "CE-attrs-d")),
    same("message and bytes", CORE + holding(URL, b"") + piece(6, "x"), ("data", "CE-attrs-d")),
    # ... though as many bytes come and go: a -1 of five bytes takes ten when it is written again
    same("id twice, with a short number", CORE + piece(1, "222") + entry("a", b"\x10\xff\xff\xff\xff\x0f"),
         ("id", "CE-attrs-d")),
    same("id twice, with an entry that lacks a value", CORE + piece(5, piece(1, "a")) + piece(1, ""),
         ("id", "CE-attrs-d"), ("id", "CE-id-a")),
    # PB-3-a: an Any says what it holds
    same("message of no type", CORE + piece(8, b""), ("proto_data", "PB-3-a")),
    same("message of a type without a path", CORE + holding("SomeData", b""), ("proto_data", "PB-3-a")),
    same("message of a type that is no URL", CORE + holding("a b/c.D", b""), ("proto_data", "PB-3-a")),
    # of more than one thing all is told
    same("much", SOURCE + TYPE + VERSION + entry("B", string("x")) + entry("time", number(2, 5)) + holding("", b""),
         ("proto_data", "PB-3-a"), ("time", "PB-2.4-a"), ("B", "CE-naming-a"), ("id", "CE-id-a")),
]  # fmt: skip


def problems_of(work: Callable[[], object]) -> tuple[Problem, ...]:
    """What is wrong, or nothing; any other error passes on."""
    try:
        work()
    except InvalidEvent as error:
        return error.problems or pytest.fail("an invalid event without a problem")
    return ()


def problems(body: bytes, *, lenient: bool = False) -> list[tuple[str | None, str]]:
    """What is wrong with a message: attributes and requirements."""
    with pytest.raises(InvalidEvent) as caught:
        format_.decode(body, lenient=lenient)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("body", "found", "is_mended"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_message_is_refused(body: bytes, found: list[Any], is_mended: bool) -> None:
    assert sorted(problems(body), key=str) == sorted(found, key=str)
    if is_mended:
        event = format_.decode(body, lenient=True)
        assert {(problem.attribute, problem.requirement) for problem in event.repairs} >= set(found)
    else:
        left = problems(body, lenient=True)
        assert left
        assert set(left) <= {*found, ("time", "CE-time-a")}
    with pytest.raises(InvalidEvent) as caught:
        format_.decode_batch(piece(1, CORE) + piece(1, body))
    assert {problem.index for problem in caught.value.problems} == {1}


def test_what_is_empty_is_said_to_be_missing() -> None:  # T-PB-2
    with pytest.raises(InvalidEvent) as caught:
        format_.decode(piece(1, "") + piece(3, ""))
    assert {problem.message for problem in caught.value.problems} == {"is missing"}


def test_what_lenient_reading_makes_of_it() -> None:
    def mend(body: bytes) -> Event:
        return format_.decode(body, lenient=True)

    assert (
        mend(CORE + entry("time", string("2018-04-05T19:31:00.10+02:00"))).text("time")
        == "2018-04-05T19:31:00.10+02:00"
    )
    assert mend(CORE + entry("time", string("2018-04-05 17:31:00Z"))).text("time") == "2018-04-05T17:31:00Z"
    assert mend(CORE + entry("subject", piece(5, "urn:x:y"))).subject == "urn:x:y"
    assert mend(CORE + entry("MyExt", number(2, 5)))["myext"] == 5
    assert "type" not in mend(CORE + entry("type", string("t"))).extensions
    assert mend(CORE + entry("subject", string(""))).subject is None
    assert mend(CORE + entry("a", string("x")) * 3)["a"] == "x"


@pytest.mark.parametrize("body", ["text", None, 5])
def test_what_has_no_bytes(body: Any) -> None:
    for verb in (format_.decode, format_.decode_batch):
        with pytest.raises(TypeError):
            verb(body)


def test_what_cannot_be_written() -> None:
    with pytest.raises(InvalidEvent) as caught:  # CE-specversion-c
        format_.encode(made(specversion="0.3"))
    assert caught.value.problems[0].requirement == "CE-specversion-c"
    repaired = format_.decode(ID + TYPE + VERSION + piece(2, "a b"), lenient=True)
    with pytest.raises(InvalidEvent, match="CE-source-a"):
        format_.encode(repaired)
    for url in ("", "SomeData", "a b/c.D", "a/b.C#d"):
        with pytest.raises(DataError, match="type URL"):
            ProtobufMessage(b"", url)


def test_a_declared_type_counts() -> None:  # CE-types-n
    attributes.register("pbdeclared", attributes.Integer)
    try:
        assert format_.decode(CORE + entry("pbdeclared", string("5")))["pbdeclared"] == 5
        assert problems(CORE + entry("pbdeclared", string("x"))) == [("pbdeclared", "CE-types-d")]
        assert problems(CORE + entry("pbdeclared", number(1, 1))) == [("pbdeclared", "CE-types-n")]
    finally:
        attributes.unregister("pbdeclared")


# ------------------------------------------------------------------------------------------------- messages as data


def test_the_type_url_as_data_schema() -> None:  # EX-PB-PROTO, PB-3-c: the example has it without a scheme
    for field in (5, 3, 6):  # its helper does not show of which type
        body = CORE + PROTOBUF_TYPE + entry("dataschema", piece(field, URL)) + holding(URL, b"\x0a\x01x")
        found = format_.decode(body)
        assert found.dataschema == f"https://{URL}"
        assert found.repairs == ()
        assert format_.encode(found) == (
            CORE
            + PROTOBUF_TYPE
            + entry("dataschema", piece(5, f"https://{URL}"))
            + holding(URL, b"\x0a\x01x")
        )
    assert problems(CORE + entry("dataschema", piece(5, "a.example/b.D")) + holding(URL, b"")) == [
        ("dataschema", "CE-dataschema-a")
    ]
    other = format_.decode(CORE + entry("dataschema", piece(5, "urn:x:y")) + holding(URL, b""))
    assert other.dataschema == "urn:x:y"  # "unless user set one"


def test_a_message_without_content_type_and_schema() -> None:  # PB-3-b: they are implied, and not made up
    found = format_.decode(CORE + holding(URL, b"\x0a\x01x"))
    assert (found.datacontenttype, found.dataschema) == (None, None)
    assert found.data == found.data_bytes == b"\x0a\x01x"
    message = bindings.http.encode(found)  # T-PB-7
    assert message.body == b"\x0a\x01x"
    assert dict(message.headers)["content-type"] == "application/protobuf"
    assert dict(message.headers)["ce-dataschema"] == f"https://{URL}"


@pytest.mark.parametrize(
    "way",
    [
        lambda event: bindings.http.decode(*bindings.http.encode(event)),
        lambda event: formats.json.decode(formats.json.encode(event)),
        lambda event: format_.decode(format_.encode(event)),
    ],
    ids=["HTTP", "JSON", "Protobuf"],
)
def test_a_message_survives(way: Callable[[Event], Event]) -> None:  # T-PB-7, T75
    sent = made(data=duration_pb2.Duration(seconds=5))
    body = format_.encode(sent)
    found = sent
    for _ in range(3):
        found = way(found)
        testing.assert_same_event(found, sent)
        assert format_.encode(found) == body
        assert found.data_as(duration_pb2.Duration) == duration_pb2.Duration(seconds=5)


def test_messages_are_packed_alike() -> None:
    one, other = struct_pb2.Struct(), struct_pb2.Struct()
    one.update({str(number): number for number in range(50)})
    other.update({str(number): number for number in reversed(range(50))})
    assert made(data=one).data_bytes == made(data=other).data_bytes
    assert (
        format_.decode(format_.encode(made(data=one))).dataschema
        == "https://type.googleapis.com/google.protobuf.Struct"
    )


def test_a_program_gives_and_takes_messages() -> None:  # PB-3-a
    event = made(data=duration_pb2.Duration(seconds=5))
    assert event == made(data=ProtobufMessage(number(1, 5), "type.googleapis.com/google.protobuf.Duration"))
    assert format_.decode(format_.encode(event)).data_as(duration_pb2.Duration).seconds == 5


def test_an_any_is_packed_as_what_it_holds() -> None:  # T75
    wrapped = any_pb2.Any()
    wrapped.Pack(duration_pb2.Duration(seconds=5), type_url_prefix="a.example/")
    found = format_.decode(format_.encode(made(data=wrapped)))
    assert found.data_bytes == number(1, 5)
    assert found.dataschema == "https://a.example/google.protobuf.Duration"
    assert found.data_as(any_pb2.Any) == wrapped
    assert found.data_as(duration_pb2.Duration) == duration_pb2.Duration(seconds=5)
    with pytest.raises(DataError, match="type URL"):
        made(data=any_pb2.Any())


def test_a_message_that_is_not_whole_is_not_packed() -> None:
    with pytest.raises(DataError, match=r"UninterpretedOption\.NamePart"):
        made(data=descriptor_pb2.UninterpretedOption.NamePart(name_part="x"))


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (made(), "no data"),
        (made(data={"a": 1}), "JSON or text"),
        (made(data=b"{}", datacontenttype="application/json"), "JSON or text"),
        (made(data=number(1, 5), datacontenttype="application/json"), "JSON or text"),
        (made(data=b"", datacontenttype="text/plain"), "JSON or text"),
        (made(data=b"\xff"), r"no google\.protobuf\.Duration"),
        (made(data=b"\x0b" * 5000), r"no google\.protobuf\.Duration"),
        (made(data=ProtobufMessage(b"\xff", "a/google.protobuf.Duration")), r"no google\.protobuf\.Duration"),
        (made(data=ProtobufMessage(b"", URL)), r"no google\.protobuf\.Duration, but .*/example\.SomeData"),
        (
            made(data=b"", datacontenttype="application/protobuf", dataschema=f"https://{URL}"),
            r"but .*/example\.SomeData",
        ),
    ],
)
def test_data_that_is_no_such_message(event: Event, why: str) -> None:
    with pytest.raises(DataError, match=why):
        event.data_as(duration_pb2.Duration)


def test_bytes_are_read_as_the_message_that_is_asked_for() -> None:
    for content_type in (None, "application/x-protobuf", "application/octet-stream"):
        event = made(data=number(1, 5), datacontenttype=content_type)
        assert event.data_as(duration_pb2.Duration).seconds == 5
    with pytest.raises(DataError, match="StringValue"):
        made(data=piece(1, b"\xff")).data_as(wrappers_pb2.StringValue)


def test_what_messages_were_given_and_taken_by_before() -> None:
    with pytest.warns(DeprecationWarning, match="give the message itself"):
        event = made(data=format_.packed(duration_pb2.Duration(seconds=5)))
    with pytest.warns(DeprecationWarning, match="data_as"):
        assert format_.unpacked(event, duration_pb2.Duration).seconds == 5


# ---------------------------------------------------------------------------------------------------------- batches


def test_batches() -> None:  # PB-5.1-a, EX-PB-BATCH
    events = [made(id=str(number), data=number) for number in range(5)]
    body = format_.encode_batch(iter(events))
    assert body == b"".join(piece(1, format_.encode(event)) for event in events)
    assert format_.decode_batch(body) == events
    assert format_.decode_batch(memoryview(body)) == events
    assert format_.encode_batch([]) == b""
    assert format_.decode_batch(b"") == []
    assert format_.decode_batch(number(9, 1)) == []  # an unknown field


@pytest.mark.parametrize("body", [b"\x0a", b"\xff", piece(1, CORE)[:-1], b"\x0a\xff\xff\xff\xff\x07", b"[]"])
def test_what_is_no_batch(body: bytes) -> None:
    with pytest.raises(InvalidEvent) as caught:
        format_.decode_batch(body)
    assert [problem.requirement for problem in caught.value.problems] == ["PB-5.1-a"]


def test_an_event_is_no_batch_and_a_batch_no_event() -> None:
    with pytest.raises(InvalidEvent):
        format_.decode_batch(CORE)
    with pytest.raises(InvalidEvent):
        format_.decode(piece(1, CORE))


def test_all_bad_events_of_a_batch_are_told() -> None:
    bad = ID + SOURCE + VERSION
    body = piece(1, CORE) + piece(1, bad) + piece(1, CORE) + piece(1, b"\xff")
    with pytest.raises(InvalidEvent) as caught:
        format_.decode_batch(body)
    found = [(problem.index, problem.requirement) for problem in caught.value.problems]
    assert found == [(1, "CE-type-a"), (3, "PB-2.3-a")]


def test_a_batch_is_read_leniently() -> None:
    body = piece(1, CORE) + piece(1, CORE + entry("time", string("2018-04-05T17:31:00Z")))
    first, second = format_.decode_batch(body, lenient=True)
    assert first.repairs == ()
    assert [problem.requirement for problem in second.repairs] == ["PB-2.4-a"]


# ---------------------------------------------------------------------------------------------------------- hostile

HOSTILE = {
    "huge length": b"\x0a\xff\xff\xff\xff\x07",
    "huge length of a value": b"\x2a\xff\xff\xff\xff\x07" + bytes(1000),
    "groups": b"\x0b" * 1000,
    "groups of a high number": b"\xfb\xff\xff\xff\x0f" * 200,
    "messages in messages": b"\x2a\x80\x07" * 300,
    "empty entries": piece(5, b"") * 500,
    "entries": b"".join(entry(f"{number:x}", b"") for number in range(128)),
    "the same entry": entry("a", string("x")) * 90,
    "empty events": piece(1, b"") * 500,
    "empty data": piece(6, b"") * 500,
    "empty messages": piece(8, b"") * 500,
    "unknown fields": number(15, 0) * 500,
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_message_costs_little(body: bytes) -> None:
    assert len(body) < 1500
    for given_body in (body, CORE + body):
        for lenient in (False, True):
            tracemalloc.start()
            try:
                for verb in (format_.decode, format_.decode_batch):
                    assert len(problems_of(partial(verb, given_body, lenient=lenient))) <= 103
                assert tracemalloc.get_traced_memory()[1] < 2_000_000
            finally:
                tracemalloc.stop()


def test_a_large_event_passes() -> None:  # CE-size-a
    event = made(data=bytes(2**20), **{f"x{number}": "y" * 1000 for number in range(100)})
    assert format_.decode(format_.encode(event)) == event


# -------------------------------------------------------------------------------------------------- for all events


def seconds_of(text: str) -> Fraction:
    """The instant that an RFC 3339 text means, by arithmetic of its own; leap seconds are the next."""
    found = re.fullmatch(r"(\d+)-(\d+)-(\d+)[Tt](\d+):(\d+):(\d+(?:\.\d+)?)(?:[Zz]|([+-])(\d+):(\d+))", text)
    assert found is not None
    year, month, day, hour, minute = map(int, found.groups()[:5])
    days = date(year or 400, month, day).toordinal() - (0 if year else 146097)
    offset = 0 if found[7] is None else int(f"{found[7]}1") * (60 * int(found[8]) + int(found[9]))
    return 86_400 * days + 3600 * hour + 60 * (minute - offset) + Fraction(found[6])


def is_exact(text: str) -> bool:
    """Tell whether a Timestamp of Protobuf can be this instant."""
    instant = seconds_of(text)
    first, last = seconds_of("0001-01-01T00:00:00Z"), seconds_of("9999-12-31T23:59:59.999999999Z")
    return first <= instant <= last and (instant * 10**9).denominator == 1 and text[17:19] != "60"


@given(testing.events())
@example(made(time="2018-04-05T17:31:00+01:00", a=datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=-1)))))
def test_an_event_arrives(event: Event) -> None:
    times = {
        name: event.text(name) for name, value in event.attributes.items() if isinstance(value, datetime)
    }
    if "time" in event:  # the year 0000 is no datetime
        times["time"] = event.text("time")
    if not all(map(is_exact, times.values())):
        with pytest.raises(DataError, match="Timestamp"):
            format_.encode(event)
        return
    body = format_.encode(event)
    found = format_.decode(body)
    for name, text in times.items():
        assert seconds_of(found.text(name)) == seconds_of(text)
        assert re.fullmatch(r".{19}(\.(\d{3}){1,3})?Z", found.text(name))
        assert not found.text(name).endswith("000Z") or "." not in found.text(name)
    testing.assert_same_event(found.replace(**dict.fromkeys(times)), event.replace(**dict.fromkeys(times)))
    assert found.data_bytes == event.data_bytes
    assert found.has_data == event.has_data
    assert {n: type(v) for n, v in kept_extensions(found).items()} == {
        n: type(v) for n, v in kept_extensions(event).items()
    }
    assert format_.encode(found) == body
    assert format_.decode_batch(format_.encode_batch([found, found])) == [found, found]
    assert formats.json.decode(formats.json.encode(found)) == found


canonical = testing.events(
    time=st.none() | st.just("2018-04-05T17:31:00.120Z"),
    extensions=st.dictionaries(
        testing.attribute_names(),
        st.booleans() | st.integers(-(2**31), 2**31 - 1) | testing.strings(min_size=0),
        max_size=3,
    ),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A message with a few pieces removed, repeated or put in."""
    body = draw(canonical.map(format_.encode) | st.lists(canonical, max_size=2).map(format_.encode_batch))
    pieces = [
        *(case[1] for case in CASES if len(case[1]) < 100),
        ID,
        JSON_TYPE,
        holding(URL, b""),
        b"\x0b",
        b"\x0c",
        b"\xff",
    ]
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 20)))
        put = draw(st.sampled_from([b"", body[start:end] * 2, *pieces]) | st.binary(max_size=3))
        body = body[:start] + put + body[start if draw(st.booleans()) else end :]
    return body


@settings(max_examples=10 * settings().max_examples)
@given(damaged() | st.binary(max_size=100))
def test_only_our_errors_leave_it_and_what_is_read_can_be_written(body: bytes) -> None:
    if problems_of(partial(format_.decode, body)):
        with suppress(InvalidEvent):
            assert format_.decode(body, lenient=True).repairs
    else:
        event = format_.decode(body)
        again = format_.decode(format_.encode(event))
        testing.assert_same_event(again, event)
        assert again.has_data is event.has_data
        lenient = format_.decode(body, lenient=True)
        testing.assert_same_event(lenient, event)
        assert lenient.repairs == ()
    found = problems_of(partial(format_.decode_batch, body))
    assert all(problem.index is not None or problem.requirement == "PB-5.1-a" for problem in found)
    if not found:
        events = format_.decode_batch(body)
        assert format_.decode_batch(format_.encode_batch(events)) == events


CORE_FIELDS = [("id", ID), ("source", SOURCE), ("specversion", VERSION), ("type", TYPE)]
# Fields of an event that are good, spelled in usual and unusual ways, each with the name of what it gives.
FIELDS = [
    ("id", ID),
    ("id", piece(1, "222")),
    ("type", TYPE),
    ("a", entry("a", string("x"))),
    ("a", entry("a", b"\x10\xff\xff\xff\xff\x0f")),
    ("a", piece(5, piece(1, "a"))),
    ("b", piece(5, piece(2, number(1, 0)) + piece(1, "b") + number(9, 1))),
    ("subject", entry("subject", string("x" * 120))),
    ("time", entry("time", instant(-1, 5))),
    ("data", piece(6, "")),
    ("data", piece(7, "x")),
    ("data", holding(URL, b"x")),
    ("9", number(9, 1) + b"\x4b\x4c"),
]


def test_a_short_negative_number_hides_no_repeat() -> None:
    minus_one = piece(2, varint(2 << 3) + b"\xff\xff\xff\xff\x0f")  # five bytes less than it is written in
    body = CORE + piece(1, "xyz") + piece(5, piece(1, "a") + minus_one)
    assert [problem.attribute for problem in problems_of(partial(format_.decode, body))] == ["id"]
    once = format_.decode(CORE + piece(5, piece(1, "a") + minus_one))
    assert once == made(a=-1)


def test_what_is_twice_within_a_field_is_found() -> None:
    within = {
        "b": piece(5, piece(1, "a") + piece(1, "b") + piece(2, string("x"))),
        "c": piece(5, piece(1, "c") + piece(2, string("x")) + piece(2, "")),
        "time": entry("time", piece(7, number(1, 1) + number(1, 2))),
        "data": piece(8, piece(1, "a/b.C") + piece(1, "a/b.D")),
    }
    for name, field in within.items():
        found = problems_of(partial(format_.decode, CORE + field))
        assert [(problem.attribute, problem.requirement) for problem in found] == [(name, "CE-attrs-d")]
    same = CORE + piece(5, piece(1, "a") + piece(1, "a") + piece(2, string("x")))
    assert [problem.attribute for problem in format_.decode(same, lenient=True).repairs] == ["a"]


def test_what_is_broken_is_told_with_its_place() -> None:
    event = format_.encode(made(data={"a": 1}, subject="s"))
    for body, message in (
        (event[:-1], r"is cut off within field [67] .*at byte"),
        (CORE + b"\x08", "is cut off within field 1 "),
        (CORE + b"\x09\x01", "is cut off within field 1 "),
        (CORE + b"\x0d\x01", "is cut off within field 1 "),
        (CORE + b"\x0f", "has something else than a field"),
        (CORE + b"\x00\x01", "has something else than a field"),
        (piece(1, b"\xff"), "text that is not UTF-8"),
        (b'{"specversion": "1.0"}', "it looks like JSON or XML"),
        (b"<a/>", "it looks like JSON or XML"),
    ):
        with pytest.raises(InvalidEvent, match=message) as caught:
            format_.decode(body)
        assert len(caught.value.problems) == 1
    with pytest.raises(InvalidEvent, match=f"at byte {len(CORE)}"):
        format_.decode(CORE + b"\x08")


def test_an_event_for_a_batch_and_a_batch_for_an_event() -> None:
    for batch_body in (
        format_.encode_batch([made()]),
        format_.encode_batch([made(id="é"), made(data=b"\xff")]),
    ):
        with pytest.raises(
            InvalidEvent, match=r"but is a CloudEventBatch; it is application/cloudevents-batch"
        ):
            format_.decode(batch_body)
    for event_body in (
        CORE,
        format_.encode(made(id="\n")) if False else CORE[len(ID) :],
        format_.encode(made(data={})),
    ):
        with pytest.raises(
            InvalidEvent, match=r"but is a CloudEvent; it is application/cloudevents.protobuf"
        ):
            format_.decode_batch(event_body)


@given(
    st.lists(st.sampled_from(FIELDS), max_size=5).flatmap(
        lambda fields: st.permutations([*fields, *CORE_FIELDS])
    )
)
def test_whatever_is_there_twice_is_found(fields: list[tuple[str, bytes]]) -> None:  # CE-attrs-d
    names = [name for name, _ in fields if name != "9"]
    found = problems_of(partial(format_.decode, b"".join(body for _, body in fields)))
    assert {problem.attribute for problem in found} == {name for name in names if names.count(name) > 1}
    assert {problem.requirement for problem in found} <= {"CE-attrs-d"}


# --------------------------------------------------------------------------------------------------- the short way


def test_the_usual_takes_the_short_way() -> None:
    for event in (
        made(
            data={"a": 1},
            subject="é",
            dataschema="urn:x:y",
            time="2018-04-05T17:31:00.5Z",
            a=True,
            b=5,
            c="x",
        ),
        made(data=b"\xff", d=b"\x00", e=URIText("u:x")),
        made(),
    ):
        body = format_.encode(event)
        carefully = format_.decode(body)  # by which its entries are known
        found = format_._usual(body)
        assert found is not None
        testing.assert_same_event(found, carefully)
        assert stored_data(found) == stored_data(carefully)
        assert list(kept_extensions(found).items()) == list(kept_extensions(carefully).items())


@pytest.mark.parametrize(
    "body",
    [
        CORE + piece(1, "2"),
        CORE + entry("never", string("seen")),
        CORE + entry("subject", string("s")) * 2,
        CORE + entry("subject", string("")),
        CORE + entry("id", string("1")),
        CORE + entry("negative", number(2, -5 % 2**64)),
        CORE + holding("example.SomeData", b""),
        CORE + entry("control", string("\x01")),
        CORE + entry("Capital", string("x")),
        SOURCE + VERSION + TYPE,
        SOURCE + VERSION + TYPE + piece(1, "\x01"),
        ID + SOURCE + TYPE + piece(3, "0.3"),
        ID + VERSION + TYPE + piece(2, "a b"),
        CORE[:-1],
    ],
    ids=range(14),
)
def test_the_unusual_takes_the_careful_way(body: bytes) -> None:
    if b"never" not in body:
        for lenient in (False, True):
            with suppress(InvalidEvent):
                format_.decode(body, lenient=lenient)
    assert format_._usual(body) is None


def test_a_declaration_is_heeded_by_the_short_way() -> None:
    body = CORE + entry("pbshort", string("5"))
    assert format_.decode(body)["pbshort"] == "5"
    attributes.register("pbshort", attributes.Integer)
    try:
        assert format_._usual(body) is None
        assert format_.decode(body)["pbshort"] == 5
    finally:
        attributes.unregister("pbshort")


@settings(max_examples=5 * settings().max_examples)
@given(damaged())
def test_the_short_way_reads_the_same(body: bytes) -> None:
    with suppress(InvalidEvent):
        format_._careful(body, Findings())
    found = format_._usual(body)
    if found is not None:
        carefully = format_._careful(body, Findings())
        testing.assert_same_event(found, carefully)
        assert list(kept_extensions(found).items()) == list(kept_extensions(carefully).items())


# ------------------------------------------------------------------------------------- the published schema beside it

SCHEMA = Path(__file__).with_name("cloudevents.proto").read_text()
PLACES = ["cloudevents.proto", "acme/events/v1/cloudevents.proto"]


@pytest.fixture(scope="module", params=PLACES)
def generated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where the classes are that protoc made of the schema, and the module's name."""
    pytest.importorskip("grpc_tools")
    place: str = request.param
    root = tmp_path_factory.mktemp("generated")
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).write_text(SCHEMA)
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{root}", f"--python_out={root}", place]
    subprocess.run(command, check=True, cwd=root)
    return root, place.removesuffix(".proto").replace("/", ".") + "_pb2"


def run(program: str, implementation: str, *paths: Path | str) -> None:
    search = [*map(str, paths), str(Path(cevents.__file__).parents[1]), *sys.path]
    environment = {**os.environ, "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": implementation}
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {search!r}\n{program}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr


OURS = """
from cevents import CloudEvent
from cevents.formats import _protobuf_schema, protobuf
"""
TOGETHER = """
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.internal import api_implementation
assert api_implementation.Type() == "{implementation}"
event = CloudEvent(
    type="t", source="/s", id="1", time="2018-04-05T17:31:00.5Z", subject="é", dataschema="urn:x:y",
    data=dict(a=1), yes=True, number=-5, blob=b"x",
)
read = theirs.CloudEvent.FromString(protobuf.encode(event))
assert (read.id, read.source, read.spec_version, read.type) == ("1", "/s", "1.0", "t")
assert read.text_data == '{{"a":1}}' and read.WhichOneof("data") == "text_data"
assert read.attributes["time"].ce_timestamp.nanos == 500_000_000
assert read.attributes["number"].ce_integer == -5 and read.attributes["yes"].ce_boolean
assert read.attributes["blob"].ce_bytes == b"x" and read.attributes["dataschema"].ce_uri == "urn:x:y"
assert len(read.attributes) == 7
back = protobuf.decode(read.SerializeToString())
assert back == event.replace(time="2018-04-05T17:31:00.500Z"), back
batch = theirs.CloudEventBatch(events=[read, read])
assert protobuf.decode_batch(batch.SerializeToString()) == [back, back]
assert theirs.CloudEventBatch.FromString(protobuf.encode_batch([back, back])) == batch
# A message of the very type that carries it
nested = protobuf.decode(protobuf.encode(event.replace(data=read, datacontenttype=None, dataschema=None)))
assert nested.dataschema == "https://type.googleapis.com/io.cloudevents.v1.CloudEvent"
assert nested.data_as(theirs.CloudEvent) == read
wrapped = theirs.CloudEvent.FromString(protobuf.encode(nested)).proto_data
assert wrapped.Is(theirs.CloudEvent.DESCRIPTOR) and nested.data_as(any_pb2.Any) == wrapped
assert theirs.CloudEvent.DESCRIPTOR.full_name == _protobuf_schema.Event.DESCRIPTOR.full_name
assert theirs.CloudEvent is not _protobuf_schema.Event
"""


@pytest.mark.parametrize("implementation", ["upb", "python"])
@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_an_application_has_the_published_schema_too(
    generated: tuple[Path, str], first: str, implementation: str
) -> None:
    root, module = generated
    imports = [OURS, f"import importlib; theirs = importlib.import_module('{module}')"]
    program = "\n".join(imports if first == "ours" else imports[::-1])
    run(program + TOGETHER.format(implementation=implementation), implementation, root)


def test_the_implementation_in_python_reads_the_same() -> None:
    """Every case of this file, in an interpreter without upb."""
    program = dedent("""
        import gc
        from google.protobuf.internal import api_implementation
        assert api_implementation.Type() == "python"
        from cevents import InvalidEvent
        from cevents.formats import protobuf
        from tests.formats import test_protobuf as cases
        for name, event, body, _ in cases.PAIRS:
            assert protobuf.encode(event) == body, name
            assert protobuf.decode(body) == event, name
        for name, body, found, is_mended in cases.CASES:
            for lenient in (False, True):
                try:
                    protobuf.decode(body, lenient=lenient)
                    assert lenient and is_mended, name
                except InvalidEvent as error:
                    came = [(problem.attribute, problem.requirement) for problem in error.problems]
                    assert lenient or sorted(came, key=str) == sorted(found, key=str), (name, came)
        for text, seconds, nanos, read in cases.MOMENTS:
            value = cases.entry("time", cases.instant(seconds, nanos))
            assert protobuf.encode(cases.made(time=text)) == cases.CORE + value
        for body in cases.HOSTILE.values():
            for verb in (protobuf.decode, protobuf.decode_batch):
                try:
                    verb(cases.CORE + body)
                except InvalidEvent:
                    pass
    """)
    run(program, "python", Path(__file__).parents[2])


def test_a_missing_dependency_says_what_to_install() -> None:
    program = dedent("""
        import sys
        sys.modules["google.protobuf"] = None
        from cevents import UnsupportedFormat, formats
        try:
            formats.get("protobuf")
        except UnsupportedFormat as error:
            assert "pip install 'cevents[protobuf]'" in str(error)
        else:
            raise AssertionError
    """)
    run(program, "upb")


def test_the_core_knows_nothing_of_protobuf() -> None:
    program = (
        "import cevents, cevents.formats, cevents.bindings.http; assert 'google.protobuf' not in sys.modules"
    )
    run(program, "upb")
