"""Runs the command line tool as a process of its own, as its users do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import msgspec

from cevents import CloudEvent, formats

COMMAND = [sys.executable, "-m", "cevents"]
TIMEOUT = 60.0

VALID = b'{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"n":1}}'
INVALID = b'{"specversion":"1.0","id":"2","source":"/s","type":"t","subject":""}'


class Outcome(NamedTuple):
    """What a run printed, and its exit status."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.stdout)

    @property
    def event(self) -> CloudEvent[Any]:
        return formats.json.decode(self.stdout)


def environment(changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of this process, without what changes how things are printed."""
    unwanted = ("NO_COLOR", "FORCE_COLOR", "PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONUTF8")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**kept, "TERM": "xterm-256color", "COLUMNS": "100", **(changes or {})}


Argument: TypeAlias = str | bytes | Path


def cevents(
    *arguments: Argument, stdin: bytes = b"", cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Outcome:
    """Run `cevents` with arguments, to its end; `env` are changes to its environment."""
    return _ended([*COMMAND, *arguments], stdin, cwd, env)


def python(code: str, *arguments: Argument, cwd: Path | None = None) -> Outcome:
    """Run some Python code, to its end."""
    return _ended([sys.executable, "-c", code, *arguments], b"", cwd, None)


def without(modules: str, *arguments: Argument, cwd: Path | None = None) -> Outcome:
    """Run `cevents` where modules, with spaces between, are not installed."""
    code = f"import sys; sys.modules.update(dict.fromkeys({modules.split()!r})); from cevents.cli import main; main()"
    return python(code, *arguments, cwd=cwd)


def on_a_terminal(
    *arguments: Argument, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Outcome:
    """Run `cevents` with a terminal for its output, to its end."""
    code = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    return _ended([sys.executable, "-c", code, *COMMAND, *arguments], b"", cwd, env)


def _ended(
    command: Sequence[Argument], stdin: bytes, cwd: Path | None, env: Mapping[str, str] | None
) -> Outcome:
    ended = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env=environment(env),
        timeout=TIMEOUT,
        check=False,
    )
    return Outcome(ended.returncode, ended.stdout.decode(), ended.stderr.decode())
