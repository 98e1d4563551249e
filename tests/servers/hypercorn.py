"""hypercorn, in a thread of the tests."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hypercorn.config import Config

from tests.servers.process import listening, url_of

if TYPE_CHECKING:
    from collections.abc import Generator

serve = import_module("hypercorn.asyncio").serve  # imported by name, since its types are not complete


@contextmanager
def serving(application: Any) -> Generator[str]:
    """Serves an ASGI application and gives its URL, without a slash at the end."""
    listener = listening()
    url = url_of(listener)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]  # hypercorn closes it
    config.graceful_timeout = 5
    config.errorlog = None
    config.h11_max_incomplete_size = 65536  # of all headers; 16384 by default
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve(application, config, shutdown_trigger=stopping.wait))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(10)
    assert not thread.is_alive()
