"""`cevents convert`, and `cevents validate` of other formats than JSON, as processes."""

from __future__ import annotations

import gzip
import os
import stat
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from cevents import CloudEvent, formats
from cevents.formats._protobuf_schema import Batch
from cevents.formats._protobuf_schema import Event as EventMessage
from tests.cli.running import INVALID, VALID, Outcome, cevents, on_a_terminal, without

Event = CloudEvent[Any]

NAMES = ["avro", "avro-compact", "cbor", "json", "protobuf", "xml"]
BATCHES = ["json", "protobuf", "xml"]
ENDINGS = {"avro": "avro", "cbor": "cbor", "json": "json", "protobuf": "pb", "xml": "xml"}
OLD = b'{"specversion":"0.3","id":"1","source":"/s","type":"t","schemaurl":"http://s/1"}'


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
    assert outcome.stdout.endswith("]\n")
    assert outcome.stderr == f"2 events, {len(outcome.stdout)} bytes of json\n"
    assert formats.json.decode_batch(outcome.stdout) == [formats.json.decode(VALID)] * 2


def test_several_events_are_not_put_into_one_file() -> None:
    outcome = cevents("convert", "--to", "xml", "-", stdin=VALID * 2)
    assert outcome == (1, "", "cevents: 2 events cannot be in one file of xml; --batch writes one batch\n")
    outcome = cevents("convert", "--to", "cbor", "-", stdin=VALID * 2)
    told = "2 events cannot be in one file of cbor, which has no batches"
    assert outcome == (1, "", f"cevents: {told}; convert them one by one, or to json, protobuf or xml\n")
    outcome = cevents("convert", "--to", "cbor", "--from", "json", "-")
    assert outcome == (1, "", "cevents: there is no event that could be written as cbor\n")


def test_what_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "in.json").write_bytes(VALID + b"\n" + INVALID)
    (tmp_path / "out.json").write_bytes(b"kept")
    status, stdout, stderr = cevents("convert", "in.json", "out.json", cwd=tmp_path)
    assert (status, stdout) == (1, "")
    assert stderr.startswith("cevents: in.json:2:56: event 1: subject: must not be empty")
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
    told = "cevents: -: is no valid event in any of avro, avro-compact, cbor, json, protobuf, xml; give"
    outcome = cevents("convert", "-", stdin=b"\xff\xfe\x00")
    assert outcome == (2, "", f"{told} --from\n")
    outcome = cevents("validate", "-", stdin=b"\xff\xfe\x00")
    assert (outcome.status, outcome.stderr) == (2, f"{told} --format\n")
    assert cevents("convert", "-", stdin=b"") == (2, "", "cevents: -: is empty\n")


def test_sizes() -> None:
    outcome = cevents("convert", "--sizes", "-", stdin=formats.json.encode(made()))
    lines = outcome.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["json", "avro", "avro-compact", "cbor", "protobuf", "xml"]
    for line in lines:
        name, size, *_ = line.split()
        assert int(size.replace(",", "")) == len(formats.get(name).encode(made()))
    assert lines[0].endswith(" 100%")


@pytest.mark.parametrize("more", [["out.cbor"], ["--to", "cbor"], ["--batch"]])
def test_sizes_are_told_and_nothing_is_written(more: list[str], tmp_path: Path) -> None:
    outcome = cevents("convert", "--sizes", "-", *more, stdin=VALID, cwd=tmp_path)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith("Usage: cevents convert ")
    assert "Error: --sizes writes no events: it goes with neither OUT nor --to nor --batch" in outcome.stderr
    assert not list(tmp_path.iterdir())


def test_nothing_but_errors_is_told_when_quiet() -> None:
    assert cevents("convert", "--quiet", "-", stdin=VALID) == (0, f"{VALID_AGAIN}\n", "")
    assert cevents("convert", "-q", "--lenient", "-", stdin=INVALID)[::2] == (0, "")
    assert "subject: must not be empty" in cevents("convert", "-q", "-", stdin=INVALID).stderr


VALID_AGAIN = formats.json.encode(formats.json.decode(VALID)).decode()


# ---------------------------------------------------------------------------------------------------- IN and OUT


def test_stdin_is_read_when_nothing_else_is_named() -> None:
    outcome = cevents("convert", stdin=VALID)
    assert outcome.stdout == f"{VALID_AGAIN}\n"
    assert cevents("convert", "--to", "xml", stdin=VALID).stdout.startswith("<?xml")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
def test_a_terminal_is_not_read_unless_it_is_asked_for() -> None:
    status, stdout, _ = on_a_terminal("convert", "--to", "xml")
    assert status == 2
    assert "Usage: cevents convert [OPTIONS] [IN] [OUT]" in stdout
    assert "Error: Missing argument 'IN'." in stdout


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("out.avro", "avro"),
        ("out.avro-compact", "avro-compact"),
        ("out.protobuf", "protobuf"),
        ("out.PB", "protobuf"),
        ("out.json", "json"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_endings_tell_the_format_and_gzip(name: str, format_name: str, packed: bool, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_bytes(VALID)
    out = tmp_path / (f"{name}.gz" if packed else name)
    body = formats.get(format_name).encode(formats.json.decode(VALID)) + b"\n" * (format_name == "json")
    size = f"{len(body)} bytes of {format_name}"
    told = f"1 event, {size} before gzip\n" if packed else f"1 event, {size}\n"
    assert cevents("convert", "in.json", out, cwd=tmp_path) == (0, "", told)
    written = out.read_bytes()
    assert (gzip.decompress(written) if packed else written) == body
    assert cevents("convert", out).event == formats.json.decode(VALID)
    if packed:  # no name and no time, so that the same events are the same bytes
        assert written[3:8] == bytes(5)


@pytest.mark.parametrize("name", ["out.txt", "out", "out.gz"])
def test_an_ending_of_no_format_is_a_mistake(name: str, tmp_path: Path) -> None:
    outcome = cevents("convert", "-", name, stdin=VALID, cwd=tmp_path)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert f'Error: the ending of "{name}" is that of no format: give --to' in outcome.stderr
    assert not list(tmp_path.iterdir())
    assert cevents("convert", "--to", "cbor", "-", name, stdin=VALID, cwd=tmp_path).status == 0
    assert (tmp_path / name).is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    came: list[bytes] = []
    reader = threading.Thread(target=lambda: came.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert cevents("convert", "-", pipe, stdin=VALID).status == 0
    reader.join(20)
    assert came == [f"{VALID_AGAIN}\n".encode()]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has links for administrators only")
@pytest.mark.parametrize("is_there", [False, True])
def test_a_link_stays_and_what_it_leads_to_is_written(is_there: bool, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    real, link = tmp_path / "below" / "real.json", tmp_path / "link.json"
    if is_there:
        real.write_bytes(b"old")
    link.symlink_to(Path("below") / "real.json")
    assert cevents("convert", "-", link, stdin=VALID).status == 0
    assert link.is_symlink()
    assert real.read_text() == f"{VALID_AGAIN}\n"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["below", "link.json", "real.json"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names for open files")
def test_a_name_of_stdout_is_stdout(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/proc/self/fd/1")
    assert cevents("convert", "-", link, stdin=VALID).stdout == f"{VALID_AGAIN}\n"
    assert [link.is_symlink(), *tmp_path.iterdir()] == [True, link]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    out.write_bytes(b"private")
    out.chmod(0o600)
    assert cevents("convert", "-", out, stdin=VALID).status == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert out.read_text() == f"{VALID_AGAIN}\n"


def test_a_directory_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "out.json").mkdir()
    outcome = cevents("convert", "-", "out.json", stdin=VALID, cwd=tmp_path)
    assert (outcome.status, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith('cevents: "out.json" cannot be written: ')
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


# --------------------------------------------------------------------------------------------- one event or a batch


def converted(body: bytes, given: str) -> Outcome:
    return cevents("convert", "--from", given, "-", stdin=body)


@pytest.mark.parametrize("name", BATCHES)
def test_a_media_type_says_whether_it_is_a_batch(name: str) -> None:
    one, many = encoded(name, made()), encoded(name, made(1), made(2))
    found = formats.get(name)
    assert found.batch_media_type is not None
    assert converted(one, found.media_type).event == made()
    assert converted(many, found.batch_media_type).stdout.count("\n") == 2
    validated = cevents("validate", "--format", found.batch_media_type, "-", stdin=many)
    assert validated.stdout == "2 events, 0 invalid, 1 file\n"
    for body, given in ((one, found.batch_media_type), (many, found.media_type)):
        status, stdout, _ = converted(body, given)
        assert (status, stdout) == (1, "")
        assert cevents("validate", "--format", given, "-", stdin=body).status == 1


def test_a_media_type_of_a_batch_makes_one() -> None:
    for name in BATCHES:
        media_type = formats.get(name).batch_media_type
        assert media_type is not None
        outcome = cevents("convert", "--to", media_type, "-", stdin=VALID)
        assert formats.get(name).decode_batch(outcome.stdout.encode()) == [formats.json.decode(VALID)]


WITHOUT_ID = EventMessage(spec_version="1.0", type="t", source="/s").SerializeToString()


@pytest.mark.parametrize("given", ["protobuf", "application/cloudevents+protobuf"])
def test_an_event_without_its_first_field_is_no_empty_batch(given: str) -> None:
    told = "cevents: -: event 0: id: is missing [CE-id-a]\n"
    assert converted(WITHOUT_ID, given) == (1, "", told)
    [finding] = cevents("validate", "--output", "json", "--format", given, "-", stdin=WITHOUT_ID).json[
        "problems"
    ]
    assert (finding["index"], finding["attribute"], finding["severity"]) == (0, "id", "error")


@pytest.mark.parametrize("name", ["avro", "avro-compact", "cbor", "protobuf", "xml"])
def test_an_empty_file_is_no_event(name: str, tmp_path: Path) -> None:
    (tmp_path / f"a.{name}").write_bytes(b"")
    assert cevents("convert", f"a.{name}", "out.json", cwd=tmp_path).status == 1
    assert cevents("validate", f"a.{name}", cwd=tmp_path).status == 1
    assert not (tmp_path / "out.json").exists()


# ------------------------------------------------------------------------------------------------- versions and errors


def test_events_of_0_3_go_into_other_formats_as_ones_of_1_0() -> None:
    hint = "--specversion 1.0 makes it one of 1.0"
    outcome = cevents("convert", "--to", "cbor", "-", stdin=OLD)
    rule = 'specversion: cannot be carried by CBOR (got "0.3")'
    told = f"cevents: cannot be written as cbor: {rule}; {hint} [CE-specversion-c]\n"
    assert outcome == (1, "", told)
    outcome = cevents("convert", "--to", "xml", "--specversion", "1.0", "-", stdin=OLD)
    assert formats.get("xml").decode(outcome.stdout.encode()) == formats.json.decode(OLD).to_v1()
    assert hint in cevents("convert", "--sizes", "-", stdin=OLD).stdout
    assert hint not in cevents("convert", "--sizes", "--specversion", "1.0", "-", stdin=OLD).stdout


def test_events_of_one_batch_become_ones_of_one_version() -> None:
    status, _, stderr = cevents("convert", "--batch", "-", stdin=OLD + b"\n" + VALID)
    assert status == 1
    assert "--specversion 1.0 makes all of them ones of 1.0 [CE-message-d]" in stderr
    outcome = cevents("convert", "--batch", "--specversion", "0.3", "-", stdin=OLD + b"\n" + VALID)
    assert [event.specversion for event in formats.json.decode_batch(outcome.stdout)] == ["0.3", "0.3"]


def test_what_another_version_cannot_say_is_an_error() -> None:
    old = OLD.replace(b"http://s/1", b"relative")
    outcome = cevents("convert", "--specversion", "1.0", "-", stdin=VALID + b"\n" + old)
    assert outcome.status == 1
    assert outcome.stderr.startswith(
        "cevents: event 1 cannot be one of specversion 1.0: dataschema: must be "
    )


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (VALID + b"\n" + INVALID, ':2:56: event 1: subject: must not be empty (got "") at byte 126'),
        (VALID[:50], ":1:51: event 0: is not JSON: Input data was truncated at byte 50"),
        (VALID + b"\n" + VALID[:50], ":2:51: event 1: is not JSON: Input data was truncated at byte 121"),
        (b'{\n"specversion" 1}', ":2:15: event 0: is not JSON: expected ':' at byte 16"),
        (
            b"[" + VALID + b"," + INVALID + b"]",
            ':1:128: event 1: subject: must not be empty (got "") at byte 127',
        ),
    ],
)
def test_an_error_in_json_says_where(body: bytes, place: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(body)
    outcome = cevents("convert", "a.json", cwd=tmp_path)
    assert outcome.status == 1
    assert outcome.stderr.startswith(f"cevents: a.json{place}")
    validated = cevents("validate", "a.json", cwd=tmp_path).stdout
    assert validated.startswith(f"a.json{place.partition(' ')[0]} error: ")
    assert f"byte {place.rpartition(' ')[2]}\n" in validated


def test_events_of_several_versions_in_one_array_are_told() -> None:
    mixed = b"[" + VALID + b"," + OLD + b"]"
    assert "[CE-message-d]" in cevents("convert", "-", stdin=mixed).stderr
    outcome = cevents("convert", "--lenient", "-", stdin=mixed)
    assert (outcome.status, outcome.stdout.count("\n")) == (0, 2)
    assert "cevents: mended: specversion: must be 1.0 as in the whole batch" in outcome.stderr


# -------------------------------------------------------------------------------------- what comes from other packages

MODULE = """
name = "third"
media_type = "application/x-third"
batch_media_type = None

def decode(body, *, lenient=False):
    return {}["missing"]

def encode(event):
    return {}["missing\\n"]

encode_batch = decode_batch = decode
"""


@pytest.fixture
def third(tmp_path: Path) -> dict[str, str]:
    """The environment in which a format of another package is installed, which fails at all it does."""
    information = tmp_path / "site" / "third-1.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: third\nVersion: 1\n", encoding="utf-8"
    )
    (information / "entry_points.txt").write_text("[cevents.formats]\nthird = third\n", encoding="utf-8")
    (tmp_path / "site" / "third.py").write_text(MODULE, encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), *sys.path])}


def test_a_format_of_another_package_that_fails_is_told(third: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.third").write_bytes(b"anything")
    (tmp_path / "b.json").write_bytes(INVALID)
    fault = "cannot be {} as third: the code of this format raised KeyError: \"'missing{}'\"\n"
    reading, writing = fault.format("read", ""), fault.format("written", "\\\\n")
    outcome = cevents("convert", "a.third", cwd=tmp_path, env=third)
    assert outcome == (2, "", f"cevents: a.third: {reading}")
    outcome = cevents("convert", "-", "out.third", stdin=VALID, cwd=tmp_path, env=third)
    assert outcome == (2, "", f"cevents: -: {writing}")
    assert not (tmp_path / "out.third").exists()
    outcome = cevents("validate", "--output", "json", "a.third", "b.json", cwd=tmp_path, env=third)
    assert (outcome.status, outcome.stderr) == (2, f"cevents: a.third: {reading}")
    assert outcome.json["summary"] == {"files": 2, "events": 1, "invalid": 1, "warnings": 0, "unusable": 1}


@pytest.mark.parametrize("verb", ["convert", "validate"])
def test_formats_that_could_not_be_tried_are_told(verb: str, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(encoded("avro", made()))
    (tmp_path / "in.avro").write_bytes(encoded("avro", made()))
    outcome = without("fastavro google.protobuf", verb, "in", cwd=tmp_path)
    option = "--from" if verb == "convert" else "--format"
    assert outcome.status == 2
    assert outcome.stderr == (
        "cevents: in: is no valid event in any of cbor, json, xml; others were not tried: the Protobuf format needs "
        "protobuf: pip install 'cevents[protobuf]'; the Avro formats need fastavro: pip install 'cevents[avro]'; "
        f"give {option}\n"
    )
    outcome = without("fastavro", verb, "in.avro", cwd=tmp_path)
    told = "the Avro formats need fastavro: pip install 'cevents[avro]'"
    assert (outcome.status, outcome.stderr) == (2, f"cevents: in.avro: cannot be read: {told}\n")


def test_a_missing_extra_leaves_the_other_files_and_the_document_whole(tmp_path: Path) -> None:
    (tmp_path / "a.avro").write_bytes(encoded("avro", made()))
    (tmp_path / "b.json").write_bytes(INVALID)
    outcome = without("fastavro", "validate", "--output", "json", ".", cwd=tmp_path)
    assert outcome.status == 2
    assert [one["file"] for one in outcome.json["problems"]] == ["./b.json"]
    assert [one["file"] for one in outcome.json["unusable"]] == ["./a.avro"]


# ------------------------------------------------------------------------------------------------------------ validate


def test_an_invalid_event_of_another_format(tmp_path: Path) -> None:
    body = encoded("cbor", made()).replace(b"com.example.t", b"com.example.\x7f")
    (tmp_path / "a.cbor").write_bytes(body)
    status, stdout, _ = cevents("validate", "a.cbor", cwd=tmp_path)
    assert status == 1
    assert stdout.startswith("a.cbor: error: type: must not contain the control character U+007F")
    assert "\n    event 0\n" in stdout
    assert stdout.endswith("1 event, 1 invalid, 1 file\n")
    assert cevents("validate", "--format", "cbor", "-", stdin=body).status == 1


@pytest.mark.parametrize("name", ["avro", "avro-compact", "cbor"])
def test_the_byte_and_the_section_of_another_format_are_told(name: str, tmp_path: Path) -> None:
    body = encoded(name, made())[:-1]
    (tmp_path / f"a.{name}").write_bytes(body)
    lines = cevents("validate", f"a.{name}", cwd=tmp_path).stdout.splitlines()
    assert lines[0].startswith(f"a.{name}: error: ")
    assert lines[1] == f"    event 0, byte {len(body)}"
    assert lines[-2].startswith("    see ")
    [finding] = cevents("validate", "--output", "json", f"a.{name}", cwd=tmp_path).json["problems"]
    assert (finding["index"], finding["position"]) == (0, len(body))
    assert finding["specification"]["url"].startswith("https://github.com/cloudevents/spec/blob/")
    github = cevents("validate", "--output", "github", f"a.{name}", cwd=tmp_path).stdout
    assert github.startswith(f"::error file=a.{name},title={finding['requirement']}::a.{name}: ")
    assert f"(event 0, byte {len(body)})\n" in github


@pytest.mark.parametrize("bad", [0, 1])
def test_an_invalid_event_of_a_batch(bad: int, tmp_path: Path) -> None:
    body = encoded("xml", made(1), made(2)).replace(b"<ce:event ", b"\n<ce:event ")
    body = body.replace(b"<ce:id>%d" % (bad + 1), b"<ce:id>")
    (tmp_path / "a.xml").write_bytes(body)
    outcome = cevents("validate", "--output", "json", "a.xml", cwd=tmp_path)
    assert outcome.status == 1
    [finding] = outcome.json["problems"]
    assert (finding["index"], finding["attribute"], finding["requirement"]) == (bad, "id", "CE-id-b")
    assert (finding["line"], finding["column"]) == (2 + bad, 1)
    assert body[finding["position"] :].startswith(b"<ce:event ")
    assert outcome.json["summary"]["events"] == 2
    assert outcome.json["summary"]["invalid"] == 1


def test_an_invalid_event_of_a_batch_of_messages(tmp_path: Path) -> None:
    one, other = encoded("protobuf", made(1)), encoded("protobuf", made(2))
    bad = EventMessage(spec_version="1.0", id="7", type="t", source=" s").SerializeToString()
    (tmp_path / "a.pb").write_bytes(Batch(events=[one, bad, other]).SerializeToString())
    status, stdout, _ = cevents("validate", "a.pb", cwd=tmp_path)
    assert status == 1
    assert stdout.startswith(
        'a.pb: error: source: must be a URI-reference (RFC 3986) (got " s") [CE-source-a]\n'
    )
    assert f"\n    event 1, byte {2 + len(one) + 2}\n" in stdout
    assert stdout.endswith("\n3 events, 1 invalid, 1 file\n")


TWO_FAULTS = {
    "xml": encoded("xml", made()).replace(b"<ce:id>7</ce:id>", b"").replace(b"/s<", b" s<"),
    "protobuf": EventMessage(spec_version="1.0", id="7", source=" s").SerializeToString(),
}


@pytest.mark.parametrize(
    ("name", "attributes"), [("xml", {"id", "source"}), ("protobuf", {"type", "source"})]
)
def test_an_event_with_two_faults_is_no_batch(name: str, attributes: set[str]) -> None:
    outcome = cevents("validate", "--output", "json", "--format", name, "-", stdin=TWO_FAULTS[name])
    assert {one["attribute"] for one in outcome.json["problems"]} == attributes
    assert outcome.json["summary"]["events"] == 1


@pytest.mark.parametrize("name", NAMES)
def test_the_limit_of_an_event_is_that_of_any_format(name: str, tmp_path: Path) -> None:
    body = encoded(name, made())
    (tmp_path / f"a.{name}").write_bytes(body)
    assert cevents("validate", "--max-size", str(len(body)), f"a.{name}", cwd=tmp_path).status == 0
    outcome = cevents(
        "validate", "--output", "json", "--max-size", str(len(body) - 1), f"a.{name}", cwd=tmp_path
    )
    assert outcome.status == 1
    [finding] = outcome.json["problems"]
    assert finding["message"] == f"is longer than {len(body) - 1} bytes"
    assert (finding["requirement"], finding["index"]) == ("CE-size-b", 0)
    assert finding["hint"] == "if it is not broken, --max-size allows more"


@pytest.mark.parametrize("name", BATCHES)
def test_the_limit_is_for_each_event_of_a_batch(name: str, tmp_path: Path) -> None:
    short, long = made(1), made(2, type="t" * 1000)
    (tmp_path / f"a.{name}").write_bytes(encoded(name, short, long, short))
    outcome = cevents("validate", "--output", "json", "--max-size", "1000", f"a.{name}", cwd=tmp_path)
    [finding] = outcome.json["problems"]
    assert (finding["message"], finding["index"]) == ("is longer than 1000 bytes", 1)
    assert outcome.json["summary"] == {"files": 1, "events": 3, "invalid": 1, "warnings": 0, "unusable": 0}
    assert cevents("validate", "--max-size", "2K", f"a.{name}", cwd=tmp_path).status == 0


def test_a_directory_with_several_formats(tmp_path: Path) -> None:
    endings = [*ENDINGS.values(), "avro-compact", "protobuf", "binpb", "XML.gz"]
    for ending in endings:
        name = {"pb": "protobuf", "binpb": "protobuf", "XML.gz": "xml"}.get(ending, ending)
        body = encoded(name, made())
        (tmp_path / f"event.{ending}").write_bytes(gzip.compress(body) if ending.endswith(".gz") else body)
    (tmp_path / "other.txt").write_bytes(b"not looked at")
    assert cevents("validate", str(tmp_path)).stdout == "9 events, 0 invalid, 9 files\n"
