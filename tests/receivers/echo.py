"""Receivers that answer an event with itself, and a batch with an event that lists the ids in it."""

from __future__ import annotations

from typing import Any

from cevents import CloudEvent, receivers


def echo(event: CloudEvent[Any]) -> CloudEvent[Any]:
    return event


def ids(events: list[CloudEvent[Any]]) -> CloudEvent[Any]:
    return CloudEvent(type="ids", source="/s", data=[event.id for event in events])


asgi = receivers.asgi(echo, batch_handler=ids)
wsgi = receivers.wsgi(echo, batch_handler=ids)
