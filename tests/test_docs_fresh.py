"""What the documentation repeats is what the sources of it say now, and its navigation has every page."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.test_public_api import public_modules

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["docs/data.md", "docs/conformance.md", "docs/formats/index.md"])
def test_generated_parts_are_fresh(page: str) -> None:
    assert (ROOT / page).read_text(encoding="utf-8") == generator().fresh(page), "run python docs/generate.py"


def test_every_generated_page_is_tested() -> None:
    assert sorted(generator().PARTS) == ["docs/conformance.md", "docs/data.md", "docs/formats/index.md"]


def test_navigation_has_every_page_once() -> None:
    navigation = (
        (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2].partition("\n\n")[0]
    )
    listed = re.findall(r"([\w/-]+\.md)$", navigation, re.MULTILINE)
    assert sorted(listed) == sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))


# Public for those who write formats and bindings, or for the command line; read in the source.
_WITHOUT_PAGE = {
    "cevents.bindings",
    "cevents.cli",
    "cevents.conformance",
}


def test_every_public_module_is_in_the_reference() -> None:
    pages = [path.read_text(encoding="utf-8") for path in (DOCS / "api").glob("*.md")]
    shown = {
        name for page in pages for name in re.findall(r"^::: (cevents(?:\.[a-z_]+)*)$", page, re.MULTILINE)
    }
    wanted = {
        name
        for name in public_modules()
        if name not in _WITHOUT_PAGE and not name.startswith(("cevents.cli.", "cevents.conformance."))
    }
    assert shown - {"cevents.conformance"} == wanted


def test_built_pages_fetch_nothing_from_elsewhere() -> None:
    """No picture, style, font or script has an address on another host."""
    configuration = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    texts = [
        configuration,
        *(
            path.read_text(encoding="utf-8")
            for path in DOCS.rglob("*")
            if path.suffix in {".md", ".css", ".svg"}
        ),
    ]
    for text in texts:
        assert not re.search(r"!\[[^\]]*\]\(https?:|src=[\"']https?:|url\([\"']?https?:|@import", text)
    assert "\n  font: false" in configuration
    assert not any(re.search(r"^ *```+ *mermaid", text, re.MULTILINE) for text in texts), (
        "its script comes from elsewhere"
    )
