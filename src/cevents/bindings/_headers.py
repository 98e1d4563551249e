"""Headers: the containers that people hold, and the three ways of coding values that protocols share.

Percent-encoded (`http-protocol-binding.md`, section 3.1.3.2), so that any String passes where only printable ASCII may;
as UTF-8; or in the types that a protocol has itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeGuard, cast, runtime_checkable

from cevents.attributes import plain
from cevents.errors import Findings
from cevents.event import UNREADABLE

__all__ = [
    "HasItems",
    "Headers",
    "PercentRules",
    "exact_pairs",
    "is_plain",
    "lower",
    "pairs",
    "percent_decode",
    "percent_encode",
    "plain_pairs",
    "raw_pairs",
    "read_native",
    "read_utf8",
    "text",
]


class HasItems(Protocol):
    """The headers object of a library that is no `Mapping`, such as `http.client.HTTPMessage`."""

    def items(self) -> Iterable[tuple[Any, Any]]:
        """Return name and value of each header."""
        ...


Headers: TypeAlias = Mapping[Any, Any] | Iterable[tuple[Any, Any]] | HasItems
"""A mapping, an iterable of pairs, of str or bytes; an ASGI scope; a WSGI environ; any library's headers object."""


def pairs(headers: Any) -> Iterator[tuple[str, str]]:
    """Yield each header with its name in lower case, repeated ones as often as they are there.

    Bytes are read as ISO-8859-1, as ASGI and WSGI have them. Raises `TypeError` for what holds no headers.
    """
    for name, value in raw_pairs(headers):
        name = lower(name if type(name) is str else text(name))
        if type(value) is str:
            yield name, value.strip(_WHITE)
        elif isinstance(value, list | tuple):
            for one in cast("Iterable[Any]", value):
                yield name, text(one).strip(_WHITE)
        elif value is not None:
            yield name, text(value).strip(_WHITE)


_WHITE = " \t"  # around a value it is no part of it (RFC 9110, section 5.5), but some servers leave it


@runtime_checkable
class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def lower(name: str) -> str:
    """Return a header's name in lower case; one that is not ASCII stays, since its lower case might be."""
    return name.lower() if name.isascii() else name


def raw_pairs(headers: Any) -> Iterable[tuple[Any, Any]]:
    """Return the headers of any container as pairs, as they are in there."""
    if isinstance(headers, list):  # before the costly questions
        return cast("list[tuple[Any, Any]]", headers)
    if _is_mapping(headers):
        # Told by values that no header can have: any name may come from a sender, in a dict of texts or of lists.
        if isinstance(headers.get("type"), str) and _are_pairs(headers.get("headers")):
            return cast("Iterable[tuple[Any, Any]]", headers["headers"])  # an ASGI scope
        if any(isinstance(headers.get(name), kind) for name, kind in _OF_ENVIRON):
            return _of_environ(headers)
    for method in ("multi_items", "items"):  # httpx joins repeated headers in items()
        items: Any = getattr(headers, method, None)  # pyright: ignore[reportUnknownArgumentType] # of any library
        if items is not None:
            return cast("Iterable[tuple[Any, Any]]", items())
    if isinstance(headers, Iterable) and not isinstance(headers, str | bytes):
        return cast("Iterable[tuple[Any, Any]]", headers)
    raise TypeError(f"headers must be a mapping or pairs, not {type(headers).__name__}")


# What PEP 3333 demands of an environ; Django's request.META under ASGI has the last.
_OF_ENVIRON = (("wsgi.version", tuple), ("wsgi.input", _Readable), ("wsgi.multithread", bool))


def _are_pairs(value: object) -> bool:
    if isinstance(value, list | tuple):
        found = cast("list[Any]", value)
        return all(isinstance(pair, list | tuple) and len(cast("list[Any]", pair)) == 2 for pair in found)
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _is_mapping(headers: object) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(headers, Mapping)


def _of_environ(environ: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """CGI names: HTTP_CE_ID for Ce-Id. An attribute's name has no underscore, so that nothing is lost (T-HTTP-18)."""
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].replace("_", "-"), value
        elif name == "CONTENT_TYPE" and value:
            yield "content-type", value


def text(value: Any) -> str:
    """Return the text of a header, bytes read as ISO-8859-1; raises `TypeError` for what is neither."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray):
        return value.decode("latin-1")
    raise TypeError(f"a header must be str or bytes, not {type(value).__name__}")


def plain_pairs(headers: Any) -> Iterable[tuple[Any, Any]]:
    """Return the pairs of a container that no web server made: a mapping, pairs, or None for none at all."""
    if isinstance(headers, list | tuple):
        return cast("Iterable[tuple[Any, Any]]", headers)
    if headers is None:
        return ()
    items: Any = getattr(headers, "items", None)
    if items is not None:
        return cast("Iterable[tuple[Any, Any]]", items())
    return raw_pairs(headers)


def exact_pairs(headers: Any, *, any_case: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield each header that has a value, its name as it came or in lower case, its value as it came.

    Raises `TypeError` for what holds no headers.
    """
    for pair in plain_pairs(headers):
        if not isinstance(pair, list | tuple) or len(cast("list[Any]", pair)) != 2:  # pyright: ignore[reportUnnecessaryIsInstance] # of callers without types
            raise TypeError(f"a header must be a name and a value, not {type(pair).__name__}")
        name, value = pair
        if isinstance(name, bytes):
            name = name.decode(errors="surrogateescape")
        elif not isinstance(name, str):
            raise TypeError(f"a name must be str or bytes, not {type(name).__name__}")
        if value is not None:
            yield lower(plain(name)) if any_case else plain(name), value


def percent_encode(text: str) -> str:
    """Encode space, double quote, percent and all that is not printable ASCII (HTTP-3.1.3.2-j), with upper-case hex."""
    return _CODED.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), text)


_CODED = re.compile("[^!#$&-~]+")


def is_plain(text: str) -> bool:
    """Tell whether a text without controls stands for itself in a header: nothing is encoded, nothing to be decoded."""
    return text.isascii() and "%" not in text and " " not in text and '"' not in text


class PercentRules(NamedTuple):
    """The requirements of a document that has this coding, to be named in problems."""

    printable: str = "HTTP-3.1.3.2-b"
    quoted: str = "HTTP-3.1.3.2-e"
    coded: str = "HTTP-3.1.3.2-f"
    utf8: str = "HTTP-3.1.3.2-p"


_RULES_OF_HTTP = PercentRules()


def percent_decode(
    name: str, value: str, findings: Findings, version: str = "1.0", rules: PercentRules = _RULES_OF_HTTP
) -> Any:
    """Undo quoted strings, then one round of percent-encoding (HTTP-3.1.3.2-e, HTTP-3.1.3.2-f).

    Under specversion 0.3 quotes stand for themselves (V03-http-b). Returns `UNREADABLE` after noting a problem. Lenient
    reading takes what is malformed for itself, and raw characters beyond ASCII for UTF-8.
    """
    if is_plain(value):
        return value
    if not value.isascii():
        if not findings.repair(rules.printable, "must be printable ASCII", name, value):
            return UNREADABLE
        value = _utf8_of(value)
    if '"' in value and version != "0.3":  # older senders quote (HTTP-3.1.3.2-h)
        if _WELL_QUOTED.fullmatch(value):
            value = _QUOTED.sub(lambda match: _QUOTED_PAIR.sub(r"\1", match[1]), value)
        elif not findings.repair(rules.quoted, "has a quoted string without end", name, value):
            return UNREADABLE
    if "%" not in value:
        return value
    if _MALFORMED.search(value) and not findings.repair(
        rules.coded,
        "has a percent sign that encodes nothing",
        name,
        value,
        hint="%25 encodes a percent sign",
    ):
        return UNREADABLE
    coded = _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), value.encode(errors="surrogatepass"))
    try:
        return coded.decode()
    except UnicodeDecodeError:
        findings.report(rules.utf8, "is not UTF-8 when percent-decoded", name, value)
        return UNREADABLE


_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_WELL_QUOTED = re.compile(r'(?:[^"]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)  # asked first: it passes but once
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_MALFORMED = re.compile("%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(b"%([0-9A-Fa-f]{2})")


def _utf8_of(value: str) -> str:
    """The text that a sender wrote as raw UTF-8 and a server read as ISO-8859-1."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def read_utf8(requirement: str, name: str, value: Any, findings: Findings, _version: str) -> Any:
    """Return a text that may have come as UTF-8; `UNREADABLE` after noting that it is none."""
    if isinstance(value, str):
        return plain(value)
    if not isinstance(value, bytes | bytearray | memoryview):
        raise TypeError(f"a header must be str or bytes, not {type(value).__name__}")
    try:
        return bytes(cast("bytes", value)).decode()
    except UnicodeDecodeError:
        findings.report(requirement, "is not UTF-8", name, bytes(cast("bytes", value)))
        return UNREADABLE


def read_native(_name: str, value: Any, _findings: Findings, _version: str) -> Any:
    """Return a value of a protocol with types of its own; `assemble` finds those that no attribute can have."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, bytearray | memoryview):
        return bytes(cast("bytes", value))
    if isinstance(value, datetime) and value.tzinfo is None:  # counted in UTC, whatever a client makes of it
        return value.replace(tzinfo=UTC)
    return value
