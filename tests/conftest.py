"""What all tests share: the policy for programs that may be missing, and how Hypothesis runs."""

from __future__ import annotations

import os
import shutil
import signal

import pytest
from hypothesis import HealthCheck, settings

# Tests run side by side on machines of any load, so no example is judged by its time.
# `HYPOTHESIS_PROFILE=thorough` is for a long look, `quick` for further Pythons after the first (scripts/test).
settings.register_profile(
    "default", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("quick", settings.get_profile("default"), max_examples=10)
settings.register_profile("thorough", settings.get_profile("default"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# Whatever starts the tests in the background makes them, and the programs that they start, deaf to Ctrl-C, which some
# tests send.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Debian keeps servers where the PATH of an ordinary user does not look.
_PROGRAM_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])


def require_program(name: str, *, package: str) -> str:
    """Returns the path of a program that the calling test needs.

    Where it is missing the test is skipped, in words that name the Debian package. With
    ``CEVENTS_REQUIRE_SERVERS=1``, as in continuous integration, the test fails instead, so that no test is
    left out there unnoticed.
    """
    found = shutil.which(name, path=_PROGRAM_PATH)
    if found is not None:
        return found
    message = f"{name} is not on this machine; apt-get install {package}"
    if os.environ.get("CEVENTS_REQUIRE_SERVERS") == "1":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests marked ``anyio`` run on asyncio."""
    return "asyncio"
