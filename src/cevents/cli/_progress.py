"""How far reading has come, on stderr and for who waits in front of a terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

__all__ = ["Progress", "Silent", "Visible", "of_stderr"]

_PATIENCE = 1.0  # seconds without a bar
_INTERVAL = 0.1  # seconds between two pictures of it


class Progress(Protocol):
    """Is told how many bytes were read, and taken away before something else is printed."""

    def advance(self, size: int) -> None:
        """Take note of `size` more bytes."""
        ...

    def clear(self) -> None:
        """Take the bar away; it comes back when more is read."""
        ...


class Silent:
    """Shows nothing."""

    def advance(self, size: int) -> None:
        """Do nothing."""

    def clear(self) -> None:
        """Do nothing."""


class Visible:
    """A bar that appears when reading takes longer than a second; drawn from `advance`, without a thread."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._done = 0
        self._next = time.monotonic() + _PATIENCE
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def advance(self, size: int) -> None:
        """Take note of `size` more bytes, and draw if it is time."""
        self._done += size
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _INTERVAL
            self._draw()

    def clear(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def _draw(self) -> None:
        if self._bar is None or self._task is None:
            # Here, since most runs end before they need it.
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, TimeRemainingColumn, TransferSpeedColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                BarColumn(),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._task = self._bar.add_task("", total=self._total)
        self._bar.start()
        self._bar.update(self._task, completed=self._done, refresh=True)


def of_stderr(total: int | None, *, quiet: bool) -> Progress:
    """Return a bar for `total` bytes (None if nobody knows) if stderr is a terminal; never if `quiet`."""
    return Silent() if quiet or not sys.stderr.isatty() else Visible(total)
