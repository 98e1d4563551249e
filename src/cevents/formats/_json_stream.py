"""Cuts a stream of bytes into JSON texts, one an event, without parsing them and in constant memory.

The stream is NDJSON, or JSON texts one after the other, or one array. The first byte tells an array from the others.
An event may run over many lines. But once one stood on a line of its own, a line that is not complete and does not end
like the first line of a longer text is taken to be broken, so that it costs just itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import IO, TypeAlias

import msgspec

__all__ = ["Allowance", "Element", "Source", "split"]

Source: TypeAlias = IO[bytes] | Iterable[bytes]


class Element(msgspec.Struct, frozen=True):
    """One element of a stream: its JSON text and where it stood; `problem` where it cannot even be cut out."""

    index: int
    position: int
    """Bytes before it."""
    line: int
    """The number of its first line, from 1."""
    text: bytes
    of_batch: bool
    problem: str | None = None
    is_last: bool = False
    """Whatever follows in the stream cannot be told apart."""

    @property
    def is_too_long(self) -> bool:
        """Tell whether the problem is a limit of the reader's."""
        return self.problem is not None and self.problem.startswith("is longer than")

    @property
    def requirement(self) -> str:
        """The requirement that a problem is about."""
        if self.is_too_long:
            return "CE-size-b"
        return "JSON-4.1-a" if self.of_batch else "JSON-3-b"


class Allowance(msgspec.Struct):
    """How many searches for an end over many lines may still fail, each of which goes to the end of the stream."""

    searches: int = 4


def split(source: Source, *, max_size: int, allowance: Allowance | None = None) -> Iterator[Element]:
    """Yield the elements of a stream; one of more than `max_size` bytes has a `problem`, and may be the last for it.

    `allowance` is for those who split one stream piece by piece. Raises `TypeError` for a source that does not give
    bytes.
    """
    return _Splitter(source, max_size, allowance or Allowance()).elements()


_WHITE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_OPENING = (b"{", b"[", b",")
_NO_END = "has no end"
_STRING = rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"'
# Up to the next bracket that is not in a string. Possessive: nothing is ever tried twice.
_TO_BRACKET = re.compile(rb'[^"{}\[\]]*+(?:' + _STRING + rb'[^"{}\[\]]*+)*+([{}\[\]])')
_TO_BROKEN_STRING = re.compile(
    rb'[^"{}\[\]]*+(?:' + _STRING + rb'[^"{}\[\]]*+)*+"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+\\?\n'
)
_SCALAR = re.compile(_STRING + rb'|[^\s,\]"][^\s,\]]*+')
_raw = msgspec.json.Decoder(msgspec.Raw).decode


class _Splitter:
    def __init__(self, source: Source, max_size: int, allowance: Allowance) -> None:
        if isinstance(source, bytes | bytearray | memoryview | str):
            raise TypeError(
                "a stream is a binary file or an iterable of bytes; use io.BytesIO for what is there already"
            )
        read = getattr(source, "read", None)
        self._chunks: Iterator[bytes] = iter(source) if read is None else _chunks_of(source)  # type: ignore[arg-type]
        self._max_size = max_size
        self._buffer = b""
        self._at = 0  # where the next element begins in the buffer
        self._passed = 0  # bytes of the stream before the buffer
        self._line = 1
        self._index = 0
        self._newline = -1  # a known position of the next newline
        self._is_marked = False
        self._too_long = f"is longer than {max_size} bytes"
        self._why = ""  # no end was found
        self._broken = 0  # where in the buffer a string is cut off by a newline
        self._allowance = allowance

    def elements(self) -> Iterator[Element]:
        self._is_marked = self._starts_with(_BOM)
        if self._is_marked:  # goes back to the first element, whose decoder says whether it may be there
            self._at = len(_BOM)
        if self._skip_white() and self._buffer[self._at] == ord("["):
            yield from self._of_array()
        else:
            yield from self._of_lines()

    # ---------------------------------------------------------------------------------- one after the other

    def _of_lines(self) -> Iterator[Element]:
        one_a_line = False
        while self._skip_white():
            end = self._end_of_line()
            if end is None:
                yield self._take(len(self._buffer), problem=self._too_long, is_last=True)
                return
            if _is_complete(self._buffer[self._at : end]):
                one_a_line = True
                yield self._take(end)
                continue
            # How a pretty-printed event begins, and hardly ever how a broken line ends.
            opens = self._allowance.searches > 0 and self._buffer[self._at : end].rstrip(_WHITE).endswith(
                _OPENING
            )
            self._why = ""
            bracket_end = self._end_of_brackets(within_line=one_a_line and not opens)
            if bracket_end is None and opens and not one_a_line and self._why == self._too_long:
                yield self._take(len(self._buffer), problem=self._too_long, is_last=True)
                return
            if bracket_end is None:
                # This one is broken: only its line is given up, and only few searches go to the end of the stream.
                one_a_line = True
                if self._why in (self._too_long, _NO_END):
                    self._allowance.searches -= 1
                end = self._end_of_line()
                assert end is not None
                yield self._take(end)
            else:
                yield self._take(bracket_end)

    def _end_of_line(self) -> int | None:
        """Where the current line ends, without the newline; None if it is longer than allowed."""
        while self._newline < self._at:
            searched = max(self._at, self._newline)
            self._newline = self._buffer.find(b"\n", searched)
            if self._newline >= 0:
                break
            if len(self._buffer) - self._at > self._max_size:
                return None
            if not self._more():
                self._newline = len(self._buffer)
                break
        return self._newline

    # --------------------------------------------------------------------------------------------- an array

    def _of_array(self) -> Iterator[Element]:
        self._at += 1
        first = True
        while True:
            if not self._skip_white():
                yield self._take(self._at, of_batch=True, problem="the array has no end", is_last=True)
                return
            byte = self._buffer[self._at : self._at + 1]
            if byte == b"]":
                self._at += 1
                break
            if not first:
                if byte != b",":
                    yield self._take(
                        self._at,
                        of_batch=True,
                        problem="must be followed by a comma or the end of the array",
                        is_last=True,
                    )
                    return
                self._at += 1
                self._skip_white()
                byte = self._buffer[self._at : self._at + 1]
            first = False
            if byte in (b",", b"]"):
                yield self._take(self._at, of_batch=True, problem="an event is missing", is_last=True)
                return
            end = self._end_of_brackets() if byte in (b"{", b"[") else self._end_of_scalar()
            if end is None:
                end = min(self._broken or len(self._buffer), self._at + self._max_size)
                yield self._take(end, of_batch=True, problem=self._why, is_last=True)
                return
            yield self._take(end, of_batch=True)
        if self._skip_white():
            yield self._take(self._at, of_batch=True, problem="something follows the array", is_last=True)

    def _end_of_scalar(self) -> int | None:
        while True:
            match = _SCALAR.match(self._buffer, self._at)
            if match is not None and match.end() < len(self._buffer):
                return match.end()
            if not self._goes_on():
                return match.end() if match is not None and self._why != self._too_long else None

    # ----------------------------------------------------------------------------------------------- shared

    def _end_of_brackets(self, *, within_line: bool = False) -> int | None:
        """Where the object or array that begins here ends; None if it does not, or is broken."""
        depth = 0
        position = self._at
        if self._buffer[position : position + 1] not in (b"{", b"["):
            return None
        while True:
            match = _TO_BRACKET.match(self._buffer, position)
            if match is None:
                broken = _TO_BROKEN_STRING.match(self._buffer, position)
                if broken is not None:  # no further bytes can help: a string has a newline in it
                    self._why = "has a string without end"
                    self._broken = broken.end()
                    return None
                before = self._at
                if not self._goes_on():
                    return None
                position -= before - self._at
                continue
            position = match.end()
            depth += 1 if match[1] in b"{[" else -1
            if depth == 0:
                return None if within_line and self._newline >= 0 and position > self._newline else position
            if within_line and self._newline >= 0 and position > self._newline:
                return None

    def _goes_on(self) -> bool:
        """Read on for the rest of the current element, unless it has become too long."""
        if len(self._buffer) - self._at > self._max_size:
            self._why = self._too_long
        elif self._more():
            return True
        else:
            self._why = _NO_END
        return False

    def _take(
        self, end: int, *, of_batch: bool = False, problem: str | None = None, is_last: bool = False
    ) -> Element:
        text = self._buffer[self._at : end]
        position = self._passed + self._at
        found = text.rstrip(_WHITE)
        if len(found) > self._max_size:
            problem = self._too_long
        if self._is_marked and self._index == 0:
            found, position = _BOM + found, position - len(_BOM)
        element = Element(self._index, position, self._line, found, of_batch, problem, is_last)
        self._line += text.count(b"\n")
        self._index += 1
        self._at = end
        return element

    def _skip_white(self) -> bool:
        """Go to the next byte that is not white space; false at the end of the stream."""
        while True:
            rest = _WHITE_SPACE.match(self._buffer, self._at)
            end = self._at if rest is None else rest.end()
            self._line += self._buffer.count(b"\n", self._at, end)
            self._at = end
            if end < len(self._buffer):
                return True
            if not self._more():
                return False

    def _starts_with(self, prefix: bytes) -> bool:
        while len(self._buffer) < len(prefix) and self._more():
            pass
        return self._buffer.startswith(prefix)

    def _more(self) -> bool:
        """Read on; what has been taken is dropped from the buffer. False at the end of the stream."""
        pieces = [self._buffer[self._at :]]
        wanted = len(pieces[0])  # as much again: a long element is not to be searched anew for each chunk
        got = 0
        for chunk in self._chunks:
            if not isinstance(chunk, bytes | bytearray | memoryview):
                raise TypeError(
                    f"a stream must give bytes, not {type(chunk).__name__}; open the file in binary mode"
                )
            pieces.append(bytes(chunk))
            got += len(chunk)
            if got and got >= wanted:
                break
        if not got:
            return False
        self._buffer = b"".join(pieces)
        self._passed += self._at
        self._newline = self._newline - self._at if self._newline >= self._at else -1
        self._at = 0
        return True


_WHITE_SPACE = re.compile(rb"[ \t\r\n]*+")


def _chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(2**18):
        yield chunk


def _is_complete(text: bytes) -> bool:
    try:
        _raw(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
