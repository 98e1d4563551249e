"""The inputs of the verbs: which files there are, their bytes, and the events in JSON in these, in constant memory.

Events that are one a line, as most are, are decoded by the block of lines, which costs half as much as one by one. A
block that is not wholly valid is taken apart by `formats._json_stream.split`, which knows of everything else too:
events over many lines, one after the other, in an array. Both say the same of every event, wherever blocks end.
"""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from cevents import data, formats
from cevents.cli._detection import ENDINGS, format_named
from cevents.cli._places import Place, column_in, offset_of
from cevents.cli._whole import Unusable
from cevents.errors import DataError, Findings, InvalidEvent, Problem, refuse
from cevents.event import CloudEvent, add_repairs
from cevents.formats._json_stream import Allowance, Element, split

__all__ = ["STDIN", "Block", "Events", "Unusable", "chunks_of", "files_below"]

STDIN = "-"
_CHUNK = 2**17
_GZIP_MAGIC = b"\x1f\x8b"
_WHITE = b" \t\r\n"


# ---------------------------------------------------------------------------------------------------------------- files


def files_below(path: str) -> list[str]:
    """Return the files that a PATH of the command line stands for; raises `Unusable` when there are none.

    A file is itself, whatever its name. A directory is all files below it, in order, whose name ends like that of a
    format, or like this and `.gz`; links to directories are not followed.
    """
    if path == STDIN or not os.path.isdir(path):  # noqa: PTH112 - a Path would lose the user's "./"
        return [path]
    found: list[str] = []
    for directory, below, names in os.walk(path, onerror=_give_up):
        below.sort()
        found += [os.path.join(directory, name) for name in sorted(names) if format_named(name)]  # noqa: PTH118
    if not found:
        raise Unusable(f"has no files that end in {', '.join(ENDINGS)}, or in these and .gz")
    return found


def _give_up(error: OSError) -> None:
    raise Unusable(f"cannot be read: {error.strerror}")


@contextmanager
def chunks_of(path: str, progress: Callable[[int], None]) -> Generator[Iterator[bytes], None, None]:
    """Open a file, or stdin for `-`, and give its bytes in chunks, decompressed if it is gzip; raises `Unusable`.

    `progress` is told how many bytes were read, before they are decompressed.
    """
    with _Counted(_opened(path), progress) as file:
        try:
            yield _decompressed(file, must_be_gzip=path.lower().endswith(".gz"))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            why = str(error).partition(" (")[0]  # without the bytes that are there instead
            raise Unusable(f"is not gzip, or broken: {why}") from None


def _opened(path: str) -> io.RawIOBase:
    try:
        return io.FileIO(0, closefd=False) if path == STDIN else Path(path).open("rb", buffering=0)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise Unusable(f"cannot be read: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


class _Counted(io.RawIOBase):
    """A file that tells how much was read of it, and whose errors are `Unusable`."""

    def __init__(self, file: io.RawIOBase, progress: Callable[[int], None]) -> None:
        self._file = file
        self._progress = progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            got: int = self._file.readinto(buffer) or 0
        except OSError as error:
            raise Unusable(f"cannot be read: {_reason(error)}") from None
        self._progress(got)
        return got

    def close(self) -> None:
        self._file.close()
        super().close()


def _decompressed(raw: _Counted, *, must_be_gzip: bool) -> Iterator[bytes]:
    file = io.BufferedReader(raw, _CHUNK)
    # read1 hands on what is there already, so that events in a pipe are judged as they come.
    read = file.read1
    if must_be_gzip or file.peek(2)[:2] == _GZIP_MAGIC:
        read = gzip.GzipFile(fileobj=file).read1
    while chunk := read(_CHUNK):
        yield chunk


# --------------------------------------------------------------------------------------------------------------- events


class Block:
    """Whole lines, each one valid event: the usual case, in which nobody asks where an event stood."""

    def __init__(
        self, events: list[CloudEvent[Any]], text: bytes, index: int, position: int, line: int
    ) -> None:
        self.events = events
        self._text, self._index, self._position, self._line = text, index, position, line

    def element(self, number: int) -> Element:
        """Return where the event `number` of the block stood."""
        start = self._position + sum(len(line) + 1 for line in self._lines[:number])
        return Element(self._index + number, start, self._line + number, self._lines[number], of_batch=False)

    @cached_property
    def _lines(self) -> list[bytes]:
        return self._text.split(b"\n")


class Events:
    """The events of one input, as blocks of valid ones and as elements that may be anything.

    An element of more than `max_size` bytes has a `problem`. If it is a line, the next line is gone on with; otherwise
    nothing after it can be told apart, and it is the last.
    """

    def __init__(self, chunks: Iterator[bytes], *, max_size: int, lenient: bool) -> None:
        self._source = _lines_of(chunks)
        self._max_size = max_size
        self._lenient = lenient
        self._index = 0  # of the next element
        self._position = 0  # after all that was read
        self._line = 1
        self._content_end = 0  # before the white space at the end of what was read
        self._one_a_line = False  # an event stood on a line of its own
        self._version: str | None = None  # of the events of an array
        self._allowance = Allowance()
        self._put_back: tuple[bytes, bool] | None = None
        self._recent: list[tuple[int, bytes, bool]] = []  # the last two pieces: position, text, begins a line

    def __iter__(self) -> Iterator[Block | Element]:
        while (piece := self._next_piece()) is not None:
            lines, are_whole = piece
            events = self._valid_events(lines) if are_whole else None
            if events is None:
                yield from self._one_by_one(lines)
                continue
            yield Block(
                events, lines, self._index, self._position - len(lines), self._line - lines.count(b"\n")
            )
            self._index += len(events)
            self._one_a_line = True

    def event(self, element: Element) -> CloudEvent[Any]:
        """Return the event of an element; raises `InvalidEvent`, also if its array has events of another version."""
        if element.problem is not None:
            refuse(element.requirement, element.problem)
        event = formats.json.decode(element.text, lenient=self._lenient)
        if element.of_batch:
            self._version = self._version or event.specversion
            if event.specversion != self._version:
                findings = Findings(lenient=self._lenient)
                rule = f"must be {self._version} as in the whole batch"
                if findings.repair("CE-message-d", rule, "specversion", event.specversion):
                    add_repairs(event, findings.repairs)
                findings.conclude()
        return event

    def place(self, problem: Problem, element: Element) -> Place:
        """Return where a problem of an element is; its column only if the element was read just now."""
        text = element.text
        offset = offset_of(problem, text)
        position = element.position + offset
        of_several = text.rfind(b"\n", 0, offset) >= 0
        return Place(
            element.index,
            position,
            element.line + text.count(b"\n", 0, offset),
            column_in(text, offset) if of_several else self._column(position),
        )

    def _column(self, position: int) -> int | None:
        for start, text, begins_line in self._recent:
            if start <= position <= start + len(text):
                line_start = text.rfind(b"\n", 0, position - start) + 1
                if line_start or begins_line:
                    return column_in(text, position - start)
        return None

    # -------------------------------------------------------------------------------------------------- lines at once

    def _valid_events(self, lines: bytes) -> list[CloudEvent[Any]] | None:
        """Return the events of lines that are one valid event each, otherwise None."""
        if self._max_size < len(lines) and self._max_size < max(map(len, lines.split(b"\n"))):
            return None
        try:
            texts = _lines_decoder.decode_lines(lines)
            array = lines.removesuffix(b"\n").replace(b"\n", b",")
            if b",".join(texts) != array:  # not one on each line, and nothing else
                return None
            return formats.json.decode_batch(b"[%b]" % array, lenient=self._lenient) or None
        except (msgspec.DecodeError, RecursionError, InvalidEvent):
            return None

    # ----------------------------------------------------------------------------------------------------- one by one

    def _one_by_one(self, lines: bytes) -> Iterator[Element]:
        """Take the stream apart from `lines` on, until an element ends where what was read ends."""
        # A line for `split` to know that there is one event a line, as it would had it seen the lines before.
        primer = b"{}\n" if self._one_a_line else b""
        index = self._index - len(primer) // 3
        position = self._position - len(lines) - len(primer)
        line = self._line - (primer + lines).count(b"\n") - 1
        for found in split(self._fed(primer + lines), max_size=self._max_size, allowance=self._allowance):
            if found.index < len(primer) // 3:
                continue
            element = Element(
                found.index + index,
                found.position + position,
                found.line + line,
                found.text,
                found.of_batch,
                found.problem or self._too_long(found.text),
            )
            self._index = element.index + 1
            yield element
            if found.is_last and not found.of_batch:
                self._skip_line()
                self._one_a_line = True
                return
            is_last = element.position + len(element.text) >= self._content_end and not element.of_batch
            if is_last and (self._one_a_line or (b"\n" not in element.text and _is_json(element.text))):
                self._one_a_line = True
                return
        self._source = iter(())  # what follows a broken array cannot be told apart

    def _too_long(self, text: bytes) -> str | None:
        return f"is longer than {self._max_size} bytes" if len(text) > self._max_size else None

    def _fed(self, first: bytes) -> Iterator[bytes]:
        yield first
        while (piece := self._next_piece()) is not None:
            yield piece[0]

    def _skip_line(self) -> None:
        while (piece := self._next_piece()) is not None:
            text, is_whole = piece
            end = text.find(b"\n") + 1
            if end:
                if rest := text[end:]:
                    self._put_back = rest, is_whole
                    self._position -= len(rest)
                    self._line -= rest.count(b"\n")
                    start, _, begins_line = self._recent.pop()
                    self._recent.append((start, text[:end], begins_line))
                return

    def _next_piece(self) -> tuple[bytes, bool] | None:
        piece = self._put_back or next(self._source, None)
        self._put_back = None
        if piece is not None:
            text = piece[0]
            begins_line = not self._recent or self._recent[-1][1].endswith(b"\n")
            self._recent = [*self._recent[-1:], (self._position, text, begins_line)]
            self._position += len(text)
            self._line += text.count(b"\n")
            self._content_end = self._position - len(text) + len(text.rstrip(_WHITE))
        return piece


_lines_decoder = msgspec.json.Decoder(msgspec.Raw)


def _is_json(text: bytes) -> bool:
    try:
        data.json_value(text)
    except DataError:
        return False
    return True


def _lines_of(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Cut a stream after newlines, where there are any; False marks a piece that ends within a line."""
    pieces: list[bytes] = []
    size = 0
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if end:
            yield b"".join([*pieces, chunk[:end]]), True
            pieces, size, chunk = [], 0, chunk[end:]
        pieces.append(chunk)
        size += len(chunk)
        if size >= _LONG:
            yield b"".join(pieces), False
            pieces, size = [], 0
    if size:
        yield b"".join(pieces), True


_LONG = 2**20
