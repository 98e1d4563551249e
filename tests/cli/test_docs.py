"""The commands of docs/cli.md print what the page says."""

from __future__ import annotations

import doctest
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import TIMEOUT, environment
from tests.test_docs_run import ROOT, blocks

PAGE = ROOT / "docs" / "cli.md"
NOT_RUN = "pip install"


def commands() -> Iterator[tuple[str, str]]:
    """Each command of the page with what it is said to print."""
    for block in blocks(PAGE.read_text(encoding="utf-8")):
        if block.language == "console":
            for part in f"\n{block.text}".split("\n$ ")[1:]:
                command, _, output = part.replace("\\\n", " ").partition("\n")
                yield command, output.removesuffix("\n")


@pytest.mark.skipif(shutil.which("bash") is None, reason="the page is written for bash; apt-get install bash")
def test_commands_of_the_page_print_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    shortcut = tmp_path / "bin" / "cevents"
    shortcut.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cevents "$@"\n', encoding="utf-8")
    shortcut.chmod(0o755)
    settings = environment()
    settings["PATH"] = f"{shortcut.parent}:{settings['PATH']}"
    checker = doctest.OutputChecker()
    number = 0
    for command, output in commands():
        if command.startswith("cat "):  # the page shows what is in the file
            (tmp_path / command.removeprefix("cat ")).write_text(f"{output}\n", encoding="utf-8")
            continue
        if command.startswith(NOT_RUN):
            continue
        # Completion is loaded into the shell that asks for it.
        script = command.replace("complete -p", "source cevents-complete.bash; complete -p")
        ended = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
            check=False,
        )
        shown = ended.stdout.decode().rstrip("\n")
        flags = doctest.ELLIPSIS | doctest.DONT_ACCEPT_TRUE_FOR_1
        assert shown == output or checker.check_output(f"{output}\n", f"{shown}\n", flags), (
            f"$ {command}\n{shown}\n--- but the page says\n{output}"
        )
        number += 1
    assert number >= 15
