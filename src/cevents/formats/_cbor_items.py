"""CBOR items as bytes (RFC 8949): where one ends, whether it is well-formed, its deterministic encoding.

cbor2 makes values of items, by what it knows of their tags, and cannot make the same items of them again. Here an item
stays what it is, and nothing is asked of its content: of a text not whether it is UTF-8, of a map not whether a key is
there twice.
"""

from __future__ import annotations

import struct

try:
    from cbor2 import CBORDecodeError, CBORTag, dumps, loads
except ImportError as error:
    raise ImportError("the CBOR format needs cbor2: pip install 'cevents[cbor]'") from error

__all__ = [
    "ARRAY",
    "BYTES",
    "FLOATS",
    "MAP",
    "NEGATIVE",
    "SIMPLE",
    "TAG",
    "TEXT",
    "UNSIGNED",
    "CBORTag",
    "IllFormed",
    "argument_of",
    "dumps",
    "end_of",
    "head_of",
    "loads",
    "shortest",
    "text_of",
]

UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)  # the major types, section 3.1
FLOATS = {0xF9: ">e", 0xFA: ">f", 0xFB: ">d"}
_BREAK = 0xFF
_DEEPEST = 400  # levels, as in cbor2


class IllFormed(Exception):
    """What is no CBOR, or nested too deeply, and the position of the byte that shows it."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


def head_of(major: int, argument: int) -> bytes:
    """Return the shortest head."""
    if argument < 24:
        return bytes((major << 5 | argument,))
    size = 0 if argument < 2**8 else 1 if argument < 2**16 else 2 if argument < 2**32 else 3
    return bytes((major << 5 | 24 + size,)) + argument.to_bytes(1 << size)


def argument_of(text: bytes, at: int) -> tuple[int, int, int]:
    """Return the major type and the argument of a head, -1 for an indefinite length, and where the head ends."""
    if at >= len(text):
        raise IllFormed("is cut off", len(text))
    major, size = text[at] >> 5, text[at] & 31
    if size < 24:
        return major, size, at + 1
    if size < 28:
        end = at + 1 + (1 << size - 24)
        if end > len(text):
            raise IllFormed("is cut off", len(text))
        return major, int.from_bytes(text[at + 1 : end]), end
    if size < 31 or major in (UNSIGNED, NEGATIVE, TAG):
        raise IllFormed("is not CBOR", at)
    return major, -1, at + 1


def text_of(item: bytes) -> str | None:
    """Return the text that a well-formed item is, None for another item and for what is not UTF-8."""
    try:
        if 0x60 <= item[0] < 0x78:
            return item[1:].decode()
        found: str | None = loads(item) if item[0] >> 5 == TEXT else None
    except (ValueError, CBORDecodeError):
        return None
    return found


def end_of(text: bytes, at: int) -> int:  # noqa: C901 - the branches are those of the grammar, the frequent ones first
    """Return where the item ends that begins at a position; raises `IllFormed`.

    Takes time in proportion to the bytes that are there, whatever lengths they declare, and does not recurse.
    """
    sizes, counts = _SIZES, _COUNTS
    left = 1  # items to come in the innermost container; where it has no count -1, and one less for each that came
    around: list[int] = []  # the same of the containers around it
    uncounted: list[int] = []  # the major types of those without a count
    try:
        while True:
            head = text[at]
            size = sizes[head]
            if size:
                at += size
                left -= 1
                if left:
                    continue
            elif counts[head]:
                around.append(left - 1)
                left = counts[head]
                at += 1
            elif head == 0x78 or head == 0x58:
                at += 2 + text[at + 1]
                left -= 1
            else:
                major, argument, after = argument_of(text, at)
                if major in (ARRAY, MAP, TAG):
                    around.append(left - 1)
                    if argument < 0:
                        uncounted.append(major)
                    left = 1 if major == TAG else 2 * argument if major == MAP and argument > 0 else argument
                elif major != SIMPLE:
                    after = after + argument if argument >= 0 else _end_of_chunks(text, after, major)
                    left -= 1
                elif argument >= 32:
                    left -= 1
                elif argument == -1 and left < 0 and (uncounted.pop() == ARRAY or left % 2):
                    left = around.pop()
                else:  # a break that ends nothing, or half of a pair, or a simple value of two bytes that needs one
                    raise IllFormed("is not CBOR", at)
                at = after
            if len(around) > _DEEPEST:
                raise IllFormed("is nested too deeply", at)
            while not left:
                if not around:
                    if at <= len(text):
                        return at
                    raise IllFormed("is cut off", len(text))
                left = around.pop()
    except IndexError:
        raise IllFormed("is cut off", len(text)) from None


def _end_of_chunks(text: bytes, at: int, major: int) -> int:
    """Where a string ends that is given in chunks."""
    while text[at] != _BREAK:
        of_chunk, argument, start = argument_of(text, at)
        if of_chunk != major or argument < 0:
            raise IllFormed("is not CBOR", at)
        at = start + argument
    return at + 1


def _size(head: int) -> int:
    """The bytes of an item, where its first byte tells them; else 0."""
    major, argument = head >> 5, head & 31
    if head in FLOATS:
        return 1 + struct.calcsize(FLOATS[head])
    if major in (UNSIGNED, NEGATIVE):
        return 1 if argument < 24 else 1 + (1 << argument - 24) if argument < 28 else 0
    if argument >= 24 or major == TAG:
        return 0
    if major in (BYTES, TEXT):
        return 1 + argument
    return 1 if major == SIMPLE or argument == 0 else 0


def _count(head: int) -> int:
    """The items in a container, where its first byte tells them; else 0."""
    major, argument = head >> 5, head & 31
    return {ARRAY: argument, MAP: 2 * argument, TAG: 1}.get(major, 0) if argument < 24 else 0


_SIZES = tuple(map(_size, range(256)))
_COUNTS = tuple(map(_count, range(256)))


# ------------------------------------------------------------------------------------------------ deterministic


def shortest(text: bytes, at: int = 0) -> tuple[bytes, int]:
    """Return the deterministic encoding of a well-formed item (section 4.2.1), and where the item ends.

    Tags stay as they are. Raises `ValueError` for a map that has a key twice.
    """
    major, argument, after = argument_of(text, at)
    if major <= NEGATIVE:
        return head_of(major, argument), after
    if major == SIMPLE:
        end = end_of(text, at)
        return _shortest_simple(text[at:end]), end
    if major == TAG:
        content, end = shortest(text, after)
        if argument in (2, 3) and content[0] >> 5 == BYTES:
            return _shortest_bignum(argument, content), end
        return head_of(TAG, argument) + content, end
    if major <= TEXT and argument >= 0:
        end = after + argument
        return head_of(major, argument) + text[after:end], end
    count = 2 * argument if major == MAP else argument
    items: list[bytes] = []
    while text[after] != _BREAK if count < 0 else len(items) < count:
        item, after = shortest(text, after)
        items.append(item)
    end = after + 1 if count < 0 else after
    if major <= TEXT:
        content = b"".join([item[argument_of(item, 0)[2] :] for item in items])
        return head_of(major, len(content)) + content, end
    if major == MAP:
        members = dict(zip(items[::2], items[1::2], strict=True))
        if 2 * len(members) < len(items):
            raise ValueError("a map has a key more than once")
        items = [key + members[key] for key in sorted(members)]
    return head_of(major, len(items)) + b"".join(items), end


def _shortest_bignum(tag: int, content: bytes) -> bytes:
    """A number that fits is no bignum, and one that is has no zeros before it: section 3.4.3."""
    digits = content[argument_of(content, 0)[2] :].lstrip(b"\x00")
    if len(digits) <= 8:
        return head_of(tag - 2, int.from_bytes(digits))
    return head_of(TAG, tag) + head_of(BYTES, len(digits)) + digits


def _shortest_simple(item: bytes) -> bytes:
    """A number in as few bytes as hold it, NaN as in section 4.2.2; any other simple value as it is."""
    if item[0] not in FLOATS:
        return item
    (number,) = struct.unpack(FLOATS[item[0]], item[1:])
    if number != number:
        return b"\xf9\x7e\x00"
    found = b"\xfb" + struct.pack(">d", number)
    for head in (0xFA, 0xF9):
        try:
            packed = struct.pack(FLOATS[head], number)
        except OverflowError:  # too great for it
            break
        if struct.unpack(FLOATS[head], packed)[0] != number:
            break
        found = bytes((head,)) + packed
    return found
