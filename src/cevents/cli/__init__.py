"""The command line tool: `cevents validate`, `new`, `convert`, `demo`, `conformance`, one module each; see docs/cli.md.

Needs the extra `cli`. Without it `main` says so in one line, and ends with exit status 2.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

__all__ = ["main"]

if TYPE_CHECKING or (find_spec("click") and find_spec("rich")):
    from cevents.cli._program import main
else:

    def main() -> None:
        """Say what to install."""
        print("cevents: the command line needs more packages: pip install 'cevents[cli]'", file=sys.stderr)
        raise SystemExit(2)
