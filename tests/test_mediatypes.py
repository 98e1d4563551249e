"""Media types: which texts are one, what they mean, and which charsets are known."""

from __future__ import annotations

import encodings
import time

import pytest

from cevents import CloudEvent, DataError, mediatypes
from cevents.mediatypes import MediaType

# CE-datacontenttype-a, HTTP-2.1-a: text, essence, parameters
GOOD: list[tuple[str, str, dict[str, str]]] = [
    ("application/json", "application/json", {}),
    ("APPLICATION/JSON", "application/json", {}),  # CE-datacontenttype-e
    ("TEXT/Plain; CharSet=utf-8", "text/plain", {"charset": "utf-8"}),
    ("text/plain;charset=UTF-8", "text/plain", {"charset": "UTF-8"}),
    ('text/plain; charset="utf-8"', "text/plain", {"charset": "utf-8"}),
    (r'a/b; c="d\"e\\f"', "a/b", {"c": r'd"e\f'}),
    ('a/b; c=""', "a/b", {"c": ""}),
    ('a/b; c="x;y=z"; d=e', "a/b", {"c": "x;y=z", "d": "e"}),
    ("a/b \t; \tc=d", "a/b", {"c": "d"}),
    ("  application/json  ", "application/json", {}),
    ("application/vnd.example+json; v=1; w=2", "application/vnd.example+json", {"v": "1", "w": "2"}),
    ("a/b;c=d;c=e", "a/b", {"c": "e"}),
    ("!#$%&'*+-.^_`{|}~/x", "!#$%&'*+-.^_`{|}~/x", {}),
]

BAD = [
    "",
    " ",
    "json",
    "text/",
    "/json",
    "a/b/c",
    "a b/c",
    "a/b c",
    "a/b;",
    "a/b; c",
    "a/b; c=",
    "a/b; =d",
    "a/b; c = d",
    "a/b, c/d",
    "a/b; c=d e",
    'a/b; c="d',
    'a/b; c="d"e',
    'a/b; c="d\\"',
    "a/b; c=(d)",
    "a/b\n",
    "a/b\r\nX-Evil: 1",  # S6
    'a/b; c="d\r\ne"',
    "a/b;\x0bc=d",
    "é/b",
    'a/b; c="é"',
    "a/b@c",
    "a/b?c",
    "*/*; q=0.5, a/b",
]


@pytest.mark.parametrize(("text", "essence", "parameters"), GOOD, ids=[case[0] for case in GOOD])
def test_a_media_type(text: str, essence: str, parameters: dict[str, str]) -> None:
    found = mediatypes.parse(text)
    assert found is not None
    assert found.essence == essence
    assert found.parameters == parameters
    assert f"{found.type}/{found.subtype}" == essence


@pytest.mark.parametrize("text", BAD, ids=ascii)
def test_what_is_no_media_type(text: str) -> None:
    assert mediatypes.parse(text) is None


def parsed(text: str) -> MediaType:
    found = mediatypes.parse(text)
    assert found is not None
    return found


# T41, T42, T43, T-JSON-7, JSON-3.1.1-f
@pytest.mark.parametrize(
    "text",
    [
        "application/json",
        "Application/JSON",
        "  application/json  ; charset=utf-8 ",
        "application/json;charset=utf-8",
        "text/json",
        "text/json; charset=x",
        "IMAGE/JSON",
        "a/b+json",
        "application/vnd.x+JSON",
        "application/cloudevents+json",
        "application/+json",
    ],
)
def test_t41_what_is_json(text: str) -> None:
    assert parsed(text).is_json


@pytest.mark.parametrize(
    "text",
    [
        "application/not-json",
        "application/vnd.custom+json+gzip",
        "application/json-seq",
        "application/jsonp",
        "application/x-json",
        "application/x-ndjson",
        "application/jsonlines",
        "json/plain",
        'text/plain; a="application/json"',
        "application/octet-stream",
    ],
)
def test_t41_what_is_not_json(text: str) -> None:
    assert not parsed(text).is_json


@pytest.mark.parametrize(
    ("text", "is_text"),
    [
        ("text/plain", True),
        ("text/x-anything", True),
        ("application/xml", True),
        ("application/soap+xml", True),
        ("image/svg+XML", True),
        ("application/yaml; charset=utf-8", True),
        ("application/yaml", False),
        ("application/xmlx", False),
        ("application/octet-stream", False),
        ("image/png", False),
    ],
)
def test_what_is_text(text: str, is_text: bool) -> None:
    assert parsed(text).is_text is is_text


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("text/plain", "utf-8"),
        ("text/plain; charset=UTF8", "utf-8"),
        ("text/plain; charset=us-ascii", "ascii"),
        ("text/plain; charset=ISO-8859-1", "iso8859-1"),
        ("text/plain; charset=latin1", "iso8859-1"),
        ("text/plain; charset=windows-1252", "cp1252"),
        ("text/plain; charset=Shift_JIS", "shift_jis"),
        ("text/plain; charset=utf-16", "utf-16"),
        ('text/plain; charset="koi8-r"', "koi8-r"),
    ],
)
def test_the_codec_of_a_charset(text: str, codec: str) -> None:
    assert parsed(text).codec == codec


# What Python knows under the name of a codec, but is no charset, or not one to be trusted with a text.
@pytest.mark.parametrize(
    "charset",
    [
        "bogus",
        '""',
        "base64",
        "hex",
        "zlib",
        "rot13",
        "idna",
        "punycode",
        "undefined",
        "unicode_escape",
        "unicode-escape",
        "raw_unicode_escape",
        "Raw-Unicode-Escape",
        "utf-7",
        "UTF7",
        "unicode-1-1-utf-7",
        '"a\\b"',
        '"../../etc/passwd"',
        '"encodings.idna"',
        "x" * 10_000,
    ],
    ids=lambda charset: charset[:30],
)
def test_an_unknown_charset(charset: str) -> None:
    assert parsed(f"text/plain; charset={charset}").codec is None


def test_t_core_16_names_compare_without_case_and_in_any_order() -> None:
    one, other = parsed("A/B; x=1; y=2"), parsed('a/b;Y="2";X=1')
    assert (one.essence, one.parameters) == (other.essence, other.parameters)


def test_what_is_remembered_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        parsed("a/b; c=d").parameters["c"] = "e"  # type: ignore[index] # pyright: ignore[reportIndexIssue] # tested
    assert parsed("a/b; c=d").parameters == {"c": "d"}


def test_a_long_media_type_is_read_but_not_remembered() -> None:
    text = "a/b; c=" + "d" * 1000
    before = mediatypes._remembered.cache_info().currsize
    assert parsed(text).parameters == {"c": "d" * 1000}
    assert mediatypes._remembered.cache_info().currsize == before


@pytest.mark.parametrize(
    "text",
    [
        "a/b" + ";c=d" * 250_000,
        "a/b" + ";c=d" * 250_000 + ";",
        'a/b;c="' + "\\a" * 500_000,
        'a/b;c="' + "\\a" * 500_000 + '"',
        "a/b" + " ;" * 500_000,
        "a" * 10**6,
        "a/b" + " " * 10**6 + "x",
    ],
    ids=["parameters", "broken", "open", "quoted", "semicolons", "token", "spaces"],
)
def test_a_text_of_a_megabyte_takes_no_time(text: str) -> None:
    began = time.perf_counter()
    mediatypes.parse(text)
    assert time.perf_counter() - began < 3


def test_unknown_charsets_do_not_fill_the_memory() -> None:
    remembered: dict[str, object] = vars(encodings)["_cache"]
    before = len(remembered)
    for number in range(300):
        event: CloudEvent[object] = CloudEvent(
            type="t", source="/s", data=b"x", datacontenttype=f"text/plain; charset=no-such-{number}"
        )
        with pytest.raises(DataError, match="charset"):
            _ = event.data
    assert len(remembered) - before < 50
