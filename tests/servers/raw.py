"""A server that answers with given bytes, whatever they are, and keeps what it was sent."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from tests.servers.process import listening, url_of

if TYPE_CHECKING:
    from collections.abc import Generator

SILENCE = b"-"
"""The answer that never comes."""

HANG_UP = b""
"""The connection is closed instead of an answer."""


class Request(NamedTuple):
    line: str
    headers: dict[str, str]
    body: bytes


class RawServer:
    def __init__(self, listener: socket.socket, answers: tuple[bytes, ...]) -> None:
        self.url = url_of(listener)
        self.requests: list[Request] = []
        self.is_silent = threading.Event()
        """Set when a request came that gets no answer."""
        self.connections = 0
        self._answers = list(answers)
        self._listener = listener
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                self._threads.append(threading.Thread(target=self._serve, args=[connection], daemon=True))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream, suppress(OSError):
            while line := stream.readline().decode().strip():
                headers: dict[str, str] = {}
                while header := stream.readline().decode("latin-1").strip():
                    name, _, value = header.partition(":")
                    assert name.lower() not in headers, f"{name} was sent twice"
                    headers[name.lower()] = value.strip()
                body = stream.read(int(headers.get("content-length", "0")))
                self.requests.append(Request(line, headers, body))
                answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
                if answer == SILENCE:
                    self.is_silent.set()
                    stream.read()  # until the client gives up
                if answer in {SILENCE, HANG_UP}:
                    return
                connection.sendall(answer)
                if b"content-length" not in answer and b" 204 " not in answer and b" 304 " not in answer:
                    return  # the end of the connection is the end of the body

    def close(self) -> None:
        for one in [self._listener, *self._open]:
            with suppress(OSError):  # closed already
                one.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()


@contextmanager
def answering(*answers: bytes) -> Generator[RawServer]:
    """Answers requests in turn, and all that follow with the last answer."""
    server = RawServer(listening(), answers)
    try:
        yield server
    finally:
        server.close()


def response(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """The bytes of a response; 204 and 304 have no body."""
    lines = [f"HTTP/1.1 {status} Some reason"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if status not in {204, 304}:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
