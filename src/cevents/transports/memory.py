"""A transport within one process, for tests: `memory:NAME`, with the same contract as the others.

    async with open_sender("memory:orders") as sender, open_receiver("memory:orders") as receiver:
        await sender.send(event)

All that have one name share one queue, in which each event is for one receiver. It lives as long as the process, or
until `clear`. A queue holds `capacity` events that nobody has taken yet, 1,000 if the URL says nothing else, and makes
senders wait then. Events travel as messages of HTTP.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Literal

from cevents.bindings import http
from cevents.bindings.http import HttpMessage
from cevents.errors import TransportError
from cevents.event import CloudEvent
from cevents.transports._address import Address
from cevents.transports._contract import Confirmation, Delivery, Receiver, Sender, Verdict

__all__ = ["MemoryReceiver", "MemorySender", "clear", "put", "receiver", "rejected", "sender"]

_queues: dict[str, _Queue] = {}


def sender(
    url: str, *, mode: Literal["binary", "structured"] = "binary", format: str = "json"
) -> MemorySender:
    """Return a sender for `open_sender`."""
    return MemorySender(_queue(url), mode, format)


def receiver(url: str, *, lenient: bool = False) -> MemoryReceiver:
    """Return a receiver for `open_receiver`."""
    return MemoryReceiver(_queue(url), lenient)


def put(name: str, message: HttpMessage) -> None:
    """Put a message into a queue as it is: what is no event, or broken, to see what a program makes of it."""
    _queues.setdefault(name, _Queue(_CAPACITY)).put(message)


def rejected(name: str) -> list[tuple[HttpMessage, str]]:
    """Return the messages of a queue that were rejected, with the reasons."""
    return [] if name not in _queues else list(_queues[name].rejected)


def clear(name: str) -> None:
    """Forget a queue with all that is in it."""
    _queues.pop(name, None)


_CAPACITY = 1000


def _queue(url: str) -> _Queue:
    address = Address.of(url)
    capacity = address.number("capacity", _CAPACITY)
    address.done()
    if address.hosts or not address.path:
        raise ValueError("the URL of a queue in memory is memory:NAME")
    return _queues.setdefault(address.path, _Queue(capacity))


class _Queue:
    """Messages that wait for a receiver, each with whether it was delivered before; and who waits for a change."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.messages: deque[tuple[HttpMessage, bool]] = deque()
        self.rejected: list[tuple[HttpMessage, str]] = []
        self._waiting: set[asyncio.Future[None]] = set()

    def put(self, message: HttpMessage, *, again: bool = False) -> None:
        (self.messages.appendleft if again else self.messages.append)((message, again))
        self.changed()

    def changed(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.get_loop().call_soon_threadsafe(_wake, waiting)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition that may hold after a change."""
        while not condition():
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(waiting)
            try:
                await waiting
            finally:
                self._waiting.discard(waiting)


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


class MemorySender(Sender):
    """Sends to a queue in memory, where an event is confirmed at once."""

    def __init__(self, queue: _Queue, mode: Literal["binary", "structured"], format: str) -> None:
        self._queue = queue
        self._mode: Literal["binary", "structured"] = mode
        self._format = format
        self._is_open = False

    async def _open(self) -> None:
        self._is_open = True

    async def close(self) -> None:
        """Close the sender; what it sent stays in the queue."""
        self._is_open = False

    async def _begin(self, event: CloudEvent[Any]) -> Confirmation:
        message = http.encode(event, self._mode, self._format)
        if not self._is_open:
            raise TransportError("the sender is not open", retryable=False)
        queue = self._queue
        await queue.until(lambda: len(queue.messages) < queue.capacity)
        queue.put(message)
        confirmation: Confirmation = asyncio.get_running_loop().create_future()
        confirmation.set_result(None)
        return confirmation


class MemoryReceiver(Receiver):
    """Receives from a queue in memory."""

    def __init__(self, queue: _Queue, lenient: bool) -> None:
        self._queue = queue
        self._lenient = lenient
        self._is_open = False
        self._unsettled: dict[int, HttpMessage] = {}
        self._count = 0

    async def _open(self) -> None:
        self._is_open = True

    async def close(self) -> None:
        """Put back what was not settled."""
        self._is_open = False
        for message in reversed(self._unsettled.values()):
            self._queue.put(message, again=True)
        self._unsettled.clear()
        self._queue.changed()

    async def __anext__(self) -> Delivery:
        """Wait for the next message."""
        queue = self._queue
        await queue.until(lambda: bool(queue.messages) or not self._is_open)
        if not self._is_open:
            raise StopAsyncIteration
        message, again = queue.messages.popleft()
        queue.changed()
        self._count += 1
        number = self._count
        self._unsettled[number] = message

        async def settle(verdict: Verdict, reason: str) -> None:
            if self._unsettled.pop(number, None) is None:
                raise TransportError(
                    "the receiver was closed, and the message goes to another", retryable=False
                )
            if verdict == "nack":
                queue.put(message, again=True)
            elif verdict == "reject":
                queue.rejected.append((message, reason))

        return Delivery(lambda: http.decode(*message, lenient=self._lenient), settle, redelivered=again)
