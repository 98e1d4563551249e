"""The careful way to read XML: whatever a document is, with every problem and the repairs of lenient reading.

Expat reads it in one pass. A DOCTYPE ends that at once, so there are no entities to expand and nothing is ever fetched
(`T-XML-3`); nesting and namespaces are bounded.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from cevents import attributes, mediatypes
from cevents.errors import Findings, InvalidEvent, refuse
from cevents.event import UNREADABLE, CloudEvent, assemble
from cevents.formats._typed import collected, only_v1

__all__ = [
    "CE",
    "MEDIA_TYPES",
    "PROLOG",
    "TYPES",
    "XS",
    "XSI",
    "Reader",
    "data_of",
    "decode",
    "decode_batch",
    "encoding_of",
    "is_in_xml",
]

MEDIA_TYPES = {
    "event": "application/cloudevents+xml",  # XML-4-b
    "batch": "application/cloudevents-batch+xml",  # XML-5-c
}
"""By the name of the root."""

CE = "http://cloudevents.io/xmlformat/V1"  # XML-1.2-a
XS = "http://www.w3.org/2001/XMLSchema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_CORE = attributes.core_attributes("1.0")
TYPES = {  # XML-2-b
    "boolean": attributes.Boolean,
    "integer": attributes.Integer,
    "string": attributes.String,
    "binary": attributes.Binary,
    "uri": attributes.URI,
    "uriRef": attributes.URIReference,
    "timestamp": attributes.Timestamp,
}

PROLOG = b'<?xml version="1.0" encoding="UTF-8"?>'  # XML-1.2-c


def decode(body: bytes, findings: Findings) -> CloudEvent[Any]:
    """Return the event of an `event` document; raises `InvalidEvent` with all that is wrong with it."""
    [found] = Reader("event", findings).read(body)
    return _event(found)


def decode_batch(body: bytes, findings: Findings) -> list[CloudEvent[Any]]:
    """Return the events of a `batch` document; raises `InvalidEvent` with all that is wrong with them."""
    return list(collected(Reader("batch", findings).read(body), _event, findings))


class _Found:
    """What is in one `event` element."""

    __slots__ = ("attributes", "data", "data_type", "findings")

    def __init__(self, version: object, findings: Findings) -> None:
        self.attributes: dict[str, object] = {"specversion": version}
        self.data_type: str | None = None
        self.data: str | bytes | None = None
        self.findings = findings


def _event(found: _Found) -> CloudEvent[Any]:
    content_type = found.attributes.get("datacontenttype")
    data = found.data
    if isinstance(content_type, str):
        data = data_of(data, content_type, is_element=found.data_type == _ANY)
    return assemble(found.attributes, data, found.findings)


def data_of(
    data: str | bytes | None, content_type: str | None, *, is_element: bool = False
) -> str | bytes | None:
    """Return data to keep: the text of a JSON value as bytes, XML of another charset as text."""
    media = None if data is None else mediatypes.parse(content_type)
    if media is not None:
        is_utf8 = not media.parameters or media.codec == "utf-8"
        if isinstance(data, str) and media.is_json and is_utf8:
            return data.encode()
        if isinstance(data, bytes) and is_element and not is_utf8:
            return data.decode()
    return data


def is_in_xml(text: bytes) -> bool:
    """Tell whether XML has all characters of a text (T-XML-5)."""
    return (
        len(text.translate(None, _CONTROLS)) == len(text)
        and b"\xef\xbf\xbe" not in text  # U+FFFE
        and b"\xef\xbf\xbf" not in text
    )


_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))


# --------------------------------------------------------------------------------------------- the document

_ROWS = {"event": "XML-4-a", "batch": "XML-5-c"}
_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_CODECS = {None: "utf-8", b"utf-8": "utf-8", b"us-ascii": "ascii", b"iso-8859-1": "iso-8859-1"}
_ENCODING = re.compile(rb"""(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']""")


def encoding_of(document: bytes) -> bytes | None:
    """Return the encoding, in lower case, that an XML declaration in ASCII tells; None if there is none."""
    declaration = _ENCODING.match(document)
    return None if declaration is None else declaration[1].lower()


def _in_utf8(body: bytes, root: str) -> bytes:
    """Return a document in UTF-8, whatever its declaration says then, so that positions in it count its bytes."""
    if body.startswith(PROLOG):
        return body
    codec = _MARKS.get(body[:2])
    try:
        document = body if codec is None else body[2:].decode(codec).encode()
        declared = encoding_of(document)
        if codec is not None:
            known = declared in (None, b"utf-16")
        else:
            codec = _CODECS.get(declared)
            known = codec is not None
        if not known or b"\0" in document[:4]:  # by which expat would guess the encoding
            hint = "UTF-8, UTF-16 with a byte order mark, US-ASCII and ISO-8859-1 are read"
            refuse(_ROWS[root], "must be in the encoding that it declares, and in one known here", hint=hint)
        if codec in ("ascii", "iso-8859-1"):
            document = body.decode(codec).encode()
    except UnicodeDecodeError:
        refuse(_ROWS[root], f"is not in its encoding {codec}")
    return document


_BETWEEN = "\n"  # what expat puts between a namespace and a local name
_IN_CE = CE + _BETWEEN
_XSI_TYPE = f"{XSI}{_BETWEEN}type"
_STRING, _BASE64, _ANY = (f"{XS}{_BETWEEN}{local}" for local in ("string", "base64Binary", "any"))
_USUAL = {"ce": CE, "xs": XS}
_SPACE = " \t\r\n"
_DEEPEST = 256  # levels of elements in data; libxml2 reads no more either
_MANY = 256  # namespaces in scope of data
_MUCH = 65536  # bytes of namespaces, for which a few bytes of data can ask again and again


class Reader:
    """The handlers of an expat parser for one document, of which no tree is kept.

    A member is an element within an event: an attribute or data. What is in a member, or foreign, is passed over by
    handlers that only count how deep they are.
    """

    def __init__(self, root: str, findings: Findings) -> None:
        self._root = root
        self._findings = findings  # of what is around the events
        self._events: list[_Found] = []
        self._found: _Found | None = None  # the event that is open
        self._member: str | None = None  # the local name of the member that is open
        self._written: str | None = None  # its type
        self._children = 0  # of the member
        self._child: int | None = None  # where the one that is open begins
        self._element = b""  # the one that has ended, to be used without what is around it
        self._levels = 0  # of what is passed over
        self._texts: list[str] = []  # since the last tag
        self._scope: dict[str | None, str | None] = {}  # namespaces by prefix
        # Of each inner declaration: the prefix, its namespace before, and whether it is that of an element in a member.
        self._hidden: list[tuple[str | None, str | None, bool]] = []
        self._added = 0  # bytes of declarations in data

    def read(self, body: bytes) -> list[_Found]:
        """Return what is in each event; raises `InvalidEvent` for what is no document with this root."""
        document = self._document = _in_utf8(body, self._root)
        parser = self._parser = expat.ParserCreate("utf-8", _BETWEEN)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartNamespaceDeclHandler = self._scope.__setitem__
        parser.StartElementHandler = self._start_root
        try:
            parser.Parse(document, True)
        except expat.ExpatError as error:
            rule = f"is not well-formed XML: {expat.ErrorString(error.code)}"
            if not document.strip():
                rule = f"is empty, but must be an XML document with the root {self._root}"
            position = max(parser.ErrorByteIndex, 0) if document is body else None
            self._findings.report(_ROWS[self._root], rule, position=position)
            raise InvalidEvent(self._findings.problems) from None
        finally:
            del self._parser  # it holds the handlers, and they hold this
        return self._events

    def _refuse_doctype(self, *_: object) -> None:  # T-XML-3
        refuse(_ROWS[self._root], "must not have a DOCTYPE")

    def _listen(self) -> None:
        parser = self._parser
        if self._found is None:
            parser.StartElementHandler, parser.EndElementHandler = self._start_in_batch, self._end_batch
        else:
            parser.StartElementHandler, parser.EndElementHandler = self._start_in_event, self._end_in_event
        parser.CharacterDataHandler = self._texts.append
        parser.StartNamespaceDeclHandler = self._declare
        parser.EndNamespaceDeclHandler = self._undeclare

    # Namespaces

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._hidden.append((prefix, self._scope.get(prefix), self._member is not None))
        self._scope[prefix] = uri

    def _undeclare(self, *_: object) -> None:
        if self._hidden:  # else it is one of the root
            prefix, uri, _in_member = self._hidden.pop()
            if uri is None:
                del self._scope[prefix]
            else:
                self._scope[prefix] = uri

    def _resolved(self, written: str) -> str:
        """Return the name of a type as expat would give it, had it been that of an element."""
        prefix, _, local = written.strip(_SPACE).rpartition(":")
        uri = self._scope.get(prefix or None)
        return f"{_USUAL.get(prefix, '') if uri is None else uri}{_BETWEEN}{local}"  # T-XML-1

    # Around events

    def _start_root(self, name: str, given: Mapping[str, str]) -> None:
        if name != _IN_CE + self._root:
            namespace, _, local = name.rpartition(_BETWEEN)
            rule = f"must be an XML document with the root {self._root}"
            if local == self._root:  # XML-1.2-a
                refuse("XML-1.2-a", f"{rule} in the namespace {CE}", None, namespace)
            other = "batch" if self._root == "event" else "event"
            is_other = name == _IN_CE + other
            hint = f"an XML document with the root {other} is {MEDIA_TYPES[other]}" if is_other else None
            refuse(_ROWS[self._root], rule, None, local, hint)
        if self._root == "event":
            self._start_event(given)
        else:
            self._listen()

    def _start_in_batch(self, name: str, given: Mapping[str, str]) -> None:
        self._check_space("XML-5-a", self._findings)
        if name == _IN_CE + "event":
            self._start_event(given)
            return
        if name.startswith(_IN_CE):
            self._findings.report("XML-5-b", "must have events only", None, name.removeprefix(_IN_CE))
        self._pass_over()

    def _start_event(self, given: Mapping[str, str]) -> None:
        findings = self._findings
        if self._root == "batch":  # where each event has its own
            findings = Findings(lenient=findings.lenient)
        self._found = _Found(only_v1(given.get("specversion"), "XML", findings), findings)  # XML-4-a
        self._listen()

    def _end_batch(self, _: str) -> None:
        self._check_space("XML-5-a", self._findings)

    def _check_space(self, requirement: str, findings: Findings) -> None:
        text = "".join(self._texts).strip(_SPACE)
        self._texts.clear()
        if text:
            findings.report(requirement, "must not have text between its elements", None, text)

    # In an event

    def _start_in_event(self, name: str, given: Mapping[str, str]) -> None:
        if self._member is not None:
            self._children += 1
            if self._member == "data" and self._children == 1:
                self._child = self._parser.CurrentByteIndex
            self._pass_over()
            return
        if self._texts and self._found is not None:
            self._check_space("XML-4-d", self._found.findings)
        member = _MEMBERS.get(name)
        if member is None:
            if not name.startswith(_IN_CE):  # XML-1.2-g, XML-1.2-h
                self._pass_over()
                return
            member = name.removeprefix(_IN_CE)
        self._member = member
        if given:  # XML-2-i: others are not looked at
            self._written = given.get(_XSI_TYPE)

    def _end_in_event(self, _: str) -> None:
        found, member, texts = self._found, self._member, self._texts
        assert found is not None
        if member is None:
            if texts:
                self._check_space("XML-4-d", found.findings)
            self._events.append(found)
            self._found = None
            if self._root == "batch":
                self._listen()
            return
        text = "".join(texts)  # XML-1.2-d, XML-1.2-f, XML-2-h
        texts.clear()
        self._member = None
        is_plain = self._written is None and not self._children and text.isprintable()
        if is_plain and member in _CORE and member not in found.attributes:  # the usual, in a hurry
            found.attributes[member] = text
            return
        type_name = None if self._written is None else self._resolved(self._written)
        if member == "data":
            self._end_data(type_name, text, found)
        else:
            self._end_attribute(member, type_name, text, found)
        self._written = None
        self._children = 0

    def _end_attribute(self, name: str, type_name: str | None, text: str, found: _Found) -> None:
        kept, findings = found.attributes, found.findings
        if name == "specversion":
            findings.report("XML-4-a", "must be an XML attribute of event, not an element", name)
            return
        value: object = UNREADABLE
        if self._children:
            findings.report("XML-2-f", "must not contain elements", name)
        elif "\n" in text or "\r" in text:  # T-XML-6
            findings.report("XML-2-g", "must not contain line breaks", name, text)
        elif name not in _CORE:
            value = self._extension(name, type_name, text, findings)
        elif type_name is None or _BY_NAME.get(type_name) is _CORE[name].type:  # XML-2-d
            value = text
        else:
            rule = f"must have the xsi:type {_TYPE_NAMES[_CORE[name].type.name]}, or none"
            findings.report("XML-2-e", rule, name, self._written)
        if name not in kept:
            kept[name] = value
        elif type(value) is type(kept[name]) and value == kept[name]:
            findings.repair("CE-attrs-d", "is there more than once", name, hint="the repeats are the same")
        else:
            findings.report("CE-attrs-d", "is there more than once, with different values", name)

    def _extension(self, name: str, type_name: str | None, text: str, findings: Findings) -> object:
        if type_name is None:  # XML-2-c
            hint = 'such as xsi:type="ce:string"'
            repaired = findings.repair("XML-2-c", "must have an xsi:type", name, hint=hint)
            return text if repaired else UNREADABLE
        type_ = _BY_NAME.get(type_name)
        if type_ is None:
            rule = "must have one of the types of CloudEvents as its xsi:type"
            return text if findings.repair("XML-2-b", rule, name, self._written) else UNREADABLE
        value = text if type_ is attributes.String else type_.read(text)  # T-XML-4
        if value is None:
            findings.report(type_.requirement, type_.rule, name, text)
            return UNREADABLE
        return value

    def _end_data(self, type_name: str | None, text: str, found: _Found) -> None:
        findings = found.findings
        if found.data_type is not None:
            findings.report("XML-3-c", "is there more than once", "data")
            return
        found.data_type = type_name or ""
        if type_name == _ANY:
            beside = text.strip(_SPACE)
            if self._children != 1:
                findings.report("XML-3.3-a", "must contain exactly one element", "data")
            if beside:
                findings.report("XML-3.3-c", "must not have text beside its element", "data", beside)
            found.data = self._element
        elif type_name not in (_STRING, _BASE64):
            rule = "must have the xsi:type xs:string, xs:base64Binary or xs:any"
            findings.report("XML-3-b", rule, "data", self._written)
        elif self._children:
            row = "XML-3.2-b" if type_name == _STRING else "XML-3.1-b"
            findings.report(row, "must not contain elements", "data", hint='they need xsi:type="xs:any"')
        else:
            found.data = text if type_name == _STRING else _bytes_of(text, findings)

    # What is passed over

    def _pass_over(self) -> None:
        self._levels = 1
        parser = self._parser
        parser.StartElementHandler, parser.EndElementHandler = self._start_passed, self._end_passed
        parser.CharacterDataHandler = parser.StartNamespaceDeclHandler = parser.EndNamespaceDeclHandler = None

    def _start_passed(self, *_: object) -> None:
        self._levels += 1
        if self._levels > _DEEPEST:
            refuse(_ROWS[self._root], f"must not be nested more than {_DEEPEST} levels deep")

    def _end_passed(self, _: str) -> None:
        self._levels -= 1
        if self._levels == 0:
            if self._child is not None:
                self._take_child(self._child)
            self._listen()

    def _take_child(self, start: int) -> None:
        """Keep the bytes of the element that has just ended (XML-1.2-e, XML-3.3-b, T-XML-2)."""
        self._child = None
        tag = _START_TAG.match(self._document, start)
        assert tag is not None
        end = tag.end()
        if not tag[0].endswith(b"/>"):
            end = self._document.index(b">", self._parser.CurrentByteIndex) + 1
        if len(self._scope) > _MANY:
            refuse(_ROWS[self._root], f"must not have more than {_MANY} namespaces around data")
        own = {prefix for prefix, _, in_member in self._hidden if in_member}
        outer = {prefix: uri for prefix, uri in self._scope.items() if prefix not in own}
        element = self._document[start:end]
        declarations = _declarations(element, outer)
        self._added += len(declarations)
        if self._added > _MUCH + 4 * len(self._document):
            refuse(_ROWS[self._root], "must not need that many namespaces in its data")
        named = tag.end(1) - start
        self._element = element[:named] + declarations + element[named:]


_MEMBERS = {_IN_CE + local: local for local in (*_CORE, "data")}
_TYPE_NAMES = {type_.name: f"ce:{local}" for local, type_ in TYPES.items()}
_BY_NAME = {_IN_CE + local: type_ for local, type_ in TYPES.items()}
_START_TAG = re.compile(rb"""<([^\s/>]++)(?:[^"'>]++|"[^"]*+"|'[^']*+')*+>""")
_UNPREFIXED = re.compile(rb"<[^\s:/>!?<]++[\s/>]")
_NAME_BYTES = frozenset((string.ascii_letters + string.digits + "-._").encode() + bytes(range(128, 256)))


def _declarations(element: bytes, outer: Mapping[str | None, str | None]) -> bytes:
    """Return the declarations of namespaces that an element needs when it is taken out of its document (XML-3.3-a).

    Those with a prefix that is anywhere in it: XML Schema and others have prefixed names in texts as well.
    """
    needed = ""
    for prefix, uri in outer.items():
        if uri is None:
            continue
        if prefix is None:
            if _UNPREFIXED.search(element):
                needed += f" xmlns={_quoted(uri)}"
        elif _has_prefix(element, prefix.encode()):
            needed += f" xmlns:{prefix}={_quoted(uri)}"
    return needed.encode()


def _has_prefix(element: bytes, prefix: bytes) -> bool:
    wanted = prefix + b":"
    at = element.find(wanted)
    while at > 0 and element[at - 1] in _NAME_BYTES:  # the end of a longer one
        at = element.find(wanted, at + 1)
    return at > 0


def _quoted(uri: str) -> str:
    for character in '&<"\t\n\r':
        uri = uri.replace(character, f"&#{ord(character)};")
    return f'"{uri}"'


def _bytes_of(text: str, findings: Findings) -> bytes | None:
    """Return the bytes of base64 data, which may be wrapped and indented (XML-3.1-a)."""
    found = attributes.decode_base64(text)
    if found is None:
        plain = re.sub(f"[{_SPACE}]+", "", text)
        found = attributes.decode_base64(plain)
        if found is None:
            found = attributes.decode_base64(plain, lenient=True)
            rule = "must be base64 (RFC 4648)"
            if found is None:
                findings.report("XML-3.1-a", rule, "data", text)
            elif not findings.repair("XML-3.1-a", f"{rule}, padded and canonical", "data", text):
                return None
    return found
