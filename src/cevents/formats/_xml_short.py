"""The short way to read XML: for documents as programs write them, without white space between the elements.

What follows a root is then simple enough to be matched: one element after another with nothing but text in it, data
last. The root itself is left to expat, once, since those of a producer are all the same. Whatever does not match or is
not good, is left to the careful way.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from xml.parsers import expat

from cevents import attributes
from cevents.attributes import AttributeType
from cevents.errors import Findings, InvalidEvent
from cevents.event import CloudEvent, assemble
from cevents.formats._xml_careful import CE, TYPES, XS, XSI, data_of, encoding_of, is_in_xml

__all__ = ["batch", "one"]


class _Root(NamedTuple):
    """What follows the start tag of a root."""

    name: str
    element: re.Pattern[str]
    """Name, written type if any, and text of an attribute."""
    around: tuple[int, int]
    """Characters of such an element beside name, name again and text; and beside the type, where it has one."""
    types: dict[str, AttributeType]
    """By the names that are written."""
    event: str
    """The start tag of an event in a batch."""
    end: str
    data: str
    """What every start tag of data begins with."""
    string: str
    base64: str
    end_of_data: str


def one(body: bytes) -> CloudEvent[Any] | None:
    """Return the event of an `event` document, or None for one that needs care."""
    found = _opened(body, "event")
    if found is None:
        return None
    text, root, start = found
    end = len(text) - len(root.end)
    return _event(text, start, end, root) if text.endswith(root.end) else None


def batch(body: bytes) -> list[CloudEvent[Any]] | None:
    """Return the events of a `batch` document, or None for one that needs care."""
    found = _opened(body, "batch")
    if found is None:
        return None
    text, root, at = found
    events: list[CloudEvent[Any]] = []
    while text.startswith(root.event, at):
        at += len(root.event)
        end = text.find(root.end, at)
        event = None if end < 0 else _event(text, at, end, root)
        if event is None:
            return None
        events.append(event)
        at = end + len(root.end)
    return events if text[at:] == root.end.replace("event", "batch") else None


def _opened(body: bytes, name: str) -> tuple[str, _Root, int] | None:
    """The text of a document, its root, and where what is in that begins."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    start = text.find(">", text.find("?>") + 2 if text.startswith("<?xml ") else 0) + 1
    tag = text[:start]
    if tag not in _roots:
        if len(tag) > _LONGEST:
            return None
        if len(_roots) >= _MOST:
            _roots.clear()
        _roots[tag] = _learned(tag)
    root = _roots[tag]
    return None if root is None or root.name != name else (text, root, start)


def _event(text: str, at: int, end: int, root: _Root) -> CloudEvent[Any] | None:
    """The event whose attributes and data are the text between two positions; None if in doubt."""
    data_at = text.find(root.data, at, end)
    stop = end if data_at < 0 else data_at
    found: dict[str, Any] = {"specversion": "1.0"}
    extensions: dict[str, Any] = {}
    around, around_type = root.around
    for name, type_name, value in root.element.findall(text, at, stop):
        if not value.isprintable():
            return None
        at += 2 * len(name) + len(value) + around
        if not type_name:
            if name not in _CORE or name in found:
                return None
            found[name] = value
        else:
            at += len(type_name) + around_type
            type_ = root.types.get(type_name)
            if type_ is None or name in extensions or name in _CORE:
                return None
            extensions[name] = value if type_ is attributes.String else type_.read(value)
            if extensions[name] is None:
                return None
    if at != stop:  # there is something between or after them
        return None
    data: str | bytes | None = None
    if data_at >= 0:
        data = _data(text, data_at, end, root)
        if data is None:
            return None
    try:
        return assemble(found, data_of(data, found.get("datacontenttype")), Findings(), extensions)
    except InvalidEvent:
        return None


_CORE = attributes.core_attributes("1.0")


def _data(text: str, at: int, end: int, root: _Root) -> str | bytes | None:
    """The data whose start tag is at a position; None if in doubt."""
    stop = end - len(root.end_of_data)
    if not text.startswith(root.end_of_data, stop):
        return None
    if text.startswith(root.base64, at):
        return attributes.decode_base64(text[at + len(root.base64) : stop])
    content = text[at + len(root.string) : stop]
    if (
        not text.startswith(root.string, at)
        or not is_in_xml(content.encode())
        or "<" in content
        or ">" in content  # which may be the end of what only a CDATA section may have
        or "\r" in content  # which would be read as a line feed
    ):
        return None
    if "&" in content:
        if _OTHER_REFERENCE.search(content):
            return None
        for reference, character in _REFERENCES.items():
            content = content.replace(reference, character)
    return content


_OTHER_REFERENCE = re.compile("&(?!(?:lt|gt|quot|apos|amp);)")
_REFERENCES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}  # that to "&" last

# -------------------------------------------------------------------------------------------------------- roots

_roots: dict[str, _Root | None] = {}
"""Of documents up to the end of that tag; None for one that needs care."""
_MOST, _LONGEST = 64, 2048
_WRITTEN = re.compile(r"<([^\s<>]*?)(event|batch)\s[^<>]*>")


def _learned(tag: str) -> _Root | None:
    written = _WRITTEN.search(tag)
    if written is None or encoding_of(tag.encode()) not in (None, b"utf-8"):
        return None
    scope: dict[str | None, str | None] = {}
    given: dict[str, dict[str, str]] = {}
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartNamespaceDeclHandler = scope.__setitem__
    parser.StartElementHandler = given.__setitem__
    prefix, name = written.groups()
    try:
        parser.Parse(f"{tag}</{prefix}{name}>", True)
    except expat.ExpatError:
        return None
    found = given.get(f"{CE} {name}")
    if found is None or (name == "event" and found.get("specversion") != "1.0"):
        return None
    prefixes = {uri: f"{re.escape(prefix)}:" for prefix, uri in scope.items() if prefix is not None}
    xsi, xs = prefixes.get(XSI), prefixes.get(XS)
    if xsi is None or xs is None:
        return None
    data = f'<{prefix}data {xsi}type="'
    return _Root(
        name=name,
        element=re.compile(rf'<{prefix}([a-z][a-z0-9]*)(?: {xsi}type="([^"<&]*)")?>([^<>&]*+)</{prefix}\1>'),
        around=(len(f"<{prefix}></{prefix}>"), len(f' {xsi}type=""')),
        types={f"{prefix}{local}": type_ for local, type_ in TYPES.items()},
        event=f'<{prefix}event specversion="1.0">',
        end=f"</{prefix}event>",
        data=data,
        string=f'{data}{xs}string">',
        base64=f'{data}{xs}base64Binary">',
        end_of_data=f"</{prefix}data>",
    )
