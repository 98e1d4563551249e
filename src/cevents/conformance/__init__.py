"""The conformance suite: language-neutral vectors, run against cevents, and the ledger of what the specification asks.

    report = run(load(default_directory()))
    report.failed                     # what went wrong, each with what was wanted and what came
    report.rows()                     # per document: rows traced, vectors passed and failed

The vectors and the ledger lie in `conformance/` at the top of the source tree, described in its README, and beside this
module in a wheel. Formats and bindings are found by the names that the vectors give.
"""

from cevents.conformance.ledger import DocumentRow, Ledger, Requirement, ledger
from cevents.conformance.runner import Report, Result, run
from cevents.conformance.vector import Vector, default_directory, load

__all__ = [
    "DocumentRow",
    "Ledger",
    "Report",
    "Requirement",
    "Result",
    "Vector",
    "default_directory",
    "ledger",
    "load",
    "run",
]
