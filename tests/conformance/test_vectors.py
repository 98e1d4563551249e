"""The conformance suite as tests: each vector, the form of the files, and that the ledger is traced."""

import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from cevents.conformance import Ledger, Vector, default_directory, ledger, load, run
from cevents.conformance.__main__ import fresh_readme, main

HOME = default_directory()
TESTS = Path(__file__).parents[1]
VECTORS = load(HOME)
IN_SCOPE = ("CE", "SDK", "JSON", "AVRO", "PB", "XML", "CBOR", "AVROC", "HTTP", "KAFKA", "AMQP", "MQTT", "NATS", "WS",
            "RABBIT", "PUBSUB", "SMTP", "V03")  # fmt: skip


@pytest.fixture(scope="module")
def book() -> Ledger:
    return ledger(VECTORS, HOME, TESTS)


@pytest.fixture(scope="module")
def untraced() -> dict[str, dict[str, str]]:
    found: dict[str, Any] = json.loads((HOME / "untraced.json").read_text("utf-8"))
    return {"requirements": found["requirements"], "examples": found["examples"]}


@pytest.fixture(scope="module")
def schema() -> Any:
    found = json.loads((HOME / "vector.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(found)
    return jsonschema.Draft202012Validator(found)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_vector(vector: Vector) -> None:
    [result] = run([vector]).results
    assert result.passed, f"{vector.about}\nwanted {result.wanted}\ncame   {result.came}"


# ----------------------------------------------------------------------------------------------------------- the files


@pytest.mark.parametrize("path", sorted((HOME / "vectors").rglob("*.json")), ids=lambda path: path.stem)
def test_file_is_as_the_schema_says(path: Path, schema: Any) -> None:
    errors = [
        f"{list(error.absolute_path)}: {error.message}"
        for error in schema.iter_errors(json.loads(path.read_text("utf-8")))
    ]
    assert not errors


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Not Kebab"},
        {"surprise": 1},
        {"requirements": []},
        {"direction": "encode", "message": {}, "refusal": {"error": "invalid"}},
        {"refusal": {"error": "invalid"}},
        {"refusal": {"error": "strange"}, "event": None},
        {"message": {"body": {"text": "x", "base64": "eA=="}}},
        {"message": {"body": {"base64": "x"}}},
        {"event": {"attributes": {"id": 1.5}}},
        {"event": {"attributes": {}, "data": {}}},
        {"example": "EX-CE-TYPES"},
        {"repairs": ["CE-id-b"]},
        {"format": None},
        {"events": []},
    ],
    ids=json.dumps,
)
def test_schema_refuses(change: dict[str, Any], schema: Any) -> None:
    good: dict[str, Any] = {
        "name": "a",
        "about": "b",
        "requirements": ["CE-id-b"],
        "format": "json",
        "message": {"body": {"json": {}}},
        "event": {"attributes": {"id": "1"}},
    }
    assert schema.is_valid({"about": "c", "vectors": [good]})
    changed = {name: value for name, value in {**good, **change}.items() if value is not None}
    assert not schema.is_valid({"about": "c", "vectors": [changed]})


def test_names_are_unique() -> None:
    names = [vector.name for vector in VECTORS]
    assert len(names) == len(set(names))


def test_file_that_holds_no_vectors(tmp_path: Path) -> None:
    for text in (
        "[]",
        "{}",
        "nonsense",
        '{"vectors": [1]}',
        '{"vectors": [{"name": "a"}]}',
        '{"vectors": 1}',
    ):
        (tmp_path / "file.json").write_text(text)
        with pytest.raises(ValueError, match=r"file\.json holds no vectors"):
            load(tmp_path)


# ---------------------------------------------------------------------------------------------------------- the ledger


def test_ids_are_in_the_ledger(book: Ledger) -> None:
    named = {name for vector in VECTORS for name in (*vector.requirements, *vector.repairs)}
    named |= {
        vector.refusal.requirement for vector in VECTORS if vector.refusal and vector.refusal.requirement
    }
    assert named <= book.requirements.keys()
    assert {vector.example for vector in VECTORS if vector.example} <= book.examples.keys()


def test_unknown_requirement_is_told() -> None:
    [vector] = [vector for vector in VECTORS if vector.name == "minimal-json"]
    with pytest.raises(ValueError, match="minimal-json names CE-nothing-z"):
        ledger([msgspec.structs.replace(vector, requirements=["CE-nothing-z"])], HOME)


def test_ledger_is_whole(book: Ledger) -> None:
    assert (
        len(book.requirements) == 621 + 30 + 49
    )  # those of the specification, and of the two bindings kept elsewhere, and of ours
    assert {row.document for row in book.requirements.values()} == {
        document.code for document in book.documents
    }
    assert {row.level for row in book.requirements.values()} == {
        "MUST",
        "MUST NOT",
        "SHOULD",
        "SHOULD NOT",
        "MAY",
        "DEF",
    }


def test_every_must_is_traced(book: Ledger, untraced: dict[str, dict[str, str]]) -> None:
    rows = [row for row in book.requirements.values() if row.is_must and row.document in IN_SCOPE]
    missing = [
        row.id for row in rows if not book.is_traced(row.id) and row.id not in untraced["requirements"]
    ]
    assert not missing, "neither a vector nor a test names these"


def test_every_example_is_a_vector(book: Ledger, untraced: dict[str, dict[str, str]]) -> None:
    wanted = {example.id for example in book.examples.values() if example.document in IN_SCOPE}
    assert wanted - {vector.example for vector in VECTORS} == untraced["examples"].keys()


def test_exceptions_are_not_out_of_date(book: Ledger, untraced: dict[str, dict[str, str]]) -> None:
    assert not [name for name in untraced["requirements"] if book.is_traced(name)]


def test_readme_is_fresh() -> None:
    fresh = fresh_readme(HOME)
    assert (HOME / "README.md").read_text("utf-8") == fresh, (
        "run: python -m cevents.conformance --write-readme"
    )


# ---------------------------------------------------------------------------------------------------------- the runner

CORE = {"specversion": "1.0", "id": "1", "source": "/source", "type": "com.example.type"}


def of(**members: Any) -> Vector:
    plain = {"name": "made", "about": "a test of the runner", "requirements": ["CE-id-b"], "format": "json"}
    return msgspec.convert({**plain, **members}, Vector)


def json_body(**members: Any) -> dict[str, Any]:
    return {"body": {"json": {**CORE, **members}}}


def mail(field: str, body: str = "") -> dict[str, Any]:
    head = "MIME-Version: 1.0\nCE-SpecVersion: 1.0\nCE-Source: /source\nCE-Type: com.example.type\n"
    of_mime = "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n"
    return {"message": {"text": f"{head}{field}\n{of_mime}{body}"}}


def event(data: Any = None, **attributes: Any) -> dict[str, Any]:
    return {"attributes": {**CORE, **attributes}, **({} if data is None else {"data": data})}


@pytest.mark.parametrize(
    "vector",
    [
        of(message=json_body(), event=event(subject="x")),
        of(message=json_body(subject="x"), event=event()),
        of(message=json_body(myext=5), event=event(myext="5")),
        of(message=json_body(myext="5"), event=event(myext=5)),
        of(message=json_body(myext=1), event=event(myext=True)),
        of(message=json_body(time="2018-04-05T17:31:00Z"), event=event(time="2018-04-05T17:31:00+00:00")),
        of(message=json_body(), event=event(data={"json": None})),
        of(message=json_body(data=None), event=event()),
        of(message=json_body(data=1), event=event(data={"json": True})),
        of(message=json_body(data="1"), event=event(data={"json": 1})),
        of(message=json_body(data_base64="AQ=="), event=event(data={"base64": "Ag=="})),
        of(message=json_body(data=1), event=event(data={"json_text": "1.0"})),
        of(message=json_body(), refusal={"error": "invalid"}),
        of(message=json_body(id=""), event=event()),
        of(message=json_body(id=""), refusal={"error": "data"}),
        of(message=json_body(id=""), refusal={"error": "invalid", "requirement": "CE-type-a"}),
        of(message=json_body(id=""), refusal={"error": "invalid", "attribute": "type"}),
        of(
            message=json_body(id="", type=""),
            refusal={"error": "invalid", "attribute": "id", "requirement": "CE-type-a"},
        ),
        of(message=json_body(subject=""), lenient=True, event=event(), repairs=["CE-id-b"]),
        of(message=json_body(subject=""), lenient=True, event=event(subject="")),
        of(message=json_body(), batch=True, refusal={"error": "invalid", "index": 1}),
        of(message={"body": {"json": [CORE]}}, batch=True, events=[]),
        of(message={"body": {"json": [CORE]}}, batch=True, events=[event(), event()]),
        of(direction="encode", event=event(), message=json_body(subject="x")),
        of(direction="encode", event=event(), refusal={"error": "invalid"}),
        of(direction="encode", event=event(id=""), message=json_body()),
        of(direction="both", message=json_body(subject=None), event=event()),
        of(message=json_body(), event=event(), reencoded=[{"format": "json", "message": json_body(id="2")}]),
        of(
            message=json_body(),
            event=event(),
            reencoded=[{"format": "json", "refusal": {"error": "invalid"}}],
        ),
        of(binding="http", mode="binary", direction="encode", event=event(), message={"headers": []}),
        of(
            binding="kafka",
            mode="binary",
            direction="encode",
            event=event(),
            message={
                "headers": [["ce_" + name, value] for name, value in CORE.items()],
                "value": {"text": ""},
            },
        ),
        of(
            binding="kafka",
            mode="binary",
            direction="encode",
            event=event(),
            message={"headers": [["CE_" + name, value] for name, value in CORE.items()], "value": None},
        ),
        of(
            binding="kafka",
            mode="binary",
            direction="encode",
            event=event(),
            options={"key": "x"},
            message={
                "headers": [["ce_" + name, value] for name, value in CORE.items()],
                "value": None,
                "key": "y",
            },
        ),
        of(
            binding="amqp",
            mode="binary",
            direction="encode",
            event=event(flag=True),
            message={
                "application_properties": [["cloudEvents_" + n, v] for n, v in {**CORE, "flag": 1}.items()]
            },
        ),
        of(
            binding="amqp",
            mode="structured",
            direction="encode",
            event=event(),
            message={"content_type": None, **json_body()},
        ),
        of(
            binding="websocket",
            mode="structured",
            direction="encode",
            event=event(),
            message={"subprotocol": "cloudevents.json", "payload": {"base64": "e30="}},
        ),
        of(
            binding="nats",
            mode="structured",
            direction="encode",
            event=event(),
            options={"headers": False},
            message={
                "headers": [["content-type", "application/cloudevents+json"]],
                "payload": {"json": CORE},
            },
        ),
        of(binding="smtp", mode="binary", direction="encode", event=event(), message=mail("CE-ID: 2")),
        of(binding="smtp", mode="binary", direction="encode", event=event(), message=mail("CE-ID: 1", "YQ")),
        of(binding="no_such_binding", mode="binary", message={}, refusal={"error": "invalid"}),
        of(format="no-such-format", message=json_body(), event=event()),
    ],
)
def test_runner_sees_what_is_wrong(vector: Vector) -> None:
    [result] = run([vector]).failed
    assert result.wanted != result.came


def test_report() -> None:
    good, bad = of(message=json_body(), event=event()), of(message=json_body(), event=event(subject="x"))
    report = run([good, msgspec.structs.replace(bad, name="bad")])
    assert [result.vector.name for result in report.passed] == ["made"]
    [row] = [row for row in report.rows() if row.document.code == "CE"]
    assert (row.vectors, row.failed, row.must) == (2, 1, (1, 35))


def test_command(capsys: pytest.CaptureFixture[str]) -> None:
    failed = run(VECTORS).failed
    assert main([]) == bool(failed)
    assert f"{len(VECTORS) - len(failed)} passed, {len(failed)} failed" in capsys.readouterr().out


def test_command_that_writes_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = tmp_path / "conformance"
    shutil.copytree(HOME, suite)
    (suite / "README.md").write_text("Before.\n<!-- counts: begin -->\nold\n<!-- counts: end -->\nAfter.\n")
    monkeypatch.setattr("cevents.conformance.__main__.default_directory", lambda: suite)
    assert main(["--write-readme"]) == 0
    written = (suite / "README.md").read_text("utf-8")
    assert written.startswith(f"Before.\n<!-- counts: begin -->\n{len(VECTORS)} vectors.\n\n| Document |")
    assert written.endswith("|\n<!-- counts: end -->\nAfter.\n")
