"""The contract of senders and receivers, one suite for every transport; `places.py` says where each sends to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cevents import CloudEvent, InvalidEvent, TransportError, transports
from tests.transports.places import PLACES, Place

Event = CloudEvent[Any]
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Place:
    kind: Any = PLACES[request.param]
    found: Place = kind(request)
    return found


def made(number: int = 0, **changes: Any) -> Event:
    values: dict[str, Any] = {
        "type": "com.example.order.created",
        "source": "/orders",
        "id": f"order-{number}",
        "time": "2018-04-05T17:31:00.123456789Z",
        "subject": "Größe 50% \U0001f600",
        "data": {"number": number},
        **changes,
    }
    return CloudEvent(**values)


async def take(receiver: transports.Receiver, seconds: float = 20) -> transports.Delivery:
    return await asyncio.wait_for(anext(receiver), seconds)


async def no_tasks_left(before: set[asyncio.Task[Any]]) -> None:
    left = {task for task in asyncio.all_tasks() if not task.done()} - before
    if left:
        await asyncio.wait(left, timeout=5)
    assert not [task for task in left if not task.done()]


EVENTS: dict[str, Event] = {
    "JSON": made(),
    "every type of attribute": made(
        a=True, b=-5, c="text", d=b"\x00\xff", e="http://a.example/x", datacontenttype="application/json"
    ),
    "no data": made(data=None),
    "null": made(data=b"null", datacontenttype="application/json"),
    "text": made(data="Größe", datacontenttype="text/plain; charset=utf-8"),
    "bytes": made(data=bytes(range(256)) * 240, datacontenttype="application/octet-stream"),
}


@pytest.mark.parametrize("mode", ["binary", "structured"])
@pytest.mark.parametrize("name", EVENTS)
async def test_an_event_arrives(place: Place, name: str, mode: str) -> None:
    event = EVENTS[name]
    async with place.receiver() as receiver, place.sender(mode=mode) as sender:
        await sender.send(event)
        delivery = await take(receiver)
        assert delivery.problem is None
        assert delivery.event == event
        assert delivery.event.has_data is event.has_data
        assert delivery.redelivered is False
        await delivery.ack()


async def test_many_arrive_in_order(place: Place) -> None:
    events = [made(number) for number in range(500)]
    async with place.receiver() as receiver, place.sender() as sender:
        sending = asyncio.ensure_future(sender.send_many(events))
        found: list[Event] = []
        while len(found) < len(events):
            delivery = await take(receiver)
            found.append(delivery.event)
            await delivery.ack()
        assert await sending == len(events)
    assert found == events


async def test_many_of_an_asynchronous_iterator(place: Place) -> None:
    async def each() -> AsyncIterator[Event]:
        for number in range(3):
            yield made(number)

    async with place.receiver() as receiver, place.sender() as sender:
        assert await sender.send_many(each()) == 3
        for number in range(3):
            delivery = await take(receiver)
            assert delivery.event == made(number)
            await delivery.ack()


async def test_what_is_no_event_is_not_sent(place: Place) -> None:
    async with place.sender() as sender:
        for wrong in (made(), 5, None):
            with pytest.raises(TypeError, match="events are wanted"):
                await sender.send_many(wrong)  # type: ignore[arg-type] # the error is the point
        broken = made(datacontenttype="application/cloudevents+json", data=b"{}")
        if place.refuses_event_types:
            with pytest.raises(InvalidEvent):
                await sender.send(broken)


async def test_nack_brings_it_again(place: Place) -> None:
    async with place.receiver() as receiver, place.sender() as sender:
        await sender.send(made())
        first = await take(receiver)
        await first.nack()
        again = await take(receiver)
        assert again.event == made()
        assert again.redelivered is True
        await again.ack()


async def test_reject_does_not_bring_it_again(place: Place) -> None:
    async with place.receiver() as receiver, place.sender() as sender:
        await sender.send_many([made(1), made(2)])
        await (await take(receiver)).reject("no such order")
        second = await take(receiver)
        assert second.event == made(2)
        await second.ack()
    async with place.receiver() as receiver:
        with pytest.raises(TimeoutError):
            await take(receiver, place.quiet)


async def test_what_is_not_settled_comes_again(place: Place) -> None:
    async with place.receiver() as receiver, place.sender() as sender:
        await sender.send_many([made(1), made(2), made(3)])
        await (await take(receiver)).ack()
        await take(receiver)
    async with place.receiver() as receiver:
        found = []
        for _ in range(2):
            delivery = await take(receiver)
            found.append(delivery.event)
            await delivery.ack()
        assert found == [made(2), made(3)]


async def test_settling_twice(place: Place) -> None:
    async with place.receiver() as receiver, place.sender() as sender:
        await sender.send(made())
        delivery = await take(receiver)
        await delivery.ack()
        await delivery.ack()
        with pytest.raises(RuntimeError, match="settled already, by ack"):
            await delivery.reject()
        assert repr(delivery).endswith(", ack>")


async def test_a_poisonous_message_does_not_end_the_loop(place: Place) -> None:  # S14
    async with place.receiver() as receiver, place.sender() as sender:
        for poison in ("not an event", "broken"):
            await place.put(poison)
        await sender.send(made())
        found = []
        for _ in range(3):
            delivery = await take(receiver)
            found.append(type(delivery.problem).__name__)
            if delivery.problem is None:
                assert delivery.event == made()
                await delivery.ack()
            else:
                with pytest.raises(type(delivery.problem)):
                    _ = delivery.event
                await delivery.reject("no event")
        assert found == ["NotACloudEvent", "InvalidEvent", "NoneType"]


async def test_a_loop_ends_when_the_receiver_is_closed(place: Place) -> None:
    before = asyncio.all_tasks()
    receiver = place.receiver()
    async with receiver:
        waiting = asyncio.ensure_future(anext(receiver))
        await asyncio.sleep(0)
        await receiver.close()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(waiting, 20)
    await receiver.close()
    await no_tasks_left(before)


async def test_cancellation_loses_nothing(place: Place) -> None:
    before = asyncio.all_tasks()
    async with place.receiver() as receiver, place.sender() as sender:
        waiting = asyncio.ensure_future(anext(receiver))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await sender.send(made())
        delivery = await take(receiver)
        assert delivery.event == made()
        await delivery.ack()
    await no_tasks_left(before)


async def test_nothing_secret_is_shown(place: Place) -> None:
    for found in (place.sender(), place.receiver()):
        assert "secret" not in repr(found) + str(found)


async def test_a_sender_that_is_closed_sends_nothing(place: Place) -> None:
    before = asyncio.all_tasks()
    sender = place.sender()
    with pytest.raises(TransportError):
        await sender.send(made())
    async with sender:
        await sender.send(made())
    await sender.close()
    with pytest.raises(TransportError):
        await sender.send(made())
    await no_tasks_left(before)
