"""`cevents demo`: real messages between a real sender and a real receiver."""

from __future__ import annotations

import re
import time

import pytest

from cevents import CloudEvent, bindings
from cevents.cli import demo
from cevents.cli._program import NotUsable
from tests.cli.running import cevents


def messages(stdout: str, margin: str) -> list[bytes]:
    """The messages of one direction, put together again from their lines."""
    lines = [line.removeprefix(margin) for line in stdout.splitlines() if line.startswith(margin.strip())]
    whole = "\r\n".join(line.rstrip(margin.strip()) if line == margin.strip() else line for line in lines)
    start = {">": "POST / ", "<": "HTTP/1.0 "}[margin.strip()]
    return [f"{start}{part}".encode() for part in whole.split(start)[1:]]


def test_three_modes_are_shown_as_they_were_on_the_wire_and_come_out_equal() -> None:
    started = time.monotonic()
    status, stdout, stderr = cevents("demo")
    assert time.monotonic() - started < 5
    assert (status, stderr) == (0, "")
    assert stdout.count("\nEqual: ") == 3
    assert "NOT EQUAL" not in stdout
    requests = messages(stdout, "> ")
    assert len(requests) == 3
    for request in requests:
        head, _, body = request.rstrip(b"\r\n").partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert lines[0] == "POST / HTTP/1.1"
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines[1:])]
        assert dict(headers)["Content-Length"] == str(len(body))
        if bindings.http.content_mode(headers) == "batch":
            assert len(bindings.http.decode_batch(headers, body)) == 2
        else:
            event = bindings.http.decode(headers, body)
            assert f"  id               {event.id}\n" in stdout
    assert [bindings.http.content_mode([("content-type", kind)]) for kind in (
        re.findall("^> content-type: (.*)$", stdout, re.MULTILINE)
    )] == ["binary", "structured", "batch"]  # fmt: skip
    assert re.findall(r"^> ce-subject: .*$", stdout, re.MULTILINE) == [
        "> ce-subject: 7%20cups%20of%20caf%C3%A9"
    ]
    assert stdout.count("< HTTP/1.0 204 No Content\n") == 3
    sizes = [int(size) for size in re.findall(r"to the receiver, (\d+) bytes", stdout)]
    assert sizes == [len(request.rstrip(b"\r\n")) for request in requests]


def in_process(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    assert demo.command.callback is not None
    status: int = demo.command.callback()
    return status, capsys.readouterr().out


def test_an_event_that_comes_out_different_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(CloudEvent, "__eq__", lambda self, other: self is other)
    status, shown = in_process(capsys)
    assert status == 1
    assert shown.count("\nNOT EQUAL: ") == 3


def test_no_answer_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(demo._Handler, "handle", fail)  # pyright: ignore[reportPrivateUsage] # what else could fail
    status, shown = in_process(capsys)
    assert status == 1
    assert shown.count("< No answer: ") == 3
    assert shown.count("\nNOT EQUAL: ") == 3


def test_no_loopback_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(demo, "_HOST", "192.0.2.1")  # RFC 5737: nobody's address
    with pytest.raises(NotUsable, match=r"a receiver cannot listen on 192\.0\.2\.1: "):
        in_process(capsys)
