"""The XML format: pairs both ways, other spellings, what is refused, data to the byte, hostility, the short way.

`lxml` is the independent judge: it builds documents of other spellings, validates what is written by a schema
(`cloudevents.xsd`), and canonicalizes data, so that namespaces are compared and not the text that declares them.
"""

from __future__ import annotations

import contextlib
import gc
import tracemalloc
from base64 import b64encode
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.parsers import expat

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Raw

from cevents import CloudEvent, DataError, InvalidEvent, bindings, formats, testing
from cevents.attributes import URIReferenceText, URIText
from cevents.data import Binary, CborItem
from cevents.errors import Findings
from cevents.event import kept_extensions, stored_data
from cevents.formats import _xml_careful, _xml_short
from cevents.formats import xml as format_
from cevents.timestamps import TimestampText

Event = CloudEvent[Any]
etree: Any = import_module("lxml.etree")  # which has no types of its own

PROLOG = '<?xml version="1.0" encoding="UTF-8"?>'
CE = "http://cloudevents.io/xmlformat/V1"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XS = "http://www.w3.org/2001/XMLSchema"
DECLARATIONS = f' xmlns:ce="{CE}" xmlns:xsi="{XSI}" xmlns:xs="{XS}"'
REQUIRED = "<ce:type>t</ce:type><ce:source>/s</ce:source><ce:id>1</ce:id>"


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def text(members: str = "", required: str = REQUIRED, version: str = ' specversion="1.0"') -> str:
    return f"{PROLOG}<ce:event{DECLARATIONS}{version}>{required}{members}</ce:event>"


def typed(kind: str, content: str, content_type: str | None = None) -> str:
    """The members for data of a type."""
    head = "" if content_type is None else f"<ce:datacontenttype>{content_type}</ce:datacontenttype>"
    return f'{head}<ce:data xsi:type="xs:{kind}">{content}</ce:data>'


def batch(*events: str) -> str:
    return f"{PROLOG}<ce:batch{DECLARATIONS}>{''.join(events)}</ce:batch>"


def one(members: str = "") -> str:
    return f'<ce:event specversion="1.0">{REQUIRED}{members}</ce:event>'


def read(members: str = "", *, lenient: bool = False) -> Event:
    return format_.decode(text(members).encode(), lenient=lenient)


def problems(
    body: str | bytes, *, lenient: bool = False, verb: str = "decode"
) -> list[tuple[str | None, str]]:
    """What is wrong with a document: attributes and requirements."""
    with pytest.raises(InvalidEvent) as caught:
        getattr(format_, verb)(body.encode() if isinstance(body, str) else body, lenient=lenient)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


def test_names() -> None:  # XML-4-b, XML-5-c
    assert format_.media_type == "application/cloudevents+xml"
    assert format_.batch_media_type == "application/cloudevents-batch+xml"
    assert formats.get("Application/CloudEvents+XML; charset=utf-8") is formats.get("xml")
    assert formats.get("application/cloudevents-batch+xml") is formats.get("xml")


# ---------------------------------------------------------------------------------------------------- both ways

# XML-1.2-c, XML-2-a, XML-2-b, XML-2-c, XML-3-a, XML-3-b, XML-4-a: the event, and the members of its one spelling
PAIRS: list[tuple[str, Event, str]] = [
    ("no data", made(), ""),  # XML-4-c
    (
        "every core attribute",
        made(
            time="2018-04-05T17:31:00.120-08:00", subject="sub", dataschema="urn:x:y", datacontenttype="a/b"
        ),
        (
            "<ce:time>2018-04-05T17:31:00.120-08:00</ce:time><ce:datacontenttype>a/b</ce:datacontenttype>"
            "<ce:subject>sub</ce:subject><ce:dataschema>urn:x:y</ce:dataschema>"
        ),
    ),
    (
        "Boolean",
        made(a=True, b=False),
        '<ce:a xsi:type="ce:boolean">true</ce:a><ce:b xsi:type="ce:boolean">false</ce:b>',
    ),
    (
        "Integer",
        made(a=2147483647, b=-2147483648, c=0),
        (
            '<ce:a xsi:type="ce:integer">2147483647</ce:a><ce:b xsi:type="ce:integer">-2147483648</ce:b>'
            '<ce:c xsi:type="ce:integer">0</ce:c>'
        ),
    ),
    (
        "String",
        made(a="", b="  &<>\"'\u2028]]> ", c="\U0001f600é"),
        (
            '<ce:a xsi:type="ce:string"></ce:a><ce:b xsi:type="ce:string">  &amp;&lt;&gt;"\'\u2028]]&gt; </ce:b>'
            '<ce:c xsi:type="ce:string">\U0001f600é</ce:c>'
        ),
    ),
    (
        "Binary",
        made(a=b"\x00\xff", b=b""),
        '<ce:a xsi:type="ce:binary">AP8=</ce:a><ce:b xsi:type="ce:binary"></ce:b>',
    ),
    ("URI", made(a=URIText("urn:x&y")), '<ce:a xsi:type="ce:uri">urn:x&amp;y</ce:a>'),
    ("URI-reference", made(a=URIReferenceText("../x")), '<ce:a xsi:type="ce:uriRef">../x</ce:a>'),
    (
        "Timestamp",
        made(a=TimestampText("2016-12-31T23:59:60.5Z"), b=datetime(2020, 1, 1, tzinfo=UTC)),
        (
            '<ce:a xsi:type="ce:timestamp">2016-12-31T23:59:60.5Z</ce:a>'
            '<ce:b xsi:type="ce:timestamp">2020-01-01T00:00:00Z</ce:b>'
        ),
    ),
    ("a text that looks like a number", made(a="5"), '<ce:a xsi:type="ce:string">5</ce:a>'),
    (
        "names of XML",
        made(xml="1", xmlns="2", event="3", batch="4", data1="5"),
        (
            '<ce:batch xsi:type="ce:string">4</ce:batch><ce:data1 xsi:type="ce:string">5</ce:data1>'
            '<ce:event xsi:type="ce:string">3</ce:event><ce:xml xsi:type="ce:string">1</ce:xml>'
            '<ce:xmlns xsi:type="ce:string">2</ce:xmlns>'
        ),
    ),
    # XML-3.2-a: JSON and text
    (
        "JSON",
        made(data=b'{"a": "<&>"}', datacontenttype="application/json"),
        typed("string", '{"a": "&lt;&amp;&gt;"}', "application/json"),
    ),
    ("JSON null", made(data=b"null", datacontenttype="text/json"), typed("string", "null", "text/json")),
    (
        "JSON of several lines",
        made(data=b"[1,\r\n\t1.10]", datacontenttype="a/b+json"),
        typed("string", "[1,&#13;\n\t1.10]", "a/b+json"),
    ),
    (
        "text",
        made(data="\u00e9\U0001f600 \x7f\x85", datacontenttype="text/plain"),
        typed("string", "\u00e9\U0001f600 \x7f\x85", "text/plain"),
    ),
    ("empty text", made(data="", datacontenttype="text/plain"), typed("string", "", "text/plain")),
    (
        "text in another charset",
        made(data="\u00e9", datacontenttype="text/plain;charset=iso-8859-1"),
        typed("string", "\u00e9", "text/plain;charset=iso-8859-1"),
    ),
    # XML-3.1-a: bytes
    ("bytes", made(data=b"\x01", datacontenttype="image/png"), typed("base64Binary", "AQ==", "image/png")),
    ("no bytes", made(data=b""), typed("base64Binary", "")),
    ("bytes without a type", made(data=b"<a/>"), typed("base64Binary", "PGEvPg==")),
    (
        "bytes that are no JSON",
        made(data=b"{", datacontenttype="application/json"),
        typed("base64Binary", "ew==", "application/json"),
    ),
    (
        "bytes that are no text",
        made(data=b"\xff", datacontenttype="text/plain"),
        typed("base64Binary", "/w==", "text/plain"),
    ),
    # T-XML-5: text that XML does not have
    *(
        (
            f"text with U+{ord(character):04X}",
            made(data=character, datacontenttype="text/plain"),
            typed("base64Binary", b64encode(character.encode()).decode(), "text/plain"),
        )
        for character in "\x00\x08\x0b\x1f\ufffe\uffff"
    ),
    (
        "JSON with U+FFFF",
        made(data=b'"\xef\xbf\xbf"', datacontenttype="application/json"),
        typed("base64Binary", "Iu+/vyI=", "application/json"),
    ),
    (
        "UTF-16 text with a control",
        made(data="\x01", datacontenttype="text/plain;charset=utf-16le"),
        typed("base64Binary", "AQA=", "text/plain;charset=utf-16le"),
    ),
    # XML-3.3-a: XML
    (
        "XML",
        made(data=b"<a  b='1'\n><!--c--><?p i?><![CDATA[<]]></a >", datacontenttype="application/xml"),
        typed("any", "<a  b='1'\n><!--c--><?p i?><![CDATA[<]]></a >", "application/xml"),
    ),
    (
        "XML text",
        made(data='<x:a xmlns:x="u"/>', datacontenttype="a/b+xml"),
        typed("any", '<x:a xmlns:x="u"/>', "a/b+xml"),
    ),
    (
        "XML text that is in another charset",
        made(data="<\u00e9/>", datacontenttype="text/xml;charset=iso-8859-1"),
        typed("any", "<\u00e9/>", "text/xml;charset=iso-8859-1"),
    ),
    (
        "XML with its declaration",
        made(data=b'<?xml version="1.0"?><a/>', datacontenttype="text/xml"),
        typed("string", '&lt;?xml version="1.0"?&gt;&lt;a/&gt;', "text/xml"),
    ),
    (
        "XML with a comment before it",
        made(data=b"<!--c--><a/>", datacontenttype="text/xml"),
        typed("string", "&lt;!--c--&gt;&lt;a/&gt;", "text/xml"),
    ),
    (
        "XML with a line feed after it",
        made(data=b"<a/>\n", datacontenttype="text/xml"),
        typed("string", "&lt;a/&gt;\n", "text/xml"),
    ),
    (
        "XML with a space before it",
        made(data=b" <a/>", datacontenttype="text/xml"),
        typed("string", " &lt;a/&gt;", "text/xml"),
    ),
    (
        "XML with a DOCTYPE",
        made(data=b"<!DOCTYPE a><a/>", datacontenttype="text/xml"),
        typed("string", "&lt;!DOCTYPE a&gt;&lt;a/&gt;", "text/xml"),
    ),
    (
        "XML in UTF-16",
        made(data="<a/>".encode("utf-16-le"), datacontenttype="text/xml"),
        typed("base64Binary", "PABhAC8APgA=", "text/xml"),
    ),
    (
        "two elements",
        made(data=b"<a/><b/>", datacontenttype="text/xml"),
        typed("string", "&lt;a/&gt;&lt;b/&gt;", "text/xml"),
    ),
    ("broken XML", made(data=b"<a>", datacontenttype="text/xml"), typed("string", "&lt;a&gt;", "text/xml")),
    (
        "an entity that nobody knows",
        made(data=b"<a>&nbsp;</a>", datacontenttype="text/xml"),
        typed("string", "&lt;a&gt;&amp;nbsp;&lt;/a&gt;", "text/xml"),
    ),
    (
        "XML that would get out",
        made(data=b"<a/></ce:data><ce:id>2</ce:id>", datacontenttype="text/xml"),
        typed("string", "&lt;a/&gt;&lt;/ce:data&gt;&lt;ce:id&gt;2&lt;/ce:id&gt;", "text/xml"),
    ),
    (
        "XML that would get out and in",
        made(
            data=b'<a/></ce:data><x xmlns=""><y xsi:type="xs:any"><a/></y></x><ce:data>',
            datacontenttype="text/xml",
        ),
        typed(
            "string",
            '&lt;a/&gt;&lt;/ce:data&gt;&lt;x xmlns=""&gt;&lt;y xsi:type="xs:any"&gt;&lt;a/&gt;&lt;/y&gt;'
            "&lt;/x&gt;&lt;ce:data&gt;",
            "text/xml",
        ),
    ),
    (
        "a prefix that the event declares",
        made(data=b"<a>xs:int</a>", datacontenttype="text/xml"),
        typed("string", "&lt;a&gt;xs:int&lt;/a&gt;", "text/xml"),
    ),
    (
        "a prefix that only looks like one",
        made(data=b"<a>price: 5, source:x</a>", datacontenttype="text/xml"),
        typed("any", "<a>price: 5, source:x</a>", "text/xml"),
    ),
    (
        "a prefix that the data declares itself",
        made(data=f'<a xmlns:xs="{XS}">xs:int</a>', datacontenttype="text/xml"),
        typed("any", f'<a xmlns:xs="{XS}">xs:int</a>', "text/xml"),
    ),
]
each_pair = pytest.mark.parametrize(
    ("event", "members"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)


@each_pair
def test_an_event_is_written_so(event: Event, members: str) -> None:
    assert format_.encode(event).decode() == text(members)


@each_pair
def test_a_document_is_read_so(event: Event, members: str) -> None:
    body = text(members).encode()
    for given_body in (body, bytearray(body), memoryview(body)):
        found = format_.decode(given_body)
        assert found == event
        assert found.repairs == ()
        assert found.data_bytes == event.data_bytes
        assert {name: type(value) for name, value in kept_extensions(found).items()} == {
            name: type(value) for name, value in kept_extensions(event).items()
        }


@each_pair
def test_a_document_is_written_as_it_was_read(event: Event, members: str) -> None:
    body = text(members).encode()
    assert format_.encode(format_.decode(body)) == body


@each_pair
def test_a_batch_of_them(event: Event, members: str) -> None:  # XML-5-c
    body = batch(one(members), one(), one(members)).encode()
    assert format_.encode_batch(iter([event, made(), event])) == body
    assert format_.decode_batch(body) == [event, made(), event]


def test_an_empty_batch() -> None:
    assert format_.encode_batch([]).decode() == batch()
    assert format_.decode_batch(batch().encode()) == []


def test_the_content_type_of_a_json_value_is_written() -> None:
    assert typed("string", '{"a":1}', "application/json") in format_.encode(made(data={"a": 1})).decode()
    values: list[Any] = [{"a": 1}, None, "x", 1.5, 2**70, [], True]
    for value in values:
        event = made(data=Raw(b"null") if value is None else value)
        found = format_.decode(format_.encode(event))
        assert found == event
        assert found.data == value


def test_data_of_other_kinds() -> None:
    for event in (
        made(data=CborItem(b"\xa0")),
        made(data=Raw(b'{"a":1}'), datacontenttype="application/json; charset=utf-16"),
        made(data=Raw(b'"\xef\xbf\xbf"'), datacontenttype="application/json; charset=utf-16"),
        made(data='{"a":1}'.encode("utf-16"), datacontenttype="application/json; charset=utf-16"),
        made(data=b"\xef\xbb\xbf<a/>", datacontenttype="text/xml"),
    ):
        found = format_.decode(format_.encode(event))
        assert found == event
        assert found.data_bytes == event.data_bytes


def test_base64_of_a_json_document_is_read_and_then_written_as_text() -> None:
    event = made(data=Binary(b"{}"), datacontenttype="application/json")
    body = text(typed("base64Binary", "e30=", "application/json"))
    assert format_.encode(event).decode() == body
    found = format_.decode(body.encode())
    assert found == event
    assert format_.encode(found).decode() == text(typed("string", "{}", "application/json"))


def test_text_under_json_and_without_a_type() -> None:  # what other formats can read
    for content_type in (None, "application/json", "application/json;charset=utf-16le"):
        event = format_.decode(text(typed("string", "no JSON", content_type)).encode())
        assert event.has_data
        found = format_.decode(format_.encode(event))
        assert found == event
        assert found.data_bytes == event.data_bytes
        assert 'xs:string">no JSON<' in format_.encode(event).decode() or content_type == "application/json"


# ----------------------------------------------------------------------------------------------------- not written


def test_a_name_that_begins_with_a_digit_is_not_written() -> None:  # XML-2-a
    with pytest.raises(InvalidEvent) as caught:
        format_.encode(made(**{"1st": "x", "2nd": "y"}))
    assert [(p.attribute, p.requirement) for p in caught.value.problems] == [
        ("1st", "XML-2-a"),
        ("2nd", "XML-2-a"),
    ]
    with pytest.raises(InvalidEvent, match="event 1: 1st: cannot be carried by XML"):
        format_.encode_batch([made(), made(**{"1st": "x"})])


def test_03_is_neither_written_nor_read() -> None:  # CE-specversion-c
    with pytest.raises(InvalidEvent, match="specversion: cannot be carried by XML"):
        format_.encode(made(specversion="0.3"))
    body = text(version=' specversion="0.3"')
    assert problems(body) == problems(body, lenient=True) == [("specversion", "CE-specversion-c")]
    assert problems(body.replace(">1<", "><")) == [("specversion", "CE-specversion-c"), ("id", "CE-id-b")]


def test_what_lenient_reading_let_pass_is_not_written() -> None:
    event = formats.json.decode(b'{"specversion":"1.0","type":"t","source":"a b","id":"1"}', lenient=True)
    with pytest.raises(InvalidEvent, match="CE-source-a"):
        format_.encode(event)


def test_text_that_its_charset_cannot_hold() -> None:
    members = typed("string", "\u20ac", "text/plain;charset=iso-8859-1")
    event = format_.decode(text(members).encode())
    assert format_.encode(event).decode() == text(members)  # handed on as it is
    with pytest.raises(DataError):
        assert event.data_bytes


# ------------------------------------------------------------------------------------------------- other spellings

CORE = "<type>t</type><source>/s</source><id>1</id>"


def spelled(content: str, prefix: str = "", extra: str = "") -> str:
    """An event in the default namespace, or with another prefix."""
    declared = f'xmlns{prefix and ":"}{prefix}="{CE}" xmlns:xsi="{XSI}" xmlns:xs="{XS}"{extra}'
    found = f'<event {declared} specversion="1.0">{content}</event>'
    if prefix:
        for name in ("event", "type", "source", "id", "data", "n", "datacontenttype"):
            found = found.replace(f"<{name}", f"<{prefix}:{name}").replace(f"</{name}", f"</{prefix}:{name}")
    return found


SPELLINGS: list[tuple[str, str, Event]] = [
    # XML-1.2-a, XML-1.2-b: the namespace counts, no prefix does
    ("default namespace", spelled(CORE), made()),
    ("another prefix", spelled(CORE, "x"), made()),
    (
        "the prefix xs",
        f'<xs:event xmlns:xs="{CE}" specversion="1.0">' + REQUIRED.replace("ce:", "xs:") + "</xs:event>",
        made(),
    ),
    (
        "a default in each element",
        text().replace("<ce:id>", f'<id xmlns="{CE}">').replace("</ce:id>", "</id>"),
        made(),
    ),
    # XML-1.2-c: a declaration is not needed, others are read
    ("no declaration", text().removeprefix(PROLOG), made()),
    (
        "another declaration",
        text().replace(PROLOG, "<?xml version='1.0' encoding='utf-8' standalone = 'yes' ?>\n"),
        made(),
    ),
    ("a declaration without encoding", text().replace(PROLOG, '<?xml version="1.0"?>'), made()),
    # XML-1.2-d, XML-1.2-f: comments and CDATA, processing instructions
    (
        "comments",
        text("<!--a--><ce:n xsi:type='ce:string'>A<!--x-->B<!----></ce:n><!--b-->") + "<!--c-->",
        made(n="AB"),
    ),
    ("CDATA", text("<ce:n xsi:type='ce:string'>a<![CDATA[<&amp;]]>b<![CDATA[]]></ce:n>"), made(n="a<&amp;b")),
    ("white space as CDATA", text("<![CDATA[ ]]>"), made()),
    ("instructions", text("<?a b?><ce:n xsi:type='ce:string'>A<?x y?>B</ce:n>") + "<?c?>", made(n="AB")),
    (
        "comments in data",
        text(typed("string", "<!--a-->x<![CDATA[<]]>y<?p?>", "text/plain")),
        made(data="x<y", datacontenttype="text/plain"),
    ),
    ("comments in base64", text(typed("base64Binary", "A<!--a-->Q<![CDATA[==]]>")), made(data=b"\x01")),
    (
        "comments around XML",
        text(typed("any", "<!--a--> <a/> <?p?><![CDATA[ ]]><!--b-->", "text/xml")),
        made(data=b"<a/>", datacontenttype="text/xml"),
    ),
    # XML-1.2-g, XML-1.2-h: what is foreign
    (
        "foreign elements",
        text('<x xmlns="urn:x">a<id>2</id><ce:id>3</ce:id></x><subject>no</subject><x:data xmlns:x="u"/>'),
        made(),
    ),
    (
        "foreign XML attributes",
        text('<ce:n xsi:type="ce:integer" a="1" ce:type="x" xml:lang="de" xsi:nil="true">5</ce:n>'),
        made(n=5),
    ),  # XML-2-i
    (
        "XML attributes of core attributes",
        text().replace("<ce:id>", '<ce:id foo="1" type="ce:integer">'),
        made(),
    ),
    (
        "XML attributes of the event",
        text().replace(" specversion", ' a="b" ce:specversion="9" xml:space="preserve" specversion'),
        made(),
    ),
    # XML-2-d: types of core attributes
    (
        "types of core attributes",
        text(
            '<ce:time xsi:type="ce:timestamp">2020-01-01T00:00:00Z</ce:time>'
            '<ce:dataschema xsi:type="ce:uri">u:x</ce:dataschema>'
            '<ce:subject xsi:type="ce:string">s</ce:subject>'
            '<ce:datacontenttype xsi:type="ce:string">a/b</ce:datacontenttype>',
            '<ce:type xsi:type="ce:string">t</ce:type><ce:source xsi:type="ce:uriRef">/s</ce:source>'
            '<ce:id xsi:type="ce:string">1</ce:id>',
        ),
        made(time="2020-01-01T00:00:00Z", dataschema="u:x", subject="s", datacontenttype="a/b"),
    ),
    # XML-2-h: white space
    ("white space in a String", text('<ce:n xsi:type="ce:string">  text  </ce:n>'), made(n="  text  ")),
    ("white space in the id", text().replace(">1<", "> 1 <"), made(id=" 1 ")),
    ("white space between elements", text().replace("><", ">\r\n\t <"), made()),
    ("white space around a type", text('<ce:n xsi:type="\n ce:integer\t">5</ce:n>'), made(n=5)),
    ("white space in tags", text("<ce:n\n xsi:type = 'ce:integer'\n>5</ce:n\n>"), made(n=5)),
    (
        "white space in base64",
        text(typed("base64Binary", "\n  AQ\r\n\tI=  \n")),
        made(data=b"\x01\x02"),
    ),  # XML-3.1-a
    (
        "references",
        text('<ce:n xsi:type="ce:string">&#x41;&#66;&lt;&gt;&amp;&quot;&apos;&#x1F600;</ce:n>'),
        made(n="AB<>&\"'\U0001f600"),
    ),
    ("an empty tag", text('<ce:n xsi:type="ce:string"/>'), made(n="")),
    (
        "members in any order",
        text(
            "", typed("string", "{}", "application/json") + '<ce:n xsi:type="ce:integer">5</ce:n>' + REQUIRED
        ),
        made(n=5, data={}),
    ),
    # T-XML-1: types are names with prefixes
    ("unbound ce", spelled(CORE + '<n xsi:type="ce:integer">5</n>'), made(n=5)),
    (
        "unbound xs",
        text(typed("string", "x", "text/plain")).replace(f' xmlns:xs="{XS}"', ""),
        made(data="x", datacontenttype="text/plain"),
    ),
    ("by the default namespace", spelled(CORE + '<n xsi:type="integer">5</n>'), made(n=5)),
    (
        "by another prefix",
        spelled(CORE + '<n xsi:type="y:integer">5</n>', extra=f' xmlns:y="{CE}"'),
        made(n=5),
    ),
    (
        "by a prefix of the element itself",
        text(f'<ce:n xsi:type="y:integer" xmlns:y="{CE}">5</ce:n>'),
        made(n=5),
    ),
    (
        "by the innermost declaration",
        text(
            '<x xmlns:ce="u"/>'
            f'<y:n xmlns:y="{CE}" xmlns:ce="u" xsi:type="y:integer">5</y:n><ce:m xsi:type="ce:integer">6</ce:m>'
        ),
        made(n=5, m=6),
    ),
    (
        "by xsd",
        text(typed("string", "x", "text/plain").replace("xs:", "xsd:")).replace("xmlns:xs=", "xmlns:xsd="),
        made(data="x", datacontenttype="text/plain"),
    ),
    ("xsi by another name", text('<ce:n xsi:type="ce:integer">5</ce:n>').replace("xsi", "i"), made(n=5)),
]


@pytest.mark.parametrize(("body", "event"), [s[1:] for s in SPELLINGS], ids=[s[0] for s in SPELLINGS])
def test_other_spellings(body: str, event: Event) -> None:
    found = format_.decode(body.encode())
    assert found == event
    assert {n: type(v) for n, v in kept_extensions(found).items()} == {
        n: type(v) for n, v in kept_extensions(event).items()
    }
    inner = body[body.index("?>") + 2 :] if body.startswith("<?xml") else body
    if inner.rstrip().endswith("event>"):
        wrapped = f'<b:batch xmlns:b="{CE}">\n{inner}<!---->{inner}</b:batch>'
        assert format_.decode_batch(wrapped.encode()) == [event, event]


ENCODINGS: list[tuple[str, bytes]] = [
    ("UTF-8 with a mark", b"\xef\xbb\xbf" + text("<ce:subject>é</ce:subject>").encode()),
    (
        "UTF-8 with a mark, undeclared",
        b"\xef\xbb\xbf" + text("<ce:subject>é</ce:subject>").removeprefix(PROLOG).encode(),
    ),
    ("UTF-16", text("<ce:subject>é</ce:subject>").replace("UTF-8", "UTF-16").encode("utf-16")),
    (
        "UTF-16, big end first",
        b"\xfe\xff" + text("<ce:subject>é</ce:subject>").replace("UTF-8", "utf-16").encode("utf-16-be"),
    ),
    ("UTF-16, undeclared", text("<ce:subject>é</ce:subject>").removeprefix(PROLOG).encode("utf-16")),
    ("ISO-8859-1", text("<ce:subject>é</ce:subject>").replace("UTF-8", "ISO-8859-1").encode("iso-8859-1")),
    ("US-ASCII", text("<ce:subject>&#233;</ce:subject>").replace("UTF-8", "us-ascii").encode("ascii")),
]


@pytest.mark.parametrize("body", [e[1] for e in ENCODINGS], ids=[e[0] for e in ENCODINGS])
def test_encodings(body: bytes) -> None:
    assert format_.decode(body) == made(subject="é")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_xml_data_in_other_encodings_is_utf_8(encoding: str) -> None:
    members = typed("any", "<a é='é'>\r\n<é/></a>", "application/xml")
    event = format_.decode(text(members).replace("UTF-8", encoding).encode(encoding))
    assert event.data_bytes == "<a é='é'>\r\n<é/></a>".encode()


WRONG_ENCODINGS = [
    ("UTF-8 that is none", text().encode().replace(b">1<", b">\xe9<")),
    ("overlong UTF-8", text().encode().replace(b">1<", b">\xc0\xaf<")),
    ("a surrogate in UTF-8", text().encode().replace(b">1<", b">\xed\xa0\x80<")),
    ("unknown", text().replace("UTF-8", "windows-1252").encode()),
    ("UTF-7", text().replace("UTF-8", "utf-7").encode()),
    ("a codec of Python", text().replace("UTF-8", "rot13").encode()),
    ("UTF-16 that is UTF-8", text().replace("UTF-8", "UTF-16").encode()),
    ("UTF-8 that is UTF-16", text().encode("utf-16")),
    ("ISO-8859-1 with the mark of UTF-8", b"\xef\xbb\xbf" + text().replace("UTF-8", "ISO-8859-1").encode()),
    ("US-ASCII that is none", text("<ce:subject>é</ce:subject>").replace("UTF-8", "us-ascii").encode()),
    ("UTF-16 without mark", text().removeprefix(PROLOG).encode("utf-16-le")),
    ("UTF-16 without mark, big end first", text().removeprefix(PROLOG).encode("utf-16-be")),
    ("half a character of UTF-16", text().removeprefix(PROLOG).encode("utf-16") + b"\x00"),
    ("UTF-32", text().removeprefix(PROLOG).encode("utf-32")),
]


@pytest.mark.parametrize("body", [e[1] for e in WRONG_ENCODINGS], ids=[e[0] for e in WRONG_ENCODINGS])
def test_encodings_that_are_refused(body: bytes) -> None:
    for lenient in (False, True):
        assert problems(body, lenient=lenient) == [(None, "XML-4-a")]
        assert problems(body, lenient=lenient, verb="decode_batch") == [(None, "XML-5-c")]


# ---------------------------------------------------------------------------------------------------------- refused

NOT_XML = (None, "XML-4-a")


def same(case: str, body: str, *found: tuple[str | None, str]) -> tuple[str, str, list[Any], bool]:
    return case, body, list(found), False


def mended(case: str, body: str, *found: tuple[str | None, str]) -> tuple[str, str, list[Any], bool]:
    return case, body, list(found), True


def extension(kind: str, value: str) -> str:
    return text(f'<ce:n xsi:type="{kind}">{value}</ce:n>')


CASES = [
    same("nothing", "", NOT_XML),
    same("white space", " \n", NOT_XML),
    same("JSON", '{"specversion":"1.0"}', NOT_XML),
    same("cut off", text()[:-1], NOT_XML),
    same("trailing text", text() + "x", NOT_XML),
    same("two documents", text() + text().removeprefix(PROLOG), NOT_XML),
    same("a NUL after it", text() + "\0", NOT_XML),
    same("white space before the declaration", " " + text(), NOT_XML),
    same("an XML attribute twice", text().replace(" specversion", ' specversion="1.0" specversion'), NOT_XML),
    same("an unbound prefix", text("<y:a/>"), NOT_XML),
    same(
        "an unbound xsi",
        text('<ce:n xsi:type="ce:string">x</ce:n>').replace(f' xmlns:xsi="{XSI}"', ""),
        NOT_XML,
    ),
    same("an unknown entity", text("<ce:subject>&nbsp;</ce:subject>"), NOT_XML),
    same("a reference to a control", extension("ce:string", "&#1;"), NOT_XML),
    same("a control", extension("ce:string", "\x01"), NOT_XML),
    same("a DOCTYPE", text().replace(PROLOG, "<!DOCTYPE event>"), NOT_XML),  # T-XML-3, F2, S9
    # XML-1.2-a: the root
    same("namespace in small letters", text().replace("V1", "v1"), (None, "XML-1.2-a")),
    same("no namespace", f'<event specversion="1.0">{CORE}</event>', (None, "XML-1.2-a")),
    same("another root", text().replace("ce:event", "ce:Event"), NOT_XML),
    same("a batch", batch(one()), NOT_XML),
    # XML-4-a, CE-specversion-b
    same("no specversion", text(version=""), ("specversion", "CE-specversion-b")),
    same("specversion empty", text(version=' specversion=""'), ("specversion", "CE-specversion-b")),
    same(
        "specversion of another namespace",
        text(version=' ce:specversion="1.0"'),
        ("specversion", "CE-specversion-b"),
    ),
    same(
        "specversion as an element", text("<ce:specversion>1.0</ce:specversion>"), ("specversion", "XML-4-a")
    ),
    same("specversion 2.0", text(version=' specversion="2.0"'), ("specversion", "CE-specversion-c")),
    mended("specversion 1.1", text(version=' specversion="1.1"'), ("specversion", "CE-specversion-c")),
    # required attributes: CE-id-a, CE-type-a, CE-source-a
    same(
        "no members", text(required=""), ("type", "CE-type-a"), ("source", "CE-source-a"), ("id", "CE-id-a")
    ),
    same(
        "members without namespace",
        text(required=CORE),
        ("type", "CE-type-a"),
        ("source", "CE-source-a"),
        ("id", "CE-id-a"),
    ),
    same("an empty id", text().replace(">1<", "><"), ("id", "CE-id-b")),
    mended("an empty subject", text("<ce:subject/>"), ("subject", "CE-subject-a")),
    mended("a source with a space", text().replace("/s", "a b"), ("source", "CE-source-a")),
    mended(
        "a time without a zone", text("<ce:time>2020-01-01T00:00:00</ce:time>"), ("time", "CE-time-a")
    ),  # T-XML-4
    # XML-2-a: names
    same(
        "a name in capitals",
        text().replace("ce:id>", "ce:Id>"),
        ("Id", "XML-2-c"),
        ("Id", "CE-naming-a"),
        ("id", "CE-id-a"),
    ),
    mended("a name with a hyphen", text('<ce:a-b xsi:type="ce:string">x</ce:a-b>'), ("a-b", "CE-naming-a")),
    mended("a name beyond ASCII", text('<ce:é xsi:type="ce:string">x</ce:é>'), ('"é"', "CE-naming-a")),
    # XML-2-b, T-XML-4: spellings that are CloudEvents'
    *(
        same(f"Boolean {value}", extension("ce:boolean", value), ("n", "CE-types-b"))
        for value in ("1", "0", "TRUE", "", " true")
    ),
    *(
        same(f"Integer {value}", extension("ce:integer", value), ("n", "CE-types-d"))
        for value in ("+5", "007", "5.0", "1e2", "2147483648", "-2147483649", "  10  ", "", "٥", "1" * 5000)
    ),  # XML-2-h
    *(
        same(f"Binary {value}", extension("ce:binary", value), ("n", "CE-types-h"))
        for value in ("A", "AQ", "-_8=", "AQ ==", "AR==")
    ),
    *(
        same(f"URI {value}", extension("ce:uri", value), ("n", "CE-types-i"))
        for value in ("/x", "u:x#f", "u:a b", "")
    ),
    same("URI-reference", extension("ce:uriRef", "a b"), ("n", "CE-types-j")),
    *(
        same(f"Timestamp {value}", extension("ce:timestamp", value), ("n", "CE-types-k"))
        for value in ("2020-01-01T00:00:00", "2020-01-01", "")
    ),
    same("String with a tab", extension("ce:string", "a\tb"), ("n", "CE-types-e")),
    same("String with a noncharacter", extension("ce:string", "\U0001fffe"), ("n", "CE-types-f")),
    same("id with a tab", text().replace(">1<", ">a&#9;b<"), ("id", "CE-types-e")),
    same("id with a C1 control", text().replace(">1<", ">\x85<"), ("id", "CE-types-e")),
    # XML-2-c, XML-2-b, T-XML-1: types of extensions
    mended("no type", text("<ce:n>5</ce:n>"), ("n", "XML-2-c")),
    mended("a type of another namespace", extension("xs:integer", "5"), ("n", "XML-2-b")),
    mended(
        "ce bound to another namespace",
        text(f'<e:n xmlns:e="{CE}" xmlns:ce="urn:x" xsi:type="ce:integer">5</e:n>'),
        ("n", "XML-2-b"),
    ),
    mended("a type in capitals", extension("ce:Integer", "5"), ("n", "XML-2-b")),
    mended("uriref", extension("ce:uriref", "5"), ("n", "XML-2-b")),
    mended("a type without prefix", extension("integer", "5"), ("n", "XML-2-b")),
    mended("an empty type", extension("", "5"), ("n", "XML-2-b")),
    mended("an unbound prefix of a type", extension("y:integer", "5"), ("n", "XML-2-b")),
    # XML-2-e: types of core attributes
    same(
        "time of type string",
        text('<ce:time xsi:type="ce:string">2020-01-01T00:00:00Z</ce:time>'),
        ("time", "XML-2-e"),
    ),
    same("id of type integer", text().replace("<ce:id>", '<ce:id xsi:type="ce:integer">'), ("id", "XML-2-e")),
    same(
        "source of type uri",
        text().replace("<ce:source>", '<ce:source xsi:type="ce:uri">'),
        ("source", "XML-2-e"),
    ),
    same(
        "id of type xs:string", text().replace("<ce:id>", '<ce:id xsi:type="xs:string">'), ("id", "XML-2-e")
    ),
    # XML-2-f: elements in attributes
    same("an element in the id", text().replace(">1<", ">1<ce:b/><"), ("id", "XML-2-f")),
    same("a foreign element in an extension", extension("ce:string", '<x xmlns="u">5</x>'), ("n", "XML-2-f")),
    same("an element in an xs:any that is no data", extension("xs:any", "<x/>"), ("n", "XML-2-f")),
    # XML-2-g, T-XML-6: line breaks
    *(
        same(f"line break {value!a}", text(f"<ce:subject>a{value}b</ce:subject>"), ("subject", "XML-2-g"))
        for value in ("\n", "\r", "\r\n", "&#10;", "&#13;", "&#xD;", "<![CDATA[\n]]>")
    ),
    same("line break in an extension", extension("ce:string", "\n"), ("n", "XML-2-g")),
    same("line break in an Integer", extension("ce:integer", "5\n"), ("n", "XML-2-g")),
    same(
        "an attribute on a line of its own", text("<ce:subject>\n  a\n</ce:subject>"), ("subject", "XML-2-g")
    ),
    # CE-attrs-d, T78: twice
    mended("id twice, the same", text("<ce:id>1</ce:id>"), ("id", "CE-attrs-d")),
    same("id twice", text("<ce:id>2</ce:id>"), ("id", "CE-attrs-d")),
    same(
        "extension twice, of two types",
        text('<ce:n xsi:type="ce:integer">1</ce:n><ce:n xsi:type="ce:boolean">true</ce:n>'),
        ("n", "CE-attrs-d"),
    ),
    same(
        "an empty one and another",
        text("<ce:subject></ce:subject><ce:subject>a</ce:subject>"),
        ("subject", "CE-attrs-d"),
        ("subject", "CE-subject-a"),
    ),
    # XML-3-b, XML-3-c: data
    same("data without type", text("<ce:data>x</ce:data>"), ("data", "XML-3-b")),
    same("data with XML without type", text("<ce:data><a/></ce:data>"), ("data", "XML-3-b")),
    *(
        same(f"data of type {kind}", text(f'<ce:data xsi:type="{kind}">x</ce:data>'), ("data", "XML-3-b"))
        for kind in ("ce:string", "xs:int", "xs:anyType", "string", "", "y:string", "xs:String")
    ),
    same(
        "xs bound to another namespace", text(typed("string", "x")).replace(XS, "urn:x"), ("data", "XML-3-b")
    ),
    same("data twice", text(typed("string", "x") * 2), ("data", "XML-3-c")),
    same("data twice without type", text("<ce:data/><ce:data/>"), ("data", "XML-3-b"), ("data", "XML-3-c")),
    same("data twice, of two types", text(typed("string", "x") + typed("any", "<a/>")), ("data", "XML-3-c")),
    # XML-3.1-a, XML-3.1-b, XML-3.2-b
    *(
        same(f"base64 {value}", text(typed("base64Binary", value)), ("data", "XML-3.1-a"))
        for value in ("A", "!", "AQ*=", "=", "A\u00e9==", "AQ==AQ==")
    ),
    mended("base64 without padding", text(typed("base64Binary", "AQ")), ("data", "XML-3.1-a")),
    mended("base64 for URLs", text(typed("base64Binary", "-_8=")), ("data", "XML-3.1-a")),
    mended("base64 with stray bits", text(typed("base64Binary", "AR==")), ("data", "XML-3.1-a")),
    same("an element in base64", text(typed("base64Binary", "AQ==<a/>")), ("data", "XML-3.1-b")),
    same("an element in text", text(typed("string", "x<a>y</a>")), ("data", "XML-3.2-b")),
    # XML-3.3-a, XML-3.3-c
    same("no element", text(typed("any", "")), ("data", "XML-3.3-a")),
    same("only a comment", text(typed("any", " <!--a--> ")), ("data", "XML-3.3-a")),
    same("two elements", text(typed("any", "<a/><b/>")), ("data", "XML-3.3-a")),
    same("text before the element", text(typed("any", "x<a/>")), ("data", "XML-3.3-c")),
    same("text after the element", text(typed("any", "<a/>&#32;&#120;")), ("data", "XML-3.3-c")),
    same("only text", text(typed("any", "x")), ("data", "XML-3.3-a"), ("data", "XML-3.3-c")),
    # XML-4-d
    same("text in the event", text("x"), (None, "XML-4-d")),
    same("text before all members", text().replace("><ce:type", "><![CDATA[x]]><ce:type"), (None, "XML-4-d")),
    same("a no-break space in the event", text("\u00a0"), (None, "XML-4-d")),
    same(
        "several faults",
        text('<ce:A>\n</ce:A>x<ce:n xsi:type="ce:boolean">1</ce:n><ce:data/>', "<ce:id><a/></ce:id>"),
        ("id", "XML-2-f"),
        ("A", "XML-2-g"),
        (None, "XML-4-d"),
        ("n", "CE-types-b"),
        ("data", "XML-3-b"),
        ("A", "CE-naming-a"),
        ("type", "CE-type-a"),
        ("source", "CE-source-a"),
    ),
]
each_case = pytest.mark.parametrize(
    ("body", "found", "repairable"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)


@each_case
def test_refused(body: str, found: list[Any], repairable: bool) -> None:
    assert problems(body) == found


@each_case
def test_lenient(body: str, found: list[Any], repairable: bool) -> None:
    if repairable:
        event = format_.decode(body.encode(), lenient=True)
        assert [(problem.attribute, problem.requirement) for problem in event.repairs] == found
    else:
        assert set(problems(body, lenient=True)) <= set(found)


@each_case
def test_refused_in_a_batch(body: str, found: list[Any], repairable: bool) -> None:
    inner = body.removeprefix(PROLOG)
    if found == [NOT_XML] or "1.2" in found[0][1]:
        return  # these are of the whole document
    with pytest.raises(InvalidEvent) as caught:
        format_.decode_batch(batch(one(), inner, one()).encode())
    assert [(problem.attribute, problem.requirement) for problem in caught.value.problems] == found
    assert {problem.index for problem in caught.value.problems} == {1}


def test_what_lenient_reading_makes_of_a_type_that_it_does_not_know() -> None:  # XML-2-c, T-XML-1
    event = read('<ce:a>5</ce:a><ce:b xsi:type="xs:int"> 6 </ce:b>', lenient=True)
    assert dict(event.extensions) == {"a": "5", "b": " 6 "}
    assert [problem.requirement for problem in event.repairs] == ["XML-2-c", "XML-2-b"]
    assert read(typed("base64Binary", "AQ"), lenient=True).data == b"\x01"
    assert read("<ce:subject/>", lenient=True).subject is None


def test_messages() -> None:
    for body, message in [
        (text("<ce:n>5</ce:n>"), 'n: must have an xsi:type; such as xsi:type="ce:string" [XML-2-c]'),
        (
            extension("xs:int", "5"),
            'n: must have one of the types of CloudEvents as its xsi:type (got "xs:int") [XML-2-b]',
        ),
        (text("<ce:id>"), "is not well-formed XML: mismatched tag at byte 280 [XML-4-a]"),
        (
            batch(),
            (
                'must be an XML document with the root event (got "batch"); '
                "an XML document with the root batch is application/cloudevents-batch+xml [XML-4-a]"
            ),
        ),
        (
            text().replace("V1", "v1"),
            (
                f"must be an XML document with the root event in the namespace {CE} "
                f'(got "{CE[:-2]}v1") [XML-1.2-a]'
            ),
        ),
        (
            text(version=' specversion="0.3"'),
            'specversion: cannot be carried by XML (got "0.3"); only JSON carries 0.3 [CE-specversion-c]',
        ),
        (
            text("<ce:time xsi:type='ce:string'>x</ce:time>"),
            'time: must have the xsi:type ce:timestamp, or none (got "ce:string") [XML-2-e]',
        ),
        ("", "is empty, but must be an XML document with the root event at byte 0 [XML-4-a]"),
    ]:
        with pytest.raises(InvalidEvent) as caught:
            format_.decode(body.encode())
        assert str(caught.value) == message
    assert body_position(text("<ce:id>").encode()) == 280
    assert body_position(text("<ce:id>").replace("UTF-8", "UTF-16").encode("utf-16")) is None


def body_position(body: bytes) -> int | None:
    with pytest.raises(InvalidEvent) as caught:
        format_.decode(body)
    return caught.value.problems[0].position


def test_only_bytes_are_read() -> None:
    with pytest.raises(TypeError):
        format_.decode(text())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # what is tested


# ------------------------------------------------------------------------------------------------------------ batches


def test_a_batch_with_other_things_in_it() -> None:  # XML-1.2-d, XML-1.2-g, XML-1.2-h
    body = batch(
        "\n<!--a-->",
        one(),
        f'<x><id/>text{one()}</x><event/><x:event xmlns:x="u"/>',
        one(),
        "<?a?><![CDATA[ ]]>",
    )
    assert format_.decode_batch(body.encode()) == [made(), made()]


BATCHES = [
    # XML-5-a, XML-5-b
    ("text", batch(one(), "x"), [(None, "XML-5-a", None)]),
    ("text before the first event", batch("x", one()), [(None, "XML-5-a", None)]),
    ("text alone", batch("&#65;"), [(None, "XML-5-a", None)]),
    ("another element", batch("<ce:foo/>", one()), [(None, "XML-5-b", None)]),
    ("an attribute", batch(one(), "<ce:id>1</ce:id>"), [(None, "XML-5-b", None)]),
    ("a batch in a batch", batch(f"<ce:batch>{one()}</ce:batch>"), [(None, "XML-5-b", None)]),
    ("an event", text(), [(None, "XML-5-c", None)]),
    ("another namespace", batch().replace("V1", "V2"), [(None, "XML-1.2-a", None)]),
    ("another root", batch().replace("ce:batch", "ce:events"), [(None, "XML-5-c", None)]),
    ("nothing", "", [(None, "XML-5-c", None)]),
    ("a DOCTYPE", batch().replace(PROLOG, "<!DOCTYPE x>"), [(None, "XML-5-c", None)]),
    ("cut off", batch(one())[:-1], [(None, "XML-5-c", None)]),
    # the index of what is bad
    (
        "two bad events",
        batch("<ce:event/>", one(), one("<ce:a/>x")),
        [
            ("specversion", "CE-specversion-b", 0),
            ("type", "CE-type-a", 0),
            ("source", "CE-source-a", 0),
            ("id", "CE-id-a", 0),
            ("a", "XML-2-c", 2),
            (None, "XML-4-d", 2),
        ],
    ),
    (
        "a bad batch with a bad event",
        batch("x", one("<ce:a/>")),
        [(None, "XML-5-a", None), ("a", "XML-2-c", 0)],
    ),
    ("0.3", batch(one(), one().replace("1.0", "0.3")), [("specversion", "CE-specversion-c", 1)]),
]


@pytest.mark.parametrize(("body", "found"), [b[1:] for b in BATCHES], ids=[b[0] for b in BATCHES])
def test_batches_that_are_refused(body: str, found: list[Any]) -> None:
    with pytest.raises(InvalidEvent) as caught:
        format_.decode_batch(body.encode())
    assert [
        (problem.attribute, problem.requirement, problem.index) for problem in caught.value.problems
    ] == found


def test_a_batch_read_leniently() -> None:
    events = format_.decode_batch(batch(one(), one("<ce:a>x</ce:a>")).encode(), lenient=True)
    assert events == [made(), made(a="x")]
    assert [len(event.repairs) for event in events] == [0, 1]


# ------------------------------------------------------------------------------------------------- XML within an event


def data_of(members: str, around: str = "") -> bytes:
    event = format_.decode(text(members).replace(" specversion", f"{around} specversion").encode())
    found = event.data_bytes
    assert found is not None
    return found


# XML-1.2-e, XML-3.3-b, T-XML-2: every byte of the element is kept
@pytest.mark.parametrize(
    "element",
    [
        "<a/>",
        "<a />",
        "<a></a>",
        "<a></a\t\n>",
        "<a\n  b = 'x>y' c=\"/>\"\t>z</a>",
        "<a b='/>'/>",
        "<a b='>'><b/></a>",
        "<a><b/></a>",
        "<a><a><a/></a></a>",
        "<a>\r\n\t<b/> \r</a>",
        "<a><!-- <b> --><![CDATA[</a>]]><?p ?>&lt;&#x41;&amp;]]&gt;</a>",
        "<a>\u00e9\U0001f600\u2028</a>",
        "<\u00e9 \u00e9='\u00e9'/>",
        '<g:a xmlns:g="urn:g" g:b="1"><g:c xmlns="urn:d"/></g:a>',
        '<a xmlns=""/>',
        f'<ce:a xmlns:ce="{CE}"/>',
        "<a xml:space='preserve' xml:lang='de'> </a>",
    ],
)
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("\n  <!--x-->", "<?y?>\n"), ("<?x <b/>?>", "<!--<b/>-->")]
)
def test_an_element_is_kept_as_it_came(element: str, before: str, after: str) -> None:
    assert data_of(typed("any", before + element + after)) == element.encode()
    event = format_.decode_batch(batch(one(typed("any", before + element + after)), one()).encode())[0]
    assert event.data_bytes == element.encode()


NAMESPACES = [
    # XML-3.3-a: (what is declared around the data, the element, what is kept of it)
    ("a prefix of its name", ' xmlns:g="urn:g"', "<g:a/>", '<g:a xmlns:g="urn:g"/>'),
    ("a prefix of a name within", ' xmlns:g="urn:g"', "<a ><g:b/></a>", '<a xmlns:g="urn:g" ><g:b/></a>'),
    ("a prefix of an XML attribute", ' xmlns:g="urn:g"', "<a g:b=''/>", "<a xmlns:g=\"urn:g\" g:b=''/>"),
    ("a prefix in a text", ' xmlns:g="urn:g"', "<a>g:b</a>", '<a xmlns:g="urn:g">g:b</a>'),
    (
        "xs and xsi",
        "",
        "<a xsi:type='xs:int'>5</a>",
        f'<a xmlns:xsi="{XSI}" xmlns:xs="{XS}" xsi:type=\'xs:int\'>5</a>',
    ),
    (
        "none that is not used",
        ' xmlns:g="urn:g" xmlns:b="urn:b"',
        "<a>ag:b -b:c .b:c éb:c</a>",
        "<a>ag:b -b:c .b:c éb:c</a>",
    ),
    (
        "none that is declared in its tag",
        ' xmlns:g="urn:g"',
        '<g:a xmlns:g="urn:h"/>',
        '<g:a xmlns:g="urn:h"/>',
    ),
    ("the default", ' xmlns="urn:d"', "<a><b/></a>", '<a xmlns="urn:d"><b/></a>'),
    (
        "the default within",
        ' xmlns="urn:d"',
        "<ce:a><b/></ce:a>",
        f'<ce:a xmlns:ce="{CE}" xmlns="urn:d"><b/></ce:a>',
    ),
    ("no default that is not used", ' xmlns="urn:d" xmlns:g="urn:g"', "<g:a/>", '<g:a xmlns:g="urn:g"/>'),
    ("no default that is taken back", ' xmlns="urn:d"', '<a xmlns=""/>', '<a xmlns=""/>'),
    (
        "what has to be escaped",
        ' xmlns:g="urn:&lt;&amp;&quot;&#9;&#13;>\'"',
        "<g:a/>",
        '<g:a xmlns:g="urn:&#60;&#38;&#34;&#9;&#13;>\'"/>',
    ),
    ("beyond ASCII", ' xmlns:é="urn:é"', "<é:a/>", '<é:a xmlns:é="urn:é"/>'),
    ("xml", ' xmlns:xml="http://www.w3.org/XML/1998/namespace"', "<a/>", "<a/>"),
]


@pytest.mark.parametrize(
    ("around", "element", "kept"), [n[1:] for n in NAMESPACES], ids=[n[0] for n in NAMESPACES]
)
def test_namespaces_are_kept(around: str, element: str, kept: str) -> None:
    assert data_of(typed("any", element), around) == kept.encode()
    inner = typed("any", element).replace("<ce:data", f"<ce:data{around}")
    assert data_of(inner) == kept.encode()
    assert data_of(inner, ' xmlns:g="urn:other" xmlns:q="urn:q"') == kept.encode()
    wrapped = batch(one(), one(inner), one())
    assert format_.decode_batch(wrapped.encode())[1].data_bytes == kept.encode()


def test_the_innermost_namespace_counts() -> None:
    inner = typed("any", "<g:a/>").replace("<ce:data", '<ce:data xmlns:g="urn:inner"')
    assert data_of(inner, ' xmlns:g="urn:outer"') == b'<g:a xmlns:g="urn:inner"/>'
    taken_back = typed("any", "<a/>").replace("<ce:data", '<ce:data xmlns=""')
    assert data_of(taken_back, ' xmlns="urn:outer"') == b"<a/>"
    # and goes when its element does
    body = batch(
        one(typed("any", "<g:a/>").replace("<ce:data", '<ce:data xmlns:g="urn:1"')),
        one(typed("any", "<g:a/>")),
    )
    body = body.replace("<ce:batch", '<ce:batch xmlns:g="urn:2"')
    assert [event.data_bytes for event in format_.decode_batch(body.encode())] == [
        b'<g:a xmlns:g="urn:1"/>',
        b'<g:a xmlns:g="urn:2"/>',
    ]


def test_json_and_xml_are_bytes_where_they_are_utf_8() -> None:
    """Data is not looked at when it is read, and goes on as these bytes."""
    for content_type in ("application/json", "application/json; charset=utf-8"):
        assert stored_data(read(typed("string", "{}", content_type))) == b"{}"
    for content_type in ("application/xml", "application/xml; charset=UTF-8"):
        assert stored_data(read(typed("any", "<a/>", content_type))) == b"<a/>"


def test_xml_under_other_content_types() -> None:  # its bytes, and no content type is made up
    for content_type in (None, "image/png", "application/json", "text/plain"):
        event = read(typed("any", "<a/>", content_type))
        assert event.data_bytes == b"<a/>"
        assert event.datacontenttype == content_type
        assert format_.decode(format_.encode(event)) == event
    assert read(typed("any", "<a/>", "application/xml")).data == "<a/>"
    latin = read(typed("any", "<é/>", "application/xml;charset=iso-8859-1"))
    assert (latin.data, latin.data_bytes) == ("<é/>", "<é/>".encode("iso-8859-1"))
    unknown = read(typed("any", "<a/>", "application/xml;charset=unknown"))
    assert format_.decode(format_.encode(unknown)) == unknown


def test_a_relay_between_http_and_xml() -> None:
    """What came over HTTP is the same body again, whichever way XML has taken it."""
    for body in (b"<a  b='1'/>", b'<?xml version="1.0"?>\r\n<a/>', b"\xff<a/>", b""):
        headers = [
            ("ce-specversion", "1.0"),
            ("ce-id", "1"),
            ("ce-source", "/s"),
            ("ce-type", "t"),
            ("content-type", "text/xml"),
        ]
        event = bindings.http.decode(headers, body)
        assert bindings.http.encode(format_.decode(format_.encode(event))).body == body


elements = st.recursive(
    st.text(st.sampled_from("ab<&é\r\n")).map(lambda value: value.replace("&", "&amp;").replace("<", "&lt;"))
    | st.sampled_from(["<!--g:c-->", "<?p i?>", "<![CDATA[<g:]]>", "xs:int", "&#13;", "ce:x"]),
    lambda inner: st.builds(
        "<{0}{1}{2}>{3}</{0} >".format,
        st.sampled_from(["a", "g:a", "h:a", "ce:a"]),
        st.sampled_from(["", " xmlns=''", ' xmlns="urn:d2"', " xmlns:g='urn:g2'", f" xmlns:xs='{XS}'"]),
        st.sampled_from(["", " b='>'", "\tg:b='1'", ' xsi:type="xs:int"', "\nc='/>' ", " h:b='&#10;'"]),
        st.lists(inner, max_size=3).map("".join),
    ),
    max_leaves=6,
).filter(lambda element: element.startswith("<") and element[1].isalpha())


@given(elements, st.sampled_from(["", ' xmlns="urn:d"']), st.sampled_from(["data", "event", "batch"]))
def test_the_element_is_what_another_parser_sees(element: str, default: str, place: str) -> None:  # XML-3.3-b
    declared = f'{default} xmlns:g="urn:g" xmlns:h="urn:h"'
    body = batch(one(typed("any", element))).replace(f"<ce:{place}", f"<ce:{place}{declared}", 1)
    [event] = format_.decode_batch(body.encode())
    found = event.data_bytes
    assert found is not None
    seen = etree.fromstring(body.encode()).find(f".//{{{CE}}}data")[0]
    seen.tail = None
    assert canonical(etree.fromstring(found)) == canonical(seen)
    assert found.count(b"<!--g:c-->") == element.count("<!--g:c-->")
    assert format_.decode(format_.encode(event)).data_bytes == found


def canonical(element: Any) -> bytes:
    """Exclusive canonical XML: with the namespaces that names have, whoever declared them."""
    found: bytes = etree.tostring(element, method="c14n", exclusive=True, with_comments=True)
    return found


@given(
    elements,
    st.sampled_from(["application/xml", "text/xml;charset=utf-16", "a/b+xml;charset=iso-8859-1"]),
    st.booleans(),
)
@example('<a xmlns:xs="urn:x"><b>xs:int</b></a>', "text/xml", False)
@example('<a><b xmlns:xs="urn:x">xs:int</b></a>', "text/xml", True)
def test_xml_data_comes_back_to_the_byte(element: str, content_type: str, as_bytes: bool) -> None:
    event = made(data=element.encode() if as_bytes else element, datacontenttype=content_type)
    body = format_.encode(event)
    found = format_.decode(body)
    assert found.data_bytes == event.data_bytes
    assert found == event
    assert format_.encode(found) == body


# -------------------------------------------------------------------------------------- a schema, and other encoders

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("cloudevents.xsd")))
in_xml = testing.extension_attributes().map(
    lambda found: {n: v for n, v in found.items() if not n[0].isdigit()}
)
events = testing.events(extensions=in_xml)


def is_valid(body: bytes) -> bool:
    document = etree.fromstring(body.replace(b'"xs:any"', b'"xs:anyType"'))  # it knows no xs:any
    return bool(SCHEMA.validate(document))


@pytest.mark.parametrize(
    ("body", "valid"),
    [
        (text(), True),
        (text('<ce:n xsi:type="ce:integer">5</ce:n><x xmlns="u"/>'), True),
        (batch(one(), one(typed("any", "<a><b/></a>", "text/xml"))), True),
        (text(version=""), False),
        (text('<ce:n xsi:type="ce:integer">+5</ce:n>'), False),
        (text('<ce:n xsi:type="ce:boolean">1</ce:n>'), False),
        (text('<ce:n xsi:type="ce:uriref">1</ce:n>'), False),
        (text("<ce:time>2020-01-01T00:00:00</ce:time>"), False),
        (text("<ce:subject>a<b/></ce:subject>"), False),
        (text("<ce:subject>a\nb</ce:subject>"), False),
        (text("x"), False),
        (text(typed("string", "<a/>")), False),
        (text(typed("base64Binary", "A")), False),
        (batch("<ce:id/>"), False),
        (batch("x"), False),
    ],
)
def test_the_schema_can_tell(body: str, valid: bool) -> None:
    assert is_valid(body.encode()) is valid


@each_pair
def test_what_is_written_is_valid(event: Event, members: str) -> None:
    if "23:59:60" in members or "<ce:event" in members:
        return  # XML Schema has no leap seconds, and takes an extension called event for an event
    assert is_valid(format_.encode(event))
    assert is_valid(format_.encode_batch([event, event]))


usual_uris = st.sampled_from(
    ["urn:x:y", "https://example.com/a?b=c"]
)  # libxml2 has rules of its own for them
valid_events = testing.events(
    extensions=in_xml.filter(lambda found: not found.keys() & {"event", "batch"}),
    time=st.none() | testing.timestamps(exact=True).filter(lambda moment: not is_uncommon(moment)),
    source=usual_uris,
    dataschema=st.none() | usual_uris,
)


def is_uncommon(moment: str) -> bool:
    """RFC 3339 allows small letters, and offsets that the dateTime of XML Schema does not."""
    return "t" in moment or "z" in moment or (moment[-6] in "+-" and moment[-5:] > "14:00")


@given(st.lists(valid_events, max_size=3))
def test_what_is_written_is_valid_whatever_the_event(found: list[Event]) -> None:
    for event in found:
        moments = [v for v in kept_extensions(event).values() if isinstance(v, TimestampText)]
        assert is_valid(format_.encode(event)) or any(map(is_uncommon, moments)), SCHEMA.error_log
    if not any(isinstance(v, TimestampText) for event in found for v in kept_extensions(event).values()):
        assert is_valid(format_.encode_batch(found)), SCHEMA.error_log


def test_documents_of_another_encoder() -> None:
    """The same event by lxml, in each way that a document can be spelled."""
    event = made(subject="é <", n=5, data={"a": "<&>"}, datacontenttype="application/json")
    for prefix in (None, "ce", "x"):
        root = etree.Element(
            f"{{{CE}}}event", {"specversion": "1.0"}, nsmap={prefix: CE, "i": XSI, "c": CE, "s": XS}
        )
        for member, kind, value in [
            ("data", "s:string", '{"a":"<&>"}'),
            ("n", "c:integer", "5"),
            *(
                (name, None, event.text(name))
                for name in ("datacontenttype", "subject", "id", "source", "type")
            ),
        ]:
            element = etree.SubElement(root, f"{{{CE}}}{member}")
            element.text = value
            if kind is not None:
                element.set(f"{{{XSI}}}type", kind)
        for encoding in ("utf-8", "utf-16", "us-ascii", "iso-8859-1"):
            for pretty in (False, True):
                body = etree.tostring(root, encoding=encoding, xml_declaration=True, pretty_print=pretty)
                assert format_.decode(body) == event


# ------------------------------------------------------------------------------------------------------------- hostile

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE: list[tuple[str, str]] = [
    # T-XML-3, F2, S9: whatever has a DOCTYPE
    (
        "billion laughs",
        f'<!DOCTYPE e [<!ENTITY l0 "ha">{LAUGHS}]>'
        + text("<ce:subject>&l9;</ce:subject>").removeprefix(PROLOG),
    ),
    (
        "quadratic",
        f'<!DOCTYPE e [<!ENTITY a "{"a" * 10_000}">]>'
        + text(f"<ce:subject>{'&a;' * 1000}</ce:subject>").removeprefix(PROLOG),
    ),
    (
        "a file",
        '<!DOCTYPE e [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        + text("<ce:subject>&x;</ce:subject>").removeprefix(PROLOG),
    ),
    ("a URL", '<!DOCTYPE e SYSTEM "http://127.0.0.1:1/x.dtd">' + text().removeprefix(PROLOG)),
    (
        "a parameter entity",
        '<!DOCTYPE e [<!ENTITY % x SYSTEM "file:///etc/passwd">%x;]>' + text().removeprefix(PROLOG),
    ),
    (
        "a default value",
        '<!DOCTYPE e [<!ATTLIST ce:event specversion CDATA "1.0">]>' + text(version="").removeprefix(PROLOG),
    ),
    ("a DOCTYPE that never ends", "<!DOCTYPE e [" + "<!ENTITY a 'b'>" * 1000),
    ("a DOCTYPE in the data", text(typed("any", "<!DOCTYPE a><a/>"))),
    # depth
    ("deep foreign elements", text("<a>" * 100_000 + "</a>" * 100_000)),
    ("deep data", text(typed("any", "<a>" * 100_000 + "</a>" * 100_000))),
    ("deep data that is open", text(typed("any", "<a>" * 100_000))),
    ("deep in an attribute", text("<ce:id>" + "<a>" * 100_000 + "</a>" * 100_000 + "</ce:id>")),
    ("deep events", f'<event xmlns="{CE}" specversion="1.0">' * 100_000),
    # width
    ("text that is no text", text("x<ce:a/>" * 20_000)),
    ("many bad extensions", text("<ce:A/>" * 20_000)),
    ("many data", text(typed("string", "x") * 20_000)),
    (
        "many namespaces around data",
        text(typed("any", "<a/>")).replace(
            "<ce:data", "<ce:data" + "".join(f' xmlns:n{n}="u"' for n in range(20_000))
        ),
    ),
    ("many namespaces, one within the other", text('<ce:id xmlns:a="u">' * 20_000)),
    ("an end that is not there", text()[: -len("</ce:event>")]),
]


@pytest.mark.parametrize("body", [h[1] for h in HOSTILE], ids=[h[0] for h in HOSTILE])
def test_hostile_documents_are_refused_at_a_cost_in_proportion(body: str) -> None:
    encoded = body.encode()
    for given_body in (encoded, body.replace(PROLOG, "").encode("utf-16")):
        tracemalloc.start()
        try:
            assert problems(given_body)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 5_000_000 + 30 * len(encoded)


def test_a_doctype_ends_the_parse_at_once() -> None:
    """What comes after it is not even looked at, though expat reads on after an error of some handlers."""
    body = f'<!DOCTYPE e [<!ENTITY l0 "ha">{LAUGHS}' + "<" * 10
    assert problems(body) == [NOT_XML]
    with pytest.raises(InvalidEvent, match="must not have a DOCTYPE"):
        format_.decode(body.encode())


def test_depth_within_the_bound() -> None:
    element = b"<a>" * 256 + b"</a>" * 256
    event = made(data=element, datacontenttype="text/xml")
    assert b'"xs:any"' in format_.encode(event)
    assert format_.decode(format_.encode(event)) == event
    assert format_.decode_batch(format_.encode_batch([event])) == [event]
    deeper = made(data=b"<a>%b</a>" % element, datacontenttype="text/xml")
    assert b'"xs:string"' in format_.encode(deeper)
    assert format_.decode(format_.encode(deeper)) == deeper
    with pytest.raises(InvalidEvent, match="nested more than 256 levels"):
        read(typed("any", f"<a>{element.decode()}</a>"))


def test_namespaces_within_the_bound() -> None:
    def around(count: int) -> str:
        return typed("any", "<n9:a/>").replace(
            "<ce:data", "<ce:data" + "".join(f' xmlns:n{n}="u{n}"' for n in range(count))
        )

    assert data_of(around(253)) == b'<n9:a xmlns:n9="u9"/>'  # ce, xsi and xs are the other three
    with pytest.raises(InvalidEvent, match="more than 256 namespaces"):
        read(around(254))
    declarations = "".join(f' xmlns:n{n}="u"' for n in range(300))
    assert data_of(typed("any", "<a/>") + f"<x{declarations}/>") == b"<a/>"
    many = batch(
        *(
            one(typed("any", "<n:a/>").replace("<ce:data", f'<ce:data xmlns:n="u" xmlns:n{n}="u"'))
            for n in range(300)
        )
    )
    assert len(format_.decode_batch(many.encode())) == 300


def test_a_long_namespace_for_many_short_elements() -> None:
    """Each of them needs a copy of it, so that the data would be far larger than the document."""
    body = batch(*[one(typed("any", "<g:a/>"))] * 1000).replace(
        "<ce:batch", f'<ce:batch xmlns:g="urn:{"x" * 100_000}"'
    )
    assert problems(body, verb="decode_batch") == [(None, "XML-5-c")]
    some = batch(*[one(typed("any", "<g:a/>"))] * 1000).replace(
        "<ce:batch", f'<ce:batch xmlns:g="urn:{"x" * 100}"'
    )
    assert len(format_.decode_batch(some.encode())) == 1000


def test_no_garbage_is_left() -> None:
    """The parser holds its handlers: what has been read must not wait for the collector."""
    body, broken = text(typed("any", "<a/>", "text/xml")).encode(), text("<ce:a>").encode()
    event = format_.decode(body)
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)  # what others in this process leave is looked at, too
    try:
        for _ in range(10):
            format_.decode(body)
            format_.encode(event)
            with contextlib.suppress(InvalidEvent):
                format_.decode(broken)
        gc.collect()
        ours = (_xml_careful.Reader, expat.XMLParserType)
        assert not [found for found in gc.garbage if isinstance(found, ours)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


# ---------------------------------------------------------------------------------------------------------- any event


@given(events)
def test_any_event_comes_back(event: Event) -> None:
    body = format_.encode(event)
    found = format_.decode(body)
    testing.assert_same_event(found, event)
    assert found.data_bytes == event.data_bytes
    assert {n: type(v) for n, v in kept_extensions(found).items()} == {
        n: type(v) for n, v in kept_extensions(event).items()
    }
    again = format_.encode(found)
    assert format_.decode(again) == event
    assert len(again) == len(body)
    assert format_.decode_batch(format_.encode_batch([event, found])) == [event, event]


@given(events)
def test_any_event_comes_back_by_way_of_json(event: Event) -> None:
    relayed = formats.json.decode(formats.json.encode(event))
    testing.assert_same_event(format_.decode(format_.encode(relayed)), event)
    assert type(stored_data(format_.decode(format_.encode(event)))) in (bytes, str, Raw, type(None))


PIECES = [
    b"<",
    b">",
    b"/",
    b"&",
    b"\x00",
    b"\r",
    b"\n",
    b"\xff",
    b"\xef\xbb\xbf",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"-->",
    b"<?x ?>",
    b"&lt;",
    b"&#10;",
    b"&#0;",
    b"&x;",
    b"<!DOCTYPE a>",
    b'xmlns=""',
    b' xmlns:ce="u"',
    b' xsi:type="xs:any"',
    b' xsi:type="ce:integer"',
    b"xs:string",
    b"<ce:data>",
    b"</ce:data>",
    b"<a/>",
    b"<ce:id>2</ce:id>",
    b"ce:",
    b"UTF-16",
    b"iso-8859-1",
    b"1.1",
    b"0.3",
    b'"',
    b"'",
    b" ",
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A document with a few pieces removed, repeated or put in."""
    found = draw(st.lists(events, min_size=1, max_size=2))
    body = format_.encode(found[0]) if draw(st.booleans()) else format_.encode_batch(found)
    if draw(st.booleans()):
        body = body.replace(b"ce:", b"").replace(b"xmlns:ce=", b"xmlns=")
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 40)))
        piece = draw(
            st.sampled_from([b"", body[start:end] * 2]) | st.sampled_from(PIECES) | st.binary(max_size=3)
        )
        body = body[:start] + piece + body[start if draw(st.booleans()) else end :]
    return body


@settings(max_examples=3 * settings().max_examples)
@given(damaged() | st.binary(max_size=200))
def test_damaged_documents(body: bytes) -> None:
    for verb in (format_.decode, format_.decode_batch):
        strict: Any = None
        with contextlib.suppress(InvalidEvent):
            strict = verb(body)
        try:
            lenient = verb(body, lenient=True)
        except InvalidEvent:
            assert strict is None  # what is read strictly is read leniently, too
        else:
            assert strict is None or strict == lenient
        for event in [] if strict is None else strict if isinstance(strict, list) else [strict]:
            event.validate()
            assert format_.decode(format_.encode(event)) == event


@given(events, st.data())
def test_a_document_that_is_cut_off(event: Event, data: st.DataObject) -> None:
    body = format_.encode(event)
    assert problems(body[: data.draw(st.integers(0, len(body) - 1))]) == [NOT_XML]


# ------------------------------------------------------------------------------------------------------ the short way


def carefully(body: bytes) -> list[Event] | None:
    """The events that the careful way reads, None if it refuses."""
    try:
        return [_xml_careful.decode(body, Findings())]
    except InvalidEvent:
        try:
            return _xml_careful.decode_batch(body, Findings())
        except InvalidEvent:
            return None


def shortly(body: bytes) -> list[Event] | None:
    """The events that the short way reads, None if it leaves them to the careful one."""
    event = _xml_short.one(body)
    return _xml_short.batch(body) if event is None else [event]


def assert_same(found: Event, wanted: Event) -> None:
    testing.assert_same_event(found, wanted)
    assert stored_data(found) == stored_data(wanted)
    assert type(stored_data(found)) is type(stored_data(wanted))
    assert [(name, type(value)) for name, value in kept_extensions(found).items()] == [
        (name, type(value)) for name, value in kept_extensions(wanted).items()
    ]


TYPED = '<ce:b xsi:type="ce:boolean">true</ce:b><ce:a xsi:type="ce:uri">u:x</ce:a>'
USUAL = {
    "an event": text(TYPED + typed("string", '{"a":"&lt;&gt;&amp;&quot;&apos;é"}', "application/json")),
    "bytes": text(typed("base64Binary", "AQI=", "a/b")),
    "text": text(typed("string", "a\tb\nc]]", "text/plain; charset=iso-8859-1")),
    "an escaped reference": text(typed("string", "&amp;lt;", "text/plain")),
    "no prefix": text(TYPED).replace("ce:", "").replace("xmlns:ce=", "xmlns="),
    "no declaration of XML": text(TYPED).removeprefix(PROLOG),
    "declarations that are not needed": text(TYPED).replace(" xmlns:xs=", ' xmlns:a.b="u" xmlns:xs='),
    "a batch": batch(one(), one(TYPED + typed("string", "x", "text/plain")), one()),
    "an empty batch": batch(),
}


@pytest.mark.parametrize("name", USUAL)
def test_the_usual_takes_the_short_way(name: str) -> None:
    body = USUAL[name].encode()
    found, wanted = shortly(body), carefully(body)
    assert found is not None
    assert wanted is not None
    assert len(found) == len(wanted)
    for one_event, other in zip(found, wanted, strict=True):
        assert_same(one_event, other)


@pytest.mark.parametrize(
    "body",
    [
        text(TYPED + " "),
        text(" " + TYPED),
        text("<!-- x -->"),
        text("<ce:subject>a&amp;b</ce:subject>"),
        text("<ce:subject>a>b</ce:subject>"),
        text("<ce:subject>a\nb</ce:subject>"),
        text("<ce:subject>a</ce:subject><ce:subject>a</ce:subject>"),
        text("<ce:subject></ce:subject>"),
        text('<ce:subject xsi:type="ce:string">a</ce:subject>'),
        text("<ce:a>b</ce:a>"),
        text("<ce:specversion>1.0</ce:specversion>"),
        text('<ce:a xsi:type="ce:integer">x</ce:a>'),
        text('<ce:a xsi:type="xs:string">x</ce:a>'),
        text('<ce:a xsi:type="ce:string">x</ce:a>' * 2),
        text('<ce:1 xsi:type="ce:string">x</ce:1>'),
        text("<ce:subject>x</ce:id>"),
        text("<x:subject>x</x:subject>"),
        text("<ce:data>x</ce:data>"),
        text(typed("string", "x") * 2),
        text(typed("string", "x") + TYPED),
        text(typed("string", "]]>")),
        text(typed("string", "<![CDATA[x]]>")),
        text(typed("string", "a\rb")),
        text(typed("string", "&#13;")),
        text(typed("string", "&unknown;")),
        text(typed("string", "a & b")),
        text(typed("string", "\x00")),
        text(typed("string", "\ufffe")),
        text(typed("base64Binary", "A Q I=")),
        text(typed("base64Binary", "AQ")),
        text(typed("any", "<a/>", "application/xml")),
        text(version=' specversion="0.3"'),
        text(version=""),
        text().replace(CE, "u:x"),
        text().replace(XSI, "u:x"),
        text().replace("UTF-8", "us-ascii"),
        text().replace("UTF-8", "iso-8859-1"),
        text().replace("UTF-8", "none"),
        text().replace(PROLOG, PROLOG + "<!DOCTYPE a>"),
        text().replace(PROLOG, "\ufeff" + PROLOG),
        text().replace(' specversion="1.0"', ' specversion="1.0" a=">"'),
        text().replace(' specversion="1.0"', ' specversion="1.0" specversion="1.0"'),
        text() + "\n",
        text() + "<a/>",
        text()[:-1],
        text()[: text().index(">", 60)],
        batch(one(), " "),
        batch(one(), one("<!-- x -->")),
        batch(one().replace(' specversion="1.0"', "")),
        batch(one(typed("string", "<![CDATA[</ce:event>]]>"))),
        batch(one()) + " ",
        batch(one()).replace("</ce:batch>", "</ce:event>"),
        text("<ce:subject>" + "x" * 10),
        text().replace(DECLARATIONS, DECLARATIONS + f' xmlns:a="{"x" * 4096}"'),
        "",
        ">",
        "<?xml ?>",
    ],
    ids=range(57),
)
def test_the_unusual_takes_the_careful_way(body: str) -> None:
    assert shortly(body.encode()) is None


@pytest.mark.parametrize("run", ["<![CDATA[%s]]>", "<!--%s-->", "<b>%s</b>", "<?b %s?>"])
def test_an_element_is_looked_through_once(run: str) -> None:
    """Under a default namespace, which must be declared again where the element has a name without a prefix."""
    pieces = ("<" if "[" in run or "-" in run or "?" in run else "&lt;") * 20_000
    members = typed("any", f"<a>{run % pieces}</a>", "application/xml")
    body = text(members, version=' specversion="1.0" xmlns="u"')
    event = format_.decode(body.encode())
    assert event.data_bytes == f'<a xmlns="u">{run % pieces}</a>'.encode()


def test_the_roots_that_are_remembered_are_few() -> None:
    for number in range(200):
        body = text().replace(DECLARATIONS, f'{DECLARATIONS} xmlns:a{number}="u"').encode()
        assert _xml_short.one(body) == made()
    assert len(_xml_short._roots) <= 64


@settings(max_examples=3 * settings().max_examples)
@given(damaged())
def test_the_short_way_reads_the_same(body: bytes) -> None:
    found = shortly(body)
    if found is not None:
        wanted = carefully(body)
        assert wanted is not None
        assert len(found) == len(wanted)
        for one_event, other in zip(found, wanted, strict=True):
            assert_same(one_event, other)
