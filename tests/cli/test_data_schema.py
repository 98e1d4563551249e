"""`cevents validate --data-schema`: the data of events against JSON Schemas that are files."""

from __future__ import annotations

import http.server
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Outcome, cevents, python

URI = "https://example.com/order.json"
ORDER = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "tags": {"items": {"$ref": "#/$defs/tag"}}},
    "additionalProperties": False,
    "$defs": {"tag": {"maxLength": 3}},
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def schema(name: str, content: object) -> None:
    Path(name).write_text(json.dumps(content), encoding="utf-8")


def events(*members: str) -> None:
    texts = (f'{{"specversion":"1.0","id":"1","source":"/s","type":"t",{text}}}' for text in members)
    Path("events.ndjson").write_text("\n".join(texts), encoding="utf-8")


def validate(*options: str) -> Outcome:
    arguments = [argument for option in options for argument in ("--data-schema", option)]
    return cevents("validate", "--output", "json", *arguments, "events.ndjson")


def problems(outcome: Outcome) -> list[tuple[int, str, str | None]]:
    found: list[dict[str, Any]] = outcome.json["problems"]
    assert all(one["requirement"] == "CE-data-a" and one["attribute"] == "data" for one in found)
    return [(one["index"], one["message"], one["value"]) for one in found]


@pytest.mark.usefixtures("place")
def test_data_that_does_not_match_is_told_with_its_place_in_the_data() -> None:
    schema("order.json", ORDER)
    events(
        '"data":{"id":1,"tags":["abc"]}',
        '"data":{"id":"x","tags":["a","abcd"]}',
        '"data":[]',
        '"data":{}',
        '"data":{"id":1,"secret":"s3cret"}',
        '"subject":"none"',
        '"datacontenttype":"text/plain","data":"{}"',
        '"data_base64":"e30="',
        '"datacontenttype":"application/json","data_base64":"eyJpZCI6MX0="',
    )
    outcome = validate("order.json")
    assert outcome.status == 1
    assert problems(outcome) == [
        (1, 'at "/id" does not match its schema: "type": "integer"', '"x"'),
        (1, 'at "/tags/1" does not match its schema: "maxLength": 3', '"abcd"'),
        (2, 'does not match its schema: "type": "object"', None),
        (3, "does not match its schema: 'id' is a required property", None),
        (4, 'does not match its schema: "additionalProperties": false', None),
        (5, "is missing, but there is a schema for it", None),
        (6, "is not JSON, but there is a schema for it", '"text/plain"'),
        (7, "is not JSON, but there is a schema for it", None),
    ]
    assert "s3cret" not in outcome.stdout
    assert outcome.json["summary"]["invalid"] == 7
    first = outcome.json["problems"][0]
    assert (first["line"], first["column"]) == (2, 56)  # where the member `data` begins


@pytest.mark.usefixtures("place")
def test_schemas_go_by_the_dataschema_of_the_event() -> None:
    schema("order.json", ORDER)
    schema("other=1.json", {"type": "string"})
    events(
        f'"dataschema":"{URI}","data":5',
        '"dataschema":"https://example.com/?v=1","data":5',
        '"dataschema":"https://example.com/unknown","data":5',
        '"data":5',
    )
    wanted = [
        (0, 'does not match its schema: "type": "object"', "5"),
        (1, 'does not match its schema: "type": "string"', "5"),
    ]
    mapped = (f"{URI}=order.json", "https://example.com/?v=1=other=1.json")
    assert problems(validate(*mapped)) == wanted
    schema("all.json", False)  # which nothing matches
    others = [(number, "does not match its schema: nothing may be here", "5") for number in (2, 3)]
    assert problems(validate(*mapped, "all.json")) == [*wanted, *others]


@pytest.mark.usefixtures("place")
def test_references_reach_mapped_schemas_and_files_beside() -> None:
    schema("top.json", {"properties": {"n": {"$ref": "beside/n.json"}, "tag": {"$ref": f"{URI}#/$defs/tag"}}})
    Path("beside").mkdir()
    schema("beside/n.json", {"$ref": "m.json#/definitions/m"})
    schema("beside/m.json", {"definitions": {"m": {"type": "integer"}}})
    schema("order.json", {"$schema": "http://json-schema.org/draft-07/schema#", "$id": URI, **ORDER})
    events('"data":{"n":"x","tag":"abcd"}')
    assert problems(validate("top.json", f"{URI}=order.json")) == [
        (0, 'at "/n" does not match its schema: "type": "integer"', '"x"'),
        (0, 'at "/tag" does not match its schema: "maxLength": 3', '"abcd"'),
    ]


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"$ref": URI}, f'$ref "{URI}" leads nowhere: nothing is fetched; give the file of "{URI}"'),
        ({"anyOf": [{"$ref": "#/$defs/none"}]}, '$ref "#/$defs/none" leads nowhere'),
        ({"$id": URI, "not": {"$ref": "b.json"}}, 'give the file of "https://example.com/b.json"'),
        ({"$ref": "none.json"}, "none.json: cannot be read: No such file"),
        ({"$ref": "events.ndjson"}, "events.ndjson: is not JSON"),
        ({"type": "objekt"}, "is not a JSON Schema, at /type"),
        ({"$schema": "https://example.com/draft-99"}, "is not a JSON Schema of a draft that is known here"),
        ({"pattern": "("}, "is not a JSON Schema, at /pattern"),
        ([], "is not a JSON Schema, at its top"),
        (5, "is not a JSON Schema, at its top"),
    ],
)
def test_a_schema_that_cannot_be_used_is_told_before_anything_is_read(content: object, told: str) -> None:
    schema("a.json", content)
    Path("events.ndjson").write_text("no event", encoding="utf-8")
    status, stdout, stderr = validate("a.json")
    assert (status, stdout) == (2, "")
    assert stderr.startswith("cevents: a.json: ")
    assert told in stderr
    assert stderr.count("\n") == 1


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["none.json"], "cevents: none.json: cannot be read: No such file or directory\n"),
        (["a.json", "a.json"], "cevents: --data-schema names two schemas for all events\n"),
        ([f"{URI}=a.json", f"{URI}=a.json"], f"cevents: --data-schema names two schemas for {URI}\n"),
        (
            ["order=a.json"],
            'cevents: --data-schema: "order" is not an absolute URI, such as a dataschema is\n',
        ),
        ([f"{URI}=none.json"], "cevents: none.json: cannot be read: No such file or directory\n"),
    ],
)
def test_mistakes_in_the_option_are_told(options: list[str], told: str) -> None:
    schema("a.json", {})
    events('"data":1')
    assert validate(*options) == (2, "", told)


@pytest.mark.usefixtures("place")
def test_nothing_is_fetched_over_the_network() -> None:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}/order.json"
        schema("a.json", {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": here})
        events(f'"dataschema":"{here}","data":1')
        assert validate("a.json").status == 2
        schema("a.json", {"type": "string"})
        assert validate("https://example.com/a=a.json").status == 0
        server.shutdown()
    assert asked == []


@pytest.mark.usefixtures("place")
def test_data_that_a_schema_cannot_be_held_against_are_told() -> None:
    schema("deep.json", {"items": {"$ref": "#"}, "type": ["array", "integer"]})
    events(f'"data":{"[" * 900}1{"]" * 900}', '"datacontenttype":"application/json","data_base64":"e30"')
    outcome = validate("deep.json")
    assert outcome.status == 1
    assert outcome.json["problems"][0]["message"].startswith("cannot be held against its schema")
    schema("deep.json", {"type": "integer"})
    events('"datacontenttype":"application/json","data_base64":"e3s="')
    [problem] = validate("deep.json").json["problems"]
    assert problem["message"].startswith("cannot be held against its schema: data is not JSON")


@pytest.mark.usefixtures("place")
def test_a_mistake_with_much_to_say_is_cut() -> None:
    schema("a.json", {"items": {"enum": [f"value {number}" for number in range(1000)]}})
    events(f'"data":{json.dumps([chr(0x1B) * 5000] * 50)}')
    found = problems(validate("a.json"))
    assert len(found) == 10
    assert all(len(message) < 200 and len(value or "") <= 80 for _, message, value in found)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("missing", ["jsonschema", "referencing"])
def test_without_the_extra_one_line_says_what_to_install(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from cevents.cli import main; main(sys.argv[1:])"
    status, stdout, stderr = python(code, "validate", "--data-schema", "a.json", "events.ndjson")
    assert (status, stdout) == (2, "")
    assert stderr == "cevents: --data-schema needs more packages: pip install 'cevents[schema]'\n"
