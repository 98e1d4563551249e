"""Inputs that are no stream of JSON, each read as a whole: one event or a batch, and where its events stand.

A media type that the user gave says which of the two it is, and so does the root of an XML document. Of anything else a
batch is only what has an event in it, since the first field of a Protobuf event can be taken for that of a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from functools import cached_property
from itertools import groupby
from math import inf
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias
from xml.parsers import expat

from cevents.cli._places import Place, column_in
from cevents.errors import CloudEventError, InvalidEvent, Problem, excerpt, refuse

if TYPE_CHECKING:
    from cevents.event import CloudEvent
    from cevents.formats import Format

__all__ = ["Reading", "Shape", "Span", "Unusable", "guarded", "read", "whole"]

Shape: TypeAlias = Literal["event", "batch"]


class Unusable(Exception):
    """An input that cannot be read, or not to its end; says why."""


_MOST = 2**30


def whole(first: bytes, chunks: Iterable[bytes]) -> bytes:
    """Return an input that is no stream of JSON; raises `Unusable` for one that is too long to be held."""
    body = bytearray(first)
    for chunk in chunks:
        body += chunk
        if len(body) > _MOST:
            raise Unusable(f"has more than {_MOST:,} bytes, and only JSON is read as a stream")
    return bytes(body)


@contextmanager
def guarded(format_: Format, done: Literal["read", "written"]) -> Generator[None, None, None]:
    """Make `Unusable` of whatever a format of another package raises; what fails in ours is to be seen whole."""
    try:
        yield
    except CloudEventError:
        raise
    except Exception as error:
        if getattr(format_, "__name__", "").startswith("cevents.formats."):
            raise
        fault = f"{type(error).__name__}: {excerpt(str(error))}"
        raise Unusable(
            f"cannot be {done} as {format_.name}: the code of this format raised {fault}"
        ) from error


class Span(NamedTuple):
    """Where an event stands in a batch, in bytes."""

    start: int
    size: int


class Reading:
    """What came of reading a body as one event, or as a batch: its events, or the error."""

    def __init__(
        self,
        name: str,
        body: bytes,
        shape: Shape,
        events: list[CloudEvent[Any]],
        error: CloudEventError | None = None,
    ) -> None:
        self.of_batch = shape == "batch"
        self.events = events
        self.error = error
        self._name = name
        self._body = body

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of the error, also of one that has no list of them."""
        if isinstance(self.error, InvalidEvent):
            return self.error.problems
        return () if self.error is None else (Problem("", str(self.error)),)

    @cached_property
    def spans(self) -> list[Span]:
        """Where each event stands; nothing for batches that nobody here can take apart."""
        if not self.of_batch:
            return [Span(0, len(self._body))]
        find = _SPANS.get(self._name)
        return [] if find is None else find(self._body)

    def place(self, problem: Problem, index: int | None = None) -> Place:
        """Return where a problem is: of a batch in the event `index` or the one that it names itself."""
        if not self.of_batch:
            return self._at(0, problem.position)
        index = index if problem.index is None else problem.index
        if index is None or index >= len(self.spans):
            return self._at(index, problem.position)
        return self._at(index, self.spans[index].start + (problem.position or 0))

    def _at(self, index: int | None, position: int | None) -> Place:
        if position is None or self._name != "xml" or self._body.startswith(_UTF_16):
            return Place(index, position)
        return Place(
            index,
            position,
            self._body.count(b"\n", 0, position) + 1,
            column_in(self._body, position),
        )

    @property
    def faults(self) -> float:
        """How much speaks against it: the problems of the event of which most could be read."""
        if self.problems and self.problems[0].index:
            return 0  # there are events before, with none
        by_event = groupby(self.problems, lambda problem: problem.index)
        return min(_faults(problems) for _, problems in by_event)


def _faults(problems: Iterable[Problem]) -> float:
    attributes = [problem.attribute for problem in problems]
    return len(attributes) if any(attributes) else inf  # without one it is not even seen what is in it


def read(format_: Format, body: bytes, *, shape: Shape | None = None, lenient: bool = False) -> Reading:
    """Read a body as `shape` says, else as what it is or rather is; raises `Unusable` where the format itself fails."""
    if format_.batch_media_type is None:
        shape = "event"
    elif shape is None and format_.name == "xml":
        shape = "batch" if _root(body) == "batch" else "event"
    one = None if shape == "batch" else _read_one(format_, body, lenient=lenient)
    if one is not None and (shape == "event" or one.error is None):
        return one
    many = _read_many(format_, body, lenient=lenient)
    if one is None or many.events:
        return many
    return one if many.error is None or one.faults <= many.faults else many


def _read_one(format_: Format, body: bytes, *, lenient: bool) -> Reading:
    try:
        with guarded(format_, "read"):
            if (
                not body and format_.name == "protobuf"
            ):  # which is a message, of an event that lacks everything
                refuse("PB-2.3-a", "is empty, but must be a CloudEvent message of Protobuf")
            return Reading(format_.name, body, "event", [format_.decode(body, lenient=lenient)])
    except CloudEventError as error:
        return Reading(format_.name, body, "event", [], error)


def _read_many(format_: Format, body: bytes, *, lenient: bool) -> Reading:
    try:
        with guarded(format_, "read"):
            return Reading(format_.name, body, "batch", format_.decode_batch(body, lenient=lenient))
    except CloudEventError as error:
        return Reading(format_.name, body, "batch", [], error)


# ----------------------------------------------------------------------------------------------------------------- XML

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BETWEEN = "\n"  # a namespace and a local name


class _Enough(Exception):
    """What was looked for has been found."""


def _root(body: bytes) -> str | None:
    """Return the local name of the root of a document; None if it has none, or a DOCTYPE before."""
    names: list[str] = []

    def take(name: str, _: object) -> None:
        names.append(name.rpartition(_BETWEEN)[2])
        raise _Enough

    def stop(*_: object) -> None:
        raise _Enough

    parser = expat.ParserCreate(None, _BETWEEN)
    parser.StartElementHandler = take
    parser.StartDoctypeDeclHandler = stop
    with suppress(expat.ExpatError, LookupError, ValueError, _Enough):  # the middle two: of an encoding
        parser.Parse(body, True)
    return names[0] if names else None


def _spans_of_xml(body: bytes) -> list[Span]:
    """Find the elements `event` below the root, up to where the document is broken."""
    spans: list[Span] = []
    depth = 0
    start: int | None = None

    def begin(name: str, _: object) -> None:
        nonlocal depth, start
        depth += 1
        if depth == 2 and name.endswith(f"{_BETWEEN}event"):
            start = parser.CurrentByteIndex

    def end(_: str) -> None:
        nonlocal depth, start
        depth -= 1
        if depth == 1 and start is not None:
            last = body.find(b">", parser.CurrentByteIndex)
            spans.append(Span(start, last + 1 - start))
            start = None

    def stop(*_: object) -> None:
        raise _Enough

    parser = expat.ParserCreate(None, _BETWEEN)
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.StartDoctypeDeclHandler = stop
    with suppress(expat.ExpatError, LookupError, ValueError, _Enough):
        parser.Parse(body, True)
    if start is not None:
        spans.append(Span(start, len(body) - start))
    return spans


# ------------------------------------------------------------------------------------------------------------ Protobuf

_FIXED = {1: 8, 5: 4}
_VARINT, _LENGTH = 0, 2


def _spans_of_protobuf(body: bytes) -> list[Span]:
    """Find the messages in the field 1 of a batch, up to what is none."""
    from cevents.formats._protobuf_faults import number_at  # which the format is there for

    spans: list[Span] = []
    at = 0
    with suppress(IndexError):  # it is cut
        while at < len(body):
            tag, at = number_at(body, at)
            field, kind = tag >> 3, tag & 7
            if kind == _LENGTH:
                size, at = number_at(body, at)
                if field == 1:
                    spans.append(Span(at, size))
                at += size
            elif kind == _VARINT:
                _, at = number_at(body, at)
            elif kind in _FIXED:
                at += _FIXED[kind]
            else:
                break
    return spans


_SPANS: dict[str, Callable[[bytes], list[Span]]] = {"protobuf": _spans_of_protobuf, "xml": _spans_of_xml}
