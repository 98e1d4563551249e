"""The event (specification, "Context Attributes" and "Event Data"): immutable, checked when made, data raw until asked.

Formats and bindings make events with `assemble` (attributes as they came) or `enclosed` (an `Envelope` of which most
is known to be good) and read them with `wire_attributes` and `stored_data`. Programs use `CloudEvent`.
"""

# pyright: reportPrivateUsage=false
# The functions for formats and bindings below the class are its friends.
from __future__ import annotations

import builtins
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Generic, Self, TypeGuard, TypeVar, cast, overload

from msgspec import UNSET, Meta, Raw, Struct

from cevents import attributes as attributes_
from cevents import data as data_
from cevents import mediatypes, timestamps
from cevents.attributes import Value
from cevents.data import Stored
from cevents.errors import DataError, Findings, Problem, excerpt

__all__ = [
    "UNREADABLE",
    "CloudEvent",
    "Envelope",
    "add_repairs",
    "assemble",
    "content_type",
    "enclosed",
    "kept_extensions",
    "parts",
    "stored_data",
    "undeclared",
    "wire_attributes",
]

T = TypeVar("T")
if TYPE_CHECKING:  # the default comes with Python 3.13; to type checkers it is known already
    from typing_extensions import TypeVar as TypeVarWithDefault

    T_co = TypeVarWithDefault("T_co", covariant=True, default=Any)
else:
    T_co = TypeVar("T_co", covariant=True)
_E = TypeVar("_E", bound="CloudEvent[Any]")

NonEmpty = Annotated[str, Meta(min_length=1)]


class Envelope(Struct, omit_defaults=True, gc=False):
    """The core attributes of one event as they are kept, `time` as its text; `dataschema` is `schemaurl` under 0.3."""

    specversion: str
    type: NonEmpty
    source: NonEmpty
    id: NonEmpty
    time: NonEmpty | None = None
    datacontenttype: NonEmpty | None = None
    subject: NonEmpty | None = None
    dataschema: NonEmpty | None = None

    def extensions(self) -> dict[str, Value | Raw]:
        """The extension attributes that a subclass keeps as further fields."""
        return {}


UNREADABLE: Any = object()
"""What a decoder hands on for an attribute whose problem it has noted, so that it is not also said to be missing."""


class _Made:
    """Stands for what the constructor makes when it is left out."""

    def __repr__(self) -> str:
        return "<made>"


_MADE: Any = _Made()
_UNCHANGED: Any = object()


class CloudEvent(Generic[T_co]):
    """One event: context attributes and data.

    `type` and `source` say what happened where. `id` (a UUID) and `time` (now, in UTC) are made when they are left
    out; `time=None` leaves it unset. `data` that is `bytes` is taken as encoded under `datacontenttype` already; any
    other value is encoded by the codec of its `datacontenttype`, JSON when none is given; `None` is no data, and JSON
    null is `b"null"`. Every other keyword is an extension attribute: a bool, an int of 32 bits, a str, bytes or an
    aware datetime; None leaves it unset. `specversion="0.3"` makes an event of that version, with `schemaurl`.

    Raises `InvalidEvent` with every problem found, and `DataError` for data that cannot be encoded.
    """

    __slots__ = ("__weakref__", "_data", "_envelope", "_extensions", "_repairs", "_value")

    _envelope: Envelope
    _extensions: dict[str, Value | Raw] | None
    _data: Stored
    _repairs: tuple[Problem, ...]
    _value: Any

    def __init__(
        self,
        /,
        *,
        type: str,
        source: str,
        data: Any = None,
        id: str = _MADE,
        time: datetime | str | None = _MADE,
        datacontenttype: str | None = None,
        subject: str | None = None,
        dataschema: str | None = None,
        specversion: str = "1.0",
        **extensions: bool | int | str | bytes | datetime | None,
    ) -> None:
        core: tuple[Any, ...] = (
            specversion,
            type,
            source,
            str(uuid.uuid4()) if id is _MADE else id,
            timestamps.now() if time is _MADE else time,
            datacontenttype,
            subject,
            dataschema,
        )
        usual = _usual(Envelope(*core), extensions)
        if usual is None:
            findings = Findings()
            found = {**dict(zip(_FIELDS, core, strict=True)), **extensions}
            if specversion == "0.3":
                _refuse_in_v03(extensions, findings)
            self._envelope, self._extensions = _checked(found, findings)
            findings.conclude()
        else:
            self._envelope, self._extensions = usual._envelope, usual._extensions
        self._data = data_.encode(data, datacontenttype)
        self._repairs = ()
        self._value = UNSET

    # -------------------------------------------------------------------------------------- core attributes

    @property
    def specversion(self) -> str:
        """The version of the specification: "1.0", or "0.3" for an event that was read as such."""
        return self._envelope.specversion

    @property
    def type(self) -> str:
        """What kind of occurrence this is, such as `com.example.order.created`."""
        return self._envelope.type

    @property
    def source(self) -> str:
        """Where it happened: a URI-reference. `source` and `id` together name the event."""
        return self._envelope.source

    @property
    def id(self) -> str:
        """What tells this event from all others of its source."""
        return self._envelope.id

    @property
    def time(self) -> datetime | None:
        """When it happened, as an aware datetime; `text("time")` has all digits that came.

        Digits beyond microseconds are cut here, a leap second reads as the microsecond before it. Raises `DataError`
        for the year 0000, which `datetime` does not have.
        """
        text = self._envelope.time
        return None if text is None else _datetime(text)

    @property
    def datacontenttype(self) -> str | None:
        """The media type of the data, as it was given. A JSON value without one is `application/json`."""
        return self._envelope.datacontenttype

    @property
    def subject(self) -> str | None:
        """What within the source it is about."""
        return self._envelope.subject

    @property
    def dataschema(self) -> str | None:
        """The schema that the data adheres to, an absolute URI (under 0.3: `schemaurl`, a URI-reference)."""
        return self._envelope.dataschema

    # --------------------------------------------------------------------------------------- all attributes

    @property
    def attributes(self) -> Mapping[str, bool | int | str | bytes | datetime]:
        """Every attribute that is set, core then extensions by name, as Python values; a read-only mapping."""
        return MappingProxyType({name: _native(name, value) for name, value in _kept(self).items()})

    @property
    def extensions(self) -> Mapping[str, bool | int | str | bytes | datetime]:
        """Every extension attribute that is set, by name, as Python values; a read-only mapping."""
        return MappingProxyType({name: _native(name, value) for name, value in kept_extensions(self).items()})

    def __getitem__(self, name: str) -> bool | int | str | bytes | datetime:
        """The value of any attribute; `KeyError` when it is not set."""
        found: bool | int | str | bytes | datetime = _native(name, _kept(self)[name])
        return found

    def __contains__(self, name: object) -> bool:
        """Tell whether an attribute is set."""
        return name in _kept(self)

    __iter__ = None  # an event is no sequence of anything; `event.attributes` is a mapping

    def get(self, name: str, default: Any = None) -> Any:
        """The value of any attribute, or `default` when it is not set."""
        kept = _kept(self)
        return _native(name, kept[name]) if name in kept else default

    def text(self, name: str) -> str:
        """The canonical string form of an attribute: for a time exactly what came. `KeyError` when it is not set."""
        return attributes_.spelled(_kept(self)[name])

    # ------------------------------------------------------------------------------------------------- data

    @property
    def data(self) -> T_co:
        """The data by its content type: JSON as Python values, text as str, anything else as bytes; None without data.

        Parsed when first asked for and kept; a program that changes what it got changes neither `data_bytes` nor what
        is encoded. Raises `DataError` where the data is not what its content type claims.
        """
        found = self._value
        if found is UNSET:
            found = self._value = data_.value(self._data, self._envelope.datacontenttype)
        return cast("T_co", found)

    @property
    def data_bytes(self) -> bytes | None:
        """The data as bytes encoded under its content type, None without data; `DataError` if the charset cannot."""
        return data_.content(self._data, self.datacontenttype)

    @property
    def has_data(self) -> bool:
        """Tell whether there is data at all: true for JSON null and for zero bytes."""
        return self._data is not None

    @overload
    def data_as(self, wanted: builtins.type[T]) -> T: ...
    @overload
    def data_as(self, wanted: Any) -> Any: ...  # such as `Order | None`, for which there is no type yet
    def data_as(self, wanted: Any) -> Any:
        """The data as a `wanted`: a dataclass, msgspec Struct, TypedDict, pydantic model, any type msgspec can build.

        They are built from JSON, whatever the content type says, unless a codec is registered for it; `bytes` are the
        bytes of the data, `str` is its text. A class of Protobuf messages reads a message of that type; `Any` takes
        one of every type. Raises `DataError`, naming the member that does not fit, and when there is no data.
        """
        return data_.as_type(self._data, self.datacontenttype, self.dataschema, wanted)

    # ---------------------------------------------------------------------------------------------- changes

    def replace(self, /, **changes: Any) -> Self:
        """Return a copy with other attributes or data; None takes an optional one away.

        The copy keeps `id` unless another is given: give one where it is another event (`CE-id-d`). Another
        `specversion` first does what `to_v03` or `to_v1` does. Under another `datacontenttype` data that is not
        replaced stays the same JSON value or text, or else the same bytes. Raises as the constructor does.
        """
        findings = Findings()
        found: dict[str, Any] = dict(_kept(self))
        version = changes.get("specversion", self.specversion)
        schema, other = _SCHEMA_NAMES.get(self.specversion), _SCHEMA_NAMES.get(version)
        if schema != other and other is not None:
            if other in found and other not in changes:
                rule = f"is another attribute under specversion {version}"
                findings.report("CE-attrs-d", rule, other, hint="take it away first")
            found = {other if name == schema else name: value for name, value in found.items()}
        found.update(changes)
        if version == "0.3":
            _refuse_in_v03(changes if version == self.specversion else found, findings)
        data = found.pop("data", _UNCHANGED)
        event = _assembled(type(self), found, None, findings)
        if data is not _UNCHANGED:
            event._data = data_.encode(data, event.datacontenttype)
        elif event.datacontenttype == self.datacontenttype:
            event._data = self._data
        else:
            event._data = _under_another_type(self._data, self.datacontenttype, event.datacontenttype)
        return event

    __replace__ = replace

    def to_v03(self) -> Self:
        """Return this event under specversion 0.3: `dataschema` becomes `schemaurl`.

        Raises `InvalidEvent` for what 0.3 cannot say: Boolean attributes, names that begin with a digit.
        """
        return self if self.specversion == "0.3" else self.replace(specversion="0.3")

    def to_v1(self) -> Self:
        """Return this event under specversion 1.0: `schemaurl` becomes `dataschema`.

        Raises `InvalidEvent` for what 1.0 cannot say: a relative schema URL, Map attributes, an empty source.
        """
        return self if self.specversion == "1.0" else self.replace(specversion="1.0")

    def validate(self) -> None:
        """Check the event by the rules of its specversion; raises `InvalidEvent`.

        Every event was checked when it was made; one can fail that was read leniently, and one with an attribute whose
        type was declared later. Encoders call this for the former, so that nothing is sent on unnoticed.
        """
        findings = Findings()
        _checked(_kept(self), findings)
        findings.conclude()

    @property
    def repairs(self) -> tuple[Problem, ...]:
        """What lenient reading mended in this event, or let pass; empty for every other event."""
        return self._repairs

    # --------------------------------------------------------------------------------------------- protocol

    def __eq__(self, other: object) -> bool:
        """Equal when all attributes have the same canonical text, media types compare as such, and data is the same.

        Canonical texts, since an Integer 5 is "5" after a protocol that has only texts. Two spellings of one instant
        are two texts.
        """
        if not _is_event(other):
            return NotImplemented
        one, two = _with_implied(self), _with_implied(other)
        one.pop("datacontenttype", None)
        two.pop("datacontenttype", None)
        return (
            one.keys() == two.keys()
            and all(attributes_.spelled(one[name]) == attributes_.spelled(two[name]) for name in one)
            and _comparable(content_type(self)) == _comparable(content_type(other))
            and data_.equal(self._data, self.datacontenttype, other._data, other.datacontenttype)
        )

    def __hash__(self) -> int:
        return hash((self.source, self.id))

    def __repr__(self) -> str:
        attributes = ", ".join(
            f"{name}={excerpt(value if isinstance(value, bool | int) else attributes_.spelled(value))}"
            for name, value in _kept(self).items()
        )
        size = "" if self._data is None else f", data=<{len(self._data)} {_unit(self._data)}>"
        return f"{type(self).__name__}({attributes}{size})"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        core = tuple(getattr(self._envelope, name) for name in _FIELDS)
        return _restored, (type(self), core, dict(kept_extensions(self)), self._data, self._repairs)


def _is_event(value: object) -> TypeGuard[CloudEvent[Any]]:
    return isinstance(value, CloudEvent)


# --------------------------------------------------------------------------------- for formats and bindings


def assemble(
    found: dict[str, Any], data: Stored, findings: Findings, extensions: dict[str, Any] | None = None
) -> CloudEvent[Any]:
    """Make an event from attributes as they came, `specversion` among them; those that are None are unset.

    Values are texts, or what the format knows their types to be; `UNREADABLE` for one whose problem was noted already.
    `extensions` are attributes that are known to be no core attributes, if there are any beside those `found`. Raises
    `InvalidEvent` with all that is in `findings`.
    """
    if not findings.problems and not findings.repairs:
        core, others = found, extensions
        if not _NAMES_OF_FIELDS.issuperset(found):
            core, others = {}, {} if extensions is None else dict(extensions)
            for name, value in found.items():
                if name in _NAMES_OF_FIELDS:
                    core[name] = value
                else:
                    others[name] = value
        usual = _usual(Envelope(**core), others or {}, _READ_CLASSES) if core.keys() >= _REQUIRED else None
        if usual is not None:
            usual._data = data
            return usual
    kind: type[CloudEvent[Any]] = CloudEvent
    return _assembled(kind, {**found, **extensions} if extensions else found, data, findings)


def enclosed(
    envelope: Envelope,
    data: Stored,
    extensions: dict[str, Value | Raw] | None = None,
    content_types: attributes_.Accepted = attributes_.accepted_content_types,
) -> CloudEvent[Any] | None:
    """Make an event of an envelope of 1.0 after a look at its core attributes; None if in doubt. For those in a hurry.

    The caller has checked that the attributes are Strings, that `id` and `subject` are not empty, and all of the
    extensions, which come by name, or None if they are in the envelope. Texts that come again and again are shared.
    """
    try:
        envelope.type = _types[envelope.type]
        envelope.source = _sources[envelope.source]
        if (time := envelope.time) is not None and _is_usual(time) is None:
            return None
        if (content_type := envelope.datacontenttype) is not None:
            envelope.datacontenttype = content_types[content_type]
        if (dataschema := envelope.dataschema) is not None:
            envelope.dataschema = _uris[dataschema]
    except (KeyError, TypeError):  # a wrong one, or not even a text
        return None
    event: CloudEvent[Any] = _new(CloudEvent)
    event._envelope = envelope
    event._extensions = extensions
    event._data = data
    event._repairs = ()
    event._value = UNSET
    return event


def undeclared(extensions: dict[str, Any]) -> dict[str, Any] | None:
    """Return extensions by name, as `enclosed` wants them; None if one is declared, by which it must be read."""
    if not extensions.keys().isdisjoint(attributes_.declarations):
        return None
    if len(extensions) > 1 and (in_order := sorted(extensions)) != list(extensions):
        return {name: extensions[name] for name in in_order}
    return extensions


_types = attributes_.accepted_types
_sources = attributes_.accepted_sources
_uris = attributes_.accepted_uris
_is_usual = timestamps.is_usual


def add_repairs(event: CloudEvent[Any], repairs: Iterable[Problem]) -> CloudEvent[Any]:
    """Add to a new event what was repaired in the message that it came in."""
    event._repairs = (*repairs, *event._repairs)
    return event


def wire_attributes(event: CloudEvent[Any]) -> dict[str, Value | Raw]:
    """Return the attributes of an event as they are kept, core first, then extensions by name; a new dict.

    Those that the data implies are there, too. Raises `InvalidEvent` for an event whose problems lenient reading let
    pass: what is written conforms.
    """
    if event._repairs:
        event.validate()
    return _with_implied(event)


parts: Callable[
    [CloudEvent[Any]], tuple[Envelope, dict[str, Value | Raw] | None, Stored, tuple[Problem, ...]]
]
parts = attrgetter("_envelope", "_extensions", "_data", "_repairs")
"""Envelope, extensions (None where they are in the envelope), data and repairs of an event, for those in a hurry."""


def kept_extensions(event: CloudEvent[Any]) -> dict[str, Value | Raw]:
    """Return the extension attributes of an event as they are kept, by name; not to be changed."""
    found = event._extensions
    if found is None:
        found = event._extensions = event._envelope.extensions()
    return found


def stored_data(event: CloudEvent[Any]) -> Stored:
    """Return the data of an event as it is kept; see `cevents.data`."""
    return event._data


def content_type(event: CloudEvent[Any]) -> str | None:
    """Return the content type under which other protocols carry the data: a JSON value without one is JSON."""
    declared, data = event._envelope.datacontenttype, event._data
    if declared is not None or data is None:
        return declared
    if isinstance(data, data_.Implied):
        return data.implied["datacontenttype"]
    return data_.IMPLIED_CONTENT_TYPE if isinstance(data, Raw) else None


_new: Any = object.__new__


def _assembled(kind: type[_E], found: Mapping[str, object], data: Stored, findings: Findings) -> _E:
    envelope, extensions = _checked(found, findings)
    findings.conclude()
    return _filled(kind, envelope, extensions, data, tuple(findings.repairs))


def _filled(
    kind: type[_E],
    envelope: Envelope,
    extensions: dict[str, Value | Raw] | None,
    data: Stored,
    repairs: tuple[Problem, ...],
) -> _E:
    event: _E = _new(kind)
    event._envelope = envelope
    event._extensions = extensions
    event._data = data
    event._repairs = repairs
    event._value = UNSET
    return event


def _checked(found: Mapping[str, object], findings: Findings) -> tuple[Envelope, dict[str, Value | Raw]]:
    """Check every attribute and return those to keep; what is wrong is in `findings` then."""
    version = _version(found.get("specversion"), findings)
    if version is None:  # by which rules should the rest be judged?
        findings.conclude()
        version = "1.0"
    core = attributes_.core_attributes(version)
    kept: dict[str, Any] = dict.fromkeys(("type", "source", "id"), "")
    extensions: dict[str, Value | Raw] = {}
    for name, value in found.items():
        if value is None or name == "specversion":  # JSON-2.2-d: null is unset
            continue
        attribute = core.get(name)
        if attribute is not None:
            if value is not UNREADABLE:
                kept[name] = attribute.check(value, name, findings)
            continue
        legal = attributes_.check_name(name, findings, version)
        if legal is None or value is UNREADABLE:
            continue
        if legal != name and (found.get(legal) is not None or legal in extensions):
            findings.report("CE-attrs-d", "is there twice, if case is set aside", legal)
            continue
        if legal in core or legal == "specversion":
            findings.report("CE-naming-a", "must be written in lower case", name)
            continue
        if legal == "datacontentencoding" and version == "0.3":
            findings.report("V03-attr-b", "is not to be set: it follows from the data", name)
            continue
        checked = attributes_.check_extension(legal, value, findings, version)
        if checked is not None:
            extensions[legal] = checked
    for name, attribute in core.items():
        if attribute.required is not None and found.get(name) is None:
            findings.report(attribute.required, "is missing", name)
    if "schemaurl" in kept:
        kept["dataschema"] = kept.pop("schemaurl")
    if len(extensions) > 1:
        extensions = dict(sorted(extensions.items()))  # by name, so that equal events are written alike
    return Envelope(version, **kept), extensions


def _usual(
    envelope: Envelope, extensions: dict[str, Any], text_classes: frozenset[type] = frozenset({str})
) -> CloudEvent[Any] | None:
    """Make an event without data of attributes that are all as usual, whatever they are; None if `_checked` must look.

    Extensions that are texts must be of one of the classes.
    """
    event_id, time, subject = envelope.id, envelope.time, envelope.subject
    texts = [event_id]
    if subject is not None:
        if type(subject) is not str or not subject:
            return None
        texts.append(subject)
    for value in extensions.values():
        kind = type(value)  # pyright: ignore[reportUnknownVariableType] # of anything
        if kind in text_classes:
            texts.append(value)
        elif not (kind is bool or kind is bytes or (kind is int and attributes_.is_integer(value))):
            return None
    if type(event_id) is not str or not event_id or not (time is None or type(time) is str):
        return None
    joined = "".join(texts)
    if not (joined.isprintable() or attributes_.is_string(joined)):  # the one is quick, the other right
        return None
    version = envelope.specversion
    if type(version) is not str or version != "1.0":
        return None
    if extensions:
        in_order = undeclared(extensions)
        if in_order is None or not extensions.keys() <= attributes_.accepted_names.keys():
            return None
        extensions = in_order
    return enclosed(envelope, None, extensions)


_READ_CLASSES = frozenset({str, timestamps.TimestampText, attributes_.URIText, attributes_.URIReferenceText})


def _refuse_in_v03(values: Mapping[str, object], findings: Findings) -> None:
    """Refuse what a program may not give to an event of 0.3: Booleans, which stay where they were read (V03-spec-c)."""
    for name, value in values.items():
        if isinstance(value, bool):
            findings.report("V03-spec-c", "must not be a boolean under specversion 0.3", name, value)
        elif isinstance(value, Raw) and name != "data":
            try:
                data_.json_value(bytes(value))
            except DataError:
                findings.report("V03-spec-c", "must be the text of one JSON value", name)


_SCHEMA_NAMES: dict[object, str] = {"1.0": "dataschema", "0.3": "schemaurl"}


def _version(found: object, findings: Findings) -> str | None:
    if isinstance(found, str) and attributes_.plain(found) in ("1.0", "0.3"):
        return attributes_.plain(found)
    if found is UNREADABLE:
        return None
    if found is None:
        findings.report("CE-specversion-b", "is missing", "specversion")
        return "1.0"
    rule = "is not a version known here"
    if not isinstance(found, str):
        findings.report("CE-specversion-b", "must be a string", "specversion", found, hint='write "1.0"')
    elif not found:
        findings.report("CE-specversion-b", "must not be empty", "specversion", found)
    elif re.fullmatch(r"1(\.[0-9]+)*", found):  # T-CORE-17: another minor version of 1 is read as 1.0
        findings.repair("CE-specversion-c", rule, "specversion", found, hint="1.0 is")
    else:
        findings.report("CE-specversion-c", rule, "specversion", found, hint="1.0 and 0.3 are")
        return None
    return "1.0"


def _kept(event: CloudEvent[Any]) -> dict[str, Value | Raw]:
    envelope = event._envelope
    kept: dict[str, Value | Raw] = {
        "specversion": envelope.specversion,
        "type": envelope.type,
        "source": envelope.source,
        "id": envelope.id,
    }
    if envelope.time is not None:
        kept["time"] = envelope.time
    if envelope.datacontenttype is not None:
        kept["datacontenttype"] = envelope.datacontenttype
    if envelope.subject is not None:
        kept["subject"] = envelope.subject
    if envelope.dataschema is not None:
        kept["schemaurl" if envelope.specversion == "0.3" else "dataschema"] = envelope.dataschema
    kept.update(kept_extensions(event))
    return kept


def _with_implied(event: CloudEvent[Any]) -> dict[str, Value | Raw]:
    kept = _kept(event)
    if isinstance(event._data, data_.Implied):
        core = attributes_.core_attributes(event.specversion)
        implied: dict[str, Value | Raw] = dict(event._data.implied)
        if "dataschema" in implied and event.specversion == "0.3":
            implied["schemaurl"] = implied.pop("dataschema")
        kept = {
            **{name: kept[name] for name in kept if name in core or name == "specversion"},
            **implied,
            **kept,
        }
    return kept


_FIELDS = Envelope.__struct_fields__
_NAMES_OF_FIELDS = frozenset(_FIELDS)
_REQUIRED = frozenset(_FIELDS[:4])


def _restored(
    kind: type[_E],
    core: tuple[Any, ...],
    extensions: dict[str, Value | Raw],
    data: Stored,
    repairs: tuple[Problem, ...],
) -> _E:
    return _filled(kind, Envelope(*core), extensions, data, repairs)


def _native(name: str, value: Value | Raw) -> Any:
    """The value as a program sees it; the text of a time in the year 0000, which `datetime` does not have."""
    if isinstance(value, Raw):  # a Map of 0.3
        return data_.value(value, None)
    if name == "time" or isinstance(value, timestamps.TimestampText):
        try:
            return timestamps.parse(cast("str", value))
        except ValueError:
            return attributes_.spelled(value)
    return attributes_.plain(value) if isinstance(value, str) else value


def _datetime(text: str) -> datetime:
    try:
        return timestamps.parse(text)
    except ValueError as error:
        raise DataError(f"{excerpt(text)} cannot be a datetime: {error}") from None


def _under_another_type(data: Stored, before: str | None, after: str | None) -> Stored:
    """The same bytes under another content type; a JSON value or text stays one where the new type is of that kind."""
    media_type = mediatypes.parse(after)
    if isinstance(data, Raw) and (after is None or (media_type is not None and media_type.is_json)):
        data_.content(data, after)  # raises where the charset cannot hold it
        return data
    if isinstance(data, str) and media_type is not None and media_type.is_text and not media_type.is_json:
        return data_.encode(data, after)
    if isinstance(data, data_.Implied) and media_type == mediatypes.parse(data.implied["datacontenttype"]):
        return data
    return data if isinstance(data, data_.Binary) else data_.content(data, before)


def _comparable(datacontenttype: str | None) -> object:
    """Media types as they compare: names and charset without regard to case, parameters in any order (T-CORE-16)."""
    media_type = mediatypes.parse(datacontenttype)
    if media_type is None:
        return datacontenttype
    parameters = {n: v.lower() if n == "charset" else v for n, v in media_type.parameters.items()}
    return media_type.essence, parameters


def _unit(data: Stored) -> str:
    return "characters" if isinstance(data, str) else "bytes"
