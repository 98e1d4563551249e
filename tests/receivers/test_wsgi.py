"""What is special to WSGI: where a body ends, and what the standard asks of an application."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any
from wsgiref.validate import validator

import pytest

from cevents import CloudEvent, bindings, receivers
from tests.receivers.samples import BINARY, EVENT, EVENTS, STRUCTURED
from tests.receivers.shells import over_wsgi

if TYPE_CHECKING:
    from collections.abc import Callable

GOT: CloudEvent[Any] = CloudEvent(type="t", source="/s", id="1", time=None)


class Stream(io.BytesIO):
    """A stream that must not be read past its end, as a socket would block there, and that gives what it likes."""

    def __init__(self, content: bytes, step: int = 65536) -> None:
        super().__init__(content)
        self.step = step

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert 0 < size <= len(self.getvalue()) - self.tell(), "this would block"
        return super().read(min(size, self.step))


@pytest.mark.parametrize("step", [1, 7, 65536])
def test_exactly_the_declared_length_is_read(step: int) -> None:
    got: list[CloudEvent[Any]] = []
    headers = [*STRUCTURED, ("content-length", str(len(EVENT)))]
    assert over_wsgi(receivers.wsgi(got.append), headers, Stream(EVENT, step)).status == 204
    assert got == [GOT]


def test_what_follows_the_declared_length_is_left() -> None:
    stream = Stream(EVENT + b"GET / HTTP/1.1")
    headers = [*STRUCTURED, ("content-length", str(len(EVENT)))]
    assert over_wsgi(receivers.wsgi(lambda _: None), headers, stream).status == 204
    assert stream.tell() == len(EVENT)


def test_terminated_input_is_read_to_its_end() -> None:
    got: list[CloudEvent[Any]] = []
    headers = [*STRUCTURED, ("transfer-encoding", "chunked")]
    application = receivers.wsgi(got.append)
    assert over_wsgi(application, headers, io.BytesIO(EVENT), terminated=True).status == 204
    assert got == [GOT]


def test_terminated_input_is_cut_off_at_the_limit() -> None:
    stream = io.BytesIO(b"x" * 1_000_000)
    application = receivers.wsgi(lambda _: None, max_body_size=100_000)
    assert over_wsgi(application, BINARY, stream, terminated=True).status == 413
    assert stream.tell() == 100_001


def test_declared_length_that_is_too_large_is_refused_unread() -> None:
    for length in ["1048577", "9" * 5000]:
        headers = [*BINARY, ("content-length", length)]
        assert over_wsgi(receivers.wsgi(lambda _: None), headers, Stream(b"")).status == 413


def test_no_length_is_no_body() -> None:
    got: list[CloudEvent[Any]] = []
    for headers in [BINARY, [*BINARY, ("content-length", "")]]:
        assert over_wsgi(receivers.wsgi(got.append), headers, Stream(b"")).status == 204
    assert not any(event.has_data for event in got)


def test_body_whose_end_nobody_knows_is_411() -> None:
    headers = [*BINARY, ("transfer-encoding", "chunked")]
    assert over_wsgi(receivers.wsgi(lambda _: None), headers, Stream(b"")).status == 411


@pytest.mark.parametrize("length", ["-1", "1.5", "+1", "one"])
def test_length_that_is_no_number_is_400(length: str) -> None:
    headers = [*BINARY, ("content-length", length)]
    assert over_wsgi(receivers.wsgi(lambda _: None), headers, Stream(b"")).status == 400


class Broken(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise ConnectionResetError


@pytest.mark.parametrize("stream", [io.BytesIO(b"half"), io.BytesIO(), Broken()])
def test_client_that_goes_away_is_not_taken_for_a_whole_body(
    stream: io.BytesIO, caplog: pytest.LogCaptureFixture
) -> None:
    headers = [*BINARY, ("content-length", "8")]
    assert over_wsgi(receivers.wsgi(lambda _: pytest.fail("called")), headers, stream).status == 400
    assert not caplog.records


HANDLERS: dict[str, Callable[[CloudEvent[Any]], CloudEvent[Any] | None]] = {
    "none": lambda _: None,
    "an event": lambda _: EVENTS["every kind of attribute"],
    "a failure": lambda event: event.data_as(type(GOT)),
}


@pytest.mark.parametrize("method", ["POST", "HEAD"])
@pytest.mark.parametrize("name", HANDLERS)
@pytest.mark.filterwarnings("error")
def test_the_standard_is_kept(name: str, method: str) -> None:
    """The checks of the standard library, whose warnings are errors here."""
    application = validator(receivers.wsgi(HANDLERS[name], methods=("POST", "HEAD")))

    def server(environ: Any, start_response: Any) -> list[bytes]:
        environ.update({"QUERY_STRING": "", "SCRIPT_NAME": "", "wsgi.errors": sys.stderr})
        result: Any = application(environ, lambda status, headers, _=None: start_response(status, headers))
        content = list(result)
        result.close()
        return content

    headers = [*STRUCTURED, ("content-length", str(len(EVENT)))]
    assert over_wsgi(server, headers, io.BytesIO(EVENT), method=method).status in {200, 204, 400}


def test_answer_to_a_request_that_was_read_already() -> None:
    receiver = receivers.wsgi(lambda event: event)
    answer = receiver.answer("POST", STRUCTURED, EVENT)
    assert answer.status == 200
    assert bindings.http.decode(answer.headers, answer.body) == GOT
    assert receiver.answer("POST", BINARY, b"x" * 1024 * 1025).status == 413
