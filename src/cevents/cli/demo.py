"""`cevents demo`: events over HTTP within this machine, with the bytes as they were on the wire."""

from __future__ import annotations

import io
import socketserver
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import click
import msgspec

from cevents.bindings import http
from cevents.bindings.http import HttpMessage
from cevents.cli._program import NotUsable, has_colours
from cevents.event import CloudEvent
from cevents.receivers import wsgi

__all__ = ["command"]

_HOST = "127.0.0.1"
_TIMEOUT = 1.0  # seconds a side waits for the other; three messages that fail are over in time, too


@click.command(
    "demo",
    short_help="Send events to a receiver on this machine and show both sides.",
    epilog="""\b
Examples:
  cevents demo
  cevents demo | less
""",
)
def command() -> int:
    """Start a receiver on the loopback interface, send it events in the three content modes of HTTP, and show each
    message as it was on the wire and the events that came out.

    Ends by itself in less than five seconds. Exit status: 0 when all events came out equal to those that were sent,
    1 when some did not, 2 when there is no loopback interface.
    """  # noqa: D205 - click makes one paragraph of it
    page: _Page = _ColouredPage() if has_colours(sys.stdout) else _Page()
    order, note = _events()
    messages = [
        ("Binary mode: attributes are headers, the data is the body", http.encode(order, "binary"), [order]),
        ("Structured mode: the event is the body", http.encode(order, "structured"), [order]),
        ("Batched mode: events are the body", http.encode_batch([order, note]), [order, note]),
    ]
    all_equal = True
    with _receiver() as server:
        page.say(f"A receiver listens on http://{_HOST}:{server.server_port}/ until this ends.")
        for title, message, sent in messages:
            page.heading(title)
            page.show(_exchanged(server, message))
            equal = server.received == sent
            for event in server.received:
                page.event(event)
            page.verdict(equal, f"{len(sent)} sent, {len(server.received)} came out")
            all_equal = all_equal and equal
    return 0 if all_equal else 1


def _events() -> tuple[CloudEvent[Any], CloudEvent[Any]]:
    order: CloudEvent[Any] = CloudEvent(
        type="com.example.order.created",
        source="/orders",
        subject="7 cups of café",
        data={"order": 7, "total": 19.90},
        partitionkey="eu",
    )
    note: CloudEvent[Any] = CloudEvent(
        type="com.example.order.noted",
        source="/orders",
        datacontenttype="text/plain",
        data="Leave it with the neighbours.",
        attempt=1,
    )
    return order, note


# ------------------------------------------------------------------------------------------------- both sides


class _Wire(NamedTuple):
    """What went over a connection."""

    request: bytes
    answer: bytes


class _Server(WSGIServer):
    """A WSGI server that keeps what it saw of the last connection."""

    def __init__(self) -> None:
        self.received: list[CloudEvent[Any]] = []
        self.request_bytes, self.answer_bytes = bytearray(), bytearray()
        self.done = threading.Event()  # with the last connection
        super().__init__((_HOST, 0), _Handler)
        self.set_app(wsgi(self.received.append, batch_handler=self.received.extend))

    def server_bind(self) -> None:
        """Bind, but do not ask the DNS for this machine's name, which can take long."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = _HOST, self.socket.getsockname()[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: that no answer came is shown on the sender's side."""

    def forget(self) -> None:
        """Begin anew."""
        self.done.clear()
        self.received.clear()
        self.request_bytes.clear()
        self.answer_bytes.clear()


class _Handler(WSGIRequestHandler):
    timeout = _TIMEOUT

    def setup(self) -> None:
        """Put what keeps the bytes between the socket and those who read and write."""
        super().setup()
        server = cast("_Server", self.server)
        self.rfile = io.BufferedReader(
            _Kept(self.connection.makefile("rb", buffering=0), server.request_bytes)
        )
        self.wfile = cast("Any", _Kept(self.connection.makefile("wb", buffering=0), server.answer_bytes))

    def finish(self) -> None:
        """Tell that nothing more will be written."""
        try:
            super().finish()
        finally:
            cast("_Server", self.server).done.set()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: what happens is shown in full."""


class _Kept(io.RawIOBase):
    """One direction of a socket, and a copy of all that passes."""

    def __init__(self, socket: Any, kept: bytearray) -> None:
        self._socket = socket
        self._kept = kept

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        got: int = self._socket.readinto(buffer) or 0
        self._kept += memoryview(buffer)[:got]
        return got

    def write(self, text: Any) -> int:
        put: int = self._socket.write(text) or 0
        self._kept += memoryview(text)[:put]
        return put

    def close(self) -> None:
        self._socket.close()
        super().close()


@contextmanager
def _receiver() -> Generator[_Server, None, None]:
    try:
        server = _Server()
    except OSError as error:
        raise NotUsable(f"a receiver cannot listen on {_HOST}: {error.strerror}") from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_TIMEOUT)


def _exchanged(server: _Server, message: HttpMessage) -> _Wire:
    """Send a message and return what the server saw, once it has answered."""
    server.forget()
    connection = HTTPConnection(_HOST, server.server_port, timeout=_TIMEOUT)
    try:
        connection.request("POST", "/", message.body, dict(message.headers))
        connection.getresponse().read()
        server.done.wait(
            _TIMEOUT
        )  # the sender does not read all: it knows that an answer without content is over
    except (OSError, HTTPException) as error:
        return _Wire(bytes(server.request_bytes), f"No answer: {error}".encode())
    finally:
        connection.close()
    return _Wire(bytes(server.request_bytes), bytes(server.answer_bytes))


# --------------------------------------------------------------------------------------------------- the page


class _Page:
    """What is shown, as plain text."""

    def say(self, text: str, style: str = "") -> None:  # noqa: ARG002 - for who has styles
        """Print a line."""
        click.echo(text)

    def heading(self, title: str) -> None:
        """Print the title of what follows."""
        self.say(f"\n== {title}")

    def show(self, wire: _Wire) -> None:
        """Print both messages, line by line, with their bytes in the margin's direction."""
        self.say(f"\nOn the wire to the receiver, {len(wire.request)} bytes:", "bold")
        self._message("> ", wire.request)
        self.say(f"\nOn the wire back, {len(wire.answer)} bytes:", "bold")
        self._message("< ", wire.answer)

    def event(self, event: CloudEvent[Any]) -> None:
        """Print an event that came out."""
        self.say("\nThe event that came out:", "bold")
        for name in event.attributes:
            self.say(f"  {name:<16} {event.text(name)}")
        data = event.data if isinstance(event.data, str) else msgspec.json.encode(event.data).decode()
        self.say(f"  {'data':<16} {data}")

    def verdict(self, equal: bool, numbers: str) -> None:
        """Print whether all is well."""
        self.say(f"\n{'Equal' if equal else 'NOT EQUAL'}: {numbers}", "bold green" if equal else "bold red")

    def _message(self, margin: str, message: bytes) -> None:
        head, blank, body = message.partition(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            self.say(margin + _shown(line), "cyan")
        if blank:
            self.say(margin.rstrip())
        for line in body.splitlines():
            self.say(margin + _shown(line))


class _ColouredPage(_Page):
    """The same for a terminal."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console()

    def say(self, text: str, style: str = "") -> None:
        self._console.print(text, style=style or None, markup=False, highlight=False, soft_wrap=True)

    def heading(self, title: str) -> None:
        self._console.print()
        self._console.rule(title)


def _shown(line: bytes) -> str:
    text = line.decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
