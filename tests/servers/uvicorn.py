"""uvicorn, in a thread of the tests."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import uvicorn

from tests.servers.process import listening, url_of

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def serving(application: Any, *, parser: Literal["h11", "httptools"] = "h11") -> Generator[str]:
    """Serves an ASGI application and gives its URL, without a slash at the end."""
    listener = listening()
    config = uvicorn.Config(
        application, http=parser, ws="none", log_level="warning", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield url_of(listener)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
    assert not thread.is_alive()
