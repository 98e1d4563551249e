"""Receivers in real servers, alone and behind a real proxy.

Requests that never end are for the server to give up: uvicorn, hypercorn, gunicorn and nginx have timeouts for them. A
receiver only must not let them hold up others.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from cevents import CloudEvent, TransportError, bindings, receivers
from cevents.transports.http import AsyncHttpSender, HttpSender
from tests.receivers import echo
from tests.receivers.samples import BATCH, BINARY, EVENT, EVENTS, STRUCTURED
from tests.servers import gunicorn, hypercorn, nginx, uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

ROOT = Path(__file__).parents[2]
TOO_LARGE = 2 * 1024 * 1024


@contextmanager
def behind_nginx(directory: Path, parser: Literal["h11", "httptools"], *, buffering: bool) -> Generator[str]:
    with (
        uvicorn.serving(echo.asgi, parser=parser) as upstream,
        nginx.proxying(upstream, directory=directory, buffering=buffering) as url,
    ):
        yield url


SERVERS: dict[str, Callable[[Path], AbstractContextManager[str]]] = {
    "uvicorn, h11": lambda directory: uvicorn.serving(echo.asgi, parser="h11"),
    "uvicorn, httptools": lambda directory: uvicorn.serving(echo.asgi, parser="httptools"),
    "hypercorn": lambda directory: hypercorn.serving(echo.asgi),
    "gunicorn": lambda directory: gunicorn.serving(
        "tests.receivers.echo:wsgi", directory=ROOT, log=directory / "gunicorn.log"
    ),
    "nginx, uvicorn, h11": lambda directory: behind_nginx(directory, "h11", buffering=True),
    "nginx unbuffered, uvicorn, httptools": lambda directory: behind_nginx(
        directory, "httptools", buffering=False
    ),
}


@pytest.fixture(scope="module", params=SERVERS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with SERVERS[request.param](tmp_path_factory.mktemp("server")) as served:
        yield served


class InOnePiece(http.client.HTTPConnection):
    """Sends a request in one piece, so that no answer can overtake a small body.

    Where one does, nginx without buffering closes the connection, whatever the receiver behind it says.
    """

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._pieces: list[bytes] = []
        super().request(*args, **kwargs)
        self.sock.sendall(b"".join(self._pieces))

    def send(self, data: Any) -> None:
        self._pieces.append(data)


def connected(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)


# ------------------------------------------------------------------------------------------------ round trips


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_events_come_back_as_they_were_sent(url: str, mode: Literal["binary", "structured"]) -> None:
    with HttpSender(url, mode=mode) as sender:
        for event in EVENTS.values():
            echoed = sender.send(event)
            assert echoed == event
            assert echoed is not None
            assert echoed.data_bytes == event.data_bytes


def test_batches_arrive(url: str) -> None:
    events = [event.replace(id=str(number)) for number, event in enumerate(EVENTS.values())]
    with HttpSender(url) as sender:
        reply = sender.send_batch(events)
    assert reply is not None
    assert reply.data == [event.id for event in events]


def test_message_of_the_standard_library_arrives(url: str) -> None:
    connection = connected(url)
    headers, body = bindings.http.encode(EVENTS["attributes that are percent-encoded"])
    connection.request("POST", "/", body, dict(headers))
    with connection.getresponse() as response:
        event = bindings.http.decode(response.getheaders(), response.read())
    connection.close()
    assert event == EVENTS["attributes that are percent-encoded"]


def test_receiver_can_be_mounted() -> None:
    """A mount of Starlette redirects from /in to /in/, which is why the examples use routes."""
    application = Starlette(routes=[Mount("/in", echo.asgi), Route("/events", echo.asgi)])
    with uvicorn.serving(application) as url:
        for path in ["/in/", "/in/any/where", "/events"]:
            assert send_to(f"{url}{path}") == EVENTS["bytes"]
        with pytest.raises(TransportError, match="redirect"):
            send_to(f"{url}/in")


def send_to(url: str) -> CloudEvent[Any] | None:
    with HttpSender(url) as sender:
        return sender.send(EVENTS["bytes"])


def test_connection_is_kept_through_all_kinds_of_answers(url: str) -> None:
    """Each answer says where it ends, and leaves nothing of itself or of a small body for the next to stumble upon."""
    requests: list[tuple[str, dict[str, str], bytes, int]] = [
        ("POST", dict(STRUCTURED), EVENT, 200),
        ("GET", {}, b"", 405),
        ("HEAD", {}, b"", 405),
        ("OPTIONS", {}, b"", 405),
        ("PUT", dict(BINARY), b"refused unread", 405),
        ("POST", {}, b"{}", 415),
        ("POST", dict(STRUCTURED), b"{", 400),
        ("POST", dict(BATCH), b"[]", 200),
        ("POST", dict(BINARY), b"", 200),
    ]
    connection = InOnePiece(url.removeprefix("http://"), timeout=20)
    connection.connect()
    first = connection.sock.getsockname()
    for method, headers, body, status in requests:
        connection.request(method, "/", body, headers)
        with connection.getresponse() as response:
            content = response.read()
        assert response.status == status
        assert bool(content) == (method != "HEAD" and (status != 200 or "content-type" in response.headers))
        if status == 405:
            assert response.headers["allow"] == "POST"
        assert connection.sock is not None, f"closed after {method} {status}"
    assert connection.sock.getsockname() == first
    connection.close()


# ----------------------------------------------------------------------------------------------------- bodies


def test_chunked_body_arrives(url: str) -> None:
    event = EVENTS["64 KiB of data"]
    headers, body = bindings.http.encode(event, "structured")
    chunks = (body[start : start + 1000] for start in range(0, len(body), 1000))
    response = httpx.post(url, headers=headers, content=chunks)
    assert "content-length" not in response.request.headers
    assert bindings.http.decode(response.headers, response.content) == event


def test_body_that_is_too_large_is_413(url: str) -> None:
    contents: list[Any] = [b"x" * TOO_LARGE, (b"x" * 65536 for _ in range(TOO_LARGE // 65536))]
    for content in contents:
        response = httpx.post(url, headers=BINARY, content=content)
        assert response.status_code == 413
        assert response.headers["content-type"] == "application/problem+json"


def test_body_that_is_too_large_is_refused_before_it_has_been_sent(
    url: str, request: pytest.FixtureRequest
) -> None:
    if "nginx, uvicorn" in request.node.callspec.params["url"]:
        headers: dict[str, str] = {
            "content-length": "9000000000"
        }  # this nginx waits for the body, and has its own limit
    else:
        headers = {"content-length": str(TOO_LARGE)}
    connection = connected(url)
    connection.request("POST", "/", headers={**dict(BINARY), **headers})
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize("name", ["uvicorn, h11", "uvicorn, httptools", "hypercorn", "gunicorn"])
def test_chunked_body_without_end_is_cut_off(name: str, tmp_path: Path) -> None:
    with SERVERS[name](tmp_path) as url:
        connection = connected(url)
        connection.putrequest("POST", "/")
        for header in [*BINARY, ("transfer-encoding", "chunked")]:
            connection.putheader(*header)
        connection.endheaders()
        size = 1024 * 1024 + 65536  # gunicorn reads on by some more than it is asked for
        connection.send(b"%x\r\n%b\r\n" % (size, b"x" * size))  # and no last chunk
        assert connection.getresponse().status == 413
        connection.close()


# ------------------------------------------------------------------------------------------------ raw senders


def raw(url: str, request: bytes) -> int:
    """The status of the answer to a request that no client library would write."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status


HEAD = (
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
    b"ce-specversion: 1.0\r\nce-source: /s\r\nce-type: t\r\n"
)


def test_repeated_header_is_refused(url: str, request: pytest.FixtureRequest) -> None:  # T22, T-HTTP-13
    status = raw(url, HEAD + b"ce-id: 1\r\nce-id: 2\r\n\r\n")
    expected = 200 if request.node.callspec.params["url"] == "gunicorn" else 400  # WSGI joins them: "1,2"
    assert status == expected


def test_raw_utf8_of_older_senders_is_refused_unless_lenient() -> None:  # T-HTTP-7
    got: list[CloudEvent[Any]] = []
    request = HEAD + b"ce-id: 1\r\nce-subject: " + "Grüße 😀".encode() + b"\r\n\r\n"
    for parser in ("h11", "httptools"):
        with uvicorn.serving(receivers.asgi(got.append), parser=parser) as url:
            assert raw(url, request) == 400
        with uvicorn.serving(receivers.asgi(got.append, lenient=True), parser=parser) as url:
            assert raw(url, request) == 204
    assert [event.subject for event in got] == ["Grüße 😀", "Grüße 😀"]


def test_spaces_around_a_value_are_none_of_it() -> None:
    """RFC 9110, section 5.5; uvicorn with httptools leaves those at the end to the application."""
    got: list[CloudEvent[Any]] = []
    with uvicorn.serving(receivers.asgi(got.append), parser="httptools") as url:
        assert raw(url, HEAD + b"ce-id:  \t1 \t \r\n\r\n") == 204
    assert [event.id for event in got] == ["1"]


def test_slow_request_does_not_hold_up_others(url: str) -> None:
    """Half a request stands open while others are served."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as slow:
        slow.sendall(HEAD.replace(b"Length: 0", b"Length: 100") + b"ce-id: 1\r\n\r\nhalf")
        with HttpSender(url) as sender:
            for _ in range(3):
                assert sender.send(EVENTS["required attributes alone"])


# ------------------------------------------------------------------------------------------------ concurrency


def numbered(count: int) -> list[CloudEvent[Any]]:
    return [CloudEvent(type="t", source="/s", id=str(number), data={"n": number}) for number in range(count)]


@pytest.mark.anyio
async def test_fifty_at_a_time() -> None:
    """The handler answers nobody before all fifty are there."""
    count = 50
    waiting = 0
    all_there = asyncio.Event()

    async def handle(event: CloudEvent[Any]) -> CloudEvent[Any]:
        nonlocal waiting
        waiting += 1
        if waiting == count:
            all_there.set()
        await asyncio.wait_for(all_there.wait(), 30)
        return event

    events = numbered(count)
    with uvicorn.serving(receivers.asgi(handle)) as url:
        async with AsyncHttpSender(url, timeout=30) as sender:
            replies = await asyncio.gather(*map(sender.send, events))
    assert replies == events


@pytest.mark.anyio
async def test_fifty_at_a_time_everywhere(url: str) -> None:
    events = numbered(50)
    async with AsyncHttpSender(url, mode="structured", timeout=30) as sender:
        assert await asyncio.gather(*map(sender.send, events)) == events


# --------------------------------------------------------------------------------------- answers of the proxy


def test_limit_of_the_proxy_is_a_final_error(tmp_path: Path) -> None:
    with (
        uvicorn.serving(echo.asgi) as upstream,
        nginx.proxying(upstream, directory=tmp_path, max_body_size="1k") as url,
        HttpSender(url) as sender,
        pytest.raises(TransportError) as raised,
    ):
        sender.send(EVENTS["64 KiB of data"])
    assert raised.value.status == 413
    assert not raised.value.retryable


def test_proxy_without_server_is_a_retryable_error(tmp_path: Path) -> None:
    with uvicorn.serving(echo.asgi) as gone:
        pass
    with (
        nginx.proxying(gone, directory=tmp_path) as url,
        HttpSender(url) as sender,
        pytest.raises(TransportError) as raised,
    ):
        sender.send(EVENTS["bytes"])
    assert raised.value.status == 502
    assert raised.value.retryable


def test_problem_passes_the_proxy(tmp_path: Path) -> None:
    with (
        uvicorn.serving(echo.asgi) as upstream,
        nginx.proxying(upstream, directory=tmp_path) as url,
    ):
        response = httpx.post(url, headers=STRUCTURED, content=b"{}")
    assert response.status_code == 400
    assert {problem["attribute"] for problem in json.loads(response.content)["problems"]} >= {"specversion"}
