"""Fuzzes every decoder: `python fuzz/run.py SECONDS`, divided among the targets.

Prints executions and coverage of each; exits 1 on a finding, whose input is in `fuzz/artifacts/` then. A finding is
run again with `python fuzz/harness.py TARGET fuzz/artifacts/FILE`.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
ARTIFACTS = HERE / "artifacts"
sys.path.insert(0, str(HERE.parent))

from cevents import formats  # noqa: E402 - the same
from fuzz import seeds  # noqa: E402 - found by the line above

TARGETS: dict[str, Callable[[], set[bytes]]] = {
    "json": seeds.json_seeds,
    "batch": seeds.json_seeds,
    "http": seeds.http_seeds,
    "grammars": seeds.grammar_seeds,
    "messages": seeds.http_seeds,
    **{name: partial(seeds.format_seeds, name) for name in formats.names() if name != "json"},
}

# What a byte-wise mutation hardly ever hits upon.
WORDS = [
    b'"specversion":"1.0"', b'"specversion":"0.3"', b'"type":"t"', b'"source":"/s"', b'"id":"i"', b'"time":',
    b'"subject":', b'"datacontenttype":', b'"dataschema":', b'"schemaurl":', b'"datacontentencoding":"base64"',
    b'"data":', b'"data_base64":', b'"partitionkey":', b'"a":', b"null", b"true", b"1e400", b"-0", b"2147483648",
    b'\\"', b"\\u0069d", b"\\ud800", b"\\u0000", b"\xef\xbb\xbf", b"\xc0\xa0", b"\xed\xa0\x80", b"text/plain",
    b"application/json", b"application/cloudevents+json", b"application/cloudevents-batch+json", b"content-type: ",
    b"ce-specversion: 1.0\n", b"ce-id: ", b"ce-type: ", b"ce-source: ", b"ce-time: ", b"ce-datacontenttype: ",
    b"ce-a-b: ", b"%C3%A9", b"%25", b"%FF", b"charset=utf-16", b"charset=iso-8859-1", b"\n\n", b"2018-04-05T17:31:00Z",
]  # fmt: skip


def main() -> int:
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("seconds", type=int, help="for all targets together")
    arguments.add_argument(
        "--target", choices=TARGETS, action="append", help="only this one; can be repeated"
    )
    arguments.add_argument(
        "--corpus", type=Path, help="a directory that keeps what was found interesting, for the next run"
    )
    options = arguments.parse_args()
    targets: list[str] = options.target or list(TARGETS)
    ARTIFACTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        root: Path = options.corpus or Path(temporary)
        words = Path(temporary) / "words"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS))
        found = [
            fuzz(target, max(1, options.seconds // len(targets)), root / target, words) for target in targets
        ]
    return 1 if any(found) else 0


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def fuzz(target: str, seconds: int, corpus: Path, words: Path) -> bool:
    """Run one target and print what it did; true if it found something."""
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in TARGETS[target]():
        (corpus / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    command = [
        sys.executable, str(HERE / "harness.py"), target, f"-max_total_time={seconds}", "-print_final_stats=1",
        "-timeout=20", "-rss_limit_mb=2048", "-max_len=4096", f"-dict={words}",
        f"-artifact_prefix={ARTIFACTS / target}-", str(corpus),
    ]  # fmt: skip
    result = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    executions = re.findall(r"stat::number_of_executed_units: (\d+)", result.stdout)
    coverage = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", result.stdout)
    if executions and coverage:
        edges, features, inputs = coverage[-1]
        print(
            f"{target}: {executions[-1]} executions, {edges} edges, {features} features, {inputs} inputs kept",
            flush=True,
        )
    if result.returncode == 0:
        return False
    _, mark, report = result.stdout.partition("=== Uncaught")
    print(mark + report[:4000] if mark else result.stdout[-4000:], file=sys.stderr)
    print(f"{target}: a finding; its input is in {ARTIFACTS.relative_to(HERE.parent)}/", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
