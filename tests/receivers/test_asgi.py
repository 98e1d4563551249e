"""What is special to ASGI: streams, disconnects, other scopes, and handlers of every kind."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from typing import TYPE_CHECKING, Any

import pytest

from cevents import CloudEvent, bindings, receivers
from tests.receivers.samples import BINARY, EVENT, EVENTS, STRUCTURED
from tests.receivers.shells import over_asgi

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

REPLY = EVENTS["every kind of attribute"]

caller = contextvars.ContextVar[str]("caller")


async def coroutine_function(event: CloudEvent[Any]) -> CloudEvent[Any]:
    await asyncio.sleep(0)
    return REPLY


def function(event: CloudEvent[Any]) -> CloudEvent[Any]:
    return REPLY


def returning_a_coroutine(event: CloudEvent[Any]) -> Awaitable[CloudEvent[Any]]:
    return coroutine_function(event)


class Callables:
    async def __call__(self, event: CloudEvent[Any]) -> CloudEvent[Any]:
        return await coroutine_function(event)

    async def method(self, event: CloudEvent[Any]) -> CloudEvent[Any]:
        return await coroutine_function(event)


HANDLERS: dict[str, Callable[..., Awaitable[CloudEvent[Any]] | CloudEvent[Any]]] = {
    "a coroutine function": coroutine_function,
    "a function": function,
    "a function that returns a coroutine": returning_a_coroutine,
    "a partial coroutine function": functools.partial(coroutine_function),
    "an object": Callables(),
    "a method": Callables().method,
}


@pytest.mark.parametrize("name", HANDLERS)
def test_handlers_of_every_kind(name: str) -> None:
    response = over_asgi(receivers.asgi(HANDLERS[name]), BINARY, [b""])
    assert response.status == 200
    assert bindings.http.decode(response.headers, response.body) == REPLY


def test_coroutine_function_runs_on_the_loop_and_function_beside_it() -> None:
    threads: list[int] = []

    async def on_the_loop(event: CloudEvent[Any]) -> None:
        threads.append(threading.get_ident())

    def beside_it(event: CloudEvent[Any]) -> None:
        threads.append(threading.get_ident())

    over_asgi(receivers.asgi(on_the_loop), BINARY, [b""])
    over_asgi(receivers.asgi(beside_it), BINARY, [b""])
    assert threads[0] == threading.get_ident() != threads[1]


def test_function_sees_the_context_of_the_request() -> None:
    seen: list[str] = []
    application = receivers.asgi(lambda event: seen.append(caller.get()))

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        caller.set("middleware")
        await application(scope, receive, send)

    over_asgi(middleware, BINARY, [b""])
    assert seen == ["middleware"]


def test_function_that_blocks_does_not_block_others() -> None:
    """One handler waits for what the other does: that ends only if both run at a time."""
    both = threading.Barrier(2, timeout=10)

    def handle(event: CloudEvent[Any]) -> None:
        both.wait()

    async def two() -> None:
        application = receivers.asgi(handle)
        headers = dict(BINARY)
        answers = await asyncio.gather(*(application.answer("POST", headers, b"") for _ in range(2)))
        assert [answer.status for answer in answers] == [204, 204]

    asyncio.run(two())


@pytest.mark.parametrize("size", [1, 7, len(EVENT)])
def test_body_in_chunks(size: int) -> None:
    got: list[CloudEvent[Any]] = []
    chunks = [EVENT[start : start + size] for start in range(0, len(EVENT), size)]
    assert over_asgi(receivers.asgi(got.append), STRUCTURED, [*chunks, b""]).status == 204
    assert got == [CloudEvent(type="t", source="/s", id="1", time=None)]


def test_declared_length_that_is_too_large_is_refused_unread() -> None:
    """The receiver does not even ask for the body: there is none to be had here."""
    for length in ["1048577", "9" * 5000]:
        response = over_asgi(receivers.asgi(function), [*BINARY, ("content-length", length)], [])
        assert response.status == 413


def test_other_methods_and_unwanted_batches_are_refused_unread() -> None:
    assert over_asgi(receivers.asgi(function), BINARY, [], method="GET").status == 405
    batch = [("content-type", "application/cloudevents-batch+json")]
    assert over_asgi(receivers.asgi(function), batch, []).status == 415


@pytest.mark.parametrize("length", ["-1", "1.5", "0x10", "1_0", "½", ""])
def test_length_that_is_no_number(length: str) -> None:
    status = over_asgi(receivers.asgi(function), [*BINARY, ("content-length", length)], [b""]).status
    assert status == (400 if length else 200)


def test_body_without_end_is_cut_off_at_the_limit() -> None:
    taken = 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1000
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    application = receivers.asgi(function, max_body_size=100_000)

    async def endless(scope: Any, _: Any, send: Any) -> None:
        await application(scope, receive, send)

    assert over_asgi(endless, BINARY, []).status == 413
    assert taken == 101_000


@pytest.mark.parametrize("before", [[], [b"{"], [b"", b""]])
def test_client_that_goes_away_ends_it_quietly(before: list[bytes], caplog: pytest.LogCaptureFixture) -> None:
    def must_not_be_called(event: object) -> None:
        pytest.fail("the handler was called")

    def on_error(error: Exception, message: object) -> None:
        pytest.fail("on_error was called")

    application = receivers.asgi(must_not_be_called, on_error=on_error)
    assert over_asgi(application, STRUCTURED, [*before, None]).status == 0
    assert not caplog.records


def test_client_that_is_gone_when_answered_ends_it_quietly(caplog: pytest.LogCaptureFixture) -> None:
    application = receivers.asgi(function)

    async def broken(message: object) -> None:
        raise OSError

    async def without_client(scope: Any, receive: Any, send: object) -> None:
        await application(scope, receive, broken)

    assert over_asgi(without_client, BINARY, [b""]).status == 0
    assert not caplog.records


def test_server_that_fails_is_500(caplog: pytest.LogCaptureFixture) -> None:
    application = receivers.asgi(function)

    async def broken() -> dict[str, Any]:
        raise RuntimeError("secret")

    async def without_body(scope: Any, receive: object, send: Any) -> None:
        await application(scope, broken, send)

    response = over_asgi(without_body, BINARY, [])
    assert response.status == 500
    assert b"secret" not in response.body
    assert "receiving a request failed" in caplog.text


def test_cancelled_handler_is_cancelled() -> None:
    async def handle(event: CloudEvent[Any]) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        over_asgi(receivers.asgi(handle), BINARY, [b""])


def messages(scope: dict[str, Any], *incoming: str) -> list[dict[str, Any]]:
    """What the application sends when it receives messages of these types."""
    waiting = list(incoming)
    outgoing: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": waiting.pop(0)}

    async def send(message: Any) -> None:
        outgoing.append(message)

    asyncio.run(receivers.asgi(function)(scope, receive, send))
    assert not waiting
    return outgoing


def test_lifespan_is_accepted() -> None:
    sent = messages({"type": "lifespan"}, "lifespan.startup", "lifespan.shutdown")
    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]


def test_websockets_are_refused() -> None:
    assert messages({"type": "websocket"}) == [{"type": "websocket.close", "code": 1000}]


def test_other_scopes_are_an_error() -> None:
    with pytest.raises(RuntimeError, match="teapot"):
        messages({"type": "teapot"})


@pytest.mark.anyio
async def test_answer_to_a_request_that_was_read_already() -> None:
    answer = await receivers.asgi(function).answer("POST", STRUCTURED, EVENT)
    assert answer.status == 200
    assert bindings.http.decode(answer.headers, answer.body) == REPLY
    assert (await receivers.asgi(function).answer("POST", BINARY, b"x" * 1024 * 1025)).status == 413
