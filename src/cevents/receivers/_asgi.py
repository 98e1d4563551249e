"""The receiver as an ASGI application (ASGI 3, HTTP and lifespan)."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from cevents.bindings._headers import Headers
from cevents.event import CloudEvent
from cevents.receivers._answer import Answer, Message, Receiver, Reply

__all__ = ["AsgiReceiver"]

_Scope: TypeAlias = MutableMapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_ReadBody: TypeAlias = Callable[[], Awaitable[bytes]]


class _Gone(Exception):
    """The client went away before the request was complete."""


class AsgiReceiver(
    Receiver[
        Callable[[CloudEvent[Any]], Awaitable[Reply] | Reply],
        Callable[[list[CloudEvent[Any]]], Awaitable[Reply] | Reply],
    ]
):
    """An ASGI application that calls `handler` with each event; for uvicorn, hypercorn, Starlette, FastAPI.

    A coroutine function runs on the event loop; any other handler is called in a thread (`asyncio.to_thread`), so that
    it may block. The application serves every path it is mounted at. Options and answers: see `Receiver`.
    """

    _awaits = True

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http":
            try:
                await self._serve(scope, receive, send)
            except (_Gone, OSError):  # OSError is what `send` raises then
                return
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})  # unaccepted: the server answers 403
        else:
            raise RuntimeError(f"ASGI scope {scope['type']!r} is not known here")

    async def answer(self, method: str, headers: Headers, body: bytes) -> Answer:
        """Return the answer to a request that somebody else has read, such as a framework's view."""

        async def read_body() -> bytes:
            return body

        return await self._answer(method, headers, None, read_body)

    async def _serve(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        headers: list[tuple[bytes, bytes]] = list(scope["headers"])
        lengths = [value.decode("latin-1") for name, value in headers if name.lower() == b"content-length"]
        answer = await self._answer(
            scope["method"], headers, lengths[0] if lengths else None, lambda: self._body(receive)
        )
        coded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.start", "status": answer.status, "headers": coded})
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self, method: str, headers: Headers, content_length: str | None, read_body: _ReadBody
    ) -> Answer:
        message: Message | None = None
        try:
            self._admit(method, headers, content_length)
            message = self._read(headers, await read_body())
            return self._reply(await _called(self._handler_of(message), message))
        except _Gone:
            raise
        except Exception as error:  # noqa: BLE001 - every failure has its answer
            return self._failed(error, message)

    async def _body(self, receive: _Receive) -> bytes:
        """Read the body, but no more than it may have."""
        body = bytearray()
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise _Gone
            body += event.get("body", b"")
            self._check_size(len(body))
            if not event.get("more_body", False):
                return bytes(body)


async def _called(handler: Callable[[Any], Any], message: Message) -> object:
    if inspect.iscoroutinefunction(handler):
        return await handler(message)
    returned = await asyncio.to_thread(_guarded, handler, message)
    return await returned if inspect.isawaitable(returned) else returned


def _guarded(handler: Callable[[Any], Any], message: Message) -> object:
    try:
        return handler(message)
    except StopIteration as error:  # a future cannot hold it and would never be done
        raise RuntimeError("the handler raised StopIteration") from error


async def _live(receive: _Receive, send: _Send) -> None:
    """There is nothing to start and nothing to stop."""
    while True:
        phase = (await receive())["type"]
        await send({"type": f"{phase}.complete"})
        if phase == "lifespan.shutdown":
            return
