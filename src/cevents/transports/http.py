"""Sending events over HTTP, with httpx: `HttpSender`, and `AsyncHttpSender` for asyncio.

    with HttpSender("https://example.com/events") as sender:
        reply = sender.send(event)

What the network or the receiver does to an event is a `TransportError`; its `retryable` tells whether sending the same
event again, under the `id` that it has, can help. Nothing is sent again and no redirect followed by itself.

Errors and `repr` show scheme, host and path of a URL, never its user or its query, and no header. httpx logs the URLs
of its requests, at level INFO: those of a sender's own client without the query, those of a caller's client whole.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Literal, Self, TypeVar

import msgspec

from cevents import formats
from cevents.bindings import http
from cevents.bindings.http import HttpMessage
from cevents.errors import CloudEventError, InvalidEvent, NotACloudEvent, TransportError, excerpt
from cevents.event import CloudEvent

try:
    import httpx
except ModuleNotFoundError as error:
    if error.name != "httpx":
        raise
    message = "cevents.transports.http needs httpx: pip install 'cevents[http]'"
    raise ModuleNotFoundError(message, name="httpx") from None

__all__ = ["AsyncHttpSender", "HttpSender"]

_Client = TypeVar("_Client", httpx.Client, httpx.AsyncClient)

_KEPT = 4096  # bytes of an answer that an error holds
_TIMEOUT = 10.0
_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})  # WH-2.2-m
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110: token
_HEADER_VALUE = re.compile(r"(?:[!-~](?:[ \t!-~]*[!-~])?)?")  # RFC 9110: field-value, here of ASCII
_WRITTEN_HERE = re.compile("ce-.*|content-.*|transfer-encoding|accept-encoding", re.IGNORECASE)
_DELAY_SECONDS = re.compile("[0-9]{1,9}")  # RFC 9110: delay-seconds, of some sane length


class _Sender(Generic[_Client]):
    """All of a sender but the exchange itself, which either waits or awaits."""

    _new_client: type[_Client]

    def __init__(
        self,
        url: str,
        *,
        mode: Literal["binary", "structured"] = "binary",
        format: str = "json",
        headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        client: _Client | None = None,
        max_reply_size: int = 1024 * 1024,
        lenient: bool = False,
    ) -> None:
        """Make a sender to `url`; it connects when the first event is sent.

        Args:
            url: an absolute http or https URL; a user and password in it are sent as Basic credentials.
            mode: how single events are written.
            format: the event format of structured mode and of batches, by name or media type.
            headers: sent with each event, such as `{"authorization": "Bearer ..."}`.
            timeout: seconds for connecting and for each wait after it, or an `httpx.Timeout`; when left out 10, or
                what the `client` has.
            client: an httpx client of the caller's, used with all its settings but that of following redirects, and
                neither changed nor closed.
            max_reply_size: bytes of the longest reply.
            lenient: how replies are read, see `bindings.http.decode`.

        Raises:
            ValueError: for a `url`, `mode` or `headers` that cannot be used.
            UnsupportedFormat: for a `format` that is not known.
        """
        self._url, self._auth = _target(url)
        if mode not in ("binary", "structured"):
            raise ValueError('mode must be "binary" or "structured"')
        formats.get(format)
        self._mode: Literal["binary", "structured"] = mode
        self._format = format
        self._headers = [_header(name, value) for name, value in (headers or {}).items()]
        if timeout is not None and not isinstance(timeout, int | float | httpx.Timeout):  # pyright: ignore[reportUnnecessaryIsInstance] # callers may have no types
            raise TypeError(f"timeout must be seconds or an httpx.Timeout, not {excerpt(timeout)}")
        if client is not None and not isinstance(client, self._new_client):
            raise TypeError(f"client must be an httpx.{self._new_client.__name__}, not {excerpt(client)}")
        self._owned = client is None
        self._client: _Client = self._new_client() if client is None else client
        self._timeout: Any = timeout
        if timeout is None:
            self._timeout = _TIMEOUT if client is None else httpx.USE_CLIENT_DEFAULT
        self._max_reply_size = max_reply_size
        self._lenient = lenient

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_shown(self._url)!r}, mode={self._mode!r})"

    def _encoded(self, event: CloudEvent[Any]) -> HttpMessage:
        if not isinstance(event, CloudEvent):  # pyright: ignore[reportUnnecessaryIsInstance] # callers may have no types
            raise TypeError(f"an event is wanted, not {excerpt(event)}")
        return http.encode(event, self._mode, self._format)

    def _encoded_batch(self, events: Iterable[CloudEvent[Any]]) -> HttpMessage:
        if isinstance(events, CloudEvent):
            raise TypeError("send_batch wants events, not one event")
        return http.encode_batch(events, self._format)

    def _request(self, message: HttpMessage) -> httpx.Request:
        request = self._client.build_request(
            "POST",
            self._url,
            headers=[*self._headers, ("accept-encoding", "identity"), *message.headers],
            content=message.body,
            timeout=self._timeout,
        )
        # The client may have headers of its own, but none that would be taken for the event's (T-HTTP-11).
        written = {name for name, _ in message.headers}
        for name in list(request.headers):
            if name not in written and (name == "content-type" or name.startswith("ce-")):
                del request.headers[name]
        if self._owned:
            request.url = _DiscreetURL(request.url)
        return request

    @contextmanager
    def _explained(self) -> Generator[None, None, None]:
        """Turn what httpx raises into `TransportError`."""
        try:
            yield
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            what = f"cannot be sent ({type(error).__name__})"  # without its text, which may quote a header
            raise TransportError(f"POST {_shown(self._url)} {what}", retryable=False) from None
        except httpx.HTTPError as error:
            what = f"failed: {type(error).__name__} {excerpt(str(error))}"
            raise TransportError(f"POST {_shown(self._url)} {what}", retryable=True) from error

    def _result(self, response: httpx.Response, reply: _Reply) -> CloudEvent[Any] | None:
        """Return the event that an answer carries, or raise for an answer that is not a success."""
        if not response.is_success:
            what = f"was answered {response.status_code}{_reason(response, reply)}"
            raise self._error(response, what, reply.body[:_KEPT])
        headers = response.headers.multi_items()
        if reply.coded or not reply.complete:
            if http.content_mode(headers) == "binary" and "ce-specversion" not in response.headers:
                return None
            raise self._error(response, "was successful, but the reply is too long, incomplete or compressed")
        try:
            return http.decode(headers, reply.body, lenient=self._lenient)
        except NotACloudEvent:
            return None
        except CloudEventError as error:
            problem = error.problems[0] if isinstance(error, InvalidEvent) else error
            raise self._error(response, f"was successful, but the reply is not valid: {problem}") from error

    def _error(self, response: httpx.Response, what: str, answer: bytes = b"") -> TransportError:
        return TransportError(
            f"POST {_shown(self._url)} {what}",
            retryable=response.status_code in _RETRYABLE,
            status=response.status_code,
            retry_after=_seconds(response.headers.get("retry-after")),
            answer=answer,
        )


class HttpSender(_Sender[httpx.Client]):
    """Sends events to a URL, each in a POST request, over connections that are kept open.

    A context manager; without `with`, call `close`. One sender serves any number of threads at a time.
    """

    _new_client = httpx.Client

    def send(self, event: CloudEvent[Any]) -> CloudEvent[Any] | None:
        """Send one event; return the event in the answer, None if there is none.

        Raises `TransportError`; before anything is sent `InvalidEvent` or `DataError` for an event that this mode
        cannot carry.
        """
        return self._exchange(self._encoded(event))

    def send_batch(self, events: Iterable[CloudEvent[Any]]) -> CloudEvent[Any] | None:
        """Send events in one batch, to a receiver that asked for batches (`HTTP-3-a`); otherwise as `send`.

        Raises `UnsupportedBatch` for a format without batches.
        """
        return self._exchange(self._encoded_batch(events))

    def close(self) -> None:
        """Close the connections; a client of the caller's stays open."""
        if self._owned:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _exchange(self, message: HttpMessage) -> CloudEvent[Any] | None:
        with self._explained():
            response = self._client.send(
                self._request(message), auth=self._auth, stream=True, follow_redirects=False
            )
        reply = _Reply(response, self._max_reply_size)
        try:
            with reply.reading():
                for chunk in response.iter_bytes():
                    if not reply.takes(chunk):
                        break
        finally:
            response.close()
        return self._result(response, reply)


class AsyncHttpSender(_Sender[httpx.AsyncClient]):
    """`HttpSender` for asyncio: an async context manager; without `async with`, call `aclose`.

    One sender serves any number of tasks at a time.
    """

    _new_client = httpx.AsyncClient

    async def send(self, event: CloudEvent[Any]) -> CloudEvent[Any] | None:
        """Send one event, as `HttpSender.send` does."""
        return await self._exchange(self._encoded(event))

    async def send_batch(self, events: Iterable[CloudEvent[Any]]) -> CloudEvent[Any] | None:
        """Send events in one batch, as `HttpSender.send_batch` does."""
        return await self._exchange(self._encoded_batch(events))

    async def aclose(self) -> None:
        """Close the connections; a client of the caller's stays open."""
        if self._owned:
            await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _exchange(self, message: HttpMessage) -> CloudEvent[Any] | None:
        with self._explained():
            response = await self._client.send(
                self._request(message), auth=self._auth, stream=True, follow_redirects=False
            )
        reply = _Reply(response, self._max_reply_size)
        try:
            with reply.reading():
                async for chunk in response.aiter_bytes():
                    if not reply.takes(chunk):
                        break
        finally:
            await response.aclose()
        return self._result(response, reply)


class _Reply:
    """The body of an answer, as far as it is read."""

    def __init__(self, response: httpx.Response, limit: int) -> None:
        self._body = bytearray()
        self._limit = limit
        self.complete = True
        # No coding was asked for, and httpx shall not undo one: a short body could grow beyond any limit.
        self.coded = response.headers.pop("content-encoding", "identity") != "identity"

    def takes(self, chunk: bytes) -> bool:
        """Keep a chunk; false when there is no room for it."""
        self._body += chunk
        self.complete = len(self._body) <= self._limit
        return self.complete

    @contextmanager
    def reading(self) -> Generator[None, None, None]:
        """Let a connection break: the status is there already, and tells whether the event was taken."""
        try:
            yield
        except httpx.HTTPError:
            self.complete = False

    @property
    def body(self) -> bytes:
        return bytes(self._body)


class _DiscreetURL(httpx.URL):
    """A URL that shows no query, since httpx logs the URL of every request (T-WH-9)."""

    def __str__(self) -> str:
        return _shown(self)


def _shown(url: httpx.URL) -> str:
    host = url.raw_host.decode("ascii")
    port = "" if url.port is None else f":{url.port}"
    path = url.raw_path.partition(b"?")[0].decode(
        "ascii"
    )  # still percent-encoded: no control characters in a log
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}{port}{path}"


def _target(url: str) -> tuple[httpx.URL, Any]:
    """Return a URL without its user and password, and these as httpx takes them."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError):
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(
            "url must be an absolute http or https URL"
        )  # not shown, since it may hold a password
    if not parsed.userinfo:
        return parsed, httpx.USE_CLIENT_DEFAULT
    return parsed.copy_with(userinfo=b""), httpx.BasicAuth(parsed.username, parsed.password)


def _header(name: str, value: str) -> tuple[str, str]:
    """Refuse what could not be sent, or would be something else on the other side; values are not shown."""
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"{excerpt(name)} is not the name of a header")
    if _WRITTEN_HERE.fullmatch(name):
        raise ValueError(f"the header {excerpt(name)} is written by the sender")
    if not (isinstance(value, str) and _HEADER_VALUE.fullmatch(value)):  # pyright: ignore[reportUnnecessaryIsInstance] # callers may have no types
        raise ValueError(
            f"the value of the header {excerpt(name)} must be printable ASCII without outer spaces"
        )
    return name, value


def _reason(response: httpx.Response, reply: _Reply) -> str:
    """What a problem document (RFC 9457) says of itself."""
    if response.is_redirect:
        return ", a redirect, which is not followed"
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        try:
            document = msgspec.json.decode(reply.body, type=dict[str, Any])
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return ""
        if isinstance(document.get("detail"), str):
            return f": {excerpt(document['detail'])}"
    return ""


def _seconds(retry_after: str | None) -> float | None:
    """Read a Retry-After: seconds, or a date in one of the three spellings of HTTP; None for anything else (T-WH-5)."""
    text = (retry_after or "").strip()
    if _DELAY_SECONDS.fullmatch(text):
        return float(text)
    try:
        when = parsedate_to_datetime(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        return max(0.0, (when - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
