"""Writes what the pages show but do not say themselves, between its markers: `python docs/generate.py`.

The table of `docs/data.md` is the one that the tests run over; the counts of `docs/conformance.md` are those of
`conformance/README.md`. `tests/test_docs_fresh.py` fails when a page is behind.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import data_table, transcoding_table  # noqa: E402 - the line above lets them be found


def table() -> str:
    """The table of kinds of data, content types and modes."""
    return data_table.table_markdown()


def forms() -> str:
    """How each kind of data stands in each format."""
    return transcoding_table.table_markdown()


def counts() -> str:
    """The counts of the ledger, as its own README has them."""
    text = (ROOT / "conformance" / "README.md").read_text(encoding="utf-8")
    _, _, rest = text.partition("<!-- counts: begin -->\n")
    return rest.partition("<!-- counts: end -->")[0]


PARTS = {
    "docs/data.md": ("table", table),
    "docs/conformance.md": ("counts", counts),
    "docs/formats/index.md": ("forms", forms),
}


def fresh(page: str) -> str:
    """The text of a page as it should be."""
    name, make = PARTS[page]
    before, begin, rest = (ROOT / page).read_text(encoding="utf-8").partition(f"<!-- {name}: begin -->\n")
    _, end, after = rest.partition(f"<!-- {name}: end -->")
    if not begin or not end:
        raise SystemExit(f"{page} has no markers for {name}")
    return f"{before}{begin}\n{make().strip()}\n\n{end}{after}"


if __name__ == "__main__":
    for page in PARTS:
        (ROOT / page).write_text(fresh(page), encoding="utf-8")
