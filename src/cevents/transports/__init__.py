"""Transports: events over the network, by the client libraries that people already use.

    async with transports.open_sender("memory:orders") as sender:
        await sender.send(event)

    async with transports.open_receiver("memory:orders") as receiver:
        async for delivery in receiver:
            ...
            await delivery.ack()

The scheme of the URL tells the transport; each is imported when it is asked for, and needs the extra of its name.
Nothing is acknowledged before the program says so. For programs without asyncio `transports.http` has senders.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from cevents.errors import excerpt
from cevents.transports._contract import Delivery, Receiver, Sender

__all__ = ["Delivery", "Receiver", "Sender", "open_receiver", "open_sender"]

_MODULES = {"memory": "memory"}
"""The module of a scheme; it has `sender(url, **options)` and `receiver(url, **options)`."""


def open_sender(url: str, **options: Any) -> Sender:
    """Return a sender to the place that a URL names; `async with` connects it.

    `options` are the transport's, beside those in the URL: `mode` ("binary" or "structured") and `format` of the
    messages, clients and settings of the library. Raises `ValueError` for a URL that cannot be used, `TypeError` for an
    option that is not known, `ImportError` if an extra is missing.
    """
    sender: Sender = _module(url).sender(url, **options)
    return sender


def open_receiver(url: str, **options: Any) -> Receiver:
    """Return a receiver from the place that a URL names; `async with` connects it.

    `lenient=True` reads as the decoders do. Raises as `open_sender` does.
    """
    receiver: Receiver = _module(url).receiver(url, **options)
    return receiver


def _module(url: str) -> Any:
    scheme = str(url).partition(":")[0].lower()
    module = _MODULES.get(scheme)
    if module is None:
        known = ", ".join(sorted(_MODULES))
        raise ValueError(f"no transport has the scheme {excerpt(scheme)}; known are {known}")
    return import_module(f"cevents.transports.{module}")
