"""How long to wait before trying again."""

from __future__ import annotations

import random
from collections.abc import Iterator

__all__ = ["delays"]


def delays(first: float = 0.1, longest: float = 30.0) -> Iterator[float]:
    """Yield seconds to wait: from `first` on twice as long each time, up to `longest`, each cut to a random part.

    Full jitter: clients that lost the same server come back at different times.
    """
    bound = first
    while True:
        yield random.uniform(0, bound)  # noqa: S311 - no secret
        bound = min(longest, bound * 2)
