"""`cevents validate`: what is read, what is found, where, and in which shape it is told."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cevents.cli._reading import Unusable, files_below
from tests.cli.running import COMMAND, INVALID, TIMEOUT, VALID, cevents, environment, python

PRETTY = json.dumps(json.loads(VALID), indent=2).encode()
OLD = b'{"specversion":"0.3","id":"1","source":"/s","type":"t"}'


def findings(*arguments: str | bytes | Path, **options: Any) -> list[dict[str, Any]]:
    outcome = cevents("validate", "--output", "json", *arguments, **options)
    assert "Traceback" not in outcome.stderr
    found: list[dict[str, Any]] = outcome.json["problems"]
    return found


# ------------------------------------------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    ("content", "events"),
    [
        (VALID, 1),
        (VALID + b"\n" + VALID + b"\n", 2),
        (VALID + b"\r\n" + VALID + b"\r\n", 2),
        (VALID + VALID, 2),
        (PRETTY, 1),
        (PRETTY + b"\n" + PRETTY + b"\n", 2),
        (b"[" + VALID + b",\n" + PRETTY + b"]", 2),
        (b"\n\n" + VALID + b"\n\n", 1),
        (OLD + b"\n" + VALID, 2),
        ((VALID + b"\n") * 5000, 5000),
    ],
)
def test_events_batches_and_streams_are_read(tmp_path: Path, content: bytes, events: int) -> None:
    path = tmp_path / "events.json"
    path.write_bytes(content)
    told = f"{events:,} event{'s' * (events > 1)}, 0 invalid, 1 file\n"
    assert cevents("validate", path) == (0, told, "")


@pytest.mark.parametrize("compressed", [False, True])
def test_stdin_is_read_compressed_or_not(compressed: bool) -> None:
    content = VALID + b"\n" + INVALID
    status, stdout, _ = cevents("validate", "-", stdin=gzip.compress(content) if compressed else content)
    assert status == 1
    assert stdout.startswith("-:2:56: error: subject")


def test_files_of_a_directory_are_read_in_order(tmp_path: Path) -> None:
    names = ["a.json", "b.NDJSON", "c/d.jsonl", "c/e.cloudevents.json", "f.json.gz", "g/h/i.ndjson.gz"]
    for name in [*names, "README.md", "z.gz", "json", "k.json5"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(INVALID) if name.endswith(".gz") else INVALID)
    found = findings(tmp_path)
    assert [Path(one["file"]).relative_to(tmp_path).as_posix() for one in found] == [
        "a.json",
        "b.NDJSON",
        "f.json.gz",
        "c/d.jsonl",
        "c/e.cloudevents.json",
        "g/h/i.ndjson.gz",
    ]


def test_a_file_that_is_named_is_read_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "events.log").write_bytes(VALID)
    (tmp_path / "compressed").write_bytes(gzip.compress(VALID) + gzip.compress(b"\n" + VALID))
    status, stdout, _ = cevents("validate", "events.log", "./compressed", cwd=tmp_path)
    assert (status, stdout) == (0, "3 events, 0 invalid, 2 files\n")


@pytest.mark.parametrize("content", [b"", b" \n", b"[]", b"[ ]\n"])
def test_a_file_without_events_is_a_warning(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    told = "a.json: warning: has no events\n0 events, 0 invalid, 1 file, 1 warning\n"
    assert cevents("validate", "a.json", cwd=tmp_path) == (0, told, "")
    assert cevents("validate", "--quiet", "a.json", cwd=tmp_path) == (0, "", "")


# ----------------------------------------------------------------------------------------- what cannot be read


def damaged(damage: str) -> bytes:
    whole = gzip.compress(b"".join(VALID[:-1] + b',"n":%d}\n' % n for n in range(5000)))
    return {
        "cut": whole[: len(whole) // 2],
        "cut in its head": whole[:5],
        "other bytes within": whole[:2000] + bytes(100) + whole[2100:],
        "wrong checksum": whole[:-8] + bytes(8),
        "more behind": whole + b"more",
        "not gzip": VALID,
    }[damage]


@pytest.mark.parametrize(
    "damage",
    ["cut", "cut in its head", "other bytes within", "wrong checksum", "more behind", "not gzip"],
)
def test_broken_gzip_is_told_and_the_others_are_read(tmp_path: Path, damage: str) -> None:
    (tmp_path / "a.json.gz").write_bytes(damaged(damage))
    (tmp_path / "b.json").write_bytes(INVALID)
    status, stdout, stderr = cevents("validate", "a.json.gz", "b.json", cwd=tmp_path)
    assert status == 2
    assert re.fullmatch(r"cevents: a\.json\.gz: is not gzip, or broken: .+\n", stderr)
    assert "\nb.json:1:56: error: subject" in f"\n{stdout}"
    assert stdout.endswith(" invalid, 2 files, 1 not usable\n")


def test_what_is_not_there_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(INVALID)
    (tmp_path / "empty").mkdir()
    status, stdout, stderr = cevents("validate", "empty", "gone.json", "a\nb.json", "b.json", cwd=tmp_path)
    assert status == 2
    assert stderr.splitlines() == [
        (
            "cevents: empty: has no files that end in .avro, .avro-compact, .binpb, .cbor, .json, .jsonl, .ndjson, "
            ".pb, .protobuf, .xml, or in these and .gz"
        ),
        "cevents: gone.json: cannot be read: No such file or directory",
        "cevents: a\\nb.json: cannot be read: No such file or directory",
    ]
    assert stdout.endswith("1 event, 1 invalid, 1 file, 3 not usable\n")


@pytest.mark.skipif(
    sys.platform != "linux", reason="other systems have no file that can be opened but not read"
)
def test_a_file_that_breaks_off_is_told() -> None:
    status, _, stderr = cevents("validate", "/proc/self/mem")
    assert (status, stderr) == (2, "cevents: /proc/self/mem: cannot be read: Input/output error\n")


def test_a_directory_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(Unusable, match=r"^cannot be read: Permission denied$"):
        files_below(str(tmp_path))


def test_unusable_inputs_are_in_the_documents_too(tmp_path: Path) -> None:
    document = cevents("validate", "--output", "json", "gone.json", cwd=tmp_path).json
    assert document["unusable"] == [
        {"file": "gone.json", "message": "cannot be read: No such file or directory"}
    ]
    [run] = cevents("validate", "--output", "sarif", "gone.json", cwd=tmp_path).json["runs"]
    [invocation] = run["invocations"]
    assert invocation["executionSuccessful"] is False
    [notification] = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"] == "cannot be read: No such file or directory"
    told = cevents("validate", "--output", "github", "gone.json", cwd=tmp_path).stdout
    assert told.startswith("::error file=gone.json::gone.json: cannot be read: No such file")


def test_stdin_that_is_closed_or_named_twice_is_told() -> None:
    code = "import os, sys; os.close(0); os.execv(sys.executable, [sys.executable, '-m', 'cevents', 'validate', '-'])"
    assert python(code) == (
        2,
        "0 events, 0 invalid, 0 files, 1 not usable\n",
        "cevents: -: cannot be read: Bad file descriptor\n",
    )
    assert cevents("validate", "-", "-") == (2, "", "cevents: stdin can be read only once: give - once\n")


# ------------------------------------------------------------------------------------------------ what is found

MANY = b"""\
{"specversion":"1.0","id":"1","source":"/s","type":"t"}
{"id":"","source":"a b","type":"t","time":"2026-11-24 08:00:00","data":{"id":2,"time":3},"n":5000000000}
{"specversion":"1.0","id":"3"

{
  "specversion": "1.0", "id": "4",
  "source": "/s", "type": "t", "\xc3\xa9t\xc3\xa9": 1, "datacontenttype": "?"
}
"""


def test_every_problem_says_where_and_what_and_why(tmp_path: Path) -> None:
    (tmp_path / "many.json").write_bytes(MANY)
    found = findings("many.json", cwd=tmp_path)
    assert [
        (one["line"], one["column"], one["index"], one["attribute"], one["requirement"]) for one in found
    ] == [
        (2, 1, 1, "specversion", "CE-specversion-b"),
        (2, 2, 1, "id", "CE-id-b"),
        (2, 10, 1, "source", "CE-source-a"),
        (2, 36, 1, "time", "CE-time-a"),
        (2, 90, 1, "n", "CE-types-c"),
        (3, 30, 2, None, "JSON-3-b"),
        (7, 32, 3, '"été"', "CE-naming-a"),
        (7, 42, 3, "datacontenttype", "CE-datacontenttype-a"),
    ]
    for one in found:
        assert one["file"] == "many.json"
        assert one["severity"] == "error"
        at = MANY[one["position"] :]
        if one["attribute"] is None:
            assert at.startswith(b"\n")  # where it was truncated
        elif one["message"] == "is missing":
            assert at.startswith(b"{")
        else:
            assert at.startswith(f'"{one["attribute"].strip(chr(34))}"'.encode())
        specification = one["specification"]
        assert specification["url"].startswith("https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/")
        assert specification["title"]
        assert one["hint"] or one["requirement"] == "JSON-3-b"
    values = {one["attribute"]: one["value"] for one in found}
    assert values["source"] == '"a b"'
    assert values["time"] == '"2026-11-24 08:00:00"'


def test_the_place_is_that_of_the_data_as_they_were_before_compression(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(VALID + b"\n" + INVALID))
    [one] = findings("a.gz", cwd=tmp_path)
    assert (one["line"], one["position"]) == (2, len(VALID) + 1 + INVALID.index(b'"subject"'))


def test_text_shows_the_same_and_links_each_section_once(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(INVALID + b"\n" + INVALID)
    status, stdout, stderr = cevents("validate", "a.json", cwd=tmp_path)
    assert (status, stderr) == (1, "")
    spec = "https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md"
    assert stdout == (
        'a.json:1:56: error: subject: must not be empty (got "") [CE-subject-a]\n'
        "    event 0, byte 55\n"
        "    hint: leave it out\n"
        f'    see CloudEvents 1.0.2, "subject": {spec}#subject\n'
        'a.json:2:56: error: subject: must not be empty (got "") [CE-subject-a]\n'
        "    event 1, byte 124\n"
        "    hint: leave it out\n"
        "2 events, 2 invalid, 1 file\n"
    )
    assert cevents("validate", "-q", "a.json", cwd=tmp_path).stdout == stdout.rpartition("2 events")[0]


HOSTILE = [
    b'{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"' + b"\\u001b[31m" * 50 + b'"}',
    b'{"specversion":"1.0","id":"1","source":"/s","type":"t","x":"' + b"\xc2\x9b" * 500 + b'"}',
    b'{"specversion":"1.0","id":"1","source":"' + b"a b" * 500 + b'","type":"t"}',
    b'{"' + b"\\u001b]0;x" * 50 + b'":1}',
    b'{"' + b"A" * 500 + b'":1,"specversion":"1.0","id":"1","source":"/s","type":"t"}',
    b'{"specversion":"' + b"9" * 5000 + b'"}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    bytes(range(256)),
    b"\xff" * 1000,
    b"\x00" * 1000,
    b'"' + b"x" * 5000,
    VALID[:-1] + b',"x":"\\ud800"}',
]


def test_of_the_input_no_more_than_a_glimpse_is_shown(tmp_path: Path) -> None:
    for number, content in enumerate(HOSTILE):
        (tmp_path / f"{number:02}.json").write_bytes(content)
    status, stdout, stderr = cevents("validate", tmp_path.name, cwd=tmp_path.parent)
    assert (status, stderr) == (1, "")
    assert all(character.isprintable() or character == "\n" for character in stdout)
    assert all(len(line) < 280 for line in stdout.splitlines())
    found = findings(".", cwd=tmp_path)
    assert len({one["file"] for one in found}) == len(HOSTILE)
    assert all(len(one["value"] or "") <= 80 for one in found)
    json.loads(cevents("validate", "--output", "sarif", ".", cwd=tmp_path).stdout)


def test_names_of_files_are_escaped(tmp_path: Path) -> None:
    name = b"a\x1b[31m\n\xff.json"
    Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).write_bytes(INVALID)  # noqa: PTH118 - of bytes
    status, stdout, _ = cevents("validate", name, cwd=tmp_path)
    assert status == 1
    assert stdout.startswith("a\\x1b[31m\\n\\udcff.json:1:56: error: subject")
    [result] = cevents("validate", "--output", "sarif", name, cwd=tmp_path).json["runs"][0]["results"]
    location = result["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "a%1B%5B31m%0A%FF.json"
    assert findings(name, cwd=tmp_path)[0]["file"] == "a\\x1b[31m\\n\\udcff.json"


def test_events_of_a_batch_have_one_version(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"[" + VALID + b"," + OLD + b"]")
    [one] = findings("a.json", cwd=tmp_path)  # CE-message-d
    assert (one["index"], one["attribute"], one["requirement"]) == (1, "specversion", "CE-message-d")
    assert cevents("validate", "--lenient", "a.json", cwd=tmp_path).status == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[" + VALID, "the array has no end"),
        (b"[" + VALID + b"] x", "something follows the array"),
        (b"[" + VALID + b" " + VALID + b"]", "must be followed by a comma or the end of the array"),
    ],
)
def test_a_broken_array_is_told_after_its_events(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "a.json").write_bytes(content)
    [one] = findings("a.json", cwd=tmp_path)
    assert (one["index"], one["message"], one["requirement"]) == (1, told, "JSON-4.1-a")


def test_lenient_repairs_are_warnings(tmp_path: Path) -> None:
    mendable = VALID.replace(b'"data"', b'"time":"2026-11-24 08:00:00","Attempt":1,"data"')
    (tmp_path / "a.json").write_bytes(VALID + b"\n" + mendable + b"\n")
    assert cevents("validate", "a.json", cwd=tmp_path).status == 1
    outcome = cevents("validate", "--lenient", "--output", "json", "a.json", cwd=tmp_path)
    assert outcome.status == 0
    found = [
        (one["severity"], one["line"], one["column"], one["attribute"], one["hint"])
        for one in outcome.json["problems"]
    ]
    assert found == [
        ("warning", 2, 56, "time", "perhaps 2026-11-24T08:00:00Z"),
        ("warning", 2, 85, "Attempt", "write attempt"),
    ]
    assert outcome.json["summary"] == {"files": 1, "events": 2, "invalid": 0, "warnings": 2, "unusable": 0}
    assert cevents("validate", "--lenient", "-q", "a.json", cwd=tmp_path) == (0, "", "")
    github = cevents("validate", "--lenient", "--output", "github", "a.json", cwd=tmp_path).stdout
    assert github.count("::warning file=a.json,line=2,") == 2


def test_a_column_that_nobody_kept_is_not_told(tmp_path: Path) -> None:
    events = [VALID[:-1] + b',"x":"' + b"y" * 1000 + b'"}'] * 4000
    (tmp_path / "a.json").write_bytes(b"[" + b",".join([*events, INVALID]) + b"]")
    [one] = findings("a.json", cwd=tmp_path)
    assert (one["line"], one["column"], one["index"]) == (1, None, 4000)
    assert one["position"] == (tmp_path / "a.json").stat().st_size - 1 - len(INVALID) + INVALID.index(
        b'"subject'
    )
    told = cevents("validate", "a.json", cwd=tmp_path).stdout
    assert told.startswith("a.json:1: error: subject: ")


# ------------------------------------------------------------------------------------------------------- limits


def test_a_line_that_is_too_long_costs_just_itself(tmp_path: Path) -> None:
    long = VALID[:-1] + b',"x":"' + b"y" * 3_000_000 + b'"}'
    (tmp_path / "a.ndjson").write_bytes(b"\n".join([VALID, long, INVALID, long, VALID, b""]))
    found = findings("--max-size", "1M", "a.ndjson", cwd=tmp_path)
    assert [(one["line"], one["index"], one["message"]) for one in found] == [
        (2, 1, "is longer than 1048576 bytes"),
        (3, 2, "must not be empty"),
        (4, 3, "is longer than 1048576 bytes"),
    ]
    assert found[0]["hint"] == "if it is not broken, --max-size allows more"
    assert found[0]["requirement"] == "CE-size-b"
    assert cevents("validate", "--max-size", "4M", "a.ndjson", cwd=tmp_path).stdout.endswith(
        "5 events, 1 invalid, 1 file\n"
    )


def test_a_byte_order_mark_is_for_lenient_reading(tmp_path: Path) -> None:
    """T-JSON-10"""
    (tmp_path / "a.json").write_bytes(b"\xef\xbb\xbf" + VALID)
    [one] = findings("a.json", cwd=tmp_path)
    assert one["message"] == "must not begin with a byte order mark"
    assert cevents("validate", "--lenient", "a.json", cwd=tmp_path).status == 0


@pytest.mark.parametrize("size", [len(VALID) - 1, len(VALID)])
@pytest.mark.parametrize("content", [VALID, VALID + b"\n" + VALID, b"[" + VALID + b"]"])
def test_the_limit_is_exact(tmp_path: Path, content: bytes, size: int) -> None:
    (tmp_path / "a.json").write_bytes(content)
    found = findings("--max-size", str(size), "a.json", cwd=tmp_path)
    assert len(found) == (content.count(VALID) if size < len(VALID) else 0)


def test_an_endless_element_of_an_array_ends_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"[" + VALID + b',{"x":"' + b"y" * 3_000_000 + b'"}]')
    [one] = findings("--max-size", "1m", "a.json", cwd=tmp_path)
    assert (one["index"], one["message"]) == (1, "is longer than 1048576 bytes")


MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(process.returncode, usage.ru_maxrss, round(1000 * (usage.ru_utime + usage.ru_stime)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux only")
@pytest.mark.parametrize("kind", ["lines", "one array", "one line that is too long", "gzip"])
def test_memory_does_not_grow_with_the_input(tmp_path: Path, kind: str) -> None:
    event = b'{"specversion":"1.0","id":"%d","source":"/s","type":"t","data":"' + b"x" * 400 + b'"}'
    events = [event % number for number in range(40_000)]
    path = tmp_path / "a.json"
    if kind == "one array":
        path.write_bytes(b"[" + b",".join(events) + b"]")
    elif kind == "one line that is too long":
        path.write_bytes(b"x" * 20_000_000)
    elif kind == "gzip":
        path.write_bytes(gzip.compress(b"\n".join(events), 1))
    else:
        path.write_bytes(b"\n".join(events))
    # A process in between, since what a child used begins with what its parent did.
    outcome = python(MEASURE, *COMMAND, "validate", "-q", "--max-size", "1M", path)
    status, kilobytes, _ = map(int, outcome.stdout.split()[-3:])
    assert status == (kind == "one line that is too long")
    assert kilobytes < 60_000


# -------------------------------------------------------------------------------------------- other kinds of output


def test_github_commands_escape_what_would_end_them(tmp_path: Path) -> None:
    content = VALID.replace(b'"data"', b'"time":"100%25: \\n, ::","data"')
    (tmp_path / "a,b:c%.json").write_bytes(content)
    status, stdout, _ = cevents("validate", "--output", "github", "a,b:c%.json", cwd=tmp_path)
    assert status == 1
    command, summary = stdout.splitlines()
    assert command.startswith("::error file=a%2Cb%3Ac%25.json,line=1,col=56,title=CE-time-a::time: ")
    assert '(got "100%2525: \\n, ::")' in command
    assert summary == "1 event, 1 invalid, 1 file"


def test_github_commands_have_all_that_text_has(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(INVALID)
    assert cevents("validate", "--output", "github", "a.json", cwd=tmp_path).stdout.splitlines()[0] == (
        "::error file=a.json,line=1,col=56,title=CE-subject-a::"
        'subject: must not be empty (got ""); leave it out (event 0, byte 55)'
    )


def test_sarif_has_what_version_2_1_0_requires(tmp_path: Path) -> None:
    (tmp_path / "many.json").write_bytes(MANY)
    (tmp_path / "empty.json").write_bytes(b"")
    status, stdout, _ = cevents("validate", "--output", "sarif", "many.json", "empty.json", cwd=tmp_path)
    log = json.loads(stdout)
    assert status == 1
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    [run] = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "cevents"
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["helpUri"].startswith("https://")
    assert len(run["results"]) == len(findings("many.json", "empty.json", cwd=tmp_path))
    *errors, warning = run["results"]
    for result in errors:
        assert result["level"] == "error"
        assert result["message"]["text"]
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        [location] = result["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"] == {"uri": "many.json"}
        assert physical["region"]["startLine"] >= 1
        assert physical["region"]["startColumn"] >= 1
        assert isinstance(result["properties"]["index"], int)
    assert warning["level"] == "warning"
    assert "region" not in warning["locations"][0]["physicalLocation"]


def test_json_is_one_document_with_a_problem_a_line(tmp_path: Path) -> None:
    (tmp_path / "many.json").write_bytes(MANY)
    outcome = cevents("validate", "--output", "json", "many.json", cwd=tmp_path)
    assert outcome.json["complete"] is True
    assert outcome.json["summary"] == {"files": 1, "events": 4, "invalid": 3, "warnings": 0, "unusable": 0}
    lines = outcome.stdout.splitlines()
    problems = [json.loads(line.rstrip(",")) for line in lines if line.startswith('{"severity"')]
    assert problems == outcome.json["problems"]
    assert cevents("validate", "--output", "json", "-", stdin=VALID).json["problems"] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
@pytest.mark.parametrize("quiet", [False, True])
def test_long_input_has_a_progress_bar_on_a_terminal(quiet: bool) -> None:
    import pty
    import select

    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "validate", *(["-q"] if quiet else []), "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=environment(),
    ) as process:
        os.close(terminal)
        assert process.stdin is not None
        assert process.stdout is not None
        shown = b""
        for _ in range(30 if quiet else 600):  # at most so many twentieths of a second
            process.stdin.write(VALID + b"\n")
            process.stdin.flush()
            if select.select([controller], [], [], 0.05)[0]:
                shown += os.read(controller, 4096)
            if b"bytes" in shown:
                break
        process.stdin.close()
        assert (b"0 invalid, 1 file" in process.stdout.read()) is not quiet
        assert process.wait(TIMEOUT) == 0
    os.close(controller)
    assert (b"bytes" in shown) is not quiet
