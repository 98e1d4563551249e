"""For the tests of programs that use events: Hypothesis strategies and an assertion (extra `testing`).

    from hypothesis import given
    from cevents import formats, testing

    @given(testing.events(data=["json"], type="com.example.order.created"))
    def test_nothing_is_lost(event):
        testing.assert_same_event(formats.json.decode(formats.json.encode(event)), event)

The strategies draw from all that the specification allows, the seldom parts too: characters beyond the Basic
Multilingual Plane, percent signs, quotes, leap seconds, offsets, any number of fraction digits, IPv6 literals.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterable, Mapping
from datetime import timedelta, timezone
from typing import Any, Literal, TypeAlias, TypeGuard

import msgspec
from msgspec import Raw

from cevents import data as data_
from cevents.attributes import core_attributes
from cevents.errors import InvalidEvent, excerpt
from cevents.event import CloudEvent, content_type, kept_extensions, stored_data

try:
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
except ModuleNotFoundError:
    raise ImportError('cevents.testing needs Hypothesis: pip install "cevents[testing]"') from None

__all__ = [
    "DATA_KINDS",
    "DataKind",
    "SpecVersion",
    "assert_same_event",
    "attribute_names",
    "events",
    "extension_attributes",
    "json_values",
    "media_types",
    "strings",
    "timestamps",
    "uri_references",
    "uris",
]

DataKind: TypeAlias = Literal["none", "empty", "null", "json", "text", "binary"]
"""No data, data of no bytes, JSON null, any JSON value, text, bytes."""

SpecVersion: TypeAlias = Literal["1.0", "0.3"]

DATA_KINDS: tuple[DataKind, ...] = ("none", "empty", "null", "json", "text", "binary")


# ------------------------------------------------------------------------------------------------------------ assertion


def assert_same_event(found: CloudEvent[Any], expected: CloudEvent[Any]) -> None:
    """Pass if the events are equal; otherwise raise `AssertionError` that names each attribute that differs, and how.

    Equality is that of `CloudEvent`: attributes by canonical text, media types as such, data by bytes or JSON value.
    """
    if found == expected:
        return
    names = dict.fromkeys([*_names(found), *_names(expected)])
    lines = [
        f"  {name}: {_text(found, name)}, expected {_text(expected, name)}"
        for name in names
        if name != "datacontenttype" and _raw_text(found, name) != _raw_text(expected, name)
    ]
    if not _same_content_type(found, expected):
        lines.append(f"  datacontenttype: {_content_type(found)}, expected {_content_type(expected)}")
    if not _same_data(found, expected):
        lines.append(f"  data: {_data(found)}, expected {_data(expected)}")
    raise AssertionError("\n".join(["the events differ", *lines]))


def _names(event: CloudEvent[Any]) -> list[str]:
    core = ("specversion", *core_attributes(event.specversion))
    return [*(name for name in core if name in event), *kept_extensions(event)]


def _raw_text(event: CloudEvent[Any], name: str) -> str | None:
    return event.text(name) if name in event else None


def _text(event: CloudEvent[Any], name: str) -> str:
    return "not set" if (text := _raw_text(event, name)) is None else excerpt(text)


def _same_content_type(one: CloudEvent[Any], other: CloudEvent[Any]) -> bool:
    first, second = content_type(one), content_type(other)
    try:
        bare: CloudEvent[Any] = CloudEvent(type="t", source="/", time=None)
        return bare.replace(datacontenttype=first) == bare.replace(datacontenttype=second)
    except InvalidEvent:  # lenient reading let something pass that is no media type
        return first == second


def _content_type(event: CloudEvent[Any]) -> str:
    return "not set" if (found := content_type(event)) is None else excerpt(found)


def _same_data(one: CloudEvent[Any], other: CloudEvent[Any]) -> bool:
    return data_.equal(stored_data(one), one.datacontenttype, stored_data(other), other.datacontenttype)


def _data(event: CloudEvent[Any]) -> str:
    stored = stored_data(event)
    if stored is None:
        return "none"
    if isinstance(stored, Raw):
        return f"the JSON value {excerpt(bytes(stored))}"
    return excerpt(stored if isinstance(stored, str) else bytes(stored))


# --------------------------------------------------------------------------------------------------------------- texts

_NONCHARACTERS = "".join(
    map(
        chr,
        [
            *range(0xFDD0, 0xFDF0),
            *(plane + end for plane in range(0, 0x110000, 0x10000) for end in (0xFFFE, 0xFFFF)),
        ],
    )
)
_STRING_CHARACTERS = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=_NONCHARACTERS)
_TRICKY = st.sampled_from(
    [" ", '"', "%", "%25", "%C3%28", "\\", "'", ",", ";", "=", "\u00e9", "\u20ac", "\U0001f600", "\u2028"]
)


def strings(*, min_size: int = 1) -> SearchStrategy[str]:
    """Any String: no controls, noncharacters and lone surrogates (`CE-types-e`); `min_size` in characters."""
    plain = st.text(_STRING_CHARACTERS, min_size=min_size)
    tricky = st.lists(_STRING_CHARACTERS | _TRICKY, min_size=min_size).map("".join)
    return plain | tricky


_LOWER = string.ascii_lowercase
_NAMES = [
    "partitionkey",
    "sequence",
    "traceparent",
    "self",
    "class",
    "from",
    "mode",
    "format",
    "items",
    "id2",
    "1st",
]
_NO_EXTENSIONS = frozenset({"data", "specversion", *core_attributes("1.0"), *core_attributes("0.3")})


def attribute_names(specversion: SpecVersion = "1.0") -> SearchStrategy[str]:
    """Any name of an extension attribute, of at most 20 characters as the specification advises (`CE-naming-d`).

    Python's keywords and the names of methods are among them; under 0.3 names begin with a letter.
    """
    drawn = st.text(_LOWER + string.digits, min_size=1, max_size=20) | st.sampled_from(_NAMES)
    if specversion == "0.3":
        drawn = drawn.filter(lambda name: name[0] in _LOWER and name != "datacontentencoding")
    return drawn.filter(lambda name: name not in _NO_EXTENSIONS)


# RFC 3986, by the names of its rules.
_UNRESERVED = string.ascii_letters + string.digits + "-._~"
_SUB_DELIMS = "!$&'()*+,;="
_PCT_ENCODED = st.sampled_from(["%20", "%2F", "%c3%a9", "%E2%82%AC"])


def _characters(allowed: str, *, min_size: int = 0) -> SearchStrategy[str]:
    return st.lists(st.sampled_from(allowed) | _PCT_ENCODED, min_size=min_size, max_size=8).map("".join)


_PCHARS = _UNRESERVED + _SUB_DELIMS + ":@"
_SCHEME = st.from_regex(r"[A-Za-z][A-Za-z0-9+.-]{0,6}", fullmatch=True) | st.sampled_from(
    ["https", "urn", "mailto"]
)
_SEGMENT = _characters(_PCHARS)
_SEGMENT_NZ = _characters(_PCHARS, min_size=1)
_SEGMENT_NZ_NC = _characters(_UNRESERVED + _SUB_DELIMS + "@", min_size=1)
_PATH_ABEMPTY = st.lists(_SEGMENT, max_size=3).map(
    lambda segments: "".join(f"/{segment}" for segment in segments)
)
_QUERY = _characters(_PCHARS + "/?")
_IP_LITERAL = st.ip_addresses(v=6).map(lambda address: f"[{address}]") | st.sampled_from(
    ["[::]", "[::ffff:192.0.2.1]", "[v1.a:b]"]
)
_HOST = _characters(_UNRESERVED + _SUB_DELIMS) | st.ip_addresses(v=4).map(str) | _IP_LITERAL


@st.composite
def _authority(draw: st.DrawFn) -> str:
    userinfo = draw(st.none() | _characters(_UNRESERVED + _SUB_DELIMS + ":"))
    port = draw(st.none() | st.just("") | st.integers(0, 65535).map(str))
    return ("" if userinfo is None else f"{userinfo}@") + draw(_HOST) + ("" if port is None else f":{port}")


_NET_PATH = st.builds("//{}{}".format, _authority(), _PATH_ABEMPTY)
_PATH_ABSOLUTE = st.just("/") | st.builds("/{}{}".format, _SEGMENT_NZ, _PATH_ABEMPTY)
_HIER_PART = _NET_PATH | _PATH_ABSOLUTE | st.builds("{}{}".format, _SEGMENT_NZ, _PATH_ABEMPTY) | st.just("")
_RELATIVE_PART = (
    _NET_PATH | _PATH_ABSOLUTE | st.builds("{}{}".format, _SEGMENT_NZ_NC, _PATH_ABEMPTY) | st.just("")
)


def _optional(mark: str, part: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.just("") | part.map(lambda text: mark + text)


def uris() -> SearchStrategy[str]:
    """Any absolute URI (RFC 3986, section 4.3): what `dataschema` can be."""
    return st.builds("{}:{}{}".format, _SCHEME, _HIER_PART, _optional("?", _QUERY))


def uri_references() -> SearchStrategy[str]:
    """Any URI-reference (RFC 3986, section 4.1) but the empty one: what `source` can be."""
    relative = st.builds("{}{}".format, _RELATIVE_PART, _optional("?", _QUERY))
    return st.builds("{}{}".format, uris() | relative, _optional("#", _QUERY)).filter(bool)


@st.composite
def timestamps(draw: st.DrawFn, *, exact: bool = False) -> str:
    """Any RFC 3339 text: any number of fraction digits, any offset, leap seconds, the year 0000, "t" and "z".

    With `exact` only those of which `datetime` holds everything: no leap second, six digits at most, no year 0000.
    """
    offset = draw(st.just(0) | st.integers(-1439, 1439))
    zone = _zone(offset, draw(st.sampled_from(["Z", "z", "+00:00", "-00:00"])))
    if not exact and draw(st.integers(0, 9)) == 0:  # a leap second ends a day of UTC
        minute_of_day = (1439 + offset) % 1440
        hour, minute, second = *divmod(minute_of_day, 60), 60
    else:
        hour, minute, second = draw(st.integers(0, 23)), draw(st.integers(0, 59)), draw(st.integers(0, 59))
    day = draw(st.dates())
    year = 0 if not exact and draw(st.integers(0, 19)) == 0 else day.year
    digits = draw(st.text(string.digits, min_size=1, max_size=6 if exact else 30) | st.none())
    fraction = "" if digits is None else f".{digits}"
    separator = draw(st.sampled_from("TTt"))
    return (
        f"{year:04}-{day.month:02}-{day.day:02}{separator}{hour:02}:{minute:02}:{second:02}{fraction}{zone}"
    )


def _zone(offset: int, zero: str) -> str:
    hours, minutes = divmod(abs(offset), 60)
    return f"{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}" if offset else zero


_TOKEN = st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`{|}~", min_size=1, max_size=12)
_QUOTED_STRING = st.lists(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"\\')
    | st.characters(min_codepoint=0x20, max_codepoint=0x7E).map(lambda character: f"\\{character}"),
    max_size=8,
).map(lambda characters: f'"{"".join(characters)}"')
_USUAL_TYPES = st.sampled_from(
    [
        "application/json",
        "text/plain",
        "application/xml",
        "application/octet-stream",
        "image/png",
        "Text/HTML",
        "a/b+json",
    ]
)


@st.composite
def media_types(draw: st.DrawFn) -> str:
    """Any media type (RFC 2045), with parameters and quoted strings; none that marks a mode (`HTTP-3-c`)."""
    essence = draw((_USUAL_TYPES | st.builds("{}/{}".format, _TOKEN, _TOKEN)).filter(_marks_no_mode))
    parameters = draw(st.dictionaries(_TOKEN.map(str.lower), _TOKEN | _QUOTED_STRING, max_size=2))
    separator = draw(st.sampled_from([";", "; ", " ; "]))
    return essence + "".join(f"{separator}{name}={value}" for name, value in parameters.items())


def _marks_no_mode(essence: str) -> bool:
    return not essence.lower().startswith("application/cloudevents")


# ---------------------------------------------------------------------------------------------------------------- data


def json_values() -> SearchStrategy[Any]:
    """Any JSON value as Python has it: integers of any size, finite floats, any text, lists, dicts of texts."""
    text = st.text(st.characters(exclude_categories=["Cs"]))
    integers = st.integers() | st.integers(2**63, 2**70) | st.integers(-(2**70), -(2**63) - 1)
    numbers = integers | st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(
        st.none() | st.booleans() | numbers | text,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
        max_leaves=10,
    )


_JSON_TYPES = st.sampled_from(
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "text/json",
        "application/vnd.example+json",
        'a/json;x="y"',
    ]
)
_TEXT_TYPES = st.sampled_from(
    ["text/plain", "text/html; charset=utf-8", "application/xml", 'text/csv;charset="UTF-8"']
)
_LATIN_1 = st.just("text/plain; charset=iso-8859-1")


@st.composite
def _of_kind(draw: st.DrawFn, kind: DataKind, given: SearchStrategy[Any] | None) -> tuple[Any, str | None]:
    """Data and a content type under which it is of this kind; `given` instead, where the caller says which."""

    def of_type(usual: SearchStrategy[Any]) -> Any:
        return draw(usual if given is None else given)

    if kind == "none":
        return None, of_type(st.none() | media_types())
    if kind == "empty":
        return b"", of_type(st.none() | media_types())
    if kind == "null":
        return b"null", of_type(_JSON_TYPES)
    if kind == "binary":
        return draw(st.binary(min_size=1)), of_type(st.none() | media_types())
    if kind == "text":
        if given is None and draw(st.integers(0, 3)) == 0:
            return draw(st.text(st.characters(max_codepoint=0xFF), min_size=1)), draw(_LATIN_1)
        return draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1)), of_type(_TEXT_TYPES)
    value, media_type = (
        draw(json_values().filter(lambda value: value is not None)),
        of_type(st.none() | _JSON_TYPES),
    )
    if media_type is not None and draw(
        st.booleans()
    ):  # as other programs write it, with white space and escapes
        return json.dumps(value, indent=draw(st.none() | st.integers(0, 2))).encode(), media_type
    return value, media_type


# --------------------------------------------------------------------------------------------------------------- events


def extension_attributes(
    specversion: SpecVersion = "1.0", *, max_size: int = 5
) -> SearchStrategy[dict[str, Any]]:
    """Any extension attributes by name, their values of all seven types; under 0.3 also Maps, but no Booleans."""
    # RFC 3339 has offsets of whole minutes
    zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    values = (
        st.integers(-(2**31), 2**31 - 1) | strings(min_size=0) | uris() | st.binary() | st.datetimes(timezones=zones)
    )  # fmt: skip
    if specversion == "1.0":
        values |= st.booleans()
    else:
        members = st.dictionaries(attribute_names("0.3"), strings(), min_size=1, max_size=2)
        values |= members.map(lambda entries: Raw(msgspec.json.encode(entries)))
    return st.dictionaries(attribute_names(specversion), values, max_size=max_size)


@st.composite
def events(
    draw: st.DrawFn,
    /,
    *,
    specversion: SpecVersion = "1.0",
    data: Iterable[DataKind] = DATA_KINDS,
    extensions: SearchStrategy[Mapping[str, Any]] | Mapping[str, Any] | None = None,
    **core: Any,
) -> CloudEvent[Any]:
    """Any valid event.

    `data` narrows the kinds of data, `extensions` gives the extension attributes, any other keyword a core attribute.
    Each of these can be a value or a strategy: `events(type="com.example.order.created", subject=strings())`. A
    `datacontenttype` has to suit the kinds of data.
    """
    schema = "dataschema" if specversion == "1.0" else "schemaurl"
    strategies: dict[str, SearchStrategy[Any]] = {
        "type": strings(),
        "source": uri_references(),
        "id": strings(),
        "time": st.none() | timestamps(),
        "subject": st.none() | strings(),
        schema: st.none() | (uris() if specversion == "1.0" else uri_references()),
        **{name: _strategy(given) for name, given in core.items()},
    }
    content_types = strategies.pop("datacontenttype", None)
    kind = draw(st.sampled_from(list(data)))
    value, media_type = draw(_of_kind(kind, content_types))
    found = draw(extension_attributes(specversion) if extensions is None else _strategy(extensions))
    attributes = {name: draw(strategy) for name, strategy in strategies.items()}
    return CloudEvent(
        specversion=specversion, data=value, datacontenttype=media_type, **{**attributes, **found}
    )


def _strategy(given: Any) -> SearchStrategy[Any]:
    return given if _is_strategy(given) else st.just(given)


def _is_strategy(given: object) -> TypeGuard[SearchStrategy[Any]]:
    return isinstance(given, SearchStrategy)
