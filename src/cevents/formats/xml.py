"""The XML event format (`working-drafts/xml-format.md`), event <-> `application/cloudevents+xml`.

Each attribute is an element; an extension has its type beside it. Data is an element whose type tells what is in it:

===============  ==================================================================================================
xs:string        a JSON value as its text, and text; among it XML that is more than just one element
xs:base64Binary  all other bytes, and text with characters that XML does not have
xs:any           one XML element under an XML type, kept as the bytes that came, so that nothing in it changes
===============  ==================================================================================================

What cannot be carried: extensions whose names begin with a digit, as no name in XML does, and events of 0.3.

No DOCTYPE is read, so there are no entities to expand and nothing is ever fetched (`T-XML-3`).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from msgspec import Raw
from msgspec.structs import replace

from cevents import attributes, mediatypes
from cevents import data as data_
from cevents.data import Stored
from cevents.errors import Findings, InvalidEvent
from cevents.event import CloudEvent, stored_data
from cevents.formats import _xml_careful, _xml_short
from cevents.formats._typed import attributes_of, body_bytes
from cevents.formats._xml_careful import CE, MEDIA_TYPES, PROLOG, TYPES, XS, XSI, is_in_xml

__all__ = ["batch_media_type", "decode", "decode_batch", "encode", "encode_batch", "media_type", "name"]

name = "xml"
media_type = MEDIA_TYPES["event"]
batch_media_type: str | None = MEDIA_TYPES["batch"]

_CORE = attributes.core_attributes("1.0")
_TYPE_NAMES = {type_.name: f"ce:{local}" for local, type_ in TYPES.items()}


# --------------------------------------------------------------------------------------------------- encode


def encode(event: CloudEvent[Any]) -> bytes:
    """Return the event as an XML document in UTF-8, without white space between elements.

    Raises `InvalidEvent` for an event that does not conform, or that XML cannot carry; `DataError` for text that its
    charset cannot hold.
    """
    return b"%b%b" % (PROLOG, _element(event, _DECLARATIONS))


def encode_batch(events: Iterable[CloudEvent[Any]]) -> bytes:
    """Return the events in one `batch` document; raises as `encode` does, with the index of the bad event."""
    elements: list[bytes] = []
    for index, event in enumerate(events):
        try:
            elements.append(_element(event, ""))
        except InvalidEvent as error:
            raise InvalidEvent(replace(problem, index=index) for problem in error.problems) from None
    return b"%b<ce:batch%b>%b</ce:batch>" % (PROLOG, _DECLARATIONS.encode(), b"".join(elements))


# No default namespace, which data would inherit.
_DECLARATIONS = f' xmlns:ce="{CE}" xmlns:xsi="{XSI}" xmlns:xs="{XS}"'


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
    if text is None or not is_in_xml(text):
        base64 = b64encode(data_.content(data, content_type) or b"")
        return b'<ce:data xsi:type="xs:base64Binary">%b</ce:data>' % base64  # XML-3.1-a
    if text.startswith(b"<") and _is_read_back(text, content_type):
        return b'<ce:data xsi:type="xs:any">%b</ce:data>' % text  # XML-3.3-a
    escaped = text.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    escaped = escaped.replace(b"\r", b"&#13;")  # which would be read as a line feed
    return b'<ce:data xsi:type="xs:string">%b</ce:data>' % escaped  # XML-3.2-a


def _is_read_back(element: bytes, content_type: str | None) -> bool:
    """Tell whether this is XML that is the same again, to the byte, when it is read out of an event.

    That is one well-formed element with nothing around it, and no prefix in it that is declared by the event.
    """
    found = mediatypes.parse(content_type)
    if found is None or not (found.subtype == "xml" or found.subtype.endswith("+xml")):
        return False
    before = f'<ce:event{_DECLARATIONS}><ce:data xsi:type="xs:any">'.encode()
    try:
        [read] = _xml_careful.Reader("event", Findings()).read(
            b"%b%b</ce:data></ce:event>" % (before, element)
        )
    except InvalidEvent:
        return False
    return read.data == element


# --------------------------------------------------------------------------------------------------- decode


def decode(body: bytes | bytearray | memoryview, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event of an `event` document.

    Raises `InvalidEvent` with every problem: what is no such document, has a DOCTYPE, or breaks the specification.
    `lenient` reads an extension without a known type as a String, and mends what it mends in other formats.
    """
    body = body_bytes(body)
    event = _xml_short.one(body)
    return _xml_careful.decode(body, Findings(lenient=lenient)) if event is None else event


def decode_batch(body: bytes | bytearray | memoryview, *, lenient: bool = False) -> list[CloudEvent[Any]]:
    """Return the events of a `batch` document, in order.

    Raises `InvalidEvent`, whose problems name the index of the event, for the whole batch if one event is bad.
    """
    body = body_bytes(body)
    events = _xml_short.batch(body)
    return _xml_careful.decode_batch(body, Findings(lenient=lenient)) if events is None else events
