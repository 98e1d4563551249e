"""Event formats: events <-> bytes (specification, "Event Format"), found by their media type.

Each format is a module, or any object, with the same four verbs; see `Format`. Third parties add theirs with
`register`, or by an entry point of the group `cevents.formats` whose name is the format's.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from cevents import mediatypes
from cevents.errors import UnsupportedFormat, excerpt
from cevents.event import CloudEvent
from cevents.formats import json

if TYPE_CHECKING:
    from cevents.formats import avro as avro
    from cevents.formats import avro_compact as avro_compact
    from cevents.formats import cbor as cbor
    from cevents.formats import protobuf as protobuf
    from cevents.formats import xml as xml

__all__ = ["Format", "get", "json", "names", "register", "unregister"]


class Format(Protocol):
    """What a format offers: its media types and four verbs.

    `batch_media_type` is None for a format without batches, whose batch verbs raise `UnsupportedBatch`.
    """

    @property
    def name(self) -> str:
        """What the format is called, such as "json"."""
        ...

    @property
    def media_type(self) -> str:
        """The media type of one event."""
        ...

    @property
    def batch_media_type(self) -> str | None:
        """The media type of a batch of events."""
        ...

    def encode(self, event: CloudEvent[Any]) -> bytes:
        """Return the event in this format."""
        ...

    def decode(self, body: bytes, *, lenient: bool = False) -> CloudEvent[Any]:
        """Return the event of a body; raises `InvalidEvent`."""
        ...

    def encode_batch(self, events: Iterable[CloudEvent[Any]]) -> bytes:
        """Return the events in this format's batch form, all of one specversion."""
        ...

    def decode_batch(self, body: bytes, *, lenient: bool = False) -> list[CloudEvent[Any]]:
        """Return the events of a batch; raises `InvalidEvent` that names the index of a bad one."""
        ...


class _Shipped(NamedTuple):
    """A format of this package that is imported when it is first asked for: most need an extra."""

    module: str
    media_types: tuple[str, ...]


_SHIPPED = {
    "avro": _Shipped("avro", ("application/cloudevents+avro",)),
    "avro-compact": _Shipped("avro_compact", ("application/cloudevents+avro-compact",)),
    "cbor": _Shipped("cbor", ("application/cloudevents+cbor",)),
    "protobuf": _Shipped(
        "protobuf", ("application/cloudevents+protobuf", "application/cloudevents-batch+protobuf")
    ),
    "xml": _Shipped("xml", ("application/cloudevents+xml", "application/cloudevents-batch+xml")),
}

_VERBS = ("encode", "decode", "encode_batch", "decode_batch")
_by_name: dict[str, Format] = {}
_by_media_type: dict[str, Format] = {}
_GROUP = "cevents.formats"
_loaded_groups: set[str] = set()
_loading = RLock()
_broken: dict[str, str] = {}


def register(format: Format) -> None:
    """Make a format known by its name and its media types, in place of one that had them before.

    Raises `TypeError` for an object that lacks a verb (`CE-format-a`) or a name, `ValueError` for a media type that is
    none.
    """
    missing = [verb for verb in _VERBS if not callable(getattr(format, verb, None))]
    if missing:
        raise TypeError(f"a format needs {', '.join(missing)}")
    if not isinstance(format.name, str) or not format.name:  # pyright: ignore[reportUnnecessaryIsInstance] # of anybody
        raise TypeError(f"the name of a format must be a text, not {excerpt(format.name)}")
    media_types: list[str] = []
    for media_type in filter(None, (format.media_type, format.batch_media_type)):
        parsed = mediatypes.parse(media_type)
        if parsed is None:
            raise ValueError(f"{excerpt(media_type)} is not a media type")
        media_types.append(parsed.essence)
    _by_media_type.update(dict.fromkeys(media_types, format))
    _by_name[format.name] = format


def get(name: str) -> Format:
    """Return the format of a media type (any case, with parameters, of an event or a batch) or of a name as "json".

    Raises `UnsupportedFormat`, which says what to install where that helps.
    """
    found = _by_name.get(name) or _by_media_type.get(name)
    if found is None:
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] # callers may have no types
            raise TypeError(f"a format has a name or a media type, not {excerpt(name)}")
        found = _of_media_type(name) or _shipped(name)
    if found is None:
        _load_entry_points()
        found = _by_name.get(name) or _of_media_type(name)
    if found is None:
        raise UnsupportedFormat(f"no event format {excerpt(name)} is known here{_why_not(name)}")
    return found


def _why_not(name: str) -> str:
    if name in _broken:
        return f"; {_broken[name]}"
    media_type = mediatypes.parse(name)
    if media_type is not None and "-batch+" in media_type.essence:
        single = media_type.essence.replace("-batch+", "+")
        if any(single in shipped.media_types for shipped in _SHIPPED.values()) or single in _by_media_type:
            return f"; {single} has no batches"
    return f"; known are {', '.join(names())}"


def names() -> list[str]:
    """Return the names of the formats that are known; some may need an extra to be installed."""
    _load_entry_points()
    return sorted({*_by_name, *_SHIPPED})


def unregister(name: str) -> None:
    """Take a format of this name back, for tests; one of this package is found again when it is asked for."""
    found = _by_name.pop(name, None)
    for media_type in [media_type for media_type, known in _by_media_type.items() if known is found]:
        del _by_media_type[media_type]


def __getattr__(name: str) -> Any:
    """Import a format of this package that is asked for as an attribute, such as `formats.avro`."""
    if any(name == shipped.module for shipped in _SHIPPED.values()):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _of_media_type(text: str) -> Format | None:
    media_type = mediatypes.parse(text)
    return None if media_type is None else _by_media_type.get(media_type.essence)


def _shipped(name: str) -> Format | None:
    media_type = mediatypes.parse(name)
    essence = None if media_type is None else media_type.essence
    for own_name, (module, media_types) in _SHIPPED.items():
        if name in (own_name, module) or essence in media_types:
            try:
                found: Any = import_module(f"cevents.formats.{module}")
            except ImportError as error:  # it says what to install
                raise UnsupportedFormat(str(error)) from error
            register(found)
            return _by_name[own_name]
    return None


def _load_entry_points() -> None:
    with _loading:
        if _loaded_groups:
            return
        from importlib.metadata import entry_points  # here, since it is slow to import and seldom needed

        for entry_point in entry_points(group=_GROUP):
            if entry_point.name not in _by_name:
                try:
                    register(entry_point.load())
                except Exception as error:  # noqa: BLE001 - of another package, and no reason to fail for this one
                    _broken[entry_point.name] = f"it cannot be loaded: {excerpt(str(error))}"
        _loaded_groups.add(_GROUP)


register(json)
