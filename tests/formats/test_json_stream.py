"""Streams of events: lines, texts one after the other, one array; whatever the chunks are that they come in."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import IO, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cevents import InvalidEvent
from cevents.formats import _json_stream
from cevents.formats import json as format_
from cevents.formats._json_stream import Element

SIZE = 2**24
BOM = b"\xef\xbb\xbf"


def text(number: int, extra: str = "", version: str = "1.0") -> bytes:
    """One event, on one line."""
    return f'{{"specversion":"{version}","type":"t","source":"/s","id":"{number}"{extra}}}'.encode()


def pretty(number: int) -> bytes:
    return json.dumps({**json.loads(text(number)), "data": {"a": ["}", '"', "\\", {}]}}, indent=2).encode()


def split(chunks: Any, max_size: int = SIZE) -> list[Element]:
    return list(_json_stream.split(chunks, max_size=max_size))


def in_chunks(stream: bytes, size: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]


class Slow(io.RawIOBase):
    """A file that gives a few bytes at a time, as a socket may."""

    def __init__(self, stream: bytes, most: int) -> None:
        super().__init__()
        self._stream = io.BytesIO(stream)
        self._most = most

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        return self._stream.read(min(size, self._most))


# The ways in which one stream can come.
FEEDS: dict[str, Callable[[bytes], Any]] = {
    "whole": lambda stream: [stream],
    "byte by byte": lambda stream: in_chunks(stream, 1),
    "by two": lambda stream: in_chunks(stream, 2),
    "by seven": lambda stream: in_chunks(stream, 7),
    "with empty chunks": lambda stream: [
        b"",
        *(part for byte in in_chunks(stream, 3) for part in (byte, b"")),
    ],
    "memoryviews": lambda stream: map(memoryview, in_chunks(stream, 5)),
    "generator": lambda stream: (chunk for chunk in in_chunks(stream, 11)),
    "file": io.BytesIO,
    "slow file": lambda stream: Slow(stream, 3),
}
each_feed = pytest.mark.parametrize("feed", FEEDS)

A, B, C = text(1), text(2), text(3)
P, Q = pretty(4), pretty(5)

# Each stream, and its elements: text (or its problem), position, line. JSON-4.1-a, JSON-4.3-a
STREAMS: list[tuple[str, bytes, list[tuple[bytes | str, int, int]]]] = [
    ("nothing", b"", []),
    ("white space", b" \n\r\n\t ", []),
    ("one line", A, [(A, 0, 1)]),
    ("one line, ended", A + b"\n", [(A, 0, 1)]),
    ("lines", A + b"\n" + B + b"\n" + C, [(A, 0, 1), (B, len(A) + 1, 2), (C, len(A + B) + 2, 3)]),
    ("CR LF", A + b"\r\n" + B + b"\r\n", [(A, 0, 1), (B, len(A) + 2, 2)]),
    ("empty lines", b"\n\n" + A + b"\n \n" + B + b"\n\n", [(A, 2, 3), (B, len(A) + 5, 5)]),
    ("one after the other", A + B + b" " + C, [(A, 0, 1), (B, len(A), 1), (C, len(A + B) + 1, 1)]),
    ("pretty", P, [(P, 0, 1)]),
    ("pretty ones", P + b"\n" + Q + b"\n", [(P, 0, 1), (Q, len(P) + 1, P.count(b"\n") + 2)]),
    (
        "pretty after lines",
        A + b"\n" + P + b"\n" + B,
        [(A, 0, 1), (P, len(A) + 1, 2), (B, len(A + P) + 2, P.count(b"\n") + 3)],
    ),
    ("pretty, at once the next", P + A + b"\n", [(P, 0, 1), (A, len(P), P.count(b"\n") + 1)]),
    ("BOM", BOM + A + b"\n" + B, [(BOM + A, 0, 1), (B, len(A) + 4, 2)]),
    ("BOM alone", BOM, []),
    ("broken line", A + b'\n{"a":\n' + B, [(A, 0, 1), (b'{"a":', len(A) + 1, 2), (B, len(A) + 7, 3)]),
    ("broken first line", b'{"a":\n' + B, [(b'{"a":', 0, 1), (B, 6, 2)]),
    ("broken string", b'{"a":"x\n' + B, [(b'{"a":"x', 0, 1), (B, 8, 2)]),
    ("broken escape", b'{"a":"x\\\n' + B, [(b'{"a":"x\\', 0, 1), (B, 9, 2)]),
    ("cut off last line", A + b"\n" + B[:-1], [(A, 0, 1), (B[:-1], len(A) + 1, 2)]),
    ("no JSON", b"hello\n" + A, [(b"hello", 0, 1), (A, 6, 2)]),
    ("scalars", b"1\n" + A, [(b"1", 0, 1), (A, 2, 2)]),
    ("too many brackets", A + b"}\n" + B, [(A, 0, 1), (b"}", len(A), 1), (B, len(A) + 2, 2)]),
    ("nested array line", A + b"\n[1]\n", [(A, 0, 1), (b"[1]", len(A) + 1, 2)]),
    # one array
    ("empty array", b"[]", []),
    ("empty array, spaced", b" [ \n ] \n", []),
    ("array of one", b"[" + A + b"]", [(A, 1, 1)]),
    (
        "array",
        b"[" + A + b"," + B + b"," + C + b"]\n",
        [(A, 1, 1), (B, len(A) + 2, 1), (C, len(A + B) + 3, 1)],
    ),
    ("array, pretty", b"[\n" + P + b"\n,\n" + A + b"\n]\n", [(P, 2, 2), (A, len(P) + 5, P.count(b"\n") + 4)]),
    ("array with BOM", BOM + b"[" + A + b"]", [(BOM + A, 1, 1)]),
    (
        "array of scalars",
        b'[1, "a,]", null ,[2,{}],true]',
        [(b"1", 1, 1), (b'"a,]"', 4, 1), (b"null", 11, 1), (b"[2,{}]", 17, 1), (b"true", 24, 1)],
    ),
    ("open array", b"[" + A, [(A, 1, 1), ("the array has no end", len(A) + 1, 1)]),
    ("open array, nothing", b"[", [("the array has no end", 1, 1)]),
    ("open array, comma", b"[" + A + b",", [(A, 1, 1), ("no end", len(A) + 2, 1)]),
    ("open element", b"[" + A[:-1], [("no end", 1, 1)]),
    ("no comma", b"[" + A + b" " + B + b"]", [(A, 1, 1), ("must be followed by a comma", len(A) + 2, 1)]),
    ("colon", b"[" + A + b":" + B + b"]", [(A, 1, 1), ("must be followed by a comma", len(A) + 1, 1)]),
    ("trailing comma", b"[" + A + b",]", [(A, 1, 1), ("an event is missing", len(A) + 2, 1)]),
    ("comma alone", b"[,]", [("an event is missing", 1, 1)]),
    ("after the array", b"[" + A + b"] x", [(A, 1, 1), ("something follows the array", len(A) + 3, 1)]),
    ("two arrays", b"[][]", [("something follows the array", 2, 1)]),
    ("wrong bracket", b"[" + A + b"}", [(A, 1, 1), ("must be followed by a comma", len(A) + 1, 1)]),
]
each_stream = pytest.mark.parametrize(
    ("stream", "wanted"), [case[1:] for case in STREAMS], ids=[case[0] for case in STREAMS]
)


def assert_elements(
    found: list[Element], wanted: list[tuple[bytes | str, int, int]], *, of_batch: bool
) -> None:
    assert [element.index for element in found] == list(range(len(wanted)))
    assert [(element.position, element.line) for element in found] == [(at, line) for _, at, line in wanted]
    for element, (text_or_problem, _, _) in zip(found, wanted, strict=True):
        assert element.of_batch is of_batch
        if isinstance(text_or_problem, bytes):
            assert (element.text, element.problem) == (text_or_problem, None)
        else:
            assert text_or_problem in (element.problem or "")


@each_stream
@each_feed
def test_a_stream_is_cut(stream: bytes, wanted: list[tuple[bytes | str, int, int]], feed: str) -> None:
    found = split(FEEDS[feed](stream))
    assert_elements(found, wanted, of_batch=stream.lstrip(BOM + b" \n").startswith(b"["))


@each_stream
def test_a_stream_is_cut_the_same_at_every_boundary(
    stream: bytes, wanted: list[tuple[bytes | str, int, int]]
) -> None:
    whole = split([stream])
    for at in range(1, len(stream)):
        assert split([stream[:at], stream[at:]]) == whole
    for at in range(0, len(stream) - 2, 3):
        assert split([stream[:at], stream[at : at + 1], stream[at + 1 :]]) == whole


@each_stream
def test_positions_are_those_of_the_stream(stream: bytes, wanted: list[tuple[bytes | str, int, int]]) -> None:
    for element in split(in_chunks(stream, 3)):
        if element.text and not element.text.startswith(BOM):
            assert stream[element.position :].startswith(element.text)
        if element.index or not stream.startswith(BOM):
            assert stream[: element.position].count(b"\n") + 1 == element.line


PIECES = [
    A,
    P,
    b'{"a":',
    b'"x\\"',
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"\n",
    b"\n",
    b" ",
    b"\r\n",
    b"1",
    b"\xff",
    BOM,
]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map(b"".join), st.integers(1, 9))
@example(b'[{"a":"x\\"{' + P, 1)
def test_any_stream_is_cut_the_same_in_any_chunks(stream: bytes, size: int) -> None:
    whole = split([stream])
    assert split(in_chunks(stream, size)) == whole
    for element in whole:
        assert 0 <= element.position <= len(stream)
        if not element.text.startswith(BOM):
            assert stream[element.position :].startswith(element.text)


@given(
    st.lists(st.sampled_from([A, B, P, Q])), st.sampled_from([b"\n", b"", b"\r\n", b" "]), st.integers(1, 200)
)
def test_any_events_come_back(texts: list[bytes], between: bytes, size: int) -> None:
    for stream in (between.join(texts), b"[" + (b"," + between).join(texts) + b"]"):
        assert [element.text for element in split(in_chunks(stream, size))] == texts


def test_broken_lines_do_not_hide_what_follows() -> None:
    stream = b"hello\n" * 10 + P + b"\n" + Q
    assert [element.text for element in split([stream])][-2:] == [P, Q]


def test_a_broken_line_among_many_costs_itself() -> None:
    stream = (A + b"\n") * 5 + b'{"a":[\n' + (B + b"\n") * 50
    texts = [element.text for element in split(in_chunks(stream, 64), max_size=200)]
    assert texts == [A] * 5 + [b'{"a":['] + [B] * 50


# ------------------------------------------------------------------------------------------------------- iter_decode


@each_feed
@pytest.mark.parametrize(
    "stream",
    [A + b"\n" + B + b"\n" + P, P + Q + A, b"[" + A + b"," + P + b"]"],
    ids=["lines", "texts", "array"],
)
def test_events_of_a_stream(stream: bytes, feed: str) -> None:
    events = list(format_.iter_decode(FEEDS[feed](stream)))
    assert [event.id for event in events] == [element["id"] for element in _parsed(stream)]


def _parsed(stream: bytes) -> list[dict[str, Any]]:
    decoder, at, found = json.JSONDecoder(), 0, []
    whole = stream.decode()
    while at < len(whole):
        value, at = decoder.raw_decode(whole, at)
        found += value if isinstance(value, list) else [value]
        while at < len(whole) and whole[at] in " \r\n":
            at += 1
    return found


def test_an_event_is_there_before_the_next_one_is_read() -> None:
    read: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(5):
            read.append(number)
            yield text(number) + b"\n"

    events = format_.iter_decode(chunks())
    assert next(events).id == "0"
    assert read == [0]
    assert next(events).id == "1"
    assert read == [0, 1]


@pytest.mark.parametrize(
    ("stream", "index", "position", "requirement"),
    [
        (A + b"\n" + text(2, ',"a":1.5'), 1, len(A) + 1, "JSON-2.2-b"),
        (A + b"\n" + B[:-1] + b"x}", 1, len(A) + len(B), "JSON-3-b"),
        (b"[" + A + b"," + text(2, ',"a":1.5') + b"]", 1, len(A) + 2, "JSON-2.2-b"),
        (b"[" + A + b",5]", 1, len(A) + 2, "JSON-3-b"),
        (b"[" + A, 1, len(A) + 1, "JSON-4.1-a"),
        (b"[" + A + b"] x", 1, len(A) + 3, "JSON-4.1-a"),
        (A + b"\n[]", 1, len(A) + 1, "JSON-3-b"),
        (A + b'\n{"a":"\xff"}', 1, len(A) + 7, "JSON-3-b"),
        (b"[" + A + b"," + text(2, version="0.3") + b"]", 1, None, "CE-message-d"),
    ],
    ids=range(9),
)
def test_t60_an_error_tells_the_index_and_the_position(
    stream: bytes, index: int, position: int | None, requirement: str
) -> None:
    events = format_.iter_decode(in_chunks(stream, 10))
    assert next(events).id == "1"
    with pytest.raises(InvalidEvent) as caught:
        next(events)
    [problem] = caught.value.problems
    assert (problem.index, problem.position, problem.requirement) == (index, position, requirement)
    with pytest.raises(StopIteration):
        next(events)


def test_lines_may_be_of_two_versions_and_an_array_may_not() -> None:  # CE-message-d
    older = text(2, version="0.3")
    assert [event.specversion for event in format_.iter_decode([A + b"\n" + older])] == ["1.0", "0.3"]
    array = b"[" + A + b"," + older + b"]"
    assert [event.specversion for event in format_.iter_decode([array], lenient=True)] == ["1.0", "0.3"]


def test_t50_a_byte_order_mark_before_a_stream() -> None:
    with pytest.raises(InvalidEvent, match="byte order mark"):
        list(format_.iter_decode([BOM + A]))
    first, second = format_.iter_decode([BOM + A + b"\n" + B], lenient=True)
    assert [problem.requirement for problem in first.repairs] == ["JSON-3-b"]
    assert second.repairs == ()


def test_lenient_reading_of_a_stream() -> None:
    [event] = format_.iter_decode([text(1, ',"subject":""')], lenient=True)
    assert event.repairs[0].requirement == "CE-subject-a"


@pytest.mark.parametrize(
    "source",
    [A, A.decode(), io.StringIO(A.decode()), [A.decode()]],
    ids=["bytes", "str", "text file", "texts"],
)
def test_a_source_that_is_none(source: Any) -> None:
    with pytest.raises(TypeError, match=r"binary|bytes"):
        list(format_.iter_decode(source))


# ---------------------------------------------------------------------------------------------------------- max_size


@pytest.mark.parametrize("size", [1, 10, 64, 10_000])
@pytest.mark.parametrize(
    ("begin", "end"), [(b"", b"\n"), (b"", b""), (b"[", b"]")], ids=["line", "text", "array"]
)
@pytest.mark.parametrize("broken", [False, True], ids=["whole", "open"])
def test_s8_an_element_that_is_too_long(size: int, begin: bytes, end: bytes, broken: bool) -> None:
    long = text(2, f',"data":"{"x" * 500}"')
    stream = begin + A + (b"," if begin else b"\n") + (long[:-2] if broken else long) + end
    found = split(in_chunks(stream, size), max_size=100)
    assert found[0].text == A
    assert found[0].problem is None
    assert len(found) == 2
    assert found[1].problem == "is longer than 100 bytes"
    assert found[1].position == len(begin + A) + 1
    assert len(found[1].text) <= 1000


def test_s8_a_pretty_element_that_is_too_long() -> None:
    long = json.dumps({"a": list(range(100))}, indent=1).encode()
    for stream in (long, b"\n" + long + b"\n" + A):
        [element] = split(in_chunks(stream, 10), max_size=100)
        assert element.problem == "is longer than 100 bytes"


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("array", [False, True])
def test_an_element_of_just_the_size_is_read(size: int, array: bool) -> None:
    stream = b"[" + A + b"," + B + b"]" if array else A + b"\n" + B + b"\n"
    assert [element.text for element in split(in_chunks(stream, size), max_size=len(A))] == [A, B]


def test_the_size_of_the_stream_is_not_limited() -> None:
    stream = b"\n".join([A] * 1000)
    assert len(split(in_chunks(stream, 100), max_size=len(A))) == 1000


class Endless(io.RawIOBase):
    """Gives what its generator gives, until a limit; fails the test if it is read to there."""

    def __init__(self, chunk: bytes, limit: int) -> None:
        super().__init__()
        self._chunk, self._left = chunk, limit

    def read(self, size: int = -1, /) -> bytes:
        self._left -= len(self._chunk)
        assert self._left > 0, "read on and on"
        return self._chunk


@pytest.mark.parametrize(
    "chunk", [b"x" * 4096, b"[" * 4096, b'"' + b"x" * 4096, b"{" * 4096, b'[{"a":"' + b"x" * 4096]
)
def test_s8_an_element_without_end_is_given_up(chunk: bytes) -> None:
    [*_, last] = split(Endless(chunk, 2**24), max_size=2**16)
    assert last.problem is not None


def test_constant_memory() -> None:
    line = text(1, f',"data":"{"x" * 1000}"')

    def lines(begin: bytes, between: bytes, end: bytes) -> Iterator[bytes]:
        yield begin + line
        for _ in range(10_000):
            yield between + line
        yield end

    for stream in (lines(b"", b"\n", b"\n"), lines(b"[", b",", b"]")):
        tracemalloc.start()
        count = sum(1 for _ in format_.iter_decode(stream))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count == 10_001
        assert peak < 200_000  # of 11 MB


# ------------------------------------------------------------------------------------------------------------ hostile


@pytest.mark.parametrize(
    "stream",
    [
        b"{\n" * 20_000,
        b'{"a":[\n' * 10_000,
        A + b"\n" + b'{"a":1,\n' * 10_000,
        b'{"a":\n' * 20_000,
        b'"\n' * 100_000,
        b'{"a":"x\n' * 20_000,
        b"[" * 300_000,
        b"{" * 300_000 + b"\n",
        b'{"a":"' + b"\\\\" * 500_000,
        b'{"a":"' + b'\\"' * 500_000,
        b'{"a":"' + b"x" * 1_000_000,
        b" " * 1_000_000,
        b"\n" * 1_000_000,
        b"[" + b"1," * 100_000 + b"1]",
        b"[" + b"{}," * 100_000 + b"{}]",
        b'["' + b"a" * 1_000_000,
        b"[" + b"1" * 1_000_000,
        A * 2_000,
    ],
    ids=[
        "braces",
        "brackets",
        "commas",
        "colons",
        "quotes",
        "broken strings",
        "deep array",
        "deep line",
        "backslashes",
        "escaped quotes",
        "string",
        "spaces",
        "newlines",
        "scalars",
        "objects",
        "open string",
        "open number",
        "glued",
    ],
)
@pytest.mark.parametrize("size", [1000, 2**18])
def test_s8_a_hostile_stream_takes_no_time(stream: bytes, size: int) -> None:
    began = time.perf_counter()
    for count, _ in enumerate(_json_stream.split(in_chunks(stream, size), max_size=SIZE)):
        if count % 64 == 0:
            assert time.perf_counter() - began < 8, f"after {count} elements"
    assert time.perf_counter() - began < 8


def test_a_long_element_in_small_chunks_takes_no_time() -> None:
    line = text(1, f',"data":"{"x" * 2_000_000}"')
    began = time.perf_counter()
    [event] = format_.iter_decode(in_chunks(line, 100))
    assert len(event.data) == 2_000_000
    assert time.perf_counter() - began < 5


def test_a_file_is_read_and_not_its_lines() -> None:
    """A file is an iterable of lines too; it is read in blocks, so that no line can be too long for the memory."""

    class Blocks(io.BytesIO):
        def readline(self, *_: Any) -> bytes:
            raise AssertionError

        __next__ = readline

    source: IO[bytes] = Blocks(A + b"\n" + B)
    assert len(list(format_.iter_decode(source))) == 2
