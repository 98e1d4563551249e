"""What a receiver answers: all of a receiver but its I/O, so that ASGI and WSGI are thin shells around it.

A shell calls `_admit` with what stands before the body, `_read` with the body, its handler with the message, and
`_reply` with what the handler returned. Whatever is raised on the way goes to `_failed`. These two give the `Answer`.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar

import msgspec

from cevents import formats
from cevents.bindings import http
from cevents.bindings._headers import Headers, pairs
from cevents.errors import (
    CloudEventError,
    DataError,
    InvalidEvent,
    Problem,
    UnsupportedBatch,
    UnsupportedFormat,
    excerpt,
    legible,
)
from cevents.event import CloudEvent

__all__ = ["Answer", "Message", "OnError", "Receiver", "Refused", "Reply"]

logger = logging.getLogger("cevents.receivers")

Message: TypeAlias = CloudEvent[Any] | list[CloudEvent[Any]]
"""What a handler is called with: an event, or the events of a batch."""

Reply: TypeAlias = CloudEvent[Any] | None
"""What a handler gives back: an event to be answered, or None."""

OnError: TypeAlias = Callable[[Exception, Message | None], object]
"""Is told of every failure: the exception, and the message unless it could not be read."""

Handler = TypeVar("Handler", bound=Callable[..., Any])
BatchHandler = TypeVar("BatchHandler", bound=Callable[..., Any])

LEAST_BODY_SIZE = 64 * 1024  # CE-size-b
_SHOWN_PROBLEMS = 20
_USUAL = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.BAD_REQUEST})  # who strolls by, or hangs up
_MEMBERS = ("requirement", "attribute", "message", "value", "hint", "index", "position")


class Answer(NamedTuple):
    """A response: status code, headers as pairs with names in lower case, body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Refused(CloudEventError):
    """A request that is refused before anybody looks for an event in it."""

    def __init__(self, status: HTTPStatus, detail: str, *headers: tuple[str, str]) -> None:
        super().__init__(detail)
        self.http_status = status
        self.headers = headers


class Receiver(Generic[Handler, BatchHandler]):
    """What `asgi` and `wsgi` have in common: the options, and which answer is given when.

    `handler` is called with the event of a request. It returns an event as the reply, or None. A batch goes to
    `batch_handler`, in one call with the list of events, so that it succeeds or fails as a whole, as the sender of it
    will see it; without a `batch_handler` batches are refused, since nobody asked for them (`HTTP-3-a`).

    Args:
        handler: called with each event.
        batch_handler: called with the events of each batch.
        lenient: mend what real peers get wrong, as in `bindings.http.decode`; the event's `repairs` tell what.
        max_body_size: bytes of the largest body; at least 64 KiB (`CE-size-b`).
        max_batch: the number of events in the longest batch.
        methods: the request methods that carry events (any with a body may, `HTTP-1.2-a`).
        reply_mode: "binary" or "structured", for the event that a handler returns.
        reply_format: the event format of structured replies, by name or media type.
        accepted: answer 202 instead of 204 where there is no reply: the event is kept, but not processed yet.
        on_error: called with the exception and the message (None if it could not be read) whenever the answer is an
            error, for counting or keeping; what it returns or raises changes nothing. Must not block.

    Answers:

    - 200: the handler returned an event, which is the answer
    - 204, or 202 if `accepted`: the handler returned None
    - 400: not a valid event (`InvalidEvent`), or the handler found its data wanting (`DataError`)
    - 405: another method than `methods`
    - 411: a body without Content-Length, over WSGI, from a server that does not tell where it ends
    - 413: more than `max_body_size` or `max_batch`
    - 415: no event, an unknown format, a batch where none is wanted, a body that is compressed
    - 500: the handler raised anything else, which is logged with source and id of the event, but not its data

    Errors are answered with problem documents (RFC 9457) whose member `problems` lists everything that is wrong with
    an event: requirement, message, and where it is known attribute, value, index and position. Of any input they show
    80 escaped characters at most, and nothing of what the handler raised, but for 500 characters of a `DataError`.

    Slow senders, idle connections and the number of connections are the server's to limit: uvicorn, hypercorn,
    gunicorn and nginx have timeouts for them.
    """

    _awaits = False
    """Whether handlers may be coroutine functions."""

    def __init__(
        self,
        handler: Handler,
        *,
        batch_handler: BatchHandler | None = None,
        lenient: bool = False,
        max_body_size: int = 1024 * 1024,
        max_batch: int = 1000,
        methods: Collection[str] = ("POST",),
        reply_mode: Literal["binary", "structured"] = "binary",
        reply_format: str = "json",
        accepted: bool = False,
        on_error: OnError | None = None,
    ) -> None:
        self._check_handler(handler, "handler")
        if batch_handler is not None:
            self._check_handler(batch_handler, "batch_handler")
        if max_body_size < LEAST_BODY_SIZE:
            raise ValueError(f"max_body_size must be at least {LEAST_BODY_SIZE}, which every receiver takes")
        if reply_mode not in ("binary", "structured"):
            raise ValueError('reply_mode must be "binary" or "structured"')
        if isinstance(methods, str):
            raise TypeError('methods must be a collection such as ("POST", "PUT")')
        self._handler = handler
        self._batch_handler = batch_handler
        self._lenient = lenient
        self._max_body_size = max_body_size
        self._max_batch = max_batch
        self._methods = tuple(method.upper() for method in methods)
        self._reply_mode: Literal["binary", "structured"] = reply_mode
        self._reply_format = formats.get(reply_format).name
        self._accepted = accepted
        self._on_error = on_error

    def _check_handler(self, handler: object, name: str) -> None:
        if not callable(handler):
            raise TypeError(f"{name} must be a function, not {excerpt(handler)}")
        if not self._awaits and inspect.iscoroutinefunction(handler):
            raise TypeError(f"{name} is a coroutine function, which only receivers.asgi can call")

    def _admit(self, method: str, headers: Headers, content_length: str | None) -> None:
        """Refuse what needs no look at the body, so that nobody waits for it."""
        if method not in self._methods:  # WH-2.1-b, and WH-4.2-c: there is no handshake here
            allowed = ", ".join(self._methods)
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, f"Events come by {allowed}.", ("allow", allowed))
        coding = next((value for name, value in pairs(headers) if name == "content-encoding"), "identity")
        if coding.lower() not in ("", "identity"):
            detail = f"The body is coded ({excerpt(coding)}); send it as it is."
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, ("accept-encoding", "identity"))
        if self._batch_handler is None and http.content_mode(headers) == "batch":
            raise UnsupportedBatch("Batches were not asked for here; send each event by itself.")
        if content_length:
            self._check_size(_length(content_length))

    def _check_size(self, size: int) -> None:
        if size > self._max_body_size:
            raise Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body may have at most {self._max_body_size} bytes."
            )

    def _read(self, headers: Headers, body: bytes) -> Message:
        """Return the event or the batch of a request; raises `CloudEventError`."""
        self._check_size(len(body))
        if self._batch_handler is None or http.content_mode(headers) != "batch":
            return http.decode(headers, body, lenient=self._lenient)
        events = http.decode_batch(headers, body, lenient=self._lenient)
        if len(events) > self._max_batch:
            raise Refused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A batch may have at most {self._max_batch} events."
            )
        return events

    def _handler_of(self, message: Message) -> Any:
        return self._batch_handler if isinstance(message, list) else self._handler

    def _reply(self, returned: Any) -> Answer:
        """Return the answer for what a handler returned."""
        if returned is None:
            if self._accepted:
                return Answer(HTTPStatus.ACCEPTED.value, [("content-length", "0")], b"")  # WH-2.2-g
            return Answer(HTTPStatus.NO_CONTENT.value, [], b"")  # WH-2.2-f
        if not issubclass(type(returned), CloudEvent):
            raise TypeError(f"the handler returned {excerpt(returned)}; it must return an event or None")
        try:
            headers, body = http.encode(returned, self._reply_mode, self._reply_format)
        except CloudEventError as error:  # of our own making, whatever status it has for what others send
            raise RuntimeError("the reply cannot be encoded") from error
        return Answer(HTTPStatus.OK.value, [*headers, ("content-length", str(len(body)))], body)

    def _failed(self, error: Exception, message: Message | None) -> Answer:
        """Return the answer for whatever was raised before there was one; `message` if it had been read by then."""
        if message is None and isinstance(error, CloudEventError):
            is_usual = isinstance(error, Refused) and error.http_status in _USUAL
            logger.log(logging.INFO if is_usual else logging.WARNING, "refused a request: %s", _brief(error))
            answer = _refusal(error)
        elif isinstance(error, DataError):
            reason = legible(str(error), 500)
            logger.warning("the data of %s was refused: %s", _named(message), reason)
            answer = _refusal(DataError(f"The data is not what is wanted here: {reason}"))
        else:
            logger.error("receiving %s failed", _named(message), exc_info=error)
            answer = _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The event could not be processed.")
        self._tell(error, message)
        return answer

    def _tell(self, error: Exception, message: Message | None) -> None:
        if self._on_error is not None:
            try:
                self._on_error(error, message)
            except Exception:  # it is the user's, and the answer does not depend on it
                logger.exception("on_error failed")


def _length(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Refused(HTTPStatus.BAD_REQUEST, "The Content-Length is not a number.")
    return int(text) if len(text) <= 20 else 10**20  # int() refuses thousands of digits


def _named(message: Message | None) -> str:
    """What the log says of a message: never its data (`CE-priv-a`)."""
    if message is None:
        return "a request"
    if isinstance(message, list):
        return f"a batch of {len(message)} events"
    return f"the event {excerpt(message.id)} of {excerpt(message.source)}"


def _refusal(error: CloudEventError) -> Answer:
    problems = error.problems if isinstance(error, InvalidEvent) else ()
    headers = error.headers if isinstance(error, Refused) else ()
    detail = _brief(error)
    if isinstance(error, UnsupportedFormat):  # what is installed here, or could be, is for the log
        detail = "The event format of this request is not supported here."
    return _problem(HTTPStatus(error.http_status), detail, problems, headers)


def _brief(error: CloudEventError) -> str:
    if not isinstance(error, InvalidEvent):
        return str(error)
    count = len(error.problems)
    more = f" and {count - 1} more" if count > 1 else ""
    return f"The event is not valid: {error.problems[0]}{more}"


def _problem(
    status: HTTPStatus,
    detail: str,
    problems: tuple[Problem, ...] = (),
    headers: tuple[tuple[str, str], ...] = (),
) -> Answer:
    """Return a problem document (RFC 9457)."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
    }
    if problems:
        document["problems"] = [
            {name: value for name in _MEMBERS if (value := getattr(problem, name)) is not None}
            for problem in problems[:_SHOWN_PROBLEMS]
        ]
    body = msgspec.json.encode(document)
    described = [
        ("content-type", "application/problem+json"),
        ("content-length", str(len(body))),
        ("x-content-type-options", "nosniff"),  # what it quotes of the input is never taken for HTML
    ]
    return Answer(status.value, [*described, *headers], body)
