"""The JSON event format (`formats/json-format.md`), event <-> `application/cloudevents+json`.

Decoding never parses `data`. The usual event takes a short way: one typed decode of the members that are known,
then a proof that the text had nothing else. Whatever the short way does not understand, for good or ill, goes the
careful way, which finds every problem. Both give the same event.

The proof of uniqueness: msgspec keeps the last of two members of one name, without a word. But what it kept, written
again in the shortest form, is as long as the text only if the text had each member once (and no white space);
otherwise the quotes outside of strings are counted: every further member has at least two more.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from json import loads
from typing import Annotated, Any, Literal, TypeVar, cast

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType
from msgspec.structs import astuple, replace

from cevents import attributes, mediatypes
from cevents import data as data_
from cevents.attributes import Value
from cevents.data import Binary, Stored
from cevents.errors import Findings, InvalidEvent
from cevents.event import (
    UNREADABLE,
    CloudEvent,
    Envelope,
    assemble,
    enclose,
    is_good,
    kept_extensions,
    parts,
    wire_attributes,
)
from cevents.formats import _json_stream

__all__ = [
    "batch_media_type",
    "decode",
    "decode_batch",
    "encode",
    "encode_batch",
    "iter_decode",
    "media_type",
    "name",
]

T = TypeVar("T")

name = "json"
media_type = "application/cloudevents+json"  # JSON-3-a
batch_media_type: str | None = "application/cloudevents-batch+json"  # JSON-4.2-a


# --------------------------------------------------------------------------------------------------- encode


def encode(event: CloudEvent[Any], *, sort_attributes: bool = False) -> bytes:
    """Return the event as one JSON object in UTF-8, without white space; data that is JSON goes in as it came.

    Core attributes come first, then extensions by name; with `sort_attributes` all members by name. Raises
    `InvalidEvent` for an event that was read leniently and does not conform.
    """
    envelope, extensions, data, repairs = parts(event)
    if sort_attributes or repairs or envelope.specversion != "1.0":
        data = data_.resolved(data, envelope.datacontenttype)
        members: dict[str, Any] = {**wire_attributes(event), **_data_members(data, envelope.specversion)}
        return (_sorted_encoder if sort_attributes else _encoder).encode(members)
    text = _encode(envelope)
    if isinstance(envelope, _JsonEnvelope):
        return text  # it came as JSON, and has its extensions and data within
    pieces = [text[:-1]]
    if extensions:
        pieces += b",", _encoder.encode(extensions)[1:-1]
    if type(data) is bytes:
        data = data_.resolved(data, envelope.datacontenttype)
    if isinstance(data, Raw):
        pieces += b',"data":', data
    elif data is not None:
        pieces += b",", _encode(_data_members(data, "1.0"))[1:-1]
    pieces.append(b"}")
    return b"".join(pieces)


def _data_members(data: Stored, version: str) -> dict[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, bytes):
        return {"data": data}  # JSON-3.1.1-h, JSON-3.1.1-k
    text = b64encode(data).decode()
    if version == "0.3":
        return {"datacontentencoding": "base64", "data": text}  # V03-attr-b
    return {"data_base64": text}  # JSON-3.1.1-b


def encode_batch(events: Iterable[CloudEvent[Any]]) -> bytes:
    """Return the events as one JSON array; `InvalidEvent` if they are not of one specversion (`CE-message-d`)."""
    bodies: list[bytes] = []
    version = None
    for index, event in enumerate(events):
        version = _same_version(version, event, index, lenient=False)
        bodies.append(encode(event))
    return b"[%b]" % b",".join(bodies)


def _same_version(version: str | None, event: CloudEvent[Any], index: int, *, lenient: bool) -> str:
    if version is not None and event.specversion != version and not lenient:
        findings = Findings(index=index)
        findings.report(
            "CE-message-d", f"must be {version} as in the whole batch", "specversion", event.specversion
        )
        findings.conclude()
    return event.specversion


def encode_value(value: object) -> bytes:
    """Return the JSON text of a Map attribute of 0.3, or of one value in it."""
    return _encoder.encode(value)


_encoder = msgspec.json.Encoder(enc_hook=str)  # the hook is for TimestampText
_sorted_encoder = msgspec.json.Encoder(enc_hook=str, order="sorted")


# --------------------------------------------------------------------------------------------------- decode


def decode(body: bytes | bytearray | memoryview | str, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event of a JSON object, its data unparsed.

    Raises `InvalidEvent` with every problem: what is no JSON object, a member that is there twice, what the
    specification forbids. `lenient` mends what is documented and tells in `event.repairs`.
    """
    text = body if type(body) is bytes else _bytes(body)
    try:
        envelope = _decoders.one(text)
    except _UNKNOWN:
        return _decode_carefully(text, Findings(lenient=lenient))
    if (len(_encode(envelope)) == len(text) or _adds_up(text, envelope)) and (
        (text.isascii() and 92 not in text and 127 not in text) or _has_good_strings(text, envelope)
    ):
        event = _opened(envelope)
        if event is not None:
            return event
    return _decode_carefully(text, Findings(lenient=lenient))


def decode_batch(
    body: bytes | bytearray | memoryview | str, *, lenient: bool = False
) -> list[CloudEvent[Any]]:
    """Return the events of a JSON array, in order; `[]` is an empty batch (`JSON-4.3-a`).

    Raises `InvalidEvent`, whose problems name the index of the event, for the whole batch if one event is bad or
    (unless `lenient`) of another specversion.
    """
    text = body if type(body) is bytes else _bytes(body)
    try:
        envelopes = _decoders.many(text)
    except _UNKNOWN:
        return list(_decode_elements(text, lenient=lenient))
    if len(_encode(envelopes)) == len(text) and text.isascii() and 92 not in text and 127 not in text:
        events = list(map(_opened, envelopes))
        if None not in events:
            return cast("list[CloudEvent[Any]]", events)
    return list(_decode_elements(text, lenient=lenient))


def iter_decode(
    source: _json_stream.Source, *, lenient: bool = False, max_size: int = 2**24
) -> Iterator[CloudEvent[Any]]:
    """Yield the events of a stream, one after the other and in constant memory.

    `source` is a binary file or an iterable of chunks of bytes. It holds events one a line (NDJSON), one after the
    other, or one JSON array of any length. Raises `InvalidEvent` with the index and byte position of the first bad
    one; `max_size` bounds the bytes of a single event.
    """
    version = None
    for element in _json_stream.split(source, max_size=max_size):
        event = decode_element(element, lenient=lenient)
        if element.of_batch:
            version = _same_version(version, event, element.index, lenient=lenient)
        yield event


def decode_element(element: _json_stream.Element, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event of one element of a stream; raises `InvalidEvent` with its index and byte position."""
    try:
        if element.problem is not None:
            findings = Findings()
            findings.report("JSON-4.1-a" if element.of_batch else "JSON-3-b", element.problem)
            findings.conclude()
        return decode(element.text, lenient=lenient)
    except InvalidEvent as error:
        raise InvalidEvent(
            replace(problem, index=element.index, position=element.position + (problem.position or 0))
            for problem in error.problems
        ) from None


def _bytes(body: bytes | bytearray | memoryview | str) -> bytes:
    if type(body) is bytes:
        return body
    if isinstance(body, str):
        return body.encode(errors="surrogatepass")  # what is wrong with it is found as in bytes
    return bytes(body)  # a copy: the caller's buffer can change


# -------------------------------------------------------------------------------------------- the short way

_Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class _JsonEnvelope(Envelope, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    specversion: Literal["1.0"]  # pyright: ignore[reportIncompatibleVariableOverride] # nobody assigns it
    data: Raw | UnsetType = UNSET


class _Decoders:
    """Typed decoders that know the core attributes and the extension names that come often.

    A name joins when it has been seen a few times, so that names that do not come back cost nothing; when there are
    too many, the oldest are forgotten together.
    """

    _OFTEN, _MANY, _LONG = 4, 24, 64

    def __init__(self) -> None:
        attributes.watchers.append(self.forget)
        self.forget()

    def forget(self) -> None:
        self._counts: dict[str, int] = {}
        self._build(())

    def learn(self, extensions: dict[str, Value | Raw]) -> None:
        """Take note of the extensions of an event that came the careful way."""
        if len(self._counts) > 256:
            self._counts.clear()
        frequent: list[str] = []
        for name, value in extensions.items():
            if name not in self._names and isinstance(value, str | int | bytes) and len(name) <= self._LONG:
                self._counts[name] = count = self._counts.get(name, 0) + 1
                if count >= self._OFTEN:
                    frequent.append(name)
        if frequent:
            known = self._names if len(self._names) + len(frequent) <= self._MANY else ()
            self._build((*known, *frequent[: self._MANY]))

    def _build(self, names: Iterable[str]) -> None:
        self._names = tuple(sorted(names))
        # a name may be a keyword, or begin with a digit
        fields = {f"extension_{name}": name for name in self._names}

        def extensions(envelope: Envelope) -> dict[str, Value | Raw]:
            found = ((name, getattr(envelope, field)) for field, name in fields.items())
            return {name: value for name, value in found if value is not None}

        known = cast(
            "type[_JsonEnvelope]",
            msgspec.defstruct(
                "KnownEnvelope",
                [(field, str | bool | _Int32 | None, None) for field in fields],
                bases=(_JsonEnvelope,),
                namespace={"extensions": extensions},
                rename=fields,
                forbid_unknown_fields=True,
                omit_defaults=True,
                gc=False,
            ),
        )
        self.declared = [
            (field, name) for field, name in fields.items() if attributes.declared(name) is not None
        ]
        self.one = msgspec.json.Decoder(known).decode
        self.many = msgspec.json.Decoder(list[known]).decode  # type: ignore[valid-type] # made above


_decoders = _Decoders()


_encode = _encoder.encode
_UNKNOWN = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    RecursionError,
)  # what the short way leaves to the careful one


def _adds_up(text: bytes, envelope: _JsonEnvelope) -> bool:
    """Tell whether a text with white space has no more members than were decoded."""
    before = text.rstrip()[:-1].rstrip()
    quotes = 0
    if envelope.data is not UNSET:
        size = len(envelope.data)
        if before.endswith(envelope.data):
            before, quotes = before[:-size], 2
        else:
            quotes = 2 + _quotes(bytes(envelope.data))
    for value in astuple(envelope):
        if type(value) is str:
            quotes += 4
        elif type(value) in (bool, int):
            quotes += 2
    # a quote within a string is escaped, so that it counts as none on either side
    return _quotes(before) == quotes


def _quotes(text: bytes) -> int:
    """The number of quotes that begin or end a string of a JSON text."""
    return (_ESCAPE.sub(b"", text) if 92 in text else text).count(b'"')


_ESCAPE = re.compile(rb"\\.", re.DOTALL)


def _has_good_strings(text: bytes, envelope: _JsonEnvelope) -> bool:
    """Check the strings where a text is not just ASCII without escapes and DEL, which holds nothing bad."""
    if not text.isascii():
        try:
            text.decode()  # Raw checks the grammar of what it skips, but not its UTF-8
        except UnicodeDecodeError:
            return False
    values = astuple(envelope)
    return all(attributes.is_string(value) for value in values if isinstance(value, str))


def _opened(envelope: _JsonEnvelope) -> CloudEvent[Any] | None:
    """Return the event of an envelope whose strings have been checked; None where it needs care."""
    content_type = envelope.datacontenttype
    if not is_good(envelope) or (content_type is not None and not _is_json(content_type)):
        return None  # under another content type data is text
    for field, name in _decoders.declared:
        value = getattr(envelope, field)
        if value is not None:
            findings = Findings()
            setattr(envelope, field, attributes.check_extension(name, value, findings, "1.0"))
            if findings.problems:
                return None
    return enclose(envelope, None if envelope.data is UNSET else envelope.data)


@lru_cache(maxsize=512)
def _is_json(content_type: str) -> bool:
    """Tell of a content type that is not long whether it means JSON."""
    parsed = mediatypes.parse(content_type)
    return parsed is not None and parsed.is_json


# ------------------------------------------------------------------------------------------ the careful way


def _decode_carefully(text: bytes, findings: Findings) -> CloudEvent[Any]:
    members = _members(text, findings)
    version = "0.3" if members.get("specversion") == _V03 else "1.0"
    data_member = members.pop("data", None)
    base64_member = members.pop("data_base64", None)
    encoding_member = members.pop("datacontentencoding", None) if version == "0.3" else None
    found: dict[str, object] = {
        name: _attribute(name, value, findings, version) for name, value in members.items() if value != _NULL
    }
    content_type = found.get("datacontenttype")
    reader = _Data(content_type if isinstance(content_type, str) else None, findings)
    if version == "0.3":
        data = reader.of_v03(data_member, encoding_member, base64_member)
    else:
        data = reader.of_v1(data_member, base64_member)
    event = assemble(found, data, findings)
    if version == "1.0" and not event.repairs:
        _decoders.learn(kept_extensions(event))
    return event


_NULL = Raw(b"null")
_V03 = Raw(b'"0.3"')


def _members(text: bytes, findings: Findings) -> dict[str, Raw]:
    """The members of the object, each still JSON text; raises `InvalidEvent` if it is none."""
    text = _without_mark(text, "JSON-3-b", findings)
    members = _parsed(_members_decoder, text, "JSON-3-b", "a JSON object", findings)
    if _quotes(text) != sum(2 + _quotes(bytes(value)) for value in members.values()):
        _report_repeated(text, findings)
    return members


def _without_mark(text: bytes, requirement: str, findings: Findings) -> bytes:
    if text.startswith(_BOM) and findings.repair(requirement, "must not begin with a byte order mark"):
        return text.removeprefix(_BOM)
    return text


def _parsed(
    decoder: msgspec.json.Decoder[T], text: bytes, requirement: str, wanted: str, findings: Findings
) -> T:
    """Parse the outermost level of a JSON text; raises `InvalidEvent` for what is not `wanted`."""
    try:
        if not text.isascii():
            text.decode()  # Raw checks the grammar of what it skips, but not its UTF-8
        return decoder.decode(text)
    except UnicodeDecodeError as error:
        findings.report(requirement, "is not UTF-8", position=error.start)
    except RecursionError:
        findings.report(requirement, "is nested too deeply")
    except msgspec.ValidationError:
        findings.report(requirement, f"must be {wanted}")
    except msgspec.DecodeError as error:
        message, position = _explained(error)
        findings.report(requirement, f"is not JSON: {message}", position=position)
    raise InvalidEvent(findings.problems)


def _explained(error: msgspec.DecodeError) -> tuple[str, int | None]:
    match = re.fullmatch(r"(?:JSON is malformed: )?(.*?)(?: \(byte (\d+)\))?", str(error), re.DOTALL)
    assert match is not None
    return match[1], None if match[2] is None else int(match[2])


def _number(text: str) -> tuple[str, str]:
    return ("number", text)  # its digits, told apart from a string of them


def _report_repeated(text: bytes, findings: Findings) -> None:
    """Name the members that are there more than once (CE-attrs-d)."""
    pairs: list[tuple[str, Any]] = []

    def keep(found: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs[:] = found  # the outermost object comes last
        return dict(found)

    try:
        loads(text, object_pairs_hook=keep, parse_int=_number, parse_float=_number)
    except RecursionError:  # it may go less deep than what found the text to be JSON
        findings.report("CE-attrs-d", "has a member that is there more than once")
        return
    values: dict[str, Any] = {}
    for member, value in pairs:
        if member in values and values[member] == value:
            findings.repair("CE-attrs-d", "is there more than once", member, hint="the repeats are the same")
        elif member in values:
            findings.report("CE-attrs-d", "is there more than once, with different values", member)
        values[member] = value


_BOM = b"\xef\xbb\xbf"
_members_decoder = msgspec.json.Decoder(dict[str, Raw])
_string_decoder = msgspec.json.Decoder(str)
_INTEGER = re.compile(rb"-?(?:0|[1-9][0-9]*)")


def _attribute(name: str, member: Raw, findings: Findings, version: str) -> object:
    """The value of an attribute from its JSON text; `UNREADABLE` after noting a problem."""
    text = bytes(member)
    if text.startswith(b'"'):
        return _string_decoder.decode(text)
    if text in (b"true", b"false"):
        return text == b"true"
    if _INTEGER.fullmatch(text):
        if len(text) <= 11:
            return int(text)
        findings.report("CE-types-c", "must be a whole number of 32 bits", name, text.decode())
    elif version == "0.3":
        return member  # V03-spec-c: Map and Any
    elif text[:1] in b"{[":
        kind = "an object" if text.startswith(b"{") else "an array"
        findings.report("CE-types-l", f"must not be {kind}", name, hint=_hint_for(name))
    else:
        findings.report(
            "JSON-2.2-b", "must be a whole number without fraction and exponent", name, text.decode()
        )
    return UNREADABLE


def _hint_for(name: str) -> str | None:
    return "extension attributes stand beside the others" if name == "extensions" else None  # JSON-2-a


class _Data:
    """Reads the members that hold data, under the content type of the event."""

    def __init__(self, content_type: str | None, findings: Findings) -> None:
        parsed = None if content_type is None else mediatypes.parse(content_type)
        self._is_json = content_type is None or (parsed is not None and parsed.is_json)
        self._is_text = parsed is not None and parsed.is_text
        self._findings = findings

    def of_v1(self, data: Raw | None, base64: Raw | None) -> Stored:
        if base64 is None or base64 == _NULL:  # T-JSON-4
            return self._of_member(data)
        if data == _NULL:
            self._findings.repair("JSON-3.1.1-m", "must not be there beside data_base64", "data")
        elif data is not None:
            self._findings.report("JSON-3.1.1-m", "must not be there together with data_base64", "data")
        return self._of_base64("JSON-3.1.2-a", "data_base64", base64)

    def of_v03(self, data: Raw | None, encoding: Raw | None, base64: Raw | None) -> Stored:
        if base64 is not None and base64 != _NULL:
            self._findings.report("V03-json-e", "is not known under specversion 0.3", "data_base64")
        is_string = data is not None and bytes(data).startswith(b'"')
        if encoding is not None and encoding != _NULL:
            name = _attribute("datacontentencoding", encoding, self._findings, "1.0")
            if not isinstance(name, str) or name.lower() != "base64":
                self._findings.report("V03-attr-b", 'must be "base64"', "datacontentencoding", name)
            elif data is not None and is_string:
                return self._of_base64("V03-attr-b", "data", data)
        elif data is not None and is_string and not self._is_json and not self._is_text:
            text = _string_decoder.decode(data)
            found = attributes.decode_base64(
                text
            )  # as the 0.3 format has it, though its core demands the encoding
            if found is not None:
                return Binary(found)
            rule = "must be base64, since its content type is not of text"
            return text if self._findings.repair("V03-json-d", rule, "data", text) else None
        return self._of_member(data)

    def _of_member(self, data: Raw | None) -> Stored:
        if data is None or self._is_json:
            return data
        if bytes(data).startswith(b'"'):
            return _string_decoder.decode(data)  # JSON-3.1.2-g
        if self._findings.repair(
            "JSON-3.1.2-h", "must be a string, since the content type is not JSON", "data"
        ):
            return None if data == _NULL else bytes(data).decode()
        return None

    def _of_base64(self, requirement: str, name: str, member: Raw) -> Stored:
        text = _attribute(name, member, self._findings, "1.0")
        if text is UNREADABLE:
            return None
        if not isinstance(text, str):
            self._findings.report(requirement, "must be a string of base64", name, text)
            return None
        found = attributes.decode_base64(text)
        if found is None:
            found = attributes.decode_base64(text, lenient=True)
            if found is None:
                self._findings.report(requirement, "must be base64 (RFC 4648)", name, text)
            elif not self._findings.repair(
                requirement, "must be base64 (RFC 4648), padded and canonical", name, text
            ):
                return None
        return None if found is None else Binary(found)


# -------------------------------------------------------------------------------------------------- batches


def _decode_elements(text: bytes, *, lenient: bool) -> Iterator[CloudEvent[Any]]:
    findings = Findings(lenient=lenient)
    text = _without_mark(text, "JSON-4.1-a", findings)
    elements = _parsed(_elements_decoder, text, "JSON-4.1-a", "a JSON array of events", findings)
    version = None
    problems = findings.problems
    for index, element in enumerate(elements):
        try:
            event = decode(bytes(element), lenient=lenient)
            version = _same_version(version, event, index, lenient=lenient)
        except InvalidEvent as error:
            problems.extend(replace(problem, index=index) for problem in error.problems)
            if len(problems) >= _ENOUGH:
                break
        else:
            if not problems:
                yield event
    findings.conclude()


_ENOUGH = 100  # problems; a batch that has as many needs no longer list
_elements_decoder = msgspec.json.Decoder(list[Raw])
