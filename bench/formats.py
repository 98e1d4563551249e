"""The other event formats: ours beside the bare codec that it stands on, and how long an event is in each."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, NamedTuple
from xml.parsers import expat

import cbor2
import fastavro

from bench.events import SIZES, compact, envelopes
from cevents import CloudEvent, formats
from cevents.formats import avro, avro_compact

__all__ = ["Rival", "each", "rivals", "size_lines"]

Event = CloudEvent[Any]
NAMES = ("avro", "avro-compact", "cbor", "protobuf", "xml")
BATCH = 1000


class Rival(NamedTuple):
    """Work of ours beside the same work of the bare codec; `events` says how many one call deals with."""

    name: str
    ours: Callable[[], object]
    bare: Callable[[], object]
    at_most: float
    events: int


def made(size: str, count: int) -> list[Event]:
    """Return the events of a size, as a program makes them."""
    return [CloudEvent(**one) for one in envelopes(size, count)]


def each(work: Callable[[Any], object], inputs: Iterable[Any]) -> Callable[[], object]:
    """Return a callable that does this work with each input."""
    inputs = list(inputs)

    def all_of_them() -> None:
        for one in inputs:
            work(one)

    return all_of_them


def rivals() -> Iterator[Rival]:
    """Yield everything to measure: decode and encode of each format and size, then batches."""
    for name in NAMES:
        found, loads, dumps = formats.get(name), _LOADS[name], _DUMPS.get(name)
        for size in SIZES:
            events = made(size, 64)
            bodies = [found.encode(event) for event in events]
            yield Rival(f"{name} decode, {size}", each(found.decode, bodies), each(loads, bodies), 1.8, 64)
            if dumps is not None:
                values = [loads(body) for body in bodies]
                yield Rival(
                    f"{name} encode, {size}", each(found.encode, events), each(dumps, values), 1.8, 64
                )
    for name in ("protobuf", "xml"):
        found = formats.get(name)
        events = made("560 B", BATCH)
        body = found.encode_batch(events)
        loads = _BATCH_LOADS[name]
        yield Rival(
            f"{name} decode_batch of 1,000, 560 B",
            each(found.decode_batch, [body]),
            each(loads, [body]),
            1.5,
            BATCH,
        )


def _avro_loads(schema: Any) -> Callable[[bytes], Any]:
    schema = fastavro.parse_schema(schema)
    return lambda body: fastavro.schemaless_reader(io.BytesIO(body), schema, None)  # pyright: ignore[reportUnknownMemberType] # the same


def _avro_dumps(schema: Any) -> Callable[[Any], bytes]:
    schema = fastavro.parse_schema(schema)

    def dumps(value: Any) -> bytes:
        output = io.BytesIO()
        fastavro.schemaless_writer(output, schema, value)  # pyright: ignore[reportUnknownMemberType] # half typed
        return output.getvalue()

    return dumps


def _protobuf(body: bytes) -> Any:
    """Parse and read: the library makes no Python values before somebody reads them."""
    return _protobuf_read(_generated().CloudEvent.FromString(body))


def _protobuf_read(message: Any) -> Any:
    values: list[tuple[str, str, Any]] = []
    for name, attribute in message.attributes.items():
        field = attribute.WhichOneof("attr")
        value = getattr(attribute, field)
        values.append((name, field, (value.seconds, value.nanos) if field == "ce_timestamp" else value))
    data = message.WhichOneof("data")
    required = (message.id, message.source, message.type, message.spec_version)
    return required, values, data, getattr(message, data)


def _protobuf_made(read: Any) -> bytes:
    """Make a message of Python values and serialize it."""
    (id_, source, type_, version), values, field, data = read
    message: Any = _generated().CloudEvent(id=id_, source=source, type=type_, spec_version=version)
    for name, kind, value in values:
        attribute = message.attributes[name]
        if kind == "ce_timestamp":
            attribute.ce_timestamp.seconds, attribute.ce_timestamp.nanos = value
        else:
            setattr(attribute, kind, value)
    setattr(message, field, data)
    return bytes(message.SerializeToString())


def _protobuf_batch(body: bytes) -> Any:
    return list(map(_protobuf_read, _generated().CloudEventBatch.FromString(body).events))


@cache
def _generated() -> Any:
    """The classes that protoc generates of the published schema."""
    schema = Path(__file__).parents[1] / "tests" / "formats" / "cloudevents.proto"
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{schema.parent}", f"--python_out={folder}"]
        subprocess.run([*command, schema.name], check=True)
        namespace: dict[str, Any] = {}
        exec((Path(folder) / "cloudevents_pb2.py").read_text(), namespace)  # noqa: S102 - just made
    return SimpleNamespace(**namespace)


def _expat(body: bytes) -> Any:
    """Parse with namespaces, and with handlers in Python, as whoever wants the elements must."""
    parser = expat.ParserCreate(namespace_separator=" ")
    found: list[Any] = []
    parser.StartElementHandler = lambda name, attributes: found.append((name, attributes))
    parser.EndElementHandler = found.append
    parser.CharacterDataHandler = found.append
    parser.Parse(body, True)
    return found


_LOADS: dict[str, Callable[[bytes], Any]] = {
    "avro": _avro_loads(avro.SCHEMA),
    "avro-compact": _avro_loads(avro_compact.SCHEMA),
    "cbor": cbor2.loads,
    "protobuf": _protobuf,
    "xml": _expat,
}
_DUMPS: dict[str, Callable[[Any], bytes]] = {
    "avro": _avro_dumps(avro.SCHEMA),
    "avro-compact": _avro_dumps(avro_compact.SCHEMA),
    "cbor": cbor2.dumps,
    "protobuf": _protobuf_made,
}
_BATCH_LOADS: dict[str, Callable[[bytes], Any]] = {
    "protobuf": _protobuf_batch,
    "xml": _expat,
}


def size_lines() -> list[str]:
    """Return a table of the bytes of an event in each format."""
    lines = [f"| format | {' | '.join(SIZES)} |", f"|---|{'--:|' * len(SIZES)}"]
    events = {size: made(size, 8)[7] for size in SIZES}
    for name in ("json", *NAMES):
        cells = [f"{len(formats.get(name).encode(event)):,} B" for event in events.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    packed = [f"{len(gzip.compress(compact(envelopes(size, 8)[7]))):,} B" for size in SIZES]
    return [*lines, f"| json, gzip | {' | '.join(packed)} |"]
