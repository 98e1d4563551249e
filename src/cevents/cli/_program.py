"""The program `cevents`: its verbs, found when they are asked for, and how it ends.

Exit statuses are the verbs' own (0 good, 1 not good, 2 not usable) and those that a shell gives to what a signal ends:
130 after Ctrl-C, 141 when whoever reads the output has gone. These two end without a word.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TextIO

import click

from cevents.__about__ import __version__

__all__ = ["NotUsable", "has_colours", "main"]

_NOT_USABLE, _INTERRUPTED, _CLOSED_PIPE = 2, 130, 141
_VERBS = ("validate", "new", "convert", "demo", "conformance")


class NotUsable(click.ClickException):
    """What the user gave cannot be used; shown in a line of its own, exit status 2."""

    exit_code = _NOT_USABLE

    def show(self, file: Any = None) -> None:
        """Print the message on stderr."""
        click.echo(f"cevents: {self.format_message()}", file=file, err=True)


def has_colours(stream: TextIO) -> bool:
    """Tell whether to write with colours: to a terminal that has them, unless NO_COLOR (no-color.org) is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class _Program(click.Group):
    """Imports the module of a verb only when it is needed, and turns every end into an exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the verbs in the order of the help."""
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """Return a verb; its module has it under the name `command`."""
        if cmd_name not in _VERBS:
            return None
        command: click.Command = importlib.import_module(f"cevents.cli.{cmd_name}").command
        return command

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the command line; `--help` and `--version` print here."""
        with _quiet_ends():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; what it returns is the exit status."""
        with _quiet_ends():
            raise click.exceptions.Exit(super().invoke(ctx) or 0)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *more: Any,
        **extra: Any,
    ) -> NoReturn:
        """Run the program and exit."""
        _prepare_output()
        # Not the name that click would find, `python -m cevents` for some: completion goes by the name.
        run = super().main
        raise SystemExit(_status(lambda: run(args, prog_name or "cevents", *more, **extra)))


def _prepare_output() -> None:
    """Write UTF-8, whatever the locale says, since events are Unicode; and nothing where there is no output at all."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started this
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - until the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextmanager
def _quiet_ends() -> Generator[None, None, None]:
    """End with a status what click would end with a line of its own."""
    try:
        yield
    except KeyboardInterrupt:
        raise click.exceptions.Exit(_INTERRUPTED) from None
    except BrokenPipeError:
        raise click.exceptions.Exit(_CLOSED_PIPE) from None


def _status(run: Callable[[], Any]) -> int:
    """Run click to its end, write out what is still buffered, and return the exit status."""
    try:
        try:
            status = run()
        except SystemExit as end:
            status = end.code
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:  # of the output: verbs answer for what they read
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter will flush once more
        if isinstance(error, BrokenPipeError):
            return _CLOSED_PIPE
        click.echo(f"cevents: cannot write the output: {error.strerror}", err=True)
        return _NOT_USABLE
    return status if isinstance(status, int) else 0


main = _Program(
    "cevents",
    help="""CloudEvents on the command line.

    Documentation of every verb: cevents VERB --help
    """,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
)
main = click.version_option(__version__, prog_name="cevents", message="%(prog)s %(version)s")(main)
