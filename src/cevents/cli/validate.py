"""`cevents validate`: whether files hold valid events, and where not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click

from cevents import formats
from cevents.cli import _guide, _progress, _reading, _reports
from cevents.cli._detection import events_of, format_known, format_named, format_of, is_json_text, whole
from cevents.cli._places import member_offset
from cevents.cli._program import NotUsable
from cevents.cli._reading import STDIN, Block, Events, Unusable
from cevents.cli._reports import Finding, Report, Summary
from cevents.errors import CloudEventError, Findings, InvalidEvent, Problem, excerpt
from cevents.event import CloudEvent
from cevents.formats._json_stream import Element

if TYPE_CHECKING:
    from cevents.cli._schemas import DataSchemas

__all__ = ["command"]

VALID, INVALID, NOT_USABLE = 0, 1, 2


def _size(ctx: click.Context, param: click.Parameter, value: str) -> int:
    match = re.fullmatch("([1-9][0-9]{0,14})([KMG]?)", value, re.IGNORECASE)
    if match is None:
        wanted = "a number of bytes such as 1000000, 512K, 16M or 1G"
        raise click.BadParameter(f"{excerpt(value)} is not {wanted}", ctx, param)
    return int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[match[2].upper()]


@click.command(
    "validate",
    short_help="Check events in files or from stdin.",
    epilog="""\b
Examples:
  cevents validate events.ndjson archive/
  zcat events.gz | cevents validate --output json --data-schema order.schema.json -
""",
)
@click.argument(
    "paths",
    metavar="PATH...",
    nargs=-1,
    required=True,
    type=click.Path(allow_dash=True, path_type=str),
)
@click.option(
    "--lenient", is_flag=True, help="Mend what can be mended; each repair is a warning, not an error."
)
@click.option(
    "--data-schema",
    "data_schemas",
    metavar="[URI=]FILE",
    multiple=True,
    type=click.Path(path_type=str),
    help="Check the data against this JSON Schema: of events whose dataschema is URI, or of all others. "
    "Can be given more than once; nothing is ever fetched.",
)
@click.option(
    "--format",
    "given",
    metavar="FORMAT",
    help="The format of all files, by name or media type; when left out it is told by the ending of a name, "
    "or by a look at the file.",
)
@click.option(
    "--output",
    type=click.Choice(list(_reports.KINDS)),
    default="text",
    show_default=True,
    help="How findings are printed.",
)
@click.option(
    "--max-size",
    metavar="SIZE",
    callback=_size,
    default="16M",
    show_default=True,
    help="Bytes that a single event may have; K, M and G stand for 2^10, 2^20 and 2^30.",
)
@click.option(
    "-q", "--quiet", is_flag=True, help="Print findings only: no progress, no summary, no warnings."
)
def command(
    paths: tuple[str, ...],
    lenient: bool,
    data_schemas: tuple[str, ...],
    given: str | None,
    output: str,
    max_size: int,
    quiet: bool,
) -> int:
    """Check that files hold valid CloudEvents, in JSON or any other format.

    A PATH is a file with an event, a batch, or in JSON also events one after the other (NDJSON); or a directory, of
    which all files are read whose names end like a format (.json, .ndjson, .jsonl, .avro, .cbor, .pb, .binpb, .xml),
    compressed ones (.gz) too; or - for stdin.

    Exit status: 0 when all events are valid, 1 when some are not, 2 when an input or an option cannot be used.
    """
    schemas = None
    if data_schemas:
        from cevents.cli._schemas import DataSchemas  # here, since most runs need none

        schemas = DataSchemas(data_schemas)
    format_name = None if given is None else format_known(given).name
    files, unusable = _files(paths)
    report = _reports.of_stdout(output, quiet=quiet)
    run = _Run(report, schemas, format_name, lenient=lenient, max_size=max_size, quiet=quiet)
    return run.over(files, unusable)


def _files(paths: Iterable[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the files that the paths stand for, and those paths that stand for none, with why."""
    files: list[str] = []
    unusable: list[tuple[str, str]] = []
    for path in paths:
        try:
            files += _reading.files_below(path)
        except Unusable as error:
            unusable.append((path, str(error)))
    if files.count(STDIN) > 1:
        raise NotUsable("stdin can be read only once: give - once")
    return files, unusable


_Place: TypeAlias = Element | int | None
"""Where an event stood: in a JSON text, or by its index in a batch that was read as a whole."""


def _whole_place(index: int) -> _Place:
    return index


class _Run:
    """One run over all files: what is looked for, where it is told, and the numbers of it."""

    def __init__(
        self,
        report: Report,
        schemas: DataSchemas | None,
        format_name: str | None,
        *,
        lenient: bool,
        max_size: int,
        quiet: bool,
    ) -> None:
        self._report = report
        self._schemas = schemas
        self._format_name = format_name
        self._lenient = lenient
        self._max_size = max_size
        self._quiet = quiet
        self._progress: _progress.Progress = _progress.Silent()
        self._file = ""
        self._source: Events | None = None
        self._version: str | None = None  # of the events of a batch
        self._events = self._invalid = self._warnings = self._unusable = self._files = 0

    def over(self, files: list[str], unusable: list[tuple[str, str]]) -> int:
        """Read all files and return the exit status."""
        self._progress = _progress.of_stderr(_total(files), quiet=self._quiet)
        for path, why in unusable:
            self._refuse(path, why)
        try:
            for file in files:
                try:
                    self._read(file)
                except Unusable as error:
                    self._refuse(file, str(error))
        except KeyboardInterrupt:
            self._end(complete=False)
            raise
        self._end(complete=True)
        return NOT_USABLE if self._unusable else INVALID if self._invalid else VALID

    def _end(self, *, complete: bool) -> None:
        self._progress.clear()
        summary = Summary(self._files, self._events, self._invalid, self._warnings, self._unusable)
        self._report.end(summary, complete=complete)

    def _refuse(self, path: str, why: str) -> None:
        self._unusable += 1
        self._progress.clear()
        self._report.unusable(path, why)

    def _read(self, file: str) -> None:
        self._file, self._version = file, None
        events_before = self._events
        with _reading.chunks_of(file, self._progress.advance) as chunks:
            self._files += 1
            first = next(chunks, b"")
            name = self._format_name or format_named(file)
            if name == "json" or (name is None and (is_json_text(first) or not first)):
                self._read_json(chain([first], chunks))
            else:
                self._read_whole(name, whole(first, chunks))
        if self._events == events_before:
            self._add(Finding("warning", file, "has no events"))

    def _read_json(self, chunks: Iterator[bytes]) -> None:
        self._source = Events(chunks, max_size=self._max_size, lenient=self._lenient)
        for found in self._source:
            if isinstance(found, Block):
                self._events += len(found.events)
                if self._schemas is not None or self._lenient:
                    for number, event in enumerate(found.events):
                        self._judge(event, partial(found.element, number))
            else:
                self._events += 1
                self._check(found)

    def _read_whole(self, name: str | None, body: bytes) -> None:
        """Read an event or a batch in a format that is not read as a stream."""
        self._source = None
        name = name or format_of(body)
        if name is None:
            raise Unusable("is in no format that is known here, or not valid in any; give --format")
        try:
            events = events_of(format_known(name), body, lenient=self._lenient)
        except CloudEventError as error:
            problems = error.problems if isinstance(error, InvalidEvent) else [Problem("", str(error))]
            invalid = len({problem.index for problem in problems})
            self._events += invalid
            self._invalid += invalid
            self._tell("error", problems, None)
            return
        self._events += len(events)
        for index, event in enumerate(events):
            self._judge(event, partial(_whole_place, index))

    def _check(self, element: Element) -> None:
        """Look at one element by itself."""
        try:
            event = self._decoded(element)
        except InvalidEvent as error:
            self._invalid += 1
            self._tell("error", error.problems, element)
        else:
            self._judge(event, lambda: element)

    def _decoded(self, element: Element) -> CloudEvent[Any]:
        if element.problem is not None:
            hint = "if it is not broken, --max-size allows more" if element.is_too_long else None
            raise InvalidEvent([Problem(element.requirement, element.problem, hint=hint)])
        event = formats.json.decode(element.text, lenient=self._lenient)
        if element.of_batch:
            self._check_version(event)
        return event

    def _check_version(self, event: CloudEvent[Any]) -> None:
        self._version = self._version or event.specversion
        if event.specversion != self._version and not self._lenient:
            findings = Findings()
            rule = f"must be {self._version} as in the whole batch"
            findings.report("CE-message-d", rule, "specversion", event.specversion)
            findings.conclude()

    def _judge(self, event: CloudEvent[Any], place: Callable[[], _Place]) -> None:
        """Tell what was mended in an event that is valid otherwise, and how its data fares."""
        if event.repairs:
            self._tell("warning", event.repairs, place())
        if self._schemas is not None and (problems := self._schemas.problems(event)):
            self._invalid += 1
            self._tell("error", problems, place())

    def _tell(
        self, severity: Literal["error", "warning"], problems: Iterable[Problem], place: _Place
    ) -> None:
        for problem in problems:
            if isinstance(place, Element):
                finding = self._placed(severity, problem, place)
            else:
                index = place if problem.index is None else problem.index
                finding = self._found(severity, problem, position=problem.position, index=index)
            self._add(finding)
        self._report.flush()  # whoever feeds the pipe slowly wants to see it now

    def _placed(self, severity: Literal["error", "warning"], problem: Problem, element: Element) -> Finding:
        offset = problem.position or 0
        if problem.position is None and problem.attribute is not None:
            name = problem.attribute.removeprefix('"').removesuffix(
                '"'
            )  # which unusual names have around them
            offset = member_offset(element.text, name) or 0
        newline = element.text.rfind(b"\n", 0, offset)
        column: int | None = None
        if newline >= 0:
            column = len(element.text[newline + 1 : offset].decode(errors="replace")) + 1
        elif self._source is not None:
            column = self._source.column(element.position + offset)
        return self._found(
            severity,
            problem,
            line=element.line + element.text.count(b"\n", 0, offset),
            column=column,
            position=element.position + offset,
            index=element.index,
        )

    def _found(self, severity: Literal["error", "warning"], problem: Problem, **place: int | None) -> Finding:
        return Finding(
            severity,
            self._file,
            problem.message,
            **place,
            attribute=problem.attribute,
            value=problem.value,
            requirement=problem.requirement or None,
            hint=_guide.hint(problem),
        )

    def _add(self, finding: Finding) -> None:
        if finding.severity == "warning":
            self._warnings += 1
            if self._quiet:
                return
        self._progress.clear()
        self._report.add(finding)


def _total(files: Iterable[str]) -> int | None:
    """The bytes of all files; None where somebody has to wait for them to come."""
    if STDIN in files:
        return None
    return sum(path.stat().st_size for path in map(Path, files) if path.is_file())
