"""One request to a receiver, as each kind of server would make it, without a server."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any, NamedTuple
from wsgiref.util import setup_testing_defaults

from cevents import receivers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Headers = list[tuple[str, str]]


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def request(
    shell: str,
    handler: Callable[[Any], Any],
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    *,
    method: str = "POST",
    **options: Any,
) -> Response:
    """Posts a body with its Content-Length to a new receiver."""
    sent = [*headers, ("content-length", str(len(body)))]
    if shell == "asgi":
        return over_asgi(receivers.asgi(handler, **options), sent, [body], method=method)
    return over_wsgi(receivers.wsgi(handler, **options), sent, io.BytesIO(body), method=method)


def over_asgi(
    application: Any, headers: Headers, chunks: Sequence[bytes | None], *, method: str = "POST"
) -> Response:
    """Sends chunks of a body to an ASGI application; None is a client that goes away.

    The status of the response is 0 if none was begun.
    """
    incoming = [
        {"type": "http.request", "body": chunk, "more_body": position < len(chunks) - 1}
        if chunk is not None
        else {"type": "http.disconnect"}
        for position, chunk in enumerate(chunks)
    ]
    outgoing: list[Any] = []

    async def receive() -> Any:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        outgoing.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "method": method,
        "path": "/",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
    }
    asyncio.run(application(scope, receive, send))
    if not outgoing:
        return Response(0, {}, b"")
    start, body = outgoing
    assert start["type"] == "http.response.start"
    assert body["type"] == "http.response.body"
    assert not body.get("more_body")
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    return checked(Response(start["status"], unrepeated(pairs), body["body"]), method)


def over_wsgi(
    application: Any, headers: Headers, body: io.BytesIO, *, method: str = "POST", terminated: bool = False
) -> Response:
    """Sends a body to a WSGI application; if `terminated`, it says so itself where it ends."""
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "wsgi.input": body}
    if terminated:
        environ["wsgi.input_terminated"] = True
    for name, value in headers:
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    setup_testing_defaults(environ)
    started: list[tuple[str, Headers]] = []

    def start_response(status: str, response_headers: Headers) -> None:
        started.append((status, response_headers))

    content = b"".join(application(environ, start_response))
    [(status, response_headers)] = started
    return checked(Response(int(status[:3]), unrepeated(response_headers), content), method)


def unrepeated(pairs: Headers) -> dict[str, str]:
    headers = dict(pairs)
    assert len(headers) == len(pairs), "a header is there twice"
    return headers


def checked(response: Response, method: str) -> Response:
    """What holds for every response."""
    assert all(name == name.lower() for name in response.headers)
    if response.status == 204:
        assert not response.body
        assert "content-length" not in response.headers
    elif method == "HEAD":
        assert not response.body
    else:
        assert response.headers["content-length"] == str(len(response.body))
    return response
