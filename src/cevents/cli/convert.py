"""`cevents convert`: events from one format into another."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from cevents import formats
from cevents.cli._detection import events_of, format_known, format_named, format_of, is_json_text, whole
from cevents.cli._program import NotUsable
from cevents.cli._reading import STDIN, Unusable, chunks_of
from cevents.errors import CloudEventError, InvalidEvent, excerpt

if TYPE_CHECKING:
    from cevents.event import CloudEvent

__all__ = ["command"]


@click.command(
    "convert",
    short_help="Write events in another format.",
    epilog="""\b
Examples:
  cevents convert event.json event.cbor
  cevents convert --from protobuf --to json --batch events.pb -
""",
)
@click.argument("source", metavar="IN", type=click.Path(allow_dash=True, path_type=str))
@click.argument("target", metavar="OUT", type=click.Path(allow_dash=True, path_type=str), default="-")
@click.option("--from", "given", metavar="FORMAT", help="The format of IN, by name or media type.")
@click.option("--to", "wanted", metavar="FORMAT", help="The format of OUT, by name or media type.")
@click.option("--batch", is_flag=True, help="Write one batch, even of a single event.")
@click.option("--lenient", is_flag=True, help="Mend what can be mended; what was mended is told.")
@click.option(
    "--sizes", is_flag=True, help="Tell how long the events are in each format instead of writing any."
)
def command(
    source: str, target: str, given: str | None, wanted: str | None, batch: bool, lenient: bool, sizes: bool
) -> int:
    """Read the events of IN and write them to OUT, in another format or in the same.

    IN and OUT are files, or - for stdin and stdout. The format of IN is told by --from, by the ending of its name, or
    by a look at it; that of OUT by --to or the ending of its name, else it is JSON. IN can be an event, a batch, or in
    JSON also events one after the other (NDJSON). Several events become lines of JSON; any other format has one event
    in a file, or a batch with --batch. What cannot be carried over without loss is an error, and then OUT is not
    touched.

    Exit status: 0 when all events were written, 1 when an event is not valid or cannot be written in the format wanted,
    2 when a file or an option cannot be used.
    """
    reader = None if given is None else format_known(given).name
    writer = format_known(wanted or format_named(target) or "json")
    try:
        with chunks_of(source, lambda _: None) as chunks:
            events = _events(chunks, reader or format_named(source), lenient=lenient)
            if sizes:
                return _tell_sizes(list(events))
            with _opened(target) as output:
                count, size = _write(events, writer, output, batch=batch)
    except Unusable as error:
        raise NotUsable(f"{source}: {error}") from None
    except _Unwritable as error:
        click.echo(f"cevents: {error}", err=True)
        return 1
    except CloudEventError as error:
        for line in _told(error):
            click.echo(f"cevents: {source}: {line}", err=True)
        return 1
    click.echo(f"{count:,} event{'' if count == 1 else 's'}, {size:,} bytes of {writer.name}", err=True)
    return 0


class _Unwritable(Exception):
    """An event, or several, that the format wanted cannot hold."""


def _told(error: CloudEventError) -> list[str]:
    return list(map(str, error.problems)) if isinstance(error, InvalidEvent) else [str(error)]


# ------------------------------------------------------------------------------------------------------------- reading


def _events(chunks: Iterator[bytes], name: str | None, *, lenient: bool) -> Iterator[CloudEvent[Any]]:
    """Yield the events of an input; those in JSON as they come, so that a stream of any length passes."""
    first = next(chunks, b"")
    if name == "json" or (name is None and is_json_text(first[:4096])):
        for event in formats.json.iter_decode(chain([first], chunks), lenient=lenient):
            yield _noted(event)
        return
    body = whole(first, chunks)
    if name is None:
        name = format_of(body)
        if name is None:
            raise Unusable(
                f"is in none of the formats that are known here ({', '.join(formats.names())}); give --from"
            )
    yield from map(_noted, events_of(format_known(name), body, lenient=lenient))


def _noted(event: CloudEvent[Any]) -> CloudEvent[Any]:
    for repair in event.repairs:
        click.echo(f"cevents: mended: {repair}", err=True)
    if event.repairs:
        event.validate()
    return event


# ------------------------------------------------------------------------------------------------------------- writing


@contextmanager
def _opened(target: str) -> Generator[BinaryIO, None, None]:
    """Open what is written to; a file takes the place of one of that name when all has gone well."""
    if target == STDIN:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(target)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as output:
            yield output
        part.replace(path)
    except OSError as error:
        raise NotUsable(f"{excerpt(target)} cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def _write(
    events: Iterator[CloudEvent[Any]], writer: formats.Format, output: BinaryIO, *, batch: bool
) -> tuple[int, int]:
    """Write the events and return how many they were, and the bytes of them."""
    count = size = 0
    if writer.name == "json" and not batch:
        for event in events:
            text = formats.json.encode(event) + b"\n"
            output.write(text)
            count, size = count + 1, size + len(text)
        return count, size
    found = list(events)
    if not batch and len(found) != 1:
        how = "--batch writes one batch" if writer.batch_media_type else "it has no batches"
        raise _Unwritable(f"{len(found):,} events cannot be in one file of {writer.name}; {how}")
    try:
        body = writer.encode_batch(found) if batch else writer.encode(found[0])
    except CloudEventError as error:
        raise _Unwritable(f"cannot be written as {writer.name}: {'; '.join(_told(error))}") from None
    output.write(body)
    return len(found), len(body)


def _tell_sizes(events: list[CloudEvent[Any]]) -> int:
    """Print a line for each format: the bytes of all events in it, each by itself."""
    total = None
    for name in ("json", *(name for name in formats.names() if name != "json")):
        try:
            writer = formats.get(name)
            size = sum(len(writer.encode(event)) for event in events)
        except CloudEventError as error:
            click.echo(f"{name:14} -  {'; '.join(_told(error))}")
            continue
        total = total or size
        click.echo(
            f"{name:14}{size:>12,} bytes {size / total:>6.0%}" if total else f"{name:14}{size:>12,} bytes"
        )
    return 0
