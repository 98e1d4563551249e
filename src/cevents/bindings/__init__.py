"""Protocol bindings: events <-> one protocol's message, without I/O.

Each binding is a module with the same verbs: `encode` gives a message (a named tuple), `decode` takes its fields in
the same order, so that `decode(*encode(event))` gives the event back. They are imported when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cevents.bindings import amqp, http, kafka, mqtt, nats, pubsub, rabbitmq, smtp, websocket

__all__ = ["amqp", "http", "kafka", "mqtt", "nats", "pubsub", "rabbitmq", "smtp", "websocket"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
