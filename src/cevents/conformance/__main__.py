"""`python -m cevents.conformance [--write-readme]`: run the vectors; write the counts into `conformance/README.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from cevents.conformance import default_directory, ledger, load, run
from cevents.conformance.ledger import markdown

_BEGIN, _END = "<!-- counts: begin -->\n", "<!-- counts: end -->"


def fresh_readme(directory: Path) -> str:
    """Return the README of the suite with the counts of this moment between its markers."""
    vectors = load(directory)
    rows = ledger(vectors, directory, directory.parent / "tests").rows()
    before, _, rest = (directory / "README.md").read_text("utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    return f"{before}{_BEGIN}{len(vectors)} vectors.\n\n{markdown(rows)}\n{_END}{after}"


def main(arguments: list[str]) -> int:
    """Run the suite and print what failed; the exit status is 1 if anything did."""
    directory = default_directory()
    if arguments == ["--write-readme"]:
        (directory / "README.md").write_text(fresh_readme(directory), "utf-8")
        return 0
    report = run(load(directory))
    for result in report.failed:
        sys.stdout.write(f"{result.vector.name}: wanted {result.wanted}, came {result.came}\n")
    sys.stdout.write(f"{len(report.passed)} passed, {len(report.failed)} failed\n")
    return 1 if report.failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
