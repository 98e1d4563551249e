"""What helps with a problem: the section of the specification that decides it, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

from cevents.errors import Problem

__all__ = ["Section", "hint", "section"]


class Section(NamedTuple):
    """A place in the specification."""

    document: str
    title: str
    url: str

    def __str__(self) -> str:
        return f'{self.document}, "{self.title}"'


_REPOSITORY = "https://github.com/cloudevents/spec/blob"
_CORE = ("CloudEvents 1.0.2", f"{_REPOSITORY}/v1.0.2/cloudevents/spec.md")
_JSON = ("JSON event format 1.0.2", f"{_REPOSITORY}/v1.0.2/cloudevents/formats/json-format.md")
_AVRO = ("Avro event format 1.0.2", f"{_REPOSITORY}/v1.0.2/cloudevents/formats/avro-format.md")
_PROTOBUF = ("Protobuf event format 1.0.2", f"{_REPOSITORY}/v1.0.2/cloudevents/formats/protobuf-format.md")
# Working drafts are in no release.
_DRAFTS = f"{_REPOSITORY}/main/cloudevents/working-drafts"
_AVRO_COMPACT = ("Avro compact event format (working draft)", f"{_DRAFTS}/avro-compact-format.md")
_CBOR = ("CBOR event format (working draft)", f"{_DRAFTS}/cbor-format.md")
_XML = ("XML event format (working draft)", f"{_DRAFTS}/xml-format.md")
_CORE_V03 = ("CloudEvents 0.3", f"{_REPOSITORY}/v0.3/spec.md")
_JSON_V03 = ("JSON event format 0.3", f"{_REPOSITORY}/v0.3/json-format.md")

# By the part of a requirement's id between its document and its letter.
_SECTIONS: dict[str, tuple[tuple[str, str], str]] = {
    "AVRO-2.1": (_AVRO, "2.1 Type System Mapping"),
    "AVRO-2.3": (_AVRO, "2.3 OPTIONAL Attributes"),
    "AVRO-2.4": (_AVRO, "2.4 Definition"),
    "AVRO-3": (_AVRO, "3 Data"),
    "AVROC-2.1": (_AVRO_COMPACT, "2.1 Type System Mapping"),
    "AVROC-2.2": (_AVRO_COMPACT, "2.2 Definition"),
    "CBOR-2": (_CBOR, "2. Attributes"),
    "CBOR-2.2": (_CBOR, "2.2. Type System Mapping"),
    "CBOR-3": (_CBOR, "3. Envelope"),
    "CBOR-3.1.1": (_CBOR, "3.1.1. Payload Encoding"),
    "CBOR-3.1.2": (_CBOR, "3.1.2. Payload Decoding"),
    "CE-attrs": (_CORE, "Context Attributes"),
    "CE-data": (_CORE, "Event Data"),
    "CE-datacontenttype": (_CORE, "datacontenttype"),
    "CE-dataschema": (_CORE, "dataschema"),
    "CE-id": (_CORE, "id"),
    "CE-message": (_CORE, "Message"),
    "CE-naming": (_CORE, "Attribute Naming Convention"),
    "CE-size": (_CORE, "Size Limits"),
    "CE-source": (_CORE, "source"),
    "CE-specversion": (_CORE, "specversion"),
    "CE-subject": (_CORE, "subject"),
    "CE-time": (_CORE, "time"),
    "CE-type": (_CORE, "type"),
    "CE-types": (_CORE, "Type System"),
    "JSON-2": (_JSON, "2. Attributes"),
    "JSON-2.2": (_JSON, "2.2. Type System Mapping"),
    "JSON-3": (_JSON, "3. Envelope"),
    "JSON-3.1.1": (_JSON, "3.1.1. Payload Serialization"),
    "JSON-3.1.2": (_JSON, "3.1.2. Payload Deserialization"),
    "JSON-4.1": (_JSON, "4.1. Mapping CloudEvents"),
    "JSON-4.2": (_JSON, "4.2. Envelope"),
    "JSON-4.3": (_JSON, "4.3. Examples"),
    "PB-2.1": (_PROTOBUF, "2.1 Type System"),
    "PB-2.3": (_PROTOBUF, "2.3 REQUIRED Attributes"),
    "PB-2.4": (_PROTOBUF, "2.4 OPTIONAL Attributes & Extensions"),
    "PB-3": (_PROTOBUF, "3. Data"),
    "PB-5.1": (_PROTOBUF, "5.1 Envelope"),
    "V03-attr": (_CORE_V03, "Context Attributes"),
    "V03-json": (_JSON_V03, '3.1. Special Handling of the "data" Attribute'),
    "V03-spec": (_CORE_V03, "Type System"),
    "XML-1.2": (_XML, "1.2 Approach"),
    "XML-2": (_XML, "2. Attributes"),
    "XML-3": (_XML, "3. Data"),
    "XML-3.1": (_XML, "3.1 Binary Data"),
    "XML-3.2": (_XML, "3.2 Text Data"),
    "XML-3.3": (_XML, "3.3 XML Element Data"),
    "XML-4": (_XML, "4. Envelope"),
    "XML-5": (_XML, "5. XML Batch Format"),
}


def section(requirement: str) -> Section | None:
    """Return where the specification says what `requirement` asks for, None for an id that is not known here."""
    found = _SECTIONS.get(requirement.rpartition("-")[0])
    if found is None:
        return None
    (document, url), title = found
    return Section(document, title, f"{url}#{_anchor(title)}")


def _anchor(title: str) -> str:
    """The name under which GitHub links to a heading."""
    kept = "".join(c for c in title.lower() if c.isalnum() or c in " -")
    return kept.replace(" ", "-")


# By requirement, for a problem that brings no hint of its own.
_WHEN_MISSING = {
    "CE-specversion-b": 'add "specversion": "1.0"',
    "CE-id-a": 'add an "id" that no other event of this source has',
    "CE-source-a": 'add a "source", a URI-reference such as "/orders"',
    "CE-type-a": 'add a "type", such as "com.example.order.created"',
}
_ELSE = {
    "CE-attrs-d": "keep one of them",
    "CE-datacontenttype-a": 'write type/subtype, such as "application/json"',
    "CE-dataschema-a": 'write an absolute URI without fragment, such as "https://example.com/order.json"',
    "CE-id-b": "write a string that is not empty",
    "CE-message-d": "put events of another specversion into a batch of their own",
    "CE-naming-a": "use only the letters a-z and digits",
    "CE-naming-f": "choose another name for the attribute",
    "CE-size-b": "if it is not broken, --max-size allows more",
    "CE-source-a": "write a URI-reference; spaces and other characters that none has are percent-encoded",
    "CE-specversion-b": 'write "specversion": "1.0"',
    "CE-time-a": "write date, time and offset, such as 2026-11-24T08:50:00Z",
    "CE-type-a": 'write a string such as "com.example.order.created"',
    "CE-types-c": "write a number from -2147483648 to 2147483647, or a string",
    "CE-types-e": "leave control characters out, or put the text into the data",
    "CE-types-f": "leave the character out, or put the text into the data",
    "CE-types-g": "write both halves of the pair, or the character itself",
    "CE-types-l": "write true, false, a whole number or a string; anything else belongs into the data",
    "JSON-2.2-b": "write a whole number, or a string",
    "JSON-3.1.1-m": 'keep "data" for JSON and text, or "data_base64" for bytes',
    "JSON-3.1.2-a": "write standard base64, with its padding and without line breaks",
    "JSON-3.1.2-h": 'write "data" as a string, or "datacontenttype" as a JSON type',
    "V03-attr-b": 'write "datacontentencoding": "base64" and the data as such text',
    "V03-json-e": 'write "data" with "datacontentencoding": "base64", or "specversion": "1.0"',
    "V03-spec-b": "use only the letters a-z and digits, a letter first",
    "V03-spec-c": "write it as a string",
}


def hint(problem: Problem) -> str | None:
    """Return what to do about a problem: its own hint, or one for the usual cause."""
    if problem.hint is not None:
        return problem.hint
    if problem.message == "is missing":
        return _WHEN_MISSING.get(problem.requirement)
    return _ELSE.get(problem.requirement)
