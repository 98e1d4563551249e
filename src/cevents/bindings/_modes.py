"""The three content modes, once for all protocols (specification, "Message").

A protocol differs from the next in what its `Binding` says, the table of `_table.py`. Everything else is here: which
mode a message is in, what is refused, what lenient reading mends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal, NoReturn, TypeAlias, cast

from msgspec import Raw

from cevents import attributes, formats
from cevents.attributes import Value
from cevents.bindings import _headers
from cevents.bindings._table import PLACE, TYPE, Binding, Limits
from cevents.data import Binary, Implied, Stored, content
from cevents.data import value as parsed
from cevents.errors import (
    CloudEventError,
    Findings,
    InvalidEvent,
    NotACloudEvent,
    UnsupportedBatch,
    UnsupportedFormat,
    excerpt,
    refuse,
)
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
    undeclared,
    wire_attributes,
)

__all__ = [
    "Binding",
    "Limits",
    "Metadata",
    "Mode",
    "bytes_of",
    "claims",
    "content_type_among",
    "decode",
    "decode_bare",
    "decode_batch",
    "decode_usual",
    "decode_with_care",
    "encode",
    "encode_batch",
    "mode_among",
    "mode_of",
    "no_batches",
    "read",
]

Mode: TypeAlias = Literal["binary", "structured", "batch"]
Metadata: TypeAlias = list[tuple[str, Any]]

# --------------------------------------------------------------------------------------------------- encode


def encode(  # noqa: C901 - one function for the sake of speed: a step for each attribute that may be unset
    event: CloudEvent[Any], mode: str, format: str, binding: Binding
) -> tuple[str | None, Metadata, bytes | None]:
    """Return the content type, the attributes with prefixed names, and the bytes of the data.

    `format` is the event format of structured mode. Raises `InvalidEvent` for what the protocol cannot carry.
    """
    if mode == "structured":
        found = formats.get(format)
        if binding.formats is not None and found.name not in binding.formats:
            raise UnsupportedFormat(_only(binding))
        body: bytes | None = found.encode(event)
        if binding.limits is not None:
            _check_limits([(PLACE, found.media_type)], body, binding.limits, binding)
        return found.media_type, [], body
    if mode != "binary":
        raise ValueError('mode must be "binary" or "structured"')
    envelope, extensions, data, repairs = parts(event)
    declared = envelope.datacontenttype
    if declared is None:
        declared = content_type(event)
    elif mode_of(declared) != "binary" and binding.attribute != "only":
        # T-JSON-13: it would be read in that mode.
        rule = "marks structured mode, so it cannot be sent in binary mode"
        refuse(binding.mode_requirement, rule, TYPE, declared)
    body = content(data, envelope.datacontenttype)
    metadata: Metadata
    if repairs or envelope.specversion != "1.0" or isinstance(data, Implied):
        metadata = _with_care(event, binding)
    else:
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
            metadata.append((prefix + name, value if type(value) is str else binding.canonical(value)))
    if declared is not None and binding.writes_attribute:
        metadata.append((binding.prefix + TYPE, declared))
    code, is_plain = binding.code, binding.is_plain
    if code is not None and (is_plain is None or not is_plain("".join([value for _, value in metadata]))):
        metadata = [(name, code(value)) for name, value in metadata]
    if body is None:
        body = binding.no_data
    if binding.limits is not None:
        place = [] if declared is None else [(PLACE, declared)]
        _check_limits(metadata + place, body, binding.limits, binding)
    return None if binding.attribute == "only" else declared, metadata, body


def _with_care(event: CloudEvent[Any], binding: Binding) -> Metadata:
    kept = wire_attributes(event)
    kept.pop(TYPE, None)
    if kept["specversion"] == "0.3":
        if binding.v03_requirement is not None:
            rule = f"has no binary mode over {binding.protocol}"
            refuse(binding.v03_requirement, rule, "specversion", "0.3")
        kept = _without_maps(kept, binding)
    return [(binding.prefix + name, binding.canonical(value)) for name, value in kept.items()]


_BAD_KEY = "has a key that cannot be in the name of a header"
_MAP_KEY = re.compile(r"[a-z0-9!#$%&'*+\-.^_`|~]+")  # a token of HTTP, in lower case as it will arrive


def _without_maps(kept: dict[str, Value | Raw], binding: Binding) -> dict[str, Value | Raw]:
    """Map attributes of 0.3 become one entry for each key, `name-key` (V03-http-a), or their JSON text."""
    flat: dict[str, Value | Raw] = {}
    for name, value in kept.items():
        members: object = parsed(value, None) if isinstance(value, Raw) else None
        if isinstance(members, dict) and binding.flattens_maps:
            if not members:
                refuse("V03-http-a", "is an empty Map, which headers cannot tell from none", name)
            for key, entry in cast("dict[str, Any]", members).items():
                if not _MAP_KEY.fullmatch(key):
                    refuse("V03-http-a", _BAD_KEY, name, key)
                flat[f"{name}-{key}"] = (
                    entry if isinstance(entry, str) else formats.json.encode_value(entry).decode()
                )
        elif isinstance(value, Raw) and not binding.flattens_maps:
            flat[name] = _as_string(name, value)
        else:
            flat[name] = value
    return flat


def _as_string(name: str, value: Raw) -> str:
    text = attributes.spelled(value)
    if not attributes.is_string(text):  # it may have lines
        text = formats.json.encode_value(parsed(value, None)).decode()
    if not attributes.is_string(text):
        refuse("CE-types-e", "is a Map whose JSON text no String can have", name)
    return text


def _only(binding: Binding) -> str:
    return f"{binding.protocol} carries no format but {', '.join(sorted(binding.formats or ()))}"


def encode_batch(events: Iterable[CloudEvent[Any]], format: str) -> tuple[str, bytes]:
    """Return the content type of a format's batches and the events in one; `UnsupportedBatch` where it has none."""
    found = formats.get(format)
    body = found.encode_batch(events)
    return found.batch_media_type or found.media_type, body


def no_batches(protocol: str, requirement: str) -> Callable[..., NoReturn]:
    """Return what stands for `encode_batch` and `decode_batch` in a binding whose document defines no batches."""

    def refused(*_: object, **__: object) -> NoReturn:
        """Raise `UnsupportedBatch`: the document of this protocol has no batches; send one message for each event."""
        raise UnsupportedBatch(f"{protocol} has no batches; HTTP has [{requirement}]")

    return refused


def _check_limits(metadata: Metadata, body: bytes | None, limits: Limits, binding: Binding) -> None:
    """Refuse what the server or the client would refuse, or cut."""
    _, most_attributes, most_of_name, most_of_value, most = limits
    surely = most_of_value // 4  # characters, of up to four bytes
    if len(metadata) <= most_attributes and len(body or b"") <= most // 2:
        for full_name, value in metadata:
            if len(value) > surely or len(full_name) > most_of_name:
                break
        else:
            return
    findings = Findings()
    total = len(body or b"")
    for full_name, value in metadata:
        size = len(value.encode())
        total += size + len(full_name)
        name = full_name.removeprefix(binding.prefix)
        if len(full_name) > most_of_name:
            findings.report(limits.requirement, f"has a name of more than {most_of_name} bytes", name)
        if size > most_of_value:
            findings.report(limits.requirement, f"has more than {most_of_value} bytes", name)
    if len(metadata) > most_attributes:
        findings.report(limits.requirement, f"there are more than {most_attributes} attributes")
    if total > most:
        findings.report(limits.requirement, f"the message has more than {most} bytes")
    findings.conclude()


# --------------------------------------------------------------------------------------------------- decode


def mode_of(content_type: str | None) -> Mode:
    """Return the mode that a content type says, by its beginning and in any case (`HTTP-3-c`)."""
    if content_type is None or len(content_type) < 23 or content_type[:23].lower() != _MARK:
        return "binary"
    return "batch" if content_type[23:29].lower() == "-batch" else "structured"


_MARK = "application/cloudevents"


def read(
    headers: Any, body: bytes | None, binding: Binding, lenient: bool, content_type: Any = None
) -> CloudEvent[Any]:
    """Return the event of a message as a client hands it over; `content_type` is for one with a place of its own.

    The body is `UNREADABLE` where it is no bytes, which is a problem only of what claims to be an event. Raises
    `NotACloudEvent`, `UnsupportedFormat`, `InvalidEvent`; `TypeError` for headers that are none.
    """
    found = list(binding.container(headers))
    if content_type is not None and type(content_type) is not str:
        content_type = attributes.plain(_headers.text(content_type))
    return (
        None if body is UNREADABLE else decode_usual(found, body, binding, lenient, content_type)
    ) or decode_with_care(found, body, binding, lenient, content_type)


def decode_usual(
    metadata: list[tuple[Any, Any]],
    body: bytes | None,
    binding: Binding,
    lenient: bool,
    content_type: str | None = None,
) -> CloudEvent[Any] | None:
    """Return the event of the usual message; None for any other.

    Whatever it leaves, for good or ill, `decode_with_care` reads to the same result.
    """
    names = binding.attribute_names
    try:
        if content_type is not None and (event_type := _event_types[content_type]) is not None:
            return _usual_structured(event_type, body, binding, lenient)
        found: dict[Any, Any] = {name: value for raw, value in metadata if (name := names[raw]) is not None}
        if len(found) != len(metadata) and len(found) != sum(names[raw] is not None for raw, _ in metadata):
            return None  # an attribute is there twice
        values = list(found.values())
        if (charset := binding.charset) is not None and type(values[0]) is bytes:
            values = b"\0".join(values).decode(charset).split("\0")  # all at once; a NUL makes more of them
            found = dict(zip(found, values, strict=True))
        elif not _STR.issuperset(map(type, values)):
            return None
        take = found.pop
        declared = take(PLACE, content_type)
        if declared is not None and (event_type := _event_types[declared]) is not None:
            return _usual_structured(event_type, body, binding, lenient)
        if binding.reads_attribute:
            declared = _usual_content_type(declared, take(TYPE, None), binding, lenient)
        is_plain = binding.is_plain
        if is_plain is not None and not is_plain("".join(found.values())):
            return None
        if take("specversion") != "1.0":
            return None
        envelope = Envelope(
            "1.0", take("type"), take("source"), take("id"), take("time", None), declared,
            take("subject", None), take("dataschema", None),
        )  # fmt: skip
    except CloudEventError:  # of the body, in structured mode
        raise
    except (LookupError, TypeError, ValueError):
        return None  # no attribute that is required, a name that is no text, bytes no UTF-8
    if not envelope.id or envelope.subject == "" or not _are_strings(envelope, found):
        return None
    in_order = undeclared(found) if found else found
    if in_order is None or "" in in_order:
        return None
    return enclosed(envelope, body or (None if binding.no_data is not None else body), in_order)


_STR = frozenset({str})


def _are_strings(envelope: Envelope, extensions: dict[str, str]) -> bool:
    """Tell whether those attributes are Strings that are not looked at as something else."""
    joined = "".join((envelope.id, envelope.subject or "", *extensions.values()))
    return joined.isprintable() or attributes.is_string(joined)  # the one is quick, the other right


def decode_with_care(
    found: list[tuple[Any, Any]],
    body: bytes | None,
    binding: Binding,
    lenient: bool,
    content_type: str | None = None,
) -> CloudEvent[Any]:
    """Return the event of any message; raises what `read` raises."""
    findings = Findings(lenient=lenient)
    metadata = list(binding.pairs(found))
    if binding.content_type_among_headers:
        content_type = content_type_among(metadata, binding, findings)
    return decode(content_type, metadata, body, binding, findings)


def _usual_structured(
    event_type: str, body: bytes | None, binding: Binding, lenient: bool
) -> CloudEvent[Any] | None:
    found = formats.get(event_type)
    if binding.formats is not None and found.name not in binding.formats:
        return None
    return found.decode(body or b"", lenient=lenient)


def _usual_content_type(
    place: str | None, attribute: str | None, binding: Binding, lenient: bool
) -> str | None:
    """Return the content type of a message that may have it twice; a `KeyError` if it needs care."""
    if binding.attribute == "only":
        is_plain = binding.is_plain
        if attribute is None:
            if place is not None and lenient:
                raise KeyError(PLACE)
        elif (is_plain is not None and not is_plain(attribute)) or not attributes.is_string(attribute):
            raise KeyError(TYPE)
        return attribute
    if attribute is None or attribute == place:
        return place
    raise KeyError(TYPE)


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


def content_type_among(metadata: Metadata, binding: Binding, findings: Findings) -> str | None:
    """Return the content type that is a header, None if there is none."""
    given = [value for name, value in metadata if name == PLACE]
    if not given and findings.lenient and binding.lenient_content_type:
        given = [value for name, value in metadata if _headers.lower(name) == PLACE]
        if given:
            rule = "must be written in lower case"
            findings.repair(binding.content_type_requirement, rule, PLACE)
    found: str | None = None
    for value in given:
        text = value if type(value) is str else binding.read(PLACE, value, findings, "1.0")
        if text is UNREADABLE:
            continue
        if found is not None and found != text:
            findings.report("CE-attrs-d", "is there more than once, with different values", PLACE, text)
        elif found is not None:
            findings.repair("CE-attrs-d", "is there more than once", PLACE, text)
        found = cast("str", text)
    return found


def mode_among(headers: Any, binding: Binding, content_type: Any = None) -> Mode:
    """Return the mode that the content type says, one of its own place or that among the headers."""
    return mode_of(_content_type(headers, binding, content_type)[0])


_REQUIRED = ("specversion", "type", "source", "id")


def claims(headers: Any, binding: Binding, content_type: Any = None) -> bool:
    """Tell whether a message claims to be an event or a batch, by content type or by all required attributes."""
    found, metadata = _content_type(headers, binding, content_type)
    names = {name for name, _ in metadata}
    return mode_of(found) != "binary" or any(
        names.issuperset(prefix + name for name in _REQUIRED) for prefix in binding.prefixes
    )


def _content_type(headers: Any, binding: Binding, content_type: Any) -> tuple[str | None, Metadata]:
    metadata = list(binding.pairs(binding.container(headers)))
    if binding.content_type_among_headers:
        return content_type_among(metadata, binding, Findings()), metadata
    return None if content_type is None else _headers.text(content_type), metadata


def bytes_of(body: Any) -> bytes | None:
    """Return the bytes of a body, or None for none; raises `TypeError` for what holds no bytes."""
    return body if type(body) is bytes or body is None else bytes(memoryview(body))


def decode(
    content_type: str | None,
    metadata: Iterable[tuple[str, Any]],
    body: bytes | None,
    binding: Binding,
    findings: Findings,
) -> CloudEvent[Any]:
    """Return the event of a message, whose mode the content type tells.

    `metadata` is read in binary mode only: in structured mode the body decides, whatever stands beside it.
    """
    mode = mode_of(content_type)
    if mode == "binary":
        return _decode_binary(content_type, metadata, body, binding, findings)
    body = _checked_body(body, binding, findings)
    if mode == "batch" and binding.batch_requirement is not None:
        findings.report(binding.batch_requirement, f"{binding.protocol} has no batches, but this is one")
    elif mode == "batch":
        rule = "a batch was found where one event was expected"
        findings.report(binding.mode_requirement, rule, hint="use decode_batch")
    findings.conclude()
    return _structured(_format_of(content_type, binding, findings), body, findings)


def _checked_body(body: bytes | None, binding: Binding, findings: Findings) -> bytes | None:
    if body is not UNREADABLE:
        return body
    findings.report(binding.body_requirement, "the body must be bytes or text")
    return None


def _structured(format: formats.Format, body: bytes | None, findings: Findings) -> CloudEvent[Any]:
    event = format.decode(body or b"", lenient=findings.lenient)
    return add_repairs(event, findings.repairs) if findings.repairs else event


def decode_batch(
    content_type: str | None, body: bytes, binding: Binding, findings: Findings
) -> list[CloudEvent[Any]]:
    """Return the events of a message in batch mode."""
    if mode_of(content_type) != "batch":
        rule = "the content type is not that of a batch"
        findings.report(binding.mode_requirement, rule, None, content_type, hint="use decode")
    findings.conclude()
    events = _format_of(content_type, binding, findings).decode_batch(body, lenient=findings.lenient)
    return [add_repairs(event, findings.repairs) for event in events] if findings.repairs else events


def decode_bare(body: bytes | None, lenient: bool) -> CloudEvent[Any]:
    """Return the event of a message of a protocol without metadata, which is in JSON, or not an event at all."""
    try:
        return formats.get("json").decode(body or b"", lenient=lenient)
    except InvalidEvent:
        if _SPECVERSION in (body or b""):
            raise
    raise NotACloudEvent("the message has no metadata, and its payload is not a JSON object with specversion")


_SPECVERSION = b'"specversion"'


def _format_of(content_type: str | None, binding: Binding, findings: Findings) -> formats.Format:
    essence = (content_type or "").split(";")[0].strip().lower()
    if essence == _MARK and findings.lenient:  # T-HTTP-2: without a format it can only be JSON
        rule = "names no event format; read as JSON"
        findings.repair(binding.mode_requirement, rule, PLACE, content_type)
        return formats.json
    if essence[23:24] not in ("+", "-"):
        raise UnsupportedFormat(f"{excerpt(content_type)} names no event format")
    found = formats.get(essence)
    if binding.formats is not None and found.name not in binding.formats:
        raise UnsupportedFormat(_only(binding))
    return found


def _decode_binary(
    content_type: str | None,
    metadata: Iterable[tuple[str, Any]],
    body: bytes | None,
    binding: Binding,
    findings: Findings,
) -> CloudEvent[Any]:
    metadata = list(metadata)
    prefixes = _prefixes_of(metadata, binding, findings)
    if not prefixes:  # T-HTTP-17
        return _without_claim(content_type, body, binding, findings)
    versions = {prefix + "specversion" for prefix in prefixes}
    version = next(value for name, value in metadata if name in versions)
    version = version.decode("latin-1") if isinstance(version, bytes) else version
    found: dict[str, object] = {}
    for full_name, value in metadata:
        prefix = next((prefix for prefix in prefixes if full_name.startswith(prefix)), None)
        if prefix is None:
            continue
        name = full_name.removeprefix(prefix)
        if not prefix and attributes.check_name(name, Findings(), version) is None:  # T-MQTT-1
            continue
        value = binding.read(name, value, findings, version)
        if name in found:
            _report_repeated(name, found[name], value, findings)
        found[name] = value
    _settle_content_type(content_type, found, binding, findings)
    body = _checked_body(body, binding, findings)
    data: Stored = body or (None if binding.no_data is not None else body)
    if found["specversion"] == "0.3":
        data = _v03(found, data, binding, findings)
    return assemble(found, data, findings)


def _prefixes_of(metadata: Metadata, binding: Binding, findings: Findings) -> tuple[str, ...]:
    """Return the prefixes of a message that claims to be an event, none for one that does not."""
    names = {name for name, _ in metadata}
    if any(prefix + "specversion" in names for prefix in binding.prefixes):
        used = [p for p in binding.prefixes if any(name.startswith(p) for name in names)]
        if len(used) > 1:
            rule = f"has names with {' and with '.join(used)}"
            findings.report(binding.one_prefix_requirement, f"the message {rule}, of which one must do")
        return binding.prefixes
    other = binding.read_leniently
    if other is not None and other + "specversion" in names and findings.lenient:
        rule = f"the names begin with {other}, which is not the prefix"
        findings.repair(binding.name_requirement, rule)
        return (other,)
    return ()


def _without_claim(
    content_type: str | None, body: bytes | None, binding: Binding, findings: Findings
) -> CloudEvent[Any]:
    """Lenient reading takes a body for an event where it is one, and nothing says what else it is (T-KAFKA-6)."""
    findings.conclude()
    rule = binding.bare_requirement
    if rule is not None and findings.lenient and content_type is None and body and _SPECVERSION in body:
        findings.repair(rule, "the message has no content type; read as an event in JSON")
        return _structured(formats.get("json"), body, findings)
    raise NotACloudEvent(
        f"the message has no {binding.prefix}specversion, and its content type is not that of CloudEvents"
    )


def _report_repeated(name: str, first: object, second: object, findings: Findings) -> None:
    if first == second:
        findings.repair("CE-attrs-d", "is there more than once", name, hint="the repeats are the same")
    else:
        findings.report("CE-attrs-d", "is there more than once, with different values", name)


def _settle_content_type(
    place: str | None, found: dict[str, object], binding: Binding, findings: Findings
) -> None:
    """Settle what the content type is where it is also an attribute; lenient reading takes either (T-HTTP-15)."""
    declared = found.get(TYPE)
    allowed = binding.attribute
    if allowed == "only":
        if declared is None and place is not None and findings.lenient:  # T-NATS-2
            rule = "is the content type of the message; read as that of the data"
            findings.repair(binding.content_type_requirement, rule, TYPE, place)
            found[TYPE] = place
        return
    agrees = (allowed != "never" and declared == place) or (allowed in ("also", "both") and place is None)
    if declared is not None and not agrees:
        rule = (
            "must be the content type of the message only"
            if allowed == "never"
            else "must be the content type"
        )
        findings.repair(binding.content_type_requirement, rule, TYPE, declared)
    if place is not None:
        found.pop(TYPE, None)
        found[TYPE] = place


def _v03(found: dict[str, object], data: Stored, binding: Binding, findings: Findings) -> Stored:
    """Undo what only 0.3 has: Map attributes, flattened as `name-key` (V03-http-a), and datacontentencoding."""
    for full_name in [name for name in found if "-" in name and binding.flattens_maps]:
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
