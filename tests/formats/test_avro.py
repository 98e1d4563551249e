"""The Avro format: pairs of event and bytes both ways, what is refused, newer writers, and bytes of an enemy."""

from __future__ import annotations

import contextlib
import importlib
import struct
import sys
import tracemalloc
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from fastavro.schema import fingerprint, to_parsing_canonical_form
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from cevents import CloudEvent, DataError, InvalidEvent, UnsupportedBatch, data, formats, testing
from cevents.attributes import URIReferenceText, URIText
from cevents.data import Binary, CborItem
from cevents.event import kept_extensions, stored_data
from cevents.formats import avro
from cevents.timestamps import TimestampText

Event = CloudEvent[Any]
JSON = "application/json"


# ------------------------------------------------------------------------------------------------ Avro by hand


def long(number: int) -> bytes:
    """An int or a long: zigzag, seven bits in a byte."""
    number = (number << 1) ^ (number >> 63)
    written = b""
    while number > 127:
        written += bytes([number & 127 | 128])
        number >>= 7
    return written + bytes([number])


def string(text: str | bytes) -> bytes:
    encoded = text.encode() if isinstance(text, str) else text
    return long(len(encoded)) + encoded


def branch(value: object) -> bytes:
    """A value of the union [null, boolean, int, string, bytes]."""
    if value is None:
        return b"\x00"
    if isinstance(value, bool):
        return b"\x02\x01" if value else b"\x02\x00"
    if isinstance(value, int):
        return b"\x04" + long(value)
    if isinstance(value, str):
        return b"\x06" + string(value)
    assert isinstance(value, bytes)
    return b"\x08" + string(value)


def entries(*pairs: tuple[str, object]) -> bytes:
    """A map of attributes, in one block."""
    inner = b"".join(string(name) + branch(value) for name, value in pairs)
    return (long(len(pairs)) + inner if pairs else b"") + b"\x00"


CORE = (("specversion", "1.0"), ("type", "t"), ("source", "/s"), ("id", "1"))
NO_DATA = b"\x02"
MINIMAL = (
    b"\x08"  # four entries
    b"\x16specversion\x06\x061.0"
    b"\x08type\x06\x02t"
    b"\x0csource\x06\x04/s"
    b"\x04id\x06\x021"
    b"\x00"  # and no more
)


def body(data: bytes = NO_DATA, *more: tuple[str, object]) -> bytes:
    return entries(*CORE, *more) + data


def changed(name: str, value: object) -> bytes:
    return entries(*((n, value if n == name else v) for n, v in CORE)) + NO_DATA


def double(number: float) -> bytes:
    return struct.pack("<d", number)


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def problems(
    given_body: bytes, *, lenient: bool = False, writer_schema: Any = None
) -> list[tuple[str | None, str]]:
    """What is wrong with a body: attributes and requirements."""
    with pytest.raises(InvalidEvent) as caught:
        avro.decode(given_body, lenient=lenient, writer_schema=writer_schema)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


def shown(event: Event) -> tuple[type, Any]:
    """The kind of data and the data, for JSON its text."""
    kept = stored_data(event)
    return type(kept), bytes(kept) if isinstance(kept, Raw) else kept


def test_the_helpers_write_avro() -> None:
    assert entries(*CORE) == MINIMAL
    assert long(-1) == b"\x01"
    assert long(63) + long(64) + long(-65) == b"\x7e\x80\x01\x81\x01"
    assert long(2**31 - 1) == b"\xfe\xff\xff\xff\x0f"


# --------------------------------------------------------------------------------------------------- both ways

TYPED = ("datacontenttype", JSON)

# AVRO-2.1-a, AVRO-2.4-a, AVRO-2.4-b, AVRO-3-a, AVRO-3-b, AVRO-3-c: the event, and the bytes that are its one spelling
PAIRS: list[tuple[str, Event, bytes]] = [
    ("minimal", made(), MINIMAL + NO_DATA),
    (
        "every core attribute",
        made(
            time="2018-04-05T17:31:00.120+02:00",
            datacontenttype="text/plain",
            subject="sub",
            dataschema="urn:x:y",
            data="d",
        ),
        body(
            b"\x0c\x02d",
            ("time", "2018-04-05T17:31:00.120+02:00"),
            ("datacontenttype", "text/plain"),
            ("subject", "sub"),
            ("dataschema", "urn:x:y"),
        ),
    ),
    ("Boolean", made(a=True, b=False), body(NO_DATA, ("a", True), ("b", False))),
    (
        "Integer",
        made(a=2147483647, b=-2147483648, c=0, d=1),
        body(NO_DATA, ("a", 2147483647), ("b", -2147483648), ("c", 0), ("d", 1)),
    ),
    ("String", made(a="", b='€"\\/'), body(NO_DATA, ("a", ""), ("b", '€"\\/'))),
    ("long String", made(a="é" * 100), body(NO_DATA, ("a", "é" * 100))),
    ("Binary", made(a=b"\x00\xff", b=b""), body(NO_DATA, ("a", b"\x00\xff"), ("b", b""))),
    ("no data under a type", made(datacontenttype=JSON), body(NO_DATA, TYPED)),
    ("bytes", made(data=b"\x00\x01"), body(b"\x00\x04\x00\x01")),
    ("no bytes", made(data=b""), body(b"\x00\x00")),
    ("bytes of a JSON text without a type", made(data=b"{}"), body(b"\x00\x04{}")),
    ("null under JSON", made(data=b"null", datacontenttype=JSON), body(b"\x00\x08null", TYPED)),
    ("JSON under JSON", made(data=b"[1.10]", datacontenttype=JSON), body(b"\x00\x0c[1.10]", TYPED)),
    ("no JSON under JSON", made(data=b"{", datacontenttype=JSON), body(b"\x00\x02{", TYPED)),
    (
        "text",
        made(data="é", datacontenttype="text/plain; charset=iso-8859-1"),
        body(b"\x0c\x04\xc3\xa9", ("datacontenttype", "text/plain; charset=iso-8859-1")),
    ),
    (
        "no text",
        made(data="", datacontenttype="text/plain"),
        body(b"\x0c\x00", ("datacontenttype", "text/plain")),
    ),
    (
        "bytes under a text type that are none",
        made(data=b"\xff", datacontenttype="text/plain"),
        body(b"\x00\x02\xff", ("datacontenttype", "text/plain")),
    ),
    ("true", made(data=True), body(b"\x04\x01")),
    ("false", made(data=False), body(b"\x04\x00")),
    ("whole number", made(data=7), body(b"\x0a" + double(7.0))),
    ("largest whole number", made(data=1 - 2**53), body(b"\x0a" + double(1.0 - 2**53))),
    ("fraction", made(data=1.5), body(b"\x0a" + double(1.5))),
    ("minus zero", made(data=-0.0), body(b"\x0a" + double(-0.0))),
    ("string", made(data='s"'), body(b'\x0c\x04s"')),
    (
        "object",
        made(data={"a": 1, "b": "x", "c": None, "d": True}),
        body(b"\x06\x08\x02a\x06" + double(1.0) + b"\x02b\x08\x02x\x02c\x00\x02d\x02\x01\x00"),
    ),
    ("empty object", made(data={}), body(b"\x06\x00")),
]
each_pair = pytest.mark.parametrize(
    ("event", "written"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)


@each_pair
def test_an_event_is_written_so(event: Event, written: bytes) -> None:
    assert avro.encode(event) == written


@each_pair
def test_bytes_are_read_so(event: Event, written: bytes) -> None:
    for given_body in (written, bytearray(written), memoryview(written)):
        found = avro.decode(given_body)
        assert found == event
        assert found.repairs == ()
        assert shown(found) == shown(event)
        assert {name: (type(value), value) for name, value in kept_extensions(found).items()} == {
            name: (type(value), value) for name, value in kept_extensions(event).items()
        }
        assert avro.encode(found) == written


@given(testing.events())
def test_every_event_comes_back(event: Event) -> None:
    found = avro.decode(avro.encode(event))
    assert found == event
    assert {name: type(value) for name, value in kept_extensions(found).items()} == {
        name: str if isinstance(value, str) else type(value) for name, value in kept_extensions(event).items()
    }
    assert avro.encode(avro.decode(avro.encode(found))) == avro.encode(found)


def test_texts_with_types_become_strings() -> None:  # AVRO-2.1-a, AVRO-2.1-c
    event = made(
        a=TimestampText("2020-01-01T00:00:00Z"), b=URIText("urn:x"), c=URIReferenceText("/x"),
        d=datetime(2020, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    texts = ("a", "2020-01-01T00:00:00Z"), ("b", "urn:x"), ("c", "/x"), ("d", "2020-01-01T00:00:00Z")
    assert avro.encode(event) == body(NO_DATA, *texts)
    assert avro.decode(avro.encode(event)) == event


def test_the_kinds_of_bytes_are_all_bytes() -> None:
    assert avro.encode(made(data=Binary(b"{}"), datacontenttype=JSON)) == body(b"\x00\x04{}", TYPED)
    assert avro.encode(made(data=Binary(b"x"), datacontenttype="text/plain")) == body(
        b"\x00\x02x", ("datacontenttype", "text/plain")
    )
    item = avro.decode(avro.encode(made(data=CborItem(b"\x01"))))
    assert item.datacontenttype == "application/cbor"
    assert item.data_bytes == b"\x01"


def test_bytes_that_are_text_are_a_string() -> None:  # AVRO-3-a, T-AVRO-4
    event = made(data="é".encode("utf-16"), datacontenttype="text/plain; charset=utf-16")
    found = avro.decode(avro.encode(event))
    assert shown(found) == (str, "é")
    assert found == event


@pytest.mark.parametrize(
    "text",
    ["null", "[1,2]", "[]", '{"a":{"c":1}}', '{"a":[]}', "1.0", "1.10", "1e3", "1E22", "0.10", "-0", "9007199254740992",
     "-9007199254740992", "1e999", "1" * 400, "0.1000000000000000055511151231257827", '{"a":1.0}', '{"a":"[","b":1.10}',
     '{"a":1,"a":1}', '{"a":1,"\\u0061":2}'],
)  # fmt: skip
def test_a_value_that_the_union_would_change_is_bytes(text: str) -> None:  # T-AVRO-1, T-AVRO-2, T-AVRO-3
    event = made(data=Raw(text.encode()))
    assert avro.encode(event) == body(b"\x00" + string(text), TYPED)
    found = avro.decode(avro.encode(event))
    assert found == event
    assert found.data_bytes == text.encode()
    assert found.datacontenttype == JSON  # made explicit


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (' {"a" : 1 ,\n"\\u00e9" : "\\/" } ', b"\x06\x04\x02a\x06" + double(1.0) + b"\x04\xc3\xa9\x08\x02/\x00"),
        ('{"a":"[{","b":"\\"{"}', b"\x06\x04\x02a\x08\x04[{\x02b\x08\x04\"{\x00"),
        ("1e22", b"\x0a" + double(1e22)),
        ("5e-324", b"\x0a" + double(5e-324)),
        ("-0.0", b"\x0a" + double(-0.0)),
        ("9007199254740992.0", b"\x0a" + double(2.0**53)),
        ('"\\u20ac"', "\x0c\x06€".encode()),
    ],
)  # fmt: skip
def test_the_same_value_is_translated(text: str, written: bytes) -> None:  # AVRO-3-c
    event = made(data=Raw(text.encode()))
    assert avro.encode(event) == body(written)
    assert avro.decode(avro.encode(event)) == event


NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)


@given(NUMBERS, st.booleans())
def test_a_number_keeps_every_digit(number: str, within: bool) -> None:  # T-AVRO-3
    text = f'{{"a":{number}}}' if within else number
    found = avro.decode(avro.encode(made(data=Raw(text.encode()))))
    assert found.data_bytes == text.encode()


@given(testing.json_values().filter(lambda value: value is not None))
def test_a_value_without_a_type_is_the_same_value(value: object) -> None:
    event = made(data=value)
    found = avro.decode(avro.encode(event))
    assert data.equal(stored_data(found), found.datacontenttype, stored_data(event), None)
    assert found == event


def test_an_object_nested_beyond_the_stack_is_bytes() -> None:
    """What was proved to be JSON near the top of the stack can be too deep further down."""
    text = b'{"a":' + b"[" * 600 + b"]" * 600 + b"}"
    event = made(data=Raw(text))

    def at_depth(depth: int) -> bytes:
        return at_depth(depth - 1) if depth else avro.encode(event)

    for depth in range(0, 600, 50):
        assert at_depth(depth) == body(b"\x00" + string(text), TYPED)


def test_what_cannot_be_written() -> None:
    with pytest.raises(
        InvalidEvent, match=r"cannot be carried by Avro .*event\.to_v1\(\)"
    ):  # CE-specversion-c
        avro.encode(made(specversion="0.3"))
    lenient = formats.json.decode(b'{"specversion":"1.0","type":"t","source":"a b","id":"1"}', lenient=True)
    with pytest.raises(InvalidEvent, match="source"):
        avro.encode(lenient)
    unknown = avro.decode(body(b"\x0c\x02x", ("datacontenttype", "application/json; charset=x-none")))
    with pytest.raises(DataError, match="charset"):
        avro.encode(unknown)


def test_the_rest_of_another_version_is_not_judged() -> None:
    given_body = entries(("specversion", "2.0"), ("type", ""), ("source", ""), ("id", "")) + NO_DATA
    assert problems(given_body) == [("specversion", "CE-specversion-c")]


def test_the_rest_of_an_event_of_03_is_judged_by_10() -> None:
    given_body = entries(("specversion", "0.3"), ("type", "t"), ("source", ""), ("id", "1")) + NO_DATA
    assert problems(given_body) == [("specversion", "CE-specversion-c"), ("source", "CE-source-a")]


def test_there_are_no_batches() -> None:  # AVRO-1-a, CE-format-b
    with pytest.raises(UnsupportedBatch, match="Avro has no batches"):
        avro.encode_batch([made()])
    with pytest.raises(UnsupportedBatch):
        avro.decode_batch(b"", lenient=True)
    assert avro.batch_media_type is None


def test_the_format_is_found() -> None:  # AVRO-4-a
    assert formats.get("Application/CloudEvents+Avro; x=y") is formats.get("avro")
    assert formats.get("avro").media_type == "application/cloudevents+avro"


def test_the_schema_is_the_published_one() -> None:  # AVRO-2.4-a, EX-AVRO-SCHEMA
    """By its fingerprint: that of `cloudevents.avsc` in the specification's repository."""
    canonical = to_parsing_canonical_form(avro.SCHEMA)
    assert fingerprint(canonical, "SHA-256") == (
        "8ff22f6832d79386a06a5785487efd14539ead892ab40e6571ec99aac7d0aecf"
    )
    assert fingerprint(canonical, "CRC-64-AVRO") == "23be043ee2ae84d9"


# ----------------------------------------------------------------------------------------------------- refused

# Each case: its name, the body, its problems, and whether lenient reading mends the first of them.


def same(
    case: str, given_body: bytes, *found: tuple[str | None, str]
) -> tuple[str, bytes, list[tuple[str | None, str]], bool]:
    return case, given_body, list(found), False


def mended(
    case: str, given_body: bytes, *found: tuple[str | None, str]
) -> tuple[str, bytes, list[tuple[str | None, str]], bool]:
    return case, given_body, list(found), True


NO_DATUM = (None, "AVRO-2.4-a")
NO_JSON = ("data", "AVRO-3-c")
NAN = double(float("nan"))
TEXT_TYPE = ("datacontenttype", "text/plain")
CASES = [
    # bytes that end too early
    same("nothing", b"", NO_DATUM),
    *(same(f"cut off at {at}", body(b"\x00\x04ab")[:at], NO_DATUM) for at in range(1, len(body(b"\x00\x04ab")))),
    same("string cut off", body("\x0c\x06€".encode()[:-1]), NO_DATUM),
    same("double cut off", body(b"\x0a" + bytes(7)), NO_DATUM),
    same("length cut off", body(b"\x00\x80"), NO_DATUM),
    # bytes after the end
    same("trailing byte", body() + b"\x00", NO_DATUM),
    same("two events", body() + body(), NO_DATUM),
    # no bare datum: T-AVRO-5
    same("container file", b"Obj\x01\x04\x14avro.codec\x08null\x16avro.schema\x04{}\x00" + bytes(16), NO_DATUM),
    same("single object", b"\xc3\x01" + bytes(8) + body(), NO_DATUM),
    same("schema registry", b"\x00\x00\x00\x00\x07" + body(), NO_DATUM),
    same("JSON", b'{"specversion":"1.0"}', NO_DATUM),
    # counts and lengths that lie
    same("count too high", b"\x0a" + MINIMAL[1:] + NO_DATA, NO_DATUM),
    same("count too low", b"\x06" + MINIMAL[1:] + NO_DATA, NO_DATUM),
    same("huge count", long(2**62) + MINIMAL[1:] + NO_DATA, NO_DATUM),
    same("lowest count", long(-2**63) + b"\x02" + MINIMAL[1:] + NO_DATA, NO_DATUM),
    same("block longer than it says", b"\x07\x02" + MINIMAL[1:] + NO_DATA, NO_DATUM),
    same("block shorter than it says", b"\x07\x7e" + MINIMAL[1:] + NO_DATA, NO_DATUM),
    same("huge length", body(b"\x00" + long(2**62)), NO_DATUM),
    same("negative length", body(b"\x00\x01"), NO_DATUM),
    same("negative length of a string", body(b"\x0c\x01"), NO_DATUM),
    same("huge array", body(b"\x08" + long(2**62) + bytes(100)), NO_DATUM),
    # unions: -1 would be the last branch to Python
    same("branch below", body(b"\x01\x02x"), NO_DATUM),
    same("branch above", body(b"\x0e"), NO_DATUM),
    same("branch far above", body(long(2**40)), NO_DATUM),
    same("branch of an attribute", b"\x02\x04id\x0a\x00\x02", NO_DATUM),
    same("branch of a member", body(b"\x06\x02\x02a\x0a\x00"), NO_DATUM),
    # scalars
    same("boolean of 2", body(b"\x04\x02"), NO_DATUM),
    same("65 bits", body(b"\x00" + b"\x80" * 9 + b"\x02"), NO_DATUM),
    same("eleven bytes", body(b"\x00" + b"\x80" * 10 + b"\x00"), NO_DATUM),
    same("number without end", b"\xff" * 50, NO_DATUM),
    same("no UTF-8 in a value", body().replace(b"\x021", b"\x02\xff"), NO_DATUM),
    same("no UTF-8 in a name", body().replace(b"id", b"i\xff"), NO_DATUM),
    same("surrogate", body(b"\x0c\x06\xed\xa0\x80"), NO_DATUM),
    # attributes: CE-attrs-a, AVRO-2.4-b, AVRO-2.3-a
    same(
        "no attributes",
        b"\x00" + NO_DATA,
        ("specversion", "CE-specversion-b"),
        ("type", "CE-type-a"),
        ("source", "CE-source-a"),
        ("id", "CE-id-a"),
    ),
    same("no id", entries(*CORE[:3]) + NO_DATA, ("id", "CE-id-a")),
    same("id null", changed("id", None), ("id", "CE-id-a")),
    same("id empty", changed("id", ""), ("id", "CE-id-b")),
    same("id an int", changed("id", 5), ("id", "CE-id-b")),
    same("id bytes", changed("id", b"1"), ("id", "CE-id-b")),
    same("type a boolean", changed("type", True), ("type", "CE-type-a")),
    same("specversion an int", changed("specversion", 1), ("specversion", "CE-specversion-b")),
    same("specversion 0.3", changed("specversion", "0.3"), ("specversion", "CE-specversion-c")),
    same("specversion 2.0", changed("specversion", "2.0"), ("specversion", "CE-specversion-c")),
    mended("specversion 1.1", changed("specversion", "1.1"), ("specversion", "CE-specversion-c")),
    same("datacontenttype bytes", body(b"\x0c\x02x", ("datacontenttype", b"a/b")),
         ("datacontenttype", "CE-datacontenttype-a")),
    same("33 bits", body(NO_DATA, ("a", 2**31)), ("a", "CE-types-c")),
    same("64 bits", body(NO_DATA, ("a", -2**63)), ("a", "CE-types-c")),
    same("control", body(NO_DATA, ("a", "\x00")), ("a", "CE-types-e")),
    mended("named data", body(NO_DATA, ("data", "x")), ("data", "CE-naming-f")),
    mended("name in capitals", body(NO_DATA, ("MyExt", 1)), ("MyExt", "CE-naming-a")),
    mended("subject empty", body(NO_DATA, ("subject", "")), ("subject", "CE-subject-a")),
    mended("time with a space", body(NO_DATA, ("time", "2018-04-05 17:31:00Z")), ("time", "CE-time-a")),
    mended("dataschema relative", body(NO_DATA, ("dataschema", "/x")), ("dataschema", "CE-dataschema-a")),
    # what is there twice, by CE-attrs-d
    mended("id twice, the same", body(NO_DATA, ("id", "1")), ("id", "CE-attrs-d")),
    same("id twice", body(NO_DATA, ("id", "2")), ("id", "CE-attrs-d")),
    same("null and value", body(NO_DATA, ("a", None), ("a", "x")), ("a", "CE-attrs-d")),
    same("1 and true", body(NO_DATA, ("a", True), ("a", 1)), ("a", "CE-attrs-d")),
    same("twice in two blocks", MINIMAL[:-1] + b"\x02\x04id\x06\x022\x00" + NO_DATA, ("id", "CE-attrs-d")),
    # data: AVRO-3-c, T-AVRO-3
    same("member twice", body(b"\x06\x04\x02a\x00\x02a\x00\x00"), ("data", "AVRO-2.4-a")),
    same("NaN", body(b"\x0a" + NAN), NO_JSON),
    same("infinity", body(b"\x0a" + double(float("-inf"))), NO_JSON),
    same("NaN in an object", body(b"\x06\x02\x02a\x06" + NAN + b"\x00"), NO_JSON),
    same("NaN in an array", body(b"\x08\x02\x02\x02a\x08" + NAN + b"\x00\x00"), NO_JSON),
    same("NaN under a text type", body(b"\x0a" + NAN, TEXT_TYPE), NO_JSON),
    mended("object under a text type", body(b"\x06\x00", TEXT_TYPE), NO_JSON),
    mended("array under a text type", body(b"\x08\x00", TEXT_TYPE), NO_JSON),
    mended("double under a text type", body(b"\x0a" + double(1.5), TEXT_TYPE), NO_JSON),
    mended("boolean under a binary type", body(b"\x04\x01", ("datacontenttype", "image/png")), NO_JSON),
]  # fmt: skip
each_case = pytest.mark.parametrize(
    ("given_body", "found", "is_mended"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)


@each_case
def test_what_is_refused(given_body: bytes, found: list[tuple[str | None, str]], is_mended: bool) -> None:
    assert problems(given_body) == found
    if is_mended:
        event = avro.decode(given_body, lenient=True)
        assert [(problem.attribute, problem.requirement) for problem in event.repairs] == found[:1]
    else:
        assert problems(given_body, lenient=True) == found


def test_every_problem_is_told_at_once() -> None:
    given_body = (
        entries(("specversion", "1.0"), ("type", ""), ("id", "5"), ("id", 5), ("My", 1)) + b"\x0a" + NAN
    )
    assert problems(given_body) == [
        ("id", "CE-attrs-d"), ("data", "AVRO-3-c"), ("type", "CE-type-a"), ("id", "CE-id-b"), ("My", "CE-naming-a"),
        ("source", "CE-source-a"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given_body", "message"),
    [
        (body(b"\x04\x02"), r"no Avro datum: has a boolean that is neither 0 nor 1 at byte 45 \[AVRO-2\.4-a\]"),
        (body(b"\x01"), "unknown branch of a union at byte 44"),
        (body()[:-1], "ends too early at byte 44"),
        (body(b"\x00\x04a"), "ends too early at byte 47"),
        (body() + b"xx", "bytes after its end at byte 45"),
        (body(b"\x00\x01"), "negative length at byte 45"),
        (body(b"\x00" + b"\xff" * 11), "number of more than 64 bits at byte 45"),
        (body(b"\x00" + b"\x80" * 9 + b"\x02"), "number of more than 64 bits at byte 45"),
        (body(b"\x0c\x06\xe2\x82"), "ends too early at byte 48"),
        (body(b"\x0c\x04a\xff"), "string that is not UTF-8 at byte 47"),
        (body(b"\x0c" + string(b"a" * 100 + b"\xff")), "string that is not UTF-8 at byte 147"),
        (b"\x07\x02" + MINIMAL[1:] + NO_DATA, "block of another size than it says at byte 44"),
        (b"Obj\x01xxx", "object container file"),
        (b"\xc3\x01xxx", "header of a single object"),
        (b"\x00\x00\x00\x00\x07" + body(), "header of a schema registry"),
        (changed("specversion", "0.3"), "cannot be carried by Avro .*only JSON carries 0.3"),
        (body(b"\x0a" + NAN), "data: must not be NaN"),
        (body(b"\x06\x00", TEXT_TYPE), "data: must be bytes or a string, since the content type is not JSON"),
    ],
)  # fmt: skip
def test_what_is_told(given_body: bytes, message: str) -> None:
    assert len(MINIMAL) == 44
    with pytest.raises(InvalidEvent, match=message):
        avro.decode(given_body)


# --------------------------------------------------------------------------------------------- special reading


def test_null_is_unset() -> None:  # AVRO-2.3-a, EX-AVRO-NULLUNION
    event = avro.decode(body(NO_DATA, ("subject", None), ("myext", None), ("time", None)))
    assert event == made()
    assert "myext" not in event


def test_blocks_and_sizes() -> None:  # AVRO-2.4-a: a writer may cut a map into blocks, and tell their sizes
    inner = MINIMAL[1:-1]
    first = inner[: len(b"\x16specversion\x06\x061.0")]
    rest = inner[len(first) :]
    for given_body in (
        b"\x02" + first + b"\x06" + rest + b"\x00\x02",
        b"\x07" + long(len(inner)) + inner + b"\x00\x02",
        b"\x01" + long(len(first)) + first + b"\x06" + rest + b"\x00\x02",
        b"\x88\x00" + inner + b"\x00\x82\x00",  # numbers of more bytes than they need
    ):
        assert avro.decode(given_body) == made()


# a record of the schema: a map in a record, written by other programs (T-AVRO-2)
RECORD = b"\x02\x02q\x0a\x02z\x00"  # {"q": "z"}


@pytest.mark.parametrize(
    ("union", "text"),
    [
        (b"\x06\x02\x02a\x04" + RECORD + b"\x00", '{"a":{"q":"z"}}'),
        (b"\x06\x04\x02a\x04\x00\x02b\x06" + double(2.0) + b"\x00", '{"a":{},"b":2}'),
        (b"\x08\x04" + RECORD + b"\x00\x00", '[{"q":"z"},{}]'),
        (b"\x08\x00", "[]"),
        (b"\x08\x02\x02\x02m\x04\x02\x02k" + RECORD + b"\x00\x00\x00", '[{"m":{"k":{"q":"z"}}}]'),
        (b"\x08\x02\x02\x02l\x06\x04" + RECORD + RECORD + b"\x00\x00\x00", '[{"l":[{"q":"z"},{"q":"z"}]}]'),
        (b"\x08\x02\x08\x02a\x00\x02b\x02\x01\x02c\x08" + double(1.5) + b"\x02d\x08" + double(-3.0) + b"\x00\x00",
         '[{"a":null,"b":true,"c":1.5,"d":-3}]'),
        (b"\x0a" + double(1e300), "1e300"),
        (b"\x0a" + double(2.0**53), "9007199254740992.0"),
        (b"\x0c\x04\x00\"", '"\\u0000\\""'),
    ],
)  # fmt: skip
def test_a_value_of_another_writer_is_json(union: bytes, text: str) -> None:  # AVRO-3-c
    event = avro.decode(body(union))
    assert shown(event) == (Raw, text.encode())
    assert event.datacontenttype is None
    under_json = avro.decode(body(union, ("datacontenttype", "a/b+json")))
    expected = (Raw, text.encode()) if union[0] != 0x0C else (bytes, b'\x00"')
    assert shown(under_json) == expected
    assert avro.decode(avro.encode(event)) == event


def test_a_string_under_a_json_type_is_the_document() -> None:  # T-AVRO-4
    event = avro.decode(body(b'\x0c\x0e{"a":1}', TYPED))
    assert event.data == {"a": 1}
    assert shown(event) == (bytes, b'{"a":1}')
    wide = avro.decode(body(b"\x0c\x06[1]", ("datacontenttype", "a/json; charset=utf-16-le")))
    assert wide.data == [1]
    assert wide.data_bytes == b"[\x001\x00]\x00"
    unknown = avro.decode(body(b"\x0c\x06[1]", ("datacontenttype", "a/json; charset=x-none")))
    assert unknown.data == [1]


def test_a_string_under_any_other_type_is_text() -> None:
    event = avro.decode(body(b"\x0c\x02x", ("datacontenttype", "image/png")))
    assert shown(event) == (str, "x")
    assert event.data == b"x"


def test_lenient_reading_keeps_the_json_text() -> None:
    event = avro.decode(body(b"\x06\x02\x02a\x06" + double(1.0) + b"\x00", TEXT_TYPE), lenient=True)
    assert shown(event) == (bytes, b'{"a":1}')
    assert event.data == '{"a":1}'


def test_a_caller_may_reuse_its_buffer() -> None:
    buffer = bytearray(body(b"\x00\x02x", ("a", b"y")))
    event = avro.decode(memoryview(buffer))
    buffer[:] = b"?" * len(buffer)
    assert (event.data, event["a"]) == (b"x", b"y")


# ----------------------------------------------------------------------------------------------- newer writers

ATTRIBUTES = {"type": "map", "values": ["null", "boolean", "int", "string", "bytes"]}
MEMBERS: dict[str, Any] = {"type": "map", "values": [
    "null", "boolean", {"type": "map", "values": "CloudEventData"}, {"type": "array", "items": "CloudEventData"},
    "double", "string",
]}  # fmt: skip
VALUE = {"type": "record", "name": "CloudEventData", "fields": [{"name": "value", "type": MEMBERS}]}
UNION: list[Any] = [
    "bytes", "null", "boolean", {"type": "map", "values": ["null", "boolean", VALUE, "double", "string"]},
    {"type": "array", "items": "CloudEventData"}, "double", "string",
]  # fmt: skip


def newer(*before: Any, after: tuple[Any, ...] = (), union: Any = UNION, values: Any = ATTRIBUTES) -> Any:
    """The schema of the document, where the records have other names than in the file (T-AVRO-1), with more fields."""
    fields = [
        *({"name": f"b{at}", "type": type_} for at, type_ in enumerate(before)),
        {"name": "attribute", "type": values},
        {"name": "data", "type": union},
        *({"name": f"a{at}", "type": type_} for at, type_ in enumerate(after)),
    ]
    return {"namespace": "io.cloudevents", "type": "record", "name": "CloudEvent", "fields": fields}


def by(schema: Any, data: Any = None, **fields: Any) -> bytes:
    """What fastavro writes by a schema."""
    out = BytesIO()
    schemaless_writer(out, parse_schema(schema), {"attribute": dict(CORE), "data": data, **fields})
    return out.getvalue()


EVERY_TYPE = newer(
    {"type": "fixed", "name": "Four", "size": 4},
    {"type": "enum", "name": "Colour", "symbols": ["RED", "BLUE"]},
    "float",
    {"type": "array", "items": "Four"},
    {"type": "record", "name": "Inner", "fields": [{"name": "next", "type": ["null", "Inner"]}]},
    {"type": "long", "logicalType": "timestamp-micros"},
    {"type": "string"},
    after=("long", {"type": "map", "values": ["null", {"type": "array", "items": "Colour"}]}),
)
EVERY_VALUE: dict[str, Any] = {
    "b0": b"1234", "b1": "BLUE", "b2": 1.5, "b3": [b"abcd", b"efgh"], "b4": {"next": {"next": None}},
    "b5": datetime(2020, 1, 1, tzinfo=UTC), "b6": "x", "a0": -(2**62), "a1": {"k": ["RED"], "n": None},
}  # fmt: skip


@pytest.mark.parametrize("parse", [lambda schema: schema, parse_schema], ids=["raw", "parsed"])
@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, (type(None), None)),
        (b"x", (bytes, b"x")),
        ("x", (Raw, b'"x"')),
        (True, (Raw, b"true")),
        (1.0, (Raw, b"1")),
        ({"a": {"value": {"b": [{"value": {"c": {"d": {"value": {}}}}}]}}}, (Raw, b'{"a":{"b":[{"c":{"d":{}}}]}}')),
        ([{"value": {"a": 1.5}}], (Raw, b'[{"a":1.5}]')),
    ],
)  # fmt: skip
def test_a_newer_writer_is_understood(parse: Any, value: object, kept: tuple[type, object]) -> None:
    written = by(EVERY_TYPE, value, **EVERY_VALUE)
    event = avro.decode(written, writer_schema=parse(EVERY_TYPE))
    assert shown(event) == kept
    assert event.replace(data=None) == made()
    assert problems(written)[0][1] == "AVRO-2.4-a"  # without its schema


def test_a_record_may_hold_itself() -> None:
    schema = newer(after=(["null", "CloudEvent"],))
    inner: dict[str, Any] = {"attribute": {}, "data": b"x", "a0": None}
    assert avro.decode(by(schema, b"y", a0=inner), writer_schema=schema) == made(data=b"y")


def test_data_of_a_newer_writer_that_is_cut_off() -> None:
    written = by(EVERY_TYPE, b"x", **EVERY_VALUE)
    for at in range(len(written)):
        assert problems(written[:at], writer_schema=EVERY_TYPE) == [NO_DATUM]
    fixed = newer({"type": "array", "items": {"type": "fixed", "name": "Four", "size": 4}})
    assert problems(long(2**62) + b"1234" * 10, writer_schema=fixed) == [NO_DATUM]


def test_items_that_take_no_bytes_are_refused() -> None:
    """Otherwise ten bytes could ask for any number of them."""
    empty = {"type": "record", "name": "Empty", "fields": []}
    for items in ("null", empty, {"type": "fixed", "name": "Zero", "size": 0}):
        schema = newer({"type": "array", "items": items})
        assert problems(long(2**62) + b"\x00" + body(), writer_schema=schema) == [NO_DATUM]


def test_no_type_becomes_another() -> None:
    """As it would by Avro's rules, which take the first branch of a union to which a value can be promoted."""
    attributes = {**dict(CORE), "a": b"\xff", "b": "x", "c": True, "d": 5}
    written = by(newer("int"), "x", attribute=attributes, b0=7)
    event = avro.decode(written, writer_schema=newer("int"))
    assert shown(event) == (Raw, b'"x"')
    assert event.extensions == {"a": b"\xff", "b": "x", "c": True, "d": 5}
    assert type(event["c"]) is bool


@pytest.mark.parametrize(
    ("union", "value", "text"),
    [
        (["null", "long"], 2**62, b"4611686018427387904"),
        (["null", "float"], 1.5, b"1.5"),
        ({"type": "array", "items": ["null", "int", "string"]}, [1, None, "x"], b'[1,null,"x"]'),
        ({"type": "enum", "name": "Colour", "symbols": ["RED"]}, "RED", b'"RED"'),
    ],
    ids=["long", "float", "array", "enum"],
)  # fmt: skip
def test_other_types_of_data(union: Any, value: object, text: bytes) -> None:
    schema = newer(union=union)
    assert shown(avro.decode(by(schema, value), writer_schema=schema)) == (Raw, text)


def test_data_that_is_not_there_is_none() -> None:
    schema = newer()
    schema["fields"].pop()
    assert avro.decode(entries(*CORE), writer_schema=schema) == made()


def test_what_a_newer_writer_may_not_do() -> None:
    enum = newer({"type": "enum", "name": "Colour", "symbols": ["RED"]})
    assert problems(b"\x02" + body(), writer_schema=enum) == [NO_DATUM]
    assert problems(b"\x01" + body(), writer_schema=enum) == [NO_DATUM]
    floats = newer(values={"type": "map", "values": ["string", "double"]})
    written = by(floats, attribute={**dict(CORE), "a": 1.5})
    assert problems(written, writer_schema=floats) == [("a", "CE-types-l")]
    text = newer(values="string")
    with pytest.raises(InvalidEvent, match="has no map `attribute`"):
        avro.decode(by(text, attribute="x"), writer_schema=text)
    unnamed = {"type": "record", "name": "Empty", "fields": []}
    assert problems(b"", writer_schema=unnamed) == [NO_DATUM]
    items = newer(union={"type": "array", "items": "bytes"})
    assert problems(by(items, [b"x"]), writer_schema=items) == [NO_JSON]
    strange = {"type": "record", "name": "Strange", "fields": [{"name": "value", "type": "int"}]}
    records = newer(union=strange)
    assert problems(by(records, {"value": 1}), writer_schema=records) == [NO_JSON]


def test_an_attribute_of_a_newer_writer_that_is_there_twice() -> None:
    schema = newer("int")
    assert problems(b"\x02" + body(NO_DATA, ("id", "2")), writer_schema=schema) == [("id", "CE-attrs-d")]
    event = avro.decode(b"\x02" + body(NO_DATA, ("id", "1")), writer_schema=schema, lenient=True)
    assert [problem.requirement for problem in event.repairs] == ["CE-attrs-d"]
    assert problems(b"\x02" + body(b"\x06\x04\x02a\x00\x02a\x00\x00"), writer_schema=schema) == [
        ("data", "AVRO-2.4-a")
    ]


def test_a_union_of_many_branches() -> None:
    names = [{"type": "fixed", "name": f"F{size}", "size": size} for size in range(1, 100)]
    schema = newer(["null", *names])
    for size in (1, 60, 99):
        assert avro.decode(long(size) + b"x" * size + body(), writer_schema=schema) == made()
    assert problems(long(100) + body(), writer_schema=schema) == [NO_DATUM]


@pytest.mark.parametrize(
    "schema", [{"type": "strange"}, 5, {"type": "record"}, ["int", {"type": "array"}]], ids=repr
)
def test_a_writer_schema_that_is_none(schema: Any) -> None:
    with pytest.raises(ValueError, match="the writer's schema is no Avro schema of a record"):
        avro.decode(body(), writer_schema=schema)


# ------------------------------------------------------------------------------------------------------ hostile


def nested(depth: int, *, closed: bool) -> bytes:
    """Arrays of records of arrays: {"": [{"": [...]}]}."""
    return b"\x08" + b"\x02\x02\x00\x06" * depth + (b"\x00" + b"\x00\x00" * depth if closed else b"")


@pytest.mark.parametrize("depth", [101, 1000, 100_000])
@pytest.mark.parametrize("schema", [None, newer()], ids=["ours", "theirs"])
def test_deep_data_does_not_end_the_process(depth: int, schema: Any) -> None:  # S8
    for closed in (False, True):
        with pytest.raises(InvalidEvent, match="is nested too deeply"):
            avro.decode(body(nested(depth, closed=closed)), writer_schema=schema)
    maps = b"\x06\x02\x00\x04" + b"\x02\x00\x04\x02\x00" * depth
    assert problems(body(maps), writer_schema=schema) == [NO_DATUM]


@pytest.mark.parametrize("schema", [None, newer()], ids=["ours", "theirs"])
def test_data_that_is_just_not_too_deep(schema: Any) -> None:
    event = avro.decode(body(nested(99, closed=True)), writer_schema=schema)
    text = '[{"":' * 99 + "[]" + "}]" * 99
    assert shown(event) == (Raw, text.encode())


def test_data_may_be_as_wide_as_it_is() -> None:
    assert avro.decode(body(b"\x08" + long(500) + bytes(501))).data == [{}] * 500


def test_near_the_end_of_the_stack() -> None:
    """Wherever the stack ends, a reader that began at all ends with an error of ours."""
    given_body = body(nested(99, closed=True))

    def at_depth(depth: int) -> str:
        if depth:
            return at_depth(depth - 1)
        try:
            avro.decode(given_body)
        except InvalidEvent as error:
            return str(error)
        return "read"

    outcomes = set()
    for depth in range(0, 850, 25):
        try:
            outcomes.add(at_depth(depth).partition(" at byte")[0])
        except RecursionError:  # no place for the first call
            break
    assert outcomes <= {"read", "is no Avro datum: is nested too deeply"}
    assert "read" in outcomes


KILOBYTE = [
    body(nested(240, closed=False)),
    body(b"\x08" + long(1000) + bytes(1000)),  # empty records
    long(2**62) + bytes(1000),
    long(500) + b"\x00\x00" * 500,  # the same name all the time
    b"".join([long(200), *(string(f"{number:03}") + b"\x00" for number in range(200))]),
    body(b"\x06" + long(300) + b"".join(b"\x02" + bytes([number % 128]) + b"\x00" for number in range(300))),
    body(b"\x00" + long(2**62) + bytes(900)),
    body(b"\x0c" + string("\x00" * 900)),
    b"\xff" * 1000,
    body(NO_DATA, *((f"{number}", True) for number in range(200))),
]


@pytest.mark.parametrize("given_body", KILOBYTE, ids=range(len(KILOBYTE)))
@pytest.mark.parametrize("schema", [None, newer()], ids=["ours", "theirs"])
def test_a_kilobyte_takes_little_memory(given_body: bytes, schema: Any) -> None:
    def read() -> None:
        for lenient in (False, True):
            with contextlib.suppress(InvalidEvent):
                avro.decode(given_body, lenient=lenient, writer_schema=schema)

    read()  # what is imported and remembered
    tracemalloc.start()
    try:
        read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_empty_records_take_little_memory() -> None:  # each is one byte
    items = entries(("specversion", "1.0"), ("type", "t"), ("source", "/s"), ("id", "1"))
    count = 100_000
    given_body = items + b"\x08" + long(count) + bytes(count) + b"\x00"
    tracemalloc.start()
    try:
        event = avro.decode(given_body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert event.data == [{}] * count
    assert peak < 40 * count


def test_work_grows_with_the_bytes_alone() -> None:
    """A count or a length of any size costs no more than what is there: calls are counted, not seconds."""
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    bodies = (
        long(2**62) + bytes(3000),
        body(b"\x08" + long(2**62) + bytes(3000)),
        long(-(2**63)) + bytes(3000),
    )
    for given_body in bodies:
        calls = 0
        sys.setprofile(count)
        try:
            found = problems(given_body)
        finally:
            sys.setprofile(None)
        assert found in ([NO_DATUM], [NO_DATUM, NO_DATUM])
        assert calls < 100_000


@given(st.data())
def test_changed_bytes_give_only_our_errors(draw: st.DataObject) -> None:
    written = bytearray(avro.encode(draw.draw(testing.events())))
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(written) - 1))
        end = at + draw.draw(st.integers(0, 3))
        written[at:end] = draw.draw(st.binary(max_size=4))
        if not written:
            break
    read_or_refused(bytes(written))


@given(st.binary(max_size=200))
def test_any_bytes_give_only_our_errors(given_body: bytes) -> None:
    read_or_refused(given_body)
    read_or_refused(MINIMAL + given_body)


def read_or_refused(given_body: bytes) -> None:
    for lenient in (False, True):
        for schema in (None, newer()):
            try:
                event = avro.decode(given_body, lenient=lenient, writer_schema=schema)
            except InvalidEvent:
                continue
            datum: Any = schemaless_reader(BytesIO(given_body), avro.SCHEMA, None)
            assert datum["attribute"]["id"] == event.id  # what we read, others read as well
            if not event.repairs:
                assert avro.decode(avro.encode(event)) == event


@given(st.data())
def test_values_of_other_writers_are_read_as_others_read_them(draw: st.DataObject) -> None:
    numbers = st.floats(allow_nan=False, allow_infinity=False)
    scalars = st.none() | st.booleans() | numbers | st.text(st.characters(exclude_categories=["Cs"]))
    names = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
    records: Any = st.recursive(
        st.dictionaries(names, scalars, max_size=3).map(lambda members: {"value": members}),
        lambda inner: st.dictionaries(
            names,
            scalars | st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
            max_size=3,
        ).map(lambda members: {"value": members}),
        max_leaves=8,
    )
    value = draw.draw(
        st.booleans()
        | numbers
        | st.lists(records, max_size=3)
        | st.dictionaries(names, scalars | records, max_size=3)
    )
    event = avro.decode(by(newer(), value))
    assert event.data == flat(value)
    assert avro.decode(by(newer(), value), writer_schema=newer()).data == flat(value)


def flat(value: Any) -> Any:
    """The JSON value of what fastavro was given; a record has `value` alone, and no map here has a record's form."""
    if isinstance(value, dict):
        if value.keys() == {"value"} and isinstance(value["value"], dict):
            value = value["value"]
        return {name: flat(member) for name, member in value.items()}
    return [flat(item) for item in value] if isinstance(value, list) else value


# ------------------------------------------------------------------------------------------ without fastavro


def test_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastavro", None)
    monkeypatch.delitem(sys.modules, "cevents.formats._avro")
    with pytest.raises(ImportError, match=r"the Avro formats need fastavro: pip install 'cevents\[avro\]'"):
        importlib.import_module("cevents.formats._avro")
