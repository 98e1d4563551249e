"""cevents: CloudEvents for Python. Events, formats, protocol bindings, transports.

from cevents import CloudEvent, bindings, formats

event = CloudEvent(type="com.example.order.created", source="/orders", data={"id": 7})
headers, body = bindings.http.encode(event)
assert bindings.http.decode(headers, body) == event
"""

from __future__ import annotations

from cevents import attributes, bindings, data, formats
from cevents.__about__ import __version__
from cevents.errors import (
    CloudEventError,
    DataError,
    InvalidEvent,
    NotACloudEvent,
    Problem,
    TransportError,
    UnsupportedBatch,
    UnsupportedFormat,
)
from cevents.event import CloudEvent

__all__ = [
    "CloudEvent",
    "CloudEventError",
    "DataError",
    "InvalidEvent",
    "NotACloudEvent",
    "Problem",
    "TransportError",
    "UnsupportedBatch",
    "UnsupportedFormat",
    "__version__",
    "attributes",
    "bindings",
    "data",
    "formats",
]
