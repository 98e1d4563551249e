"""`cevents validate` on much input: memory does not grow, and how fast it is.

Not among the tests that always run, since its name is not that of one: `pytest -n0 -s tests/cli/slow_validate.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.running import COMMAND, python
from tests.cli.test_validate import MEASURE

SIZE = 200_000_000
EVENT = (
    b'{"specversion":"1.0","id":"event-%08d","source":"/orders/eu","type":"com.example.order.created",'
    b'"time":"2026-11-24T08:%02d:%02d.123456Z","datacontenttype":"application/json","partitionkey":"eu",'
    b'"data":{"order":%d,"text":"%b"}}\n'
)


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux only")
@pytest.mark.parametrize("length", [10, 350, 10_000])
def test_memory_and_speed(tmp_path: Path, length: int) -> None:
    path = tmp_path / "events.ndjson"
    with path.open("wb") as file:
        for number in range(SIZE // (len(EVENT) + length)):
            file.write(EVENT % (number, number // 60 % 60, number % 60, number, b"x" * length))
    size = path.stat().st_size
    outcome = python(MEASURE, *COMMAND, "validate", path)
    status, kilobytes, milliseconds = map(int, outcome.stdout.split()[-3:])
    speed = size / 1000 / milliseconds  # of one core, however busy the machine is
    print(f"{outcome.stdout.splitlines()[0]}: {speed:.0f} MB/s, {kilobytes / 1000:.0f} MB")  # noqa: T201 - it is run for this
    assert status == 0
    assert kilobytes < 100_000
