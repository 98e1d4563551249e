"""The three content modes, once for all protocols (specification, "Message").

A protocol differs from the next in what its `Binding` says: the prefix of attribute names, how a value is spelled and
read, whether the content type is an attribute like the others. Everything else is here: which mode a message is in,
what is refused, what lenient reading mends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple, TypeAlias

from msgspec import Raw

from cevents import attributes, formats
from cevents.attributes import Value
from cevents.data import Binary, Stored, content
from cevents.data import value as parsed
from cevents.errors import Findings, InvalidEvent, NotACloudEvent, UnsupportedFormat, excerpt
from cevents.event import CloudEvent, assemble, content_type, stored_data, wire_attributes

__all__ = [
    "Binding",
    "Mode",
    "decode",
    "decode_batch",
    "encode_batch",
    "encode_binary",
    "encode_structured",
    "mode_of",
]

Mode: TypeAlias = Literal["binary", "structured", "batch"]
Metadata: TypeAlias = list[tuple[str, Any]]


class Binding(NamedTuple):
    """What one protocol says of binary mode."""

    prefix: str
    """What stands before an attribute's name, in lower case."""
    spell: Callable[[str, Value | Raw], Any]
    """From an attribute's name and kept value to the value on the wire."""
    read: Callable[[str, Any, Findings], object]
    """From an attribute's name and the value on the wire to what `assemble` takes."""
    content_type_requirement: str
    """The requirement that the content type stands in its own place and not among the attributes."""


# --------------------------------------------------------------------------------------------------------------- encode


def encode_binary(event: CloudEvent[Any], binding: Binding) -> tuple[str | None, Metadata, bytes | None]:
    """Return the content type, the attributes with prefixed names, and the bytes of the data or None."""
    kept = wire_attributes(event)
    kept.pop("datacontenttype", None)
    if event.specversion == "0.3":
        kept = _flattened(kept)
    declared = content_type(event)
    if declared is not None and declared[:23].lower() == _MARK:  # T-JSON-13: it would be read as another mode
        findings = Findings()
        findings.report("HTTP-3-c", "marks structured mode, so it cannot be sent in binary mode", "datacontenttype", declared)
        findings.conclude()
    prefix, spell = binding.prefix, binding.spell
    metadata = [(prefix + name, spell(name, value)) for name, value in kept.items()]
    return declared, metadata, content(stored_data(event), event.datacontenttype)


def _flattened(kept: dict[str, Value | Raw]) -> dict[str, Value | Raw]:
    """Map attributes of 0.3 become one entry for each key, `name-key` (V03-http-a)."""
    flat: dict[str, Value | Raw] = {}
    for name, value in kept.items():
        members = parsed(value, None) if isinstance(value, Raw) else None
        if isinstance(members, dict):
            for key, entry in members.items():
                flat[f"{name}-{key}"] = entry if isinstance(entry, str) else formats.json.encode_value(entry).decode()
        else:
            flat[name] = value
    return flat


def encode_structured(event: CloudEvent[Any], format: str) -> tuple[str, bytes]:  # noqa: A002 - the specification's word
    """Return the content type of a format and the event in it."""
    found = formats.get(format)
    return found.media_type, found.encode(event)


def encode_batch(events: Iterable[CloudEvent[Any]], format: str) -> tuple[str, bytes]:  # noqa: A002
    """Return the content type of a format's batches and the events in one; `UnsupportedBatch` where it has none."""
    found = formats.get(format)
    body = found.encode_batch(events)
    return found.batch_media_type or found.media_type, body


# --------------------------------------------------------------------------------------------------------------- decode


def mode_of(content_type: str | None) -> Mode:
    """Return the mode that a content type says, by its beginning and in any case (`HTTP-3-c`)."""
    if content_type is None or content_type[:23].lower() != _MARK:
        return "binary"
    return "batch" if content_type[23:29].lower() == "-batch" else "structured"


_MARK = "application/cloudevents"


def decode(
    content_type: str | None, metadata: Iterable[tuple[str, Any]], body: bytes, binding: Binding, findings: Findings
) -> CloudEvent[Any]:
    """Return the event of a message, whose mode the content type tells.

    `metadata` is read in binary mode only: in structured mode the body decides, whatever stands beside it.
    """
    mode = mode_of(content_type)
    if mode == "binary":
        return _decode_binary(content_type, metadata, body, binding, findings)
    if mode == "batch":
        findings.report("HTTP-3-c", "a batch was found where one event was expected", hint="use decode_batch")
    findings.conclude()
    assert content_type is not None
    return _format_of(content_type, findings.lenient).decode(body, lenient=findings.lenient)


def decode_batch(content_type: str | None, body: bytes, findings: Findings) -> list[CloudEvent[Any]]:
    """Return the events of a message in batch mode."""
    if mode_of(content_type) != "batch":
        findings.report("HTTP-3-c", "the content type is not that of a batch", None, content_type, hint="use decode")
    findings.conclude()
    assert content_type is not None
    return _format_of(content_type, findings.lenient).decode_batch(body, lenient=findings.lenient)


def _format_of(content_type: str, lenient: bool) -> formats.Format:
    essence = content_type.split(";")[0].strip().lower()
    if essence == _MARK and lenient:  # T-HTTP-2: without a format it can only be JSON
        return formats.json
    if essence[23:24] not in ("+", "-"):
        raise UnsupportedFormat(f"{excerpt(content_type)} names no event format")
    return formats.get(essence)


def _decode_binary(
    content_type: str | None, metadata: Iterable[tuple[str, Any]], body: bytes, binding: Binding, findings: Findings
) -> CloudEvent[Any]:
    prefix, read = binding.prefix, binding.read
    size = len(prefix)
    found: dict[str, object] = {}
    for full_name, value in metadata:
        if full_name[:size] == prefix:
            name = full_name[size:]
            if name in found:
                _report_repeated(name, found[name], read(name, value, findings), findings)
            found[name] = read(name, value, findings)
    if "specversion" not in found:  # T-HTTP-17
        findings.conclude()
        raise NotACloudEvent(f"the message has no {prefix}specversion, and its content type is not that of CloudEvents")
    if "datacontenttype" in found:
        _settle_content_type(content_type, found, binding, findings)
    if content_type is not None:
        found["datacontenttype"] = content_type
    data: Stored = body or None
    if found["specversion"] == "0.3":
        data = _v03(found, data, findings)
    return assemble(found, data, findings)


def _report_repeated(name: str, first: object, second: object, findings: Findings) -> None:
    if first == second:
        findings.repair("CE-attrs-d", "is there more than once", name, hint="the repeats are the same")
    else:
        findings.report("CE-attrs-d", "is there more than once, with different values", name)


def _settle_content_type(
    content_type: str | None, found: dict[str, object], binding: Binding, findings: Findings
) -> None:
    """The content type has its own place; where it is missing there, lenient reading takes the attribute (T-HTTP-15)."""
    findings.repair(
        binding.content_type_requirement, "must be the content type of the message only", "datacontenttype",
        found["datacontenttype"],
    )  # fmt: skip
    if content_type is not None:
        del found["datacontenttype"]


def _v03(found: dict[str, object], data: Stored, findings: Findings) -> Stored:
    """Undo what only 0.3 has: Map attributes, flattened as `name-key` (V03-http-a), and datacontentencoding."""
    for full_name in [name for name in found if "-" in name]:
        name, key = full_name.split("-", 1)
        entry = found.pop(full_name)
        members = found.setdefault(name, {})
        if not isinstance(members, dict):
            findings.report("V03-http-a", "is there both as a value and as a Map", name)
        elif entry is not None:
            members[key] = entry
    for name, value in found.items():
        if isinstance(value, dict):
            found[name] = Raw(formats.json.encode_value(value))
    encoding = found.pop("datacontentencoding", None)
    if encoding is None or not isinstance(data, bytes):
        return data
    if isinstance(encoding, str) and encoding.lower() == "base64":
        decoded = attributes.decode_base64(data.decode("latin-1"))
        if decoded is not None:
            return Binary(decoded)
    findings.report("V03-attr-b", 'must be "base64", and the data such text', "datacontentencoding", encoding)
    return data
