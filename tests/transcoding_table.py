"""The ways of an event, the kinds of data, and what a way does not keep: for `test_transcoding.py` and the docs."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any, Literal

import cbor2
import fastavro
from msgspec import Raw

from cevents import CloudEvent, formats
from cevents.bindings import amqp, http, kafka, mqtt, nats, pubsub, rabbitmq, smtp, websocket
from cevents.data import Binary
from cevents.formats import avro, avro_compact

__all__ = ["BINARY", "BINDINGS", "EXCEPTIONS", "HOPS", "KINDS", "LOSSY_TIMES", "STRUCTURED", "table_markdown"]

Event = CloudEvent[Any]
NAMES = ("json", "avro", "avro-compact", "cbor", "protobuf", "xml")


def _format(name: str) -> Callable[[Event], Event]:
    return lambda event: formats.get(name).decode(formats.get(name).encode(event))


def _message(binding: Any, mode: str, name: str = "json") -> Callable[[Event], Event]:
    return lambda event: binding.decode(*binding.encode(event, mode, name))


def _old_mqtt(event: Event) -> Event:
    return mqtt.decode(mqtt.encode(event, "structured", protocol="3.1.1").payload, protocol="3.1.1")


def _old_nats(event: Event) -> Event:
    return nats.decode(*nats.encode(event, "structured", headers=False))


def _mail(mode: Literal["binary", "structured"], name: str = "json") -> Callable[[Event], Event]:
    return lambda event: smtp.decode(smtp.encode(event, mode, name).as_bytes())


# Each binding, and the formats of its structured mode.
BINDINGS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "HTTP": (http, NAMES),
    "Kafka": (kafka, NAMES),
    "AMQP": (amqp, NAMES),
    "RabbitMQ": (rabbitmq, NAMES),
    "MQTT": (mqtt, NAMES),
    "NATS": (nats, ("json",)),
    "Pub/Sub": (pubsub, NAMES),
    "WebSocket": (websocket, ("json", "avro", "protobuf")),
}
BINARY: dict[str, Callable[[Event], Event]] = {
    f"{title} binary": _message(binding, "binary")
    for title, (binding, _) in BINDINGS.items()
    if binding is not websocket
} | {"SMTP binary": _mail("binary")}
STRUCTURED: dict[str, Callable[[Event], Event]] = {
    **{
        f"{title} {name}": _message(binding, "structured", name)
        for title, (binding, names) in BINDINGS.items()
        for name in names
    },
    "MQTT 3.1.1 json": _old_mqtt,
    "NATS without headers json": _old_nats,
    **{f"SMTP {name}": _mail("structured", name) for name in NAMES},
}
HOPS: dict[str, Callable[[Event], Event]] = {
    **{name: _format(name) for name in NAMES},
    **BINARY,
    **STRUCTURED,
}

XML = b'<?xml version="1.0" encoding="UTF-8"?>\n<a x="1">\xe2\x82\xac<!-- c --><b/></a>\n'
JSON_VALUES: dict[str, bytes] = {
    "null": b"null",
    "true": b"true",
    "a number": b"7",
    "a decimal": b"1.10",
    "minus zero": b"-0",
    "an exponent": b"1e3",
    "a big integer": b"1180591620717411303424",
    "a number beyond any double": b"1e999",
    "a string": b'"Euro \\u20ac \xe2\x82\xac"',
    "an empty string": b'""',
    "a string with controls": b'"a\\u0000\\r\\n\\u0085\\ud83d\\ude00"',
    "a flat object": b'{"a": 1, "b": "x", "c": null, "d": true}',
    "a nested object": b'{"a": {"b": [1, {"c": 1.50}]}}',
    "an array": b"[1, [2], {}]",
    "an empty object": b"{}",
    "an empty array": b"[]",
}
KINDS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "nothing under a type": {"datacontenttype": "text/plain"},
    **{f"JSON, {name}": {"data": Raw(text)} for name, text in JSON_VALUES.items()},
    **{
        f"typed JSON, {name}": {"data": Raw(text), "datacontenttype": "application/vnd.example+json"}
        for name, text in JSON_VALUES.items()
    },
    **{
        f"bytes of JSON, {name}": {"data": text, "datacontenttype": "application/json"}
        for name, text in JSON_VALUES.items()
    },
    "JSON in UTF-16": {"data": Raw(b'{"a":"x"}'), "datacontenttype": "application/json; charset=utf-16"},
    "no JSON under a JSON type": {"data": b'{"a":', "datacontenttype": "application/json"},
    "base64 under a JSON type": {"data": Binary(b"[1]"), "datacontenttype": "application/json"},
    "text": {"data": "Euro \u20ac \U0001f600", "datacontenttype": "text/plain"},
    "text in ISO-8859-1": {"data": "gr\xfcn", "datacontenttype": "text/plain; charset=iso-8859-1"},
    "text in UTF-16": {"data": "gr\xfcn", "datacontenttype": "text/plain; charset=utf-16"},
    "text in an unknown charset": {"data": b"x", "datacontenttype": "text/plain; charset=nonsense"},
    "text with controls": {"data": "a\x00\x1b\r\n\r\ufffe\x85]]>", "datacontenttype": "text/plain"},
    "text that looks like JSON": {"data": '{"a":1}', "datacontenttype": "text/plain"},
    "text that is no UTF-8": {"data": b"\xff", "datacontenttype": "text/plain"},
    "empty text": {"data": "", "datacontenttype": "text/plain"},
    "XML": {"data": XML, "datacontenttype": "application/xml"},
    "an element": {"data": b"<a x=\"1\" y='2'><b/><!-- c --></a>", "datacontenttype": "application/xml"},
    "XML in UTF-16": {"data": "<a/>".encode("utf-16"), "datacontenttype": "application/xml; charset=utf-16"},
    "no XML under an XML type": {"data": b"<a>", "datacontenttype": "image/svg+xml"},
    "bytes": {"data": b"\x00\x01\xff", "datacontenttype": "image/png"},
    "bytes without a type": {"data": b"\x00\x01\xff"},
    "ASCII without a type": {"data": b"abc"},
    "empty bytes": {"data": b"", "datacontenttype": "image/png"},
    "empty bytes without a type": {"data": b""},
    "CBOR": {"data": b"\xa1\x61a\x01", "datacontenttype": "application/cbor"},
    "a form": {"data": b"a=1&b=%20", "datacontenttype": "application/x-www-form-urlencoded"},
}

# Most protocols have no other mark of data than a body: empty data is no data there. Kafka has null values.
EXCEPTIONS: dict[tuple[str, str], dict[str, Any]] = {
    (kind, hop): {name: value for name, value in given.items() if name != "data"}
    for kind, given in KINDS.items()
    if given.get("data") in (b"", "")
    for hop in BINARY
    if hop not in ("Kafka binary", "SMTP binary")  # which tell no data from empty data
}

LOSSY_TIMES = ("avro-compact", "protobuf")
"""Formats whose Timestamps are instants: offsets and the number of digits are not kept."""


def table_markdown() -> str:
    """How each kind of data stands in each format, as it is written: for `docs/formats/index.md`."""
    lines = [f"| data | {' | '.join(NAMES)} |", f"|---{'|---' * len(NAMES)}|"]
    for kind, given in KINDS.items():
        if not kind.startswith(("typed JSON", "bytes of JSON")):
            values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **given}
            event: Event = CloudEvent(**values)
            cells = [f"`{_form(name, formats.get(name).encode(event))}`" for name in NAMES]
            lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _form(name: str, body: bytes) -> str:
    """What the data is in a body, told without the code that wrote it."""
    if name == "json":
        members = json.loads(body, parse_float=str, parse_int=str)
        return next((member for member in ("data", "data_base64") if member in members), "-")
    if name == "xml":
        found = re.search(rb"<ce:data xsi:type=\"([^\"]+)\"", body)
        return "-" if found is None else found[1].decode()
    if name == "cbor":
        members = cbor2.loads(body)
        return _class(members["data"]) if "data" in members else "-"
    if name == "protobuf":
        return _PROTOBUF_FIELDS.get(max(_field_numbers(body)), "-")
    # Avro and its compact form end with the data, whose first byte is twice the number of the branch of the union.
    return _avro_branch(name, body)


_PROTOBUF_FIELDS = {6: "binary_data", 7: "text_data", 8: "proto_data"}


def _class(value: object) -> str:
    return "byte string" if isinstance(value, bytes) else "text string" if isinstance(value, str) else "item"


def _field_numbers(body: bytes) -> list[int]:
    """The numbers of the fields of a message, all of which have a length."""
    numbers: list[int] = []
    at = 0
    while at < len(body):
        numbers.append(body[at] >> 3)
        size = shift = 0
        at += 1
        while True:
            size |= (body[at] & 127) << shift
            shift += 7
            at += 1
            if body[at - 1] < 128:
                break
        at += size
    return numbers


def _avro_branch(name: str, body: bytes) -> str:
    schema: Any = avro.SCHEMA if name == "avro" else avro_compact.SCHEMA
    found: Any = fastavro.schemaless_reader(io.BytesIO(body), schema, None)
    value = found["data"]
    names: dict[type, str] = {
        type(None): "null",
        bytes: "bytes",
        bool: "boolean",
        float: "double",
        str: "string",
        dict: "map",
    }
    return names[type(value)]
