"""Events and messages that the tests of this directory send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from cevents import CloudEvent

EVENTS: dict[str, CloudEvent[Any]] = {
    "required attributes alone": CloudEvent(type="t", source="/s", id="1", time=None),
    "every kind of attribute": CloudEvent(
        type="com.example.order.created",
        source="https://example.com/orders?a=1&b=2#c",
        id="order/7 (second, try)",
        time="2026-11-24T09:00:00.123456789+05:45",
        subject="o-7",
        dataschema="https://example.com/schemas/order",
        data={"id": 7, "price": 10.9, "note": "Grüße 😀"},
        boolean=False,
        integer=-2147483648,
        string="plain",
        binary=b"\x00\x01\xff",
        uri="https://example.com/",
        timestamp=datetime(2026, 11, 24, 9, tzinfo=timezone(timedelta(hours=-3))),
    ),
    "attributes that are percent-encoded": CloudEvent(
        type='with "quotes" and 100%',
        source="/a%20b",
        id="Euro € 😀",
        time=datetime.now(UTC),
        subject=" outer spaces and , commas; = : ",
        data="Grüße",
        datacontenttype="text/plain; charset=utf-8",
        already="%25 %zz %",
    ),
    "a header of 8 KiB": CloudEvent(type="t", source="/s", id="1", subject="€" * 910, long="x" * 8192),
    "bytes": CloudEvent(
        type="t", source="/s", id="1", data=bytes(range(256)), datacontenttype="application/octet-stream"
    ),
    "text in another charset": CloudEvent(
        type="t", source="/s", id="1", data="é", datacontenttype="text/plain; charset=iso-8859-1"
    ),
    "bytes without a content type": CloudEvent(type="t", source="/s", id="1", data=b"\xff\x00"),
    "JSON null": CloudEvent(type="t", source="/s", id="1", data=b"null", datacontenttype="application/json"),
    "64 KiB of data": CloudEvent(
        type="t", source="/s", id="1", data=b"x" * 65536, datacontenttype="text/plain"
    ),
}

BINARY = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t")]
STRUCTURED = [("content-type", "application/cloudevents+json")]
BATCH = [("content-type", "application/cloudevents-batch+json")]
EVENT = b'{"specversion":"1.0","id":"1","source":"/s","type":"t"}'
