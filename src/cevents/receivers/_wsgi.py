"""The receiver as a WSGI application (PEP 3333)."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from cevents.bindings._headers import Headers
from cevents.event import CloudEvent
from cevents.receivers._answer import Answer, Message, Receiver, Refused, Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIEnvironment

__all__ = ["WsgiReceiver"]


class WsgiReceiver(Receiver[Callable[[CloudEvent[Any]], Reply], Callable[[list[CloudEvent[Any]]], Reply]]):
    """A WSGI application that calls `handler` with each event; for gunicorn, Flask, Django and their like.

    Servers hand on a header that came twice as one, joined with a comma, so that repeats cannot be refused here. The
    application serves every path it is mounted at. Options and answers: see `Receiver`.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Serve one request."""
        method = environ["REQUEST_METHOD"]
        answer = self._answer(method, environ, environ.get("CONTENT_LENGTH"), lambda: self._body(environ))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", answer.headers)
        return [] if method == "HEAD" or not answer.body else [answer.body]

    def answer(self, method: str, headers: Headers, body: bytes) -> Answer:
        """Return the answer to a request that somebody else has read, such as a framework's view."""
        return self._answer(method, headers, None, lambda: body)

    def _answer(
        self, method: str, headers: Headers, content_length: str | None, read_body: Callable[[], bytes]
    ) -> Answer:
        message: Message | None = None
        try:
            self._admit(method, headers, content_length)
            message = self._read(headers, read_body())
            return self._reply(self._handler_of(message)(message))
        except Exception as error:  # noqa: BLE001 - every failure has its answer
            return self._failed(error, message)

    def _body(self, environ: WSGIEnvironment) -> bytes:
        """Read the body to its end, wherever the server says that it is, but no more than it may have."""
        declared = environ.get("CONTENT_LENGTH")
        if declared:
            wanted = int(declared)  # `_admit` has seen that it is a number within the limit
        elif environ.get("wsgi.input_terminated"):
            wanted = self._max_body_size + 1
        elif environ.get("HTTP_TRANSFER_ENCODING"):  # reading on could wait forever
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "This server needs a Content-Length.")
        else:
            return b""
        try:
            body = _exactly(environ["wsgi.input"], wanted)
        except OSError:  # what servers raise when the client goes away, or sends bad chunks
            body = None
        if body is None or (declared and len(body) < wanted):
            raise Refused(HTTPStatus.BAD_REQUEST, "The body ended early.")
        return body


def _exactly(stream: InputStream, size: int) -> bytes:
    """Read `size` bytes, or to the end: one call may give fewer, and must not ask for more."""
    body = bytearray()
    while len(body) < size:
        chunk = stream.read(min(size - len(body), 65536))
        if not chunk:
            break
        body += chunk
    return bytes(body)
