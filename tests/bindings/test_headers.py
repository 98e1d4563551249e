"""Headers: every container that people hold, and the coding of values."""

from __future__ import annotations

import email.message
import http.client
import io
import string
import time
import wsgiref.headers
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import httpx
import multidict
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers as StarletteHeaders

from cevents import InvalidEvent
from cevents.bindings import http as binding
from cevents.bindings._headers import is_plain, pairs, percent_decode, percent_encode, raw_pairs
from cevents.errors import Findings
from cevents.event import UNREADABLE

SENT = [("Ce-Id", "1"), ("ce-type", "t"), ("X-Two", "a"), ("X-Two", "b"), ("Content-Type", "text/plain")]
FOUND = [("ce-id", "1"), ("ce-type", "t"), ("x-two", "a"), ("x-two", "b"), ("content-type", "text/plain")]
ONCE = [pair for pair in SENT if pair[0] != "X-Two"]
FOUND_ONCE = [pair for pair in FOUND if pair[0] != "x-two"]


def of_email(sent: list[tuple[str, str]]) -> email.message.Message:
    message = email.message.Message()
    for name, value in sent:
        message[name] = value
    return message


def of_http_client(sent: list[tuple[str, str]]) -> http.client.HTTPMessage:
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent) + "\r\n"
    return http.client.parse_headers(io.BytesIO(lines.encode()))


def raw(sent: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in sent]


def asgi_scope(sent: list[tuple[str, str]]) -> dict[str, Any]:
    return {"type": "http", "asgi": {"version": "3.0"}, "method": "POST", "headers": raw(sent)}


# T21, T09, T-HTTP-13: containers that keep what is repeated
MANY: dict[str, Callable[[list[tuple[str, str]]], Any]] = {
    "list of tuples": list,
    "tuple of tuples": tuple,
    "list of lists": lambda sent: [list(pair) for pair in sent],
    "iterator": iter,
    "generator": lambda sent: (pair for pair in sent),
    "bytes": raw,
    "names in bytes": lambda sent: [(name.encode(), value) for name, value in sent],
    "bytearrays": lambda sent: [
        (bytearray(name.encode()), bytearray(value.encode())) for name, value in sent
    ],
    "CIMultiDict": multidict.CIMultiDict,
    "CIMultiDictProxy": lambda sent: multidict.CIMultiDictProxy(multidict.CIMultiDict(sent)),
    "httpx": httpx.Headers,
    "starlette": lambda sent: StarletteHeaders(raw=raw(sent)),
    "email": of_email,
    "http.client": of_http_client,
    "wsgiref": wsgiref.headers.Headers,
    "ASGI scope": asgi_scope,
    "ASGI scope of a server that says no version": lambda sent: {"type": "http", "headers": raw(sent)},
    "ASGI websocket": lambda sent: {"type": "websocket", "headers": iter(raw(sent))},
    "mapping to lists": lambda sent: {
        "Ce-Id": ["1"],
        "ce-type": ("t",),
        "X-Two": ["a", "b"],
        "Content-Type": "text/plain",
    },
    "mapping to bytes": lambda sent: {
        b"Ce-Id": b"1",
        "ce-type": b"t",
        "X-Two": [b"a", "b"],
        "Content-Type": "text/plain",
    },
}
ONE: dict[str, Callable[[list[tuple[str, str]]], Any]] = {
    "dict": dict,
    "read-only mapping": lambda sent: MappingProxyType(dict(sent)),
    "dict with None": lambda sent: {**dict(sent), "x-none": None},
}


@pytest.mark.parametrize("container", MANY)
def test_t21_containers_that_keep_what_is_repeated(container: str) -> None:
    assert list(pairs(MANY[container](SENT))) == FOUND


@pytest.mark.parametrize("container", ONE)
def test_t21_containers_with_each_name_once(container: str) -> None:
    assert list(pairs(ONE[container](ONCE))) == FOUND_ONCE


def environ(**more: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "SERVER_NAME": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.input": io.BytesIO(),
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "5",
        "HTTP_HOST": "localhost",
        "HTTP_CE_ID": "1",
        **more,
    }


def test_wsgi_environ() -> None:  # T-HTTP-18
    assert list(pairs(environ())) == [("content-type", "text/plain"), ("host", "localhost"), ("ce-id", "1")]
    assert list(pairs(environ(CONTENT_TYPE=""))) == [("host", "localhost"), ("ce-id", "1")]


def test_the_meta_of_django_under_asgi() -> None:
    meta = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "wsgi.multithread": True, "HTTP_CE_ID": "1"}
    assert list(pairs(meta)) == [("ce-id", "1")]


@pytest.mark.parametrize(
    "headers", [5, None, "ce-id: 1", b"ce-id: 1", object()], ids=lambda value: type(value).__name__
)
def test_what_holds_no_headers(headers: Any) -> None:
    with pytest.raises(TypeError, match="headers must be a mapping or pairs, not"):
        raw_pairs(headers)


@pytest.mark.parametrize("headers", [{"ce-id": 5}, {5: "x"}, [("ce-id", 1.5)], {"ce-id": [None]}], ids=repr)
def test_what_is_no_header(headers: Any) -> None:
    with pytest.raises(TypeError, match="a header must be str or bytes, not"):
        list(pairs(headers))


GOOD = {"ce-specversion": "1.0", "ce-type": "t", "ce-source": "/s", "ce-id": "good"}


@pytest.mark.parametrize(
    "sent",
    [
        {"headers": "x"},
        {"headers": "x", "asgi": "y"},
        {"headers": "x", "type": "http"},
        {"headers": ["x"], "type": ["http"]},
        {"REQUEST_METHOD": "x"},
        {"wsgi.version": "x"},
        {
            "REQUEST_METHOD": "x",
            "wsgi.version": "x",
            "SERVER_NAME": "x",
            "HTTP_CE_ID": "evil",
            "HTTP_CE_TYPE": "t",
            "HTTP_CE_SOURCE": "/s",
            "HTTP_CE_SPECVERSION": "1.0",
        },
        {"multi_items": "x", "items": "y", "asgi": "z", "type": "websocket"},
    ],
    ids=str,
)
def test_no_header_of_a_sender_makes_a_mapping_something_else(sent: dict[str, Any]) -> None:
    for headers in ({**sent, **GOOD}, {**GOOD, **sent}):
        assert binding.decode(headers).id == "good"
        assert binding.is_cloudevent(headers)


# ------------------------------------------------------------------------------------------------------------- coding

PLAIN = set(string.printable[:95]) - {" ", '"', "%"}


@pytest.mark.parametrize("character", string.printable[:95])
def test_which_characters_are_encoded(character: str) -> None:  # HTTP-3.1.3.2-j, T18, HTTP-3.1.3.2-b
    coded = percent_encode(character)
    assert (coded == character) is (character in PLAIN)
    assert coded in (character, f"%{ord(character):02X}")
    assert is_plain(character) is (character in PLAIN)


# Values both ways: the text, and its one coding. HTTP-3.1.3.2-c, -d, -i, -k, -l, -m
CODED = [
    ("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"),  # T12, EX-HTTP-EURO
    ("a b", "a%20b"),  # T13
    ("100%", "100%25"),  # T13
    ("/a%20b", "/a%2520b"),  # T-HTTP-3
    ('say "hi"', "say%20%22hi%22"),
    ("é", "%C3%A9"),
    ("\U0010fffd", "%F4%8F%BF%BD"),
    ("\r\n", "%0D%0A"),
    ("\x00\x7f\x85", "%00%7F%C2%85"),
    ("a+b", "a+b"),  # T-HTTP-10
    ("https://example.com/a?b=c&d#e", "https://example.com/a?b=c&d#e"),  # T18
    ("a (b)", "a%20(b)"),
    ("\\", "\\"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "coded"), CODED, ids=[ascii(text) for text, _ in CODED])
def test_coding_both_ways(text: str, coded: str) -> None:
    assert percent_encode(text) == coded
    findings = Findings()
    assert percent_decode("a", coded, findings) == text
    assert percent_decode("a", coded.lower() if "%" in coded and text.islower() else coded, findings) == text
    assert not findings.problems


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_both_ways(text: str) -> None:
    coded = percent_encode(text)
    assert all("!" <= character <= "~" and character != '"' for character in coded)
    assert percent_decode("a", coded, Findings()) == text
    if is_plain(text) and text.isprintable():
        assert coded == text


# Values that are read so, though nobody here writes them.
@pytest.mark.parametrize(
    ("coded", "text"),
    [
        ("%41bc", "Abc"),  # T15, HTTP-3.1.3.2-o
        ("%e2%82%ac", "€"),  # T15, HTTP-3.1.3.2-n
        ("%E2%82%ac", "€"),
        ("%2541", "%41"),  # T15, S7: one round
        ("%2520", "%20"),
        ('"a b\\"c"', 'a b"c'),  # T14
        ('"foo bar"', "foo bar"),  # HTTP-3.1.3.2-e
        ('"a\\\\b"', "a\\b"),
        ('"%22"', '"'),  # T-HTTP-5: quotes first
        ("%22a%22", '"a"'),  # HTTP-3.1.3.2-f: then percent signs, and what comes of them stays
        ('"a%20b"', "a b"),
        ('a"b"c', "abc"),
        ('""', ""),
        ('"a" "b"', "a b"),
        ("a (b)", "a (b)"),  # HTTP-3.1.3.2-g
        ("a b", "a b"),
        ("a\\b", "a\\b"),
        ("+", "+"),
        ('"\\%41"', "A"),
    ],
)
def test_what_others_write(coded: str, text: str) -> None:
    findings = Findings()
    assert percent_decode("a", coded, findings) == text
    assert not findings.problems


# What is refused, and what lenient reading makes of it (None where it refuses too).
@pytest.mark.parametrize(
    ("coded", "requirement", "text"),
    [
        ("%C0%A0", "HTTP-3.1.3.2-p", None),  # T16, T-HTTP-4: overlong
        ("%FF", "HTTP-3.1.3.2-p", None),  # T16
        ("%E2%82", "HTTP-3.1.3.2-p", None),
        ("%ED%A0%80", "HTTP-3.1.3.2-p", None),
        ("%ED%A0%BD%ED%B8%80", "HTTP-3.1.3.2-p", None),
        ("100%", "HTTP-3.1.3.2-f", "100%"),  # T17, F7
        ("%", "HTTP-3.1.3.2-f", "%"),  # T-HTTP-6
        ("%4", "HTTP-3.1.3.2-f", "%4"),
        ("%zz%41", "HTTP-3.1.3.2-f", "%zzA"),
        ("% 41", "HTTP-3.1.3.2-f", "% 41"),
        ("%+1", "HTTP-3.1.3.2-f", "%+1"),
        ('"a', "HTTP-3.1.3.2-e", '"a'),
        ('a"', "HTTP-3.1.3.2-e", 'a"'),
        ('"a\\"', "HTTP-3.1.3.2-e", '"a\\"'),
        ('"a" "', "HTTP-3.1.3.2-e", '"a" "'),
        ("\xc3\xa9", "HTTP-3.1.3.2-b", "é"),  # T-HTTP-7: UTF-8 that was read as ISO-8859-1
        ("\xe9", "HTTP-3.1.3.2-b", "\xe9"),
        ("€", "HTTP-3.1.3.2-b", "€"),
        ("\xc3\xa9%41", "HTTP-3.1.3.2-b", "éA"),
    ],
    ids=ascii,
)
def test_t16_t17_what_is_refused(coded: str, requirement: str, text: str | None) -> None:
    findings = Findings()
    assert percent_decode("a", coded, findings) is UNREADABLE
    assert [(problem.requirement, problem.attribute) for problem in findings.problems] == [(requirement, "a")]
    lenient = Findings(lenient=True)
    found = percent_decode("a", coded, lenient)
    if text is None:
        assert found is UNREADABLE
        assert lenient.problems
    else:
        assert found == text
        assert [problem.requirement for problem in lenient.repairs] == [requirement]


@pytest.mark.parametrize("value", ["\ud800", "\ud800%41", '"\udcff"%41', "%41\udcff"], ids=ascii)
def test_a_lone_surrogate_is_refused_and_breaks_nothing(value: str) -> None:
    for lenient in (False, True):
        headers = {**GOOD, "ce-subject": value}
        with pytest.raises(InvalidEvent):
            binding.decode(headers, lenient=lenient)


@given(st.text(alphabet='%"\\ aA4Ff0\xc3\xa9\x7f', max_size=20))
def test_any_value_is_read_or_refused(value: str) -> None:
    for lenient in (False, True):
        findings = Findings(lenient=lenient)
        found = percent_decode("a", value, findings)
        assert (found is UNREADABLE) == bool(findings.problems)


@pytest.mark.parametrize(
    "value",
    [
        '"' + '\\"' * 32_000,
        '"' * 64_001,
        '"' + "\\" * 64_000,
        "%" * 64_000,
        "%4" * 32_000,
        "%41" * 20_000,
        "\xff" * 64_000,
        '"a" ' * 16_000 + '"',
    ],
    ids=["escaped quotes", "quotes", "backslashes", "percent", "halves", "escapes", "bytes", "strings"],
)
def test_a_value_of_64_kb_takes_no_time(value: str) -> None:
    began = time.perf_counter()
    for lenient in (False, True):
        percent_decode("a", value, Findings(lenient=lenient))
    assert time.perf_counter() - began < 1
