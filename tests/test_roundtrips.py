"""Whatever way an event goes, it arrives: the same attributes, and the same bytes of data (promise 1 of the design)."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cevents import CloudEvent, bindings, formats, testing
from cevents.event import content_type
from cevents.testing import SpecVersion, assert_same_event

Event = CloudEvent[Any]


def _http_batch(event: Event) -> Event:
    [found] = bindings.http.decode_batch(*bindings.http.encode_batch([event]))
    return found


def _json_batch(event: Event) -> Event:
    before: Event = CloudEvent(type="t", source="/before", specversion=event.specversion)
    first, found, last = formats.json.decode_batch(formats.json.encode_batch([before, event, before]))
    assert first == last == before
    return found


def _lines(event: Event) -> Event:
    body = formats.json.encode(event) + b"\n"
    first, found = formats.json.iter_decode(io.BytesIO(body * 2))
    assert first == found
    return found


WAYS: dict[str, Callable[[Event], Event]] = {
    "JSON": lambda event: formats.json.decode(formats.json.encode(event)),
    "JSON, sorted": lambda event: formats.json.decode(formats.json.encode(event, sort_attributes=True)),
    "JSON batch": _json_batch,
    "JSON lines": _lines,
    "HTTP binary": lambda event: bindings.http.decode(*bindings.http.encode(event)),
    "HTTP structured": lambda event: bindings.http.decode(*bindings.http.encode(event, "structured")),
    "HTTP batch": _http_batch,
    "HTTP lenient": lambda event: bindings.http.decode(*bindings.http.encode(event), lenient=True),
    "pickle": lambda event: pickle.loads(pickle.dumps(event)),
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    "replace": lambda event: event.replace(),
}
HTTP_BINARY = {"HTTP binary", "HTTP lenient"}

any_events = testing.events() | testing.events(specversion="0.3")


def expected(event: Event, ways: list[str]) -> Event:
    """What arrives: HTTP has no way to tell data of no bytes from no data; the content type stays."""
    if event.data_bytes == b"" and not HTTP_BINARY.isdisjoint(ways):
        return event.replace(data=None, datacontenttype=content_type(event))
    return event


def assert_arrived(found: Event, sent: Event) -> None:
    assert_same_event(found, sent)
    assert found.data_bytes == sent.data_bytes
    assert found.repairs == ()
    assert hash(found) == hash(sent)


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=settings().max_examples // 2)  # for each of a dozen ways
@given(event=any_events)
def test_an_event_arrives(way: str, event: Event) -> None:
    assert_arrived(WAYS[way](event), expected(event, [way]))


@given(any_events, st.lists(st.sampled_from(sorted(WAYS)), min_size=2, max_size=5))
def test_an_event_arrives_after_many_hops(event: Event, ways: list[str]) -> None:
    found = event
    for way in ways:
        found = WAYS[way](found)
    assert_arrived(found, expected(event, ways))


@given(any_events, st.sampled_from(sorted(WAYS)))
def test_what_arrived_is_written_as_it_came(event: Event, way: str) -> None:
    """A relay is stable: from the first hop on, the same bytes leave it."""
    once = WAYS[way](event)
    twice = WAYS[way](once)
    assert formats.json.encode(twice) == formats.json.encode(once)
    assert bindings.http.encode(twice) == bindings.http.encode(once)


@given(st.lists(testing.events(), max_size=5))
def test_a_batch_arrives_in_order(events: list[Event]) -> None:
    body = formats.json.encode_batch(events)
    ways: list[list[Event]] = [
        formats.json.decode_batch(body),
        list(formats.json.iter_decode([body])),
        list(formats.json.iter_decode(body[at : at + 1] for at in range(len(body)))),
        list(formats.json.iter_decode([b"\n".join(map(formats.json.encode, events))])),
        bindings.http.decode_batch(*bindings.http.encode_batch(iter(events))),
    ]
    for found in ways:
        assert len(found) == len(events)
        for one, other in zip(found, events, strict=True):
            assert_arrived(one, other)


@given(testing.events(extensions=testing.extension_attributes(max_size=0)))
def test_an_event_of_1_0_comes_back_from_0_3(event: Event) -> None:
    assert_arrived(event.to_v03().to_v1(), event)
    assert event.to_v1() is event


@given(testing.events(specversion="0.3", schemaurl=st.none() | testing.uris(), extensions={"ext": "a"}))
def test_an_event_of_0_3_comes_back_from_1_0(event: Event) -> None:
    assert_arrived(event.to_v1().to_v03(), event)
    assert event.to_v03() is event


@given(testing.events(extensions={}))
def test_0_3_written_from_1_0_is_read(event: Event) -> None:
    old = event.to_v03()
    assert_arrived(formats.json.decode(formats.json.encode(old)), old)


@given(any_events, testing.events(extensions={}))
def test_replacing_gives_what_was_asked_for_and_keeps_the_rest(event: Event, other: Event) -> None:
    found = event.replace(id=other.id, subject=other.subject)
    assert (found.id, found.subject) == (other.id, other.subject)
    assert found.data_bytes == event.data_bytes
    assert_same_event(found.replace(id=event.id, subject=event.subject), event)


@pytest.mark.parametrize("specversion", ["1.0", "0.3"])
@given(data=st.data())
def test_looking_at_an_event_changes_nothing(specversion: SpecVersion, data: st.DataObject) -> None:
    readable = testing.events(
        specversion=specversion, data=["json", "text"], time=testing.timestamps(exact=True)
    )
    event = data.draw(readable)
    body, message = formats.json.encode(event), bindings.http.encode(event)
    _ = (
        event.data,
        event.attributes,
        event.extensions,
        event.time,
        repr(event),
        hash(event),
        event == event.replace(),
    )
    assert formats.json.encode(event) == body
    assert bindings.http.encode(event) == message
