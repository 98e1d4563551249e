"""Sending over HTTP: what goes over the wire, what comes back, and what is said when it fails."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import pickle
import subprocess
import sys
import time
import tracemalloc
from contextlib import AsyncExitStack, ExitStack, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

import httpx
import pytest

from cevents import CloudEvent, InvalidEvent, TransportError, UnsupportedFormat, bindings
from cevents.transports.http import AsyncHttpSender, HttpSender
from examples import send_http
from tests.servers.process import listening, url_of
from tests.servers.raw import HANG_UP, SILENCE, answering, response

if TYPE_CHECKING:
    from collections.abc import Callable

EVENT: CloudEvent[Any] = CloudEvent(
    type="t",
    source="/s",
    id="1",
    time="2026-11-24T09:00:00Z",
    subject="Euro € 😀",
    data={"id": 7},
    sequence="1",
)
NO_CONTENT = response(204)
PASSWORD = "made-up-password"
TOKEN = "made-up-token"


class Send(Protocol):
    """Sends with a new sender: one event, or a list of them as a batch.

    `client` has the options of an httpx client that the sender is given; the other options are the sender's.
    """

    def __call__(
        self,
        url: str,
        event: CloudEvent[Any] | list[CloudEvent[Any]] = EVENT,
        /,
        *,
        client: dict[str, Any] | None = None,
        **options: Any,
    ) -> CloudEvent[Any] | None: ...


def send_and_wait(
    url: str,
    event: CloudEvent[Any] | list[CloudEvent[Any]] = EVENT,
    /,
    *,
    client: dict[str, Any] | None = None,
    **options: Any,
) -> CloudEvent[Any] | None:
    with ExitStack() as stack:
        if client is not None:
            options["client"] = stack.enter_context(httpx.Client(**client))
        sender = stack.enter_context(HttpSender(url, **options))
        return sender.send_batch(event) if isinstance(event, list) else sender.send(event)


def send_and_await(
    url: str,
    event: CloudEvent[Any] | list[CloudEvent[Any]] = EVENT,
    /,
    *,
    client: dict[str, Any] | None = None,
    **options: Any,
) -> CloudEvent[Any] | None:
    async def send() -> CloudEvent[Any] | None:
        async with AsyncExitStack() as stack:
            if client is not None:
                options["client"] = await stack.enter_async_context(httpx.AsyncClient(**client))
            sender = await stack.enter_async_context(AsyncHttpSender(url, **options))
            return await (sender.send_batch(event) if isinstance(event, list) else sender.send(event))

    return asyncio.run(send())


@pytest.fixture(params=[send_and_wait, send_and_await], ids=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Send:
    chosen: Send = request.param
    return chosen


def failure(send: Send, url: str, **options: Any) -> TransportError:
    with pytest.raises(TransportError) as raised:
        send(url, **options)
    return raised.value


# --------------------------------------------------------------------------------------------------- requests


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_message_is_that_of_the_binding(send: Send, mode: Literal["binary", "structured"]) -> None:
    with answering(NO_CONTENT) as server:
        assert send(f"{server.url}/events/in?a=1", mode=mode) is None
    [request] = server.requests
    assert request.line == "POST /events/in?a=1 HTTP/1.1"
    headers, body = bindings.http.encode(EVENT, mode)
    assert request.body == body
    assert {name: request.headers[name] for name, _ in headers} == dict(headers)
    of_the_event = {name for name in request.headers if name.startswith("ce-") or name == "content-type"}
    assert of_the_event == dict(headers).keys()
    assert request.headers["accept-encoding"] == "identity"


def test_batch_is_one_request(send: Send) -> None:
    with answering(NO_CONTENT) as server:
        assert send(server.url, [EVENT, EVENT.replace(id="2")]) is None
    [request] = server.requests
    assert bindings.http.decode_batch(request.headers, request.body) == [EVENT, EVENT.replace(id="2")]


@pytest.mark.parametrize("data", [None, b"bytes"])
def test_no_content_type_is_invented(send: Send, data: bytes | None) -> None:  # T-HTTP-11
    with answering(NO_CONTENT) as server:
        send(server.url, CloudEvent(type="t", source="/s", data=data))
        defaults = {"Content-Type": "text/html", "CE-Subject": "not the event's", "X-Kept": "1"}
        send(server.url, CloudEvent(type="t", source="/s", data=data), client={"headers": defaults})
    for request in server.requests:
        assert "content-type" not in request.headers
        assert "ce-subject" not in request.headers
        assert request.headers["content-length"] == str(len(data or b""))
    assert server.requests[1].headers["x-kept"] == "1"


def test_headers_are_sent_with_each_event() -> None:
    with (
        answering(NO_CONTENT) as server,
        HttpSender(server.url, headers={"Authorization": "Bearer x"}) as sender,
    ):
        sender.send(EVENT)
        sender.send_batch([EVENT])
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer x", "Bearer x"]


def test_user_of_the_url_is_sent_as_credentials(send: Send) -> None:
    with answering(NO_CONTENT) as server:
        send(server.url.replace("//", f"//user:{PASSWORD}@"))
    credentials = server.requests[0].headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(credentials).decode() == f"user:{PASSWORD}"


def test_event_that_is_sent_again_is_the_same() -> None:  # T83
    unavailable = response(503)
    with answering(unavailable, NO_CONTENT) as server, HttpSender(server.url) as sender:
        event: CloudEvent[Any] = CloudEvent(type="t", source="/s", data={"id": 7})
        with pytest.raises(TransportError):
            sender.send(event)
        sender.send(event)
    first, second = server.requests
    assert first == second
    assert first.headers["ce-id"] == event.id


def test_connection_is_kept() -> None:
    answers = [
        response(200, body=b"ignored"),
        response(400, body=b"{}"),
        response(503),
        response(202),
        NO_CONTENT,
    ]
    with answering(*answers) as server, HttpSender(server.url) as sender:
        for _ in range(10):
            with suppress(TransportError):
                sender.send(EVENT)
    assert len(server.requests) == 10
    assert server.connections == 1


@pytest.mark.parametrize("event", [EVENT.replace(datacontenttype="application/cloudevents+json")])
def test_event_that_cannot_be_written_is_not_sent(send: Send, event: CloudEvent[Any]) -> None:
    with answering(NO_CONTENT) as server, pytest.raises(InvalidEvent):
        send(server.url, event)
    assert server.connections == 0


def test_mixed_batch_is_not_sent(send: Send) -> None:
    with answering(NO_CONTENT) as server, pytest.raises(InvalidEvent):
        send(server.url, [EVENT, EVENT.to_v03()])
    assert server.connections == 0


# ---------------------------------------------------------------------------------------------------- replies


@pytest.mark.parametrize("mode", ["binary", "structured"])
@pytest.mark.parametrize("status", [200, 201, 202])
def test_event_in_the_answer_is_returned(
    send: Send, status: int, mode: Literal["binary", "structured"]
) -> None:
    headers, body = bindings.http.encode(EVENT, mode)
    with answering(response(status, dict(headers), body)) as server:
        assert send(server.url) == EVENT


NO_REPLIES = {
    "204": NO_CONTENT,
    "200 without a body": response(200),
    "text": response(200, {"content-type": "text/plain"}, b"OK"),
    "JSON": response(201, {"content-type": "application/json"}, b"{}"),
    "broken JSON": response(200, {"content-type": "application/json"}, b"{"),
    "a long page": response(200, {"content-type": "text/html"}, b"x" * 3_000_000),
    "a body without end": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
    "gzip": response(200, {"content-encoding": "gzip"}, gzip.compress(b"{}")),
}


@pytest.mark.parametrize("name", NO_REPLIES)
def test_answer_without_an_event_is_none(send: Send, name: str) -> None:
    with answering(NO_REPLIES[name]) as server:
        assert send(server.url) is None


STRUCTURED = {"content-type": "application/cloudevents+json"}
BINARY = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
BAD_REPLIES = {
    "an invalid event": (response(200, STRUCTURED, b"{}"), "specversion"),
    "no JSON": (response(200, STRUCTURED, b"<"), "JSON"),
    "an unknown format": (response(200, {"content-type": "application/cloudevents+foo"}), "cloudevents+foo"),
    "a batch": (response(200, {"content-type": "application/cloudevents-batch+json"}, b"[]"), "batch"),
    "a header missing": (response(200, {"ce-specversion": "1.0"}), "id"),
    "too long": (response(200, BINARY, b"x" * 2_000_000), "too long"),
    "broken off": (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: application/cloudevents+json\r\n\r\n1\r\n{",
        "incomplete",
    ),
    "compressed unasked": (
        response(200, {**BINARY, "content-encoding": "gzip"}, gzip.compress(b"")),
        "compressed",
    ),
}


@pytest.mark.parametrize("name", BAD_REPLIES)
def test_event_in_the_answer_that_cannot_be_read_is_a_final_error(send: Send, name: str) -> None:
    """Final, since the receiver has taken the event that was sent."""
    answer, part = BAD_REPLIES[name]
    with answering(answer, HANG_UP) as server:
        error = failure(send, server.url)
    assert (error.retryable, error.status) == (False, 200)
    assert part in str(error)


def test_compressed_reply_is_not_expanded(send: Send) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with answering(response(200, {**BINARY, "content-encoding": "gzip"}, bomb)) as server:
        tracemalloc.start()
        try:
            assert not failure(send, server.url).retryable
            assert tracemalloc.get_traced_memory()[1] < 20_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.anyio
async def test_reply_that_is_too_long_does_not_keep_its_connection() -> None:
    """The pool has room for one connection, which the second event has to wait for."""
    pool: dict[str, Any] = {"limits": httpx.Limits(max_connections=1), "timeout": httpx.Timeout(10, pool=0.1)}
    with answering(NO_REPLIES["a long page"]) as server:
        with httpx.Client(**pool) as client, HttpSender(server.url, client=client) as sender:
            assert (sender.send(EVENT), sender.send(EVENT)) == (None, None)
        async with (
            httpx.AsyncClient(**pool) as asynchronous,
            AsyncHttpSender(server.url, client=asynchronous) as other,
        ):
            assert (await other.send(EVENT), await other.send(EVENT)) == (None, None)


def test_size_of_the_reply_can_be_chosen(send: Send) -> None:
    headers, body = bindings.http.encode(EVENT, "structured")
    with answering(response(200, dict(headers), body)) as server:
        assert send(server.url, max_reply_size=len(body)) == EVENT
        assert not failure(send, server.url, max_reply_size=len(body) - 1).retryable


def test_reply_can_be_read_leniently(send: Send) -> None:
    with answering(response(200, {**BINARY, "ce-subject": "100%"})) as server:
        assert failure(send, server.url).status == 200
        reply = send(server.url, lenient=True)
    assert reply is not None
    assert reply.subject == "100%"


# --------------------------------------------------------------------------------------------------- refusals

RETRYABLE = [408, 425, 429, 500, 502, 503, 504]
FINAL = [
    *(300, 301, 302, 303, 304, 305, 307, 308),
    *(
        400,
        401,
        402,
        403,
        404,
        405,
        406,
        409,
        410,
        411,
        412,
        413,
        414,
        415,
        417,
        418,
        422,
        426,
        428,
        431,
        451,
    ),
    *(501, 505, 506, 507, 508, 510, 511, 600, 999),
]


@pytest.mark.parametrize("status", [*RETRYABLE, *FINAL])
def test_status_tells_whether_to_try_again(send: Send, status: int) -> None:  # WH-2.2-m
    with answering(response(status)) as server:
        error = failure(send, server.url)
    assert len(server.requests) == 1
    assert error.status == status
    assert error.retryable == (status in RETRYABLE)
    assert str(status) in str(error)
    assert error.retry_after is None


@pytest.mark.parametrize("follows", [False, True])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(send: Send, status: int, follows: bool) -> None:  # T84, WH-2.2-c, T-WH-4
    client = {"follow_redirects": follows}
    with answering(NO_CONTENT) as elsewhere:
        for place in [f"{elsewhere.url}/stolen", "/moved", "//["]:
            with answering(response(status, {"location": place})) as server:
                error = failure(send, server.url, client=client, headers={"authorization": "Bearer x"})
            assert len(server.requests) == 1
            if place != "//[":  # this one httpx takes for a broken answer
                assert (error.status, error.retryable) == (status, False)
                assert "redirect" in str(error)
    assert elsewhere.connections == 0


def dated(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


RETRY_AFTER: dict[str, tuple[Callable[[], str], float | None]] = {
    "seconds": (lambda: "120", 120),
    "no seconds": (lambda: "0", 0),
    "a date": (lambda: format_datetime(dated(90), usegmt=True), 90),
    "a date of RFC 850": (lambda: f"{dated(90):%A, %d-%b-%y %H:%M:%S} GMT", 90),
    "a date of asctime": (lambda: f"{dated(90):%a %b %d %H:%M:%S %Y}", 90),
    "a date that is past": (lambda: "Fri, 31 Dec 1999 23:59:59 GMT", 0),
    "a negative number": (lambda: "-5", None),
    "a fraction": (lambda: "1.5", None),
    "a very large number": (lambda: "9" * 5000, None),
    "other digits": (lambda: "\N{SUPERSCRIPT TWO}", None),
    "nonsense": (lambda: "soon", None),
    "nothing": (lambda: "", None),
    "no such day": (lambda: "Fri, 99 Dec 1999 23:59:59 GMT", None),
    "no such zone": (lambda: "Fri, 31 Dec 9999 23:59:59 -9999", None),
}


@pytest.mark.parametrize("name", RETRY_AFTER)
def test_retry_after_is_read(send: Send, name: str) -> None:  # WH-2.2-k, T-WH-5, T84
    spelled, expected = RETRY_AFTER[name]
    with answering(response(429, {"retry-after": spelled()})) as server:
        error = failure(send, server.url)
    assert error.retryable
    if expected is None:
        assert error.retry_after is None
    else:
        assert error.retry_after == pytest.approx(expected, abs=5)


def test_problem_document_is_quoted(send: Send) -> None:  # WH-2.2-a
    def said(document: bytes, content_type: str = "application/problem+json") -> str:
        with answering(response(400, {"content-type": content_type}, document)) as server:
            return str(failure(send, server.url)).partition(" was answered ")[2]

    assert said(b'{"detail":"subject: must not be empty"}') == '400: "subject: must not be empty"'
    assert said(b'{"detail":"x"}', "application/problem+json; charset=utf-8") == '400: "x"'
    assert said(json.dumps({"detail": "<b>\n\x1b[31m" + "x" * 500}).encode()).count("x") < 80
    assert "\\x1b" in said(json.dumps({"detail": "\x1b[31m"}).encode())
    for silent in [b"", b"{", b"[]", b"{}", b'{"detail":5}', b"\xff", b"[" * 100_000]:
        assert said(silent) == "400"
    assert said(b'{"detail":"x"}', "application/json") == "400"


def test_an_error_holds_the_beginning_of_the_answer(send: Send) -> None:
    with answering(response(400, {}, b"x" * 5000)) as server:
        error = failure(send, server.url)
    assert error.answer == b"x" * 4096
    assert pickle.loads(pickle.dumps(error)).answer == error.answer


# ---------------------------------------------------------------------------------------------------- network


def test_refused_connection_is_retryable(send: Send) -> None:
    with listening() as listener:
        url = url_of(listener)
    error = failure(send, url)
    assert (error.retryable, error.status) == (True, None)
    assert "ConnectError" in str(error)


BROKEN = {
    "hung up": HANG_UP,
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "half of the headers": b"HTTP/1.1 200 OK\r\ncontent-le",
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_answer_is_retryable(send: Send, name: str) -> None:
    with answering(BROKEN[name]) as server:
        error = failure(send, server.url)
    assert (error.retryable, error.status) == (True, None)


def test_silence_is_retryable_after_the_timeout(send: Send) -> None:
    with answering(SILENCE) as server:
        started = time.monotonic()
        error = failure(send, server.url, timeout=0.1)
        assert time.monotonic() - started < 5
        assert (error.retryable, error.status) == (True, None)
        assert "ReadTimeout" in str(error)
        assert "ReadTimeout" in str(failure(send, server.url, timeout=httpx.Timeout(5, read=0.1)))


def test_timeout_of_the_client_is_kept(send: Send) -> None:
    with answering(SILENCE) as server:
        started = time.monotonic()
        assert "ReadTimeout" in str(failure(send, server.url, client={"timeout": 0.1}))
        assert time.monotonic() - started < 5


def test_there_is_a_timeout_unless_another_is_given() -> None:
    asked: list[Any] = []

    def handle_request(_: object, request: httpx.Request) -> httpx.Response:
        asked.append(request.extensions["timeout"])
        return httpx.Response(204)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.HTTPTransport, "handle_request", handle_request)
        send_and_wait("http://localhost/")
    [timeout] = asked
    assert set(timeout.values()) == {10.0}


def test_cancelled_task_leaves_the_sender_usable() -> None:
    async def cancelled() -> CloudEvent[Any] | None:
        with answering(SILENCE, NO_CONTENT) as server:
            async with AsyncHttpSender(server.url) as sender:
                sending = asyncio.ensure_future(sender.send(EVENT))
                assert await asyncio.to_thread(server.is_silent.wait, 60)
                sending.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await sending
                return await sender.send(EVENT)

    assert asyncio.run(cancelled()) is None


# ------------------------------------------------------------------------------------------------- discretion


@pytest.mark.parametrize("kind", ["own", "of the caller"])
@pytest.mark.parametrize("answer", [NO_CONTENT, HANG_UP, response(401), response(307, {"location": "/?a=b"})])
def test_secrets_are_not_shown(
    send: Send, kind: str, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:  # S5, WH-3.2-e, T-WH-9
    caplog.set_level(logging.DEBUG)
    client: dict[str, Any] | None = None if kind == "own" else {}
    with answering(answer) as server:
        url = f"{server.url}/path?access_token={TOKEN}".replace("//", f"//user:{PASSWORD}@")
        text = repr(HttpSender(url)) + repr(AsyncHttpSender(url))
        try:
            send(url, client=client, headers={"authorization": f"Bearer {TOKEN}"})
        except TransportError as error:
            text += str(error) + repr(error)
    assert server.requests[0].line == f"POST /path?access_token={TOKEN} HTTP/1.1"
    assert f"{server.url}/path" in text
    for secret in (PASSWORD, TOKEN, base64.b64encode(f"user:{PASSWORD}".encode()).decode()):
        assert secret not in text
        if kind == "own" or secret != TOKEN:  # httpx logs the query of a caller's client
            assert secret not in caplog.text


def test_header_that_cannot_be_sent_is_not_shown(send: Send) -> None:
    with answering(NO_CONTENT) as server:
        error = failure(send, server.url, client={"headers": {"authorization": f"Bearer {TOKEN}\n"}})
    assert not error.retryable
    assert error.__cause__ is None
    assert TOKEN not in str(error)
    assert "LocalProtocolError" in str(error)


# ----------------------------------------------------------------------------------------- client of a caller


def test_client_of_the_caller_is_used_and_left_as_it_was() -> None:  # S5
    with (
        answering(NO_CONTENT) as one,
        answering(NO_CONTENT) as other,
        httpx.Client(auth=("a", "b")) as client,
    ):
        before = (dict(client.headers), client.timeout, client.follow_redirects, client.auth)
        with HttpSender(one.url, client=client, headers={"x-secret": "1", "cookie": "c=1"}) as sender:
            sender.send(EVENT)
        with HttpSender(other.url, client=client) as sender:
            sender.send(EVENT)
        assert (dict(client.headers), client.timeout, client.follow_redirects, client.auth) == before
        assert not client.is_closed
    assert one.requests[0].headers["x-secret"] == "1"
    assert one.requests[0].headers["authorization"].startswith("Basic ")
    assert not {"x-secret", "cookie"} & other.requests[0].headers.keys()


def test_client_with_a_transport_for_tests(send: Send) -> None:
    """`httpx.MockTransport` gives answers that have been read already, as hooks that look into them do."""
    headers, body = bindings.http.encode(EVENT)

    def echo(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=headers, content=body)

    assert send("http://example.com/", client={"transport": httpx.MockTransport(echo)}) == EVENT


@pytest.mark.anyio
async def test_asynchronous_client_of_the_caller_is_left_open() -> None:
    with answering(NO_CONTENT) as server:
        async with httpx.AsyncClient() as client:
            async with AsyncHttpSender(server.url, client=client) as sender:
                await sender.send(EVENT)
            assert not client.is_closed


def test_own_client_is_closed() -> None:
    with answering(NO_CONTENT) as server:
        with HttpSender(server.url) as sender:
            sender.send(EVENT)
        with pytest.raises(RuntimeError, match="closed"):
            sender.send(EVENT)


# ---------------------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    "url",
    ["", "/events", "example.com", "ftp://example.com", "http://", "http:///x", f"http://u:{PASSWORD}@:x/",
     f"https://u:{PASSWORD}\n@example.com", f"http://u:{PASSWORD}\ud800@example.com", 5],
)  # fmt: skip
def test_url_must_be_absolute_and_is_not_shown(url: Any) -> None:
    with pytest.raises(ValueError, match="url must be an absolute http or https URL") as raised:
        HttpSender(url)
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize(
    "name", ["Content-Type", "content-length", "Transfer-Encoding", "CE-Id", "a b", "", "ä"]
)
def test_headers_of_the_message_cannot_be_given(name: str) -> None:
    with pytest.raises(ValueError, match="header"):
        HttpSender("http://localhost/", headers={name: "x"})


@pytest.mark.parametrize("value", [f"{TOKEN}\n", f"{TOKEN}\r\nx: y", f" {TOKEN}", f"{TOKEN}ä", f"{TOKEN}\0"])
def test_header_values_that_cannot_be_sent_are_refused_unshown(value: str) -> None:
    with pytest.raises(ValueError, match="authorization") as raised:
        HttpSender("http://localhost/", headers={"authorization": value})
    assert TOKEN not in str(raised.value)


@pytest.mark.parametrize("value", ["", "x", "Bearer a.b-c", "a\tb"])
def test_header_values_that_can_be_sent(value: str) -> None:
    with answering(NO_CONTENT) as server:
        send_and_wait(server.url, headers={"x-any": value})
    assert server.requests[0].headers["x-any"] == value


def test_what_is_no_argument() -> None:
    url = "http://127.0.0.1:9/"
    wrong: list[tuple[Any, str]] = [
        (lambda: HttpSender(url, timeout="5"), "timeout must be seconds"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested
        (lambda: HttpSender(url, client=httpx.AsyncClient()), r"client must be an httpx\.Client"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested
        (lambda: AsyncHttpSender(url, client=httpx.Client()), r"client must be an httpx\.AsyncClient"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested
        (lambda: HttpSender(url).send({"type": "t"}), "an event is wanted"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested
        (lambda: HttpSender(url).send_batch(CloudEvent(type="t", source="/s")), "not one event"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested
    ]
    for call, message in wrong:
        with pytest.raises(TypeError, match=message):
            call()
    with pytest.raises(ValueError, match='the header "x"'):
        HttpSender(url, headers={"x": 5})  # type: ignore[dict-item] # pyright: ignore[reportArgumentType] # tested


def test_other_options_are_checked_at_once() -> None:
    wrong: Any = "batch"
    with pytest.raises(ValueError, match="mode"):
        HttpSender("http://localhost/", mode=wrong)
    with pytest.raises(UnsupportedFormat):
        AsyncHttpSender("http://localhost/", format="none")


def test_repr_tells_where_to() -> None:
    sender = HttpSender("HTTPS://user@Example.com:8443/Ä b?q=1#f", mode="structured")
    assert repr(sender) == "HttpSender('https://example.com:8443/%C3%84%20b', mode='structured')"
    assert repr(HttpSender("http://[::1]:80/")) == "HttpSender('http://[::1]/', mode='binary')"


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("httpx", "ModuleNotFoundError: cevents.transports.http needs httpx: pip install 'cevents[http]'"),
        ("idna", "ModuleNotFoundError: import of idna halted; None in sys.modules"),
    ],
)
def test_missing_httpx_is_told_in_one_line(missing: str, told: str) -> None:
    """What httpx itself misses is told as it is."""
    program = f"import sys; sys.modules[{missing!r}] = None; import cevents.transports.http"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == told
    assert "During handling" not in result.stderr


# ---------------------------------------------------------------------------------------------------- example


def test_example_tries_again_as_it_was_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    answers = [HANG_UP, response(503, {"retry-after": "7"}), response(503), NO_CONTENT]
    with answering(*answers) as server, HttpSender(server.url) as sender:
        assert send_http.deliver(sender, EVENT) is None
    assert waited == [0.5, 7, 2.0]
    assert capsys.readouterr().out.count("trying again") == 3


@pytest.mark.parametrize(("answer", "sent"), [(response(400), 1), (response(503), 5)])
def test_example_gives_up(monkeypatch: pytest.MonkeyPatch, answer: bytes, sent: int) -> None:
    monkeypatch.setattr("time.sleep", id)
    with answering(answer) as server, HttpSender(server.url) as sender, pytest.raises(TransportError):
        send_http.deliver(sender, EVENT)
    assert len(server.requests) == sent
