"""The Avro compact format: pairs of event and bytes both ways, times, what is refused, newer writers."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from fastavro.schema import fingerprint, to_parsing_canonical_form
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from cevents import CloudEvent, DataError, InvalidEvent, UnsupportedBatch, formats, testing
from cevents.attributes import URIText
from cevents.data import Binary, CborItem
from cevents.event import kept_extensions, stored_data
from cevents.formats import avro, avro_compact
from cevents.timestamps import TimestampText

Event = CloudEvent[Any]
JSON = "application/json"


# ------------------------------------------------------------------------------------------------ Avro by hand


class Micros(int):
    """A timestamp, in bytes made by hand."""


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
    """A value of the union [boolean, int, timestamp-micros, string, bytes]."""
    if isinstance(value, bool):
        return b"\x00\x01" if value else b"\x00\x00"
    if isinstance(value, Micros):
        return b"\x04" + long(value)
    if isinstance(value, int):
        return b"\x02" + long(value)
    if isinstance(value, str):
        return b"\x06" + string(value)
    assert isinstance(value, bytes)
    return b"\x08" + string(value)


def body(
    *pairs: tuple[str, object],
    id: str = "1",
    source: str = "/s",
    type: str = "t",
    datacontenttype: str | None = None,
    dataschema: str | None = None,
    subject: str | None = None,
    time: int | None = None,
    data: bytes | None = None,
) -> bytes:
    """A whole event; the pairs are its extensions."""
    texts = [
        b"\x00" if text is None else b"\x02" + string(text) for text in (datacontenttype, dataschema, subject)
    ]
    inner = b"".join(string(name) + branch(value) for name, value in pairs)
    return b"".join(
        [
            string(id), string(source), string(type), *texts,
            b"\x00" if time is None else b"\x02" + long(time),
            long(len(pairs)) + inner + b"\x00" if pairs else b"\x00",
            b"\x02" if data is None else b"\x00" + string(data),
        ]
    )  # fmt: skip


MINIMAL = (
    b"\x021"  # id
    b"\x04/s"  # source
    b"\x02t"  # type
    b"\x00\x00\x00\x00"  # no datacontenttype, dataschema, subject, time
    b"\x00"  # no extensions
    b"\x02"  # data: the second branch, null
)


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def problems(
    given_body: bytes, *, lenient: bool = False, writer_schema: Any = None
) -> list[tuple[str | None, str]]:
    """What is wrong with a body: attributes and requirements."""
    with pytest.raises(InvalidEvent) as caught:
        avro_compact.decode(given_body, lenient=lenient, writer_schema=writer_schema)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


# --------------------------------------------------------------------------------------------------- both ways

EXAMPLE = 1685121689691000  # EX-AVROC-TABLE

# AVROC-2.1-a, AVROC-2.2-a, T-AVROC-1, F4: the event, and the bytes that are its one spelling
PAIRS: list[tuple[str, Event, bytes]] = [
    ("minimal", made(), MINIMAL),
    (
        "every field",
        made(
            id="i",
            type="y",
            time="2023-05-26T17:21:29.691Z",
            datacontenttype="a/b",
            subject="sub",
            dataschema="urn:x",
            data=b"\x00",
        ),
        body(
            id="i",
            type="y",
            time=EXAMPLE,
            datacontenttype="a/b",
            subject="sub",
            dataschema="urn:x",
            data=b"\x00",
        ),
    ),
    ("Boolean", made(a=True, b=False), body(("a", True), ("b", False))),
    (
        "Integer",
        made(a=2147483647, b=-2147483648, c=0, d=1),
        body(("a", 2147483647), ("b", -2147483648), ("c", 0), ("d", 1)),
    ),
    ("String", made(a="", b='€"\\/', c="5"), body(("a", ""), ("b", '€"\\/'), ("c", "5"))),
    ("Binary", made(a=b"\x00\xff", b=b""), body(("a", b"\x00\xff"), ("b", b""))),
    (
        "Timestamp",
        made(a=TimestampText("2023-05-26T17:21:29.691Z"), b=datetime(1970, 1, 1, tzinfo=UTC)),
        body(("a", Micros(EXAMPLE)), ("b", Micros(0))),
    ),
    ("no bytes", made(data=b""), body(data=b"")),
    ("no data under a type", made(datacontenttype=JSON), body(datacontenttype=JSON)),
    (
        "JSON",
        made(data=b'{"a": 1.0}', datacontenttype=JSON),
        body(datacontenttype=JSON, data=b'{"a": 1.0}'),
    ),
    ("null", made(data=b"null", datacontenttype=JSON), body(datacontenttype=JSON, data=b"null")),
    ("the word null", made(data=b"null"), body(data=b"null")),
    (
        "text",
        made(data=b"\xe9", datacontenttype="text/plain; charset=iso-8859-1"),
        body(datacontenttype="text/plain; charset=iso-8859-1", data=b"\xe9"),
    ),
]
each_pair = pytest.mark.parametrize(
    ("event", "written"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)


@each_pair
def test_an_event_is_written_so(event: Event, written: bytes) -> None:
    assert avro_compact.encode(event) == written


@each_pair
def test_bytes_are_read_so(event: Event, written: bytes) -> None:
    for given_body in (written, bytearray(written), memoryview(written)):
        found = avro_compact.decode(given_body)
        assert found == event
        assert found.repairs == ()
        assert (type(stored_data(found)), stored_data(found)) == (
            type(stored_data(event)),
            stored_data(event),
        )
        assert {name: (type(value), value) for name, value in kept_extensions(found).items()} == {
            name: (type(value), value) for name, value in kept_extensions(event).items()
        }
        assert avro_compact.encode(found) == written


ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(
    datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES
)  # in any zone a year of UTC
EXTENSIONS = st.dictionaries(
    testing.attribute_names(),
    st.booleans() | st.integers(-(2**31), 2**31 - 1) | testing.strings(min_size=0) | st.binary() | MOMENTS,
    max_size=5,
)


def instants(event: Event) -> dict[str, Any]:
    return {name: value for name, value in event.attributes.items() if isinstance(value, datetime)}


@given(testing.events(time=st.none() | MOMENTS, extensions=EXTENSIONS))
def test_every_event_comes_back(event: Event) -> None:
    found = avro_compact.decode(avro_compact.encode(event))
    assert instants(found) == instants(event)
    plain: dict[str, Any] = dict.fromkeys(instants(event))
    assert found.replace(**plain) == event.replace(**plain)
    assert avro_compact.encode(found) == avro_compact.encode(event)
    assert avro_compact.decode(avro_compact.encode(found)) == found


@given(testing.timestamps())
def test_an_instant_is_carried_exactly_or_refused(text: str) -> None:
    event = made(time=text, moment=TimestampText(text))
    digits = text[20:].rstrip("Zz").partition("+")[0].partition("-")[0] if text[19] == "." else ""
    if text[17:19] == "60" or digits[6:].strip("0") or text.startswith("0000"):
        with pytest.raises(DataError, match="cannot be carried by Avro compact"):
            avro_compact.encode(event)
        return
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError:
        with pytest.raises(DataError, match="outside the years"):
            avro_compact.encode(event)
        return
    found = avro_compact.decode(avro_compact.encode(event))
    assert found.time == found["moment"] == moment


def test_all_data_is_bytes() -> None:  # AVROC-0-a
    for value, text in (
        ({"a": [1, 1.5]}, b'{"a":[1,1.5]}'),
        ("s", b'"s"'),
        (7, b"7"),
        (Raw(b" 1.10"), b"1.10"),
    ):
        written = avro_compact.encode(made(data=value))
        assert written == body(datacontenttype=JSON, data=text)
        assert avro_compact.decode(written) == made(data=value)
    null = formats.json.decode(b'{"specversion":"1.0","type":"t","source":"/s","id":"1","data":null}')
    assert avro_compact.encode(null) == body(datacontenttype=JSON, data=b"null")
    assert avro_compact.decode(avro_compact.encode(null)) == null
    text_event = made(data="é", datacontenttype="text/plain; charset=utf-16-le")
    assert avro_compact.encode(text_event) == body(
        datacontenttype="text/plain; charset=utf-16-le", data=b"\xe9\x00"
    )
    assert avro_compact.encode(made(data=Binary(b"x"))) == body(data=b"x")
    item = avro_compact.encode(made(data=CborItem(b"\x01")))
    assert item == body(datacontenttype="application/cbor", data=b"\x01")


def test_uris_become_strings() -> None:  # AVROC-2.1-a, AVROC-2.1-b
    assert avro_compact.encode(made(a=URIText("urn:x"))) == body(("a", "urn:x"))
    assert type(kept_extensions(avro_compact.decode(body(("a", "urn:x"))))["a"]) is str


def test_a_timestamp_that_nobody_knows_to_be_one_is_a_string() -> None:
    written = avro_compact.encode(made(a="2020-01-01T00:00:00Z"))
    assert written == body(("a", "2020-01-01T00:00:00Z"))


def test_there_are_no_batches() -> None:  # AVROC-1-a
    with pytest.raises(UnsupportedBatch, match="Avro compact has no batches"):
        avro_compact.encode_batch([made()])
    with pytest.raises(UnsupportedBatch):
        avro_compact.decode_batch(b"")
    assert avro_compact.batch_media_type is None


def test_the_format_is_found() -> None:  # AVROC-3-a, F4
    found = formats.get("application/cloudevents+avro-compact")
    assert found is formats.get("avro-compact")
    assert found.media_type == "application/cloudevents+avro-compact"
    assert formats.get("application/cloudevents+avro") is not found


def test_the_two_formats_do_not_read_each_other() -> None:
    event = made(time="2020-01-01T00:00:00Z", a=1, data=b"x")
    with pytest.raises(InvalidEvent):
        avro_compact.decode(avro.encode(event))
    with pytest.raises(InvalidEvent):
        avro.decode(avro_compact.encode(event))


def test_the_schema_is_the_drafts() -> None:  # AVROC-2.2-a
    """By its fingerprint: that of `cloudevents-compact.avsc` in the specification's repository."""
    canonical = to_parsing_canonical_form(avro_compact.SCHEMA)
    assert fingerprint(canonical, "SHA-256") == (
        "50d96531a54d992e64437576a7b26936945c11e2a902c6928153bfb362030aae"
    )


# ------------------------------------------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (1_000, "1970-01-01T00:00:00.001Z"),
        (120_000, "1970-01-01T00:00:00.120Z"),
        (120_300, "1970-01-01T00:00:00.120300Z"),
        (1_000_000, "1970-01-01T00:00:01Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (-1_000, "1969-12-31T23:59:59.999Z"),
        (EXAMPLE, "2023-05-26T17:21:29.691Z"),
        (-62135596800000000, "0001-01-01T00:00:00Z"),
        (253402300799999999, "9999-12-31T23:59:59.999999Z"),
        (1582934400000000, "2020-02-29T00:00:00Z"),
    ],
)
def test_a_time_has_no_more_digits_than_it_needs(micros: int, text: str) -> None:  # AVROC-2.1-a
    event = avro_compact.decode(body(("moment", Micros(micros)), time=micros))
    assert event.text("time") == text
    assert kept_extensions(event) == {"moment": text}
    assert type(kept_extensions(event)["moment"]) is TimestampText
    assert avro_compact.encode(event) == body(("moment", Micros(micros)), time=micros)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2018-04-05T19:31:00+02:00", "2018-04-05T17:31:00Z"),
        ("2018-04-05T17:31:00-00:00", "2018-04-05T17:31:00Z"),
        ("2018-04-05t17:31:00.5z", "2018-04-05T17:31:00.500Z"),
        ("2018-04-05T17:31:00.1200000000000Z", "2018-04-05T17:31:00.120Z"),
        ("2018-04-05T17:31:00.000000000000+23:59", "2018-04-04T17:32:00Z"),
        ("0001-01-01T00:00:00-23:59", "0001-01-01T23:59:00Z"),
        ("9999-12-31T23:59:59.999999+00:01", "9999-12-31T23:58:59.999999Z"),
    ],
)
def test_the_instant_is_kept_and_the_spelling_is_not(text: str, same: str) -> None:
    event = avro_compact.decode(avro_compact.encode(made(time=text, moment=TimestampText(text))))
    assert event.text("time") == event.text("moment") == same


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2018-04-05T17:31:00.1234567Z", "it is finer than microseconds"),
        ("2018-04-05T17:31:00.0000000000001+01:00", "it is finer than microseconds"),
        ("2018-04-05T17:31:00.000000010Z", "it is finer than microseconds"),
        ("2016-12-31T23:59:60Z", "microseconds of UTC have no leap seconds"),
        ("2017-01-01T00:59:60.5+01:00", "microseconds of UTC have no leap seconds"),
        ("0000-01-01T00:00:00Z", "it is outside the years 1 to 9999 of UTC"),
        ("0000-12-31T23:59:59-00:01", "it is outside the years 1 to 9999 of UTC"),
        ("0001-01-01T00:00:00+00:01", "it is outside the years 1 to 9999 of UTC"),
        ("9999-12-31T23:59:59-00:01", "it is outside the years 1 to 9999 of UTC"),
    ],
)
def test_what_microseconds_cannot_hold_is_refused(text: str, why: str) -> None:
    with pytest.raises(DataError) as caught:
        avro_compact.encode(made(time=text))
    assert str(caught.value) == f'time: "{text}" cannot be carried by Avro compact: {why}'
    with pytest.raises(DataError, match="moment: "):
        avro_compact.encode(made(moment=TimestampText(text)))


def test_a_long_is_a_timestamp_of_any_size() -> None:  # T-AVROC-2
    assert avro_compact.encode(made(a=5, b=TimestampText("1970-01-01T00:00:00.000005Z"))) == body(
        ("a", 5), ("b", Micros(5))
    )
    with pytest.raises(InvalidEvent, match="CE-types-c"):  # so that it is never asked to be written
        made(a=2**31)


# ----------------------------------------------------------------------------------------------------- refused

NO_DATUM: tuple[str | None, str] = (None, "AVROC-2.2-a")
WHOLE = body(("a", "x"), time=EXAMPLE, subject="s", data=b"xyz")
CASES: list[tuple[str, bytes, list[tuple[str | None, str]], bool]] = [
    ("nothing", b"", [NO_DATUM], False),
    *((f"cut off at {at}", WHOLE[:at], [NO_DATUM], False) for at in range(1, len(WHOLE))),
    ("no data", MINIMAL[:-1], [NO_DATUM], False),  # T-AVROC-1: no default stands for it
    ("trailing byte", MINIMAL + b"\x00", [NO_DATUM], False),
    ("container file", b"Obj\x01" + MINIMAL, [NO_DATUM], False),
    ("branch below", MINIMAL[:-1] + b"\x01", [NO_DATUM], False),
    ("branch above", MINIMAL[:-1] + b"\x04", [NO_DATUM], False),
    ("null extension", MINIMAL[:-2] + b"\x02\x02a\x0a\x00\x02", [NO_DATUM], False),
    ("id empty", body(id=""), [("id", "CE-id-b")], False),
    ("type empty", body(type=""), [("type", "CE-type-a")], False),
    ("source empty", body(source=""), [("source", "CE-source-a")], False),
    ("source", body(source="a b"), [("source", "CE-source-a")], True),
    ("subject empty", body(subject=""), [("subject", "CE-subject-a")], True),
    ("content type", body(datacontenttype="json"), [("datacontenttype", "CE-datacontenttype-a")], True),
    ("dataschema", body(dataschema="/x"), [("dataschema", "CE-dataschema-a")], True),
    ("name", body(("My", 1)), [("My", "CE-naming-a")], True),
    ("33 bits", body(("a", 2**31)), [("a", "CE-types-c")], False),  # T-AVROC-2
    ("a time as an int", body(("a", EXAMPLE)), [("a", "CE-types-c")], False),
    ("control", body(("a", "\x00")), [("a", "CE-types-e")], False),
    ("before year 1", body(time=-62135596800000001), [("time", "AVROC-2.1-a")], False),
    ("after year 9999", body(time=253402300800000000), [("time", "AVROC-2.1-a")], False),
    (
        "extensions outside the years",
        body(("a", Micros(-(2**63))), ("b", Micros(2**63 - 1))),
        [("a", "AVROC-2.1-a"), ("b", "AVROC-2.1-a")],
        False,
    ),
    ("specversion", body(("specversion", "1.0")), [("specversion", "AVROC-2.2-a")], False),  # AVROC-0-a
    ("specversion 0.3", body(("specversion", "0.3")), [("specversion", "AVROC-2.2-a")], False),
    ("id among extensions", body(("id", "1")), [("id", "AVROC-2.2-a")], False),  # CE-attrs-d
    ("time among extensions", body(("time", Micros(0))), [("time", "AVROC-2.2-a")], False),
    ("twice", body(("a", "x"), ("a", "y")), [("a", "CE-attrs-d")], False),
    ("twice, 1 and true", body(("a", 1), ("a", True)), [("a", "CE-attrs-d")], False),
    ("twice, int and time", body(("a", 1), ("a", Micros(1))), [("a", "CE-attrs-d")], False),
    ("twice, the same", body(("a", "x"), ("a", "x")), [("a", "CE-attrs-d")], True),
    ("several", body(("My", 1), id="", time=2**62), [("time", "AVROC-2.1-a"), ("id", "CE-id-b"), ("My", "CE-naming-a")],
     False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given_body", "found", "is_mended"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_is_refused(given_body: bytes, found: list[tuple[str | None, str]], is_mended: bool) -> None:
    assert problems(given_body) == found
    if is_mended:
        event = avro_compact.decode(given_body, lenient=True)
        assert [(problem.attribute, problem.requirement) for problem in event.repairs] == found
    else:
        assert set(problems(given_body, lenient=True)) <= set(found)


def test_what_is_told() -> None:
    with pytest.raises(
        InvalidEvent, match=r"time: must be within the years 1 to 9999 \(got 9223372036854775807\)"
    ):
        avro_compact.decode(body(time=2**63 - 1))
    with pytest.raises(InvalidEvent, match="id: has a field of its own, and must not be an extension"):
        avro_compact.decode(body(("id", "1")))
    with pytest.raises(InvalidEvent, match="object container file"):
        avro_compact.decode(b"Obj\x01" + MINIMAL)


def test_only_1_0_can_be_carried() -> None:  # AVROC-0-a
    with pytest.raises(InvalidEvent, match="cannot be carried by Avro compact"):
        avro_compact.encode(made(specversion="0.3"))
    assert avro_compact.decode(MINIMAL).specversion == "1.0"


def test_a_caller_may_reuse_its_buffer() -> None:
    buffer = bytearray(body(("a", b"y"), data=b"x"))
    event = avro_compact.decode(memoryview(buffer))
    buffer[:] = b"?" * len(buffer)
    assert (event.data, event["a"]) == (b"x", b"y")


# ----------------------------------------------------------------------------------------------- newer writers

INSTANT = {"type": "long", "logicalType": "timestamp-micros"}
FIELDS: list[Any] = [
    {"name": "tenant", "type": "string"},
    {"name": "id", "type": "string"},
    {"name": "source", "type": "string"},
    {"name": "type", "type": "string"},
    {"name": "time", "type": ["null", INSTANT]},
    {"name": "extensions", "type": {"type": "map", "values": ["null", "int", INSTANT, "bytes", "string"]}},
    {"name": "data", "type": ["null", "bytes"]},
    {"name": "zone", "type": ["null", "int"], "default": None},
]


def newer(*without: str, **types: Any) -> Any:
    fields = [{**field, "type": types.get(field["name"], field["type"])} for field in FIELDS]
    return {"type": "record", "name": "Newer", "fields": [f for f in fields if f["name"] not in without]}


def by(schema: Any, **fields: Any) -> bytes:
    """What fastavro writes by a schema."""
    out = BytesIO()
    core: dict[str, Any] = {
        "tenant": "x",
        "id": "1",
        "source": "/s",
        "type": "t",
        "extensions": {},
        "data": None,
    }
    schemaless_writer(out, parse_schema(schema), {**core, **fields})
    return out.getvalue()


def test_a_newer_writer_is_understood() -> None:
    extensions = {"a": ("long", 5), "b": 5, "c": b"\xff", "d": None}
    written = by(newer(), time=("long", EXAMPLE), extensions=extensions, data=b"x", zone=7)
    event = avro_compact.decode(written, writer_schema=parse_schema(newer()))
    assert event == made(
        time="2023-05-26T17:21:29.691Z",
        a=TimestampText("1970-01-01T00:00:00.000005Z"),
        b=5,
        c=b"\xff",
        data=b"x",
    )
    assert avro_compact.decode(by(newer("time", "data")), writer_schema=newer("time", "data")) == made()


@pytest.mark.parametrize(
    ("schema", "fields", "found"),
    [
        (newer("id"), {}, ("id", "CE-id-a")),
        (newer(id="int"), {"id": 5}, ("id", "CE-id-b")),
        (newer(time="long"), {"time": 5}, ("time", "CE-time-a")),
        (newer(data="string"), {"data": "x"}, ("data", "AVROC-2.2-a")),
        (newer("extensions"), {}, NO_DATUM),
        (newer(), {"extensions": {"subject": "x"}}, ("subject", "AVROC-2.2-a")),
        (newer(extensions={"type": "map", "values": "double"}), {"extensions": {"a": 1.5}}, ("a", "CE-types-l")),
    ],
    ids=range(7),
)  # fmt: skip
def test_what_a_newer_writer_may_not_do(
    schema: Any, fields: dict[str, Any], found: tuple[str | None, str]
) -> None:
    assert problems(by(schema, **fields), writer_schema=schema) == [found]


def test_a_writer_schema_that_is_none() -> None:
    with pytest.raises(ValueError, match="the writer's schema is no Avro schema of a record"):
        avro_compact.decode(MINIMAL, writer_schema={"type": "map", "values": "int"})


# ------------------------------------------------------------------------------------------------------ hostile

KILOBYTE = [
    long(2**62) + bytes(1000),
    MINIMAL[:-2] + long(2**62) + bytes(1000),
    MINIMAL[:-2] + long(-(2**63)) + b"\x00" + bytes(1000),
    MINIMAL[:-2] + long(300) + b"\x00\x00\x00" * 300 + b"\x00\x02",
    MINIMAL[:-1] + b"\x00" + long(2**62) + bytes(900),
    body(*((f"{number}", Micros(number)) for number in range(200))),
    b"\xff" * 1000,
]


@pytest.mark.parametrize("given_body", KILOBYTE, ids=range(len(KILOBYTE)))
def test_a_kilobyte_takes_little_memory(given_body: bytes) -> None:
    read_or_refused(given_body)  # what is imported and remembered
    tracemalloc.start()
    try:
        read_or_refused(given_body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def read_or_refused(given_body: bytes) -> None:
    for lenient in (False, True):
        try:
            event = avro_compact.decode(given_body, lenient=lenient)
        except InvalidEvent:
            continue
        if not event.repairs:
            assert avro_compact.decode(avro_compact.encode(event)) == event


@given(st.data())
def test_changed_bytes_give_only_our_errors(draw: st.DataObject) -> None:
    event = draw.draw(testing.events(time=st.none() | MOMENTS, extensions=EXTENSIONS))
    written = bytearray(avro_compact.encode(event))
    for _ in range(draw.draw(st.integers(1, 4))):
        at = draw.draw(st.integers(0, len(written)))
        end = at + draw.draw(st.integers(0, 3))
        written[at:end] = draw.draw(st.binary(max_size=4))
    read_or_refused(bytes(written))


@given(st.binary(max_size=200))
def test_any_bytes_give_only_our_errors(given_body: bytes) -> None:
    read_or_refused(given_body)
    read_or_refused(MINIMAL[:-2] + given_body)
