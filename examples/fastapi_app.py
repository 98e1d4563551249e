"""FastAPI: events at /events, beside the application's own routes.

    pip install cevents fastapi uvicorn
    uvicorn fastapi_app:app

and in another terminal `python send_http.py http://127.0.0.1:8000/events`.

The receiver is the endpoint of a route, not a mount: a mount at /events answers a POST to it with a redirect to
/events/, which senders of events do not follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route

from cevents import CloudEvent, receivers

app = FastAPI()
seen: list[int] = []


@dataclass
class Order:
    id: int


async def handle(event: CloudEvent[Any]) -> CloudEvent[Any] | None:
    """Answers each order with an event; any other event with 204 No Content."""
    if event.type != "com.example.order.created":
        return None
    order = event.data_as(Order)  # other data is answered with 400 Bad Request
    seen.append(order.id)
    return CloudEvent(type="com.example.order.confirmed", source="/shop", data={"id": order.id})


app.router.routes.append(Route("/events", receivers.asgi(handle)))


@app.get("/orders")
def orders() -> list[int]:
    return seen
