"""`python -m cevents`: the command line tool."""

from __future__ import annotations

from cevents.cli import main

if __name__ == "__main__":
    main()
