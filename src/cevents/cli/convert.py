"""`cevents convert`: events from one format into another."""

from __future__ import annotations

import gzip
import os
import stat
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, NoReturn, TypeAlias

import click
from msgspec.structs import replace

from cevents import formats
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
from cevents.cli._reading import STDIN, Block, Events, chunks_of
from cevents.cli._reports import shown_path
from cevents.cli._whole import Unusable, guarded, read, whole
from cevents.errors import CloudEventError, InvalidEvent, Problem, excerpt

if TYPE_CHECKING:
    from cevents.event import CloudEvent

__all__ = ["command"]

_STDOUT = STDIN
_MAX_SIZE = 2**24  # bytes of an event in a stream of JSON


@click.command(
    "convert",
    short_help="Write events in another format.",
    epilog="""\b
Examples:
  cevents convert event.json event.cbor
  cevents convert --from protobuf --to json --batch events.pb -
""",
)
@click.argument("source", metavar="[IN]", required=False, type=click.Path(allow_dash=True, path_type=str))
@click.argument("target", metavar="[OUT]", required=False, type=click.Path(allow_dash=True, path_type=str))
@click.option(
    "--from",
    "given",
    metavar="FORMAT",
    help="The format of IN, by name or media type, which also says whether it has one event or a batch.",
)
@click.option(
    "--to",
    "wanted",
    metavar="FORMAT",
    help="The format of OUT, by name or media type; the one of a batch means --batch.",
)
@click.option("--batch", is_flag=True, help="Write one batch, even of a single event.")
@click.option(
    "--specversion",
    "version",
    type=click.Choice(["1.0", "0.3"]),
    help="Make every event one of this version of the specification.",
)
@click.option("--lenient", is_flag=True, help="Mend what can be mended; what was mended is told.")
@click.option(
    "--sizes", is_flag=True, help="Tell how long the events are in each format instead of writing any."
)
@click.option("-q", "--quiet", is_flag=True, help="Print errors only: no summary, and not what was mended.")
def command(
    source: str | None,
    target: str | None,
    given: str | None,
    wanted: str | None,
    batch: bool,
    version: str | None,
    lenient: bool,
    sizes: bool,
    quiet: bool,
) -> int:
    """Read the events of IN and write them to OUT, in another format or in the same.

    IN and OUT are files, or - for stdin and stdout, which they are as well when they are left out; only a terminal is
    not read without the -. The format of IN is told by --from, by the ending of its name, or by a look at it; that of
    OUT by --to or the ending of its name, and stdout is JSON without --to. A name that ends in .gz is that of a file
    compressed with gzip. IN can be an event, a batch, or in JSON also events one after the other (NDJSON). Several
    events become lines of JSON; any other format has one event in a file, or a batch with --batch. What a format cannot
    hold is an error, and then a file OUT is not touched. Times keep their instant, in Protobuf and Avro compact not
    their offset.

    Exit status: 0 when all events were written, 1 when an event is not valid or cannot be written in the format wanted,
    2 when a file or an option cannot be used.
    """
    if source is None:
        if os.isatty(0):
            raise click.MissingParameter(
                ctx=click.get_current_context(), param_hint="'IN'", param_type="argument"
            )
        source = STDIN
    if sizes and (target is not None or wanted is not None or batch):
        _misuse("--sizes writes no events: it goes with neither OUT nor --to nor --batch")
    reader = None if given is None else stated(given)
    output = _output(target, wanted, batch=batch)
    try:
        with chunks_of(source, lambda _: None) as chunks:
            events = _noted(_events(source, chunks, reader, lenient=lenient), quiet=quiet)
            if version is not None:
                events = _of_version(events, version)
            if sizes:
                return _tell_sizes(list(events))
            with _opened(output) as write:
                count, size = _write(events, output, write)
    except Unusable as error:
        raise NotUsable(f"{shown_path(source)}: {error}") from None
    except _Refused as error:
        for line in error.args:
            click.echo(f"cevents: {line}", err=True)
        return 1
    if not quiet:
        noun = "event" if count == 1 else "events"
        packed = " before gzip" if output.is_gzip else ""
        click.echo(f"{count:,} {noun}, {size:,} bytes of {output.format.name}{packed}", err=True)
    return 0


def _misuse(message: str) -> NoReturn:
    raise click.UsageError(message, click.get_current_context())


class _Refused(Exception):
    """An input that is not valid, or events that the format wanted cannot hold; the arguments are lines to be told."""


# ------------------------------------------------------------------------------------------------------------- reading


def _events(
    source: str, chunks: Iterator[bytes], given: Stated | None, *, lenient: bool
) -> Iterator[CloudEvent[Any]]:
    """Yield the events of an input; those in JSON as they come, so that a stream of any length passes."""
    head = beginning(chunks)
    name = format_named(source) if given is None else given.format.name
    shape = None if given is None else given.shape
    if name == "json" or (name is None and is_json_text(head)):
        try:
            check_json(head, shape)
        except InvalidEvent as error:
            raise _refused(source, error.problems, lambda _: Place(line=1)) from None
        yield from _events_of_json(source, chain([head], chunks), lenient=lenient)
        return
    body = whole(head, chunks)
    found = usable(name) if name else format_of(body, option="--from")
    reading = read(found, body, shape=shape, lenient=lenient)
    if reading.error is not None:
        raise _refused(source, reading.problems, reading.place)
    yield from reading.events


def _events_of_json(source: str, chunks: Iterator[bytes], *, lenient: bool) -> Iterator[CloudEvent[Any]]:
    stream = Events(chunks, max_size=_MAX_SIZE, lenient=lenient)
    for found in stream:
        if isinstance(found, Block):
            yield from found.events
            continue
        try:
            event = stream.event(found)
        except InvalidEvent as error:
            raise _refused(source, error.problems, partial(stream.place, element=found)) from None
        yield event


def _refused(source: str, problems: tuple[Problem, ...], where: Callable[[Problem], Place]) -> _Refused:
    """Return the error for an input, whose lines begin with file, line and column, as those of `validate` do."""
    lines: list[str] = []
    for problem in problems:
        place = where(problem)
        numbers = "".join(f":{number}" for number in (place.line, place.column) if number is not None)
        told = _told(replace(problem, index=place.index, position=place.position))
        lines.append(f"{shown_path(source)}{numbers}: {told}")
    return _Refused(*lines)


def _told(problem: Problem) -> str:
    return str(problem).removesuffix(" []")  # of one that is about no requirement


def _noted(events: Iterator[CloudEvent[Any]], *, quiet: bool) -> Iterator[CloudEvent[Any]]:
    """Pass on what conforms after it was mended, and tell what was."""
    for event in events:
        for repair in () if quiet else event.repairs:
            click.echo(f"cevents: mended: {repair}", err=True)
        if event.repairs:
            with _refusing("cannot be mended"):
                event.validate()
        yield event


# ------------------------------------------------------------------------------------------------------------- writing

_Write: TypeAlias = Callable[[bytes], object]
_HINTS = {  # in place of those for programs
    "CE-specversion-c": "--specversion 1.0 makes it one of 1.0",
    "CE-message-d": "--specversion 1.0 makes all of them ones of 1.0",
}


@contextmanager
def _refusing(what: str) -> Generator[None, None, None]:
    """Make `_Refused` of an error that says why an event cannot be what is wanted."""
    try:
        yield
    except InvalidEvent as error:
        problems = (replace(p, hint=_HINTS.get(p.requirement, p.hint)) for p in error.problems)
        raise _Refused(f"{what}: {'; '.join(map(_told, problems))}") from None
    except CloudEventError as error:
        raise _Refused(f"{what}: {error}") from None


def _of_version(events: Iterator[CloudEvent[Any]], version: str) -> Iterator[CloudEvent[Any]]:
    for index, event in enumerate(events):
        with _refusing(f"event {index} cannot be one of specversion {version}"):
            changed = event.to_v1() if version == "1.0" else event.to_v03()
        yield changed


class _Output(NamedTuple):
    """Where events are written, and how."""

    path: str | None
    """None for stdout."""
    format: formats.Format
    is_batch: bool
    is_gzip: bool


def _output(target: str | None, wanted: str | None, *, batch: bool) -> _Output:
    path = None if target is None or target == _STDOUT or _is_stdout(target) else target
    if wanted is not None:
        form = stated(wanted)
    elif target is not None and (name := format_named(target)):
        form = stated(name)
    elif path is None:
        form = stated("json")
    else:
        _misuse(f"the ending of {excerpt(path)} is that of no format: give --to")
    is_gzip = target is not None and target.lower().endswith(".gz")
    return _Output(path, form.format, batch or form.shape == "batch", is_gzip)


def _is_stdout(target: str) -> bool:
    """Tell whether a name leads to stdout itself, in which the output must not take the place of what is there."""
    try:
        return os.path.samestat(os.stat(target), os.fstat(sys.stdout.fileno()))  # noqa: PTH116 - one of two alike
    except (OSError, ValueError):
        return False


@contextmanager
def _opened(output: _Output) -> Generator[_Write, None, None]:
    """Open what is written to."""
    with _stdout() if output.path is None else _file(output.path) as file:
        if not output.is_gzip:
            yield file.write
            return
        # Without a name and a time in it, so that the same events are the same bytes.
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
            yield packed.write


@contextmanager
def _stdout() -> Generator[BinaryIO, None, None]:
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


@contextmanager
def _file(name: str) -> Generator[BinaryIO, None, None]:
    """Open a file, which takes the place of a regular one when all has gone well; a pipe or a device is written to."""
    path = Path(os.path.realpath(name))  # what a link leads to, and not the link, is written
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        before = _status_of(name)
        if before is not None and not stat.S_ISREG(before.st_mode):
            with Path(name).open("wb") as file:
                yield file
            return
        with part.open("xb") as file:
            if before is not None:
                part.chmod(stat.S_IMODE(before.st_mode))
            yield file
        part.replace(path)
    except OSError as error:
        raise NotUsable(f"{excerpt(name)} cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def _status_of(name: str) -> os.stat_result | None:
    try:
        return Path(name).stat()
    except FileNotFoundError:
        return None


def _write(events: Iterator[CloudEvent[Any]], output: _Output, write: _Write) -> tuple[int, int]:
    """Write the events and return how many they were, and the bytes of them."""
    name = output.format.name
    count = size = 0
    if name == "json" and not output.is_batch:
        for event in events:
            with _refusing(f"event {count} cannot be written as json"):
                text = formats.json.encode(event) + b"\n"
            write(text)
            count, size = count + 1, size + len(text)
        return count, size
    found = list(events)
    if not output.is_batch and len(found) != 1:
        raise _Refused(_why_not_one(len(found), output.format))
    with _refusing(f"cannot be written as {name}"), guarded(output.format, "written"):
        body = output.format.encode_batch(found) if output.is_batch else output.format.encode(found[0])
    if name == "json":
        body += b"\n"
    write(body)
    return len(found), len(body)


def _why_not_one(count: int, format_: formats.Format) -> str:
    if format_.batch_media_type is not None:
        return f"{count:,} events cannot be in one file of {format_.name}; --batch writes one batch"
    if count == 0:
        return f"there is no event that could be written as {format_.name}"
    return (
        f"{count:,} events cannot be in one file of {format_.name}, which has no batches; convert them one by one, or "
        "to json, protobuf or xml"
    )


def _tell_sizes(events: list[CloudEvent[Any]]) -> int:
    """Print a line for each format: the bytes of all events in it, each by itself."""
    total = None
    for name in ("json", *(name for name in formats.names() if name != "json")):
        try:
            writer = formats.get(name)
            with _refusing("cannot be written"), guarded(writer, "written"):
                size = sum(len(writer.encode(event)) for event in events)
        except (CloudEventError, Unusable, _Refused) as error:
            click.echo(f"{name:14} -  {error}")
            continue
        total = total or size
        click.echo(
            f"{name:14}{size:>12,} bytes {size / total:>6.0%}" if total else f"{name:14}{size:>12,} bytes"
        )
    return 0
