"""Receivers: applications for any ASGI or WSGI server that give each event of a request to a function.

    from cevents import receivers

    async def handle(event):
        print(event.type, event.data)

    application = receivers.asgi(handle)

`asgi` takes coroutine functions and plain ones, `wsgi` plain ones; their options and answers are the same. A framework
in which neither can be mounted calls `answer(method, headers, body)` of either, and sends what comes back. No server
and no framework is imported here.
"""

from __future__ import annotations

from cevents.receivers import _asgi, _wsgi
from cevents.receivers._answer import Answer, Receiver

__all__ = ["Answer", "Receiver", "asgi", "wsgi"]

asgi = _asgi.AsgiReceiver
wsgi = _wsgi.WsgiReceiver
