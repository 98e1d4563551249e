"""Where each transport sends to in the tests of the contract: one class a transport, with what it can."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from cevents import transports
from cevents.bindings.http import HttpMessage
from cevents.transports import memory

__all__ = ["PLACES", "Place"]


class Place(ABC):
    """A new, empty place for each test, and how to reach it."""

    refuses_event_types = True
    """Whether binary mode refuses an event whose content type is that of an event format."""
    quiet = 0.3
    """Seconds after which nothing more comes."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.request = request
        self.name = f"test-{uuid.uuid4().hex}"

    @abstractmethod
    def sender(self, **options: Any) -> transports.Sender:
        """Return a sender to it, not connected yet."""

    @abstractmethod
    def receiver(self, **options: Any) -> transports.Receiver:
        """Return a receiver from it, not connected yet."""

    @abstractmethod
    async def put(self, poison: str) -> None:
        """Put in a message that is "not an event", or a "broken" one."""


class Memory(Place):
    def __init__(self, request: pytest.FixtureRequest) -> None:
        super().__init__(request)
        request.addfinalizer(lambda: memory.clear(self.name))

    def sender(self, **options: Any) -> transports.Sender:
        return transports.open_sender(f"memory:{self.name}", **options)

    def receiver(self, **options: Any) -> transports.Receiver:
        return transports.open_receiver(f"memory:{self.name}", **options)

    async def put(self, poison: str) -> None:
        headers = [] if poison == "not an event" else [("ce-specversion", "1.0"), ("ce-id", "1")]
        memory.put(self.name, HttpMessage(headers, b"x"))


PLACES: dict[str, type[Place]] = {"memory": Memory}
"""By the name of the transport; each module `place_*.py` beside this one adds its own `PLACES`."""
for _path in sorted(Path(__file__).parent.glob("place_*.py")):
    PLACES.update(import_module(f"tests.transports.{_path.stem}").PLACES)
