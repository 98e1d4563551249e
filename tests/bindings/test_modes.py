"""What all bindings have in common: any event arrives, and whatever else comes is refused with our errors."""

from __future__ import annotations

import importlib
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, cast

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from cevents import (
    CloudEvent,
    CloudEventError,
    InvalidEvent,
    UnsupportedBatch,
    attributes,
    bindings,
    formats,
    testing,
)
from cevents.bindings import _headers, _modes, amqp, http, kafka, mqtt, nats, pubsub, rabbitmq, websocket
from cevents.bindings._table import Binding
from cevents.event import kept_extensions, stored_data

Event = CloudEvent[Any]

# Where the metadata stands among the fields of a message, and where the content type, if not among them.
PLACES: dict[ModuleType, tuple[str, str | None]] = {
    http: ("headers", None),
    kafka: ("headers", None),
    amqp: ("application_properties", "content_type"),
    rabbitmq: ("headers", "content_type"),
    mqtt: ("user_properties", "content_type"),
    nats: ("headers", None),
    pubsub: ("attributes", None),
}
TABLES: dict[Any, Binding] = {
    module: getattr(module, "_BINDING", None) or module._UNDERSCORE for module in PLACES
}
without_batches = [module for module in PLACES if module is not http]
each = pytest.mark.parametrize("binding", PLACES, ids=lambda module: module.__name__.split(".")[-1])


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def fields(message: Any) -> dict[str, Any]:
    return dict(message._asdict())


def bare(event: Event) -> Event:
    """The event as protocols see it that cannot tell empty data from none."""
    return event.replace(data=None) if event.data_bytes == b"" else event


def written(binding: Any, event: Event) -> Any:
    """The message, None for an event that the protocol cannot carry and says so."""
    try:
        return binding.encode(event)
    except InvalidEvent as error:
        if {problem.requirement for problem in error.problems} <= {"PUBSUB-limits-a", "V03-http-a"}:
            return None
        raise


@contextmanager
def the_careful_way_only() -> Generator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_modes, "decode_usual", lambda *_: None)
        yield


# ------------------------------------------------------------------------------------------------------------ any event


@given(testing.events())
def test_any_event_arrives(event: Event) -> None:
    for binding, table in TABLES.items():
        wanted = event if table.no_data is None else bare(event)
        message = written(binding, event)
        if message is None:
            continue
        note(f"{table.protocol}: {message}")
        for lenient in (False, True):
            arrived = binding.decode(*message, lenient=lenient)
            testing.assert_same_event(arrived, wanted)
            assert arrived.has_data is wanted.has_data
            assert arrived.repairs == ()
        with the_careful_way_only():
            testing.assert_same_event(binding.decode(*message), wanted)


@given(testing.events(specversion="0.3"))
def test_any_event_of_03_arrives(event: Event) -> None:
    for binding, table in TABLES.items():
        if binding is nats:  # V03-nats-a
            with pytest.raises(InvalidEvent, match="V03-nats-a"):
                binding.encode(event)
            continue
        message = written(binding, event)
        note(f"{table.protocol}: {message}")
        if message is not None:
            wanted = event if table.no_data is None else bare(event)
            testing.assert_same_event(binding.decode(*message), wanted)


@given(testing.events(), st.sampled_from(formats.names()))
def test_any_event_arrives_in_structured_mode(event: Event, name: str) -> None:
    for binding, table in TABLES.items():
        name = "json" if table.formats is not None else name
        found = formats.get(name)
        try:
            wanted = found.decode(found.encode(event))
        except CloudEventError:  # what a format cannot carry, its own tests tell
            continue
        message = binding.encode(event, "structured", name)
        assert binding.decode(*message) == wanted
        metadata, place = PLACES[binding]
        assert binding.content_mode(fields(message)[place or metadata]) == "structured"


@given(testing.events(data=["none"]))
def test_every_attribute_has_its_own_name(event: Event) -> None:
    """No attribute is mapped to something else, instead or as well.

    AMQP-3.1.3-c, MQTT-3.1.3-c, NATS-3.1.2-c, KAFKA-1.3-c, RABBIT-3.1.3-a, PUBSUB-3.1.3-a.
    """
    for binding, table in TABLES.items():
        message = written(binding, event)
        if message is None:
            continue
        names = [name for name, _ in dict(fields(message)[PLACES[binding][0]]).items()]
        wanted = [table.prefix + name for name in event.attributes if name != "datacontenttype"]
        if event.datacontenttype is not None:
            wanted += [table.prefix + "datacontenttype"] if table.attribute in ("both", "only") else []
            wanted += (
                ["content-type"] if table.content_type_among_headers and table.attribute != "only" else []
            )
        assert sorted(names) == sorted(wanted)


# --------------------------------------------------------------------------------------------------- what else may come

NAMES = ["specversion", "type", "source", "id", "time", "subject", "dataschema", "ext", "count", "datacontenttype",
         "datacontentencoding", "Ext", "2nd", "", "data", "a-b", "\u212a"]  # fmt: skip
OTHERS = ["content-type", "Content-Type", "host", "ce-id", "ce_id", "cloudEvents:id", "cloudEvents_id", "id",
          "ce-specversion", "x\ud800", b"ce_\xff", b"id"]  # fmt: skip
VALUES = ["1.0", "0.3", "t", "/s", "", "a b", "%41", "%", "\xe9", "\x7f", "\ud800", "5", "2020-01-01T00:00:00Z",
          "application/json", "application/json;%20a=b", "application/cloudevents+json", "application/cloudevents",
          "application/cloudevents-batch+json", "application/cloudevents+nonsense", b"1.0", b"\xff"]  # fmt: skip
NATIVE = [None, True, 5, 2**40, 1.5, [1], {"a": 1}, {1: b"x"}, bytearray(b"x")]
BODIES = [b"", b"{}", b'{"specversion":"1.0","type":"t","source":"/s","id":"1"}', b"[]", b"\xff"]


@st.composite
def damaged(draw: st.DrawFn, binding: Any) -> dict[str, Any]:
    """The fields of a message with a few things put in, left out, changed or repeated."""
    metadata, place = PLACES[binding]
    found = fields(binding.encode(made(subject="s", data={"a": 1})))
    table = TABLES[binding]
    pairs: list[Any] = list(dict(found[metadata]).items())
    values = VALUES + (NATIVE if binding in (amqp, rabbitmq) else [])
    if binding in (http, nats):
        values = [value for value in values if isinstance(value, str)]
    names = [prefix + name for name in NAMES for prefix in table.prefixes] + OTHERS
    extra = draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(values)), max_size=4))
    kept = [pair for pair in pairs if draw(st.integers(0, 9)) > 0]
    found[metadata] = draw(st.permutations([*kept, *extra]))
    if place is not None:
        texts = [value for value in VALUES if isinstance(value, str)]
        found[place] = draw(st.sampled_from([found[place], None, *texts]))
    body = list(found)[0 if binding is mqtt else -1 if binding is not kafka else 1]
    found[body] = draw(st.sampled_from(BODIES))
    return found


def outcome(binding: Any, message: dict[str, Any], *, lenient: bool) -> object:
    try:
        event: Event = binding.decode(**message, lenient=lenient)
    except CloudEventError as error:
        return type(error), str(error)
    return repr(event), event.repairs, list(kept_extensions(event).items()), stored_data(event)


@each
@given(data=st.data())
def test_nothing_but_our_errors_whatever_comes(binding: Any, data: st.DataObject) -> None:
    message = data.draw(damaged(binding))
    attributes.register("count", attributes.Integer)
    try:
        for lenient in (False, True):
            usual = outcome(binding, message, lenient=lenient)
            with the_careful_way_only():
                assert outcome(binding, message, lenient=lenient) == usual
        strict: Any = outcome(binding, message, lenient=False)
        found: Any = outcome(binding, message, lenient=True)
        if len(strict) == 4 and found != strict:  # lenient reading finds a content type: T-NATS-2, T-KAFKA-5
            assert binding in (nats, kafka)
            told = [problem.requirement for problem in found[1]] if len(found) == 4 else []
            assert TABLES[binding].content_type_requirement in told or len(found) == 2
    finally:
        attributes.unregister("count")
    metadata, place = PLACES[binding]
    arguments = [message[metadata]] if place is None else [message[place], message[metadata]]
    assert type(binding.is_cloudevent(*arguments)) is bool
    assert binding.content_mode(arguments[0]) in ("binary", "structured", "batch")


@each
def test_names_from_the_wire_are_not_remembered_without_bound(binding: Any) -> None:
    metadata, _ = PLACES[binding]
    found = fields(binding.encode(made()))
    for number in range(600):
        more: Any = [(f"{TABLES[binding].prefix}name{number}", "x"), (f"x-other-{number}", "y")]
        binding.decode(**{**found, metadata: [*dict(found[metadata]).items(), *more]})
    assert len(TABLES[binding].attribute_names) <= 256


@each
@pytest.mark.parametrize("headers", [5, [5], ["ab", "cd"], [("a",)], [(5, "x")], "text"], ids=repr)
def test_what_holds_no_metadata_is_a_fault_of_the_program(binding: Any, headers: Any) -> None:
    if binding is http and headers in (["ab", "cd"], [("a",)]):  # test_headers.py
        return
    if binding is nats and headers in (["ab", "cd"], [("a",)]):
        return
    metadata, place = PLACES[binding]
    message: dict[str, Any] = {**fields(binding.encode(made())), metadata: headers}
    if place is not None:
        message[place] = "a/b"
    with pytest.raises(TypeError):
        binding.decode(**message)


@pytest.mark.parametrize("binding", [m for m in PLACES if m is not amqp], ids=lambda module: module.__name__)
def test_a_body_that_is_no_bytes_is_a_fault_of_the_program(binding: Any) -> None:
    message = fields(binding.encode(made()))
    body = {mqtt: "payload", nats: "payload", kafka: "value", pubsub: "data"}.get(binding, "body")
    with pytest.raises(TypeError):
        binding.decode(**{**message, body: 5})


# -------------------------------------------------------------------------------------------------------------- batches


@pytest.mark.parametrize("binding", [*without_batches, websocket], ids=lambda module: module.__name__)
def test_no_batch(binding: Any) -> None:  # KAFKA-1.3-a, AMQP-1.3-a, MQTT-1.3-a, NATS-1.3-a, WS-1.5-c
    with pytest.raises(UnsupportedBatch, match="no batches"):
        binding.encode_batch([made()])
    with pytest.raises(UnsupportedBatch):
        binding.decode_batch([], b"[]")


@pytest.mark.parametrize("binding", without_batches, ids=lambda module: module.__name__)
def test_a_batch_that_comes_is_told(binding: Any) -> None:
    metadata, place = PLACES[binding]
    batch = "application/cloudevents-batch+json"
    message = fields(binding.encode(made(), "structured"))
    if place is None:
        message[metadata] = [("content-type", batch)]
    else:
        message[place] = batch
    requirement = cast(str, TABLES[binding].batch_requirement)
    with pytest.raises(InvalidEvent, match=requirement):
        binding.decode(**message)
    assert binding.content_mode(batch if place else message[metadata]) == "batch"


@each
def test_an_unknown_mode(binding: Any) -> None:
    with pytest.raises(ValueError, match=r'mode must be "binary" or "structured"'):
        binding.encode(made(), "batch")


@pytest.mark.parametrize("binding", [m for m in PLACES if m is not nats], ids=lambda module: module.__name__)
def test_a_binary_event_that_would_be_read_in_another_mode(binding: Any) -> None:  # T-JSON-13
    for content_type in ("application/cloudevents+json", "Application/CloudEvents-batch+json"):
        with pytest.raises(InvalidEvent, match=TABLES[binding].mode_requirement):
            binding.encode(made(datacontenttype=content_type, data=b"{}"))


@each
def test_an_event_that_lenient_reading_let_pass_is_not_written(binding: Any) -> None:
    body = b'{"specversion":"1.0","type":"t","source":"a b","id":"1"}'
    with pytest.raises(InvalidEvent, match="CE-source-a"):
        binding.encode(formats.json.decode(body, lenient=True))


def test_bindings_are_imported_when_they_are_asked_for() -> None:
    for name in bindings.__all__:
        assert getattr(bindings, name) is importlib.import_module(f"cevents.bindings.{name}")
    with pytest.raises(AttributeError, match="'carrier_pigeon'"):
        getattr(bindings, "carrier_pigeon")  # noqa: B009 - for type checkers


def test_every_requirement_of_the_tables_is_in_the_ledger() -> None:
    from cevents.conformance import default_directory, ledger

    known = ledger([], default_directory()).requirements
    for table in TABLES.values():
        for name in table.__struct_fields__:
            value = getattr(table, name)
            if name.endswith("_requirement") and value is not None:
                assert value in known, (table.protocol, name)
        if table.limits is not None:
            assert table.limits.requirement in known


def test_containers_of_exact_names() -> None:
    assert list(_headers.exact_pairs(None)) == []
    assert list(_headers.exact_pairs({"A": 1, b"b": None})) == [("A", 1)]
    assert list(_headers.exact_pairs(iter([("A", 1)]), any_case=True)) == [("a", 1)]
    with pytest.raises(TypeError, match="a name must be str or bytes, not int"):
        list(_headers.exact_pairs([(1, 2)]))
