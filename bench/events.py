"""The events that are measured: three sizes in the specification's style, each in many variants.

What differs from event to event in a real stream differs here: id, time, subject, numbers in the data. Types and
sources come again and again, as they do there.
"""

from __future__ import annotations

import json
from typing import Any

SIZES = {"220 B": 220, "560 B": 560, "10 KB": 10_000}
VARIANTS = 64


def envelope(size: str, number: int) -> dict[str, Any]:
    """Return the JSON object of an event of about this size; without white space it has that many bytes."""
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "type": "com.example.someevent",
        "source": f"/mycontext/{number % 4}",
        "id": f"A234-1234-{number:04}",
        "time": f"2018-04-05T17:31:{number % 60:02}Z",
        "datacontenttype": "application/json",
    }
    if size == "220 B":
        return {**attributes, "data": {"appinfoA": "abc", "appinfoB": number, "appinfoC": True}}
    attributes |= {
        "subject": f"orders/{number}",
        "dataschema": "https://example.com/schemas/order/1.2",
        "comexampleextension1": "value",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    count = 1 if size == "560 B" else 61
    items = [_item(number, at) for at in range(count)]
    return {**attributes, "data": {"order": number, "currency": "EUR", "items": items}}


def _item(number: int, at: int) -> dict[str, Any]:
    return {
        "sku": f"SKU-{number:04}-{at:03}",
        "name": "Wireless keyboard, compact, with a cable for charging it",
        "quantity": 1 + at % 5,
        "price": 49.9,
        "tags": ["office", "input"],
        "gift": at % 3 == 0,
    }


def compact(value: Any) -> bytes:
    """Return JSON as most producers write it: without white space."""
    return json.dumps(value, separators=(",", ":")).encode()


def spaced(value: Any) -> bytes:
    """Return JSON as Python's `json.dumps` writes it when nothing else is said, and so the official SDK."""
    return json.dumps(value).encode()


def envelopes(size: str, count: int = VARIANTS) -> list[dict[str, Any]]:
    """Return so many variants of the event of a size."""
    return [envelope(size, number) for number in range(count)]
