"""Servers that are programs of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence


def listening() -> socket.socket:
    """A socket that listens on a free port of 127.0.0.1."""
    return socket.create_server(("127.0.0.1", 0), backlog=128)


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


@contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    listener: socket.socket,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Generator[None]:
    """Runs a program, which inherits the listening socket under its number, in a process group of its own.

    What it writes goes to a file, since a pipe that one of its children keeps open would hold up the tests.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=[listener.fileno()],
            env={**os.environ, **(environment or {})},
            cwd=directory,
            start_new_session=True,
        )
    listener.close()  # so that a program that ended is refused at once, not waited for
    try:
        yield
    finally:
        stop(process)
    assert process.returncode in {0, -signal.SIGTERM}, log.read_text(encoding="utf-8", errors="replace")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
