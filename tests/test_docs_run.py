"""Every example of README.md and docs/ works as it is printed.

The Python blocks of a page run in order, in one namespace, in an empty directory. A block stays out only
behind a comment that says why, on the line above its fence: ``<!-- skip: needs a broker -->``. Commands in
console blocks are not run; the verb and the options that they show must exist.
"""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import re
import shlex
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TOP_PAGES = [*sorted(ROOT.glob("*.md")), ROOT / "conformance" / "README.md"]

PYTHON = {"python", "py", "pycon"}
SHELL = {"console", "bash", "sh", "shell"}

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,}|~{3,}) *(?P<info>[^`]*?)\s*$")
_LANGUAGE = re.compile(r"^(?:\{\s*\.)?(?P<language>[\w+-]+)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SKIP = re.compile(r"^<!-- skip: (?P<reason>\S.*?) -->$")
_SKIP_WITHOUT_REASON = re.compile(r"^<!--\s*skip\s*:?\s*-->$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page; ``line`` is the 1-based line of its first line of content."""

    language: str
    text: str
    line: int
    skip: str | None = None


def blocks(text: str) -> Iterator[Block]:
    """Finds the fenced blocks of a Markdown text, those inside of lists, tabs and admonitions too."""
    lines = text.splitlines()
    above = ""
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        opening = _FENCE.match(line)
        if opening is None:
            if line.strip():
                above = line.strip()
            continue
        start = position
        closing = re.compile(rf"^ *{re.escape(opening['ticks'])}+\s*$")
        while position < len(lines) and not closing.match(lines[position]):
            position += 1
        if position == len(lines):
            raise ValueError(f"line {start}: this block is never closed")
        if _SKIP_WITHOUT_REASON.match(above):
            raise ValueError(f"line {start}: a block is skipped only with a reason")
        language = _LANGUAGE.match(opening["info"])
        skip = _SKIP.match(above)
        yield Block(
            language=language["language"].lower() if language else "",
            text=textwrap.dedent("\n".join(lines[start:position])) + "\n",
            line=start + 1,
            skip=skip["reason"] if skip else None,
        )
        above = ""
        position += 1


def run_python(block: Block, page: str, namespace: dict[str, object], runner: asyncio.Runner) -> None:
    """Runs one block; ``await`` works at its top level, as in a notebook or in ``python -m asyncio``."""
    if block.text.lstrip().startswith(">>>"):
        parser = doctest.DocTestParser()
        test = parser.get_doctest(block.text, namespace, f"{page}:{block.line}", page, block.line - 1)
        test.globs = namespace  # the parser copies it, but the next block goes on where this one ends
        report: list[str] = []
        results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(
            test, out=report.append, clear_globs=False
        )
        assert results.failed == 0, "".join(report)
        return
    # Lines of the page, so that a traceback leads to the right one.
    source = "\n" * (block.line - 1) + block.text
    code = compile(source, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    outcome = eval(code, namespace)  # the page is ours
    if inspect.iscoroutine(outcome):
        runner.run(outcome)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_blocks_of_a_page_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # Classes of the page can be pickled, and have annotations resolved, only when their module is a module.
    module = ModuleType("page_" + re.sub(r"\W", "_", str(page.relative_to(ROOT))))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with asyncio.Runner() as runner:
        for block in blocks(page.read_text(encoding="utf-8")):
            if block.language in PYTHON and block.skip is None:
                run_python(block, str(page), module.__dict__, runner)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_a_page_exist(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language in SHELL and block.skip is None:
            for arguments in cevents_commands(block):
                check_command(arguments, where=f"{page.relative_to(ROOT)}:{block.line}")


def cevents_commands(block: Block) -> Iterator[list[str]]:
    """The arguments of each call of ``cevents`` in a block, without pipes and redirections."""
    prompts = block.language == "console"
    for line in block.text.replace("\\\n", " ").splitlines():
        if prompts and not line.startswith("$ "):
            continue  # what the command printed
        lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars="|&;<>()")
        lexer.whitespace_split = True
        command: list[str] = []
        for token in [*lexer, ";"]:
            if token[0] not in "|&;<>()":
                command.append(token)
                continue
            while command and ("=" in command[0] or command[0] in {"time", "exec", "sudo"}):
                command.pop(0)  # settings of the environment, and what runs another command
            if command and command[0] == "cevents":
                yield command[1:]
            command = []


def check_command(arguments: list[str], where: str) -> None:
    """Follows the verbs of one command line down to a command, and looks up the options that it is given."""
    import click

    from cevents.cli import main

    command: click.Command = main
    context = click.Context(main, info_name="cevents")
    rest = list(arguments)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        verb = rest.pop(0)
        found = command.get_command(context, verb)
        assert found is not None, f"{where}: there is no `{context.command_path} {verb}`"
        context = click.Context(found, parent=context, info_name=verb)
        command = found
    known = {
        name
        for parameter in command.get_params(context)
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    for argument in rest:
        if argument == "--":
            break
        if argument.startswith("--"):
            option = argument.partition("=")[0]
            assert option in known, f"{where}: `{context.command_path}` has no {option}"


@pytest.mark.parametrize("page", TOP_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    """Those of docs/ are looked after by mkdocs itself."""
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if not re.match(r"https?:|mailto:|#", target):
            path = page.parent / target.partition("#")[0]
            assert path.exists(), f"{page.relative_to(ROOT)}: there is no {target}"


# The extractor itself

PAGE = """\
# Title

```python title="a.py"
x = 1
```

<!-- skip: needs a broker -->

```{.python .annotate}
raise SystemExit
```

=== "Tab"

    ~~~~ py
    y = x + 1
    ```
    ~~~~

```console
$ cevents validate --output=json a.json | jq . > b.json; TZ=UTC cevents new \\
    --type t
an output with cevents in it
```
"""


def test_blocks_are_found_with_language_line_and_reason() -> None:
    found = list(blocks(PAGE))
    assert [(block.language, block.line, block.skip) for block in found] == [
        ("python", 4, None),
        ("python", 10, "needs a broker"),
        ("py", 16, None),
        ("console", 21, None),
    ]
    assert found[2].text == "y = x + 1\n```\n"
    assert list(cevents_commands(found[3])) == [
        ["validate", "--output=json", "a.json"],
        ["new", "--type", "t"],
    ]


@pytest.mark.parametrize("page", ["```python\nx = 1\n", "<!-- skip: -->\n```python\n```\n"])
def test_a_page_that_hides_its_examples_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match=r"line [12]: "):
        list(blocks(page))


def test_blocks_await_share_names_and_fail() -> None:
    namespace: dict[str, object] = {"__name__": "page"}
    with asyncio.Runner() as runner:
        run_python(
            Block("python", "import asyncio\nx = await asyncio.sleep(0, 7)\n", 1), "p", namespace, runner
        )
        run_python(Block("pycon", ">>> x\n7\n>>> y = 8\n", 5), "p", namespace, runner)
        run_python(Block("python", "assert (x, y) == (7, 8)\n", 9), "p", namespace, runner)
        with pytest.raises(AssertionError, match="Expected:"):
            run_python(Block("pycon", ">>> x\n8\n", 12), "p", namespace, runner)
        with pytest.raises(ZeroDivisionError) as failure:
            run_python(Block("python", "x = 1\nx / 0\n", 20), "p", namespace, runner)
    assert failure.traceback[-1].lineno == 20  # counted from 0: the second line of a block that starts at 20
