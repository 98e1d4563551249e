"""The program as a whole: help, version, completion, missing packages, how it ends."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cevents import __version__
from cevents.cli import main
from tests.cli.running import COMMAND, INVALID, TIMEOUT, VALID, cevents, environment, on_a_terminal, python

VERBS = ["validate", "new", "convert", "demo", "conformance"]


def test_version() -> None:
    assert cevents("--version") == (0, f"cevents {__version__}\n", "")


def test_help_lists_the_verbs_in_their_order() -> None:
    status, stdout, stderr = cevents("--help")
    assert (status, stderr) == (0, "")
    assert re.findall(r"^  ([a-z]+)  ", stdout, re.MULTILINE) == VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_every_verb_has_two_examples_that_can_be_called(verb: str) -> None:
    status, stdout, stderr = cevents(verb, "--help")
    assert (status, stderr) == (0, "")
    assert "Exit status: 0" in stdout
    examples = stdout.partition("Examples:\n")[2].replace("\\\n", " ").strip().splitlines()
    assert len(examples) == 2
    command = main.get_command(click.Context(main), verb)
    assert command is not None
    for example in examples:
        [call] = [part for part in example.split("|") if " cevents " in f" {part}"]
        words = shlex.split(call)
        arguments = words[words.index("cevents") + 2 :]
        assert words[words.index("cevents") + 1] == verb
        command.make_context(verb, arguments)  # raises for what does not exist


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nosuch"], "No such command 'nosuch'"),
        (["validate"], "Missing argument 'PATH...'"),
        (["validate", "--nosuch", "x"], "No such option"),
        (["validate", "--output", "yaml", "x"], "'yaml' is not one of"),
        (["validate", "--max-size", "0", "x"], '"0" is not a number of bytes'),
        (["validate", "--max-size", "16MB", "x"], '"16MB" is not a number of bytes'),
        (["conformance", "--output", "sarif"], "'sarif' is not one of"),
        (["demo", "x"], "unexpected extra argument"),
    ],
)
def test_mistakes_on_the_command_line_are_told_without_a_traceback(arguments: list[str], told: str) -> None:
    status, stdout, stderr = cevents(*arguments)
    assert (status, stdout) == (2, "")
    assert told in stderr
    assert "Traceback" not in stderr


def test_nothing_at_all_shows_the_help() -> None:
    status, stdout, stderr = cevents()
    assert status in (0, 2)  # older versions of click say 0
    assert "Commands:" in stdout + stderr


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra_one_line_says_what_to_install(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from cevents.cli import main; main()"
    status, stdout, stderr = python(code)
    assert (status, stdout) == (2, "")
    assert stderr == "cevents: the command line needs more packages: pip install 'cevents[cli]'\n"


def test_heavy_modules_are_imported_only_where_they_are_needed(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(VALID)
    code = (
        "import sys; from cevents.cli import main\n"
        "try: main(['validate', sys.argv[1]])\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    status, _, stderr = python(code, tmp_path)
    assert status == 0
    loaded = set(stderr.split())
    heavy = {"rich", "jsonschema", "http.client", "http.server", "cevents.conformance", "asyncio", "ssl"}
    assert "cevents.cli.validate" in loaded
    assert not loaded & heavy


# ------------------------------------------------------------------------------------------------- completion


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("cevents ", VERBS),
        ("cevents val", ["validate"]),
        ("cevents validate --out", ["--output"]),
        ("cevents validate --output ", ["text", "json", "github", "sarif"]),
        ("cevents new --data", ["--datacontenttype", "--dataschema", "--data", "--data-json"]),
    ],
)
def test_the_shell_completes_verbs_options_and_values(words: str, completed: list[str]) -> None:
    cursor = str(len(words.split()) - (not words.endswith(" ")))
    settings = {"_CEVENTS_COMPLETE": "bash_complete", "COMP_WORDS": words.strip(), "COMP_CWORD": cursor}
    status, stdout, stderr = cevents(env=settings)
    assert (status, stderr) == (0, "")
    assert stdout.splitlines() == [f"plain,{word}" for word in completed]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_is_written_for_other_shells(shell: str) -> None:
    # That of bash is not asked for here: click looks up the version of bash for it.
    status, stdout, _ = cevents(env={"_CEVENTS_COMPLETE": f"{shell}_source"})
    assert status == 0
    assert "_CEVENTS_COMPLETE" in stdout


# ------------------------------------------------------------------------------------------- how a run ends


def many_invalid(path: Path) -> Path:
    """A file of which there is more to say than a pipe holds."""
    path.write_bytes((INVALID + b"\n") * 5000)
    return path


@pytest.mark.parametrize("output", ["text", "json", "github", "sarif"])
def test_a_closed_pipe_is_quiet(tmp_path: Path, output: str) -> None:
    path = many_invalid(tmp_path / "a.ndjson")
    with subprocess.Popen(
        [*COMMAND, "validate", "--output", output, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(TIMEOUT) == 141


@pytest.mark.parametrize("arguments", [["--help"], ["new", "--type", "t", "--source", "/s"], ["demo"]])
def test_a_pipe_that_was_closed_before_is_quiet(arguments: list[str]) -> None:
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(TIMEOUT) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [*COMMAND, "validate", many_invalid(tmp_path / "a.ndjson")],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            env=environment(),
        )
    assert ended.returncode == 2
    assert ended.stderr == b"cevents: cannot write the output: No space left on device\n"


def test_no_stdout_at_all_is_no_error() -> None:
    code = "import os; os.close(1); os.execv(sys.executable, [sys.executable, '-m', 'cevents', '--version'])"
    assert python(f"import sys; {code}") == (0, "", "")


@pytest.mark.parametrize("output", ["text", "json", "github", "sarif"])
def test_an_interrupt_is_quiet(output: str) -> None:
    with subprocess.Popen(
        [*COMMAND, "validate", "--output", output, "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(VALID + b"\n" + INVALID + b"\n")
        process.stdin.flush()
        first = b""
        while b"CE-subject-a" not in first:  # it is told at once, though more may come
            more = process.stdout.read1(2**16)  # type: ignore[attr-defined] # it is buffered
            assert more
            first += more
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=TIMEOUT)
    assert errors == b""
    assert process.returncode == 130
    if output in ("json", "sarif"):
        document = json.loads(first + rest)  # whole as JSON, but it says that it does not have all
        if output == "json":
            assert document["complete"] is False
        else:
            assert document["runs"][0]["invocations"][0]["executionSuccessful"] is False


# ---------------------------------------------------------------------------------------------- what it looks like


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_output_is_utf_8_whatever_the_environment_says(encoding: str) -> None:
    settings = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": encoding}
    outcome = cevents("new", "--type", "Größe", "--source", "/s", "x=€", "--data", "日本", env=settings)
    assert outcome.status == 0
    assert outcome.event.type == "Größe"
    assert outcome.event["x"] == "€"
    assert outcome.event.data == "日本"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
@pytest.mark.parametrize(
    ("verb", "changes", "coloured"),
    [
        ("validate", {}, True),
        ("validate", {"NO_COLOR": "1"}, False),
        ("validate", {"TERM": "dumb"}, False),
        ("demo", {}, True),
        ("demo", {"NO_COLOR": "1"}, False),
        ("conformance", {}, True),
        ("conformance", {"NO_COLOR": "1"}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(
    tmp_path: Path, verb: str, changes: dict[str, str], coloured: bool
) -> None:
    (tmp_path / "a.json").write_bytes(INVALID)
    arguments = [verb, "a.json"] if verb == "validate" else [verb]
    shown = on_a_terminal(*arguments, cwd=tmp_path, env=changes).stdout
    assert len(shown) > 100
    assert ("\x1b[" in shown) is coloured


def test_there_are_no_colours_in_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(INVALID)
    for arguments in (["validate", "a.json"], ["demo"], ["conformance"]):
        assert "\x1b" not in cevents(*arguments, cwd=tmp_path).stdout
