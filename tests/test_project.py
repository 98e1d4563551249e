"""The project keeps its own promises: one version, a light import, honest extras, a clean tree."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import cevents
from tests.conftest import require_program

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_newest_entry_of_the_changelog_is_the_version_of_the_package() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(
        r"^## \[?(\d+\.\d+\.\d+[^\]\s]*)\]? - (?:unreleased|\d{4}-\d{2}-\d{2})$", changelog, re.MULTILINE
    )
    headings = re.findall(r"^## .*$", changelog, re.MULTILINE)
    assert len(versions) == len(headings), "every heading reads `## [1.2.3] - 2026-01-31`, or `unreleased`"
    assert versions[0] == cevents.__version__


def modules_after(statement: str) -> set[str]:
    """The names of the modules that one statement brings into a new interpreter."""
    program = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    # -S leaves out what site-packages loads at start, such as coverage's measuring of subprocesses; -P keeps
    # the working directory off the path.
    search = [path for path in sys.path if "site-packages" in path] + [
        str(Path(cevents.__file__).parent.parent)
    ]
    program = f"import sys; sys.path += {search!r}; {program}"
    found = subprocess.run(
        [sys.executable, "-S", "-P", "-c", program], check=True, capture_output=True, text=True
    )
    return set(found.stdout.split())


def test_import_brings_no_network_and_only_the_core_dependency() -> None:
    modules = modules_after("import cevents")
    assert "cevents" in modules
    unwanted = {
        "asyncio",
        "email",
        "http",
        "selectors",
        "socket",
        "ssl",
        "subprocess",
        "multiprocessing",
        "unittest",
    }
    assert not unwanted & modules
    assert "msgspec" in modules
    # msgspec takes typing_extensions along where that is installed.
    packages = {name.partition(".")[0] for name in modules - modules_after("import msgspec")}
    assert packages - set(sys.stdlib_module_names) == {"cevents"}


@pytest.mark.parametrize("room", ["event", "formats.json", "bindings.http", "attributes", "data", "errors"])
def test_no_room_of_the_core_brings_the_network(room: str) -> None:
    modules = modules_after(f"import cevents.{room}")
    assert not {"asyncio", "selectors", "socket", "ssl", "http.client", "urllib.request"} & modules


def test_extra_all_is_the_union_of_the_others() -> None:
    extras: dict[str, list[str]] = dict(PROJECT["project"]["optional-dependencies"])
    [everything] = extras.pop("all")
    listed = re.fullmatch(r"cevents\[([\w,]+)\]", everything)
    assert listed is not None
    assert listed[1].split(",") == list(extras)


def test_the_type_marker_is_shipped() -> None:
    assert (Path(cevents.__file__).parent / "py.typed").is_file()


def test_licence_is_said_once_and_is_there() -> None:
    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text(
        encoding="utf-8"
    )


def tracked_files() -> list[Path]:
    """The files of the repository, new ones included; without a history those of the tree."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        tops = ["src", "tests", "conformance", "docs", "examples", "bench", "scripts"]
        return [
            path
            for top in tops
            for path in (ROOT / top).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        ]
    listed = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


# What a text of the repository never holds, each with what it is. They are spelled so that this file passes.
UNWANTED = {
    "a path of somebody's machine": re.compile(r"(?<![\w.:/-])/(?:home|root|work|Users|mnt|tmp/lab)/\w"),
    "a leftover of a merge": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
    "a note to oneself": re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X{3})\b"),
    "a carriage return": re.compile(r"\r\n"),
}


def test_texts_of_the_repository_are_clean() -> None:
    found: list[str] = []
    for path in tracked_files():
        content = path.read_bytes()
        if b"\0" in content:
            continue  # no text
        text = content.decode("utf-8", errors="replace")
        for what, pattern in UNWANTED.items():
            for match in pattern.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{path.relative_to(ROOT)}:{line}: {what}: {match[0]!r}")
    assert not found, "\n".join(found)


def test_scripts_can_be_started() -> None:
    for script in ("scripts/test", "scripts/demo", ".ci/run"):
        assert (ROOT / script).stat().st_mode & 0o111, script


def test_missing_program_is_a_skip_in_words_and_a_failure_where_servers_are_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CEVENTS_REQUIRE_SERVERS", raising=False)
    assert Path(require_program("sh", package="dash")).is_file()
    with pytest.raises(pytest.skip.Exception, match="apt-get install cevents-nowhere"):
        require_program("cevents-nowhere", package="cevents-nowhere")
    monkeypatch.setenv("CEVENTS_REQUIRE_SERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install cevents-nowhere"):
        require_program("cevents-nowhere", package="cevents-nowhere")
