"""What every transport over asyncio has in common: senders, receivers, and deliveries that are settled.

A transport says how one message is handed to its client, how one is taken from it, and how that one is settled. The
rest is here: what is in flight and how much of it, what a caller sees, and what happens at the end.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

from cevents.errors import CloudEventError, excerpt
from cevents.event import CloudEvent

__all__ = ["Confirmation", "Delivery", "Receiver", "Sender", "Settle", "Verdict"]

Verdict: TypeAlias = Literal["ack", "nack", "reject"]
Settle: TypeAlias = Callable[[Verdict, str], Awaitable[None]]
"""Tells the server what became of a message, with the reason of a `reject`; raises `TransportError`."""
Confirmation: TypeAlias = "asyncio.Future[None]"
"""Is done when the server has confirmed a message, with a `TransportError` if it has not."""

Events: TypeAlias = Iterable[CloudEvent[Any]] | AsyncIterable[CloudEvent[Any]]


class _Connection(ABC):
    """What is connected at the beginning of an `async with` block, and closed at its end."""

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @abstractmethod
    async def close(self) -> None:
        """Close the connection; a second call does nothing."""

    @abstractmethod
    async def _open(self) -> None:
        """Connect, or raise `TransportError`."""


class Sender(_Connection):
    """Sends events to one place; an async context manager, which connects at its beginning and drains at its end.

    One sender serves any number of tasks of one event loop.
    """

    window = 1000
    """The most events that `send_many` has in flight, for which the server has not confirmed yet."""

    async def send(self, event: CloudEvent[Any]) -> None:
        """Send one event; return when the server has confirmed it.

        Raises `TransportError`, which tells whether sending the same event again can help; before anything is sent
        `InvalidEvent`, `DataError` or `UnsupportedFormat` for an event that cannot be carried.
        """
        await (await self._begin(event))

    async def send_many(self, events: Events) -> int:
        """Send events without waiting for each; return how many there were, when the server has confirmed all.

        They are handed over in order, and never more than `window` of them are in flight. Raises as `send` does, for
        the first event that fails: no more are taken from `events` then, and all that are in flight are waited for.
        """
        count = 0
        pending: deque[Confirmation] = deque()
        try:
            async for event in _each(events):
                if len(pending) >= self.window:
                    await pending.popleft()
                pending.append(await self._begin(event))
                count += 1
            while pending:
                await pending.popleft()
        except CloudEventError:
            if pending:
                await asyncio.wait(pending)
            raise
        finally:
            for confirmation in pending:
                confirmation.add_done_callback(_forget)
        return count

    @abstractmethod
    async def close(self) -> None:
        """Wait for what is in flight, for some seconds, and close the connection; a second call does nothing."""

    @abstractmethod
    async def _begin(self, event: CloudEvent[Any]) -> Confirmation:
        """Hand an event to the client, waiting while that has no room; return what is done when it is confirmed."""


def _forget(confirmation: Confirmation) -> None:
    """Look at the error of an event after the one whose error was raised, so that asyncio does not tell it."""
    if not confirmation.cancelled():
        confirmation.exception()


async def _each(events: Events) -> AsyncIterator[CloudEvent[Any]]:
    if isinstance(events, AsyncIterable):
        async for event in events:
            yield event
    elif isinstance(events, CloudEvent) or not isinstance(events, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance] # callers may have no types
        raise TypeError(f"events are wanted, not {excerpt(events)}")
    else:
        for event in events:
            yield event


class Delivery:
    """One message that was received: the event in it, or what is wrong with it. It must be settled.

    `ack` says that it was dealt with, `nack` that it shall come again, `reject` that it never shall. What is not
    settled comes again, at the latest to the next receiver.
    """

    __slots__ = ("_event", "_settle", "_verdict", "problem", "redelivered")

    problem: CloudEventError | None
    """What is wrong with the message; None if it has an event."""
    redelivered: bool
    """Whether the server says that it has delivered this message before, to anybody."""

    def __init__(
        self, read: Callable[[], CloudEvent[Any]], settle: Settle, *, redelivered: bool = False
    ) -> None:
        self._event: CloudEvent[Any] | None = None
        self.problem = None
        try:
            self._event = read()
        except CloudEventError as error:
            self.problem = error
        self._settle = settle
        self._verdict: Verdict | None = None
        self.redelivered = redelivered

    @property
    def event(self) -> CloudEvent[Any]:
        """The event; raises the `problem` if there is none."""
        if self._event is None:
            assert self.problem is not None
            raise self.problem
        return self._event

    async def ack(self) -> None:
        """Say that the message was dealt with, so that it does not come again.

        A second call does nothing; after another verdict it is a `RuntimeError`. Raises `TransportError` where the
        server cannot be told: the message comes again then.
        """
        await self._judge("ack")

    async def nack(self) -> None:
        """Say that the message was not dealt with, and shall come again; otherwise as `ack`."""
        await self._judge("nack")

    async def reject(self, reason: str = "") -> None:
        """Say that the message cannot be dealt with by anybody, and shall not come again; otherwise as `ack`.

        It goes where the server has a place for such messages, with the reason where there is room for one.
        """
        await self._judge("reject", reason)

    async def _judge(self, verdict: Verdict, reason: str = "") -> None:
        if self._verdict is not None:
            if self._verdict != verdict:
                raise RuntimeError(f"this delivery was settled already, by {self._verdict}")
            return
        self._verdict = verdict  # before the await: two tasks must not settle it both
        try:
            await self._settle(verdict, reason)
        except BaseException:
            self._verdict = None
            raise

    def __repr__(self) -> str:
        what = repr(self._event) if self.problem is None else type(self.problem).__name__
        return f"<Delivery of {what}{'' if self._verdict is None else f', {self._verdict}'}>"


class Receiver(_Connection):
    """Receives events from one place; an async context manager, and an async iterator of deliveries.

    A message that is no event, or a broken one, is a delivery with a `problem`, and does not end the loop. Leaving the
    block loses nothing: whatever was not settled comes again.
    """

    def __aiter__(self) -> AsyncIterator[Delivery]:
        return self

    @abstractmethod
    async def __anext__(self) -> Delivery:
        """Wait for the next delivery; the loop ends when the receiver is closed."""

    @abstractmethod
    async def close(self) -> None:
        """Take no more messages and close the connection; a second call does nothing."""
