"""`cevents new`: an event made from the command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import Raw

from cevents import attributes, formats, mediatypes
from cevents import data as data_
from cevents.cli import _guide
from cevents.cli._program import NotUsable
from cevents.errors import CloudEventError, DataError, InvalidEvent, Problem, excerpt
from cevents.event import CloudEvent

__all__ = ["command"]

_OPTIONS = frozenset(attributes.core_attributes("1.0"))
_IMPLIED_TEXT = "text/plain"


@click.command(
    "new",
    short_help="Write an event.",
    epilog="""\b
Examples:
  cevents new --type com.example.order.created --source /orders --data '{"id": 7}'
  cevents new --type com.example.photo --source /camera --datacontenttype image/png \\
      --data @photo.png partitionkey=eu attempt:=2
""",
)
@click.argument("extensions", metavar="[NAME=TEXT | NAME:=JSON]...", nargs=-1)
@click.option("--type", "type_", metavar="TEXT", help="What kind of event it is; required.")
@click.option("--source", metavar="URI-REFERENCE", help="Where it happened; required.")
@click.option(
    "--id", "id_", metavar="TEXT", help="What tells it from others of its source.  [default: a new UUID]"
)
@click.option(
    "--time",
    default="now",
    show_default=True,
    metavar="TIME",
    help="When it happened: RFC 3339, now, or none.",
)
@click.option("--subject", metavar="TEXT", help="What it is about within its source.")
@click.option("--datacontenttype", metavar="MEDIA-TYPE", help="The media type of the data.")
@click.option("--dataschema", metavar="URI", help="The schema of the data.")
@click.option(
    "--data",
    metavar="TEXT|@FILE|@-",
    help="The data: a text, or the bytes of a file or of stdin. Without --datacontenttype it is JSON if it reads as "
    "JSON, otherwise text/plain, or plain bytes if it is not UTF-8.",
)
@click.option(
    "--data-json",
    metavar="JSON|@FILE|@-",
    help="The data, which must be JSON; an error if it does not read as JSON.",
)
@click.option(
    "--pretty/--compact", default=None, help="Over many lines, or in one.  [default: --pretty on a terminal]"
)
def command(
    extensions: tuple[str, ...],
    type_: str | None,
    source: str | None,
    id_: str | None,
    time: str,
    subject: str | None,
    datacontenttype: str | None,
    dataschema: str | None,
    data: str | None,
    data_json: str | None,
    pretty: bool | None,
) -> int:
    """Write a CloudEvent in the JSON format to stdout.

    NAME=TEXT sets an extension attribute to a text, NAME:=JSON to a JSON value: true, false, or a whole number.

    Exit status: 0, or 2 when this cannot be an event; then every reason is shown.
    """
    problems: list[str] = []
    attributes_given = {
        "type": type_,
        "source": source,
        "id": id_,
        "time": time,
        "subject": subject,
        "datacontenttype": datacontenttype,
        "dataschema": dataschema,
    }
    given: dict[str, Any] = {
        name: _unicode(text) for name, text in attributes_given.items() if text is not None
    }
    if time == "now":
        del given["time"]  # the event will say when it was made
    elif time == "none":
        given["time"] = None
    given |= _extensions(map(_unicode, extensions), problems)
    stored = _data(data, data_json, given, problems)
    event = _event(given, stored, problems)
    if event is None:
        raise NotUsable("this cannot be an event:" + "".join(f"\n  {problem}" for problem in problems))
    text = formats.json.encode(event)
    pretty = sys.stdout.isatty() if pretty is None else pretty
    click.echo(msgspec.json.format(text, indent=2 if pretty else -1).decode())  # numbers keep their digits
    return 0


def _unicode(text: str) -> str:
    """Return an argument as Unicode, whatever encoding Python took from the locale."""
    return os.fsencode(text).decode(errors="surrogateescape")


def _event(
    given: dict[str, Any], data: Raw | str | bytes | None, problems: list[str]
) -> CloudEvent[Any] | None:
    """Return the event, or None after noting what is wrong with it."""
    try:
        found: dict[str, Any] = {"type": None, "source": None, **given}
        event: CloudEvent[Any] = CloudEvent(**found, data=data)
    except CloudEventError as error:
        problems += map(_told, error.problems) if isinstance(error, InvalidEvent) else [str(error)]
        return None
    return None if problems else event


def _told(problem: Problem) -> str:
    if problem.message == "is missing":
        return f"{problem.attribute}: is missing; add --{problem.attribute} [{problem.requirement}]"
    return str(msgspec.structs.replace(problem, hint=_guide.hint(problem)))


def _extensions(arguments: Iterable[str], problems: list[str]) -> dict[str, Any]:
    """Read NAME=TEXT and NAME:=JSON."""
    found: dict[str, Any] = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        is_json = name.endswith(":")
        name = name.removesuffix(":")
        shown = excerpt(name)[1:-1]
        if not equals:
            problems.append(f"{excerpt(argument)} is neither an option nor NAME=TEXT nor NAME:=JSON")
        elif name == "specversion":
            problems.append("specversion: is always 1.0 here")
        elif name in _OPTIONS or name in ("data", "data_base64"):
            problems.append(
                f"{shown}: is no extension attribute; use --{'data' if name.startswith('data_') else name}"
            )
        elif name in found:
            problems.append(f"{shown}: is given twice")
        else:
            found[name] = _typed(shown, text, problems) if is_json else text
    return found


def _typed(name: str, text: str, problems: list[str]) -> Any:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        problems.append(f"{name}: {excerpt(text)} is not JSON; NAME=TEXT would be a text")
        return None
    if value is None:
        problems.append(f"{name}: an attribute cannot be null; leave it out")
    return value


# ----------------------------------------------------------------------------------------------------- data


def _data(
    data: str | None, data_json: str | None, attributes_given: dict[str, Any], problems: list[str]
) -> Raw | str | bytes | None:
    """Return the data as an event takes it; text without a content type gets one among the attributes."""
    if data is not None and data_json is not None:
        problems.append("--data and --data-json do not go together")
        return None
    given = data_json if data is None else data
    if given is None:
        return None
    content = _content(given)
    content_type = attributes_given.get("datacontenttype")
    media_type = mediatypes.parse(content_type)
    if content_type is not None and (media_type is None or not media_type.is_json):
        if data_json is not None:
            problems.append(f"--data-json does not go with {excerpt(content_type)}, which is not a JSON type")
        is_argument = not given.startswith("@")
        if is_argument and media_type is not None and media_type.is_text and _is_text(content):
            return content.decode()  # to be encoded in the charset of its type
        return content
    try:
        return data_.json_value(content)
    except DataError as error:
        if content_type is None and data_json is None:
            if _is_text(content):  # JSON-3.1.1-d: what is neither stays bytes without a type
                attributes_given["datacontenttype"] = _IMPLIED_TEXT
            return content
        hint = """for a JSON string write '"text"', for plain text --data with --datacontenttype text/plain"""
        problems.append(f"{error}; {hint}")
        return None


def _content(given: str) -> bytes:
    """Return the bytes of a text, or of the file that `@` names."""
    if not given.startswith("@"):
        return os.fsencode(given)
    if given == "@-":
        return sys.stdin.buffer.read()
    try:
        return Path(given[1:]).read_bytes()
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise NotUsable(
            f"{excerpt(given[1:])} cannot be read: {reason} (a text that begins with @ can come from stdin: --data @-)"
        ) from None


def _is_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
