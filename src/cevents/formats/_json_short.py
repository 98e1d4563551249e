"""The short way to read an event in JSON: for the usual event, and to the same result as the careful one.

One typed decode of the members that are known, then a proof that the text had nothing else: msgspec keeps the last of
two members of one name, without a word. But what it kept, written again in the shortest form, is as long as the text
only if the text had each member once (and no white space); otherwise the quotes outside of strings are counted: every
further member has at least two more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, cast

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType
from msgspec.structs import astuple

from cevents import attributes, mediatypes
from cevents.attributes import Value
from cevents.errors import Findings
from cevents.event import CloudEvent, Envelope, enclosed

__all__ = ["JsonEnvelope", "encode", "learn", "many", "one", "quotes"]


def one(text: bytes) -> CloudEvent[Any] | None:
    """Return the event of a text, or None for one that needs care."""
    known = _learned.known
    try:
        envelope = known.one(text)
    except _UNKNOWN:
        return None
    if (len(encode(envelope)) == len(text) or _adds_up(text, envelope)) and (
        (text.isascii() and 92 not in text and 127 not in text) or _has_good_strings(text, (envelope,))
    ):
        return _opened(envelope, known.declared)
    return None


def many(text: bytes) -> list[CloudEvent[Any]] | None:
    """Return the events of an array, or None for one that needs care."""
    known = _learned.known
    try:
        envelopes = known.many(text)
    except _UNKNOWN:
        return None
    if (len(encode(envelopes)) == len(text) or quotes(text) == sum(map(_all_quotes, envelopes))) and (
        (text.isascii() and 92 not in text and 127 not in text) or _has_good_strings(text, envelopes)
    ):
        for envelope in envelopes:
            if envelope.data is not UNSET:
                envelope.data = envelope.data.copy()  # not to hold the text of the whole batch
        events = [_opened(envelope, known.declared) for envelope in envelopes]
        if None not in events:
            return cast("list[CloudEvent[Any]]", events)
    return None


def learn(extensions: dict[str, Value | Raw]) -> None:
    """Take note of the extensions of an event that took the careful way."""
    _learned.learn(extensions)


_Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class JsonEnvelope(Envelope, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    specversion: Literal["1.0"]  # pyright: ignore[reportIncompatibleVariableOverride] # nobody assigns it
    if TYPE_CHECKING:  # a field of every subclass, so that it is written last
        data: Raw | UnsetType = UNSET


class _Known(NamedTuple):
    """Typed decoders that know the core attributes and some extension names; `declared` are fields with their names."""

    names: tuple[str, ...]
    one: Callable[[bytes], JsonEnvelope]
    many: Callable[[bytes], list[JsonEnvelope]]
    declared: list[tuple[str, str]]


class _Learned:
    """The extension names that come often.

    A name joins when it has been seen a few times, so that names that do not come back cost nothing; when there are
    too many, the oldest are forgotten together, and nothing is learned for a while.
    """

    _OFTEN, _MANY, _LONG, _WHILE = 4, 24, 64, 1000

    def __init__(self) -> None:
        attributes.watchers.append(self.forget)
        self.forget()

    def forget(self) -> None:
        self._generation = getattr(self, "_generation", 0) + 1
        self._counts: dict[str, int] = {}
        self._rest = 0  # events of which nothing is learned
        self.known = _built(())

    def learn(self, extensions: dict[str, Value | Raw]) -> None:
        """Take note of the extensions of an event that came the careful way."""
        if self._rest:
            self._rest -= 1
            return
        if len(self._counts) > 256:
            self._counts.clear()
        frequent: list[str] = []
        for name, value in extensions.items():
            if (
                name not in self.known.names
                and isinstance(value, str | int | bytes)
                and len(name) <= self._LONG
            ):
                self._counts[name] = count = self._counts.get(name, 0) + 1
                if count >= self._OFTEN:
                    frequent.append(name)
        if frequent:
            names = self.known.names
            known = names if len(names) + len(frequent) <= self._MANY else ()
            if names and not known:
                self._rest = self._WHILE
            generation = self._generation
            built = _built((*known, *frequent[: self._MANY]))
            if generation == self._generation:  # nothing was declared meanwhile
                self.known = built


def _built(names: Iterable[str]) -> _Known:
    names = tuple(sorted(set(names)))  # another thread may have learned one of them meanwhile
    # a name may be a keyword, or begin with a digit
    fields = {f"extension_{name}": name for name in names}
    values = attrgetter("type", "source", *fields)  # of two or more it makes a tuple

    def extensions(envelope: Envelope) -> dict[str, Value | Raw]:
        found = zip(names, values(envelope)[2:], strict=True)
        return {name: value for name, value in found if value is not None}

    known = cast(
        "type[JsonEnvelope]",
        msgspec.defstruct(
            "KnownEnvelope",
            [
                *((field, str | bool | _Int32 | None, None) for field in fields),
                ("data", Raw | UnsetType, UNSET),
            ],
            bases=(JsonEnvelope,),
            namespace={"extensions": extensions},
            rename=fields,
            forbid_unknown_fields=True,
            omit_defaults=True,
            gc=False,
        ),
    )
    return _Known(
        names,
        msgspec.json.Decoder(known).decode,
        msgspec.json.Decoder(list[known]).decode,  # type: ignore[valid-type] # made above
        [(field, name) for field, name in fields.items() if attributes.declared(name) is not None],
    )


_learned = _Learned()


encode = msgspec.json.Encoder(enc_hook=str.__str__).encode  # the hook is for TimestampText
# What the short way leaves to the careful one.
_UNKNOWN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _adds_up(text: bytes, envelope: JsonEnvelope) -> bool:
    """Tell whether a text with white space has no more members than were decoded."""
    before = text.rstrip()[:-1].rstrip()
    if envelope.data is not UNSET and before.endswith(envelope.data):
        # As it mostly is: no need to look into it.
        return quotes(before[: -len(envelope.data)]) == _own_quotes(envelope)
    return quotes(text) == _all_quotes(envelope)


def _own_quotes(envelope: JsonEnvelope) -> int:
    """The number of quotes around the names and values of the members, data not included."""
    found = 0 if envelope.data is UNSET else 2
    for value in astuple(envelope):
        if type(value) is str:
            found += 4
        elif type(value) in (bool, int):
            found += 2
    return found


def _all_quotes(envelope: JsonEnvelope) -> int:
    within = 0 if envelope.data is UNSET else quotes(bytes(envelope.data))
    return _own_quotes(envelope) + within


def quotes(text: bytes) -> int:
    """The number of quotes that begin or end a string of a JSON text."""
    return (_ESCAPE.sub(b"", text) if 92 in text else text).count(b'"')


_ESCAPE = re.compile(rb"\\.", re.DOTALL)


def _has_good_strings(text: bytes, envelopes: Iterable[JsonEnvelope]) -> bool:
    """Check the strings where a text is not just ASCII without escapes and DEL, which holds nothing bad."""
    if not text.isascii():
        try:
            text.decode()  # Raw checks the grammar of what it skips, but not its UTF-8
        except UnicodeDecodeError:
            return False
    values = (value for envelope in envelopes for value in astuple(envelope) if type(value) is str)
    return all(map(attributes.is_string, values))


def _opened(envelope: JsonEnvelope, declared: list[tuple[str, str]]) -> CloudEvent[Any] | None:
    """Return the event of an envelope whose strings have been checked; None where it needs care."""
    for field, name in declared:
        value = getattr(envelope, field)
        if value is not None:
            findings = Findings()
            setattr(envelope, field, attributes.check_extension(name, value, findings, "1.0"))
            if findings.problems:
                return None
    data = envelope.data
    return enclosed(envelope, None if data is UNSET else data, None, _json_types)


def _is_json_type(content_type: str) -> bool:
    parsed = mediatypes.parse(content_type) if attributes.is_media_type(content_type) else None
    return parsed is not None and parsed.is_json


_json_types = attributes.Accepted(_is_json_type)  # under any other, data is text
