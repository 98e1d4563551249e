"""`cevents.cli._reading`: the quick way over whole lines says the same as the careful way, wherever chunks end."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cevents import formats
from cevents.cli._reading import Block, Events
from cevents.errors import InvalidEvent
from cevents.formats._json_stream import Element, split

EVENT = b'{"specversion":"1.0","id":"%d","source":"/s","type":"t","data":[{"a":1},2]}'
PIECES = [
    EVENT % 1 + b"\n",
    EVENT % 2 + b"\r\n",
    EVENT % 3 + EVENT % 4 + b"\n",
    EVENT % 5,
    EVENT.replace(b",", b",\n") % 6 + b"\n",
    EVENT.replace(b":", b":\n") % 7 + b"\n",
    b'{\n  "specversion": "1.0"\n}\n',
    b'{"specversion":"1.0","id":"8"\n',
    b'{"id":8,"a":nope}\n',
    b'{"id":"9","subject":"\n',
    b"},{\n",
    b'{"data":[{}\n',
    b"{}]}\n",
    b"]\n",
    b"nonsense\n",
    b"42\n",
    b"\n",
    b" \t",
    b'"\xff"\n',
    b"[" + EVENT % 10 + b"," + EVENT % 11 + b"]\n",
    b"[",
    b",",
]


def summary(element: Element, *, valid: bool) -> tuple[object, ...]:
    place = (element.index, element.position, element.line)
    # Of one that cannot even be cut out, the text is what happened to be read by then.
    text = element.text if element.problem is None else None
    return (*place, text, element.of_batch, element.problem, valid)


def is_valid(element: Element) -> bool:
    try:
        formats.json.decode_element(element)
    except InvalidEvent:
        return False
    return True


def carefully(stream: bytes) -> list[tuple[object, ...]]:
    return [summary(element, valid=is_valid(element)) for element in split(iter([stream]), max_size=2**20)]


def quickly(chunks: list[bytes]) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for part in Events(iter(chunks), max_size=2**20, lenient=False):
        if isinstance(part, Block):
            found += [summary(part.element(number), valid=True) for number in range(len(part.events))]
        else:
            found.append(summary(part, valid=is_valid(part)))
    return found


def cut(stream: bytes, sizes: list[int]) -> list[bytes]:
    chunks: list[bytes] = []
    for size in sizes:
        chunks.append(stream[:size])
        stream = stream[size:]
    return [chunk for chunk in [*chunks, stream] if chunk]


@settings(max_examples=3 * settings().max_examples)
@given(
    st.lists(st.sampled_from(PIECES) | st.just(PIECES[0]), max_size=12).map(b"".join),
    st.lists(st.integers(1, 200), max_size=12),
    st.booleans(),
)
@example(b"\xef\xbb\xbf" + PIECES[0], [], False)
@example(PIECES[0] * 3 + PIECES[7] + PIECES[0] * 3, [], False)
@example(PIECES[0] + b"{}]}\n" + PIECES[0] + b'{"data":[{}\n', [90], False)
@example(PIECES[2] + PIECES[5], [len(PIECES[2])], False)
def test_blocks_and_elements_are_those_of_the_splitter(stream: bytes, sizes: list[int], mark: bool) -> None:
    stream = b"\xef\xbb\xbf" * mark + stream
    assert quickly(cut(stream, sizes)) == carefully(stream)
