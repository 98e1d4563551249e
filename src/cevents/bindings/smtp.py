"""The SMTP protocol binding (`docs/specs/smtp-protocol-binding.md`): binary, structured and batched mode.

There is no official one; cevents wrote the document. A message is one of the standard library's `email`. Relays fold
fields anew, change transfer encodings and append footers: what is written here comes through that byte for byte, and
what was altered all the same is refused.
"""

from __future__ import annotations

import re
from base64 import encodebytes
from binascii import a2b_base64, a2b_qp, b2a_base64
from collections.abc import Iterable, Iterator
from contextlib import suppress
from copy import copy
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser, HeaderParser
from email.policy import compat32, default
from functools import cached_property
from hashlib import md5
from itertools import islice
from typing import Any, Literal, TypeAlias, TypeGuard, cast

from cevents.attributes import decode_base64
from cevents.bindings import _modes
from cevents.bindings._headers import PercentRules, lower, percent_decode, percent_encode
from cevents.bindings._modes import Metadata, Mode
from cevents.bindings._table import Binding, Limits
from cevents.errors import Findings, InvalidEvent, NotACloudEvent, refuse
from cevents.event import UNREADABLE, CloudEvent
from cevents.event import content_type as content_type_of

__all__ = ["Mail", "content_mode", "decode", "decode_batch", "encode", "encode_batch", "is_cloudevent"]

Mail: TypeAlias = "Message[Any, Any] | bytes | bytearray | memoryview"
"""A message of `email`, parsed by any policy or made by a program, or the bytes of one."""


def _code(text: str) -> str:
    """Encode as HTTP does, and so that no value looks like an encoded word, or like none (SMTP-3.1.3.2-a, -b, -c)."""
    return percent_encode(text).replace("=?", "%3D?") or '""'


def _read(name: str, value: str, findings: Findings, _version: str) -> Any:
    text = value.translate(_WHITE)  # SMTP-3.1.3.3-b
    if not text.isascii():
        with suppress(UnicodeEncodeError):  # a character for each byte, as `percent_decode` expects them
            text = text.encode("utf-8", "surrogateescape").decode("latin-1")
    if _ENCODED_WORD.search(text):
        if not findings.repair("SMTP-3.1.3.2-f", "must not be in encoded words", name, text):
            return UNREADABLE
        try:
            text = _ENCODED_WORD.sub(_of_encoded_word, text).translate(_WHITE)
        except ValueError:
            findings.report("SMTP-3.1.3.2-f", "is in encoded words that are broken", name, text)
            return UNREADABLE
    return percent_decode(name, text, findings, rules=_RULES)


_WHITE = dict.fromkeys(map(ord, " \t\r\n"))
_ENCODED_WORD = re.compile(r"=\?[^?]+\?([BbQq])\?([^?]*)\?=")  # RFC 2047, section 2
_RULES = PercentRules("SMTP-3.1.3.2-e", "SMTP-3.1.3.2-d", "SMTP-3.1.3.2-d", "SMTP-3.1.3.2-g")


def _of_encoded_word(match: re.Match[str]) -> str:
    encoded = match[2].encode("latin-1", "replace")
    found = a2b_qp(encoded, header=True) if match[1] in "Qq" else a2b_base64(encoded)
    return found.decode("latin-1")


_BINDING = Binding(
    protocol="SMTP",
    prefix="ce-",  # SMTP-3.1.3.1-a
    code=_code,
    read=_read,
    content_type_among_headers=False,
    attribute="only",  # SMTP-3.1.1-a
    no_data=None,  # SMTP-3.1.2-d
    limits=Limits("SMTP-3.1.3.1-c", name=len("ce-") + 64, value=96_000),
    mode_requirement="SMTP-3-a",
    content_type_requirement="SMTP-3.1.1-a",
    name_requirement="SMTP-3.1.3.1-a",
)


def encode(
    event: CloudEvent[Any],
    mode: Literal["binary", "structured"] = "binary",
    format: str = "json",
) -> EmailMessage:
    """Return the event as a message to which the caller adds From, To, Subject and whatever else a mail has.

    It can be a part of a larger message, too. `format` is the event format of structured mode. Raises `InvalidEvent`
    for an attribute that is too long for a field (SMTP-3.1.3.1-c), `DataError` if its charset cannot hold the data.
    """
    media_type, metadata, data = _modes.encode(event, mode, format, _BINDING)
    return _message(media_type or _mime_type(content_type_of(event)), metadata, data)


def encode_batch(events: Iterable[CloudEvent[Any]], format: str = "json") -> EmailMessage:
    """Return the events as one message, to be sent only to whom asked for batches (SMTP-3.3-a).

    Raises `UnsupportedBatch` for a format without batches, `InvalidEvent` if the events are not of one specversion.
    """
    media_type, body = _modes.encode_batch(events, format)
    return _message(media_type, [], body)


def decode(message: Mail, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the one event of a message, which may be a part of it (SMTP-4-a).

    Raises `NotACloudEvent` for a message that has none, `UnsupportedFormat` for an event format not known here, and
    `InvalidEvent` with every problem: for data that was altered on the way, a batch, more than one event. Lenient
    reading takes data without `Content-MD5`, and fields that a mail library put into encoded words.
    """
    findings = Findings(lenient=lenient)
    fields, part = _sole(message, findings)
    content_type = None if part.has_type(_ANY) else part.content_type  # SMTP-3.1.1-b: it says nothing
    return _modes.decode(content_type, fields, part.content(findings), _BINDING, findings)


def decode_batch(message: Mail, *, lenient: bool = False) -> list[CloudEvent[Any]]:
    """Return the events of the one batch of a message, in order; raises as `decode` does, for a single event too."""
    findings = Findings(lenient=lenient)
    _, part = _sole(message, findings)
    body = part.content(findings) if part.mode == "batch" else None
    return _modes.decode_batch(part.content_type, body or b"", _BINDING, findings)


def content_mode(message: Mail) -> Mode:
    """Return the mode of the first event of a message: "binary", "structured" or "batch"; "binary" if it has none."""
    found = _found(message)
    return found[0][1].mode if found else "binary"


def is_cloudevent(message: Mail) -> bool:
    """Tell whether a message has a part that claims to be an event or a batch: by its content type, or by its fields.

    It may still be invalid.
    """
    return any(part.mode != "binary" or dict(fields).keys() >= _REQUIRED for fields, part in _found(message))


_REQUIRED = {"ce-specversion", "ce-type", "ce-source", "ce-id"}

# -------------------------------------------------------------------------------------------------------------- writing


def _message(media_type: str, metadata: Metadata, data: bytes | None) -> EmailMessage:
    fields = [("MIME-Version", "1.0")]
    fields += [(f"CE-{name.removeprefix('ce-').capitalize()}", value) for name, value in metadata]
    fields += [("Content-Type", media_type), ("Content-Transfer-Encoding", "base64")]  # SMTP-3.1.2-a
    if data is not None:
        fields.append(("Content-MD5", _digest(data)))  # SMTP-3.1.2-b
    # Parsed, and not set one by one: `email` keeps fields that came folded, and folds others its own way, which puts
    # long words into encoded words.
    head = "".join(map(_folded, fields))
    message = HeaderParser(EmailMessage, policy=default).parsestr(head + "\n")
    message.set_payload(encodebytes(data or b"").decode("ascii"))
    return message


def _folded(field: tuple[str, str]) -> str:
    """Return a field in lines of at most 76 characters, cut anywhere (SMTP-3.1.3.3-a)."""
    name, value = field
    if len(name) + len(value) <= _WIDTH - 2 or not name.startswith("CE-"):
        return f"{name}: {value}\n"
    first = _WIDTH - 2 - len(name)
    rest = range(first, len(value), _WIDTH - 1)
    return "\n ".join([f"{name}: {value[:first]}", *(value[at : at + _WIDTH - 1] for at in rest)]) + "\n"


_WIDTH = 76


def _mime_type(declared: str | None) -> str:
    """Return the datacontenttype where mail software handles it well, else the type of any bytes (SMTP-3.1.1-b)."""
    if declared is None or len(declared) > 60 or not _USUAL_TYPE.fullmatch(declared):
        return _ANY
    return _ANY if declared.lower().startswith(_NOT_DATA) else declared  # SMTP-3.1.1-c


_ANY = "application/octet-stream"
_NOT_DATA = ("multipart/", "message/", "application/cloudevents")
_NAME = "[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*+"  # RFC 6838, section 4.2
_USUAL_TYPE = re.compile(f"{_NAME}/{_NAME}(?:; ?[A-Za-z0-9-]++=[A-Za-z0-9_.+-]++)*+")


def _digest(data: bytes) -> str:
    return b2a_base64(md5(data, usedforsecurity=False).digest(), newline=False).decode()


# -------------------------------------------------------------------------------------------------------------- reading


class _Entity:
    """A message or a part of one (RFC 2045, section 2.4): its fields, and its parts or its content."""

    def __init__(self, message: Message[Any, Any]) -> None:
        self._message = message
        # SMTP-3.1.3.1-b
        self.fields = [(lower(str(name)), str(value)) for name, value in message.raw_items()]
        self.names = {name for name, _ in self.fields}
        self.content_type = next(iter(self._values("content-type")), None)
        self.mode: Mode = _modes.mode_of(self.content_type)

    def has_type(self, type: str) -> bool:
        """Tell whether the content type begins so."""
        return (self.content_type or "").lower().startswith(type)

    @cached_property
    def parts(self) -> list[_Entity]:
        """The parts of a multipart; none of anything else, for what is in a `message/rfc822` was sent to others."""
        if not self.has_type("multipart/"):  # SMTP-4-c
            return []
        payload: Any = self._message.get_payload()
        if isinstance(payload, list):
            return [_Entity(part) for part in cast("list[object]", payload) if _is_message(part)]
        split = islice(_split(self._body() or b"", self.content_type or ""), _PARTS)
        return [_Entity(_parsed(part)) for part in split]

    def leaves(self) -> Iterator[_Entity]:
        """Yield all that has no parts, in order."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()

    def content(self, findings: Findings) -> bytes | None:
        """Return the bytes before transfer encoding, None for no data, after a look at whether they are as written."""
        self._one("content-type", findings)
        encoding = (self._one("content-transfer-encoding", findings) or "7bit").lower()
        body = self._body()
        content = None if body is None else _decoded(body, encoding)
        digest = self._one("content-md5", findings)
        if content is None:
            rule = "does not tell the bytes of the body"
            findings.report("SMTP-3.1.2-c", rule, "content-transfer-encoding", encoding)
        elif digest is not None:
            if digest.translate(_WHITE) != _digest(content):
                rule = "is not that of the content, which was altered on its way"
                findings.report("SMTP-3.1.2-e", rule, "content-md5", digest)
        elif self.mode == "binary":
            if not content.strip():
                return None  # SMTP-3.1.2-d
            findings.repair("SMTP-3.1.2-b", "is missing, though there is data", "content-md5")
        return content

    def _values(self, name: str) -> list[str]:
        return [value.translate(_LINES).strip() for found, value in self.fields if found == name]

    def _one(self, name: str, findings: Findings) -> str | None:
        given = self._values(name)
        if len(set(given)) > 1:
            findings.report("SMTP-3-b", "is there more than once, with different values", name, given[-1])
        elif len(given) > 1:
            findings.repair("SMTP-3-b", "is there more than once", name, given[-1])
        return given[0] if given else None

    def _body(self) -> bytes | None:
        """Return the body as it stands in the message; None for parts, and for text of which nobody knows the bytes."""
        bare = copy(self._message)
        for name in ("content-transfer-encoding", "content-type"):  # by which `get_payload` would change it
            del bare[name]
        try:
            payload: Any = bare.get_payload()
        except UnicodeEncodeError:  # from Python 3.11, of bytes and characters at once
            return None
        if payload is None or isinstance(payload, bytes):
            return payload or b""
        if not isinstance(payload, str):
            return None
        if payload.isascii():
            return payload.encode()
        # In `payload` each byte beyond ASCII is replaced by one character; text that a program gave stays as it is.
        found = cast("bytes", bare.get_payload(decode=True))
        return found if len(found) == len(payload) and payload.replace("\ufffd", "").isascii() else None


_LINES = {13: None, 10: None, 9: " "}
_Found: TypeAlias = tuple[Metadata, _Entity]
"""The fields of binary mode, none in the others, and the entity that has the event or its data."""


def _sole(message: Mail, findings: Findings) -> _Found:
    found = _search(_Entity(_parsed(message)), [], 1)
    if not found:
        raise NotACloudEvent(
            "the message has no CE-Specversion, and no part whose content type is that of CloudEvents"
        )
    if len(found) > 1:
        findings.report("SMTP-4-e", "the message has more than one event", hint="decode each part by itself")
    return found[0]


def _found(message: Mail) -> list[_Found]:
    try:
        return _search(_Entity(_parsed(message)), [], 1)
    except InvalidEvent:  # too many parts
        return []


def _search(entity: _Entity, seen: list[_Entity], level: int) -> list[_Found]:
    """Return the events at or below an entity, in order (SMTP-4-a)."""
    seen.append(entity)
    if level > _LEVELS or len(seen) > _PARTS:
        refuse("SMTP-4-f", f"the message has more than {_PARTS} parts, or more than {_LEVELS} levels of them")
    if entity.mode != "binary":
        return [([], entity)]
    found = [event for part in entity.parts for event in _search(part, seen, level + 1)]
    if found and entity.has_type("multipart/alternative"):
        return found[-1:]  # SMTP-4-b
    if found or "ce-specversion" not in entity.names:
        return found
    leaves = list(entity.leaves())
    marked = [leaf for leaf in leaves if "content-md5" in leaf.names] or leaves[:1]  # SMTP-4-d
    return [(entity.fields, leaf) for leaf in marked]


_LEVELS, _PARTS = 16, 1000


def _parsed(message: Mail) -> Message[Any, Any]:
    """Return a message with its fields, its body in one piece unless it was parsed further already."""
    if _is_message(message):
        return message
    if not isinstance(message, bytes | bytearray | memoryview):
        raise TypeError(f"a message must be one of `email` or bytes, not {type(message).__name__}")
    return BytesHeaderParser(policy=compat32).parsebytes(bytes(message))


def _is_message(value: object) -> TypeGuard[Message[Any, Any]]:
    return isinstance(value, Message)


def _split(body: bytes, content_type: str) -> Iterator[bytes]:
    """Yield the parts of a multipart (RFC 2046, section 5.1.1); without an end the last one is all that is there."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return
    quoted = re.escape((boundary[1] or boundary[2]).encode("ascii", "replace"))
    delimiter = re.compile(rb"(?:\A|\r\n|[\r\n])--%b(--)?+[ \t]*+(?:\Z|(?=[\r\n]))" % quoted)
    start = None
    for match in delimiter.finditer(body):
        if start is not None:
            yield _FIRST_BREAK.sub(b"", body[start : match.start()])
        start = match.end()
        if match[1]:
            return
    if start is not None:
        yield _FIRST_BREAK.sub(b"", body[start:])


# Not all quote it who have to.
_BOUNDARY = re.compile(r'; *+boundary *+= *+(?:"([^"]+)"|([!#-:<-~]+))', re.IGNORECASE)
_FIRST_BREAK = re.compile(rb"\A(?:\r\n|[\r\n])")


def _decoded(body: bytes, encoding: str) -> bytes | None:
    """Undo a transfer encoding; None for one that is not known, or broken."""
    if encoding == "base64":  # strictly: what else stands there is not from the sender
        return decode_base64(body.translate(None, b" \t\r\n").decode("latin-1"))
    if encoding == "quoted-printable":
        return a2b_qp(body)
    return body if encoding in ("7bit", "8bit", "binary") else None
