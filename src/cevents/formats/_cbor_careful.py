"""The careful way to read an event in CBOR: item by item, noting every problem and every repair."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cevents import mediatypes
from cevents.attributes import URI, AttributeType, Timestamp, URIReference, core_attributes
from cevents.data import CborItem, Stored
from cevents.errors import Findings, InvalidEvent
from cevents.event import UNREADABLE, CloudEvent, assemble
from cevents.formats._cbor_items import (
    ARRAY,
    BYTES,
    FLOATS,
    MAP,
    NEGATIVE,
    SIMPLE,
    TAG,
    TEXT,
    UNSIGNED,
    IllFormed,
    argument_of,
    end_of,
    loads,
    text_of,
)
from cevents.formats._typed import only_v1

__all__ = ["attribute_of", "data_of", "decode", "families"]


def decode(text: bytes, findings: Findings) -> CloudEvent[Any]:
    """Return the event of a map; raises `InvalidEvent` with all that is wrong with it."""
    items: dict[str, bytes] = {}
    try:
        for key, item in _members(text, findings):
            if key not in items:
                items[key] = item
            elif items[key] == item:
                findings.repair("CE-attrs-d", "is there more than once", key, hint="the repeats are the same")
            else:
                findings.report("CE-attrs-d", "is there more than once, with different values", key)
    except IllFormed as error:
        findings.report("CBOR-3-a", str(error), position=error.position)
        raise InvalidEvent(findings.problems) from None
    item_of_data = items.pop("data", None)
    found = {key: attribute_of(key, item, findings) for key, item in items.items()}
    found["specversion"] = only_v1(found.get("specversion"), "CBOR", findings)
    data: Stored = None
    content_type = found.get("datacontenttype") or None
    if item_of_data is not None and (content_type is None or isinstance(content_type, str)):
        data = data_of(item_of_data, content_type)
        if data is None:
            rule = "must be a text or a byte string, since the content type is not CBOR"
            if item_of_data[0] >> 5 == TEXT:
                rule = "must be UTF-8, as every text string"
            findings.report("CBOR-3.1.2-c", rule, "data")
    return assemble(found, data, findings)


def _members(text: bytes, findings: Findings) -> Iterator[tuple[str, bytes]]:
    """Yield each key of the map with the item that is its value."""
    if not text:
        raise IllFormed("is empty, but must be a CBOR map", 0)
    start = 0
    if text.startswith(_SELF_DESCRIBED):
        findings.repair("CBOR-3-a", "must not have a tag before the map")
        start = len(_SELF_DESCRIBED)
    major, count, at = argument_of(text, start)
    if major != MAP:
        raise IllFormed("must be a CBOR map", start)
    while count and (count > 0 or text[at : at + 1] != b"\xff"):
        key_at, value_at = at, end_of(text, at)
        at = end_of(text, value_at)
        count -= 1
        key = text_of(text[key_at:value_at])
        if key is None:
            findings.report("CBOR-3-c", "must have no key but text in UTF-8", position=key_at)
        else:
            yield key, text[value_at:at]
    if count < 0:
        at += 1
    if at != len(text):
        findings.report("CBOR-3-a", "must end where the map ends", position=at)


_SELF_DESCRIBED = b"\xd9\xd9\xf7"  # tag 55799: RFC 8949, section 3.4.6


def attribute_of(key: str, item: bytes, findings: Findings) -> object:
    """Return the value of an attribute, None for null (CBOR-2.2-c); `UNREADABLE` after noting a problem."""
    text = text_of(item)
    if text is not None:
        return text
    if item in _CONSTANTS:
        return _CONSTANTS[item]
    major, argument, start = argument_of(item, 0)
    if major <= NEGATIVE:
        return argument if major == UNSIGNED else -1 - argument
    if major == BYTES:
        return loads(item)
    is_typed = major == TAG and argument in _TAGGED and (key not in _CORE or key in _TAGGED[argument][0])
    if is_typed:
        text = text_of(item[start:])
        if text is not None:
            return _typed(key, argument, text, findings)
    if is_typed or major == TEXT:
        findings.report("CBOR-2.2-a", "must be text in UTF-8", key)
    else:  # T-CBOR-2
        hint = "extension attributes stand beside the others" if (key, major) == ("extensions", MAP) else None
        findings.report("CBOR-2.2-a", f"must not be {_told(item)}", key, hint=hint)
    return UNREADABLE


def _typed(key: str, tag: int, text: str, findings: Findings) -> object:
    """The text of a tag, as an extension attribute with the type that the tag tells (CBOR-2.2-e)."""
    names, types = _TAGGED[tag]
    if key in names:
        return text
    for kind in types:
        value = kind.read(text)
        if value is not None:
            return value
    findings.report(types[-1].requirement, types[-1].rule, key, text)
    return UNREADABLE


_CORE = frozenset({"specversion", *core_attributes("1.0")})
_CONSTANTS: dict[bytes, bool | None] = {b"\xf4": False, b"\xf5": True, b"\xf6": None}
_TAGGED: dict[int, tuple[tuple[str, ...], tuple[AttributeType, ...]]] = {
    0: (("time",), (Timestamp,)),
    32: (("source", "dataschema"), (URI, URIReference)),
}
"""The tags that are allowed, at which of the core attributes, and the types that they tell."""


def _told(item: bytes) -> str:
    major, argument, _ = argument_of(item, 0)
    if major == TAG:
        return _TAGS_TOLD.get(argument, f"of tag {argument}")
    if item[0] in FLOATS:
        return "a floating-point number"
    return "undefined" if item == b"\xf7" else _TOLD[major]


_TAGS_TOLD = {1: "a number of seconds (tag 1)", 2: "a bignum", 3: "a bignum"}
_TOLD = {ARRAY: "an array", MAP: "a map", SIMPLE: "a simple value"}


def data_of(item: bytes, content_type: str | None) -> Stored:
    """Return the data that an item is, None for one that should be text or bytes, and is neither."""
    family = families[content_type]
    major = item[0] >> 5
    if family == "cbor":
        return item  # CBOR-3.1.2-a, CBOR-3.1.2-b
    if major == BYTES:
        found: bytes = loads(item)
        return found
    if family == "none":
        return CborItem(item)  # CBOR-3.1.2-d
    text = text_of(item)
    return text.encode() if family == "json" and text is not None else text


class _Families(dict[str | None, str]):
    """What data is, by its content type; a bounded number is remembered, since senders choose them."""

    __slots__ = ()

    def __missing__(self, content_type: str | None) -> str:
        found = "other"
        media_type = mediatypes.parse(content_type)
        if media_type is not None:
            if media_type.is_cbor:  # CBOR-3.1.1-c
                found = "cbor"
            elif media_type.is_json:
                found = "json" if media_type.codec == "utf-8" else "other"
            elif media_type.is_text:
                found = "text"
        if len(self) < 1024 and len(content_type or "") <= 256:
            self[content_type] = found
        return found


families = _Families({None: "none"})
"""By content type: "cbor", "json" (in UTF-8), "text", "other"; "none" where there is none."""
