"""Data: each kind of value under each content type in each mode, from one table, and what cannot be encoded or read."""

from __future__ import annotations

import collections
import dataclasses
import decimal
import enum
import itertools
import json
import time
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypedDict

import cbor2
import msgspec
import pydantic
import pytest
from google.protobuf.any_pb2 import Any as Any_
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from cevents import CloudEvent, DataError, InvalidEvent, bindings, formats
from cevents import data as data_
from cevents.data import Binary, Stored
from tests.data_table import CONTENT_TYPES, KINDS, ROWS, Point, PointModel, PointStruct, Row, table_markdown

Event = CloudEvent[Any]


def made(data: Any, datacontenttype: str | None = None, **changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(data=data, datacontenttype=datacontenttype, **values)


def named(value: object) -> str:
    """The id of a parameter: the same in each process that runs the tests."""
    text = f"Raw {bytes(value)!r}" if isinstance(value, Raw) else getattr(value, "__name__", ascii(value))
    return text[:40]


# ------------------------------------------------------------------------------------------------------- the table

# CE-data-a, JSON-3.1.1-a ... JSON-3.1.2-j, HTTP-1.3-b, HTTP-2.2-a, HTTP-3.1.2-a, T-JSON-1, T-JSON-2, T-JSON-6,
# T23, T24, T25, T26, T27, T28, T31, T38, T40, F1
each_row = pytest.mark.parametrize(
    "row", ROWS, ids=[f"{row.kind.name} as {row.content_type.text or 'none'}" for row in ROWS]
)
each_version = pytest.mark.parametrize("version", ["1.0", "0.3"])

WAYS: dict[str, Callable[[Event], Event]] = {
    "as made": lambda event: event,
    "JSON": lambda event: formats.json.decode(formats.json.encode(event)),
    "HTTP binary": lambda event: bindings.http.decode(*bindings.http.encode(event)),
    "HTTP structured": lambda event: bindings.http.decode(*bindings.http.encode(event, "structured")),
}


def of_row(row: Row, version: str) -> Event:
    return made(row.kind.make(), row.content_type.text, specversion=version)


@each_row
@each_version
def test_what_is_written(row: Row, version: str) -> None:
    if row.refused:
        with pytest.raises(DataError):
            of_row(row, version)
        return
    event = of_row(row, version)
    declared = row.content_type.text
    envelope = f'{{"specversion":"{version}","type":"t","source":"/s","id":"1"'
    if declared is not None:
        envelope += f',"datacontenttype":"{declared}"'
    member = row.member if version == "1.0" else row.member_v03
    written = envelope + (f",{member}" if member else "") + "}"
    assert formats.json.encode(event).decode() == written
    message = bindings.http.encode(event)
    assert message.body == (row.body or b"")
    assert dict(message.headers).get("content-type") == row.sent_type
    assert bindings.http.encode(event, "structured").body.decode() == written


@each_row
@each_version
def test_what_is_read(row: Row, version: str) -> None:
    if row.refused:
        return  # nothing to read, see above
    sent = of_row(row, version)
    for first, second in itertools.product(WAYS, repeat=2):
        found = WAYS[second](WAYS[first](sent))
        if row.body == b"" and "HTTP binary" in (first, second):  # T-HTTP-12: no bytes are no data there
            assert not found.has_data, (first, second)
            continue
        assert found.has_data == (row.body is not None), (first, second)
        assert found.data_bytes == row.body, (first, second)
        if row.value is ValueError:
            with pytest.raises(DataError):
                _ = found.data
        else:
            assert found.data == row.value, (first, second)
            assert type(found.data) is type(row.value), (first, second)
        if row.body is not None:
            assert found == sent, (first, second)


@each_row
def test_f1_no_data_forges_an_attribute(row: Row) -> None:
    if not row.refused:
        members = json.loads(formats.json.encode(of_row(row, "1.0")))
        assert members.keys() <= {
            "specversion", "type", "source", "id", "datacontenttype", "data", "data_base64"
        }  # fmt: skip
        assert members["id"] == "1"


def test_the_table_of_the_docs() -> None:
    lines = table_markdown().splitlines()
    assert len(lines) == 2 + 4 * len(KINDS)
    assert all(line.count("|") - line.count("\\|") == 6 for line in lines)
    assert len(ROWS) == len(KINDS) * len(CONTENT_TYPES)


# ------------------------------------------------------------------------------------------- what cannot be encoded


class Opaque:
    pass


def nested(depth: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(depth):
        found = [found]
    return found


def endless() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


class Half(msgspec.Struct):
    x: int


def unset() -> Half:
    half = Half(1)
    del half.x
    return half


class NanModel(pydantic.BaseModel):
    x: float


# T49, T-JSON-5, JSON-3.1.1-j
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "data cannot be encoded as JSON"),
        (float("inf"), "data cannot be encoded as JSON"),
        ({"a": [None, -float("inf")]}, "data cannot be encoded as JSON"),
        (Point(float("nan"), None), "data cannot be encoded as JSON"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested
        (NanModel(x=float("nan")), "data cannot be encoded as JSON"),
        (decimal.Decimal("NaN"), "data cannot be encoded as JSON"),
        ([None, decimal.Decimal("-Infinity")], "data cannot be encoded as JSON"),
        ([None, float("nan"), 2**70], "data cannot be encoded as JSON"),
        ({"a": None, "b": Point(1, -float("inf"))}, "data cannot be encoded as JSON"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested
        ("\ud800", "data holds an unpaired surrogate"),
        ({"\ud800": 1}, "data holds an unpaired surrogate"),
        (Opaque(), "data holds a value of type Opaque"),
        ({"a": {1j}}, "data holds a value of type complex"),
        ({(1, 2): 3}, "data holds a key of type tuple"),
        ({None: 3}, "data holds a key of type NoneType"),
        (iter([1]), "data holds a value of type list_iterator"),
        (collections.UserDict(a=1), "data holds a value of type UserDict"),
        (types.MappingProxyType({"a": 1}), "data holds a value of type mappingproxy"),
        (nested(100_000), "nested too deeply"),
        ([None, nested(100_000)], "nested too deeply"),
        (endless(), "nested too deeply"),
        ([unset()], "AttributeError in the encoding"),
        (Raw(b"nonsense"), "data is not JSON"),
        (Raw(b'{"a":"\xff"}'), "data is not JSON"),
        (Raw(b"1 2"), "data is not JSON"),
        (
            {"a": Raw(b'1},"id":"evil","b":{"c":1')},
            "JSON",
        ),
        ([Raw(b"nonsense")], "JSON"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else type(value).__name__,
)
def test_t49_what_json_cannot_hold(value: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        made(value)


class Spelling(str):
    """As Django's SafeString: `str()` of it is itself."""

    __slots__ = ()

    def __str__(self) -> str:
        return self


class Kind(enum.IntEnum):
    ONE = 1


class Pair(NamedTuple):
    one: int
    two: int


class Whole(int):
    pass


class Ratio(float):
    pass


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({1: "a", 1.5: "b"}, '{"1":"a","1.5":"b"}'),
        ((1, 2), "[1,2]"),
        (Pair(1, 2), "[1,2]"),
        ({1}, "[1]"),
        (Kind.ONE, "1"),
        (Whole(5), "5"),
        (Ratio(1.5), "1.5"),
        (collections.OrderedDict(a=1), '{"a":1}'),
        ({"a": "null NaN Infinity"}, '{"a":"null NaN Infinity"}'),
        ({"NaN": None}, '{"NaN":null}'),
        ([None, Point(1, 2), PointModel(x=1, y=2)], '[null,{"x":1,"y":2},{"x":1,"y":2}]'),
        ({"a": [None, decimal.Decimal("1.10")]}, '{"a":[null,1.10]}'),
        (10**300, str(10**300)),
        ([None, 2**70, 1.7976931348623157e308], "[null,1180591620717411303424,1.7976931348623157e308]"),
        ([None, 0xCB7FF0], "[null,13336560]"),  # looks like NaN where it is looked for
        (Raw(b' {"a": 1.10} '), '{"a": 1.10}'),
        ({"a": Raw(b"[1.10]")}, '{"a":[1.10]}'),
        ({"a": Raw(b"[1.10]"), "b": None}, '{"a":[1.10],"b":null}'),
        (
            [Spelling("x")],
            '["x"]',
        ),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else type(value).__name__,
)
def test_what_json_can_hold(value: Any, text: str) -> None:
    assert made(value).data_bytes == text.encode()


@pytest.mark.parametrize(
    ("value", "content_type", "message"),
    [
        ({"a": 1}, "application/octet-stream", "cannot be encoded as"),  # T27
        ({"a": 1}, "text/plain", "cannot be encoded as"),  # JSON-3.1.1-l
        (5, "text/plain", "cannot be encoded as"),
        ("x", "application/octet-stream", "not a text type"),
        ("€", "text/plain; charset=iso-8859-1", "cannot be encoded as"),
        ("\ud800", "text/plain", "cannot be encoded as"),
        ("x", "text/plain; charset=bogus", "is not known"),
        ({"a": "€"}, "application/json; charset=iso-8859-1", "cannot be encoded as"),
        ({"a": 1}, "application/json; charset=bogus", "is not known"),
        (Raw(b"1"), "text/plain", "encoded"),
    ],
    ids=named,
)
def test_what_a_content_type_cannot_hold(value: Any, content_type: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        made(value, content_type)


def test_a_text_of_a_library_under_a_text_type() -> None:
    event = made(Spelling("x"), "text/plain")
    assert type(event.data) is str
    assert formats.json.decode(formats.json.encode(event)) == event


def test_t80_t86_what_the_caller_changes_later_changes_no_event() -> None:
    given_dict, given_list, buffer = {"a": 1}, [1], bytearray(b"[1]")
    events = [made(given_dict), made(given_list), made(buffer), made(memoryview(buffer))]
    before = [event.data_bytes for event in events]
    given_dict["a"] = 2
    given_list.append(2)
    buffer[1:2] = b"9"
    assert [event.data_bytes for event in events] == before
    assert given_dict == {"a": 2}


def test_t91_what_the_caller_changes_in_data_changes_no_bytes() -> None:
    event = made({"a": 1})
    event.data["a"] = 2
    assert event.data_bytes == b'{"a":1}'
    assert b'"data":{"a":1}' in formats.json.encode(event)
    assert event.data is event.data


# ---------------------------------------------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    ("data", "content_type", "message"),
    [
        (b"{", "application/json", "data is not JSON"),  # T29, CE-attrs-e
        (b"", "application/json", "data is not JSON"),
        (b'{"a":1} x', "application/json", "data is not JSON"),
        (b'\xef\xbb\xbf{"a":1}', "application/json", "data is not JSON"),
        (b'"\xff"', "application/json", "data is not JSON"),
        (b'{"a":"\\ud800"}', "application/json", "data is not JSON"),
        (b"NaN", "application/json", "data is not JSON"),
        (b"1" * 10_000, "application/json", "out of range"),  # T92
        (b"1e400", "application/json", "out of range"),
        (b"[-1e400]", "application/json", "out of range"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json", "nested too deeply"),  # S8
        (b"\xff", "text/plain", "not text in utf-8"),
        (b"\x80", "text/plain; charset=us-ascii", "not text in ascii"),
        (b"x", "text/plain; charset=bogus", "charset of .* is not known"),
        (b"1", "application/json; charset=bogus", "charset of .* is not known"),
        (b"\xff", "application/json; charset=us-ascii", "not text in ascii"),
    ],
    ids=named,
)
def test_t29_data_that_is_not_what_its_type_claims(data: bytes, content_type: str, message: str) -> None:
    event = made(data, content_type)
    assert event.data_bytes == data
    assert event["id"] == "1"
    for _ in range(2):
        with pytest.raises(DataError, match=message):
            _ = event.data
    assert bindings.http.decode(*bindings.http.encode(event)).data_bytes == data or data == b""
    assert formats.json.decode(formats.json.encode(event)).data_bytes == data


@pytest.mark.parametrize("digits", [b"1" * 10_000, b"1e400", b"0.10", b"9007199254740993", b"-0", b"1E+2"])
def test_t92_numbers_keep_their_digits(digits: bytes) -> None:  # T-JSON-14
    event = bindings.http.decode({**CORE_HEADERS, "content-type": "application/json"}, b"[%b]" % digits)
    found = formats.json.decode(formats.json.encode(event))
    assert found.data_bytes == b"[%b]" % digits
    assert bindings.http.encode(found).body == b"[%b]" % digits


CORE_HEADERS = {"ce-specversion": "1.0", "ce-type": "t", "ce-source": "/s", "ce-id": "1"}


def test_t28_a_text_in_another_charset() -> None:  # T-JSON-9
    event = bindings.http.decode({**CORE_HEADERS, "content-type": "text/plain; charset=iso-8859-1"}, b"\xe9")
    assert event.data == "é"
    assert b'"data":"\xc3\xa9"' in formats.json.encode(event)
    assert bindings.http.encode(formats.json.decode(formats.json.encode(event))).body == b"\xe9"


@pytest.mark.parametrize(
    ("data", "content_type", "found"),
    [
        (None, "application/json", None),
        (b'{"a":1}', "application/json", Raw(b'{"a":1}')),
        (b" [1] ", "application/json", Raw(b"[1]")),
        (b"[", "application/json", b"["),
        (b'1,"id":"evil"', "application/json", b'1,"id":"evil"'),
        (b'"\xff"', "application/json", b'"\xff"'),
        (b"[" * 10_000, "application/json", b"[" * 10_000),
        ("[1]".encode("utf-16"), "application/json; charset=utf-16", "[1]".encode("utf-16")),
        (b"[1]", None, b"[1]"),
        (b"x", "text/plain", "x"),
        (b"\xef\xbb\xbfx", "text/plain; charset=utf-8-sig", "x"),
        (b"x", "text/plain; charset=utf-8-sig", b"x"),  # the mark would be added on the way back
        (b"\x00x", "text/plain; charset=utf-16-be", "x"),
        (b"\xfe\xff\x00x", "text/plain; charset=utf-16", b"\xfe\xff\x00x"),
        (b"\xff", "text/plain", b"\xff"),
        (b"x", "text/plain; charset=bogus", b"x"),
        (b"<x/>", "application/soap+xml", "<x/>"),
        (b"x", "application/octet-stream", b"x"),
        (Binary(b"[1]"), "application/json", Binary(b"[1]")),  # T32
        (Raw(b"1"), None, Raw(b"1")),
        ("x", "text/plain", "x"),
        (b"x", "nonsense", b"x"),
    ],
    ids=named,
)
def test_what_an_envelope_carries(data: Stored, content_type: str | None, found: Stored) -> None:
    carried = data_.resolved(data, content_type)
    assert type(carried) is type(found)
    assert carried == found
    if not isinstance(data, Raw) and data is not None and data != b" [1] ":
        assert data_.content(carried, content_type) == data_.content(data, content_type)


# ------------------------------------------------------------------------------------------------------- data_as


class Typed(TypedDict):
    x: int
    y: int


class Wide(pydantic.BaseModel):
    a: int
    b: int
    c: int
    d: int
    e: int
    f: int
    g: int


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    x: int
    y: int = 0


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Point, Point(1, 2)),
        (PointStruct, PointStruct(1, 2)),
        (PointModel, PointModel(x=1, y=2)),
        (Typed, {"x": 1, "y": 2}),
        (dict[str, int], {"x": 1, "y": 2}),
        (dict, {"x": 1, "y": 2}),
        (Any, {"x": 1, "y": 2}),
        (object, {"x": 1, "y": 2}),
        (bytes, b'{"x":1,"y":2}'),
        (pydantic.RootModel[dict[str, int]], pydantic.RootModel[dict[str, int]]({"x": 1, "y": 2})),
        (typing.Optional[Point], Point(1, 2)),  # noqa: UP045 - as people write it
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "data", [{"x": 1, "y": 2}, b'{"x":1,"y":2}', Binary(b'{"x":1,"y":2}')], ids=["value", "bytes", "base64"]
)
def test_data_as(data: Any, wanted: Any, found: object) -> None:  # SDK-data-a
    assert made(data, "application/json").data_as(wanted) == found


def test_data_as_a_list_of_models() -> None:
    assert made([{"x": 1, "y": 2}]).data_as(list[PointModel]) == [PointModel(x=1, y=2)]


@pytest.mark.parametrize(
    ("data", "content_type", "wanted", "found"),
    [
        ("x", None, str, "x"),
        ("x", "text/plain", str, "x"),
        (b"\xe9", "text/plain; charset=iso-8859-1", str, "é"),
        (b"x", None, str, "x"),
        (b"x", "application/octet-stream", bytes, b"x"),
        (b"x", "application/octet-stream", str, "x"),
        ("5", "text/plain", int, 5),
        ("[1]".encode("utf-16"), "application/json; charset=utf-16", list[int], [1]),
        (b"5", None, int, 5),
        (b"null", "application/json", type(None), None),
    ],
    ids=named,
)
def test_data_as_of_other_kinds(data: Any, content_type: str | None, wanted: Any, found: object) -> None:
    assert made(data, content_type).data_as(wanted) == found


@pytest.mark.parametrize(
    ("data", "content_type", "wanted", "message"),
    [
        ({"x": "one", "y": 2}, None, Point, r"data is no Point: at \$\.x: Expected `int`, got `str`$"),
        ({"x": 1}, None, PointStruct, "missing required field `y`"),
        ({"x": "one", "y": 2}, None, PointModel, "data is no PointModel: at x: Input should be .*[^.]$"),
        ({}, None, PointModel, "data is no PointModel: at x: Field required; at y: Field required"),
        ({}, None, Wide, "at a: Field required; .*; at e: Field required; and 2 more$"),
        (
            [{"x": 1, "y": 2}, {"x": 1}],
            None,
            list[PointModel],
            r"data is no list: at \$\[1\]: at y: Field required$",
        ),
        ({"x": 1, "z": 2}, None, Strict, "unknown field `z`"),
        (5, None, str, "data is no str"),
        (b"{", "application/json", Point, "data is no Point: JSON is malformed|truncated"),
        (b"\xff", "text/plain", str, "not text in utf-8"),
        (b"[" * 100_000, "application/json", list, "nested too deeply"),
        (b"x", "text/plain; charset=bogus", str, "charset"),
        ({"a": 1}, None, Opaque, "data is no Opaque"),
        ({"a": 1}, None, 5, "data is no 5"),
        (None, None, Point, "the event has no data"),
        (None, None, bytes, "the event has no data"),
    ],
    ids=named,
)
def test_data_as_what_it_is_not(data: Any, content_type: str | None, wanted: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        made(data, content_type).data_as(wanted)


@pytest.mark.parametrize("wanted", [Point, PointStruct, PointModel, Strict], ids=lambda kind: kind.__name__)
def test_s12_s15_the_message_shows_neither_data_nor_controls(wanted: Any) -> None:  # CE-priv-a
    with pytest.raises(DataError) as caught:
        made({"x": "secret", "y": "secret"}).data_as(wanted)
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_s15_the_message_shows_no_controls() -> None:
    with pytest.raises(DataError, match="unknown field") as caught:
        made({"x": 1, "\x1b[2J<b>" + "y" * 10_000: "secret"}).data_as(Strict)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


# ---------------------------------------------------------------------------------------------------------- codecs


@pytest.fixture
def pairs_codec() -> Iterator[None]:
    def encode(value: dict[str, str]) -> bytes:
        if not isinstance(value, dict):
            raise DataError("no pairs")
        return "&".join(f"{name}={value[name]}" for name in value).encode()

    def decode(text: bytes) -> dict[str, str]:
        return dict(pair.split("=") for pair in text.decode().split("&"))

    data_.register_codec("Application/X-Pairs; a=b", encode, decode)
    yield
    del data_._codecs["application/x-pairs"]


@pytest.mark.usefixtures("pairs_codec")
def test_a_codec_of_somebody_else() -> None:
    event = made({"a": "1"}, "application/x-pairs")
    assert event.data_bytes == b"a=1"
    assert event.data == {"a": "1"}
    assert event.data_as(dict[str, str]) == {"a": "1"}
    for way in WAYS.values():
        assert way(event) == event
        assert way(event).data == {"a": "1"}
    assert b'"data_base64":"YT0x"' in formats.json.encode(event)


@pytest.mark.usefixtures("pairs_codec")
def test_what_a_codec_raises_is_about_the_data() -> None:
    with pytest.raises(DataError, match="no pairs"):
        made(5, "application/x-pairs")
    with pytest.raises(DataError, match=r"data cannot be decoded as .*: ValueError"):
        _ = made(b"a", "application/x-pairs").data
    with pytest.raises(DataError, match="data is no Point"):
        made({"x": "1"}, "application/x-pairs").data_as(Point)


def test_a_message_goes_to_03_and_back() -> None:
    event = made(Duration(seconds=9), None)
    older = event.to_v03()
    assert "schemaurl" in formats.json.decode(formats.json.encode(older)).attributes
    assert formats.json.decode(formats.json.encode(older)).to_v1() == event
    assert bindings.http.decode(*bindings.http.encode(older)).to_v1() == event


def test_text_under_a_text_type_is_text_whatever_codec_there_is() -> None:
    data_.register_codec(
        "text/x-rows", lambda rows: "|".join(rows).encode(), lambda text: text.decode().split("|")
    )
    try:
        assert made("a|b", "text/x-rows").data_bytes == b"a|b"
        assert made("a|b", "text/x-rows") == made(["a", "b"], "text/x-rows")
        assert made("a|b", "text/x-rows").data == ["a", "b"]
    finally:
        del data_._codecs["text/x-rows"]


def test_what_cbor_has_no_type_for() -> None:
    @dataclasses.dataclass
    class Reading:
        unit: str
        raw: bytes

    event = made(Reading("C", b"\x01"), "application/cbor")
    assert event.data == {"unit": "C", "raw": b"\x01"}
    assert event.data_as(Reading) == Reading("C", b"\x01")
    with pytest.raises(DataError, match=r"data cannot be encoded as CBOR: .*object"):
        made(object(), "application/cbor")
    with pytest.raises(DataError, match="data cannot be encoded as CBOR"):
        made("\ud800", "application/cbor")


def test_big_numbers_of_cbor_are_bounded() -> None:  # what is made of them takes the square of their length
    for tag, sign in ((b"\xc2", 1), (b"\xc3", -1)):
        longest = made(tag + b"\x59\x04\x00" + b"\xff" * 1024, "application/cbor")
        assert abs(longest.data) in (2**8192 - 1, 2**8192)
        assert longest.data * sign > 0
        too_long = made(tag + b"\x59\x04\x01" + b"\xff" * 1025, "application/cbor")
        with pytest.raises(DataError):
            _ = too_long.data
        assert too_long.data_bytes
    fraction = made(b"\xc4\x82\x00\xc2\x5a\x00\x02\x00\x00" + b"\xff" * 131072, "application/cbor")
    with pytest.raises(DataError):
        _ = fraction.data
    with pytest.raises(DataError):
        _ = made(b"\xc2\x61a", "application/cbor").data


def test_a_codec_that_gives_no_bytes() -> None:
    data_.register_codec("application/x-none", lambda value: value, bytes)
    try:
        for value in ("text", 3):
            with pytest.raises(DataError):
                made(value, "application/x-none")
    finally:
        del data_._codecs["application/x-none"]


@pytest.mark.parametrize("media_type", ["application/json", "a/b+json", "nonsense", ""])
def test_register_codec_refuses(media_type: str) -> None:
    with pytest.raises(ValueError, match="is not a media type for which a codec can be registered"):
        data_.register_codec(media_type, bytes, bytes)


# -------------------------------------------------------------------------------------------------------- equality


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (made(None), made(None), True),
        (made(None), made(b"", "text/plain"), False),
        (made(None), made(b"null", "application/json"), False),  # T-JSON-3
        (made({"a": 1}), made(b'{ "a" : 1 }', "application/json"), True),
        (made({"a": 1, "b": 2}), made({"b": 2, "a": 1}), True),
        (made([1, 2]), made([2, 1]), False),
        (made(True), made(1), False),
        (made(1), made(b"1.0", "application/json"), False),
        (made(b"1.10", "application/json"), made(b"1.1", "application/json"), True),
        (made("1"), made(1), False),
        (made(None, "application/json"), made(None), False),
        (made(b"[1]"), made(Binary(b"[1]")), True),
        (made(b"[1]", "application/json"), made(Binary(b"[1]"), "application/json"), True),
        (made(b"[", "application/json"), made(b"[", "application/json"), True),
        (made(b"[", "application/json"), made(b" [", "application/json"), False),
        (made(b"1e400", "application/json"), made(b"1e400", "application/json"), True),
        (made(b"1e400", "application/json"), made(b" 1e400", "application/json"), False),
        (made(10**30), made(b" %d" % 10**30, "application/json"), True),
        (made("é", "text/plain"), made("é".encode(), "text/plain"), True),
        (made("é", "text/plain"), made("e", "text/plain"), False),
        (made(b"x", "text/plain"), made("y", "text/plain"), False),
        (made("x", "text/plain; charset=utf-16"), made("x", "text/plain; charset=utf-8"), False),
        (made(b"[" * 5000, "application/json"), made(b"[" * 5000 + b" ", "application/json"), False),
    ],
)
def test_which_data_is_the_same(one: Event, other: Event, same: bool) -> None:
    assert (one == other) is same
    assert (other == one) is same


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    )
)
def test_any_json_value_is_the_same_with_white_space(value: Any) -> None:
    spaced = json.dumps(value, indent=1).encode()
    if value is not None:
        assert made(value) == made(spaced, "application/json")


def test_a_text_that_only_one_charset_holds_is_compared() -> None:
    one = formats.json.decode(
        b'{"specversion":"1.0","type":"t","source":"/s","id":"1","datacontenttype":"text/plain; charset=us-ascii",'
        b'"data":"\\u00e9"}'
    )
    assert one == formats.json.decode(formats.json.encode(one))
    assert one.data == "é"
    with pytest.raises(DataError, match="cannot be encoded"):
        _ = one.data_bytes
    with pytest.raises(DataError, match="cannot be encoded"):
        bindings.http.encode(one)


def test_is_json() -> None:
    assert data_.is_json(Raw(b"1"), None)
    assert data_.is_json(b"1", "a/b+json")
    assert not data_.is_json(b"1", None)
    assert not data_.is_json(b"1", "nonsense")


def test_data_of_a_bad_content_type_that_lenient_reading_let_pass() -> None:
    event = bindings.http.decode({**CORE_HEADERS, "content-type": "nonsense"}, b"x", lenient=True)
    assert event.data == b"x"
    with pytest.raises(InvalidEvent, match="CE-datacontenttype-a"):
        formats.json.encode(event)


@pytest.mark.parametrize(
    "text", [b'"' + b"\\" * 500_000, b"[" * 10**6, b'{"a":' * 200_000, b'"' + b"a" * 10**6, b"1" * 10**6]
)
def test_broken_data_of_a_megabyte_takes_no_time(text: bytes) -> None:
    event = made(text, "application/json")
    began = time.perf_counter()
    with pytest.raises(DataError):
        _ = event.data
    formats.json.encode(event)
    assert time.perf_counter() - began < 3


# ------------------------------------------------------------------------------------------------------ Protobuf


def test_a_message_of_protobuf_both_ways() -> None:  # PB-3-a, PB-3-b, PB-3-c
    message = Timestamp(seconds=5)
    event = made(message, None)
    assert event.data_bytes == message.SerializeToString()
    assert event.data_as(Timestamp) == message
    assert event.data == message.SerializeToString()
    assert event.datacontenttype is None
    written = formats.json.decode(formats.json.encode(event))
    assert written.datacontenttype == "application/protobuf"
    assert written.dataschema == "https://type.googleapis.com/google.protobuf.Timestamp"
    assert written == event
    assert written.data_as(Timestamp) == message
    assert made(message, "application/protobuf") == event.replace(datacontenttype="application/protobuf")


def test_any_is_never_wrapped_twice() -> None:  # T75
    message = Timestamp(seconds=5)
    wrapped = Any_()
    wrapped.Pack(message)
    event = made(wrapped, None)
    assert event == made(message, None)
    assert event.data_as(Timestamp) == message
    assert event.data_as(Any_) == wrapped


def test_what_is_no_message_of_protobuf() -> None:
    event = made(Timestamp(seconds=5), None)
    with pytest.raises(DataError, match=r"data is no google\.protobuf\.Duration, but "):
        event.data_as(Duration)
    for other in (made(b"\xff", "application/protobuf"), made("text", "text/plain"), made({"a": 1}, None)):
        with pytest.raises(DataError, match=r"data is no google\.protobuf\.Timestamp"):
            other.data_as(Timestamp)
    for url in ("", "a b", "x y/z"):
        with pytest.raises(DataError, match="is not the type URL"):
            data_.ProtobufMessage(b"", url)
    with pytest.raises(DataError, match="give bytes"):
        made(Timestamp(), "text/plain")


def test_data_that_is_cbor() -> None:  # CBOR-3.1.1-c, CBOR-3.1.2-a
    event = made({"a": [1, b"\x00"]}, "application/vnd.example+cbor")
    assert event.data_bytes == cbor2.dumps({"a": [1, b"\x00"]})
    assert event.data == {"a": [1, b"\x00"]}
    assert event.data_as(dict[str, list[Any]]) == event.data
    for broken in (b"\xff", b"", b"\x01\x02", b"\x01junk"):
        with pytest.raises(DataError):
            _ = made(broken, "application/cbor").data
    with pytest.raises(DataError):
        made(object(), "application/cbor")
