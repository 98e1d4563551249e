"""The three content modes, once for all protocols (specification, "Message").

A protocol differs from the next in what its `Binding` says: the prefix of attribute names, how a value is spelled and
read, whether the content type is an attribute like the others. Everything else is here: which mode a message is in,
what is refused, what lenient reading mends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeAlias, cast

from msgspec import Raw

from cevents import attributes, formats
from cevents.attributes import Value
from cevents.bindings._headers import lower
from cevents.data import Binary, Implied, Stored, content
from cevents.data import value as parsed
from cevents.errors import Findings, NotACloudEvent, UnsupportedFormat, excerpt, refuse
from cevents.event import (
    UNREADABLE,
    CloudEvent,
    Envelope,
    add_repairs,
    assemble,
    content_type,
    enclosed,
    kept_extensions,
    parts,
    wire_attributes,
)

__all__ = [
    "Binding",
    "Mode",
    "decode",
    "decode_batch",
    "decode_usual",
    "encode_batch",
    "encode_binary",
    "encode_structured",
    "mode_of",
]

Mode: TypeAlias = Literal["binary", "structured", "batch"]
Metadata: TypeAlias = list[tuple[str, Any]]


class Binding:
    """What one protocol says of binary mode.

    `prefix` stands before an attribute's name, in lower case. `spell` makes the value on the wire from an attribute's
    name and kept value; `read` makes of a name, a value on the wire and the specversion what `assemble` takes.
    `is_plain` tells of a text without controls whether `spell` and `read` leave it as it is.
    `content_type_requirement` says that the content type stands in its own place and not among the attributes.
    """

    def __init__(
        self,
        *,
        prefix: str,
        spell: Callable[[str, Value | Raw], Any],
        read: Callable[[str, Any, Findings, str], object],
        is_plain: Callable[[str], bool],
        content_type_requirement: str,
    ) -> None:
        self.prefix = prefix
        self.spell = spell
        self.read = read
        self.is_plain = is_plain
        self.content_type_requirement = content_type_requirement
        self.core_names = tuple(prefix + name for name in _CORE)
        self.attribute_names = _AttributeNames(prefix)


_CORE = ("specversion", "type", "source", "id", "time", "subject", "dataschema")


class _AttributeNames(dict[object, str | None]):
    """From a name on the wire to the name of an attribute; None for what is no attribute, "" for what needs care."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def __missing__(self, raw: object) -> str | None:
        if type(raw) is bytes:
            full_name = lower(raw.decode("latin-1"))
        elif type(raw) is str:
            full_name = lower(raw)
        else:  # what says of itself that it is a text may be another one
            raise KeyError(raw)
        name: str | None
        if full_name == "content-type":
            name = "datacontenttype"
        elif not full_name.startswith(self._prefix):
            name = None
        else:
            name = full_name.removeprefix(self._prefix)
            findings = Findings()
            if name == "datacontenttype" or attributes.check_name(name, findings, "1.0") is None:
                name = ""
        if len(full_name) <= 64:
            if len(self) >= 256:
                self.clear()
            self[raw] = name
        return name


# --------------------------------------------------------------------------------------------------- encode


def encode_binary(event: CloudEvent[Any], binding: Binding) -> tuple[str | None, Metadata, bytes | None]:
    """Return the content type, the attributes with prefixed names, and the bytes of the data or None."""
    envelope, extensions, data, repairs = parts(event)
    declared = envelope.datacontenttype
    if declared is None:
        declared = content_type(event)
    elif mode_of(declared) != "binary":  # T-JSON-13: it would be read in that mode
        rule = "marks structured mode, so it cannot be sent in binary mode"
        refuse("HTTP-3-c", rule, "datacontenttype", declared)
    if repairs or envelope.specversion != "1.0" or isinstance(data, Implied):
        kept = wire_attributes(event)
        kept.pop("datacontenttype", None)
        metadata = [
            (binding.prefix + name, binding.spell(name, value)) for name, value in _flattened(kept).items()
        ]
        return declared, metadata, content(data, envelope.datacontenttype)
    specversion, type_, source, id_, time, subject, dataschema = binding.core_names
    metadata = [
        (specversion, "1.0"), (type_, envelope.type), (source, envelope.source), (id_, envelope.id)
    ]  # fmt: skip
    if envelope.time is not None:
        metadata.append((time, envelope.time))
    if envelope.subject is not None:
        metadata.append((subject, envelope.subject))
    if envelope.dataschema is not None:
        metadata.append((dataschema, envelope.dataschema))
    if extensions is None:
        extensions = kept_extensions(event)
    prefix = binding.prefix
    for name, value in extensions.items():
        metadata.append((prefix + name, value if type(value) is str else attributes.spelled(value)))
    if not binding.is_plain("".join([value for _, value in metadata])):
        spell = binding.spell
        metadata = [(name, spell(name, value)) for name, value in metadata]
    return declared, metadata, content(data, envelope.datacontenttype)


_BAD_KEY = "has a key that cannot be in the name of a header"
_MAP_KEY = re.compile(r"[a-z0-9!#$%&'*+\-.^_`|~]+")  # a token of HTTP, in lower case as it will arrive


def _flattened(kept: dict[str, Value | Raw]) -> dict[str, Value | Raw]:
    """Map attributes of 0.3 become one entry for each key, `name-key` (V03-http-a)."""
    if not any(isinstance(value, Raw) for value in kept.values()):
        return kept
    flat: dict[str, Value | Raw] = {}
    for name, value in kept.items():
        members = parsed(value, None) if isinstance(value, Raw) else None
        if isinstance(members, dict):
            if not members:
                refuse("V03-http-a", "is an empty Map, which headers cannot tell from none", name)
            for key, entry in cast("dict[str, Any]", members).items():
                if not _MAP_KEY.fullmatch(key):
                    refuse("V03-http-a", _BAD_KEY, name, key)
                flat[f"{name}-{key}"] = (
                    entry if isinstance(entry, str) else formats.json.encode_value(entry).decode()
                )
        else:
            flat[name] = value
    return flat


def encode_structured(event: CloudEvent[Any], format: str) -> tuple[str, bytes]:
    """Return the content type of a format and the event in it."""
    found = formats.get(format)
    return found.media_type, found.encode(event)


def encode_batch(events: Iterable[CloudEvent[Any]], format: str) -> tuple[str, bytes]:
    """Return the content type of a format's batches and the events in one; `UnsupportedBatch` where it has none."""
    found = formats.get(format)
    body = found.encode_batch(events)
    return found.batch_media_type or found.media_type, body


# --------------------------------------------------------------------------------------------------- decode


def mode_of(content_type: str | None) -> Mode:
    """Return the mode that a content type says, by its beginning and in any case (`HTTP-3-c`)."""
    if content_type is None or len(content_type) < 23 or content_type[:23].lower() != _MARK:
        return "binary"
    return "batch" if content_type[23:29].lower() == "-batch" else "structured"


_MARK = "application/cloudevents"


def decode_usual(
    metadata: list[tuple[Any, Any]], body: bytes, binding: Binding, lenient: bool
) -> CloudEvent[Any] | None:
    """Return the event of the usual message, its content type among `metadata`; None for any other.

    Whatever it leaves, for good or ill, `decode` reads with care and to the same result.
    """
    names = binding.attribute_names
    try:
        found: dict[Any, Any] = {name: value for raw, value in metadata if (name := names[raw]) is not None}
        if len(found) != len(metadata) and len(found) != sum(names[raw] is not None for raw, _ in metadata):
            return None  # an attribute is there twice
        kinds = set(map(type, found.values()))
        if kinds == _BYTES:
            found = {name: value.decode("latin-1") for name, value in found.items()}
        elif kinds != _STR:
            return None
        take = found.pop
        declared = take("datacontenttype", None)
        event_type = None if declared is None else _event_types[declared]
        if event_type is not None:
            return formats.get(event_type).decode(body, lenient=lenient)
        joined = "".join(found.values())
        if not binding.is_plain(joined) or not attributes.is_string(joined) or take("specversion") != "1.0":
            return None
        envelope = Envelope(
            "1.0", take("type"), take("source"), take("id"), take("time", None), declared,
            take("subject", None), take("dataschema", None),
        )  # fmt: skip
    except (KeyError, TypeError):  # a required attribute is missing, a name is no text
        return None
    if not envelope.id or envelope.subject == "":
        return None
    if found:
        if "" in found or not found.keys().isdisjoint(attributes.declarations):
            return None
        if len(found) > 1 and (in_order := sorted(found)) != list(found):
            found = {name: found[name] for name in in_order}
    return enclosed(envelope, body or None, found)


_BYTES, _STR = {bytes}, {str}


class _EventTypes(dict[str, str | None]):
    """From a content type to the media type of the event format in structured mode, None in binary mode.

    A `KeyError` is for those that need care.
    """

    def __missing__(self, content_type: str) -> str | None:
        found = None
        if mode_of(content_type) != "binary":
            found = content_type.partition(";")[0].strip().lower()
            if not found.startswith(_MARK + "+"):
                raise KeyError(content_type)
        if len(content_type) <= 256:
            if len(self) >= 256:
                self.clear()
            self[content_type] = found
        return found


_event_types = _EventTypes()


def decode(
    content_type: str | None,
    metadata: Iterable[tuple[str, Any]],
    body: bytes,
    binding: Binding,
    findings: Findings,
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
    event = _format_of(content_type, findings).decode(body, lenient=findings.lenient)
    return add_repairs(event, findings.repairs) if findings.repairs else event


def decode_batch(content_type: str | None, body: bytes, findings: Findings) -> list[CloudEvent[Any]]:
    """Return the events of a message in batch mode."""
    if mode_of(content_type) != "batch":
        findings.report(
            "HTTP-3-c", "the content type is not that of a batch", None, content_type, hint="use decode"
        )
    findings.conclude()
    events = _format_of(content_type, findings).decode_batch(body, lenient=findings.lenient)
    return [add_repairs(event, findings.repairs) for event in events] if findings.repairs else events


def _format_of(content_type: str | None, findings: Findings) -> formats.Format:
    essence = (content_type or "").split(";")[0].strip().lower()
    if essence == _MARK and findings.lenient:  # T-HTTP-2: without a format it can only be JSON
        findings.repair("HTTP-3-c", "names no event format; read as JSON", "content-type", content_type)
        return formats.json
    if essence[23:24] not in ("+", "-"):
        raise UnsupportedFormat(f"{excerpt(content_type)} names no event format")
    return formats.get(essence)


def _decode_binary(
    content_type: str | None,
    metadata: Iterable[tuple[str, Any]],
    body: bytes,
    binding: Binding,
    findings: Findings,
) -> CloudEvent[Any]:
    prefix, read = binding.prefix, binding.read
    size = len(prefix)
    found: dict[str, object] = {}
    metadata = list(metadata)
    version = next((value for name, value in metadata if name == prefix + "specversion"), None)
    if version is None:  # T-HTTP-17
        findings.conclude()
        raise NotACloudEvent(
            f"the message has no {prefix}specversion, and its content type is not that of CloudEvents"
        )
    for full_name, value in metadata:
        if full_name[:size] == prefix:
            name = full_name[size:]
            value = read(name, value, findings, version)
            if name in found:
                _report_repeated(name, found[name], value, findings)
            found[name] = value
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
    """Settle what the content type is; lenient reading takes the attribute where its own place is empty (T-HTTP-15)."""
    declared = found["datacontenttype"]
    rule = "must be the content type of the message only"
    findings.repair(binding.content_type_requirement, rule, "datacontenttype", declared)
    if content_type is not None:
        del found["datacontenttype"]


def _v03(found: dict[str, object], data: Stored, findings: Findings) -> Stored:
    """Undo what only 0.3 has: Map attributes, flattened as `name-key` (V03-http-a), and datacontentencoding."""
    for full_name in [name for name in found if "-" in name]:
        name, key = full_name.split("-", 1)
        entry = found.pop(full_name)
        if not _MAP_KEY.fullmatch(key):
            findings.report("V03-http-a", _BAD_KEY, name, key)
        members = found.setdefault(name, {})
        if not isinstance(members, dict):
            findings.report("V03-http-a", "is there both as a value and as a Map", name)
        elif entry is not UNREADABLE:
            members[key] = entry
    for name, value in found.items():
        if isinstance(value, dict):
            try:
                found[name] = Raw(formats.json.encode_value(cast("dict[str, Any]", value)))
            except UnicodeEncodeError:
                findings.report("CE-types-g", "must not contain an unpaired surrogate", name)
                found[name] = UNREADABLE
    encoding = found.pop("datacontentencoding", None)
    if encoding is None or not isinstance(data, bytes):
        return data
    if isinstance(encoding, str) and encoding.lower() == "base64":
        decoded = attributes.decode_base64(data.decode("latin-1"))
        if decoded is not None:
            return Binary(decoded)
    findings.report("V03-attr-b", 'must be "base64", and the data such text', "datacontentencoding", encoding)
    return data
