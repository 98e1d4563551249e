"""The longer checks, each in an environment of its own: `nox -l` lists them, `nox -s NAME` runs one.

`scripts/test` is the everyday check and needs no nox. Arguments after `--` go to what a session runs.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import nox

nox.needs_version = ">=2025.5.1"
nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "tests"]

ROOT = Path(__file__).parent
PROJECT = nox.project.load_toml("pyproject.toml")
EXTRAS = sorted(PROJECT["project"]["optional-dependencies"])
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def group(name: str) -> tuple[str, ...]:
    """The requirements of a dependency group of pyproject.toml."""
    return nox.project.dependency_groups(PROJECT, name)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests, on every Python at hand."""
    session.install("-e", ".[all]", *group("test"))
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def lowest(session: nox.Session) -> None:
    """The tests with the oldest dependencies of the core and of the formats that pyproject.toml allows."""
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [
        *PROJECT["project"]["dependencies"],
        *(extras[name][0] for name in ("avro", "cbor", "protobuf")),
    ]
    oldest = [requirement.replace(">=", "==") for requirement in wanted]
    session.install("-e", ".[all]", *group("test"), *oldest)
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style and layers."""
    session.install("-e", ".[all]", *group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-logo")


@nox.session
def types(session: nox.Session) -> None:
    """Types, by mypy and by pyright, both strict."""
    session.install("-e", ".[all]", *group("lint"), *group("test"))
    session.run("mypy")
    session.run("pyright", "--pythonpath", str(Path(session.bin) / "python"))


@nox.session
def docs(session: nox.Session) -> None:
    """Builds the documentation into `site/`; a broken link or a missing page is an error."""
    session.install("-e", ".[all]", *group("docs"))
    session.run("mkdocs", *(session.posargs or ["build", "--strict"]))


@nox.session
def bench(session: nox.Session) -> None:
    """Measures the figures of docs/performance.md."""
    session.install(".[all]", *group("bench"))
    session.run("python", "bench/run.py", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Mutated bytes into every decoder: `nox -s fuzz -- 60` for so many seconds in all, 60 when left out."""
    session.install("-e", ".[all]", *group("fuzz"))
    seconds, *rest = session.posargs or ["60"]
    session.run("python", "fuzz/run.py", seconds, *rest)


@nox.session
def conformance(session: nox.Session) -> None:
    """Runs the conformance vectors and prints the table."""
    session.install("-e", ".[all]")
    session.run("cevents", "conformance", *session.posargs)


@nox.session
def wheel(session: nox.Session) -> None:
    """The wheel as users get it: alone, then with each extra, without the source tree."""
    session.install("build", "twine")
    places = Path(session.create_tmp()).resolve()
    dist = places / "dist"
    for old in dist.glob("*"):
        old.unlink()
    session.run("python", "-m", "build", "--outdir", str(dist), str(ROOT), silent=True)
    session.run("twine", "check", "--strict", *(str(path) for path in sorted(dist.iterdir())))
    [built] = dist.glob("*.whl")

    for extra in ["", *EXTRAS]:
        requirement = f"cevents[{extra}] @ {built.as_uri()}" if extra else str(built)
        place = places / f"wheel-{extra or 'alone'}"
        session.run(sys.executable, "-m", "venv", "--clear", str(place), external=True)
        python = str(place / "bin" / "python")
        session.run(python, "-m", "pip", "install", "--quiet", requirement, external=True)
        with session.chdir(place):  # away from the source tree
            session.run(python, "-I", "-W", "error", "-c", textwrap.dedent(WHEEL_ALONE), external=True)
            session.run(python, "-I", "-m", "cevents.conformance", external=True)
            for module in (
                WHEEL_EXTRAS.values() if extra == "all" else filter(None, [WHEEL_EXTRAS.get(extra)])
            ):
                session.run(python, "-I", "-W", "error", "-c", f"import {module}", external=True)
            # Without its extra the command says in one line what to install, and ends with exit status 2.
            status = 0 if extra in {"cli", "all"} else 2
            session.run(str(place / "bin" / "cevents"), "--version", external=True, success_codes=[status])


# What works from the wheel without any extra.
WHEEL_ALONE = """
    import sys
    from importlib.metadata import version
    from importlib.resources import files

    import cevents
    from cevents import CloudEvent, formats

    assert cevents.__version__ == version("cevents"), (cevents.__version__, version("cevents"))
    event = CloudEvent(type="t", source="/s", data={"id": 7})
    assert formats.json.decode(formats.json.encode(event)) == event
    assert (files("cevents") / "py.typed").is_file()
    assert (files("cevents") / "conformance" / "requirements.json").is_file()
    assert any((files("cevents") / "conformance" / "vectors").iterdir())
"""

# What an extra is for.
WHEEL_EXTRAS = {
    "avro": "cevents.formats.avro",
    "cbor": "cevents.formats.cbor",
    "protobuf": "cevents.formats.protobuf",
    "cli": "cevents.cli",
    "cloudevents": "cevents.adapters.cloudevents",
    "http": "cevents.transports.http",
    "testing": "cevents.testing",
}
