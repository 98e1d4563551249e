"""Attributes: names, the seven types and their texts, the grammars, and what an extension may be declared to be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from cevents import attributes
from cevents.attributes import (
    URI,
    Accepted,
    AttributeType,
    Binary,
    Boolean,
    Integer,
    String,
    Timestamp,
    URIReference,
    URIReferenceText,
    URIText,
    Value,
)
from cevents.errors import Findings
from cevents.timestamps import TimestampText

NAME = "testattributes"


@pytest.fixture(autouse=True)
def nothing_stays_declared() -> Iterator[None]:
    yield
    attributes.unregister(NAME)


# ----------------------------------------------------------------------------------------------------------- names

# CE-naming-a, CE-naming-b, CE-naming-d, CE-ext-b, T85
GOOD_NAMES = [
    "a",
    "z9",
    "ext1",
    "1ext",
    "0",
    "a" * 20,
    "a" * 21,  # T47: "SHOULD NOT exceed 20" is no MUST
    "opcuametadatamajorversion",
    "a" * 1000,
    "self",
    "cls",
    "mode",
    "format",
    "from",
    "class",
    "keys",
    "get",
    "items",
    "encode",
    "extensions",
    "database64",
]

# T46, T-CORE-4: the name, and the rule that it breaks
BAD_NAMES = [
    ("", "CE-naming-c"),
    ("data", "CE-naming-f"),
    ("my-ext", "CE-naming-a"),
    ("a_b", "CE-naming-a"),
    ("type_", "CE-naming-a"),
    ("data_base64", "CE-naming-a"),
    ("My", "CE-naming-a"),
    ("myExt", "CE-naming-a"),
    ("foo\n", "CE-naming-a"),  # "$" would let it pass
    ("id\n", "CE-naming-a"),
    (" a", "CE-naming-a"),
    ("a.b", "CE-naming-a"),
    ("é", "CE-naming-a"),
    ("ｅxt", "CE-naming-a"),
    ("٣", "CE-naming-a"),
    ("ı", "CE-naming-a"),
    ("\u212a", "CE-naming-a"),  # the Kelvin sign, "k" in lower case
    ("a\x00", "CE-naming-a"),
    ("\ud800", "CE-naming-a"),
]


@pytest.mark.parametrize("name", GOOD_NAMES, ids=lambda name: name[:30])
def test_t47_a_name(name: str) -> None:
    findings = Findings()
    assert attributes.check_name(name, findings, "1.0") == name
    assert not findings.problems


@pytest.mark.parametrize(("name", "requirement"), BAD_NAMES, ids=ascii)
def test_t46_what_is_no_name(name: str, requirement: str) -> None:
    findings = Findings()
    assert attributes.check_name(name, findings, "1.0") is None
    assert [problem.requirement for problem in findings.problems] == [requirement]


@pytest.mark.parametrize("name", [5, None, b"id", ("a",)], ids=repr)
def test_a_name_that_is_no_text(name: object) -> None:
    findings = Findings(lenient=True)
    assert attributes.check_name(name, findings, "1.0") is None
    assert [problem.requirement for problem in findings.problems] == ["CE-naming-a"]


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("MyExt", "myext"),
        ("ID", "id"),
        ("my-ext", None),
        ("a_b", None),
        ("", None),
        ("data", None),
        ("Data", None),
        ("\u212a", None),
    ],
    ids=ascii,
)
def test_lenient_reading_of_a_name(name: str, used: str | None) -> None:
    findings = Findings(lenient=True)
    assert attributes.check_name(name, findings, "1.0") == used
    assert len(findings.repairs) == 1
    assert not findings.problems


def test_the_hint_for_a_name_in_capitals() -> None:
    findings = Findings()
    attributes.check_name("MyExt", findings, "1.0")
    attributes.check_name("my-ext", findings, "1.0")
    assert [problem.hint for problem in findings.problems] == ["write myext", None]


@pytest.mark.parametrize("name", ["a", "a1", "z" * 30])
def test_a_name_of_03(name: str) -> None:
    assert attributes.check_name(name, Findings(), "0.3") == name


@pytest.mark.parametrize("name", ["1x", "", "A", "a-b", "data", "a\n"], ids=ascii)
def test_what_is_no_name_of_03(name: str) -> None:  # V03-spec-b
    findings = Findings()
    assert attributes.check_name(name, findings, "0.3") is None
    assert [problem.requirement for problem in findings.problems] == ["V03-spec-b"]


@pytest.mark.parametrize(
    ("name", "used"),
    [("MyExt", "myext"), ("1x", None), ("1X", None)],
)
def test_lenient_reading_of_a_name_of_03(name: str, used: str | None) -> None:
    assert attributes.check_name(name, Findings(lenient=True), "0.3") == used


# ------------------------------------------------------------------------------------------------- types, both ways

# CE-types-a, CE-types-n: type, canonical text, kept value
TEXTS: list[tuple[AttributeType, str, Value]] = [
    (Boolean, "true", True),  # T-CORE-1
    (Boolean, "false", False),
    (Integer, "0", 0),
    (Integer, "-1", -1),
    (Integer, "10", 10),
    (Integer, "2147483647", 2**31 - 1),
    (Integer, "-2147483648", -(2**31)),
    (String, "", ""),  # T-CORE-10
    (String, "5", "5"),
    (String, "Euro € 😀", "Euro € 😀"),
    (Binary, "", b""),
    (Binary, "AQI=", b"\x01\x02"),  # T20
    (Binary, "+/8=", b"\xfb\xff"),
    (Binary, "++++", b"\xfb\xef\xbe"),
    (URI, "urn:x:y", URIText("urn:x:y")),
    (URIReference, "../a?b#c", URIReferenceText("../a?b#c")),
    (Timestamp, "2018-04-05T17:31:00.120+02:00", TimestampText("2018-04-05T17:31:00.120+02:00")),
]


@pytest.mark.parametrize(
    ("kind", "text", "value"), TEXTS, ids=[f"{kind.name}-{text}" for kind, text, _ in TEXTS]
)
def test_a_type_reads_and_writes_its_text(kind: AttributeType, text: str, value: Value) -> None:
    found = kind.read(text)
    assert found == value
    assert type(found) is type(value)
    assert attributes.spelled(value) == text
    assert type(attributes.spelled(value)) is str
    assert attributes.type_of(value) is kind
    assert type(attributes.native(value)) in (bool, int, str, bytes, datetime)


# CE-types-b, CE-types-d, CE-types-h, CE-types-i, CE-types-j, CE-types-k: texts that are not of the type
NOT_TEXTS: list[tuple[AttributeType, str]] = [
    *((Boolean, text) for text in ("TRUE", "True", "1", "0", "yes", "", " true", "true\n")),
    *(
        (Integer, text)
        for text in (
            "",
            "-",
            "+1",
            "01",
            "-01",
            "1.0",
            "1e2",
            "1_000",
            " 5 ",
            "5\n",
            "５",
            "0x1",
            "2147483648",
        )
    ),
    *((Integer, text) for text in ("-2147483649", "9" * 12, "1" * 100_000)),  # T-CORE-2
    *(
        (String, text)
        for text in ("a\x00", "\x1f", "\x7f", "\x85", "\ufdd0", "\ufffe", "\U0010ffff", "\ud800")
    ),
    *(
        (Binary, text)
        for text in ("-_8=", "+/8", "+/8=\n", "Zh==", "!!AQ*==", "A", "=", "====", "AQ==AQ==", "é")
    ),
    *((URI, text) for text in ("/a", "", "a b", "https://a/b#f", "#", "https://é/")),
    *((URIReference, text) for text in ("a b", "%zz", "http://[", "é", "1:2")),
    *((Timestamp, text) for text in ("", "lunchtime", "2018-04-05")),
]


@pytest.mark.parametrize(
    ("kind", "text"), NOT_TEXTS, ids=[f"{kind.name}-{text[:20]!a}" for kind, text in NOT_TEXTS]
)
def test_a_type_refuses_the_text_of_another(kind: AttributeType, text: str) -> None:
    assert kind.read(text) is None


def test_minus_zero_is_read_as_zero() -> None:  # CE-types-d
    assert Integer.read("-0") == 0
    assert attributes.spelled(0) == "0"


@given(st.integers(-(2**31), 2**31 - 1))
def test_any_integer_both_ways(number: int) -> None:  # CE-types-c
    assert Integer.read(attributes.spelled(number)) == number


@given(st.binary())
def test_any_bytes_both_ways(value: bytes) -> None:  # CE-types-h
    assert Binary.read(attributes.spelled(value)) == value


@given(st.binary(min_size=1), st.text(alphabet="AQZhg=/+-_ \n", max_size=12))
def test_each_bytes_have_one_text(value: bytes, text: str) -> None:  # T-CORE-21
    found = attributes.decode_base64(text)
    assert found is None or attributes.spelled(found) == text


def test_a_map_of_03_is_spelled_as_it_came() -> None:
    assert attributes.spelled(Raw(b'{"a": 1}')) == '{"a": 1}'


def test_native_values() -> None:  # CE-types-m
    assert attributes.native(TimestampText("2018-04-05T17:31:00Z")) == datetime(
        2018, 4, 5, 17, 31, tzinfo=UTC
    )
    assert attributes.native("2018-04-05T17:31:00Z") == "2018-04-05T17:31:00Z"
    assert attributes.native(5) == 5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-_8=", b"\xfb\xff"),
        ("+/8", b"\xfb\xff"),
        ("AQ\r\nI=", b"\x01\x02"),
        ("Zh==", b"f"),
        ("Zg=", b"f"),
        ("", b""),
        ("A", None),
        ("====", None),
        ("!!", None),
        ("AQ==AQ==", None),
        ("é", None),
    ],
)
def test_lenient_base64(text: str, value: bytes | None) -> None:
    assert attributes.decode_base64(text, lenient=True) == value


# --------------------------------------------------------------------------------------------------------- strings

CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]
NONCHARACTERS = [
    *range(0xFDD0, 0xFDF0),
    *(plane + last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)),
]
SURROGATES = [0xD800, 0xDBFF, 0xDC00, 0xDFFF]


def test_the_sets_are_whole() -> None:
    assert len(CONTROLS) == 65
    assert len(NONCHARACTERS) == 66


# CE-types-e, CE-types-f, CE-types-g, T-CORE-11, T-CORE-12, T53
@pytest.mark.parametrize(
    ("codes", "requirement", "kind"),
    [
        (CONTROLS, "CE-types-e", "control character"),
        (NONCHARACTERS, "CE-types-f", "noncharacter"),
        (SURROGATES, "CE-types-g", "unpaired surrogate"),
    ],
    ids=["controls", "noncharacters", "surrogates"],
)
def test_t53_what_no_string_has(codes: list[int], requirement: str, kind: str) -> None:
    for code in codes:
        text = f"a{chr(code)}b"
        assert not attributes.is_string(text), hex(code)
        findings = Findings()
        assert attributes.check_extension(NAME, text, findings, "1.0") is None
        [problem] = findings.problems
        assert (problem.requirement, problem.attribute) == (requirement, NAME)
        assert problem.message == f"must not contain the {kind} U+{code:04X}"


@pytest.mark.parametrize(
    "code",
    [0x20, 0x7E, 0xA0, 0xAD, 0x200B, 0x2028, 0xFDCF, 0xFDF0, 0xFEFF, 0xFFFD, 0x1FFFD, 0x102AD, 0x10FFFD],
    ids=hex,
)
def test_what_a_string_may_have(code: int) -> None:
    assert attributes.is_string(chr(code))


@given(st.text())
def test_any_text_is_a_string_unless_it_has_what_none_has(text: str) -> None:
    bad = {*CONTROLS, *NONCHARACTERS}
    assert attributes.is_string(text) == (not any(ord(character) in bad for character in text))


# ------------------------------------------------------------------------------------------------------------ URIs

# CE-types-i: absolute, without fragment
URIS = [
    "https://example.com/a?b",
    "HTTP://EXAMPLE.COM:80/%7Ea/../b",  # T-CORE-8: as it is
    "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
    "mailto:cncf-wg-serverless@lists.cncf.io",
    "tag:example.com,2020:x",
    "a:",
    "a+b-c.1:x",
    "file:///etc/passwd",
    "http://",
    "http://user:pass@host:8080/",
    "http://%41/",
    "http://host:/",
    "http://1.2.3.4/",
    "http://[::1]/",
    "http://[2001:db8::8a2e:370:7334]:443/x",
    "http://[::ffff:1.2.3.4]/",
    "http://u@[::]",
    "http://[v1.fe:x]/",
    "http://[VF.a]",
    "http://a//b//[".removesuffix("["),
    "data:text/plain,x?y",
    "a:b:c",
    "a:/",
    "a:?/?",
]

# CE-types-j, T-CORE-9: relative references, or with a fragment
REFERENCES = [
    "",
    "/",
    "//",
    "//host/a",
    "/sensors/tn-1234567/alerts",
    "1-555-123-4567",
    "com.example",
    "a/b:c",
    "./1:2",
    "../a",
    "?q",
    "#f",  # T54
    "#",
    "a?b#c?d/e",
    "https://example.com/a#b",
    "http://[::1]#f",
    "%20",
    "@",
    "*",
    "a;b=c,d",
]

NOT_REFERENCES = [
    " ",
    "a b",
    "a\n",
    "/a\n",
    "é",
    "%",
    "%4",
    "%zz",
    "/%zz",
    "1:2",
    ":",
    "::::",
    ":a",
    "a#b#c",
    "a\\b",
    "a|b",
    "a^b",
    "a`b",
    "{a}",
    "<a>",
    '"a"',
    "[a]",
    "a[b]",
    "/a[b]",
    "?[",
    "http://[",
    "http://[]/",
    "http://[::1/",
    "http://[:::1]/",
    "http://[::1::2]/",
    "http://[1.2.3.4]/",
    "http://[12345::]/",
    "http://[::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[1:2:3:4:5:6:7]/",
    "http://[v.x]/",
    "http://[vg.x]/",
    "http://[::1]a/",
    "http://a[::1]/",
    "http://a:b/",
    "http://a:80x/",
    "http://a@b@c/",
    "//a@b@c",
    "http://a b/",
    "http://é/",
    "http://a/\x00",
]


@pytest.mark.parametrize("text", URIS)
def test_a_uri(text: str) -> None:
    assert attributes.is_uri(text)
    assert attributes.is_uri_reference(text)
    assert not attributes.is_uri(text + "#f")
    assert attributes.is_uri_reference(text + "#f")


@pytest.mark.parametrize("text", REFERENCES)
def test_a_uri_reference(text: str) -> None:
    assert attributes.is_uri_reference(text)
    assert not attributes.is_uri(text)


@pytest.mark.parametrize("text", NOT_REFERENCES, ids=ascii)
def test_what_is_no_uri_reference(text: str) -> None:
    assert not attributes.is_uri_reference(text)
    assert not attributes.is_uri(text)


@given(st.ip_addresses(v=6))
def test_any_ipv6_address(address: IPv6Address) -> None:
    assert attributes.is_uri(f"http://[{address}]/")
    assert attributes.is_uri(f"http://[{address.exploded}]:1/")
    assert not attributes.is_uri(f"http://[{address}:]/")


@pytest.mark.parametrize(
    "text",
    [
        "/a" * 500_000,
        "/" * 10**6,
        "%41" * 300_000,
        "a" * 10**6,
        "//" + "a:" * 500_000,
        "a@" * 500_000,
        "http://[" + ":" * 10**6,
        "//[::1]" + "//" * 500_000,
        "a?" * 500_000,
    ],
    ids=["segments", "slashes", "escapes", "letters", "colons", "at", "bracket", "address", "query"],
)
@pytest.mark.parametrize("end", ["", " "], ids=["", "broken"])
def test_a_uri_of_a_megabyte_takes_no_time(text: str, end: str) -> None:
    began = time.perf_counter()
    attributes.is_uri_reference(text + end)
    attributes.is_uri(text + end)
    assert time.perf_counter() - began < 3


# ------------------------------------------------------------------------------------------------------ extensions


class Text(str):
    """A text of some library, such as Django's SafeString: `str()` of it is itself."""

    __slots__ = ()

    def __str__(self) -> str:
        return self


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (True, True),
        (False, False),  # T19
        (5, 5),
        ("", ""),
        ("x", "x"),
        (b"\x01", b"\x01"),
        (datetime(2018, 4, 5, 17, 31, tzinfo=UTC), TimestampText("2018-04-05T17:31:00Z")),
        (TimestampText("2018-04-05T17:31:00z"), TimestampText("2018-04-05T17:31:00z")),
    ],
    ids=repr,
)
def test_the_value_of_an_extension(value: object, kept: Value) -> None:
    findings = Findings()
    found = attributes.check_extension(NAME, value, findings, "1.0")
    assert not findings.problems
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    "value",
    [2**31, -(2**31) - 1, 10**10_000],
    ids=["high", "low", "huge"],
)
def test_t44_an_integer_of_more_than_32_bits(value: int) -> None:  # CE-types-c, T-CORE-2
    findings = Findings()
    assert attributes.check_extension(NAME, value, findings, "1.0") is None
    assert [problem.requirement for problem in findings.problems] == ["CE-types-c"]


@pytest.mark.parametrize(
    "value", [1.5, 5.0, [], {}, (), object(), 1j, bytearray(b"x"), Raw(b"{}")], ids=lambda v: type(v).__name__
)
def test_t44_a_value_of_no_type(value: object) -> None:  # CE-types-l, T-CORE-3
    findings = Findings()
    assert attributes.check_extension(NAME, value, findings, "1.0") is None
    assert [problem.requirement for problem in findings.problems] == ["CE-types-l"]


def test_a_map_is_kept_under_03_only() -> None:  # V03-spec-c, T-V03-4
    value = Raw(b'{"a":1}')
    assert attributes.check_extension(NAME, value, Findings(), "0.3") is value


def test_t88_an_extension_with_a_naive_datetime() -> None:  # CE-types-p
    findings = Findings()
    moment = datetime(2018, 4, 5)
    assert attributes.check_extension(NAME, moment, findings, "1.0") is None
    [problem] = findings.problems
    assert problem.requirement == "CE-types-p"
    assert problem.hint is not None


# Native values by declared type: what fits, in the order of the columns, else CE-types-n or the type's own rule.
NATIVES: list[object] = [True, 5, "x", "5", b"\x01", datetime(2018, 4, 5, tzinfo=UTC)]
FITTING: dict[AttributeType, list[Value | None]] = {
    Boolean: [True, None, None, None, None, None],
    Integer: [None, 5, None, 5, None, None],
    String: [None, None, "x", "5", None, None],
    Binary: [None, None, None, None, b"\x01", None],
    URI: [None, None, None, None, None, None],
    URIReference: [None, None, "x", "5", None, None],
    Timestamp: [None, None, None, None, None, TimestampText("2018-04-05T00:00:00Z")],
}


@pytest.mark.parametrize("kind", FITTING, ids=lambda kind: kind.name)
@pytest.mark.parametrize("column", range(len(NATIVES)), ids=lambda column: type(NATIVES[column]).__name__)
def test_a_declared_extension_takes_its_type_only(kind: AttributeType, column: int) -> None:  # CE-types-n
    attributes.register(NAME, kind)
    findings = Findings()
    found = attributes.check_extension(NAME, NATIVES[column], findings, "1.0")
    assert found == FITTING[kind][column]
    assert bool(findings.problems) == (found is None)


@pytest.mark.parametrize(
    ("kind", "text", "value"), TEXTS, ids=[f"{kind.name}-{text}" for kind, text, _ in TEXTS]
)
def test_t_core_15_a_declared_extension_comes_back_from_text(
    kind: AttributeType, text: str, value: Value
) -> None:
    attributes.register(NAME, kind)
    assert attributes.check_extension(NAME, text, Findings(), "1.0") == value


# --------------------------------------------------------------------------------------------------------- register


def test_register_and_unregister() -> None:  # CE-defext-a
    called: list[AttributeType | None] = []

    def watch() -> None:
        called.append(attributes.declared(NAME))

    attributes.watchers.append(watch)
    try:
        assert attributes.declared(NAME) is None
        attributes.register(NAME, Integer)
        assert attributes.declared(NAME) is Integer
        assert called == [Integer]
        attributes.register(NAME, Integer)  # the same once more
        with pytest.raises(ValueError, match="is declared as Integer already"):
            attributes.register(NAME, String)
        attributes.unregister(NAME)
        attributes.unregister(NAME)
        assert attributes.declared(NAME) is None
    finally:
        attributes.watchers.remove(watch)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "My",
        "a-b",
        "a\n",
        "data",
        "id",
        "time",
        "datacontenttype",
        "dataschema",
        "schemaurl",
        "specversion",
    ],
    ids=ascii,
)
def test_register_refuses_what_is_no_extension(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of an extension attribute"):
        attributes.register(name, String)
    assert attributes.declared(name) is None


def test_register_refuses_what_is_no_type() -> None:
    for type_ in ("Integer", int, None):
        with pytest.raises(TypeError, match=r"such as attributes\.Integer"):
            attributes.register("neverdeclared", type_)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested
    assert attributes.declared("neverdeclared") is None


# --------------------------------------------------------------------------------------------------- core attributes


@pytest.mark.parametrize(
    ("version", "names"),
    [
        ("1.0", ["type", "source", "id", "time", "datacontenttype", "subject", "dataschema"]),
        ("0.3", ["type", "source", "id", "time", "datacontenttype", "subject", "schemaurl"]),
    ],
)
def test_the_core_attributes_and_which_are_required(version: str, names: list[str]) -> None:
    core = attributes.core_attributes(version)
    assert list(core) == names
    assert [name for name in core if core[name].required] == ["type", "source", "id"]


# version, attribute, bad value, requirement, what lenient reading keeps (... where it stays a problem)
CHECKS: list[tuple[str, str, object, str, Any]] = [
    ("1.0", "type", "", "CE-type-a", ...),
    ("1.0", "type", 5, "CE-type-a", ...),
    ("1.0", "id", "", "CE-id-b", ...),
    ("1.0", "id", 25, "CE-id-b", ...),  # T45
    ("1.0", "id", True, "CE-id-b", ...),
    ("1.0", "id", "a\x00", "CE-types-e", ...),
    ("1.0", "source", "", "CE-source-a", ...),  # T54
    ("1.0", "source", "a b", "CE-source-a", "a b"),
    ("1.0", "source", "1:2", "CE-source-a", "1:2"),  # T-CORE-9
    ("1.0", "source", b"/s", "CE-source-a", ...),
    ("1.0", "source", "a\n", "CE-types-e", ...),
    ("1.0", "subject", "", "CE-subject-a", None),  # T55, T-CORE-10
    ("1.0", "subject", 1, "CE-subject-a", ...),
    ("1.0", "dataschema", "", "CE-dataschema-a", None),
    ("1.0", "dataschema", "/schema", "CE-dataschema-a", "/schema"),
    ("1.0", "dataschema", "#", "CE-dataschema-a", "#"),  # T54, T-CORE-7
    ("1.0", "dataschema", "http://a/b#c", "CE-dataschema-a", "http://a/b#c"),
    ("1.0", "datacontenttype", "", "CE-datacontenttype-a", None),
    ("1.0", "datacontenttype", "json", "CE-datacontenttype-a", "json"),
    ("1.0", "datacontenttype", " a/b", "CE-datacontenttype-a", " a/b"),
    ("1.0", "datacontenttype", "a/b\r\nx: y", "CE-types-e", ...),  # S6
    ("1.0", "time", "", "CE-time-a", ...),
    ("1.0", "time", "lunchtime", "CE-time-a", ...),
    ("1.0", "time", 1522949460, "CE-time-a", ...),
    ("1.0", "time", "2018-04-05 17:31", "CE-time-a", "2018-04-05T17:31:00Z"),
    ("0.3", "source", "", "V03-attr-d", ""),
    ("0.3", "subject", "", "V03-attr-d", None),
    ("0.3", "schemaurl", "", "V03-attr-a", None),
    ("0.3", "schemaurl", "a b", "V03-attr-a", "a b"),
]


@pytest.mark.parametrize(
    ("version", "name", "value", "requirement", "mended"),
    CHECKS,
    ids=[f"{version}-{name}-{value!r}" for version, name, value, _, _ in CHECKS],
)
def test_a_bad_core_attribute(
    version: str, name: str, value: object, requirement: str, mended: object
) -> None:
    check = attributes.core_attributes(version)[name].check
    findings = Findings()
    assert check(value, name, findings) is None
    assert [(problem.requirement, problem.attribute) for problem in findings.problems] == [
        (requirement, name)
    ]
    lenient = Findings(lenient=True)
    found = check(value, name, lenient)
    if mended is ...:
        assert lenient.problems
        assert found is None
    else:
        assert not lenient.problems
        assert [problem.requirement for problem in lenient.repairs] == [requirement]
        assert found == mended


@pytest.mark.parametrize(
    ("version", "name", "value"),
    [
        ("1.0", "source", "/mycontext"),
        ("1.0", "source", "1-555-123-4567"),
        ("1.0", "dataschema", "urn:x:y"),
        ("1.0", "datacontenttype", "a/b;c=d"),
        ("1.0", "subject", "mynewfile.jpg"),
        ("1.0", "subject", "partnerid/5:clientid/100"),
        ("1.0", "type", "foo"),  # CE-type-b
        ("1.0", "time", "2018-04-05T17:31:00.120Z"),
        ("0.3", "source", "/mycontext"),
        ("0.3", "schemaurl", "/relative"),
        ("0.3", "schemaurl", "urn:x:y#z"),
    ],
)
def test_a_good_core_attribute_stays_as_it_is(version: str, name: str, value: str) -> None:
    check = attributes.core_attributes(version)[name].check
    for _ in range(2):  # the second time it may be remembered
        findings = Findings()
        found = check(Text(value), name, findings)
        assert found == value
        assert type(found) is str
        assert not findings.problems


def test_the_text_of_a_library_is_kept_as_a_plain_one() -> None:
    for kind in (None, String):
        if kind is not None:
            attributes.register(NAME, kind)
        assert type(attributes.check_extension(NAME, Text("x"), Findings(), "1.0")) is str


def test_time_is_checked_as_a_datetime_too() -> None:
    check = attributes.core_attributes("1.0")["time"].check
    assert check(datetime(2018, 4, 5, 17, 31, tzinfo=UTC), "time", Findings()) == "2018-04-05T17:31:00Z"
    findings = Findings()
    assert check(datetime(2018, 4, 5), "time", findings) is None
    assert [problem.requirement for problem in findings.problems] == ["CE-types-p"]


# --------------------------------------------------------------------------------------------------------- Accepted


def test_accepted_texts_are_a_bounded_number_of_short_ones() -> None:
    accepted = Accepted(lambda text: "y" not in text)
    long = "x" * 257
    assert accepted[long] is long
    assert len(accepted) == 0
    for number in range(5000):
        text = str(number)
        assert accepted[text] is text
        assert accepted["".join(text)] is text
        assert len(accepted) <= 1024
    assert accepted.accepts("x")
    for _ in range(2):
        assert not accepted.accepts("y")
        with pytest.raises(KeyError):
            accepted["y"]


def test_good_texts_are_remembered_and_bad_ones_are_not() -> None:
    check = attributes.core_attributes("1.0")["source"].check
    check("/test-attributes/good", "source", Findings())
    check("/test-attributes/bad bad", "source", Findings(lenient=True))
    assert "/test-attributes/good" in attributes.accepted_sources
    assert "/test-attributes/bad bad" not in attributes.accepted_sources
