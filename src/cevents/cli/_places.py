"""Where in the text of an event something stands."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from cevents.errors import Problem

__all__ = ["Place", "column_in", "member_offset", "offset_of"]


class Place(Struct, frozen=True):
    """Where something is in a file: events and bytes count from 0, lines and columns from 1; None is not known."""

    index: int | None = None
    position: int | None = None
    line: int | None = None
    column: int | None = None


_LONGEST = 2**20  # bytes; in a longer text nobody looks for a member
_WHITE_SPACE = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder(strict=False, parse_int=str, parse_float=str).raw_decode


def column_in(text: bytes, offset: int) -> int:
    """Return the column of a byte, in characters from 1, in a text that begins with a line."""
    start = text.rfind(b"\n", 0, offset) + 1
    return len(text[start:offset].decode(errors="replace").lstrip("\ufeff")) + 1


def offset_of(problem: Problem, text: bytes) -> int:
    """Return the byte at which a problem is in the JSON text of an event: its own, that of its member, or the first."""
    if problem.position is not None:
        return problem.position
    if problem.message.endswith("was truncated"):  # here the rest should be
        return len(text)
    if problem.attribute is None:
        return 0
    name = problem.attribute.removeprefix('"').removesuffix('"')  # which unusual names have around them
    return member_offset(text, name) or 0


def member_offset(text: bytes, name: str) -> int | None:
    """Return the byte at which the last member `name` of a JSON object begins; None if there is none, or no object."""
    if len(text) > _LONGEST:
        return None
    characters = text.decode(errors="replace")
    start = _member_starts(characters).get(name)
    return None if start is None else len(characters[:start].encode())


def _member_starts(text: str) -> dict[str, int]:
    starts: dict[str, int] = {}

    def after_white_space(at: int) -> int:
        match = _WHITE_SPACE.match(text, at)
        return at if match is None else match.end()

    at = after_white_space(0)
    if text[at : at + 1] != "{":
        return starts
    try:
        while text[at] in "{,":
            start = after_white_space(at + 1)
            member, at = _decode(text, start)
            starts[str(member)] = start
            _, at = _decode(text, after_white_space(after_white_space(at) + 1))  # 1 for the colon
            at = after_white_space(at)
    except (ValueError, IndexError, RecursionError):  # broken from here on
        pass
    return starts
