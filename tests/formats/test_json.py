"""The JSON format: pairs of event and text both ways, what is refused, and the short way beside the careful one."""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from cevents import CloudEvent, InvalidEvent, attributes, bindings, testing
from cevents.data import Binary
from cevents.errors import Findings
from cevents.event import kept_extensions, stored_data
from cevents.formats import _json_careful, _json_short
from cevents.formats import json as format_

Event = CloudEvent[Any]

CORE = '"specversion":"1.0","type":"t","source":"/s","id":"1"'
CORE_V03 = '"specversion":"0.3","type":"t","source":"/s","id":"1"'


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def text(extra: str = "", core: str = CORE) -> bytes:
    return f"{{{core}{',' if extra else ''}{extra}}}".encode()


def problems(body: bytes | str, *, lenient: bool = False) -> list[tuple[str | None, str]]:
    """What is wrong with a text: attributes and requirements."""
    with pytest.raises(InvalidEvent) as caught:
        format_.decode(body, lenient=lenient)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


@pytest.fixture(autouse=True)
def nothing_is_known() -> Iterator[None]:
    """Each test begins with a decoder that has learned nothing."""
    _json_short._learned.forget()
    yield
    _json_short._learned.forget()


def learn(extra: str) -> None:
    """Show the decoder some extensions until it knows them."""
    for _ in range(_json_short._learned._OFTEN + 1):
        format_.decode(text(extra))


# ---------------------------------------------------------------------------------------------------- both ways

# JSON-2-a, JSON-2.2-a, JSON-3-b, CE-attrs-b: the event, and the text that is its one spelling
PAIRS: list[tuple[str, Event, str]] = [
    ("minimal", made(), f"{{{CORE}}}"),
    (
        "every core attribute",
        made(
            time="2018-04-05T17:31:00.120Z",
            datacontenttype="a/b+json",
            subject="sub",
            dataschema="urn:x:y",
            data=1,
        ),
        (
            f'{{{CORE},"time":"2018-04-05T17:31:00.120Z","datacontenttype":"a/b+json","subject":"sub",'
            '"dataschema":"urn:x:y","data":1}'
        ),
    ),
    ("Boolean", made(a=True, b=False), f'{{{CORE},"a":true,"b":false}}'),
    ("Integer", made(a=2147483647, b=-2147483648, c=0), f'{{{CORE},"a":2147483647,"b":-2147483648,"c":0}}'),
    ("String", made(a="", b='€"\\/'), f'{{{CORE},"a":"","b":"€\\"\\\\/"}}'),
    ("name that begins with a digit", made(**{"1st": "x"}), f'{{{CORE},"1st":"x"}}'),
    (
        "null",
        made(data=Raw(b"null"), datacontenttype="application/json"),
        f'{{{CORE},"datacontenttype":"application/json","data":null}}',
    ),
    ("object", made(data={"a": [1, "x"]}), f'{{{CORE},"data":{{"a":[1,"x"]}}}}'),
    (
        "text",
        made(data="<x/>", datacontenttype="text/xml"),
        f'{{{CORE},"datacontenttype":"text/xml","data":"<x/>"}}',
    ),
    ("base64", made(data=Binary(b"\x01")), f'{{{CORE},"data_base64":"AQ=="}}'),
    (
        "base64 under JSON",
        made(data=Binary(b"{}"), datacontenttype="application/json"),
        f'{{{CORE},"datacontenttype":"application/json","data_base64":"e30="}}',
    ),
    ("extension before data", made(zz="1", data=1), f'{{{CORE},"zz":"1","data":1}}'),
    ("0.3", made(specversion="0.3", schemaurl="/x", data=1), f'{{{CORE_V03},"schemaurl":"/x","data":1}}'),
    (
        "0.3 base64",
        made(specversion="0.3", data=Binary(b"\x01")),
        f'{{{CORE_V03},"datacontentencoding":"base64","data":"AQ=="}}',
    ),
]
each_pair = pytest.mark.parametrize(
    ("event", "body"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)


@each_pair
def test_an_event_is_written_so(event: Event, body: str) -> None:
    assert format_.encode(event).decode() == body


@each_pair
def test_a_text_is_read_so(event: Event, body: str) -> None:
    for given_body in (body, body.encode(), bytearray(body.encode()), memoryview(body.encode())):
        found = format_.decode(given_body)
        assert found == event
        assert found.repairs == ()
        assert type(stored_data(found)) is type(stored_data(event))
        assert {name: type(value) for name, value in kept_extensions(found).items()} == {
            name: type(value) for name, value in kept_extensions(event).items()
        }


@each_pair
def test_a_text_is_written_as_it_was_read(event: Event, body: str) -> None:
    for _ in range(8):
        assert format_.encode(format_.decode(body)).decode() == body


@each_pair
def test_a_text_with_white_space_is_read_so(event: Event, body: str) -> None:
    spaced = json.dumps(json.loads(body), indent=3).replace("\n", "\r\n\t")
    for _ in range(8):
        assert format_.decode(f"\n {spaced} \t\r\n") == event


@each_pair
def test_a_text_with_escapes_is_read_so(event: Event, body: str) -> None:
    members: dict[str, Any] = json.loads(body)
    escaped = {"".join(f"\\u{ord(c):04x}" for c in name): value for name, value in members.items()}
    spelled = ",".join(f'"{name}":{json.dumps(value)}' for name, value in escaped.items())
    for _ in range(8):
        assert format_.decode(f"{{{spelled}}}") == event


def test_types_that_json_has_not() -> None:  # JSON-2.2-a, T20
    event = made(blob=b"\x00", moment=datetime(2020, 1, 1, tzinfo=UTC))
    assert format_.encode(event).decode() == f'{{{CORE},"blob":"AA==","moment":"2020-01-01T00:00:00Z"}}'
    assert format_.decode(format_.encode(event)) == event


def test_members_in_order_on_request() -> None:
    event = made(zz="1", aa="2", data={"b": 1, "a": 2}, subject="s")
    body = format_.encode(event, sort_attributes=True)
    assert list(json.loads(body)) == sorted(json.loads(body))
    assert b'"data":{"b":1,"a":2}' in body  # data stays as it is
    for _ in range(8):
        found = format_.decode(format_.encode(event))
        assert format_.encode(found, sort_attributes=True) == body


@given(testing.events() | testing.events(specversion="0.3"))
def test_the_way_an_event_was_read_does_not_show_when_it_is_written(event: Event) -> None:
    body = format_.encode(event)
    assert format_.encode(format_.decode(body)) == body


def test_a_large_event_of_64_kib_passes() -> None:  # CE-size-a, CE-size-b
    body = text(f'"data":"{"x" * (65536 - len(text()) - 10)}"')
    assert len(body) == 65536
    assert format_.encode(format_.decode(body)) == body


# ---------------------------------------------------------------------------------------------------------- refused

# Each case: its name, the text, its problems, and whether lenient reading mends the first of them.


def same(case: str, body: bytes, *found: tuple[str | None, str]) -> tuple[str, bytes, list[Any], bool]:
    return case, body, list(found), False


def mended(case: str, body: bytes, *found: tuple[str | None, str]) -> tuple[str, bytes, list[Any], bool]:
    return case, body, list(found), True


NOT_JSON = (None, "JSON-3-b")
CASES = [
    # what is no JSON object: T50, T51, T-JSON-10
    same("nothing", b"", NOT_JSON),
    same("white space", b" \n", NOT_JSON),
    same("array", b"[]", NOT_JSON),
    same("number", b"5", NOT_JSON),
    same("text", b'"x"', NOT_JSON),
    same("null", b"null", NOT_JSON),
    same("cut off", text()[:-1], NOT_JSON),
    same("trailing bytes", text() + b"x", NOT_JSON),
    same("two events", text() + text(), NOT_JSON),
    same("trailing comma", text()[:-1] + b",}", NOT_JSON),
    same("NaN", text('"data":NaN'), NOT_JSON),
    same("Infinity", text('"data":[-Infinity]'), NOT_JSON),
    same("single quotes", text().replace(b'"', b"'"), NOT_JSON),
    same("comment", b"/**/" + text(), NOT_JSON),
    same("UTF-16", text().decode().encode("utf-16"), NOT_JSON),
    same("UTF-16 without mark", text().decode().encode("utf-16-le"), NOT_JSON),
    same("control in a string", text('"subject":"a\x01"'), NOT_JSON),
    same("newline in a string", text('"data":"a\nb"'), NOT_JSON),
    same("bad escape", text('"data":"\\x"'), NOT_JSON),
    same("lone surrogate in an attribute", text('"subject":"\\ud800"'), NOT_JSON),  # T53, T-CORE-11
    same("lone surrogate in data", text('"data":{"a":"\\udead"}'), NOT_JSON),
    same("surrogates the wrong way round", text('"data":"\\udc00\\ud800"'), NOT_JSON),
    same("bad UTF-8 in an attribute", text('"subject":"x"').replace(b"x", b"\xff"), NOT_JSON),
    same("bad UTF-8 in data", text('"data":["x"]').replace(b"x", b"\xc3"), NOT_JSON),
    same("overlong UTF-8 in data", text('"data":"x"').replace(b"x", b"\xc0\xaf"), NOT_JSON),
    same("surrogate in UTF-8", text('"data":"x"').replace(b"x", b"\xed\xa0\x80"), NOT_JSON),
    same("bad UTF-8 in a name", text('"x":1').replace(b"x", b"\xff"), NOT_JSON),
    same("deep", text('"data":' + "[" * 100_000 + "]" * 100_000), NOT_JSON),  # S8
    same("deep and open", text('"data":' + "[" * 100_000), NOT_JSON),
    # required attributes: CE-attrs-a, T08, CE-id-a, CE-type-a, CE-source-a, CE-specversion-b
    same(
        "empty object",
        b"{}",
        ("specversion", "CE-specversion-b"),
        ("type", "CE-type-a"),
        ("source", "CE-source-a"),
        ("id", "CE-id-a"),
    ),
    same("no id", text().replace(b',"id":"1"', b""), ("id", "CE-id-a")),
    same("id null", text().replace(b'"id":"1"', b'"id":null'), ("id", "CE-id-a")),  # JSON-2.2-d
    same("id empty", text().replace(b'"1"', b'""'), ("id", "CE-id-b")),  # CE-id-b
    same("id a number", text().replace(b'"1"', b"25"), ("id", "CE-id-b")),  # T45
    same("id true", text().replace(b'"1"', b"true"), ("id", "CE-id-b")),
    same("type an object", text().replace(b'"t"', b"{}"), ("type", "CE-types-l")),
    same("specversion a number", text().replace(b'"1.0"', b"1.0"), ("specversion", "CE-specversion-b")),
    same("time a number", text('"time":1700000000000.5'), ("time", "CE-time-a")),
    same("time a long number", text('"time":1700000000000'), ("time", "CE-time-a")),
    same("subject beyond any number", text('"subject":1e999'), ("subject", "CE-subject-a")),
    same("id of many digits", text().replace(b'"1"', b"1" * 5000), ("id", "CE-id-b")),
    same("specversion 2.0", text().replace(b'"1.0"', b'"2.0"'), ("specversion", "CE-specversion-c")),
    mended("specversion 1.1", text().replace(b'"1.0"', b'"1.1"'), ("specversion", "CE-specversion-c")),
    # extensions: T44, T46, JSON-2-a, JSON-2.2-b, T-JSON-12
    same("fraction", text('"a":1.5'), ("a", "JSON-2.2-b")),
    same("fraction of zero", text('"a":1.0'), ("a", "JSON-2.2-b")),  # F8
    same("exponent", text('"a":1e2'), ("a", "JSON-2.2-b")),
    same("33 bits", text('"a":2147483648'), ("a", "CE-types-c")),
    same("many digits", text('"a":-' + "1" * 10_000), ("a", "CE-types-c")),
    same("object", text('"a":{}'), ("a", "CE-types-l")),
    same("array value", text('"a":[1]'), ("a", "CE-types-l")),
    same("extensions", text('"extensions":{"a":1}'), ("extensions", "CE-types-l")),
    mended("name with hyphen", text('"my-ext":1'), ("my-ext", "CE-naming-a")),
    mended("name in capitals", text('"MyExt":1'), ("MyExt", "CE-naming-a")),
    mended("name with newline", text('"foo\\n":1'), ('"foo\\n"', "CE-naming-a")),
    mended("no name", text('"":1'), ('""', "CE-naming-c")),
    same("name of a core attribute in capitals", text('"Subject":"x"'), ("Subject", "CE-naming-a")),
    same("control in an extension", text('"a":"\\u0000"'), ("a", "CE-types-e")),
    same("DEL in an extension", text('"a":"\x7f"'), ("a", "CE-types-e")),
    same("noncharacter", text('"a":"\\uffff"'), ("a", "CE-types-f")),
    same("next line in the id", text().replace(b'"1"', '"a\x85"'.encode()), ("id", "CE-types-e")),
    # members that are there twice: T48, T-CORE-14, CE-attrs-d
    mended("id twice, the same", text('"id":"1"'), ("id", "CE-attrs-d")),
    same("id twice", text('"id":"2"'), ("id", "CE-attrs-d")),
    same("id twice by an escape", text('"\\u0069d":"2"'), ("id", "CE-attrs-d")),
    same("data twice", text('"data":1,"data":2'), ("data", "CE-attrs-d")),
    same("data twice, number and text", text('"data":1,"data":"1"'), ("data", "CE-attrs-d")),
    same("data twice, digits", text('"data":1.0,"data":1.00'), ("data", "CE-attrs-d")),
    same("null and value", text('"subject":null,"subject":"x"'), ("subject", "CE-attrs-d")),
    same("two twice", text('"id":"2","type":"u"'), ("id", "CE-attrs-d"), ("type", "CE-attrs-d")),
    # data: T33, T34, T35, T36, JSON-3.1.1-m, JSON-3.1.2-a, JSON-3.1.2-h, T-JSON-4
    same("data and data_base64", text('"data":1,"data_base64":"AQ=="'), ("data", "JSON-3.1.1-m")),
    mended("data null and data_base64", text('"data":null,"data_base64":"AQ=="'), ("data", "JSON-3.1.1-m")),
    same("data_base64 of a number", text('"data_base64":5'), ("data_base64", "JSON-3.1.2-a")),
    same("data_base64 of an object", text('"data_base64":{}'), ("data_base64", "CE-types-l")),
    same("data_base64 of true", text('"data_base64":true'), ("data_base64", "JSON-3.1.2-a")),
    same("data_base64 of junk", text('"data_base64":"!!AQ*=="'), ("data_base64", "JSON-3.1.2-a")),
    same("data_base64 of one letter", text('"data_base64":"A"'), ("data_base64", "JSON-3.1.2-a")),
    mended("data_base64 without padding", text('"data_base64":"AQ"'), ("data_base64", "JSON-3.1.2-a")),
    mended("data_base64 for URLs", text('"data_base64":"-_8="'), ("data_base64", "JSON-3.1.2-a")),
    mended("data_base64 with stray bits", text('"data_base64":"Zh=="'), ("data_base64", "JSON-3.1.2-a")),
    mended(
        "data that is no text", text('"datacontenttype":"text/xml","data":{"a":1}'), ("data", "JSON-3.1.2-h")
    ),
    mended(
        "data null under a text type",
        text('"datacontenttype":"text/xml","data":null'),
        ("data", "JSON-3.1.2-h"),
    ),
    # core attributes
    mended("subject empty", text('"subject":""'), ("subject", "CE-subject-a")),
    mended("time with a space", text('"time":"2018-04-05 17:31:00Z"'), ("time", "CE-time-a")),
    same("time of lunch", text('"time":"lunchtime"'), ("time", "CE-time-a")),
    mended("dataschema with fragment", text('"dataschema":"urn:x#y"'), ("dataschema", "CE-dataschema-a")),
    mended("datacontenttype", text('"datacontenttype":"json"'), ("datacontenttype", "CE-datacontenttype-a")),
    # a byte order mark: T50
    mended("BOM", b"\xef\xbb\xbf" + text(), NOT_JSON),
    # 0.3
    same("0.3 data_base64", text('"data_base64":"AQ=="', CORE_V03), ("data_base64", "V03-json-e")),
    same(
        "0.3 encoding unknown",
        text('"datacontentencoding":"hex","data":"AQ=="', CORE_V03),
        ("datacontentencoding", "V03-attr-b"),
    ),
    same(
        "0.3 encoding empty",
        text('"datacontentencoding":""', CORE_V03),
        ("datacontentencoding", "V03-attr-b"),
    ),  # T37, S2
    same(
        "0.3 encoding a number",
        text('"datacontentencoding":5', CORE_V03),
        ("datacontentencoding", "V03-attr-b"),
    ),
    same(
        "0.3 base64 of junk",
        text('"datacontentencoding":"base64","data":"!"', CORE_V03),
        ("data", "V03-attr-b"),
    ),
    mended(
        "0.3 base64 unpadded",
        text('"datacontentencoding":"base64","data":"AQ"', CORE_V03),
        ("data", "V03-attr-b"),
    ),
    mended("0.3 no base64", text('"datacontenttype":"a/b","data":"!"', CORE_V03), ("data", "V03-json-d")),
    mended("0.3 name", text('"1st":"x"', CORE_V03), ("1st", "V03-spec-b")),
    same(
        "0.3 before the version",
        b'{"datacontentencoding":"","specversion":"0.3","type":"t","source":"/s","id":"1"}',
        ("datacontentencoding", "V03-attr-b"),
    ),
]


def test_a_version_nearly_known_hides_no_other_problem() -> None:
    for version in ("1.0", '"1.1"', "1", "true", '""', "null"):
        body = f'{{"specversion":{version},"id":"","source":"a b"}}'.encode()
        attributes_found = [attribute for attribute, _ in problems(body)]
        assert attributes_found == ["specversion", "id", "source", "type"], version
    assert [attribute for attribute, _ in problems(b'{"specversion":"2.0","id":""}')] == ["specversion"]


@pytest.mark.parametrize(
    ("body", "found", "is_mended"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_is_refused(body: bytes, found: list[tuple[str | None, str]], is_mended: bool) -> None:
    assert problems(body) == found
    if is_mended:
        event = format_.decode(body, lenient=True)
        assert [(problem.attribute, problem.requirement) for problem in event.repairs] == found[:1]
    else:
        lenient = problems(body, lenient=True)
        assert set(found) - set(lenient) <= {("id", "CE-attrs-d"), ("data", "CE-attrs-d")}


@pytest.mark.parametrize(
    ("body", "found", "is_mended"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_is_refused_does_not_depend_on_what_was_learned(
    body: bytes, found: list[tuple[str | None, str]], is_mended: bool
) -> None:
    learn('"a":1')
    learn('"a":"x","subject":"y"')
    assert problems(body) == found


def test_a_member_twice_as_deep_as_can_be() -> None:
    """At any depth it is found, by whatever of the parsers goes deeper."""
    for depth in range(800, 1200, 3):
        deep = "[" * depth + "]" * depth
        found = problems(text(f'"data":{deep},"data":{deep}'))
        assert found in ([("data", "CE-attrs-d")], [(None, "CE-attrs-d")], [NOT_JSON])


def test_a_string_with_surrogates_is_refused_as_bytes_are() -> None:
    assert problems(text().decode().replace('"1"', '"\ud800"')) == [NOT_JSON]


def test_where_a_text_is_broken() -> None:
    with pytest.raises(InvalidEvent) as caught:
        format_.decode(b'{"a":1,}')
    assert caught.value.problems[0].position == 7
    with pytest.raises(InvalidEvent) as caught:
        format_.decode(b'{"a":"\xff"}')
    assert caught.value.problems[0].position == 6


def test_every_problem_is_told_at_once() -> None:
    body = b'{"specversion":"1.0","type":"","id":5,"subject":"","time":"x","My":1,"a":1.5,"data":1,"data_base64":"!"}'
    assert problems(body) == [
        ("a", "JSON-2.2-b"),
        ("data", "JSON-3.1.1-m"),
        ("data_base64", "JSON-3.1.2-a"),
        ("type", "CE-type-a"),
        ("id", "CE-id-b"),
        ("subject", "CE-subject-a"),
        ("time", "CE-time-a"),
        ("My", "CE-naming-a"),
        ("source", "CE-source-a"),
    ]


def test_a_bad_name_is_told_of_a_bad_value_too() -> None:
    assert ("my-ext", "CE-naming-a") in problems(text('"my-ext":{}'))


def test_the_hint_for_nested_extensions() -> None:
    with pytest.raises(InvalidEvent, match="extension attributes stand beside the others"):
        format_.decode(text('"extensions":{"a":1}'))


# ------------------------------------------------------------------------------------------------------ special reading


@pytest.mark.parametrize(
    "name", ["subject", "time", "unsetextension", "datacontenttype", "dataschema", "data_base64"]
)
def test_t30_null_is_unset(name: str) -> None:  # JSON-2.2-d, JSON-3-c, F9
    event = format_.decode(text(f'"{name}":null'))
    assert event == made()
    assert name not in event
    assert not event.has_data


def test_t31_null_data_is_data() -> None:  # JSON-3.1.1-n
    event = format_.decode(text('"data":null'))
    assert event.has_data
    assert event.data is None
    assert event.data_bytes == b"null"
    assert event != made()
    assert format_.encode(event) == text('"data":null')


def test_t34_base64_with_escapes() -> None:
    event = format_.decode(text('"data_base64":"\\u002B\\u002B\\u002B\\u002B"'))
    assert event.data == b"\xfb\xef\xbe"


def test_t39_base64_is_not_taken_for_json() -> None:  # JSON-3.1.2-c, T-JSON-8
    event = format_.decode(text('"data_base64":"e30="'))
    assert event.data == b"{}"
    assert event.datacontenttype is None
    assert ("content-type", "application/json") not in bindings.http.encode(event).headers


def test_t32_base64_stays_base64_whatever_the_content_type() -> None:  # JSON-3.1.2-b
    body = text('"datacontenttype":"application/json","data_base64":"e30="')
    event = format_.decode(body)
    assert event.data == {}
    assert format_.encode(event) == body
    lying = format_.decode(text('"datacontenttype":"application/json","data_base64":"/w=="'))
    assert lying.data_bytes == b"\xff"


def test_t38_a_string_is_not_parsed_again() -> None:  # JSON-3.1.2-e, JSON-3.1.2-f
    event = format_.decode(text('"datacontenttype":"application/json","data":"{\\"a\\":1}"'))
    assert event.data == '{"a":1}'
    assert bindings.http.encode(event).body == b'"{\\"a\\":1}"'


def test_10_has_no_datacontentencoding() -> None:  # T-V03-2
    event = format_.decode(text('"datacontentencoding":"base64","data":"AQ=="'))
    assert event["datacontentencoding"] == "base64"
    assert event.data == "AQ=="


@pytest.mark.parametrize(
    ("extra", "data"),
    [
        ('"data":{"a":1}', {"a": 1}),  # V03-attr-c
        ('"datacontenttype":"text/json","data":"x"', "x"),  # V03-json-c
        ('"datacontenttype":"text/xml","data":"<x/>"', "<x/>"),
        ('"datacontenttype":"application/x","data":"AQ=="', b"\x01"),  # V03-json-d, T-V03-1
        ('"datacontentencoding":"base64","data":"AQ=="', b"\x01"),  # V03-attr-b
        ('"datacontentencoding":"Base64","data":"AQ=="', b"\x01"),  # T-V03-2
        ('"datacontentencoding":"base64","data":5', 5),
        ('"datacontentencoding":"base64"', None),
        ('"datacontentencoding":null,"data":"AQ=="', "AQ=="),
        ('"data_base64":null,"data":1', 1),
    ],
)
def test_data_of_03(extra: str, data: object) -> None:
    event = format_.decode(text(extra, CORE_V03))
    assert event.data == data
    assert "datacontentencoding" not in event
    assert format_.decode(format_.encode(event)) == event


def test_a_text_under_a_type_that_is_no_text_is_no_base64() -> None:  # V03-json-d
    event = format_.decode(text('"datacontenttype":"application/x","data":"AQ=="'))
    older = event.to_v03()
    assert older.data_bytes == b"AQ=="
    assert format_.decode(format_.encode(older)) == older


@pytest.mark.parametrize("version", ["0.3", "\\u0030.3", "0\\u002e3"])
def test_the_version_is_known_in_any_spelling(version: str) -> None:
    body = text('"datacontentencoding":"base64","data":"AQ=="', CORE_V03.replace("0.3", version))
    event = format_.decode(body)
    assert event.specversion == "0.3"
    assert event.data == b"\x01"
    assert "datacontentencoding" not in event


def test_maps_of_03() -> None:  # V03-spec-c, V03-json-b
    body = text('"map":{"a":{"b":[1.50]}},"list":[1],"number":1.50', CORE_V03)
    event = format_.decode(body)
    assert event["map"] == {"a": {"b": [1.5]}}
    assert dict(event.extensions) == {"list": [1], "map": {"a": {"b": [1.5]}}, "number": 1.5}
    assert format_.encode(event) == text('"list":[1],"map":{"a":{"b":[1.50]}},"number":1.50', CORE_V03)
    assert format_.encode_value({"a": "€"}) == '{"a":"€"}'.encode()


def test_lenient_reading_keeps_what_stood_there() -> None:
    event = format_.decode(text('"datacontenttype":"text/xml","data":{"a": 1.0}'), lenient=True)
    assert event.data == '{"a": 1.0}'
    assert not format_.decode(text('"datacontenttype":"text/xml","data":null'), lenient=True).has_data
    assert format_.decode(text('"datacontenttype":"a/b","data":"!"', CORE_V03), lenient=True).data == b"!"


def test_a_caller_may_reuse_its_buffer() -> None:  # T86
    buffer = bytearray(text('"subject":"x","data":{"a":1}'))
    event = format_.decode(buffer)
    batch_buffer = bytearray(b"[%b]" % bytes(buffer))
    [of_batch] = format_.decode_batch(memoryview(batch_buffer))
    buffer[:] = b"?" * len(buffer)
    batch_buffer[:] = b"?" * len(batch_buffer)
    assert event.data == of_batch.data == {"a": 1}
    assert event.subject == of_batch.subject == "x"


# ---------------------------------------------------------------------------------------------- the short way, learning

NAMES = ["specversion", "type", "source", "id", "time", "datacontenttype", "subject", "dataschema", "known", "count",
         "declared", "data", "data_base64", "other", "Known", "\\u0069d"]  # fmt: skip
VALUES = ['"1.0"', '"t"', '"/s"', '"1"', '""', "null", "1", "-0", "2147483648", "true", "1.0", "1e2", '"a\\"b"',
          '"\\\\"',
          '"\\u0000"', '"\x7f"', '"é"', '"AQ=="', '"2020-01-01T00:00:00Z"', '"2016-12-31T23:59:60Z"',
          '"application/json"', '"text/plain"', '"http://a/b"', '"http://a/b#f"', '[1,"]"]', '{"a":"}"}', '"5"',
          '"/s\\",\\"known\\":\\"1"', '"1","known":"2"']  # fmt: skip
USUAL = {"specversion": '"1.0"', "type": '"t"', "source": '"/s"', "id": '"1"'}


@st.composite
def spelled_events(draw: st.DrawFn) -> bytes:
    members = [(name, draw(st.just(value) | st.sampled_from(VALUES))) for name, value in USUAL.items()]
    members += draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=5))
    space = st.sampled_from(["", "", "", " ", "\n\t"])
    parts = [
        f'{draw(space)}"{name}"{draw(space)}:{value}{draw(space)}'
        for name, value in draw(st.permutations(members))
    ]
    return f"{{{','.join(parts)}}}{draw(space)}".encode()


def outcome(body: bytes, *, lenient: bool, careful: bool) -> object:
    try:
        if careful:
            event = _json_careful.decode(body, Findings(lenient=lenient))
        else:
            event = format_.decode(body, lenient=lenient)
    except InvalidEvent as error:
        return error.problems
    data = stored_data(event)
    kept = [(name, type(value), value) for name, value in kept_extensions(event).items()]
    shown = bytes(data) if isinstance(data, Raw) else data
    return event.text("id"), event.repairs, repr(event), kept, type(data), shown


@given(spelled_events())
def test_the_short_way_reads_as_the_careful_one(body: bytes) -> None:
    attributes.register("declared", attributes.Integer)
    try:
        learn('"known":"x","count":1,"declared":5')
        for lenient in (False, True):
            found = outcome(body, lenient=lenient, careful=False)
            assert found == outcome(body, lenient=lenient, careful=True)
        try:
            [of_batch] = format_.decode_batch(b"[%b]" % body)
        except InvalidEvent:
            assert isinstance(outcome(body, lenient=False, careful=True), tuple)
            assert problems(body)
        else:
            assert of_batch == format_.decode(body)
    finally:
        attributes.unregister("declared")


def is_short(body: bytes) -> bool:
    return _json_short.one(body) is not None


@pytest.mark.parametrize(
    "body",
    [
        text(),
        text('"time":"2018-04-05T17:31:00Z","subject":"é","data":{"a":[1,"}"]}'),
        text('"datacontenttype":"application/json","data":"\\u00e9"'),
        b" " + text('"data":{ "a" : "b" }').replace(b",", b", ") + b"\n",
        text('"data":1,"subject":"\\"1"'),
        text('"subject":"a\\\\"'),
        text('"known":"x","count":5,"flag":true'),
    ],
    ids=range(7),
)
def test_the_usual_takes_the_short_way(body: bytes) -> None:
    learn('"known":"x","count":1,"flag":true')
    assert is_short(body)


@pytest.mark.parametrize(
    "extra",
    [
        '"unknown":"x"',
        '"subject":null',
        '"subject":""',
        '"time":"2016-12-31T23:59:60Z"',
        '"data_base64":"AQ=="',
        '"datacontenttype":"text/plain","data":"x"',
        '"dataschema":"/relative"',
        '"data":1,"data":1',
        '"subject":"\x7f"',
        '"subject":"x","subject":"y"',
        '"subject":"\\u0085"',
    ],
)
def test_the_unusual_takes_the_careful_way(extra: str) -> None:
    assert not is_short(text(extra))


def test_a_declared_extension_takes_the_short_way() -> None:
    attributes.register("declared", attributes.Integer)
    try:
        learn('"declared":"5"')
        assert is_short(text('"declared":"5"'))
        assert format_.decode(text('"declared":"5"'))["declared"] == 5
        assert not is_short(text('"declared":"x"'))
        assert problems(text('"declared":"x"')) == [("declared", "CE-types-d")]
        assert problems(text('"declared":true')) == [("declared", "CE-types-n")]
    finally:
        attributes.unregister("declared")
    assert format_.decode(text('"declared":"5"'))["declared"] == "5"


def test_declaring_forgets_what_was_learned() -> None:
    learn('"later":"5"')
    assert format_.decode(text('"later":"5"'))["later"] == "5"
    attributes.register("later", attributes.Integer)
    try:
        assert not is_short(text('"later":"5"'))
        assert format_.decode(text('"later":"5"'))["later"] == 5
    finally:
        attributes.unregister("later")


def test_what_is_declared_while_a_name_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:  # T90
    build = _json_short._built

    def declared_meanwhile(names: Any) -> Any:
        built = build(names)
        if names and attributes.declared("later") is None:
            attributes.register("later", attributes.Integer)
        return built

    monkeypatch.setattr(_json_short, "_built", declared_meanwhile)
    try:
        learn('"later":"5"')
        assert attributes.declared("later") is attributes.Integer
        assert format_.decode(text('"later":"5"'))["later"] == 5
    finally:
        attributes.unregister("later")


def test_what_is_learned_between_two_steps_of_another_thread() -> None:  # T90
    attributes.register("declared", attributes.Integer)
    try:
        plain = _json_short._learned.known.one(text())
        learn('"declared":"5"')
        assert _json_short._opened(plain, []) is not None
        known = _json_short._learned.known
        with_declared = known.one(text('"declared":"5"'))
        _json_short._learned.forget()
        event = _json_short._opened(with_declared, known.declared)
        assert event is None or event["declared"] == 5
    finally:
        attributes.unregister("declared")


def test_names_that_come_often_are_learned_and_many_are_forgotten() -> None:
    known = _json_short._learned
    for name in ("once", "twice", "twice"):
        format_.decode(text(f'"{name}":1'))
    assert known.known.names == ()
    for number in range(known._MANY):
        learn(f'"name{number}":1')
        assert f"name{number}" in known.known.names
    for number in range(known._MANY, 100):
        learn(f'"name{number}":1')
        assert len(known.known.names) <= known._MANY
    long = "x" * 100
    learn(f'"{long}":1')
    assert long not in known.known.names


def test_a_flood_of_names_is_not_remembered() -> None:
    for number in range(1000):
        format_.decode(text(",".join(f'"x{number}y{other}":1' for other in range(3))))
    assert len(_json_short._learned._counts) < 300
    assert _json_short._learned.known.names == ()


def test_many_new_names_at_once() -> None:
    extra = ",".join(f'"n{number:03}":{number}' for number in range(60))
    for _ in range(10):
        event = format_.decode(text(extra))
        assert event.extensions == {f"n{number:03}": number for number in range(60)}
    assert len(_json_short._learned.known.names) == _json_short._learned._MANY


@pytest.mark.parametrize(
    "kinds",
    [[range(30)], [range(20), range(20, 40)], [range(number, number + 10) for number in range(0, 60, 10)]],
    ids=["more than are kept", "two by turns", "six by turns"],
)
def test_names_that_do_not_fit_are_not_learned_again_and_again(
    kinds: list[range], monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[object] = []
    build = _json_short._built

    def count(names: Any) -> Any:
        built.append(names)
        return build(names)

    monkeypatch.setattr(_json_short, "_built", count)
    bodies = [text(",".join(f'"x{number:02}":"v"' for number in kind)) for kind in kinds]
    for _ in range(100):
        for body in bodies:
            format_.decode(body)
    assert len(built) < 40 * len(kinds) / 2


def test_what_was_learned_shows_nowhere() -> None:
    """Events in any order: each is read to the same event, with the same bytes."""
    bodies = [
        text('"a":"1","data":{"x":1}'),
        text('"b":2,"data":[1]'),
        text('"a":"é","b":-2,"data":"x"'),
        text('"c":true'),
        text('"a":5'),
        text(),
    ]
    alone = []
    for body in bodies:
        _json_short._learned.forget()
        alone.append(format_.decode(body))
    wanted = [(repr(event), stored_data(event), format_.encode(event)) for event in alone]
    for order in itertools.islice(itertools.permutations(range(len(bodies))), 0, 720, 40):
        _json_short._learned.forget()
        for index in order * 6:
            event = format_.decode(bodies[index])
            found = (repr(event), stored_data(event), format_.encode(event))
            assert found == wanted[index]
            assert kept_extensions(event) == kept_extensions(alone[index])


# ------------------------------------------------------------------------------------------------------------- batches


def batch(*bodies: bytes) -> bytes:
    return b"[" + b",".join(bodies) + b"]"


def batch_problems(body: bytes, *, lenient: bool = False) -> list[tuple[int | None, str | None, str]]:
    with pytest.raises(InvalidEvent) as caught:
        format_.decode_batch(body, lenient=lenient)
    return [(problem.index, problem.attribute, problem.requirement) for problem in caught.value.problems]


@pytest.mark.parametrize("spelling", [b"[]", b" [ ] ", b"[\n]\n"])
def test_t60_an_empty_batch(spelling: bytes) -> None:  # JSON-4.3-a, CE-message-c
    assert format_.decode_batch(spelling) == []
    assert format_.encode_batch([]) == b"[]"
    assert format_.encode_batch(iter([])) == b"[]"


@pytest.mark.parametrize("rounds", [1, 8])
def test_a_batch_both_ways(rounds: int) -> None:
    events = [made(id=str(number), type=f"t{number}", a=number, data=[number]) for number in range(5)]
    events.append(made(id="é", subject='a"b'))
    events.append(made(id="b", data=b"\xff"))
    body = format_.encode_batch(iter(events))
    assert json.loads(body) == [json.loads(format_.encode(event)) for event in events]
    for _ in range(rounds):
        assert format_.decode_batch(body) == events
        assert format_.decode_batch(body.decode()) == events
        assert format_.decode_batch(json.dumps(json.loads(body), indent=1)) == events


# T60, CE-message-d, JSON-4.1-a, T-JSON-11: index, attribute, requirement
@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", [(None, None, "JSON-4.1-a")]),
        (b"{}", [(None, None, "JSON-4.1-a")]),
        (text(), [(None, None, "JSON-4.1-a")]),
        (b"null", [(None, None, "JSON-4.1-a")]),
        (batch(text())[:-1], [(None, None, "JSON-4.1-a")]),
        (batch(text()) + b"x", [(None, None, "JSON-4.1-a")]),
        (batch(text(), b""), [(None, None, "JSON-4.1-a")]),
        (batch(text(), b"5"), [(1, None, "JSON-3-b")]),
        (batch(b"[]"), [(0, None, "JSON-3-b")]),
        (batch(text(), b"null"), [(1, None, "JSON-3-b")]),
        (batch(text(), text().replace(b'"1"', b'""')), [(1, "id", "CE-id-b")]),
        (batch(text('"id":"2"'), text(), text('"a":1.5')), [(0, "id", "CE-attrs-d"), (2, "a", "JSON-2.2-b")]),
        (batch(text(), text(core=CORE_V03)), [(1, "specversion", "CE-message-d")]),
        (batch(text(), text(core=CORE.replace("1.0", "0.9"))), [(1, "specversion", "CE-specversion-c")]),
        (b"[" * 100_000, [(None, None, "JSON-4.1-a")]),
        (batch(text('"data":"x"').replace(b"x", b"\xff")), [(None, None, "JSON-4.1-a")]),
    ],
    ids=range(16),
)
def test_t60_a_bad_batch(body: bytes, found: list[tuple[int | None, str | None, str]]) -> None:
    assert batch_problems(body) == found


def test_t60_a_bad_event_names_its_index_in_the_message() -> None:
    with pytest.raises(InvalidEvent, match=r"event 1: id: must not be empty"):
        format_.decode_batch(batch(text(), text().replace(b'"1"', b'""')))


def test_a_batch_of_good_json_and_a_bad_event() -> None:
    assert batch_problems(batch(text(), text().replace(b"/s", b"a b"))) == [(1, "source", "CE-source-a")]


def test_a_batch_is_not_written_with_two_versions() -> None:  # CE-message-d
    with pytest.raises(InvalidEvent, match=r"event 1: specversion: must be 1\.0 as in the whole batch"):
        format_.encode_batch([made(), made(specversion="0.3")])
    assert (
        format_.decode_batch(format_.encode_batch([made(specversion="0.3")] * 2))
        == [made(specversion="0.3")] * 2
    )


def test_a_batch_of_two_versions_is_read_leniently() -> None:
    events = format_.decode_batch(batch(text(), text(core=CORE_V03)), lenient=True)
    assert [event.specversion for event in events] == ["1.0", "0.3"]
    assert [problem.requirement for event in events for problem in event.repairs] == ["CE-message-d"]


def test_a_batch_with_a_byte_order_mark() -> None:  # T50
    body = b"\xef\xbb\xbf" + batch(text())
    assert {requirement for _, _, requirement in batch_problems(body)} == {"JSON-4.1-a"}
    [event] = format_.decode_batch(body, lenient=True)
    assert [problem.requirement for problem in event.repairs] == ["JSON-4.1-a"]


def test_a_batch_of_bad_events_is_not_read_to_its_end() -> None:
    with pytest.raises(InvalidEvent) as caught:
        format_.decode_batch(batch(*[b"{}"] * 10_000))
    assert len(caught.value.problems) < 200


def test_an_event_of_a_batch_does_not_hold_the_others() -> None:
    body = batch(text('"data":"x"'), text(f'"data":"{"y" * 100_000}"'))
    referred = sys.getrefcount(body)
    event = format_.decode_batch(body)[0]
    assert event.has_data
    assert sys.getrefcount(body) == referred


# ------------------------------------------------------------------------- streams; more is in test_json_stream.py


@pytest.mark.parametrize(
    "stream", [text() + b"\n" + text('"a":1'), batch(text(), text('"a":1'))], ids=["lines", "array"]
)
def test_events_of_a_stream(stream: bytes) -> None:
    assert list(format_.iter_decode([stream])) == [made(), made(a=1)]


@pytest.mark.parametrize(
    ("stream", "index", "requirement"),
    [
        (text() + b"\n" + text('"a":1.5'), 1, "JSON-2.2-b"),
        (batch(text(), text(core=CORE_V03)), 1, "CE-message-d"),
        (batch(text())[:-1], 1, "JSON-4.1-a"),
        (b'{"a":"' + b"x" * 10_000, 0, "CE-size-b"),
    ],
)
def test_a_bad_stream(stream: bytes, index: int, requirement: str) -> None:
    with pytest.raises(InvalidEvent) as caught:
        list(format_.iter_decode([stream[:10], stream[10:]], max_size=1000))
    assert [(problem.index, problem.requirement) for problem in caught.value.problems] == [
        (index, requirement)
    ]


# ----------------------------------------------------------------------------------------------------------- hostile


@pytest.mark.parametrize(
    "body",
    [
        text('"data":"' + '\\"' * 500_000 + '"'),
        text('"data":"' + "\\" * 1_000_001),
        text('"data":' + "[" * 10**6),
        text(",".join(f'"x{number}":1' for number in range(100_000))),
        text(",".join(f'"X{number}":1' for number in range(100_000))),
        text('"id":"1",' * 100_000 + '"id":"1"'),
        text('"data":[' + "{}," * 300_000 + '1],"id":"2"'),
        text('"data_base64":"' + "A" * 1_000_001 + '"'),
        text('"subject":"' + "\\u0000" * 200_000 + '"'),
        text().replace(b"/s", b"/" + b"a/" * 500_000),
        text('"datacontenttype":"a/b' + ";c=d" * 250_000 + '"'),
        b"{" * 10**6,
        b" " * 10**6,
    ],
    ids=[
        "quotes",
        "backslashes",
        "brackets",
        "extensions",
        "bad names",
        "repeats",
        "objects",
        "base64",
        "escapes",
        "source",
        "type",
        "braces",
        "spaces",
    ],
)
def test_a_text_of_a_megabyte_takes_no_time(body: bytes) -> None:
    began = time.perf_counter()
    for lenient in (False, True):
        with contextlib.suppress(InvalidEvent):
            format_.decode(body, lenient=lenient)
    assert time.perf_counter() - began < 10


def test_problems_without_number_are_not_all_told() -> None:
    with pytest.raises(InvalidEvent) as caught:
        format_.decode(text(",".join(f'"X{number}":1' for number in range(100_000))))
    assert len(caught.value.problems) <= 1000
    assert len(str(caught.value)) < 200_000
