"""The requirement ledger: each row of the specification, and the vectors and tests that trace it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from cevents.conformance.vector import Vector, default_directory

__all__ = ["Document", "DocumentRow", "Example", "Ledger", "Requirement", "ledger", "markdown"]

_IDENTIFIER = re.compile(r"\b[A-Z][A-Z0-9]*-[A-Za-z0-9.-]*-[a-z]\b")


class Document(Struct, frozen=True):
    """A document of the specification."""

    code: str
    title: str
    source: str


class Requirement(Struct, frozen=True):
    """One row: what a sentence of a document asks for, in our words."""

    id: str
    document: str
    section: str
    level: str
    statement: str
    since: str | None = None

    @property
    def is_must(self) -> bool:
        """Tell whether this is a MUST or a MUST NOT."""
        return self.level.startswith("MUST")


class Example(Struct, frozen=True):
    """An example that a document gives."""

    id: str
    document: str
    section: str
    about: str


class _Book(Struct, frozen=True):
    documents: list[Document]
    requirements: list[Requirement]
    examples: list[Example]


class DocumentRow(NamedTuple):
    """How far a document is covered: (traced, all) of its rows by level, and its vectors."""

    document: Document
    must: tuple[int, int]
    should: tuple[int, int]
    may: tuple[int, int]
    define: tuple[int, int]
    vectors: int
    failed: int


class Ledger(NamedTuple):
    """The rows, and for each requirement's id the names of vectors and of test files that trace it."""

    documents: list[Document]
    requirements: dict[str, Requirement]
    examples: dict[str, Example]
    vectors: dict[str, list[str]]
    tests: dict[str, list[str]]

    def is_traced(self, requirement: str) -> bool:
        """Tell whether a vector or a test names this requirement."""
        return bool(self.vectors[requirement] or self.tests[requirement])

    def rows(self, failed: Collection[str] = ()) -> list[DocumentRow]:
        """Return one row a document; `failed` are the names of vectors that did not pass."""
        return [self._row(document, failed) for document in self.documents]

    def _row(self, document: Document, failed: Collection[str]) -> DocumentRow:
        rows = [row for row in self.requirements.values() if row.document == document.code]
        names = {name for row in rows for name in self.vectors[row.id]}

        def count(level: str) -> tuple[int, int]:
            found = [row for row in rows if row.level.removesuffix(" NOT") == level]
            return sum(self.is_traced(row.id) for row in found), len(found)

        counts = count("MUST"), count("SHOULD"), count("MAY"), count("DEF")
        return DocumentRow(document, *counts, len(names), len(names.intersection(failed)))


def ledger(vectors: Iterable[Vector], directory: Path | None = None, tests: Path | None = None) -> Ledger:
    """Return the ledger of `directory`, traced by `vectors` and by the ids that stand in the Python files of `tests`.

    Raises `ValueError` for a vector that names a requirement which the ledger does not have.
    """
    home = directory or default_directory()
    book = msgspec.json.decode((home / "requirements.json").read_bytes(), type=_Book)
    known = {row.id: row for row in book.requirements}
    by_vector: dict[str, list[str]] = {name: [] for name in known}
    by_test: dict[str, list[str]] = {name: [] for name in known}
    for vector in vectors:
        for name in vector.requirements:
            if name not in known:
                raise ValueError(f"{vector.name} names {name}, which no requirement has")
            by_vector[name].append(vector.name)
    for path in [] if tests is None else sorted(tests.rglob("*.py")):
        for name in known.keys() & _IDENTIFIER.findall(path.read_text("utf-8")):
            by_test[name].append(path.name)
    return Ledger(book.documents, known, {row.id: row for row in book.examples}, by_vector, by_test)


def markdown(rows: Iterable[DocumentRow]) -> str:
    """Return the counts as a Markdown table."""
    lines = ["| Document | MUST | SHOULD | MAY | DEF | Vectors |", "|---|---|---|---|---|---|"]
    for row in rows:
        cells = (f"{traced} / {all_}" for traced, all_ in (row.must, row.should, row.may, row.define))
        lines.append(f"| {row.document.code}: {row.document.title} | {' | '.join(cells)} | {row.vectors} |")
    return "\n".join(lines)
