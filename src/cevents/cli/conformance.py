"""`cevents conformance`: the vectors of the conformance suite, run against this installation."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from cevents.cli._program import NotUsable, has_colours
from cevents.cli._reports import shown_path

if TYPE_CHECKING:
    from cevents.conformance import DocumentRow, Report

__all__ = ["command"]

_HEADINGS = ("", "document", "MUST", "SHOULD", "MAY", "passed", "failed")
_CAPTION = "Requirements (MUST, SHOULD, MAY) that a vector traces, of all, and vectors"


@click.command(
    "conformance",
    short_help="Run the conformance vectors.",
    epilog="""\b
Examples:
  cevents conformance
  cevents conformance --vectors conformance/vectors/formats --output json
""",
)
@click.option(
    "--vectors",
    "directory",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Run the vectors below this directory.  [default: those that come with cevents]",
)
@click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the outcome is printed.",
)
def command(directory: Path | None, output: str) -> int:
    """Run the conformance vectors and print, for each document of the specification, how many of its requirements a
    vector traces, and how many vectors passed and failed; then each one that failed, with what was wanted and what
    came. Vectors of a format that needs an extra which is not installed are skipped.

    Exit status: 0 when no vector failed, 1 when some did, 2 when there are none or they cannot be read.
    """  # noqa: D205 - click makes one paragraph of it
    report, rows = _outcome(directory)
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(_document(report, rows)), indent=2).decode())
    elif has_colours(sys.stdout):
        _print_coloured(report, rows)
    else:
        _print_plain(report, rows)
    return 1 if report.failed else 0


def _outcome(directory: Path | None) -> tuple[Report, list[DocumentRow]]:
    # Here, since the help needs none of it.
    from cevents.conformance import default_directory, ledger, load, run

    directory = directory or default_directory()
    shown = shown_path(str(directory))
    if not directory.is_dir():
        raise NotUsable(f"{shown}: is not a directory")
    try:
        vectors = load(directory)
        if not vectors:
            raise NotUsable(f"{shown}: has no vectors")
        # The requirements are those of the installed suite, unless DIR is a suite of its own.
        book = ledger(vectors, directory if (directory / "requirements.json").is_file() else None)
    except OSError as error:
        raise NotUsable(f"{shown_path(str(error.filename or directory))}: {error.strerror}") from None
    except (ValueError, msgspec.DecodeError) as error:
        raise NotUsable(shown_path(str(error))) from None  # it names the file or the vector
    report = run(vectors)
    skipped = Counter(
        document
        for result in report.skipped
        for document in {book.requirements[name].document for name in result.vector.requirements}
    )
    # Documents of which neither a requirement is traced nor a vector run have nothing to say here.
    return report, [
        row._replace(vectors=row.vectors - skipped[row.document.code])
        for row in report.rows(book)
        if row.vectors
    ]


def _skipped(report: Report) -> dict[str, int]:
    """Return how many vectors were skipped, by what they need."""
    counts = Counter(result.needs for result in report.skipped)
    return {f"cevents[{extra}]": counts[extra] for extra in sorted(counts)}


def _document(report: Report, rows: Sequence[DocumentRow]) -> dict[str, Any]:
    return {
        "passed": len(report.passed),
        "failed": [
            {
                "name": result.vector.name,
                "about": result.vector.about,
                "requirements": result.vector.requirements,
                "wanted": result.wanted,
                "came": result.came,
            }
            for result in report.failed
        ],
        "skipped": _skipped(report),
        "documents": [
            {
                "code": row.document.code,
                "title": row.document.title,
                **{
                    level: {"traced": traced, "all": all_}
                    for level, (traced, all_) in (
                        ("must", row.must),
                        ("should", row.should),
                        ("may", row.may),
                    )
                },
                "passed": row.vectors - row.failed,
                "failed": row.failed,
            }
            for row in rows
        ],
    }


def _cells(row: DocumentRow) -> tuple[str, ...]:
    counts = (f"{traced}/{all_}" for traced, all_ in (row.must, row.should, row.may))
    return row.document.code, row.document.title, *counts, str(row.vectors - row.failed), str(row.failed)


def _total(report: Report) -> str:
    passed, failed = len(report.passed), len(report.failed)
    skipped = len(report.skipped)
    noun = "vector" if len(report.results) == 1 else "vectors"
    told = f"{len(report.results):,} {noun}: {passed:,} passed, {failed:,} failed"
    return f"{told}, {skipped:,} skipped" if skipped else told


def _tell_skipped(report: Report) -> None:
    for number, (needed, count) in enumerate(_skipped(report).items()):
        noun = "vector" if count == 1 else "vectors"
        click.echo(f"{'' if number else chr(10)}{count:,} {noun} skipped, needs {needed}")


def _print_plain(report: Report, rows: Sequence[DocumentRow]) -> None:
    click.echo(f"{_CAPTION}:\n")
    table = [_HEADINGS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        aligned = [
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        click.echo("  ".join(aligned).rstrip())
    for result in report.failed:
        click.echo(f"\nfailed: {result.vector.name}: {result.vector.about}")
        click.echo(f"  requirements: {', '.join(result.vector.requirements)}")
        click.echo(f"  wanted: {result.wanted}\n  came:   {result.came}")
    _tell_skipped(report)
    click.echo(f"\n{_total(report)}")


def _print_coloured(report: Report, rows: Sequence[DocumentRow]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(caption=_CAPTION)
    for place, heading in enumerate(_HEADINGS):
        table.add_column(heading, justify="left" if place < 2 else "right")
    for row in rows:
        table.add_row(*map(escape, _cells(row)), style="red" if row.failed else "")
    console.print(table)
    for result in report.failed:
        console.print(f"\n[bold red]failed[/]: {escape(result.vector.name)}: {escape(result.vector.about)}")
        console.print(f"  requirements: {', '.join(result.vector.requirements)}", markup=False)
        console.print(f"  wanted: {result.wanted}\n  came:   {result.came}", markup=False)
    _tell_skipped(report)
    console.print(f"\n[bold {'red' if report.failed else 'green'}]{_total(report)}[/]")
