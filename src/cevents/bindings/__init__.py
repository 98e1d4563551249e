"""Protocol bindings: events <-> one protocol's message, without I/O.

Each binding is a module with the same verbs: `encode` gives a message (a named tuple), `decode` takes its fields in
the same order, so that `decode(*encode(event))` gives the event back.
"""

from __future__ import annotations

from cevents.bindings import http

__all__ = ["http"]
