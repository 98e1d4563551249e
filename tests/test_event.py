"""The event: how one is made, changed, compared, copied and shared, and that it never changes itself."""

from __future__ import annotations

import concurrent.futures
import copy
import inspect
import multiprocessing
import pickle
import subprocess
import sys
import textwrap
import threading
import weakref
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET, Raw

from cevents import CloudEvent, DataError, InvalidEvent, attributes, bindings, formats
from cevents.data import Binary
from cevents.errors import Findings, Problem
from cevents.event import (
    UNREADABLE,
    Envelope,
    add_repairs,
    assemble,
    content_type,
    enclosed,
    kept_extensions,
    stored_data,
    wire_attributes,
)
from cevents.formats import _json_short

Event = CloudEvent[Any]


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


FULL: dict[str, Any] = {
    "time": "2018-04-05T17:31:00.120+02:00",
    "datacontenttype": "application/json",
    "subject": "sub",
    "dataschema": "urn:x:y",
    "data": {"a": 1},
    "flag": False,
    "count": 5,
    "blob": b"\x01\x02",
    "text": "€",
    "moment": datetime(2020, 1, 1, tzinfo=UTC),
    "1st": "x",
}


def requirements(error: InvalidEvent) -> list[tuple[str | None, str]]:
    return [(problem.attribute, problem.requirement) for problem in error.problems]


# ---------------------------------------------------------------------------------------------------------- made


def test_what_is_left_out_is_made_or_unset() -> None:  # CE-id-c, CE-time-b, CE-attrs-b
    before = datetime.now(UTC)
    event: Event = CloudEvent(type="t", source="/s")
    assert UUID(event.id).version == 4
    assert event.time is not None
    assert before <= event.time <= datetime.now(UTC)
    assert event.specversion == "1.0"  # CE-specversion-a
    assert list(event.attributes) == ["specversion", "type", "source", "id", "time"]
    assert (event.datacontenttype, event.subject, event.dataschema) == (None, None, None)
    assert (event.data, event.data_bytes, event.has_data) == (None, None, False)
    assert event.extensions == {}
    assert event.repairs == ()


def test_every_attribute_as_a_python_value() -> None:  # CE-types-m
    event = made(**FULL)
    time = datetime(2018, 4, 5, 17, 31, 0, 120_000, timezone(timedelta(hours=2)))
    assert dict(event.attributes) == {
        "specversion": "1.0",
        "type": "t",
        "source": "/s",
        "id": "1",
        "time": time,
        "datacontenttype": "application/json",
        "subject": "sub",
        "dataschema": "urn:x:y",
        "1st": "x",
        "blob": b"\x01\x02",
        "count": 5,
        "flag": False,
        "moment": datetime(2020, 1, 1, tzinfo=UTC),
        "text": "€",
    }
    assert list(event.extensions) == ["1st", "blob", "count", "flag", "moment", "text"]
    assert event.time == time
    moment = event["time"]
    assert isinstance(moment, datetime)
    assert moment.utcoffset() == timedelta(hours=2)
    assert (event.type, event.source, event.subject, event.dataschema) == ("t", "/s", "sub", "urn:x:y")
    for name, value in event.attributes.items():
        assert event[name] == event.get(name) == value
        assert name in event
    assert type(event["flag"]) is bool
    assert event.text("time") == FULL["time"]  # F12, T-CORE-6
    assert [event.text(name) for name in ("flag", "count", "blob")] == ["false", "5", "AQI="]


def test_an_attribute_that_is_not_set() -> None:
    event = made()
    assert event.get("missing") is None
    assert event.get("missing", 5) == 5
    assert "missing" not in event
    for read in (event.__getitem__, event.text):
        with pytest.raises(KeyError):
            read("missing")


@pytest.mark.parametrize(
    "name", ["self", "cls", "mode", "format", "from", "class", "keys", "get", "items", "encode", "attributes"]
)
def test_t85_an_extension_may_have_any_legal_name(name: str) -> None:  # T-CORE-19
    event = made(**{name: "value"})
    assert event[name] == "value"
    assert event.replace(**{name: "other"})[name] == "other"
    assert formats.json.decode(formats.json.encode(event)) == event
    assert bindings.http.decode(*bindings.http.encode(event)) == event


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": ""}, ("id", "CE-id-b")),
        ({"id": None}, ("id", "CE-id-a")),
        ({"id": 5}, ("id", "CE-id-b")),
        ({"type": ""}, ("type", "CE-type-a")),
        ({"type": None}, ("type", "CE-type-a")),
        ({"source": ""}, ("source", "CE-source-a")),
        ({"source": None}, ("source", "CE-source-a")),
        ({"source": "a b"}, ("source", "CE-source-a")),
        ({"specversion": None}, ("specversion", "CE-specversion-b")),
        ({"specversion": ""}, ("specversion", "CE-specversion-b")),
        ({"specversion": 1.0}, ("specversion", "CE-specversion-b")),
        ({"specversion": "1.0.2"}, ("specversion", "CE-specversion-c")),  # T-CORE-17
        ({"specversion": "1"}, ("specversion", "CE-specversion-c")),
        ({"specversion": "1.0-rc1"}, ("specversion", "CE-specversion-c")),
        ({"specversion": "2.0"}, ("specversion", "CE-specversion-c")),
        ({"specversion": "0.2"}, ("specversion", "CE-specversion-c")),
        ({"subject": ""}, ("subject", "CE-subject-a")),
        ({"dataschema": "/relative"}, ("dataschema", "CE-dataschema-a")),
        ({"datacontenttype": "json"}, ("datacontenttype", "CE-datacontenttype-a")),
        ({"datacontenttype": 5}, ("datacontenttype", "CE-datacontenttype-a")),
        ({"time": "lunchtime"}, ("time", "CE-time-a")),
        ({"time": ""}, ("time", "CE-time-a")),
        ({"time": datetime(2018, 4, 5)}, ("time", "CE-types-p")),
        ({"time": date(2018, 4, 5)}, ("time", "CE-time-a")),  # T88
        ({"time": 1522949460}, ("time", "CE-time-a")),
        ({"my_ext": 1}, ("my_ext", "CE-naming-a")),
        ({"data_base64": "AQ=="}, ("data_base64", "CE-naming-a")),  # JSON-3.1.1-e
        ({"ext": 1.5}, ("ext", "CE-types-l")),
        ({"extensions": {"a": 1}}, ("extensions", "CE-types-l")),
        ({"specversion": "0.3", "datacontentencoding": "base64"}, ("datacontentencoding", "V03-attr-b")),
    ],
    ids=str,
)
def test_what_makes_no_event(
    changes: dict[str, Any], problem: tuple[str, str]
) -> None:  # SDK-valid-b, CE-attrs-a
    with pytest.raises(InvalidEvent) as caught:
        made(**changes)
    assert requirements(caught.value) == [problem]
    assert caught.value.problems[0].index is None


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(InvalidEvent) as caught:
        made(id="", source="a b", time="lunchtime", subject="", My=1, ext=1.5)
    assert requirements(caught.value) == [
        ("source", "CE-source-a"),
        ("id", "CE-id-b"),
        ("time", "CE-time-a"),
        ("subject", "CE-subject-a"),
        ("My", "CE-naming-a"),
        ("ext", "CE-types-l"),
    ]


def test_none_is_unset() -> None:  # T-CORE-20
    event = made(subject=None, ext=None, time=None, datacontenttype=None, dataschema=None)
    assert event == made()
    assert b"null" not in formats.json.encode(event)
    assert all("None" not in value for _, value in bindings.http.encode(event).headers)


@pytest.mark.parametrize(
    "moment", ["2018-04-05T17:31:00.123456789Z", "2018-04-05t17:31:00-00:00", "2016-12-31T23:59:60Z"]
)
def test_t57_a_time_is_handed_on_as_it_came(moment: str) -> None:
    event = made(time=moment)
    assert event.text("time") == moment
    assert f'"time":"{moment}"'.encode() in formats.json.encode(event)
    assert ("ce-time", moment) in bindings.http.encode(event).headers
    assert event.time is not None


def test_a_time_that_datetime_does_not_have() -> None:
    event = made(time="0000-01-01T00:00:00Z")
    assert event.text("time") == "0000-01-01T00:00:00Z"
    assert formats.json.decode(formats.json.encode(event)) == event
    assert event["time"] == "0000-01-01T00:00:00Z"  # as its text, so that all attributes can be read
    with pytest.raises(DataError, match="cannot be a datetime"):
        _ = event.time


def test_many_extensions_come_by_name() -> None:  # CE-attrs-c
    names = [f"x{number}" for number in range(200)]
    event = made(**dict.fromkeys(reversed(names), "v"))
    assert list(event.extensions) == sorted(names)


# ------------------------------------------------------------------------------------------------------ immutable


@pytest.mark.parametrize(
    "name", ["type", "id", "data", "time", "attributes", "extensions", "other", "repairs"]
)
def test_an_event_cannot_be_changed(name: str) -> None:
    event = made(**FULL)
    with pytest.raises(AttributeError):
        setattr(event, name, "changed")
    with pytest.raises(AttributeError):
        delattr(event, name)
    assert event == made(**FULL)


def test_its_mappings_cannot_be_changed() -> None:
    event = made(**FULL)
    for mapping in (event.attributes, event.extensions):
        with pytest.raises(TypeError):
            mapping["id"] = "2"  # type: ignore[index] # pyright: ignore[reportIndexIssue] # what is tested
    assert event.id == "1"


def test_an_event_is_no_sequence() -> None:
    with pytest.raises(TypeError):
        iter(made())  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType] # what is tested
    with pytest.raises(TypeError):
        len(made())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # what is tested


def test_an_event_can_be_referred_to_weakly() -> None:
    event = made()
    assert weakref.ref(event)() is event
    assert weakref.WeakKeyDictionary({event: 1})[event] == 1


def test_a_time_without_datetime_does_not_hide_the_other_attributes() -> None:
    event = made(time="0000-01-01T00:00:00Z", ext="v")
    assert event.attributes["ext"] == "v"
    assert list(event.attributes) == ["specversion", "type", "source", "id", "time", "ext"]


def test_a_list_asked_for_as_a_name_is_not_set() -> None:
    for name in (5, None, b"id"):
        assert name not in made()


def test_what_reading_hands_on_is_a_new_dict() -> None:
    event = made(ext="v")
    wire_attributes(event)["id"] = "2"
    assert event.id == "1"
    assert wire_attributes(event) == {
        "specversion": "1.0",
        "type": "t",
        "source": "/s",
        "id": "1",
        "ext": "v",
    }


# ---------------------------------------------------------------------------------------------------------- replace


def test_replace_attributes() -> None:
    event = made(**FULL)
    changed = event.replace(subject=None, count=None, sequence="0001", id="2")
    assert "subject" not in changed
    assert "count" not in changed
    assert changed["sequence"] == "0001"
    assert changed.id == "2"
    assert changed.data == {"a": 1}
    assert event == made(**FULL)  # CE-id-d: the event itself stays
    assert event.replace() == event
    if sys.version_info >= (3, 13):
        assert copy.replace(event, id="2") == event.replace(id="2")


@pytest.mark.parametrize(
    ("before", "changes", "data", "bytes_"),
    [
        ({"data": {"a": 1}}, {"data": {"b": 2}}, {"b": 2}, b'{"b":2}'),
        ({"data": {"a": 1}}, {"data": None}, None, None),
        ({"data": {"a": 1}}, {"data": b"null", "datacontenttype": "application/json"}, None, b"null"),
        ({"data": {"a": 1}}, {"data": "x", "datacontenttype": "text/plain"}, "x", b"x"),
        ({"data": {"a": 1}}, {"datacontenttype": "a/b+json"}, {"a": 1}, b'{"a":1}'),
        ({"data": {"a": 1}}, {"datacontenttype": "text/plain"}, '{"a":1}', b'{"a":1}'),
        ({"data": {"a": 1}}, {"datacontenttype": "application/octet-stream"}, b'{"a":1}', b'{"a":1}'),
        ({"data": {"a": 1}, "datacontenttype": "a/b+json"}, {"datacontenttype": None}, {"a": 1}, b'{"a":1}'),
        ({"data": "é", "datacontenttype": "text/plain"}, {"datacontenttype": "text/xml"}, "é", b"\xc3\xa9"),
        (
            {"data": "é", "datacontenttype": "text/plain"},
            {"datacontenttype": "text/plain; charset=iso-8859-1"},
            "é",
            b"\xe9",
        ),
        ({"data": "é", "datacontenttype": "text/plain"}, {"datacontenttype": None}, b"\xc3\xa9", b"\xc3\xa9"),
        ({"data": "1", "datacontenttype": "text/plain"}, {"datacontenttype": "application/json"}, 1, b"1"),
        ({"data": b"1"}, {"datacontenttype": "application/json"}, 1, b"1"),
        ({"data": Binary(b"1")}, {"datacontenttype": "application/json"}, 1, b"1"),
        ({"data": None}, {"datacontenttype": "application/json"}, None, None),
    ],
    ids=str,
)
def test_replace_data_or_its_type(
    before: dict[str, Any], changes: dict[str, Any], data: object, bytes_: bytes | None
) -> None:
    changed = made(**before).replace(**changes)
    assert changed.data == data
    assert changed.data_bytes == bytes_
    assert formats.json.decode(formats.json.encode(changed)) == changed


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"id": ""}, InvalidEvent),
        ({"type": None}, InvalidEvent),
        ({"my_ext": 1}, InvalidEvent),
        ({"datacontenttype": "json"}, InvalidEvent),
        ({"datacontenttype": ""}, InvalidEvent),
        ({"datacontenttype": 5}, InvalidEvent),
        ({"datacontenttype": 5, "data": {}}, InvalidEvent),
        ({"data": float("nan")}, DataError),
        ({"data": {"a": 1}, "datacontenttype": "text/plain"}, DataError),
        ({"specversion": "9"}, InvalidEvent),
    ],
    ids=str,
)
def test_replace_refuses_what_the_constructor_refuses(changes: dict[str, Any], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        made(data=b"x").replace(**changes)


def test_replace_refuses_what_the_new_charset_cannot_hold() -> None:
    with pytest.raises(DataError):
        made(data="€", datacontenttype="text/plain").replace(datacontenttype="text/plain; charset=iso-8859-1")


# ------------------------------------------------------------------------------------------------- equality and hash


@pytest.mark.parametrize(
    ("changes", "other", "same"),
    [
        ({}, {}, True),
        (FULL, FULL, True),
        ({"ext": 5}, {"ext": "5"}, True),  # T-CORE-15: as after a protocol of texts
        ({"ext": True}, {"ext": "true"}, True),
        ({"ext": True}, {"ext": 1}, False),
        ({"ext": b"\x01"}, {"ext": "AQ=="}, True),
        ({"ext": 5}, {"ext": 6}, False),
        ({"ext": ""}, {}, False),
        ({"id": "1"}, {"id": "2"}, False),
        ({"type": "t"}, {"type": "T"}, False),
        ({"source": "/s"}, {"source": "/s/"}, False),
        ({"time": "2018-04-05T17:31:00Z"}, {"time": "2018-04-05T17:31:00+00:00"}, False),  # T89
        ({"time": "2018-04-05T17:31:00Z"}, {"time": datetime(2018, 4, 5, 17, 31, tzinfo=UTC)}, True),
        ({"time": "2018-04-05T17:31:00Z"}, {}, False),
        ({"data": 1}, {"data": 1, "datacontenttype": "application/json"}, True),  # CE-datacontenttype-b
        ({"data": b"1"}, {"data": b"1", "datacontenttype": "application/json"}, False),  # T-JSON-8
        ({"datacontenttype": "A/B;C=d;e=f"}, {"datacontenttype": "a/b; e=f; c=d"}, True),  # T-CORE-16
        ({"datacontenttype": "a/b;charset=UTF-8"}, {"datacontenttype": "a/b;charset=utf-8"}, True),
        ({"datacontenttype": "a/b;c=D"}, {"datacontenttype": "a/b;c=d"}, False),
        ({"datacontenttype": "a/b"}, {}, False),
        ({"specversion": "0.3"}, {"specversion": "1.0"}, False),
    ],
    ids=str,
)
def test_t79_which_events_are_equal(changes: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    one, two = made(**changes), made(**other)
    assert (one == two) is (two == one) is same
    assert (one != two) is not same
    if same:
        assert hash(one) == hash(two)
        assert len({one, two}) == 1


def test_events_are_hashed_by_source_and_id() -> None:  # CE-id-f
    assert hash(made(subject="a", data=1)) == hash(made(subject="b"))
    assert hash(made()) != hash(made(id="2"))
    assert made() != "event"
    assert made() != 5


# --------------------------------------------------------------------------------------------------------------- repr


def test_s12_repr_shows_attributes_and_not_the_data() -> None:  # CE-priv-a
    event = made(**{**FULL, "data": {"password": "secret"}})
    assert "secret" not in repr(event)
    assert "password" not in repr(event)
    assert repr(made(ext=5, flag=True, data="xy")) == (
        'CloudEvent(specversion="1.0", type="t", source="/s", id="1", ext=5, flag=true, data=<4 bytes>)'
    )
    assert repr(made(data="é", datacontenttype="text/plain")).endswith("data=<1 characters>)")
    assert repr(made(data=b"null", datacontenttype="application/json")).endswith("data=<4 bytes>)")


def test_t81_repr_of_anything_is_printable_and_short() -> None:
    long = "x" * 10**6
    event = made(id=long, text="\u2028\ufeff", blob=b"\xff" * 10**6, data=b"\xff\xfe" * 10**6)
    assert len(repr(event)) < 600
    assert repr(event).isprintable()
    assert f"{event}" == repr(event)


# ------------------------------------------------------------------------------------------------------ copies, pickles

KEPT: dict[str, Callable[[], Event]] = {
    "made": lambda: made(**FULL),
    "of JSON": lambda: formats.json.decode(formats.json.encode(made(**FULL))),
    "of JSON, short way": lambda: [
        formats.json.decode(formats.json.encode(made(aa="1", data=[1]))) for _ in range(9)
    ][-1],
    "of HTTP": lambda: bindings.http.decode(*bindings.http.encode(made(**FULL))),
    "base64": lambda: formats.json.decode(formats.json.encode(made(data=b"\xff"))),
    "text": lambda: made(data="é", datacontenttype="text/plain; charset=iso-8859-1"),
    "broken data": lambda: made(data=b"{", datacontenttype="application/json"),
    "no data": made,
    "0.3": lambda: made(specversion="0.3", schemaurl="/x", data=b"\x01"),
    "0.3 with Map": lambda: formats.json.decode(
        b'{"specversion":"0.3","type":"t","source":"/s","id":"1","map":{"a":[1]}}'
    ),
    "0.3 with an extension dataschema": lambda: made(specversion="0.3", dataschema="urn:x:y"),
    "0.3 with both": lambda: made(specversion="0.3", dataschema="urn:x:y", schemaurl="/z"),
    "1.0 with an extension schemaurl": lambda: made(schemaurl="x", dataschema="urn:x:y"),
    "repaired": lambda: formats.json.decode(
        b'{"specversion":"1.0","type":"t","source":"a b","id":"1","subject":""}', lenient=True
    ),
}


def assert_same(found: Event, event: Event) -> None:
    assert type(found) is type(event)
    assert found == event
    assert hash(found) == hash(event)
    assert repr(found) == repr(event)
    assert found.repairs == event.repairs
    assert stored_data(found) == stored_data(event)
    assert type(stored_data(found)) is type(stored_data(event))
    assert {name: type(value) for name, value in found.attributes.items()} == {
        name: type(value) for name, value in event.attributes.items()
    }


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_t87_pickles(kept: str, protocol: int) -> None:
    event = KEPT[kept]()
    assert_same(pickle.loads(pickle.dumps(event, protocol)), event)


@pytest.mark.parametrize("kept", KEPT)
def test_t87_copies(kept: str) -> None:
    event = KEPT[kept]()
    assert copy.copy(event) is event  # it never changes
    assert copy.deepcopy(event) is event
    assert copy.deepcopy([event, event]) == [event, event]


def test_t87_data_is_not_parsed_on_the_way() -> None:
    event = made(data=b"{", datacontenttype="application/json")
    assert pickle.loads(pickle.dumps(event)).data_bytes == b"{"
    event = made(data=b"[1.10]", datacontenttype="application/json")
    _ = event.data
    assert pickle.loads(pickle.dumps(event)).data_bytes == b"[1.10]"


def _echo(event: Event) -> tuple[Event, Any]:
    return event, event.data


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_t87_t90_multiprocessing(method: str) -> None:
    events = [make() for name, make in KEPT.items() if name != "broken data"]
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        for event, (found, data) in zip(events, pool.map(_echo, events), strict=True):
            assert_same(found, event)
            assert data == event.data


# --------------------------------------------------------------------------------------------------- T90: subclasses

T = TypeVar("T")


class Order(CloudEvent[dict[str, int]]):
    """A subclass with a method."""

    def total(self) -> int:
        return sum(self.data.values())


class Boxed(CloudEvent[T], Generic[T]):
    """A subclass with a constructor of its own."""

    def __init__(self, /, data: T) -> None:
        super().__init__(type="boxed", source="/boxes", data=data)


def test_t90_a_subclass_stays_one() -> None:
    order = Order(type="t", source="/s", data={"a": 1, "b": 2})
    assert order.total() == 3
    for found in (
        order.replace(subject="x"),
        order.to_v03(),
        order.to_v03().to_v1(),
        pickle.loads(pickle.dumps(order)),
    ):
        assert type(found) is Order
        assert found.total() == 3
    assert repr(order).startswith("Order(")
    copied: dict[str, Any] = {**order.attributes, "data": order.data}
    assert order == CloudEvent(**copied)
    assert Boxed(data=[1]).replace(id="2").data == [1]


def test_t90_a_generic_event_at_run_time() -> None:
    event = CloudEvent[dict[str, int]](type="t", source="/s", data={"a": 1})
    assert event.data == {"a": 1}
    assert type(event) is CloudEvent


# ------------------------------------------------------------------------------------------------------ T90: threads


def together(count: int, work: Callable[[int], None]) -> None:
    """Run `work` in threads that begin at once; the first error is raised."""
    barrier = threading.Barrier(count)

    def begin(number: int) -> None:
        barrier.wait(timeout=30)
        work(number)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        for future in [pool.submit(begin, number) for number in range(count)]:
            future.result(timeout=60)


@pytest.fixture
def switching() -> Iterator[None]:
    """Threads that take turns very often, where there is a lock to take turns with."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("switching")
def test_t90_what_is_made_late_is_equal_in_every_thread() -> None:
    for _ in range(20):
        event = formats.json.decode(formats.json.encode(made(**FULL)))
        found: list[Any] = [None] * 8

        def read(number: int, event: Event = event, found: list[Any] = found) -> None:
            found[number] = (event.data, dict(event.attributes), hash(event), repr(event))

        together(8, read)
        assert all(each == found[0] for each in found)


@pytest.mark.usefixtures("switching")
def test_t90_threads_decode_while_names_are_learned_and_declared() -> None:
    """Whatever names are learned or forgotten meanwhile, each event is read as it would be alone."""
    names = [f"thread{number}" for number in range(40)]
    attributes.register("threadcount", attributes.Integer)

    def decode(number: int) -> None:
        for step in range(150):
            name = names[(number * 5 + step // 5) % 40]
            core = '"specversion":"1.0","type":"t","source":"/s","id":"1"'
            event = formats.json.decode(f'{{{core},"{name}":"v","threadcount":"{step}","data":[{step}]}}')
            assert dict(event.extensions) == {name: "v", "threadcount": step}
            assert event.data == [step]
            if step % 30 == 29:
                attributes.register("threadcount", attributes.Integer)  # all that was learned is forgotten

    try:
        together(6, decode)
    finally:
        attributes.unregister("threadcount")


def test_t90_a_name_that_two_threads_learn_at_once() -> None:
    known = _json_short._built(("b", "a", "b"))
    envelope = known.one(b'{"specversion":"1.0","type":"t","source":"/s","id":"1","a":"x","b":5}')
    assert known.names == ("a", "b")
    assert envelope.extensions() == {"a": "x", "b": 5}


def test_t90_sub_interpreters() -> None:
    """An event works in another interpreter of the process, one that shares the lock: msgspec loads in no others."""
    newer = sys.version_info >= (3, 13)
    module, create = (
        ("_interpreters", 'create("legacy")') if newer else ("_xxsubinterpreters", "create(isolated=False)")
    )
    source = str(Path(sys.modules["cevents"].__path__[0]).parent)
    program = f"""
        import textwrap
        import {module} as interpreters
        code = '''
        import sys
        sys.path[:] = {[source, *sys.path]!r}
        from cevents import CloudEvent, bindings, formats
        event = CloudEvent(type="t", source="/s", data={{"a": 1}}, ext=5)
        for _ in range(9):
            assert formats.json.decode(formats.json.encode(event)) == event
            assert bindings.http.decode(*bindings.http.encode(event)) == event
        assert event.data == {{"a": 1}}
        '''
        found = [interpreters.{create} for _ in range(2)]
        for interpreter in found * 2:
            failed = interpreters.run_string(interpreter, textwrap.dedent(code))
            assert not failed, failed
        for interpreter in found:
            interpreters.destroy(interpreter)
        print("done")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


# --------------------------------------------------------------------------------------------------------- versions


def test_to_03_and_back() -> None:  # SDK-accept-a, V03-spec-a, V03-attr-a
    event = made(dataschema="urn:x:y", subject="s", count=5, data=b"\x01")
    older = event.to_v03()
    assert older.specversion == "0.3"
    assert older["schemaurl"] == older.dataschema == "urn:x:y"
    assert "dataschema" not in older
    assert older.data_bytes == b"\x01"
    assert older.to_v1() == event
    assert older.to_v03() is older
    assert event.to_v1() is event


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"flag": True}, ("flag", "V03-spec-c")),
        ({"1st": "x"}, ("1st", "V03-spec-b")),
    ],
    ids=str,
)
def test_what_03_cannot_say(changes: dict[str, Any], problem: tuple[str, str]) -> None:
    with pytest.raises(InvalidEvent) as caught:
        made(**changes).to_v03()
    assert requirements(caught.value) == [problem]


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ('"schemaurl":"/relative"', ("dataschema", "CE-dataschema-a")),  # T-V03-3
        ('"map":{"a":1}', ("map", "CE-types-l")),  # T-V03-4
    ],
)
def test_what_10_cannot_say(extra: str, problem: tuple[str, str]) -> None:
    body = f'{{"specversion":"0.3","type":"t","source":"/s","id":"1",{extra}}}'
    with pytest.raises(InvalidEvent) as caught:
        formats.json.decode(body).to_v1()
    assert requirements(caught.value) == [problem]


@pytest.mark.parametrize("version", ["1.0", "0.3"])
def test_nothing_is_lost_between_versions(version: str) -> None:
    event = made(specversion=version, dataschema="urn:x:y", schemaurl="urn:a:b")
    with pytest.raises(InvalidEvent):
        (event.to_v03 if version == "1.0" else event.to_v1)()


def test_a_map_of_03_as_a_python_value() -> None:  # V03-spec-c, V03-json-b
    event = formats.json.decode(b'{"specversion":"0.3","type":"t","source":"/s","id":"1","map":{"a":[1]}}')
    assert event["map"] == event.extensions["map"] == {"a": [1]}
    assert event.text("map") == '{"a":[1]}'
    assert event.replace(id="2")["map"] == {"a": [1]}


def test_a_boolean_of_03_is_kept_but_not_made() -> None:  # T-V03-5, V03-spec-c
    event = formats.json.decode(b'{"specversion":"0.3","type":"t","source":"/s","id":"1","flag":true}')
    assert event["flag"] is event.replace(id="2")["flag"] is True
    makers: list[Callable[[], Event]] = [
        lambda: made(specversion="0.3", flag=True),
        lambda: made(specversion="0.3").replace(flag=True),
        lambda: made(flag=True).replace(specversion="0.3"),
        lambda: made().replace(specversion="0.3", flag=True),
    ]
    for make in makers:
        with pytest.raises(InvalidEvent) as caught:
            make()
        assert requirements(caught.value) == [("flag", "V03-spec-c")]


class Version(str, Enum):  # noqa: UP042 - its str() is not its text
    V1 = "1.0"
    V03 = "0.3"


def test_a_specversion_of_another_class() -> None:
    event = CloudEvent[Any](type="t", source="/s", specversion=Version.V1)
    assert type(event.specversion) is str
    older = event.replace(specversion=Version.V03)
    assert (older.specversion, type(older.specversion)) == ("0.3", str)
    assert older.to_v1() == event


@pytest.mark.parametrize("text", [b'1,"id":"forged"', b"junk", b"\xff", b""])
def test_a_map_of_03_is_proved_to_be_json(text: bytes) -> None:
    makers: list[Callable[[], Event]] = [
        lambda: made(specversion="0.3", ext=Raw(text)),
        lambda: made(specversion="0.3").replace(ext=Raw(text)),
    ]
    for make in makers:
        with pytest.raises(InvalidEvent) as caught:
            make()
        assert requirements(caught.value) == [("ext", "V03-spec-c")]
    assert made(specversion="0.3", ext=Raw(b'{"a":1}'))["ext"] == {"a": 1}


def test_what_is_replaced_need_not_fit_another_specversion() -> None:
    assert made(flag=True).replace(specversion="0.3", flag=None) == made(specversion="0.3")
    older = made(specversion="0.3", schemaurl="relative")
    assert older.replace(specversion="1.0", dataschema="urn:a:b") == made(dataschema="urn:a:b")
    assert older.replace(specversion="1.0", dataschema=None) == made()


def test_replace_finds_a_charset_that_cannot_hold_the_data() -> None:
    with pytest.raises(DataError):
        made(data="€").replace(datacontenttype="application/json; charset=latin-1")


def test_another_specversion_by_replace() -> None:
    event = made(dataschema="urn:x:y", data=b"\x01")
    older = event.replace(specversion="0.3", subject="s")
    assert older == event.to_v03().replace(subject="s")
    assert older.text("schemaurl") == older.dataschema == "urn:x:y"
    assert older.replace(specversion="1.0", subject=None) == event
    with pytest.raises(InvalidEvent):
        event.replace(specversion="2.0")


def test_a_hint_for_those_who_give_attributes_as_a_mapping() -> None:
    with pytest.raises(InvalidEvent, match="give each attribute by itself"):
        made(attributes={"partitionkey": "eu"})


# --------------------------------------------------------------------------------------------------------- validate


def test_validate_knows_what_lenient_reading_let_pass() -> None:  # SDK-compose-a, SDK-valid-a
    made(**FULL).validate()
    body = b'{"specversion":"1.0","type":"t","source":"a b","id":"1"}'
    event = formats.json.decode(body, lenient=True)
    assert [problem.requirement for problem in event.repairs] == ["CE-source-a"]
    for use in (
        event.validate,
        lambda: wire_attributes(event),
        lambda: formats.json.encode(event),
        lambda: bindings.http.encode(event),
        lambda: bindings.http.encode(event, "structured"),
        lambda: bindings.http.encode_batch([event]),
        event.to_v03,
        event.replace,
    ):
        with pytest.raises(InvalidEvent, match="CE-source-a"):
            use()
    mended = event.replace(source="/s")
    assert mended.repairs == ()
    formats.json.encode(mended)


def test_what_lenient_reading_mended_is_written() -> None:
    body = b'{"specversion":"1.7","type":"t","source":"/s","id":"1","subject":"","time":"2018-04-05 17:31Z","MyExt":1}'
    event = formats.json.decode(body, lenient=True)
    assert {problem.attribute for problem in event.repairs} == {"specversion", "subject", "time", "MyExt"}
    event.validate()
    assert formats.json.decode(formats.json.encode(event)) == made(time="2018-04-05T17:31:00Z", myext=1)


# -------------------------------------------------------------------------------------- for formats and bindings


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({}, True),
        ({"source": "/test-event/new"}, True),
        (
            {
                "time": "2018-04-05T17:31:00Z",
                "dataschema": "urn:test-event",
                "datacontenttype": "a/test-event",
            },
            True,
        ),
        ({"source": "a b"}, False),
        ({"time": "lunchtime"}, False),
        ({"time": "2016-12-31T23:59:60Z"}, False),  # in doubt
        ({"dataschema": "/relative"}, False),
        ({"datacontenttype": "json"}, False),
    ],
    ids=str,
)
def test_enclosed(changes: dict[str, Any], good: bool) -> None:
    for _ in range(2):
        event = enclosed(
            Envelope("1.0", **{"type": "t", "source": "/s", "id": "1", **changes}), b"x", {"a": "b"}
        )
        assert (event is not None) is good
        if event is not None:
            assert event == made(
                **{"type": "t", "source": "/s", "time": None, "data": b"x", "a": "b", **changes}
            )


class Word(str):
    __slots__ = ()


CORE_NAMES = ("type", "source", "id", "time", "datacontenttype", "subject", "dataschema", "specversion")
ODD: list[Any] = [
    None,
    "",
    0,
    False,
    b"",
    Word(""),
    "\n",
    "\ud800",
    "\ufffe",
    "a b",
    [],
    "\u00e9",
    UNSET,
    2**31,
    1.5,
]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"time": "2018-04-05T17:31:00.120+02:00", "subject": "sub", "dataschema": "urn:x:y"},
        {"time": "2016-12-31T23:59:60Z"},
        {"source": "/\u00e9"},
        {"subject": "\u00e9", "zeta": "\u00e9", "alpha": "", "x" * 300: "x"},
        {"type": Word("t"), "subject": Word("s"), "beta": Word("b")},
        {"flag": False, "count": 5, "binary": b"x", "unset": None},
        *({name: value} for name in CORE_NAMES for value in ODD),
        *({name: "x"} for name in ("Upper", "under_score", "", "schemaurl", "\u00e9")),
        *({"ext": value} for value in ODD),
    ],
    ids=ascii,
)
def test_the_constructor_finds_what_a_decoder_finds(changes: dict[str, Any]) -> None:
    found: dict[str, Any] = {"specversion": "1.0", "type": "t", "source": "/s", "id": "1", **changes}
    findings = Findings()
    results: list[Any] = []
    makers: list[Callable[[], Event]] = [
        lambda: assemble(found, None, findings),
        *[lambda: made(**changes)] * 2,
    ]
    for make in makers:
        try:
            event = make()
        except InvalidEvent as error:
            results.append(error.problems)
        else:
            assert {type(value) for value in wire_attributes(event).values()} <= {str, int, bool, bytes}
            results.append((wire_attributes(event), list(event.extensions)))
    assert results[0] == results[1] == results[2]


def test_an_envelope_has_no_extensions_of_its_own() -> None:
    assert Envelope("1.0", "t", "/s", "1").extensions() == {}


def test_repairs_of_the_message_come_first() -> None:
    body = b'{"specversion":"1.0","type":"t","source":"/s","id":"1","subject":""}'
    outer = Problem("HTTP-3-c", "was mended")
    event = add_repairs(formats.json.decode(body, lenient=True), [outer])
    assert [problem.requirement for problem in event.repairs] == ["HTTP-3-c", "CE-subject-a"]


def test_data_as_is_asked_of_the_event() -> None:
    assert made(data={"a": 1}).data_as(dict[str, int]) == {"a": 1}


def test_what_is_made_when_left_out_has_a_name_in_the_signature() -> None:
    assert "= <made>" in str(inspect.signature(CloudEvent.__init__))


def test_an_unreadable_version_is_the_only_problem() -> None:
    findings = Findings()
    findings.report("X", "was unreadable", "specversion")
    with pytest.raises(InvalidEvent) as caught:
        assemble({"specversion": UNREADABLE, "type": ""}, None, findings)
    assert [problem.requirement for problem in caught.value.problems] == ["X"]


# --------------------------------------------------------------------------------------------------------- assemble

FOUND: dict[str, object] = {"specversion": "1.0", "type": "t", "source": "/s", "id": "1"}


def test_assemble_keeps_extensions_by_name() -> None:
    event = assemble({"zz": "1", **FOUND, "aa": 2, "none": None}, None, Findings())
    assert list(event.attributes) == ["specversion", "type", "source", "id", "aa", "zz"]
    assert kept_extensions(event) == {"aa": 2, "zz": "1"}


@pytest.mark.parametrize("name", FOUND)
def test_assemble_misses_what_is_required(name: str) -> None:  # CE-attrs-a, T08
    for found in ({**FOUND, name: None}, {other: value for other, value in FOUND.items() if other != name}):
        with pytest.raises(InvalidEvent) as caught:
            assemble(found, None, Findings())
        [problem] = caught.value.problems
        assert (problem.attribute, problem.message) == (name, "is missing")


@pytest.mark.parametrize("name", FOUND)
def test_assemble_does_not_miss_what_could_not_be_read(name: str) -> None:
    findings = Findings()
    findings.report("X", "was unreadable", name)
    with pytest.raises(InvalidEvent) as caught:
        assemble({**FOUND, name: UNREADABLE}, None, findings)
    assert [problem.requirement for problem in caught.value.problems] == ["X"]


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ({"MyExt": 1, "myext": 2}, ("myext", "CE-attrs-d")),
        ({"MyExt": 1, "MYEXT": 2}, ("myext", "CE-attrs-d")),
        ({"ID": "2"}, ("id", "CE-attrs-d")),
        ({"SpecVersion": "1.0"}, ("specversion", "CE-attrs-d")),
        ({"Subject": "x"}, ("Subject", "CE-naming-a")),
    ],
    ids=str,
)
def test_lenient_reading_takes_no_attribute_for_another(
    extra: dict[str, Any], problem: tuple[str, str]
) -> None:
    with pytest.raises(InvalidEvent) as caught:
        assemble({**FOUND, **extra}, None, Findings(lenient=True))
    assert requirements(caught.value) == [problem]


@pytest.mark.parametrize("version", ["1.1", "1.0.2", "1", "1.99"])
def test_t_core_17_another_minor_version(version: str) -> None:
    found = {**FOUND, "specversion": version}
    with pytest.raises(InvalidEvent, match="CE-specversion-c"):
        assemble(found, None, Findings())
    event = assemble(found, None, Findings(lenient=True))
    assert event.specversion == "1.0"
    assert [problem.requirement for problem in event.repairs] == ["CE-specversion-c"]


@pytest.mark.parametrize(
    "version", ["2.0", "0.2", "1...", "1..0", "1.x", "1.0-rc1", "١.٠", "10.0", "", "v1.0", 1, True, [], {}]
)
def test_a_version_that_is_none_of_ours(version: object) -> None:
    for lenient in (False, True):
        with pytest.raises(InvalidEvent) as caught:
            assemble({**FOUND, "specversion": version}, None, Findings(lenient=lenient))
        assert [problem.attribute for problem in caught.value.problems] == ["specversion"]


@pytest.mark.parametrize(
    ("changes", "type_"),
    [
        ({"data": {"a": 1}}, "application/json"),  # CE-datacontenttype-c
        ({"data": b"x"}, None),  # JSON-3.1.1-d
        ({}, None),
        ({"data": b"1", "datacontenttype": "a/b"}, "a/b"),
        ({"datacontenttype": "a/b"}, "a/b"),  # CE-datacontenttype-d
    ],
    ids=str,
)
def test_the_content_type_for_others(changes: dict[str, Any], type_: str | None) -> None:
    assert content_type(made(**changes)) == type_
    assert made(**changes).datacontenttype == changes.get("datacontenttype")  # CE-datacontenttype-f


def test_data_of_msgspec_is_taken_as_json() -> None:
    assert made(data=Raw(b' {"a": 1}')).data == {"a": 1}
    assert made(data=msgspec.json.encode({"a": 1}), datacontenttype="application/json").data == {"a": 1}
