"""What becomes of data: each kind of value, under each kind of content type, in each mode. Data for the tests and docs.

`docs/data.md` shows `table_markdown()`; `tests/test_data.py` holds the library to every row of `ROWS`.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import msgspec
import pydantic

__all__ = ["CONTENT_TYPES", "KINDS", "ROWS", "ContentType", "Kind", "Row", "table_markdown"]


@dataclasses.dataclass
class Point:
    x: int
    y: int


class PointStruct(msgspec.Struct):
    x: int
    y: int


class PointModel(pydantic.BaseModel):
    x: int
    y: int


class Colour(enum.Enum):
    RED = "red"


RICH = {
    "at": datetime(2018, 4, 5, 17, 31, tzinfo=UTC),
    "id": uuid.UUID(int=1),
    "price": Decimal("1.10"),
    "colour": Colour.RED,
    "raw": b"\x01\x02",
}
RICH_JSON = (
    '{"at":"2018-04-05T17:31:00Z","id":"00000000-0000-0000-0000-000000000001","price":1.10,"colour":"red",'
    '"raw":"AQI="}'
)


class Kind(NamedTuple):
    """A kind of value that a program gives as `data`."""

    name: str
    make: Callable[[], Any]
    json: str | None = None
    """The JSON text that it becomes under a JSON type; None for what is encoded already."""
    text: str | None = None
    """The text that it is under a text type; None for what is no text."""
    encoded: bytes | None = None
    """The bytes that it is under any type."""


class ContentType(NamedTuple):
    """A `datacontenttype`, and what it says of the data."""

    text: str | None
    family: Literal["none", "json", "text", "binary"]
    charset: str = "utf-8"


KINDS = [
    Kind("None", lambda: None),
    Kind('JSON null: b"null"', lambda: b"null", encoded=b"null"),  # T31, T-JSON-3
    Kind("dict", lambda: {"a": [1, None, "é"]}, json='{"a":[1,null,"é"]}'),
    Kind("list", lambda: [1, 2], json="[1,2]"),
    Kind("int", lambda: 42, json="42"),
    Kind("large int", lambda: 9007199254740993, json="9007199254740993"),  # T52
    Kind("float", lambda: 1.5, json="1.5"),
    Kind("bool", lambda: True, json="true"),
    Kind("str", lambda: "hé", json='"hé"', text="hé"),
    Kind("empty str", lambda: "", json='""', text=""),
    Kind("str of JSON", lambda: '{"a":1}', json='"{\\"a\\":1}"', text='{"a":1}'),
    Kind("str of digits", lambda: "123", json='"123"', text="123"),
    Kind("bytes of JSON", lambda: b'{"a":1}', encoded=b'{"a":1}'),
    Kind("bytes of text", lambda: b"plain", encoded=b"plain"),
    Kind("bytes", lambda: b"\xff\x00", encoded=b"\xff\x00"),
    Kind("bytes that forge", lambda: b'1,"id":"evil"', encoded=b'1,"id":"evil"'),  # F1
    Kind("empty bytes", lambda: b"", encoded=b""),
    Kind("bytearray", lambda: bytearray(b"[1]"), encoded=b"[1]"),
    Kind("memoryview", lambda: memoryview(b"x[1]x")[1:-1], encoded=b"[1]"),
    Kind("dataclass", lambda: Point(1, 2), json='{"x":1,"y":2}'),
    Kind("msgspec Struct", lambda: PointStruct(1, 2), json='{"x":1,"y":2}'),
    Kind("pydantic model", lambda: PointModel(x=1, y=2), json='{"x":1,"y":2}'),
    Kind("datetime, UUID, Decimal, Enum, bytes within", lambda: dict(RICH), json=RICH_JSON),
]

CONTENT_TYPES = [
    ContentType(None, "none"),
    ContentType("application/json", "json"),
    ContentType("application/vnd.example+json", "json"),
    ContentType("text/json", "json"),
    ContentType("Application/JSON; charset=UTF-8", "json"),
    ContentType("application/json; charset=utf-16", "json", "utf-16"),
    ContentType("text/plain", "text"),
    ContentType("text/plain; charset=iso-8859-1", "text", "iso-8859-1"),
    ContentType("text/plain; charset=utf-16", "text", "utf-16"),
    ContentType("text/xml", "text"),
    ContentType("application/xml", "text"),
    ContentType("application/octet-stream", "binary"),
    ContentType("application/vnd.example.binary", "binary"),
]


class Row(NamedTuple):
    """One kind of value under one content type: what is written, and what is read back."""

    kind: Kind
    content_type: ContentType
    refused: bool = False
    """Whether the event cannot be made."""
    member: str = ""
    """The members of the JSON format that hold the data, as JSON text; empty for no data."""
    member_v03: str = ""
    """The same under specversion 0.3."""
    body: bytes | None = None
    """The body in HTTP binary mode; None for no data."""
    sent_type: str | None = None
    """The Content-Type in HTTP binary mode."""
    value: Any = None
    """What `event.data` is, of this event and of each that is read; an exception type where it cannot be had."""


def _rows() -> Iterator[Row]:
    for kind in KINDS:
        for content_type in CONTENT_TYPES:
            yield _row(kind, content_type)


def _row(kind: Kind, content_type: ContentType) -> Row:
    family, charset = content_type.family, content_type.charset
    row = Row(kind, content_type, sent_type=content_type.text)
    if kind.encoded is not None:
        return _of_bytes(row, kind.encoded)
    if family in ("none", "json") and kind.json is not None:
        return row._replace(
            member=f'"data":{kind.json}',
            member_v03=f'"data":{kind.json}',
            body=kind.json.encode(charset),
            sent_type=content_type.text or "application/json",  # CE-datacontenttype-c, JSON-3.1.2-j
            value=json.loads(kind.json),
        )
    if family == "text" and kind.text is not None:
        member = f'"data":{json.dumps(kind.text, ensure_ascii=False)}'
        body = kind.text.encode(charset)
        return row._replace(member=member, member_v03=member, body=body, value=kind.text)
    return row._replace(refused=kind.name != "None")


def _of_bytes(row: Row, encoded: bytes) -> Row:
    family, charset = row.content_type.family, row.content_type.charset
    base64 = b64encode(encoded).decode()
    row = row._replace(
        body=encoded,
        value=encoded,
        member=f'"data_base64":"{base64}"',
        member_v03=f'"datacontentencoding":"base64","data":"{base64}"',
    )
    if family == "json":
        try:
            value = json.loads(encoded.decode(charset))
        except ValueError:
            return row._replace(value=ValueError)
        if charset == "utf-8":
            member = f'"data":{encoded.decode()}'
            return row._replace(value=value, member=member, member_v03=member)
        return row._replace(value=value)
    if family == "text":
        try:
            text = encoded.decode(charset)
        except ValueError:
            return row._replace(value=ValueError)
        if text.encode(charset) != encoded:
            return row._replace(value=text)
        member = f'"data":{json.dumps(text, ensure_ascii=False)}'
        return row._replace(value=text, member=member, member_v03=member)
    return row


ROWS = list(_rows())

_SHOWN = [None, "application/json", "text/plain", "application/octet-stream"]


def table_markdown() -> str:
    """Return the table of the docs: the rows of one content type of each family, for people."""
    lines = [
        "| `data` | `datacontenttype` | JSON format | HTTP binary mode: body | `event.data` |",
        "|---|---|---|---|---|",
    ]
    rows = (row for row in ROWS if row.content_type.text in _SHOWN)
    lines += (f"| {' | '.join(_cells(row))} |" for row in rows)
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> Iterator[str]:
    yield row.kind.name
    yield "none" if row.content_type.text is None else f"`{row.content_type.text}`"
    if row.refused:
        yield from ("`DataError`", "`DataError`", "`DataError`")
        return
    if row.body is None:
        yield from ("no member", "empty", "`None`")
        return
    yield _code(row.member)
    body = (
        "empty"
        if not row.body
        else _code(ascii(row.body)[2:-1] if b"\xff" in row.body else row.body.decode())
    )
    implied = row.sent_type is not None and row.content_type.text is None
    yield f"{body} as `{row.sent_type}`" if implied else body
    yield "`DataError`" if row.value is ValueError else _code(repr(row.value))


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")
