"""`cevents new`: events from the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cevents import CloudEvent, formats
from tests.cli.running import cevents

REQUIRED = ["--type", "com.example.t", "--source", "/s"]


def new(*arguments: str | bytes, stdin: bytes = b"") -> CloudEvent[Any]:
    outcome = cevents("new", *REQUIRED, *arguments, stdin=stdin)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.count("\n") == 1  # one event a line, whatever the data
    return outcome.event


def refused(*arguments: str | bytes, stdin: bytes = b"") -> list[str]:
    """What is told to be wrong, a line each."""
    status, stdout, stderr = cevents("new", *arguments, stdin=stdin)
    assert (status, stdout) == (2, "")
    first, *lines = stderr.splitlines()
    assert first == "cevents: this cannot be an event:"
    assert all(line.startswith("  ") for line in lines)
    return [line.strip() for line in lines]


def test_what_is_left_out_is_made() -> None:
    event, other = new(), new()
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", event.id)
    assert event.id != other.id
    assert event.time is not None
    assert abs(datetime.now(UTC) - event.time) < timedelta(minutes=2)
    assert not event.has_data
    assert set(event.attributes) == {"specversion", "type", "source", "id", "time"}


def test_every_attribute_can_be_given() -> None:
    options = {
        "id": "7",
        "time": "2026-11-24T08:50:00.123456789+01:00",
        "subject": "Zoë",
        "datacontenttype": "application/json",
        "dataschema": "https://example.com/order.json",
    }
    event = new(*(argument for name, text in options.items() for argument in (f"--{name}", text)))
    assert {name: event.text(name) for name in options} == options


def test_time_can_be_left_out() -> None:
    assert "time" not in new("--time", "none")


def test_extensions_are_texts_or_json() -> None:
    event = new("a=b", "n:=5", "t:=true", 's:="5"', "empty=", "x=a=b:=c", "m=-1", "self=s", "cls=c")
    assert event.extensions == {
        "a": "b", "n": 5, "t": True, "s": "5", "empty": "", "x": "a=b:=c", "m": "-1", "self": "s", "cls": "c"
    }  # fmt: skip
    assert event["t"] is True


@pytest.mark.parametrize(
    ("arguments", "stdin", "written"),
    [
        (["--data", '{"a": 1.10}'], b"", '"data":{"a":1.10}'),
        (["--data", "7"], b"", '"data":7'),
        (["--data", "null"], b"", '"data":null'),
        (["--data", "hello"], b"", '"datacontenttype":"text/plain","data":"hello"'),
        (["--data", ""], b"", '"datacontenttype":"text/plain","data":""'),
        (["--data", "{a"], b"", '"datacontenttype":"text/plain","data":"{a"'),
        (["--data", "@-"], b"[1,\n 2]\n", '"data":[1,2]'),
        (["--data", "@-"], b"a\nb", '"datacontenttype":"text/plain","data":"a\\nb"'),
        (["--data", "@-"], b"\x89PNG\xff", '"data_base64":"iVBOR/8="'),
        (
            ["--data", "7", "--datacontenttype", "text/csv"],
            b"",
            '"datacontenttype":"text/csv","data":"7"',
        ),
        (
            ["--data", "7", "--datacontenttype", "image/png"],
            b"",
            '"datacontenttype":"image/png","data_base64":"Nw=="',
        ),
        (
            ["--data", '"7"', "--datacontenttype", "application/x+json"],
            b"",
            '"datacontenttype":"application/x+json","data":"7"',
        ),
        (
            ["--data", "grün", "--datacontenttype", "text/plain; charset=iso-8859-1"],
            b"",
            '"datacontenttype":"text/plain; charset=iso-8859-1","data":"grün"',
        ),
        (
            ["--data", "@-", "--datacontenttype", "text/plain; charset=iso-8859-1"],
            b"gr\xfcn",
            '"datacontenttype":"text/plain; charset=iso-8859-1","data":"grün"',
        ),
        (["--data-json", "7"], b"", '"data":7'),
        (["--data-json", "@-"], b'{"a": 1}', '"data":{"a":1}'),
        (
            ["--data-json", "7", "--datacontenttype", "text/json"],
            b"",
            '"datacontenttype":"text/json","data":7',
        ),
    ],
)
def test_data_are_json_if_they_read_as_json(arguments: list[str], stdin: bytes, written: str) -> None:
    outcome = cevents("new", *REQUIRED, "--id", "1", "--time", "none", *arguments, stdin=stdin)
    assert outcome.stdout == (
        f'{{"specversion":"1.0","type":"com.example.t","source":"/s","id":"1",{written}}}\n'
    )


def test_data_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"[1]")
    assert new("--data", f"@{tmp_path}/data").data == [1]
    assert new("--data-json", f"@{tmp_path}/data").data == [1]
    status, stdout, stderr = cevents("new", *REQUIRED, "--data", "@gone", cwd=tmp_path)
    assert (status, stdout) == (2, "")
    assert stderr.startswith(
        'cevents: "gone" cannot be read: No such file or directory (a text that begins with @'
    )


def test_pretty_is_for_people() -> None:
    outcome = cevents("new", *REQUIRED, "--pretty", "--data", '{"a": 1.10}')
    assert outcome.stdout.startswith('{\n  "specversion": "1.0",\n')
    assert '  "data": {\n    "a": 1.10\n  }\n}\n' in outcome.stdout
    assert formats.json.decode(outcome.stdout).data == {"a": 1.1}


def test_all_that_is_wrong_is_told_at_once() -> None:
    told = refused(
        "--id", "", "--time", "yesterday", "--subject", "", "--datacontenttype", "json", "--dataschema", "x",
        "stray", "b:=1.5", "A=5", "subject=foo", "data=5", "data_base64=5", "specversion=1.0", "c:=null", "d:=xx",
        "e=1", "e=2", "=3", "x\x1b=\x1b",
    )  # fmt: skip
    assert [line.partition(": ")[0] for line in told] == [
        '"stray" is neither an option nor NAME=TEXT nor NAME:=JSON',
        *("subject", "data", "data_base64", "specversion", "c", "d", "e"),
        *(
            "id",
            "time",
            "datacontenttype",
            "subject",
            "dataschema",
            "b",
            "A",
            '""',
            '"x\\x1b"',
            "type",
            "source",
        ),
    ]
    assert "type: is missing; add --type [CE-type-a]" in told
    assert "source: is missing; add --source [CE-source-a]" in told
    assert "data: is no extension attribute; use --data" in told
    assert "data_base64: is no extension attribute; use --data" in told
    assert "\x1b" not in "".join(told)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--data", "hello", "--datacontenttype", "application/json"], "data is not JSON: "),
        (["--data-json", "hello"], "data is not JSON: "),
        (
            ["--data-json", "5", "--datacontenttype", "text/plain"],
            '--data-json does not go with "text/plain"',
        ),
        (["--data", "5", "--data-json", "5"], "--data and --data-json do not go together"),
        (["--data", "5 6", "--datacontenttype", "a/b+json"], "data is not JSON: "),
        (["--data", "é", "--datacontenttype", "text/plain; charset=ascii"], "text cannot be encoded as "),
        (["x=\ud800"], "x: must not contain the unpaired surrogate"),
        ([b"x=\xff"], "x: must not contain the unpaired surrogate U+DCFF"),
        ([b'x:="\xff"'], "x: "),
        (["n:=5000000000"], "n: must be a whole number of 32 bits"),
    ],
)
def test_what_cannot_be_an_event_is_refused(arguments: list[str | bytes], told: str) -> None:
    if "\ud800" in str(arguments[0]):
        arguments = [str(arguments[0]).encode(errors="surrogatepass")]
        told = "x: must not contain the unpaired surrogate"
    [line] = refused(*REQUIRED, *arguments)
    assert line.startswith(told)
    if "not JSON" in told:
        assert "for a JSON string write" in line


def test_what_is_written_is_valid(tmp_path: Path) -> None:
    outcome = cevents("new", *REQUIRED, "--data", "hello", "a=b")
    assert cevents("validate", "-", stdin=outcome.stdout.encode()).status == 0
