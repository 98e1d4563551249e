"""Avro data, written and read: what the two Avro formats share.

fastavro writes. It is no reader of what strangers send: data nested a few thousand levels deep ends the process, the
union branch -1 is taken for the last one, of a key that is there twice the last value wins, bytes after the end are not
seen; and where it resolves the schema of another writer, a string becomes bytes or bytes a string, if a union has both.
So the reader stands here, built once from a schema. It looks at each byte once, and every item of a map or an array
takes a byte at least, so that no count and no length can promise more than is there.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any, NamedTuple, TypeAlias

from cevents.errors import Findings, InvalidEvent, excerpt

try:
    # its files are of an unknown type to pyright
    from fastavro import parse_schema, schemaless_writer  # pyright: ignore[reportUnknownVariableType]
except ImportError as error:
    raise ImportError("the Avro formats need fastavro: pip install 'cevents[avro]'") from error

__all__ = ["BRANCHES", "Micros", "Record", "Schema"]

BRANCHES: dict[type, str] = {bool: "boolean", int: "int", bytes: "bytes"}
"""The branch of a union that holds an attribute's value; a text of any class is a `string`."""


class Micros(int):
    """Microseconds since 1970-01-01T00:00:00Z: what the logical type `timestamp-micros` holds."""

    __slots__ = ()


class Record(NamedTuple):
    """A record within the data: its field `value`, None where it has none."""

    value: Any


class Schema:
    """The schema of a format: writes and reads a bare datum, without any header (T-AVRO-5).

    The field `attributes` has a map of attributes. What does not conform is told as a breach of `requirement`.
    """

    def __init__(self, definition: dict[str, Any], attributes: str, requirement: str) -> None:
        self._parsed = parse_schema(definition)
        self._fields = _fields_of(self._parsed)
        self._names = [name for name, _ in self._fields]
        self._attributes = attributes
        self._requirement = requirement

    def write(self, datum: dict[str, Any]) -> bytes:
        """Return a datum as bytes; values of a union are `(branch, value)`, so that none is guessed."""
        written = BytesIO()
        schemaless_writer(written, self._parsed, datum)
        return written.getvalue()

    def read(self, body: bytes, findings: Findings, writer_schema: Any = None) -> dict[str, Any]:
        """Return the fields of a datum, after noting keys that are there more than once; or raises `InvalidEvent`.

        With a `writer_schema` they are those of its fields that have a name of ours, of whatever type they are there;
        but for the map of attributes they may be missing. Raises `ValueError` if that is no schema of a record.
        """
        fields = self._fields if writer_schema is None else _fields_of_another(writer_schema)
        found: dict[str, Any] = {}
        at, walk, problem = 0, _Walk(), None
        try:
            for name, of_field in fields:
                found[name], at = of_field(body, at, walk)
        except (IndexError, struct.error):
            at = len(body) + 1
        except RecursionError:
            problem = _TOO_DEEP, at
        except _Malformed as error:
            problem = error.args
        if problem is None and at != len(body):
            problem = ("ends too early", len(body)) if at > len(body) else ("has bytes after its end", at)
        if problem is None and writer_schema is not None:
            found = {name: found[name] for name in self._names if name in found}
            if not isinstance(found.get(self._attributes), dict):
                problem = f"has no map `{self._attributes}`", 0
        if problem is not None:
            message, position = problem
            hint = next((hint for start, hint in _HEADERS.items() if body.startswith(start)), None)
            findings.report(self._requirement, f"is no Avro datum: {message}", position=position, hint=hint)
            raise InvalidEvent(findings.problems)
        self._tell_repeats(found, walk, findings)
        return found

    def _tell_repeats(self, found: dict[str, Any], walk: _Walk, findings: Findings) -> None:
        for within, key, same in walk.repeats:
            if within is not found[self._attributes]:
                findings.report(self._requirement, "has a key more than once", "data")
            elif same:  # lenient reading takes it once, as in any format
                hint = "the repeats are the same"
                findings.repair("CE-attrs-d", "is there more than once", key, hint=hint)
            else:
                findings.report("CE-attrs-d", "is there more than once, with different values", key)


_HEADERS = {
    b"Obj\x01": "this is an object container file; an event is a bare datum",
    b"\xc3\x01": "this has the header of a single object; an event is a bare datum",
    b"\x00": "this may have the header of a schema registry; an event is a bare datum",
}
_TOO_DEEP = "is nested too deeply"
_DEEPEST = 100  # records within records


class _Malformed(Exception):
    """With a message and a position."""


class _Walk:
    """What is remembered on the way through one datum."""

    depth = 0

    def __init__(self) -> None:
        self.repeats: list[tuple[dict[str, Any], str, bool]] = []
        """Maps, keys that they have more than once, and whether with the same value."""


_Read: TypeAlias = Callable[[bytes, int, _Walk], tuple[Any, int]]
"""From the bytes and a position to the value there and the position after it.

A value that is cut off gives a position beyond the end, where whoever goes on reading gets an `IndexError`.
"""


_Parsed: TypeAlias = str | list[Any] | dict[str, Any]


def _fields_of_another(schema: Any) -> list[tuple[str, _Read]]:
    try:
        parsed: Any = parse_schema(json.loads(schema) if isinstance(schema, str | bytes) else schema)
        return _fields_of(parsed)
    except Exception as error:  # of many kinds
        why = f"{type(error).__name__}, {excerpt(str(error))}"
        raise ValueError(f"the writer's schema is no Avro schema of a record: {why}") from error


def _fields_of(schema: Any) -> list[tuple[str, _Read]]:
    """Return what reads the fields of a parsed schema, which is a record; data of records may hold it again."""
    named: dict[str, _Read] = {}
    fields = [(field["name"], _reader_of(field["type"], named)) for field in schema["fields"]]
    named[schema["name"]] = _record(fields)
    return fields


def _reader_of(schema: _Parsed, named: dict[str, _Read]) -> _Read:
    """Return what reads the data of a parsed schema; `named` has the types with names, as they are met."""
    if isinstance(schema, list):
        return _union([_reader_of(branch, named) for branch in schema])
    if isinstance(schema, str):
        return _PRIMITIVES.get(schema) or _named(schema, named)
    kind = schema["type"]
    if kind == "map":
        return _map(_reader_of(schema["values"], named))
    if kind == "array":
        return _array(_reader_of(schema["items"], named))
    if kind == "long" and schema.get("logicalType") == "timestamp-micros":
        return _micros
    if kind == "fixed":
        read = _fixed(schema["size"])
    elif kind == "enum":
        read = _enum(schema["symbols"])
    elif kind in ("record", "error"):
        read = _record([(field["name"], _reader_of(field["type"], named)) for field in schema["fields"]])
    else:
        return _reader_of(kind, named)
    named[schema["name"]] = read
    return read


def _named(name: str, named: dict[str, _Read]) -> _Read:
    def read(body: bytes, at: int, walk: _Walk) -> tuple[Any, int]:
        return named[name](body, at, walk)  # known by now, also to a record that has records of its own kind

    return read


def _long(body: bytes, at: int, _: object = None) -> tuple[int, int]:
    """An `int` or a `long`: seven bits in a byte, the lowest first, the sign lowest of all."""
    byte = body[at]
    if byte < 128:
        return (byte >> 1) ^ -(byte & 1), at + 1
    number = shift = 0
    for byte in body[at : at + 10]:
        if byte < 128:
            number |= byte << shift
            if number >> 64:
                break
            return (number >> 1) ^ -(number & 1), at + shift // 7 + 1
        number |= (byte - 128) << shift
        shift += 7
    else:
        if len(body) < at + 10:
            raise IndexError
    raise _Malformed("has a number of more than 64 bits", at)


def _micros(body: bytes, at: int, _: _Walk) -> tuple[Micros, int]:
    number, at = _long(body, at)
    return Micros(number), at


def _null(_: bytes, at: int, __: _Walk) -> tuple[None, int]:
    return None, at


def _boolean(body: bytes, at: int, _: _Walk) -> tuple[bool, int]:
    byte = body[at]
    if byte > 1:
        raise _Malformed("has a boolean that is neither 0 nor 1", at)
    return byte == 1, at + 1


def _float(body: bytes, at: int, _: _Walk) -> tuple[float, int]:
    return struct.unpack_from("<f", body, at)[0], at + 4


def _double(body: bytes, at: int, _: _Walk) -> tuple[float, int]:
    return struct.unpack_from("<d", body, at)[0], at + 8


def _bytes(body: bytes, at: int, _: _Walk) -> tuple[bytes, int]:
    start, end = _span(body, at)
    return body[start:end], end


def _string(body: bytes, at: int, _: object = None) -> tuple[str, int]:
    size = body[at]
    if size & 129:  # of more than one byte, or negative
        start, end = _span(body, at)
    else:
        start = at + 1
        end = start + (size >> 1)
    try:
        return body[start:end].decode(), end
    except UnicodeDecodeError as error:
        if end > len(body):  # it is cut off
            raise IndexError from None
        raise _Malformed("has a string that is not UTF-8", start + error.start) from None


def _span(body: bytes, at: int) -> tuple[int, int]:
    """Where bytes with a length before them begin and end."""
    size, start = _long(body, at)
    if size < 0:
        raise _Malformed("has a negative length", at)
    return start, start + size


def _fixed(size: int) -> _Read:
    def read(body: bytes, at: int, _: _Walk) -> tuple[bytes, int]:
        end = at + size
        if end > len(body):  # there need not be anybody to go on reading
            raise IndexError
        return body[at:end], end

    return read


def _enum(symbols: list[str]) -> _Read:
    def read(body: bytes, at: int, _: _Walk) -> tuple[str, int]:
        index, end = _long(body, at)
        if not 0 <= index < len(symbols):
            raise _Malformed("has an unknown symbol of an enum", at)
        return symbols[index], end

    return read


def _union(branches: list[_Read]) -> _Read:
    by_byte = {2 * index: read for index, read in enumerate(branches[:64])}

    def read(body: bytes, at: int, walk: _Walk) -> tuple[Any, int]:
        branch = by_byte.get(body[at])
        if branch is not None:
            return branch(body, at + 1, walk)
        index, start = _long(body, at)
        if not 0 <= index < len(branches):  # Python takes -1 for the last one
            raise _Malformed("has an unknown branch of a union", at)
        return branches[index](body, start, walk)

    return read


def _map(values: _Read) -> _Read:
    def read(body: bytes, at: int, walk: _Walk) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        if body[at] == 0:
            return found, at + 1
        count, at, end = _block(body, at)
        while count:
            for _ in range(count):
                key, at = _string(body, at)
                value, at = values(body, at, walk)
                if key in found:
                    same = type(found[key]) is type(value) and found[key] == value
                    walk.repeats.append((found, key, same))
                found[key] = value
            count, at, end = _block(body, at, end)
        return found, at

    return read


def _array(items: _Read) -> _Read:
    def read(body: bytes, at: int, walk: _Walk) -> tuple[list[Any], int]:
        found: list[Any] = []
        count, at, end = _block(body, at)
        while count:
            for _ in range(count):
                start = at
                item, at = items(body, at, walk)
                if at == start:  # or the sender could have any number of them for nothing
                    raise _Malformed("has an array of items without bytes", at)
                found.append(item)
            count, at, end = _block(body, at, end)
        return found, at

    return read


def _block(body: bytes, at: int, announced: int | None = None) -> tuple[int, int, int | None]:
    """The head of a block in a map or an array: how many items, where they begin and, if that is told, end."""
    if announced is not None and announced != at:
        raise _Malformed("has a block of another size than it says", at)
    count, at = _long(body, at)
    if count >= 0:
        return count, at, None
    size, at = _long(body, at)
    return -count, at, at + size


def _record(fields: list[tuple[str, _Read]]) -> _Read:
    def read(body: bytes, at: int, walk: _Walk) -> tuple[Record, int]:
        walk.depth += 1
        if walk.depth > _DEEPEST:
            raise _Malformed(_TOO_DEEP, at)
        value: Any = None
        for name, of_field in fields:
            found, at = of_field(body, at, walk)
            if name == "value":
                value = found
        walk.depth -= 1
        return _EMPTY if value == {} else Record(value), at

    return read


_EMPTY = Record({})  # one for all, since each takes a byte only
_PRIMITIVES: dict[str, _Read] = {
    "null": _null,
    "boolean": _boolean,
    "int": _long,  # whether it has 32 bits is for the check of the attribute (CE-types-c)
    "long": _long,
    "float": _float,
    "double": _double,
    "bytes": _bytes,
    "string": _string,
}
