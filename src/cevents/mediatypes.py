"""Media types (RFC 2045 section 5.1, RFC 2046): what `datacontenttype` and every Content-Type say."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from encodings.aliases import aliases
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["MediaType", "parse"]

_TOKEN = r"[A-Za-z0-9!#$%&'*+\-.^_`{|}~]++"  # noqa: S105 - RFC 2045 token: no spaces, controls and tspecials
_QUOTED_STRING = r'"(?:[\x20!\x23-\x5b\x5d-\x7e]++|\\[\x20-\x7e])*+"'
_PARAMETER = re.compile(f"[ \\t]*+;[ \\t]*+({_TOKEN})=({_TOKEN}|{_QUOTED_STRING})")
_MEDIA_TYPE = re.compile(
    f"({_TOKEN})/({_TOKEN})((?:[ \\t]*+;[ \\t]*+{_TOKEN}=(?:{_TOKEN}|{_QUOTED_STRING}))*+)"
)
_NO_WORD = re.compile("[^a-z0-9]+")
_CHARSETS = frozenset(aliases) | frozenset(aliases.values()) | {"utf_8_sig"}
_NO_CHARSETS = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)  # to anybody
_UNSAFE = frozenset({"utf-7"})  # can spell unpaired surrogates
_REMEMBERED = 256  # characters; longer ones are parsed each time, so that the cache stays small


class MediaType(NamedTuple):
    """A parsed media type; type, subtype and parameter names in lower case (`CE-datacontenttype-e`)."""

    type: str
    subtype: str
    parameters: Mapping[str, str]

    @property
    def essence(self) -> str:
        """`type/subtype`, without parameters."""
        return f"{self.type}/{self.subtype}"

    @property
    def is_json(self) -> bool:
        """Tell whether the subtype is `json` or ends in `+json`, under any type (`JSON-3.1.1-f`)."""
        return self.subtype == "json" or self.subtype.endswith("+json")

    @property
    def is_cbor(self) -> bool:
        """Tell whether the subtype is `cbor` or ends in `+cbor` (`CBOR-3.1.1-c`)."""
        return self.subtype == "cbor" or self.subtype.endswith("+cbor")

    @property
    def is_text(self) -> bool:
        """Tell whether content of this type is characters: `text/*`, XML, or anything that names its charset."""
        if self.type == "text" or "charset" in self.parameters:
            return True
        return self.subtype == "xml" or self.subtype.endswith("+xml")

    @property
    def codec(self) -> str | None:
        """The name of the Python codec for the `charset` parameter; UTF-8 without one, None for an unknown one."""
        charset = _NO_WORD.sub("_", self.parameters.get("charset", "utf-8").lower())
        if charset not in _CHARSETS:  # codecs.lookup would remember the name, and senders choose it
            return None
        try:
            name = codecs.lookup(charset).name
            "".encode(name)  # fails for the codecs that are not of texts, such as base64
        except LookupError:
            return None
        return None if name in _NO_CHARSETS or name in _UNSAFE else name


def parse(text: str | None) -> MediaType | None:
    """Return the media type that `text` spells, or None if it is none. White space around it is no part of it."""
    if text is None:
        return None
    return _remembered(text) if len(text) <= _REMEMBERED else _parsed(text)


def _parsed(text: str) -> MediaType | None:
    match = _MEDIA_TYPE.fullmatch(text.strip(" \t"))
    if match is None:
        return None
    main, subtype, rest = match.groups()
    parameters = {name.lower(): _unquoted(value) for name, value in _PARAMETER.findall(rest)}
    return MediaType(main.lower(), subtype.lower(), MappingProxyType(parameters))


_remembered = lru_cache(maxsize=512)(_parsed)


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
