"""Measures the figures of docs/performance.md and writes them there: `python bench/run.py`.

Whatever is compared is measured in the same process, in turns and by processor time, and the best of several turns
counts: what disturbs a measurement makes it slower. What is reported are ratios, since times are a machine's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from cloudevents.core.bindings import http as official_http
from cloudevents.core.bindings import kafka as official_kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent as OfficialEvent

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from bench import formats as other_formats  # noqa: E402 - found by the line above
from bench.events import SIZES, compact, envelope, envelopes, spaced  # noqa: E402 - found by the line above
from bench.formats import each  # noqa: E402 - the same
from cevents import CloudEvent, bindings, formats  # noqa: E402 - the same

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

Work = Callable[[], object]
Event = CloudEvent[Any]


@dataclass
class Row:
    """Work of ours beside the same work of rivals; a limit is None where the row is for information only."""

    name: str
    ours: Work
    orjson: Work | None = None
    official: Work | None = None
    at_most: float | None = None
    """Times the work of orjson."""
    at_least: float | None = None
    """Times faster than the official SDK."""
    events: int = 64
    """How many events one call deals with."""


@dataclass
class Figure:
    """Something else than a ratio: what it is, what came out, whether the limit was kept."""

    name: str
    measured: str
    limit: str
    miss: float
    """By what factor the limit is missed; at most 1 where it is kept."""


# ------------------------------------------------------------------------------------------------- what is measured


def rows() -> list[Row]:
    """Return all ratios to measure, in the order of the table."""
    found: list[Row] = []
    for size, at_most in zip(SIZES, (1.5, 1.2, 0.3), strict=True):
        found.append(decode_row(size, compact, at_most=at_most, at_least=10))
    found += [decode_row(size, spaced) for size in SIZES]
    for size, at_most in zip(SIZES, (1.8, 1.5, 1.3), strict=True):
        texts = list(map(compact, envelopes(size)))
        ours = each(lambda text: formats.json.decode(text).data, texts)
        found.append(
            Row(f"structured decode, then `.data`, {size}", ours, each(orjson.loads, texts), at_most=at_most)
        )
    for size in SIZES:
        found += encode_rows(size)
    for size in SIZES:
        found += binding_rows("HTTP", bindings.http, official_http, size)
        found += binding_rows("Kafka", bindings.kafka, official_kafka, size)
    found += relay_rows("10 KB")
    for size in ("220 B", "560 B"):
        batch = b"[%b]" % b",".join(map(compact, envelopes(size, 1000)))
        ours = each(formats.json.decode_batch, [batch])
        theirs = each(orjson.loads, [batch])
        found.append(Row(f"decode_batch of 1,000 events, {size}", ours, theirs, at_most=1.0, events=1000))
    return found


def decode_row(
    size: str, spell: Callable[[Any], bytes], *, at_most: float | None = None, at_least: float | None = None
) -> Row:
    """Structured decode, the data untouched."""
    texts = list(map(spell, envelopes(size)))
    official = JSONFormat()
    spelling = "" if spell is compact else ", with spaces"
    return Row(
        f"structured decode{spelling}, {size}",
        each(formats.json.decode, texts),
        each(orjson.loads, texts),
        each(lambda text: official.read(OfficialEvent, text), texts),
        at_most,
        at_least,
    )


def encode_rows(size: str) -> list[Row]:
    """Structured encode of events made with `data=dict`, without and with making them."""
    objects = envelopes(size)
    official = JSONFormat()
    ours, theirs = [CloudEvent(**one) for one in objects], [official_event(one) for one in objects]
    dumps = each(orjson.dumps, objects)
    return [
        Row(
            f"structured encode, {size}",
            each(formats.json.encode, ours),
            dumps,
            each(official.write, theirs),
            at_most=1.5,
            at_least=10,
        ),
        Row(
            f"making the event and structured encode, {size}",
            each(lambda one: formats.json.encode(CloudEvent(**one)), objects),
            dumps,
            each(lambda one: official.write(official_event(one)), objects),
        ),
    ]


def official_event(one: dict[str, Any]) -> OfficialEvent:
    """Return the official SDK's object for an envelope; it wants the time as a datetime."""
    attributes = {name: value for name, value in one.items() if name != "data"}
    attributes["time"] = _moments[attributes["time"]]
    return OfficialEvent(attributes, one["data"])


class _Moments(dict[str, Any]):
    def __missing__(self, text: str) -> Any:
        from datetime import datetime

        self[text] = found = datetime.fromisoformat(text)
        return found


_moments = _Moments()


def binding_rows(protocol: str, binding: Any, official: Any, size: str) -> list[Row]:
    """Binary mode of a protocol, decode and encode."""
    ours = [CloudEvent[Any](**one) for one in envelopes(size)]
    theirs = [official_event(one) for one in envelopes(size)]
    messages: list[Any] = [binding.encode(one) for one in ours]
    their_messages: list[Any] = [official.to_binary_event(one) for one in theirs]
    return [
        Row(
            f"{protocol} binary decode, {size}",
            each(lambda message: binding.decode(*message), messages),
            official=each(official.from_binary_event, their_messages),
            at_least=10,
        ),
        Row(
            f"{protocol} binary encode, {size}",
            each(binding.encode, ours),
            official=each(official.to_binary_event, theirs),
            at_least=10,
        ),
    ]


def relay_rows(size: str) -> list[Row]:
    """From one mode to the other, beside parsing and writing the envelope once."""
    texts = list(map(compact, envelopes(size)))
    structured = [([("content-type", "application/cloudevents+json")], text) for text in texts]
    binary = [bindings.http.encode(CloudEvent(**one)) for one in envelopes(size)]
    loads_and_dumps = each(lambda text: orjson.dumps(orjson.loads(text)), texts)
    return [
        Row(
            f"relay binary to structured, {size}",
            each(lambda message: bindings.http.encode(bindings.http.decode(*message), "structured"), binary),
            loads_and_dumps,
            at_most=0.4,
        ),
        Row(
            f"relay structured to binary, {size}",
            each(lambda message: bindings.http.encode(bindings.http.decode(*message)), structured),
            loads_and_dumps,
            at_most=0.4,
        ),
    ]


def measured(row: Row, turns: int, seconds: float) -> dict[str, float]:
    """Return the time that one event takes, in seconds, of each contestant."""
    contestants = {"ours": row.ours, "orjson": row.orjson, "official": row.official}
    works = {name: work for name, work in contestants.items() if work is not None}
    calls = {name: max(1, int(seconds / _once(work))) for name, work in works.items()}
    best = dict.fromkeys(works, float("inf"))
    for _ in range(turns):
        for name, work in works.items():
            start = time.process_time()
            for _ in range(calls[name]):
                work()
            best[name] = min(best[name], (time.process_time() - start) / calls[name])
    return {name: taken / row.events for name, taken in best.items()}


def _once(work: Work) -> float:
    work()
    start = time.process_time()
    work()
    return max(time.process_time() - start, 1e-7)


# -------------------------------------------------------------------------------------------------- the other figures


def memory_of(size: str, count: int) -> Figure:
    """What a decoded event keeps alive beyond the bytes that came, when nobody else holds these."""
    formats.json.decode(compact(envelope(size, 0)))
    objects = envelopes(size, count)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    raw = 0
    events: list[Event] = []
    for one in objects:
        events.append(formats.json.decode(compact(one)))
        raw += len(compact(one))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    per_event = (after - before - sys.getsizeof(events) - raw) / count
    return Figure(
        f"memory of a decoded event, {size}",
        f"raw bytes {per_event:+,.0f} B",
        "raw bytes + 600 B",
        per_event / 600,
    )


def validate(megabytes: int) -> list[Figure]:
    """`cevents validate` of a file with an event a line."""
    lines = b"".join(compact(one) + b"\n" for one in envelopes("560 B", 2000))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "events.ndjson"
        with path.open("wb") as file:
            for _ in range(max(1, megabytes * 1_000_000 // len(lines))):
                file.write(lines)
        size = path.stat().st_size
        child = run_child("-m", "cevents", "validate", str(path), cwd=directory)
    rate, rate_of_processor = size / child.wall / 1e6, size / child.processor / 1e6
    return [
        Figure(
            f"`cevents validate` of {size / 1e6:,.0f} MB",
            f"{rate:,.0f} MB/s ({rate_of_processor:,.0f} by processor time)",
            "at least 100 MB/s",
            100 / rate,
        ),
        Figure(
            "its greatest memory", f"{child.memory / 1e6:,.0f} MB", "less than 100 MB", child.memory / 1e8
        ),
    ]


def import_time(repeats: int) -> Figure:
    """What `import cevents` adds to the start of an interpreter, in processor time."""
    run_child("-c", "import cevents", cwd=str(ROOT / "bench"))  # writes the bytecode, as an installer does
    alone: list[float] = []
    with_import: list[float] = []
    for _ in range(repeats):
        alone.append(run_child("-c", "pass", cwd=str(ROOT / "bench")).processor)
        with_import.append(run_child("-c", "import cevents", cwd=str(ROOT / "bench")).processor)
    taken = (statistics.median(with_import) - statistics.median(alone)) * 1000
    return Figure("`import cevents`", f"{taken:.0f} ms", "50 ms", taken / 50)


class Child(NamedTuple):
    """What a child process took: seconds on the wall and of the processor, bytes of memory at most."""

    wall: float
    processor: float
    memory: float


# A small process starts and measures the child: a child begins as a copy of its parent, whose memory counts as its own.
LAUNCHER = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
wall = time.perf_counter() - start
print(json.dumps([process.returncode, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


def run_child(*arguments: str, cwd: str) -> Child:
    """Run this Python with these arguments to its end."""
    command = [sys.executable, "-c", LAUNCHER, sys.executable, *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    said = subprocess.run(
        command, check=True, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True
    ).stdout
    code, wall, processor, memory = json.loads(said)
    if code != 0:
        raise SystemExit(f"{' '.join(arguments)} ended with {code}")
    return Child(wall, processor, memory * (1 if sys.platform == "darwin" else 1024))


# --------------------------------------------------------------------------------------------------------- the report


def verdict(miss: float) -> str:
    """Return whether a limit is kept, or by how much it is missed."""
    return "kept" if miss <= 1 else f"**missed by {(miss - 1) * 100:.0f} %**"


def ratio_line(row: Row, taken: dict[str, float]) -> tuple[str, float]:
    """Return a row of the table, and by what factor its limits are missed."""
    ours = taken["ours"]
    misses: list[float] = []
    cells = [row.name, f"{ours * 1e6:.2f} µs"]
    if row.orjson is None:
        cells += ["", ""]
    else:
        ratio = ours / taken["orjson"]
        cells += [f"{ratio:.2f}x", "" if row.at_most is None else f"{row.at_most}x"]
        if row.at_most is not None:
            misses.append(ratio / row.at_most)
    if row.official is None:
        cells += ["", ""]
    else:
        faster = taken["official"] / ours
        cells += [f"{faster:.1f}x", "" if row.at_least is None else f"{row.at_least}x"]
        if row.at_least is not None:
            misses.append(row.at_least / faster)
    worst = max(misses, default=0.0)
    cells.append("" if not misses else verdict(worst))
    return f"| {' | '.join(cells)} |", worst


def machine() -> str:
    """Return what the figures were measured on, for the reader."""
    try:
        model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        model = None
    processor = model[1] if model else platform.processor() or platform.machine()
    names = ("msgspec", "orjson", "cloudevents", "fastavro", "cbor2", "protobuf")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    import cevents

    return (
        f"{processor}, {os.cpu_count()} cores, {platform.system()}; "
        f"{platform.python_implementation()} {platform.python_version()}; cevents {cevents.__version__}, {packages}."
    )


def report(options: argparse.Namespace) -> str:
    """Measure everything; returns Markdown."""
    turns, seconds = (3, 0.002) if options.quick else (40, 0.006)
    lines = [
        "| work | an event takes | beside orjson | at most | faster than the official SDK | at least | |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    missed: list[str] = []
    for row in rows():
        line, miss = ratio_line(row, measured(row, turns, seconds))
        lines.append(line)
        print(line, flush=True)
        if miss > 1:
            missed.append(f"{row.name} ({(miss - 1) * 100:.0f} %)")
    format_lines = ["| work | an event takes | beside the bare codec | at most | |", "|---|--:|--:|--:|---|"]
    for rival in other_formats.rivals():
        row = Row(rival.name, rival.ours, rival.bare, at_most=rival.at_most, events=rival.events)
        taken = measured(row, max(3, turns // 2), seconds)
        ratio = taken["ours"] / taken["orjson"]
        cells = [rival.name, f"{taken['ours'] * 1e6:.2f} µs", f"{ratio:.2f}x", f"{rival.at_most}x"]
        format_lines.append(f"| {' | '.join([*cells, verdict(ratio / rival.at_most)])} |")
        print(format_lines[-1], flush=True)
        if ratio > rival.at_most:
            missed.append(f"{rival.name} ({(ratio / rival.at_most - 1) * 100:.0f} %)")
    figures = [
        memory_of(size, 200 if options.quick else 10_000 if size != "10 KB" else 2_000) for size in SIZES
    ]
    figures += validate(options.megabytes)
    figures.append(import_time(3 if options.quick else 20))
    lines += ["", "| figure | measured | limit | |", "|---|--:|--:|---|"]
    for figure in figures:
        lines.append(f"| {figure.name} | {figure.measured} | {figure.limit} | {verdict(figure.miss)} |")
        print(lines[-1], flush=True)
        if figure.miss > 1:
            missed.append(f"{figure.name} ({(figure.miss - 1) * 100:.0f} %)")
    summary = f"Missed are: {'; '.join(missed)}." if missed else "No limit is missed."
    sizes = ", ".join(f"{size}: {len(compact(envelope(size, 7))):,}" for size in SIZES)
    command = "python bench/run.py" + (
        f" --megabytes {options.megabytes}" if options.megabytes != 256 else ""
    )
    head = (
        f"Measured with `{command}` on {time.strftime('%Y-%m-%d')}: {machine()} Bytes of the events: {sizes}."
    )
    others = ["### The other formats", "", *format_lines, "", *other_formats.size_lines()]
    return "\n".join([head, "", *lines, "", summary, "", *others])


def main() -> None:
    arguments = argparse.ArgumentParser(
        description="Measures the figures of docs/performance.md and writes them there."
    )
    arguments.add_argument(
        "--quick", action="store_true", help="a smoke test: few repeats, and the page stays as it is"
    )
    arguments.add_argument(
        "--megabytes", type=int, help="size of the file for `cevents validate`, 256 when left out"
    )
    arguments.add_argument("--json", action="store_true", help="end with one line of JSON: the report")
    options = arguments.parse_args()
    options.megabytes = options.megabytes or (8 if options.quick else 256)
    found = report(options)
    print(next(line for line in found.splitlines() if line.startswith(("Missed are", "No limit"))))
    if options.json:
        print(json.dumps({"report": found}))
    if not options.quick:
        page = PAGE.read_text(encoding="utf-8")
        before, _, rest = page.partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n\n{found}\n\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
