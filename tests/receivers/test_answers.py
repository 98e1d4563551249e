"""What a receiver answers, the same over ASGI and WSGI."""

from __future__ import annotations

import gzip
import json
import logging
from typing import TYPE_CHECKING, Any, Literal

import pytest

from cevents import CloudEvent, DataError, InvalidEvent, UnsupportedFormat, bindings, receivers
from tests.receivers.samples import BATCH, BINARY, EVENT, EVENTS, STRUCTURED
from tests.receivers.shells import Response, request

if TYPE_CHECKING:
    from collections.abc import Callable

KIB = 1024
MODES: list[Literal["binary", "structured"]] = ["binary", "structured"]


@pytest.fixture(params=["asgi", "wsgi"])
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def nothing(event: object) -> None:
    pass


def must_not_be_called(event: object) -> None:
    pytest.fail("the handler was called")


def problem_of(response: Response) -> dict[str, Any]:
    """The problem document of a response (RFC 9457)."""
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-content-type-options"] == "nosniff"
    document: dict[str, Any] = json.loads(response.body)
    assert document["type"] == "about:blank"
    assert document["status"] == response.status
    assert document["title"]
    assert document["detail"]
    return document


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EVENTS)
def test_handler_gets_the_event(shell: str, mode: Literal["binary", "structured"], name: str) -> None:
    got: list[CloudEvent[Any]] = []
    response = request(shell, got.append, *bindings.http.encode(EVENTS[name], mode))
    assert response == (204, {}, b"")
    assert got == [EVENTS[name]]
    assert got[0].data_bytes == EVENTS[name].data_bytes


def test_the_format_of_structured_replies(shell: str) -> None:
    reply: CloudEvent[Any] = CloudEvent(type="t", source="/s", data={"a": 1})
    response = request(shell, lambda _: reply, BINARY, reply_mode="structured", reply_format="xml")
    assert dict(response.headers)["content-type"] == "application/cloudevents+xml"
    assert bindings.http.decode(response.headers, response.body) == reply


def test_accepted_is_202(shell: str) -> None:
    assert request(shell, nothing, BINARY, accepted=True).status == 202  # WH-2.2-g


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", EVENTS)
def test_returned_event_is_the_answer(shell: str, mode: Literal["binary", "structured"], name: str) -> None:
    response = request(shell, lambda _: EVENTS[name], BINARY, reply_mode=mode, accepted=True)
    assert response.status == 200  # WH-2.2-d
    assert bindings.http.content_mode(response.headers) == mode
    assert bindings.http.decode(response.headers, response.body) == EVENTS[name]


def test_answer_has_no_content_type_that_the_event_has_not(shell: str) -> None:
    reply: CloudEvent[Any] = CloudEvent(type="t", source="/s", data=b"bytes")
    assert "content-type" not in request(shell, lambda _: reply, BINARY).headers  # T-HTTP-11


def test_lenient_mends_and_tells(shell: str) -> None:
    got: list[CloudEvent[Any]] = []
    headers = [*BINARY, ("ce-subject", "100%")]
    assert request(shell, got.append, headers).status == 400
    assert request(shell, got.append, headers, lenient=True).status == 204
    [event] = got
    assert event.subject == "100%"
    assert event.repairs


# ------------------------------------------------------------------------------------------------------ batch


def test_batch_goes_to_its_own_handler(shell: str) -> None:
    got: list[list[CloudEvent[Any]]] = []
    response = request(
        shell, must_not_be_called, *bindings.http.encode_batch(EVENTS.values()), batch_handler=got.append
    )
    assert response.status == 204
    assert got == [list(EVENTS.values())]


def test_what_is_installed_here_is_not_told_to_strangers(
    shell: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = request(shell, nothing, [("content-type", "application/cloudevents+yaml")], b"x")
    assert response.status == 415
    assert json.loads(response.body)["detail"] == "The event format of this request is not supported here."
    assert "application/cloudevents+yaml" in caplog.text


def test_single_event_does_not_go_to_the_handler_of_batches(shell: str) -> None:
    assert request(shell, nothing, STRUCTURED, EVENT, batch_handler=must_not_be_called).status == 204


def test_empty_batch_is_a_batch(shell: str) -> None:
    got: list[list[CloudEvent[Any]]] = []
    assert request(shell, nothing, BATCH, b"[]", batch_handler=got.append).status == 204
    assert got == [[]]


def test_unwanted_batch_is_refused(shell: str) -> None:  # HTTP-3-a
    response = request(shell, must_not_be_called, BATCH, b"[]")
    assert response.status == 415
    assert "not asked for" in problem_of(response)["detail"]


def test_batch_of_the_greatest_length_passes_and_one_more_is_too_large(shell: str) -> None:
    got: list[list[CloudEvent[Any]]] = []

    def send(count: int) -> int:
        body = b"[" + b",".join([EVENT] * count) + b"]"
        return request(shell, nothing, BATCH, body, batch_handler=got.append, max_batch=3).status

    assert send(3) == 204
    assert send(4) == 413
    assert [len(batch) for batch in got] == [3]


def test_problem_of_a_batch_tells_which_event(shell: str) -> None:
    body = b"[%b,{}]" % EVENT
    response = request(shell, nothing, BATCH, body, batch_handler=must_not_be_called)
    assert response.status == 400
    assert {problem["index"] for problem in problem_of(response)["problems"]} == {1}


# ---------------------------------------------------------------------------------------------------- refused

NO_EVENTS: dict[str, tuple[list[tuple[str, str]], bytes]] = {
    "nothing": ([], b""),
    "a form": ([("content-type", "application/x-www-form-urlencoded")], b"a=1"),
    "plain JSON": ([("content-type", "application/json")], b"{}"),
    "an event without the header that says so": (BINARY[1:], b""),
    "an unknown format": ([("content-type", "application/cloudevents+foo")], b""),  # WH-2.2-l, T-WH-10
    "a format that is none": ([("content-type", "application/cloudeventsfoo")], b""),  # T-HTTP-2
}


@pytest.mark.parametrize("name", NO_EVENTS)
def test_what_is_no_event_is_415(shell: str, name: str) -> None:
    response = request(shell, must_not_be_called, *NO_EVENTS[name])
    assert response.status == 415
    assert "problems" not in problem_of(response)


INVALID = {
    "no JSON": (STRUCTURED, b"{", "JSON-3-b", None),
    "no object": (STRUCTURED, b"[]", "JSON-3-b", None),
    "no id": (BINARY[:1] + BINARY[2:], b"", "CE-id-a", "id"),
    "an empty subject": ([*BINARY, ("ce-subject", "")], b"", "CE-subject-a", "subject"),
    "overlong UTF-8": ([*BINARY, ("ce-subject", "%C0%A0")], b"", "HTTP-3.1.3.2-p", "subject"),
}


@pytest.mark.parametrize("name", INVALID)
def test_invalid_event_is_400_with_its_problems(shell: str, name: str) -> None:
    headers, body, requirement, attribute = INVALID[name]
    response = request(shell, must_not_be_called, headers, body)
    assert response.status == 400
    [problem] = problem_of(response)["problems"]
    assert problem.get("attribute") == attribute
    assert problem["message"]
    assert problem["requirement"] == requirement


def test_all_problems_are_told_up_to_twenty(shell: str) -> None:
    headers = [*BINARY, *((f"ce-bad-{number}", "x") for number in range(100))]
    document = problem_of(request(shell, must_not_be_called, headers))
    assert len(document["problems"]) == 20
    assert "99 more" in document["detail"]


HOSTILE = "<script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}" + "x" * 5000


@pytest.mark.parametrize(
    "member",
    ["specversion", "source", "id", "type", "time", "dataschema", "comexample", "Bad_Name" + "x" * 200],
)
def test_no_more_than_80_escaped_characters_of_the_input_are_answered(shell: str, member: str) -> None:  # S15
    members = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", member: HOSTILE * 2}
    members["dataschema" if member != "dataschema" else "time"] = "not right either"
    response = request(shell, nothing, STRUCTURED, json.dumps(members).encode())
    assert response.status == 400
    assert b"x" * 81 not in response.body
    for problem in problem_of(response)["problems"]:
        assert len(problem.get("value", "")) <= 80
        assert len(problem.get("attribute", "")) <= 80
    assert len(response.body) < 3000


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "post"])
def test_other_methods_are_405(shell: str, method: str) -> None:  # T05, WH-2.1-b, WH-4.2-c, WH-4.2-d
    response = request(shell, must_not_be_called, BINARY, method=method)
    assert response.status == 405
    assert response.headers["allow"] == "POST"
    if method != "HEAD":
        problem_of(response)


def test_methods_can_be_chosen(shell: str) -> None:  # HTTP-1.2-a
    assert request(shell, nothing, BINARY, method="PUT", methods=("post", "put")).status == 204
    assert (
        request(shell, nothing, BINARY, method="GET", methods=("post", "put")).headers["allow"] == "POST, PUT"
    )


def test_body_of_the_greatest_size_passes_and_one_byte_more_is_too_large(shell: str) -> None:  # CE-size-b
    assert request(shell, nothing, BINARY, b"x" * (64 * KIB), max_body_size=64 * KIB).status == 204
    response = request(shell, must_not_be_called, BINARY, b"x" * (64 * KIB + 1), max_body_size=64 * KIB)
    assert response.status == 413
    assert "65536" in problem_of(response)["detail"]


def test_a_mebibyte_is_taken_by_default(shell: str) -> None:
    assert request(shell, nothing, BINARY, b"x" * (KIB * KIB)).status == 204
    assert request(shell, nothing, BINARY, b"x" * (KIB * KIB + 1)).status == 413


# ----------------------------------------------------------------------------------------- handlers that fail


def raising(error: Exception) -> Callable[[object], None]:
    def handle(event: object) -> None:
        raise error

    return handle


def test_data_that_the_handler_cannot_read_is_400(shell: str) -> None:
    headers = [*BINARY, ("content-type", "application/json")]
    assert request(shell, lambda event: event.data and None, headers, b"{").status == 400

    response = request(
        shell, lambda event: event.data_as(dict[str, int]) and None, headers, b'{"a":"%b"}' % (b"x" * 999)
    )
    assert response.status == 400
    assert "data" in problem_of(response)["detail"]
    assert b"x" * 81 not in response.body


def test_text_of_a_data_error_is_cut_and_escaped(shell: str) -> None:
    response = request(shell, raising(DataError("<b>\0" + "x" * 500)), BINARY)
    assert response.status == 400
    detail = problem_of(response)["detail"]
    assert "\0" not in detail
    assert len(detail) < 550


FAILURES = {
    "anything": ValueError("secret"),
    "an invalid event of its own": InvalidEvent([]),
    "no file": OSError("secret"),
    "an end of iteration": StopIteration("secret"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failing_handler_is_500_and_logged_without_data(
    shell: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    event: CloudEvent[Any] = CloudEvent(type="t", source="/orders", id="o-7", data={"card": "4111"})
    response = request(shell, raising(FAILURES[name]), *bindings.http.encode(event))
    assert response.status == 500
    document = problem_of(response)
    assert set(document) == {"type", "title", "status", "detail"}
    assert b"secret" not in response.body
    [record] = [record for record in caplog.records if record.name == "cevents.receivers"]
    assert record.levelno == logging.ERROR
    assert record.exc_info
    text = record.getMessage()
    assert "/orders" in text
    assert "o-7" in text
    assert "4111" not in caplog.text


def test_failing_handler_of_batches_is_500(shell: str, caplog: pytest.LogCaptureFixture) -> None:
    response = request(shell, nothing, BATCH, b"[%b]" % EVENT, batch_handler=raising(ValueError("secret")))
    assert response.status == 500
    assert "batch of 1" in caplog.text


@pytest.mark.parametrize("returned", [True, {"id": 7}, "text", [EVENTS["bytes"]], CloudEvent])
def test_handler_that_returns_something_else_is_500(
    shell: str, returned: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert request(shell, lambda _: returned, BINARY).status == 500
    assert "must return an event or None" in caplog.text


def test_reply_that_cannot_be_written_is_500(shell: str, caplog: pytest.LogCaptureFixture) -> None:
    reply: CloudEvent[Any] = CloudEvent(
        type="t", source="/s", data=b"{}", datacontenttype="application/cloudevents+json"
    )
    assert request(shell, lambda _: reply, BINARY).status == 500
    assert "the reply cannot be encoded" in caplog.text


def test_log_is_not_broken_by_an_id(shell: str, caplog: pytest.LogCaptureFixture) -> None:
    request(shell, raising(ValueError()), [*BINARY[:1], ("ce-id", "%E2%80%A8forged"), *BINARY[2:]])
    assert "\u2028" not in caplog.records[0].getMessage()


def test_refusal_is_logged_for_those_who_look(shell: str, caplog: pytest.LogCaptureFixture) -> None:
    request(shell, nothing, STRUCTURED, b"{")
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "JSON" in record.getMessage()


def test_who_strolls_by_is_logged_for_those_who_look(shell: str, caplog: pytest.LogCaptureFixture) -> None:
    request(shell, nothing, method="GET")
    assert not caplog.records
    with caplog.at_level(logging.INFO, logger="cevents.receivers"):
        request(shell, nothing, method="GET")
    [record] = caplog.records
    assert record.levelno == logging.INFO


def test_refused_data_is_logged_with_the_reason(shell: str, caplog: pytest.LogCaptureFixture) -> None:
    message = bindings.http.encode(CloudEvent(type="t", source="/orders", id="o-7", data={"id": "x" * 500}))
    response = request(shell, lambda event: event.data_as(dict[str, int]), *message)
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    reason = "data is no dict: at $[...]: Expected `int`, got `str`"
    assert record.getMessage() == f'the data of the event "o-7" of "/orders" was refused: {reason}'
    assert problem_of(response)["detail"] == f"The data is not what is wanted here: {reason}"


def test_coded_body_is_415(shell: str) -> None:
    headers, body = bindings.http.encode(CloudEvent(type="t", source="/orders", data={"id": 7}))
    response = request(shell, nothing, [*headers, ("content-encoding", "gzip")], gzip.compress(body))
    assert response.status == 415
    assert response.headers["accept-encoding"] == "identity"
    assert "gzip" in problem_of(response)["detail"]
    assert request(shell, nothing, [*headers, ("Content-Encoding", "Identity")], body).status == 204


def test_handler_that_cannot_be_one() -> None:
    async def handle(event: CloudEvent[Any]) -> None: ...

    makers: list[Any] = [receivers.asgi, receivers.wsgi]
    for make in makers:
        with pytest.raises(TypeError, match="handler must be a function"):
            make(None)
        with pytest.raises(TypeError, match="batch_handler must be a function"):
            make(nothing, batch_handler=5)
    with pytest.raises(TypeError, match=r"only receivers\.asgi can call"):
        receivers.wsgi(handle)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested
    receivers.asgi(handle)


# --------------------------------------------------------------------------------------------------- on_error


def test_on_error_is_told_of_every_failure(shell: str) -> None:
    told: list[tuple[type[Exception], object]] = []

    def on_error(error: Exception, message: object) -> None:
        told.append((type(error), message))

    request(shell, nothing, STRUCTURED, b"{", on_error=on_error)
    request(shell, nothing, method="GET", on_error=on_error)
    request(shell, raising(ValueError()), BINARY, on_error=on_error)
    request(shell, nothing, BATCH, b"[]", batch_handler=raising(DataError()), on_error=on_error)
    request(shell, nothing, BINARY, on_error=on_error)
    kinds, messages = zip(*told, strict=True)
    assert kinds[0] is InvalidEvent
    assert kinds[2:] == (ValueError, DataError)
    assert messages[:2] == (None, None)
    assert isinstance(messages[2], CloudEvent)
    assert messages[3] == []


def test_on_error_that_fails_changes_nothing(shell: str, caplog: pytest.LogCaptureFixture) -> None:
    def on_error(error: Exception, message: object) -> None:
        raise RuntimeError

    assert request(shell, nothing, STRUCTURED, b"{", on_error=on_error).status == 400
    assert "on_error failed" in caplog.text


# ---------------------------------------------------------------------------------------------------- options


def test_options_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 65536"):
        receivers.asgi(nothing, max_body_size=65535)
    with pytest.raises(ValueError, match="reply_mode"):
        receivers.wsgi(nothing, reply_mode="batch")  # type: ignore[arg-type] # the error is the point
    with pytest.raises(UnsupportedFormat, match="yaml"):
        receivers.wsgi(nothing, reply_format="yaml")
    with pytest.raises(TypeError, match="methods"):
        receivers.wsgi(nothing, methods="POST")
