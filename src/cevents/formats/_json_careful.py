"""The careful way to read an event in JSON: member by member, noting every problem and every repair."""

from __future__ import annotations

import re
from json import loads
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from cevents import attributes, mediatypes
from cevents.data import Binary, Stored
from cevents.errors import Findings, InvalidEvent
from cevents.event import UNREADABLE, CloudEvent, assemble, kept_extensions
from cevents.formats._json_short import learn, quotes

__all__ = ["decode", "parsed", "without_mark"]

T = TypeVar("T")


def decode(text: bytes, findings: Findings) -> CloudEvent[Any]:
    """Return the event of a text; raises `InvalidEvent` with all that is wrong with it."""
    members = _members(text, findings)
    version = "0.3" if _is_v03(members.get("specversion")) else "1.0"
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
        learn(kept_extensions(event))
    return event


_NULL = Raw(b"null")


def _is_v03(specversion: Raw | None) -> bool:
    """In whatever spelling, with escapes too."""
    return (
        specversion is not None
        and bytes(specversion).startswith(b'"')
        and _string_decoder.decode(specversion) == "0.3"
    )


def _members(text: bytes, findings: Findings) -> dict[str, Raw]:
    """The members of the object, each still JSON text; raises `InvalidEvent` if it is none."""
    text = without_mark(text, "JSON-3-b", findings)
    members = parsed(_members_decoder, text, "JSON-3-b", "a JSON object", findings)
    if quotes(text) != sum(2 + quotes(bytes(value)) for value in members.values()):
        _report_repeated(text, findings)
    return members


def without_mark(text: bytes, requirement: str, findings: Findings) -> bytes:
    """Return the text without a byte order mark, which only lenient reading allows."""
    if not text.startswith(_BOM):
        return text
    findings.repair(requirement, "must not begin with a byte order mark")
    return text.removeprefix(_BOM)


def parsed(
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
        is_batch = decoder is _members_decoder and text.lstrip().startswith(b"[")
        hint = "an array of events is a batch, of another media type" if is_batch else None
        findings.report(requirement, f"must be {wanted}", hint=hint)
    except msgspec.DecodeError as error:
        if not text.strip():
            findings.report(requirement, f"is empty, but must be {wanted}")
        else:
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
    if text[:1] in b"-0123456789" and (name == "specversion" or name in attributes.core_attributes(version)):
        is_short = _INTEGER.fullmatch(text) and len(text) < 100
        return int(text) if is_short else float(text)  # whatever number it is: it must be a string
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
        parsed = mediatypes.parse(content_type)
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
