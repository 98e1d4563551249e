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
from cevents.cli._detection import (
    Stated,
    beginning,
    check_json,
    format_named,
    format_of,
    is_json_text,
    stated,
    usable,
)
from cevents.cli._places import Place
from cevents.cli._program import NotUsable
from cevents.cli._reading import STDIN, Block, Events
from cevents.cli._reports import Finding, Report, Summary
from cevents.cli._whole import Unusable, read, whole
from cevents.errors import InvalidEvent, Problem, excerpt
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
    help="The format of all files, by name or media type, which also says whether they have one event or a batch; when "
    "left out it is told by the ending of a name, or by a look at the file.",
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
    which all files are read whose names end like a format (.json, .ndjson, .jsonl, .avro, .avro-compact, .cbor, .pb,
    .binpb, .protobuf, .xml), compressed ones (.gz) too; or - for stdin.

    Exit status: 0 when all events are valid, 1 when some are not, 2 when an input or an option cannot be used.
    """
    schemas = None
    if data_schemas:
        from cevents.cli._schemas import DataSchemas  # here, since most runs need none

        schemas = DataSchemas(data_schemas)
    form = None if given is None else stated(given)
    files, unusable = _files(paths)
    report = _reports.of_stdout(output, quiet=quiet)
    run = _Run(report, schemas, form, lenient=lenient, max_size=max_size, quiet=quiet)
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


_Where: TypeAlias = Callable[[Problem], Place]
"""Tells where a problem of an event is."""


class _Run:
    """One run over all files: what is looked for, where it is told, and the numbers of it."""

    def __init__(
        self,
        report: Report,
        schemas: DataSchemas | None,
        given: Stated | None,
        *,
        lenient: bool,
        max_size: int,
        quiet: bool,
    ) -> None:
        self._report = report
        self._schemas = schemas
        self._given = given
        self._lenient = lenient
        self._max_size = max_size
        self._quiet = quiet
        self._progress: _progress.Progress = _progress.Silent()
        self._file = ""
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
        self._file = file
        events_before = self._events
        with _reading.chunks_of(file, self._progress.advance) as chunks:
            self._files += 1
            head = beginning(chunks)
            name = format_named(file) if self._given is None else self._given.format.name
            if name == "json" or (name is None and (is_json_text(head) or not head.strip())):
                self._read_json(head, chunks)
            else:
                body = whole(head, chunks)
                self._read_whole(usable(name) if name else format_of(body, option="--format"), body)
        if self._events == events_before:
            self._add(Finding("warning", file, "has no events"))

    def _read_json(self, head: bytes, chunks: Iterator[bytes]) -> None:
        try:
            check_json(head, None if self._given is None else self._given.shape)
        except InvalidEvent as error:
            self._events += 1
            self._refuse_event(error.problems, lambda _: Place(0, 0, 1, 1))
            return
        source = Events(chain([head], chunks), max_size=self._max_size, lenient=self._lenient)
        for found in source:
            if isinstance(found, Block):
                self._events += len(found.events)
                if self._schemas is not None or self._lenient:
                    for number, event in enumerate(found.events):
                        self._judge(event, partial(_place_in_block, source, found, number))
            else:
                self._events += 1
                self._check(source, found)

    def _check(self, source: Events, element: Element) -> None:
        """Look at one element by itself."""

        def where(problem: Problem) -> Place:
            return source.place(problem, element)

        try:
            event = source.event(element)
        except InvalidEvent as error:
            self._refuse_event(error.problems, where)
        else:
            self._judge(event, where)

    def _read_whole(self, found: formats.Format, body: bytes) -> None:
        """Read an event or a batch in a format that is not read as a stream."""
        shape = None if self._given is None else self._given.shape
        reading = read(found, body, shape=shape, lenient=self._lenient)
        too_long: set[int] = set()
        if len(body) > self._max_size:
            too_long = {i for i, span in enumerate(reading.spans) if span.size > self._max_size}
        problem = Problem("CE-size-b", f"is longer than {self._max_size} bytes")
        for index in sorted(too_long):
            self._refuse_event([problem], partial(reading.place, index=index))
        if reading.error is None:
            self._events += len(reading.events)
            for index, event in enumerate(reading.events):
                if index not in too_long:
                    self._judge(event, partial(reading.place, index=index))
            return
        problems = [p for p in reading.problems if reading.place(p).index not in too_long]
        indexes = {reading.place(problem).index for problem in problems}
        self._invalid += len(indexes)
        self._tell("error", problems, reading.place)
        last = max((index for index in indexes if index is not None), default=-1)
        self._events += max(len(reading.spans), last + 1, len(indexes))

    def _judge(self, event: CloudEvent[Any], where: _Where) -> None:
        """Tell what was mended in an event that is valid otherwise, and how its data fares."""
        if event.repairs:
            self._tell("warning", event.repairs, where)
        if self._schemas is not None and (problems := self._schemas.problems(event)):
            self._refuse_event(problems, where)

    def _refuse_event(self, problems: Iterable[Problem], where: _Where) -> None:
        self._invalid += 1
        self._tell("error", problems, where)

    def _tell(
        self, severity: Literal["error", "warning"], problems: Iterable[Problem], where: _Where
    ) -> None:
        for problem in problems:
            place = where(problem)
            self._add(
                Finding(
                    severity,
                    self._file,
                    problem.message,
                    line=place.line,
                    column=place.column,
                    position=place.position,
                    index=place.index,
                    attribute=problem.attribute,
                    value=problem.value,
                    requirement=problem.requirement or None,
                    hint=_guide.hint(problem),
                )
            )
        self._report.flush()  # whoever feeds the pipe slowly wants to see it now

    def _add(self, finding: Finding) -> None:
        if finding.severity == "warning":
            self._warnings += 1
            if self._quiet:
                return
        self._progress.clear()
        self._report.add(finding)


def _place_in_block(source: Events, block: Block, number: int, problem: Problem) -> Place:
    return source.place(problem, block.element(number))


def _total(files: Iterable[str]) -> int | None:
    """The bytes of all files; None where somebody has to wait for them to come."""
    if STDIN in files:
        return None
    return sum(path.stat().st_size for path in map(Path, files) if path.is_file())
