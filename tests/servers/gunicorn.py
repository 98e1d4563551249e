"""gunicorn, as a program of its own."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.servers.process import listening, running, url_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def serving(application: str, *, directory: Path, log: Path) -> Generator[str]:
    """Serves a WSGI application, named `module:variable` as seen from a directory, and gives its URL."""
    listener = listening()
    command = [
        *(sys.executable, "-m", "gunicorn", "--threads=4", "--graceful-timeout=5"),
        "--no-control-socket",  # it would be one in the home directory, for all of them
        "--limit-request-field_size=65536",  # 8190 by default
        f"--bind=fd://{listener.fileno()}",
        application,
    ]
    url = url_of(listener)
    with running(command, log=log, listener=listener, directory=directory):
        yield url
