"""Sends events over HTTP, in both modes, and tries again where that can help.

pip install 'cevents[http]'
python send_http.py http://127.0.0.1:8000/events
"""

from __future__ import annotations

import sys
import time
from typing import Any

from cevents import CloudEvent, TransportError
from cevents.transports.http import HttpSender


def deliver(sender: HttpSender, event: CloudEvent[Any], attempts: int = 5) -> CloudEvent[Any] | None:
    """Sends one event until it is taken, and returns the reply.

    The event keeps its id however often it is sent, so that the receiver can tell that it is the same.
    """
    delay = 0.5
    while True:
        try:
            return sender.send(event)
        except TransportError as error:
            attempts -= 1
            if not error.retryable or attempts == 0:
                raise
            print(f"{error}; trying again")
            time.sleep(error.retry_after or delay)
            delay *= 2


def main(url: str) -> None:
    events: list[CloudEvent[Any]] = [
        CloudEvent(type="com.example.order.created", source="/customers/5", subject="Grüße", data={"id": 7}),
        CloudEvent(type="com.example.note", source="/customers/5", data="hi", datacontenttype="text/plain"),
    ]
    with HttpSender(url) as binary, HttpSender(url, mode="structured") as structured:
        for sender in binary, structured:
            for event in events:
                reply = deliver(sender, event)
                answer = "no reply" if reply is None else f"{reply.type} {reply.data}"
                print(f"sent {event.type}, got {answer}")


if __name__ == "__main__":
    main(sys.argv[1])
