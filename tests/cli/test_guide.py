"""`cevents.cli._guide` and `_places`: what helps with a problem, and where its member stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cevents
from cevents.cli import _guide
from cevents.cli._places import member_offset
from cevents.conformance import ledger
from cevents.errors import Problem

CORE = Path(cevents.__file__).parent
REQUIREMENTS = ledger([]).requirements


def reported() -> list[str]:
    """The requirements that reading an event can report."""
    found = {
        requirement
        for path in (CORE / "attributes.py", CORE / "event.py", *(CORE / "formats").glob("*.py"))
        for requirement in re.findall(
            r'"((?:AVROC?|CBOR|CE|JSON|PB|V03|XML)-[A-Za-z0-9.]+-[a-z])"', path.read_text("utf-8")
        )
    }
    return sorted(found)


@pytest.mark.parametrize("requirement", reported())
def test_every_problem_of_an_event_has_a_section_of_the_specification(requirement: str) -> None:
    found = _guide.section(requirement)
    assert found is not None
    release = (
        "main" if requirement.partition("-")[0] in ("AVROC", "CBOR", "XML") else "v"
    )  # drafts are in none
    assert found.url.startswith(f"https://github.com/cloudevents/spec/blob/{release}")


def test_sections_of_other_documents_are_unknown() -> None:
    assert _guide.section("KAFKA-3-a") is None
    assert _guide.section("none") is None


def test_anchors_are_those_of_github() -> None:
    section = _guide.section("JSON-3.1.1-m")
    assert section is not None
    assert section.url.endswith("/v1.0.2/cloudevents/formats/json-format.md#311-payload-serialization")
    section = _guide.section("V03-json-d")
    assert section is not None
    assert section.url.endswith("/v0.3/json-format.md#31-special-handling-of-the-data-attribute")
    assert str(section) == 'JSON event format 0.3, "3.1. Special Handling of the "data" Attribute"'
    section = _guide.section("PB-2.4-a")
    assert section is not None
    assert section.url.endswith(
        "/v1.0.2/cloudevents/formats/protobuf-format.md#24-optional-attributes--extensions"
    )


def test_hints_are_for_requirements_that_exist() -> None:
    for requirement in REQUIREMENTS:
        missing, other = (_guide.hint(Problem(requirement, text)) for text in ("is missing", "is wrong"))
        assert missing is None or missing.startswith("add ")
        assert other is None or not other.startswith("add ")
    assert _guide.hint(Problem("CE-specversion-b", "is missing")) == 'add "specversion": "1.0"'
    assert _guide.hint(Problem("CE-specversion-b", "is missing", hint="its own")) == "its own"


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        (b'{"a":1,"b":2}', "b", b'"b":2}'),
        (b' {\n "a" : {"b": [1, "b"]} ,\n "b" : 2 }', "b", b'"b" : 2 }'),
        (b'{"a":1,"a":2}', "a", b'"a":2}'),
        ('{"é":"ü","b":2}'.encode(), "b", b'"b":2}'),
        (b'{"\\u0061":1}', "a", b'"\\u0061":1}'),
        (b'{"a":1,"b":nope', "b", b'"b":nope'),
        (b'{"a":123456789012345678901234567890e999,"b":1', "b", b'"b":1'),
        (b'{"a":1', "b", None),
        (b"[1]", "a", None),
        (b"", "a", None),
        (b"{", "a", None),
        (b'{"a":' + b"[" * 100_000, "b", None),
        (b'{"a":1,' + b" " * 2**20 + b'"b":2}', "b", None),
        (b'{5:1,"b":2}', "b", b'"b":2}'),
    ],
)
def test_members_are_found_where_they_begin(text: bytes, name: str, found: bytes | None) -> None:
    offset = member_offset(text, name)
    assert (None if offset is None else text[offset:]) == found
