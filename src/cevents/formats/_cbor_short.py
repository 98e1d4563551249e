"""The short way to read an event in CBOR: for one whose attributes are as long as those of events before it.

The events of a producer have the same attributes in the same order, and most of these have the same length each time:
ids, times, types that come again. Then what stands between the texts, heads and keys, is the same at the same places,
and one call of `struct` takes it out, and the texts. That it is the same proves that the items are, and that no key is
there twice. Data comes last and may have any length.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from operator import itemgetter
from typing import Any, NamedTuple

from cevents.attributes import declarations, is_integer, is_string
from cevents.data import Stored
from cevents.errors import Findings
from cevents.event import UNREADABLE, CloudEvent, Envelope, enclosed
from cevents.formats._cbor_careful import attribute_of, data_of, families
from cevents.formats._cbor_items import TEXT, IllFormed, argument_of, dumps, end_of, text_of

__all__ = ["learn", "one"]


class _Layout(NamedTuple):
    """Where attributes stand."""

    unpack: Callable[[bytes], tuple[bytes, ...]]
    """Takes out what stands before a text, the text, what stands before the next, and so on."""
    between: tuple[bytes, ...]
    core: Callable[[list[Any]], tuple[Any, ...]]
    """Picks the fields of an `Envelope` from the texts and a None after them."""
    texts: tuple[tuple[str, int], ...]
    """Extension attributes that are texts: their names, in order, and which of the texts they are."""
    others: tuple[tuple[str, int, int], ...]
    """Other extension attributes: their names, and where their items begin and end."""


def one(text: bytes) -> CloudEvent[Any] | None:
    """Return the event of a map, or None for one that needs care."""
    data_at = text.find(_DATA, _LEAST)
    try:
        layout = _layouts.get(data_at << 8 | text[_TYPE_AT])
        if layout is None:
            return None
        unpack, between, core, texts, others = layout
        pieces = unpack(text)
        if pieces[::2] != between:
            return None
        values: list[Any] = [*map(_decoded, pieces[1::2]), None]
        envelope = Envelope("1.0", *core(values))
        extensions: dict[str, Any] = {}
        for name, place in texts:
            value = extensions[name] = values[place]
            if not (value.isprintable() or is_string(value)):
                return None
        if others:
            extensions = _with_others(extensions, others, text)
        data: Stored = None
        if data_at >= 0:
            at = data_at + _DATA_SIZE
            head = text[at]
            if (
                0x78 <= head <= 0x79 and families[envelope.datacontenttype] == "json"
            ):  # most frequent, so here
                size, at = (
                    (text[at + 1], at + 2) if head == 0x78 else (text[at + 1] << 8 | text[at + 2], at + 3)
                )
                data = text[at:]
                if len(data) != size or not (data.isascii() or data.decode()):
                    return None
            else:
                data = _data(text, at, envelope.datacontenttype)
    except (IndexError, UnicodeDecodeError, IllFormed, struct.error):
        return None
    event_id, subject = envelope.id, envelope.subject
    if (
        not (event_id.isprintable() or is_string(event_id))  # the one is quick, the other right
        or not (subject is None or subject.isprintable() or is_string(subject))
        or (declarations and not declarations.keys().isdisjoint(extensions))
    ):
        return None
    return enclosed(envelope, data, extensions)


_DATA = dumps("data")
_DATA_SIZE = len(_DATA)
_LEAST = len(dumps({"specversion": "1.0", "type": "t", "source": "s", "id": "i"}))  # bytes before any data
_TYPE_AT = len(dumps({"specversion": "1.0", "type": ""})) - 1  # its length, where it is written second
_decoded = bytes.decode


def _data(text: bytes, at: int, content_type: str | None) -> Stored:
    """The data, whose item begins at a position and must end where the text does; raises `IllFormed` if in doubt."""
    family = families[content_type]
    head = text[at]
    size = head & 31
    if 0x40 <= head < 0x7A and size < 26 and family in _OF_STRINGS:  # a string: for speed
        start = at + 1
        if size == 24:
            size = text[start]
            start += 1
        elif size == 25:
            size = text[start] << 8 | text[start + 1]
            start += 2
        content = text[start:]
        is_whole = len(content) == size
        decoded = content if head < 0x60 else content.decode()
        found: Stored = content if family == "json" else decoded
    else:
        is_whole = end_of(text, at) == len(text)
        found = text[at:] if family == "cbor" else data_of(text[at:], content_type)
    if found is None or not is_whole:
        raise IllFormed("needs care", at)
    return found


_OF_STRINGS = frozenset({"json", "text", "other"})


def _with_others(
    extensions: dict[str, Any], others: tuple[tuple[str, int, int], ...], text: bytes
) -> dict[str, Any]:
    """All extension attributes, by name; raises `IllFormed` if in doubt."""
    for name, start, end in others:
        item = text[start:end]
        value = attribute_of(name, item, Findings()) if end_of(item, 0) == len(item) else None
        if not _is_good(value):
            raise IllFormed("needs care", start)
        extensions[name] = value
    return dict(sorted(extensions.items()))


def _is_good(value: object) -> bool:
    if isinstance(value, str):
        return is_string(value)
    if isinstance(value, int):
        return is_integer(value)
    return value is not None and value is not UNREADABLE


# ------------------------------------------------------------------------------------------------------ learning

_layouts: dict[int, _Layout] = {}
"""By where the data begins, and the length of the type."""
_missed: set[int] = set()
_MANY, _FARTHEST = 512, 4096


def learn(text: bytes) -> None:
    """Take note of the layout of a good event that took the careful way, if it is not the first to have it."""
    data_at = text.find(_DATA, _LEAST)
    if not 0xA0 < text[0] < 0xB8 or len(text) <= _TYPE_AT or data_at > _FARTHEST:
        return
    key = data_at << 8 | text[_TYPE_AT]
    if key not in _missed:
        if len(_missed) >= _MANY:
            _missed.clear()
        _missed.add(key)
        return
    _missed.discard(key)
    layout = _layout(text, data_at)
    if layout is not None:
        if len(_layouts) >= _MANY:
            _layouts.clear()
        _layouts[key] = layout


def _layout(text: bytes, data_at: int) -> _Layout | None:
    """The layout of a good event; None if the data is not last, or a core attribute not a plain text."""
    names: list[str] = []
    others: list[tuple[str, int, int]] = []
    pieces = ""
    at, past = 1, 0  # past all that has its piece
    for _ in range(text[0] - 0xA0 - (data_at >= 0)):
        value_at = end_of(text, at)
        name = text_of(text[at:value_at])
        at = end_of(text, value_at)
        if name is None or name == "data":
            return None
        if name == "specversion" or text[value_at] == _NULL:  # these are the same each time
            continue
        major, size, start = argument_of(text, value_at + (name == "time" and text[value_at] == _TAG_0))
        if major == TEXT and size >= 0:
            pieces += f"{start - past}s{size}s"
            names.append(name)
        elif name not in _FIELDS:
            pieces += f"{value_at - past}s0s{at - value_at}x"
            names.append("")
            others.append((name, value_at, at))
        else:
            return None
        past = at
    if at != (data_at if data_at >= 0 else len(text)):
        return None
    if at > past:
        pieces += f"{at - past}s"
    form = struct.Struct(pieces)
    unpack = form.unpack if data_at < 0 else form.unpack_from
    core = itemgetter(*[names.index(name) if name in names else -1 for name in _FIELDS])
    texts = sorted((name, place) for place, name in enumerate(names) if name and name not in _FIELDS)
    return _Layout(unpack, unpack(text)[::2], core, tuple(texts), tuple(others))


_NULL, _TAG_0 = 0xF6, 0xC0
_FIELDS = Envelope.__struct_fields__[1:]
