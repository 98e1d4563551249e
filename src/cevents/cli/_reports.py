"""What `cevents validate` prints: text for people, JSON, workflow commands of GitHub, SARIF 2.1.0.

Every report is written as the findings come, so that none needs memory for all of them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, ClassVar, Literal, TextIO
from urllib.parse import quote

import click
import msgspec
from msgspec import Struct

from cevents.__about__ import __version__
from cevents.cli import _guide
from cevents.cli._program import has_colours

__all__ = ["KINDS", "Finding", "Report", "Summary", "of_stdout", "shown_path"]


class Finding(Struct, frozen=True):
    """Something about one event, or about a whole file; `position` counts bytes, `line` and `column` from 1."""

    severity: Literal["error", "warning"]
    file: str
    message: str
    line: int | None = None
    column: int | None = None
    position: int | None = None
    index: int | None = None
    attribute: str | None = None
    value: str | None = None
    requirement: str | None = None
    hint: str | None = None

    @property
    def sentence(self) -> str:
        """What is wrong, without where."""
        subject = "" if self.attribute is None else f"{self.attribute}: "
        found = "" if self.value is None else f" (got {self.value})"
        return f"{subject}{self.message}{found}"

    @property
    def place(self) -> str:
        """Where it is among the events and bytes of its file, as far as that is known."""
        parts = (("event", self.index), ("byte", self.position))
        return ", ".join(f"{what} {number}" for what, number in parts if number is not None)


class Summary(Struct, frozen=True):
    """The numbers at the end; files that could not be read to their end are `unusable`."""

    files: int
    events: int
    invalid: int
    warnings: int
    unusable: int

    def __str__(self) -> str:
        parts = [_counted(self.events, "event"), f"{self.invalid:,} invalid", _counted(self.files, "file")]
        if self.warnings:
            parts.append(_counted(self.warnings, "warning"))
        if self.unusable:
            parts.append(f"{self.unusable:,} not usable")
        return ", ".join(parts)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def shown_path(path: str) -> str:
    """Return a path as it can be shown in a line: controls and bytes that are no UTF-8 escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in path)


class Report:
    """Writes findings to a stream; this one for people to read."""

    def __init__(self, stream: TextIO, *, quiet: bool) -> None:
        self._stream = stream
        self._quiet = quiet
        self._colours = has_colours(stream)
        self._linked: set[str] = set()
        self.begin()

    def begin(self) -> None:
        """Write what comes before the first finding."""

    def add(self, finding: Finding) -> None:
        """Write a finding."""
        place = ":".join(str(part) for part in (finding.line, finding.column) if part is not None)
        file = self._styled(shown_path(finding.file), bold=True)
        severity = self._styled(
            finding.severity, fg="red" if finding.severity == "error" else "yellow", bold=True
        )
        requirement = (
            "" if finding.requirement is None else self._styled(f" [{finding.requirement}]", dim=True)
        )
        self._write(f"{file}{place and f':{place}'}: {severity}: {finding.sentence}{requirement}\n")
        if finding.place:
            self._write(f"    {finding.place}\n")
        if finding.hint is not None:
            self._write(f"    hint: {finding.hint}\n")
        if finding.requirement is not None and finding.requirement not in self._linked:
            self._linked.add(finding.requirement)
            if (section := _guide.section(finding.requirement)) is not None:
                self._write(f"    see {section}: {section.url}\n")

    def unusable(self, file: str, message: str) -> None:
        """Tell of a file that cannot be used."""
        click.echo(f"cevents: {shown_path(file)}: {message}", err=True)

    def end(self, summary: Summary, *, complete: bool) -> None:
        """Write what comes after the last finding; not `complete` after Ctrl-C."""
        if complete and not self._quiet:
            self._write(f"{summary}\n")

    def flush(self) -> None:
        """Let whoever reads the report see what was written so far."""
        self._stream.flush()

    def _write(self, text: str) -> None:
        self._stream.write(text)

    def _styled(self, text: str, **style: Any) -> str:
        return click.style(text, **style) if self._colours else text


class _Github(Report):
    """Workflow commands of GitHub Actions, which show findings beside the lines of a change."""

    def add(self, finding: Finding) -> None:
        fields = {
            "file": finding.file,
            "line": finding.line,
            "col": finding.column,
            "title": finding.requirement,
        }
        given = ",".join(
            f"{name}={_field(str(value))}" for name, value in fields.items() if value is not None
        )
        hint = "" if finding.hint is None else f"; {finding.hint}"
        place = finding.place and f" ({finding.place})"
        # Without a line it is not shown beside one, where the file would be seen.
        whole = finding.sentence if finding.line is not None else f"{finding.file}: {finding.sentence}"
        self._command(finding.severity, given, f"{whole}{hint}{place}")

    def unusable(self, file: str, message: str) -> None:
        self._command("error", f"file={_field(file)}", f"{file}: {message}")

    def _command(self, name: str, fields: str, message: str) -> None:
        self._write(f"::{name}{fields and f' {fields}'}::{_message(message)}\n")


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _field(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


class _Document(Report):
    """One JSON document, written piece by piece: a beginning, findings one a line, an end."""

    beginning: ClassVar[str]
    _first = True

    def begin(self) -> None:
        self._unusable: list[tuple[str, str]] = []
        self._write(self.beginning)

    def add(self, finding: Finding) -> None:
        self._write(f"{'' if self._first else ','}\n{_json(self.item(finding))}")
        self._first = False

    def item(self, finding: Finding) -> dict[str, Any]:
        """Return what stands for a finding."""
        raise NotImplementedError

    def unusable(self, file: str, message: str) -> None:
        super().unusable(file, message)
        self._unusable.append((file, message))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


class _Json(_Document):
    """`{"problems": [...], "unusable": [...], "summary": {...}, "complete": true}`."""

    beginning = '{"problems":['

    def item(self, finding: Finding) -> dict[str, Any]:
        found = msgspec.structs.asdict(finding)
        found["file"] = shown_path(finding.file)
        section = None if finding.requirement is None else _guide.section(finding.requirement)
        found["specification"] = None if section is None else section._asdict()
        return found

    def end(self, summary: Summary, *, complete: bool) -> None:
        unusable = [{"file": shown_path(file), "message": message} for file, message in self._unusable]
        self._write(f'\n],\n"unusable":{_json(unusable)},\n"summary":{_json(summary)},\n')
        self._write(f'"complete":{_json(complete)}}}\n')


class _Sarif(_Document):
    """A SARIF 2.1.0 log of one run; the rules stand behind the results, since only then it is known which were used."""

    beginning = (
        '{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0",\n'
        '"runs":[{"columnKind":"unicodeCodePoints","results":['
    )

    def begin(self) -> None:
        self._rules: dict[str, int] = {}
        super().begin()

    def item(self, finding: Finding) -> dict[str, Any]:
        region = {"startLine": finding.line, "startColumn": finding.column}
        result: dict[str, Any] = {
            "level": finding.severity,
            "message": {
                "text": finding.sentence if finding.hint is None else f"{finding.sentence}; {finding.hint}"
            },
            "locations": [_location(finding.file, {k: v for k, v in region.items() if v is not None})],
        }
        if finding.requirement is not None:
            result["ruleId"] = finding.requirement
            result["ruleIndex"] = self._rules.setdefault(finding.requirement, len(self._rules))
        names = ("index", "position", "attribute", "value", "hint")
        facts = {name: getattr(finding, name) for name in names}
        if known := {name: value for name, value in facts.items() if value is not None}:
            result["properties"] = known
        return result

    def end(self, summary: Summary, *, complete: bool) -> None:
        notifications = [
            {"level": "error", "message": {"text": message}, "locations": [_location(file, {})]}
            for file, message in self._unusable
        ]
        invocation: dict[str, Any] = {
            "executionSuccessful": complete and not notifications,
            "toolExecutionNotifications": notifications,
        }
        driver = {"name": "cevents", "version": __version__, "rules": self._described_rules()}
        self._write(f'\n],\n"invocations":{_json([invocation])},\n"tool":{_json({"driver": driver})},\n')
        self._write(f'"properties":{_json({"summary": summary})}}}]}}\n')

    def _described_rules(self) -> list[dict[str, Any]]:
        if not self._rules:
            return []
        from cevents.conformance import ledger  # here, since only this report tells what the requirements say

        known = ledger([]).requirements
        return [_rule(name, known[name].statement if name in known else name) for name in self._rules]


def _rule(name: str, statement: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": name, "shortDescription": {"text": statement}}
    if (section := _guide.section(name)) is not None:
        rule["helpUri"] = section.url
        rule["help"] = {"text": f"{section}: {section.url}"}
    return rule


def _location(file: str, region: dict[str, int]) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(file)}}
    if region:
        physical["region"] = region
    return {"physicalLocation": physical}


def _uri(path: str) -> str:
    """Return a path as a URI-reference: relative as it was given, for whoever shows it beside the sources."""
    found = Path(path)
    return found.as_uri() if found.is_absolute() else quote(os.fsencode(found.as_posix()))


KINDS: dict[str, type[Report]] = {"text": Report, "json": _Json, "github": _Github, "sarif": _Sarif}


def of_stdout(kind: str, *, quiet: bool) -> Report:
    """Return the report of a kind, written to stdout."""
    return KINDS[kind](sys.stdout, quiet=quiet)
