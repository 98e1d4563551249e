"""`cevents convert`, and `cevents validate` of other formats than JSON, as processes."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from cevents import CloudEvent, formats
from tests.cli.running import INVALID, VALID, cevents

Event = CloudEvent[Any]

NAMES = ["avro", "avro-compact", "cbor", "json", "protobuf", "xml"]
BATCHES = ["json", "protobuf", "xml"]
ENDINGS = {"avro": "avro", "cbor": "cbor", "json": "json", "protobuf": "pb", "xml": "xml"}


def made(number: int = 7, **changes: Any) -> Event:
    values: dict[str, Any] = {
        "type": "com.example.t",
        "source": "/s",
        "id": str(number),
        "time": None,
        **changes,
    }
    return CloudEvent(**values, data={"n": [number]}, datacontenttype="application/json")


def encoded(name: str, *events: Event) -> bytes:
    writer = formats.get(name)
    return writer.encode(events[0]) if len(events) == 1 else writer.encode_batch(events)


@pytest.mark.parametrize("before", NAMES)
@pytest.mark.parametrize("after", NAMES)
def test_one_event_through_pipes(before: str, after: str, tmp_path: Path) -> None:
    body = encoded(before, made())
    (tmp_path / "in").write_bytes(body)
    status, _, stderr = cevents("convert", "--from", before, "--to", after, "in", "out", cwd=tmp_path)
    written = (tmp_path / "out").read_bytes()
    assert formats.get(after).decode(written) == made()
    assert (status, stderr) == (0, f"1 event, {len(written)} bytes of {after}\n")


@pytest.mark.parametrize("before", BATCHES)
@pytest.mark.parametrize("after", BATCHES)
def test_batches(before: str, after: str, tmp_path: Path) -> None:
    events = [made(1), made(2)]
    (tmp_path / f"in.{ENDINGS[before]}").write_bytes(encoded(before, *events))
    out = f"out.{ENDINGS[after]}"
    assert cevents("convert", "--batch", f"in.{ENDINGS[before]}", out, cwd=tmp_path).status == 0
    assert formats.get(after).decode_batch((tmp_path / out).read_bytes()) == events


@pytest.mark.parametrize("name", NAMES)
def test_the_format_is_told_by_a_look(name: str, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(gzip.compress(encoded(name, made())))
    outcome = cevents("convert", "in", cwd=tmp_path)
    assert (outcome.status, outcome.event) == (0, made())
    assert cevents("validate", "in", cwd=tmp_path)[:2] == (0, "1 event, 0 invalid, 1 file\n")


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_is_told_by_a_look(name: str) -> None:
    body = encoded(name, made(1), made(2))
    outcome = cevents("convert", "-", stdin=body)
    assert outcome.stdout.encode() == b"".join(formats.json.encode(made(n)) + b"\n" for n in (1, 2))
    assert cevents("validate", "-", stdin=body)[:2] == (0, "2 events, 0 invalid, 1 file\n")


def test_lines_of_json_become_lines_and_a_batch() -> None:
    lines = VALID + b"\n" + VALID + b"\n"
    assert cevents("convert", "-", stdin=lines).stdout.count("\n") == 2
    outcome = cevents("convert", "--batch", "-", stdin=lines)
    assert formats.json.decode_batch(outcome.stdout) == [formats.json.decode(VALID)] * 2


def test_several_events_are_not_put_into_one_file() -> None:
    outcome = cevents("convert", "--to", "xml", "-", stdin=VALID * 2)
    assert outcome == (1, "", "cevents: 2 events cannot be in one file of xml; --batch writes one batch\n")
    outcome = cevents("convert", "--to", "cbor", "-", stdin=VALID * 2)
    assert outcome == (1, "", "cevents: 2 events cannot be in one file of cbor; it has no batches\n")


def test_what_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_bytes(VALID + b"\n" + INVALID)
    (tmp_path / "out.json").write_bytes(b"kept")
    status, stdout, stderr = cevents("convert", "in.json", "out.json", cwd=tmp_path)
    assert (status, stdout) == (1, "")
    assert stderr.startswith("cevents: in.json: event 1: subject: must not be empty")
    assert (tmp_path / "out.json").read_bytes() == b"kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.json", "out.json"]


def test_what_a_format_cannot_hold_is_an_error() -> None:
    event = formats.json.encode(made(time="2018-04-05T17:31:00.123456789Z"))
    status, stdout, stderr = cevents("convert", "--to", "avro-compact", "-", stdin=event)
    assert (status, stdout) == (1, "")
    assert stderr.startswith("cevents: cannot be written as avro-compact: ")


def test_lenient_reading_tells_what_it_mended() -> None:
    assert cevents("convert", "-", stdin=INVALID).status == 1
    outcome = cevents("convert", "--lenient", "-", stdin=INVALID)
    assert outcome.status == 0
    assert "cevents: mended: subject: must not be empty" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--from", "nonsense", "-"], 'no event format "nonsense" is known here'),
        (["--to", "nonsense", "-"], 'no event format "nonsense" is known here'),
        (["gone.json"], "gone.json: cannot be read: No such file or directory"),
        (["-", "gone/out.json"], '"gone/out.json" cannot be written: No such file or directory'),
    ],
)
def test_what_cannot_be_used(arguments: list[str], told: str, tmp_path: Path) -> None:
    outcome = cevents("convert", *arguments, stdin=VALID, cwd=tmp_path)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith(f"cevents: {told}")


def test_bytes_of_no_format() -> None:
    outcome = cevents("convert", "-", stdin=b"\xff\xfe\x00")
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith("cevents: -: is in none of the formats that are known here (avro, ")
    assert cevents("validate", "-", stdin=b"\xff\xfe\x00").status == 2


def test_sizes() -> None:
    outcome = cevents("convert", "--sizes", "-", stdin=formats.json.encode(made()))
    lines = outcome.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["json", "avro", "avro-compact", "cbor", "protobuf", "xml"]
    for line in lines:
        name, size, *_ = line.split()
        assert int(size.replace(",", "")) == len(formats.get(name).encode(made()))
    assert lines[0].endswith(" 100%")


# ------------------------------------------------------------------------------------------------------------ validate


def test_an_invalid_event_of_another_format(tmp_path: Path) -> None:
    body = encoded("cbor", made()).replace(b"com.example.t", b"com.example.\x7f")
    (tmp_path / "a.cbor").write_bytes(body)
    status, stdout, _ = cevents("validate", "a.cbor", cwd=tmp_path)
    assert status == 1
    assert stdout.startswith("a.cbor: error: type: must not contain the control character U+007F")
    assert stdout.endswith("1 event, 1 invalid, 1 file\n")
    assert cevents("validate", "--format", "cbor", "-", stdin=body).status == 1


def test_an_invalid_event_of_a_batch(tmp_path: Path) -> None:
    body = encoded("xml", made(1), made(2)).replace(b"<ce:id>2", b"<ce:id>")
    (tmp_path / "a.xml").write_bytes(body)
    outcome = cevents("validate", "--output", "json", "a.xml", cwd=tmp_path)
    assert outcome.status == 1
    [finding] = outcome.json["problems"]
    assert (finding["index"], finding["attribute"], finding["requirement"]) == (1, "id", "CE-id-b")


def test_a_directory_with_several_formats(tmp_path: Path) -> None:
    for name, ending in ENDINGS.items():
        (tmp_path / f"event.{ending}").write_bytes(encoded(name, made()))
    (tmp_path / "other.txt").write_bytes(b"not looked at")
    assert cevents("validate", str(tmp_path)).stdout == "5 events, 0 invalid, 5 files\n"
