"""Starlette: events at /events, one by one or in batches.

    pip install cevents starlette hypercorn
    hypercorn starlette_app:app

and in another terminal `python send_http.py http://127.0.0.1:8000/events`.
"""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from cevents import CloudEvent, receivers


def handle(event: CloudEvent[Any]) -> CloudEvent[Any] | None:
    """A plain function runs in a thread, so that it may block: to write to a database, say."""
    if event.type != "com.example.order.created":
        return None
    return CloudEvent(type="com.example.order.confirmed", source="/shop", data={"id": event.data["id"]})


def handle_batch(events: list[CloudEvent[Any]]) -> None:
    """A batch succeeds or fails as a whole; if this raises, the sender is told that none of it was taken."""
    for event in events:
        handle(event)


app = Starlette(routes=[Route("/events", receivers.asgi(handle, batch_handler=handle_batch, max_batch=100))])
