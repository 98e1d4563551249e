"""Running vectors against cevents: each gives a result that tells what was wanted and what came."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from functools import partial
from typing import Any, NamedTuple, cast

import msgspec
from msgspec import UNSET

from cevents import errors, formats
from cevents.attributes import URIReferenceText, URIText, core_attributes, spelled, type_of
from cevents.conformance.ledger import DocumentRow, Ledger, ledger
from cevents.conformance.vector import Content, NeutralEvent, Refusal, Vector, joined
from cevents.event import CloudEvent, kept_extensions
from cevents.timestamps import TimestampText

__all__ = ["Report", "Result", "run"]

_ERRORS = {
    "invalid": errors.InvalidEvent,
    "not-a-cloudevent": errors.NotACloudEvent,
    "unsupported-format": errors.UnsupportedFormat,
    "unsupported-batch": errors.UnsupportedBatch,
    "data": errors.DataError,
}
_CORE = {"specversion", *core_attributes("1.0"), *core_attributes("0.3")}


class Result(NamedTuple):
    """The outcome of one vector; `wanted` and `came` are texts, empty when it passed.

    `needs` names the extra, such as "avro", without which it could not be run; it is then neither passed nor failed.
    """

    vector: Vector
    passed: bool
    wanted: str = ""
    came: str = ""
    needs: str = ""


class Report(NamedTuple):
    """The outcome of a run."""

    results: list[Result]

    @property
    def passed(self) -> list[Result]:
        """The results of the vectors that passed."""
        return [result for result in self.results if result.passed]

    @property
    def failed(self) -> list[Result]:
        """The results of the vectors that did not."""
        return [result for result in self.results if not result.passed and not result.needs]

    @property
    def skipped(self) -> list[Result]:
        """The results of the vectors for which an extra is missing."""
        return [result for result in self.results if result.needs]

    def rows(self, traced: Ledger | None = None) -> list[DocumentRow]:
        """Return for each document of the specification how much of it is traced, and how its vectors fared."""
        book = traced or ledger([result.vector for result in self.results])
        return book.rows({result.vector.name for result in self.failed})


class _Differs(Exception):
    """Something other than what was wanted came."""


def run(vectors: Iterable[Vector]) -> Report:
    """Execute every vector; never raises, whatever the code under test does."""
    return Report([_result(vector) for vector in vectors])


def _result(vector: Vector) -> Result:
    try:
        _execute(vector)
    except _Differs as difference:
        wanted, came = map(str, difference.args)
        return Result(vector, False, wanted, came, _missing(difference.__context__))
    except Exception as error:  # noqa: BLE001 - a foreign exception is a failure of the vector, not of the run
        return Result(vector, False, "no error but ours", f"{type(error).__name__}: {error}")
    return Result(vector, True)


def _missing(error: BaseException | None) -> str:
    """Return the extra that an error says to install, which came in place of what was wanted; else nothing."""
    found = _EXTRA.search(str(error)) if isinstance(error, errors.CloudEventError) else None
    return "" if found is None else found[1]


_EXTRA = re.compile(r"pip install 'cevents\[([a-z]+)\]'")


def _execute(vector: Vector) -> None:
    way = _Way(vector.format, vector.binding, vector.mode, vector.options, batch=vector.batch)
    wanted = vector.events if vector.event is None else [vector.event]
    if vector.direction == "encode":
        return _compare_written(way, partial(map, _made, wanted), vector.message, vector.refusal)
    try:
        events = way.decode(vector.message, lenient=vector.lenient)
    except errors.CloudEventError as error:
        return _compare_refusal(vector.refusal, error)
    if vector.refusal is not None:
        raise _Differs(_told(vector.refusal), f"no error but {events}")
    _compare(len(wanted), len(events))
    for event, came in zip(wanted, events, strict=True):
        _compare_event(event, came)
    repairs = {problem.requirement for event in events for problem in event.repairs}
    if not repairs.issuperset(vector.repairs) or (repairs and not vector.lenient):
        raise _Differs(f"the repairs {vector.repairs}", sorted(repairs))
    if vector.direction == "both":
        _compare_written(way, partial(iter, events), vector.message, None)
    for other in vector.reencoded:
        way = _Way(other.format, other.binding, other.mode, other.options)
        _compare_written(way, partial(iter, events), other.message, other.refusal)
    return None


class _Way:
    """A format, or a binding in one of its modes: from the fields of a message to events, and back."""

    def __init__(
        self,
        format_name: str | None,
        binding: str | None,
        mode: str | None,
        options: dict[str, Any],
        *,
        batch: bool = False,
    ) -> None:
        self.name = binding
        self.binding: Any = binding and importlib.import_module(f"cevents.bindings.{binding}")
        self.format = format_name or "json"
        self.mode = mode or "binary"
        self.options = options
        self.batch = batch

    def decode(self, message: Mapping[str, Any], *, lenient: bool) -> list[CloudEvent[Any]]:
        code: Any = self.binding or formats.get(self.format)
        verb = code.decode_batch if self.batch else code.decode
        fields = {name: self._field(value) for name, value in message.items()}
        for parameter in inspect.signature(verb).parameters.values():  # what a vector leaves out is empty
            if parameter.default is parameter.empty:
                fields.setdefault(parameter.name, _EMPTY.get(parameter.name, b""))
            elif parameter.name in self.options:
                fields[parameter.name] = self.options[parameter.name]
        found: Any = verb(**fields, lenient=lenient)
        return found if self.batch else [found]

    def encode(self, events: list[CloudEvent[Any]]) -> Mapping[str, Any]:
        if not self.binding:
            code = formats.get(self.format)
            return {"body": code.encode_batch(events) if self.batch else code.encode(events[0])}
        if self.batch:
            message = self.binding.encode_batch(events, format=self.format)
        else:
            message = self.binding.encode(events[0], mode=self.mode, format=self.format, **self.options)
        if self.name == "smtp":
            return {"message": message.as_bytes(policy=SMTP)}
        return cast("Mapping[str, Any]", message._asdict())

    def _field(self, written: Any) -> Any:
        """Return a field of a message as a binding takes it: bytes for a body, pairs for headers."""
        if isinstance(written, dict):
            return self._body(cast("dict[str, Any]", written))
        return self.pairs(cast("Any", written)) if isinstance(written, list) else written

    def _body(self, written: dict[str, Any]) -> Any:
        content = msgspec.convert(written, Content)
        if content.sections is not UNSET:
            return [msgspec.convert(section, Content).encoded() for section in content.sections]
        if content.value is not UNSET:
            return content.value
        is_text_frame = self.name == "websocket" and content.base64 is UNSET
        return content.encoded().decode() if is_text_frame else content.encoded()

    def pairs(self, written: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """Return headers, or what stands for them, with the values that a client has."""
        return [(name, self._value(value)) for name, value in written]

    def _value(self, written: Any) -> Any:
        if isinstance(written, str) and self.name == "kafka":
            return written.encode()
        if isinstance(written, dict) and "binary" in written:
            return b64decode(cast("dict[str, str]", written)["binary"])
        if isinstance(written, dict) and "timestamp" in written:
            milliseconds = cast("dict[str, int]", written)["timestamp"]
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
        return cast("Any", written)["table"] if isinstance(written, dict) else written


_EMPTY: dict[str, Any] = {
    **{name: [] for name in ("headers", "application_properties", "attributes")},
    **dict.fromkeys(("content_type", "value", "subprotocol"), None),
}


def _made(neutral: NeutralEvent) -> CloudEvent[Any]:
    """Make an event as a program does."""
    content = neutral.data
    data: Any = None
    if content is not UNSET:
        if content.text is not UNSET:
            data = joined(content.text)
        else:  # JSON null is not Python's None, which is no data
            data = content.encoded() if content.json is UNSET or content.json is None else content.json
    values: dict[str, Any] = {"time": None}
    for name, value in neutral.attributes.items():
        values[name] = _typed(cast("Any", value)) if isinstance(value, dict) else value
    return CloudEvent(data=data, **values)


def _typed(written: dict[str, Any]) -> Any:
    """Return a value that is written with its type, as an event keeps it."""
    [(kind, text)] = written.items()
    if kind == "binary":
        return b64decode(text)
    return _TEXTS[kind](text)


_TEXTS: dict[str, type[str]] = {
    "timestamp": TimestampText,
    "uri": URIText,
    "urireference": URIReferenceText,
}


def _compare_written(
    way: _Way,
    events: Callable[[], Iterable[CloudEvent[Any]]],
    wanted: Mapping[str, Any],
    refusal: Refusal | None,
) -> None:
    try:
        came = way.encode(list(events()))  # making events can be refused as well
    except errors.CloudEventError as error:
        return _compare_refusal(refusal, error)
    if refusal is not None:
        raise _Differs(_told(refusal), f"no error but {came}")
    for name, value in came.items():
        if name == "message":
            _compare_mails(msgspec.convert(wanted[name], Content).encoded(), value, way)
        elif name in ("body", "payload", "value", "data"):
            _compare_body(way, wanted.get(name, None if way.name == "kafka" else {"text": ""}), value)
        elif isinstance(value, list | tuple | dict):
            pairs = cast("dict[str, Any]", value).items() if isinstance(value, dict) else cast("Any", value)
            _compare(_headers(way.pairs(wanted.get(name) or []), way), _headers(pairs, way))
        elif name == "content_type":
            _compare(
                _headers([("content-type", wanted.get(name))], way), _headers([("content-type", value)], way)
            )
        elif name == "key" and isinstance(value, bytes):
            _compare(wanted.get(name), value.decode())
        else:
            _compare(wanted.get(name) or None, value)
    return None


def _headers(pairs: Iterable[tuple[str, Any]], way: _Way) -> list[tuple[str, str, Any]]:
    """Return headers as they compare: in any order, an envelope's type without parameters.

    Names in any case where the protocol does not tell cases apart; values with their types: true is not 1.
    """
    found: list[tuple[str, str, Any]] = []
    for written, value in pairs:
        name = written.lower() if way.name in ("http", "nats") else written
        if name == "content-type" and (way.batch or way.mode == "structured") and value is not None:
            text = value.decode() if isinstance(value, bytes) else value
            value = text.partition(";")[0].lower()
        found.append((name, type(value).__name__, value))
    return sorted(found, key=repr)


def _compare_mails(wanted: bytes, came: bytes, way: _Way) -> None:
    """Compare the fields of MIME and of the event, in any order and without white space, and the decoded bodies."""
    fields: list[list[tuple[str, str]]] = []
    for raw in (wanted, came):
        found = message_from_bytes(raw).items()
        pairs = [(name.lower(), "".join(str(value).split())) for name, value in found]
        kept = [pair for pair in pairs if pair[0].startswith(("ce-", "content-", "mime-"))]
        if way.batch or way.mode == "structured":  # the bodies may be the same event, written otherwise
            kept = [pair for pair in kept if pair[0] != "content-md5"]
        fields.append(sorted(kept))
    _compare(*fields)
    bodies = [cast("bytes", message_from_bytes(raw).get_payload(decode=True)) for raw in (wanted, came)]
    _compare_bytes(Content(text=bodies[0].decode("latin-1")), bodies[1].decode("latin-1").encode())


def _compare_body(way: _Way, wanted: dict[str, Any] | None, came: str | bytes | None) -> None:
    if wanted is None or came is None:
        return _compare(wanted, came)
    content = msgspec.convert(wanted, Content)
    if way.name == "websocket":  # the type of the frame
        _compare(
            "binary" if content.base64 is not UNSET else "text", "text" if isinstance(came, str) else "binary"
        )
    return _compare_bytes(content, came.encode() if isinstance(came, str) else came)


def _compare_bytes(wanted: Content, came: bytes) -> None:
    encoded = wanted.encoded()
    if encoded != came and not wanted.exact and wanted.base64 is UNSET:
        try:
            return _compare_json(json.loads(encoded), json.loads(came))
        except ValueError:  # no JSON
            pass
    return _compare(encoded, came)


def _compare_event(wanted: NeutralEvent, event: CloudEvent[Any]) -> None:
    kept: dict[str, Any] = {name: event.text(name) for name in _CORE if name in event}
    kept.update(kept_extensions(event))
    _compare(sorted(wanted.attributes), sorted(kept))
    for name, value in wanted.attributes.items():
        came = kept[name]
        if isinstance(value, dict) and "map" in value:
            _compare_json(value, {"map": json.loads(spelled(came))})
        elif isinstance(value, dict):
            typed, found = _typed(cast("Any", value)), came
            _compare((type_of(typed).name, spelled(typed)), (type_of(found).name, spelled(found)))
        elif isinstance(value, str | list):
            _compare(joined(cast("Any", value)), came if isinstance(came, int) else spelled(came))
        else:
            _compare_json(value, came)
    content = wanted.data
    if content is UNSET or not event.has_data:
        _compare(content is not UNSET and "data", event.has_data and "data")
    elif content.json is not UNSET:
        _compare_json(content.json, event.data)
    elif content.text is not UNSET and isinstance(event.data, str):
        _compare(joined(content.text), event.data)
    else:
        _compare(content.encoded(), event.data_bytes)


def _compare_refusal(wanted: Refusal | None, error: errors.CloudEventError) -> None:
    if wanted is None or type(error) is not _ERRORS[wanted.error]:
        raise _Differs("no error" if wanted is None else _told(wanted), f"{type(error).__name__}: {error}")
    names = {name: getattr(wanted, name) for name in ("requirement", "attribute", "index")}
    names = {name: value for name, value in names.items() if value is not None}
    for problem in error.problems if isinstance(error, errors.InvalidEvent) else ():
        if all(getattr(problem, name) == value for name, value in names.items()):
            return
    if names:
        raise _Differs(_told(wanted), error)


def _told(refusal: Refusal) -> str:
    parts = msgspec.structs.astuple(refusal)
    return "the error " + " ".join(str(part) for part in parts if part is not None)


def _compare(wanted: object, came: object) -> None:
    if wanted != came:
        raise _Differs(repr(wanted), repr(came))


def _compare_json(wanted: Any, came: Any) -> None:
    """Compare JSON values: true is not 1, and 1 is not 1.0, as `==` would have it."""
    if type(wanted) is not type(came) or json.dumps(wanted, sort_keys=True) != json.dumps(
        came, sort_keys=True
    ):
        raise _Differs(repr(wanted), repr(came))
