"""`cevents conformance`: the table, and what is said of vectors that fail."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cevents.conformance import default_directory, load
from tests.cli.running import cevents, on_a_terminal, without


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of two vectors, of which one asks for what no SDK may do."""
    message = {"body": {"text": '{"specversion":"1.0","id":"1","source":"/s","type":"t"}'}}
    attributes = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
    common = {"format": "json", "message": message, "requirements": ["CE-id-b", "JSON-3-b"]}
    vectors = [
        {"name": "good", "about": "what is so", "event": {"attributes": attributes}, **common},
        {
            "name": "bad",
            "about": "[what] is not",
            "event": {"attributes": {**attributes, "id": "2"}},
            **common,
        },
    ]
    (tmp_path / "some.json").write_text(json.dumps({"vectors": vectors}), encoding="utf-8")
    return tmp_path


def test_the_vectors_that_come_with_cevents_pass() -> None:
    status, stdout, stderr = cevents("conformance")
    assert (status, stderr) == (0, "")
    number = len(load(default_directory()))
    assert stdout.endswith(f"\n{number:,} vectors: {number:,} passed, 0 failed\n")
    codes = [line.split()[0] for line in stdout.splitlines()[3:-2]]
    assert codes[:4] == ["CE", "SDK", "JSON", "AVRO"]


def test_the_outcome_as_json() -> None:
    outcome = cevents("conformance", "--output", "json")
    assert outcome.status == 0
    document = outcome.json
    assert document["passed"] == len(load(default_directory()))
    assert document["failed"] == []
    [row] = [row for row in document["documents"] if row["code"] == "JSON"]
    assert row["title"] == "JSON event format"
    assert 0 < row["must"]["traced"] <= row["must"]["all"] == 20
    assert (row["failed"], row["passed"] > 0) == (0, True)


def test_a_failed_vector_is_told_with_what_was_wanted_and_what_came(suite: Path) -> None:
    status, stdout, stderr = cevents("conformance", "--vectors", suite)
    assert (status, stderr) == (1, "")
    assert "\nfailed: bad: [what] is not\n  requirements: CE-id-b, JSON-3-b\n" in stdout
    assert stdout.endswith("\n2 vectors: 1 passed, 1 failed\n")
    document = cevents("conformance", "--vectors", suite, "--output", "json").json
    assert document["passed"] == 1
    [failed] = document["failed"]
    assert (failed["name"], failed["requirements"]) == ("bad", ["CE-id-b", "JSON-3-b"])
    assert failed["wanted"] != failed["came"]
    assert [(row["code"], row["passed"], row["failed"]) for row in document["documents"]] == [
        ("CE", 1, 1),
        ("JSON", 1, 1),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
def test_a_failed_vector_is_told_on_a_terminal_too(suite: Path) -> None:
    status, stdout, _ = on_a_terminal("conformance", "--vectors", suite, env={"NO_COLOR": ""})
    assert status == 1
    assert "[what] is not" in stdout
    assert "2 vectors: 1 passed, 1 failed" in stdout


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "a.json holds no vectors: "),
        ("{", "a.json holds no vectors: "),
        ("[]", "a.json holds no vectors: "),
        ('{"vectors": [{"name": 5}]}', "name"),
        ('{"vectors": []}', "has no vectors"),
        (
            '{"vectors": [{"name": "a", "about": "b", "requirements": ["CE-none-z"]}]}',
            "a names CE-none-z, which no requirement has",
        ),
    ],
)
def test_vectors_that_cannot_be_used_are_told(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "a.json").write_text(content, encoding="utf-8")
    status, stdout, stderr = cevents("conformance", "--vectors", tmp_path)
    assert (status, stdout) == (2, "")
    assert stderr.startswith("cevents: ")
    assert stderr.count("\n") == 1
    assert told in stderr


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert cevents("conformance", "--vectors", gone) == (2, "", f"cevents: {gone}: is not a directory\n")


def test_vectors_of_formats_that_are_not_installed_are_skipped() -> None:
    missing = "fastavro google.protobuf cbor2"
    status, stdout, stderr = without(missing, "conformance")
    assert (status, stderr) == (0, "")
    number = len(load(default_directory()))
    document = without(missing, "conformance", "--output", "json").json
    assert document["failed"] == []
    assert sorted(document["skipped"]) == ["cevents[avro]", "cevents[cbor]", "cevents[protobuf]"]
    for extra, count in document["skipped"].items():
        assert f"\n{count} vectors skipped, needs {extra}\n" in stdout
    skipped = sum(document["skipped"].values())
    assert document["passed"] == number - skipped
    assert stdout.endswith(
        f"\n{number:,} vectors: {number - skipped:,} passed, 0 failed, {skipped:,} skipped\n"
    )
    [row] = [row for row in document["documents"] if row["code"] == "AVRO"]
    assert (row["passed"], row["failed"]) == (0, 0)


def test_vectors_that_fail_are_told_beside_those_that_are_skipped(suite: Path) -> None:
    vectors = json.loads((suite / "some.json").read_text("utf-8"))["vectors"]
    other = {**vectors[0], "name": "other", "format": "cbor"}
    (suite / "some.json").write_text(json.dumps({"vectors": [*vectors, other]}), encoding="utf-8")
    status, stdout, _ = without("cbor2", "conformance", "--vectors", suite)
    assert status == 1
    assert stdout.endswith(
        "\n1 vector skipped, needs cevents[cbor]\n\n3 vectors: 1 passed, 1 failed, 1 skipped\n"
    )
