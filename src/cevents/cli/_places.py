"""Where in the text of an event something stands."""

from __future__ import annotations

import json
import re

__all__ = ["member_offset"]

_LONGEST = 2**20  # bytes; in a longer text nobody looks for a member
_WHITE_SPACE = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder(strict=False, parse_int=str, parse_float=str).raw_decode


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
