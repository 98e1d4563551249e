"""The XML event format (`working-drafts/xml-format.md`), event <-> `application/cloudevents+xml`.

Each attribute is an element; an extension has its type beside it. Data is an element whose type tells what is in it:

===============  ==================================================================================================
xs:string        a JSON value as its text, and text; among it XML that is more than just one element
xs:base64Binary  all other bytes, and text with characters that XML does not have
xs:any           one XML element under an XML type, kept as the bytes that came, so that nothing in it changes
===============  ==================================================================================================

What cannot be carried: extensions whose names begin with a digit, as no name in XML does, and events of 0.3.

Expat reads a document in one pass. A DOCTYPE ends that at once, so there are no entities to expand and nothing is ever
fetched (`T-XML-3`); nesting and namespaces are bounded.
"""

from __future__ import annotations

import re
import string
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any
from xml.parsers import expat

from msgspec import Raw
from msgspec.structs import replace

from cevents import attributes, mediatypes
from cevents import data as data_
from cevents.data import Stored
from cevents.errors import Findings, InvalidEvent, refuse
from cevents.event import UNREADABLE, CloudEvent, assemble, stored_data
from cevents.formats._typed import attributes_of, body_bytes, collected, only_v1

__all__ = ["batch_media_type", "decode", "decode_batch", "encode", "encode_batch", "media_type", "name"]

name = "xml"
media_type = "application/cloudevents+xml"  # XML-4-b
batch_media_type: str | None = "application/cloudevents-batch+xml"  # XML-5-c

_CE = "http://cloudevents.io/xmlformat/V1"  # XML-1.2-a
_XS = "http://www.w3.org/2001/XMLSchema"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_CORE = attributes.core_attributes("1.0")
_TYPES = {  # XML-2-b
    "boolean": attributes.Boolean,
    "integer": attributes.Integer,
    "string": attributes.String,
    "binary": attributes.Binary,
    "uri": attributes.URI,
    "uriRef": attributes.URIReference,
    "timestamp": attributes.Timestamp,
}
_TYPE_NAMES = {type_.name: f"ce:{local}" for local, type_ in _TYPES.items()}


# --------------------------------------------------------------------------------------------------- encode


def encode(event: CloudEvent[Any]) -> bytes:
    """Return the event as an XML document in UTF-8, without white space between elements.

    Raises `InvalidEvent` for an event that does not conform, or that XML cannot carry; `DataError` for text that its
    charset cannot hold.
    """
    return b"%b%b" % (_PROLOG, _element(event, _DECLARATIONS))


def encode_batch(events: Iterable[CloudEvent[Any]]) -> bytes:
    """Return the events in one `batch` document; raises as `encode` does, with the index of the bad event."""
    elements: list[bytes] = []
    for index, event in enumerate(events):
        try:
            elements.append(_element(event, ""))
        except InvalidEvent as error:
            raise InvalidEvent(replace(problem, index=index) for problem in error.problems) from None
    return b"%b<ce:batch%b>%b</ce:batch>" % (_PROLOG, _DECLARATIONS.encode(), b"".join(elements))


_PROLOG = b'<?xml version="1.0" encoding="UTF-8"?>'  # XML-1.2-c
# No default namespace, which data would inherit.
_DECLARATIONS = f' xmlns:ce="{_CE}" xmlns:xsi="{_XSI}" xmlns:xs="{_XS}"'


def _element(event: CloudEvent[Any], declarations: str) -> bytes:
    findings = Findings()
    kept = attributes_of(event, "XML")
    written = [f'<ce:event{declarations} specversion="{kept.pop("specversion")}">']  # XML-4-a
    for name, value in kept.items():  # XML-2-a
        text = attributes.spelled(value)  # which has no controls, so that a parser changes nothing in it
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if name in _CORE:
            written.append(f"<ce:{name}>{text}</ce:{name}>")
        elif name[0].isdigit():
            findings.report("XML-2-a", "cannot be carried by XML, whose names begin with a letter", name)
        else:  # XML-2-c
            type_name = _TYPE_NAMES[attributes.type_of(value).name]
            written.append(f'<ce:{name} xsi:type="{type_name}">{text}</ce:{name}>')
    findings.conclude()
    data = _data_element(stored_data(event), kept.get("datacontenttype"))
    return b"%b%b</ce:event>" % ("".join(written).encode(), data)


def _data_element(data: Stored, content_type: str | None) -> bytes:  # XML-3-a, XML-3-b
    if data is None:  # XML-4-c
        return b""
    if type(data) is bytes:
        data = data_.resolved(data, content_type)
    text = data_.content(data, None) if isinstance(data, Raw | str) else None
    if text is None or not _is_in_xml(text):
        base64 = b64encode(data_.content(data, content_type) or b"")
        return b'<ce:data xsi:type="xs:base64Binary">%b</ce:data>' % base64  # XML-3.1-a
    if text.startswith(b"<") and _is_read_back(text, content_type):
        return b'<ce:data xsi:type="xs:any">%b</ce:data>' % text  # XML-3.3-a
    escaped = text.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    escaped = escaped.replace(b"\r", b"&#13;")  # which would be read as a line feed
    return b'<ce:data xsi:type="xs:string">%b</ce:data>' % escaped  # XML-3.2-a


def _is_in_xml(text: bytes) -> bool:
    """Tell whether XML has all characters of a text (T-XML-5)."""
    return (
        len(text.translate(None, _CONTROLS)) == len(text)
        and b"\xef\xbf\xbe" not in text  # U+FFFE
        and b"\xef\xbf\xbf" not in text
    )


_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r"))


def _is_read_back(element: bytes, content_type: str | None) -> bool:
    """Tell whether this is XML that is the same again, to the byte, when it is read out of an event.

    That is one well-formed element with nothing around it, and no prefix in it that is declared by the event.
    """
    found = mediatypes.parse(content_type)
    if found is None or not (found.subtype == "xml" or found.subtype.endswith("+xml")):
        return False
    before = f'<ce:event{_DECLARATIONS}><ce:data xsi:type="xs:any">'.encode()
    try:
        [read] = _Reader("event", Findings()).read(b"%b%b</ce:data></ce:event>" % (before, element))
    except InvalidEvent:
        return False
    return read.data == element


# --------------------------------------------------------------------------------------------------- decode


def decode(body: bytes | bytearray | memoryview, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event of an `event` document.

    Raises `InvalidEvent` with every problem: what is no such document, has a DOCTYPE, or breaks the specification.
    `lenient` reads an extension without a known type as a String, and mends what it mends in other formats.
    """
    [found] = _Reader("event", Findings(lenient=lenient)).read(body_bytes(body))
    return _event(found)


def decode_batch(body: bytes | bytearray | memoryview, *, lenient: bool = False) -> list[CloudEvent[Any]]:
    """Return the events of a `batch` document, in order.

    Raises `InvalidEvent`, whose problems name the index of the event, for the whole batch if one event is bad.
    """
    findings = Findings(lenient=lenient)
    found = _Reader("batch", findings).read(body_bytes(body))
    return list(collected(found, _event, findings))


class _Found:
    """What is in one `event` element."""

    __slots__ = ("attributes", "data", "data_type", "findings")

    def __init__(self, version: object, findings: Findings) -> None:
        self.attributes: dict[str, object] = {"specversion": version}
        self.data_type: str | None = None
        self.data: str | bytes | None = None
        self.findings = findings


def _event(found: _Found) -> CloudEvent[Any]:
    data = found.data
    content_type = found.attributes.get("datacontenttype")
    media = mediatypes.parse(content_type) if data is not None and isinstance(content_type, str) else None
    if media is not None:
        is_utf8 = not media.parameters or media.codec == "utf-8"
        if isinstance(data, str) and media.is_json and is_utf8:
            data = data.encode()
        elif isinstance(data, bytes) and found.data_type == _ANY and not is_utf8:
            data = data.decode()  # the text, whose bytes are in another charset
    return assemble(found.attributes, data, found.findings)


# --------------------------------------------------------------------------------------------- the document

_ROWS = {"event": "XML-4-a", "batch": "XML-5-c"}
_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_CODECS = {None: "utf-8", b"utf-8": "utf-8", b"us-ascii": "ascii", b"iso-8859-1": "iso-8859-1"}
_ENCODING = re.compile(rb"""(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']""")


def _in_utf8(body: bytes, root: str) -> bytes:
    """Return a document in UTF-8, whatever its declaration says then, so that positions in it count its bytes."""
    if body.startswith(_PROLOG):
        return body
    codec = _MARKS.get(body[:2])
    try:
        document = body if codec is None else body[2:].decode(codec).encode()
        declaration = _ENCODING.match(document)
        declared = None if declaration is None else declaration[1].lower()
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
_IN_CE = _CE + _BETWEEN
_XSI_TYPE = f"{_XSI}{_BETWEEN}type"
_STRING, _BASE64, _ANY = (f"{_XS}{_BETWEEN}{local}" for local in ("string", "base64Binary", "any"))
_USUAL = {"ce": _CE, "xs": _XS}
_SPACE = " \t\r\n"
_DEEPEST = 256  # levels of elements in data; libxml2 reads no more either
_MANY = 256  # namespaces in scope of data
_MUCH = 65536  # bytes of namespaces, for which a few bytes of data can ask again and again


class _Reader:
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
                refuse("XML-1.2-a", f"{rule} in the namespace {_CE}", None, namespace)
            other, its_type = ("batch", batch_media_type) if self._root == "event" else ("event", media_type)
            hint = f"an XML document with the root {other} is {its_type}" if name == _IN_CE + other else None
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
_BY_NAME = {_IN_CE + local: type_ for local, type_ in _TYPES.items()}
_START_TAG = re.compile(rb"""<([^\s/>]++)(?:[^"'>]++|"[^"]*+"|'[^']*+')*+>""")
_UNPREFIXED = re.compile(rb"<[^\s:/>!?]++[\s/>]")
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
