"""Headers are taken as they come from the libraries that people receive and send with (T21)."""

from __future__ import annotations

import email.parser
import http.client
import io
from typing import TYPE_CHECKING, Any

import django.conf
import httpx
import multidict
import pytest
import starlette.datastructures
import werkzeug.datastructures
from django.http import HttpResponse
from django.http.request import HttpHeaders

from cevents import CloudEvent, InvalidEvent, bindings

if TYPE_CHECKING:
    from collections.abc import Callable

Pairs = list[tuple[str, str]]

EVENT: CloudEvent[Any] = CloudEvent(
    type="t",
    source="/s",
    id="1",
    time="2026-11-24T09:00:00Z",
    subject="Euro € 😀",
    data="é",
    datacontenttype="text/plain; charset=utf-8",
)
HEADERS, BODY = bindings.http.encode(EVENT)
SPELLED = [(name.title(), value) for name, value in HEADERS]
"""The same with the capital letters that many put in."""

if not django.conf.settings.configured:
    django.conf.settings.configure()


def wire(pairs: Pairs) -> io.BytesIO:
    return io.BytesIO(b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in pairs) + b"\r\n")


def coded(pairs: Pairs) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


def environ(pairs: Pairs) -> dict[str, Any]:
    """As a WSGI server has it: repeated headers are joined with a comma."""
    found: dict[str, Any] = {"REQUEST_METHOD": "POST", "wsgi.version": (1, 0), "CONTENT_LENGTH": "2"}
    for name, value in pairs:
        key = name.upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        found[key] = f"{found[key]},{value}" if key in found else value
    return found


def answered(pairs: Pairs) -> HttpResponse:
    response = HttpResponse(b"")
    for name, value in pairs:
        response[name] = value
    return response


KEEPING: dict[str, Callable[[Pairs], Any]] = {
    "a list of pairs": lambda pairs: pairs,
    "a tuple of pairs": tuple,
    "an iterator of pairs": iter,
    "pairs of bytes": coded,
    "an ASGI scope": lambda pairs: {"type": "http", "asgi": {"version": "3.0"}, "headers": coded(pairs)},
    "http.client and urllib": lambda pairs: http.client.parse_headers(wire(pairs)),
    "email": lambda pairs: email.parser.BytesParser().parse(wire(pairs)),
    "httpx": httpx.Headers,
    "httpx, raw": lambda pairs: httpx.Headers(pairs).raw,
    "multidict": multidict.CIMultiDict,
    "multidict, read only": lambda pairs: multidict.CIMultiDictProxy(multidict.CIMultiDict(pairs)),
    "Starlette": lambda pairs: starlette.datastructures.Headers(raw=coded(pairs)),
    "Werkzeug": werkzeug.datastructures.Headers,
}
"""Those in which a header can be twice."""

UNIQUE: dict[str, Callable[[Pairs], Any]] = {
    "a dict": dict,
    "a dict of bytes": lambda pairs: dict(coded(pairs)),
    "a WSGI environ": environ,
    "Werkzeug and Flask, of a request": lambda pairs: werkzeug.datastructures.EnvironHeaders(environ(pairs)),
    "Django, of a request": lambda pairs: HttpHeaders(environ(pairs)),
    "Django, META": environ,
    "Django, of a response": lambda pairs: answered(pairs).headers,
}

CONTAINERS = {**KEEPING, **UNIQUE}


@pytest.mark.parametrize("spelling", [HEADERS, SPELLED], ids=["lower case", "title case"])
@pytest.mark.parametrize("name", CONTAINERS)
def test_event_is_read_from(name: str, spelling: Pairs) -> None:
    assert bindings.http.decode(CONTAINERS[name](spelling), BODY) == EVENT


@pytest.mark.parametrize("name", CONTAINERS)
def test_mode_and_claim_are_found_in(name: str) -> None:
    headers = CONTAINERS[name]([("Content-Type", "application/cloudevents+json; charset=utf-8")])
    assert bindings.http.content_mode(headers) == "structured"
    assert bindings.http.is_cloudevent(CONTAINERS[name](SPELLED))
    assert not bindings.http.is_cloudevent(CONTAINERS[name]([("Content-Type", "text/plain")]))


@pytest.mark.parametrize("name", KEEPING)
def test_repeated_header_is_refused_from(name: str) -> None:  # T22, T-HTTP-13
    with pytest.raises(InvalidEvent) as raised:
        bindings.http.decode(KEEPING[name]([*SPELLED, ("Ce-Id", "2")]), BODY)
    [problem] = raised.value.problems
    assert problem.attribute == "id"


@pytest.mark.parametrize("headers", [None, 5, "ce-id: 1", b"ce-id: 1"])
def test_what_holds_no_headers_is_a_type_error(headers: Any) -> None:
    with pytest.raises(TypeError, match="headers must be"):
        bindings.http.decode(headers, b"")
