"""Rows of the ledger that no vector can express: what is asked of the library rather than of a message."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from cevents import CloudEvent, attributes, formats
from cevents.bindings import http
from cevents.conformance import default_directory, load
from cevents.errors import DataError, InvalidEvent, UnsupportedBatch


def made(**changes: Any) -> CloudEvent[Any]:
    values: dict[str, Any] = {
        "type": "com.example.type",
        "source": "/source",
        "id": "1",
        "time": None,
        **changes,
    }
    return CloudEvent(**values)


class Upper:
    """A format of somebody's own, without batches: JSON turned inside out."""

    name = "upper"
    media_type = "application/cloudevents+upper"
    batch_media_type: str | None = None

    def encode(self, event: CloudEvent[Any]) -> bytes:
        return formats.json.encode(event)[::-1]

    def decode(self, body: bytes, *, lenient: bool = False) -> CloudEvent[Any]:
        return formats.json.decode(body[::-1], lenient=lenient)

    def encode_batch(self, events: Any) -> bytes:
        raise UnsupportedBatch("upper has no batches")

    def decode_batch(self, body: bytes, *, lenient: bool = False) -> list[CloudEvent[Any]]:
        raise UnsupportedBatch("upper has no batches")


# CE-overview-a: each format follows its own document, so each has vectors of its own (test_vectors runs them).
def test_every_format_has_vectors() -> None:
    for name in formats.names():
        vectors = load(default_directory() / "vectors" / "formats" / name)
        assert len([vector for vector in vectors if vector.format == name]) > 20, name


# CE-overview-b: the JSON format needs nothing but the core dependency.
def test_json_is_there_without_any_optional_dependency() -> None:
    program = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "cevents", "msgspec"}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
from cevents import CloudEvent, formats
from cevents.bindings import http
event = CloudEvent(type="t", source="/s", data={"a": 1})
assert formats.json.decode(formats.json.encode(event)) == event
assert http.decode(*http.encode(event)) == event
"""
    source = str(Path(sys.modules["cevents"].__path__[0]).parent)
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r})\n{program}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# CE-format-a: each format has a structured form; CE-format-b: batches are its own choice.
def test_format_without_structured_form_is_not_registered() -> None:
    class Half:
        name = "half"
        media_type = "application/cloudevents+half"
        batch_media_type = None

        def encode(self, event: CloudEvent[Any]) -> bytes:
            raise NotImplementedError

    with pytest.raises(TypeError, match="decode"):
        formats.register(Half())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # what is tested
    assert "half" not in formats.names()


# HTTP-1.4-b: other formats may be supported, proprietary ones included. HTTP-3.3-a: batches only where there are any.
def test_format_of_somebody_else_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    for table in ("_by_name", "_by_media_type"):  # what is registered here goes with the test
        monkeypatch.setattr(formats, table, {})
    formats.register(Upper())
    message = http.encode(made(data=[1]), mode="structured", format="upper")
    assert ("content-type", "application/cloudevents+upper") in message.headers
    assert http.decode(*message) == made(data=[1])
    with pytest.raises(UnsupportedBatch):
        http.encode_batch([made()], format="upper")


# JSON-3-a, JSON-4.2-a: the media types of the JSON format.
def test_media_types_of_json() -> None:
    assert formats.json.media_type == "application/cloudevents+json"
    assert formats.json.batch_media_type == "application/cloudevents-batch+json"
    assert formats.get("Application/CloudEvents+JSON; charset=UTF-8") is formats.get("json")  # SDK-enc-e


# CE-types-a, CE-types-n: a declared type reads its canonical string and writes it again.
@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (attributes.Boolean, "true", True),
        (attributes.Boolean, "false", False),
        (attributes.Integer, "5", 5),
        (attributes.Integer, "-2147483648", -(2**31)),
        (attributes.String, "5", "5"),
        (attributes.Binary, "AQI=", b"\x01\x02"),
        (attributes.URI, "urn:x:y", "urn:x:y"),
        (attributes.URIReference, "../a", "../a"),
        (attributes.Timestamp, "2018-04-05T17:31:00Z", datetime(2018, 4, 5, 17, 31, tzinfo=UTC)),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_declared_type_from_and_to_its_string(
    kind: attributes.AttributeType, text: str, value: object
) -> None:
    attributes.register("ledgerrow", kind)
    try:
        event = http.decode([*http.encode(made()).headers, ("ce-ledgerrow", text)], b"")
        assert event["ledgerrow"] == value
        assert type(event["ledgerrow"]) is type(value)
        assert event.text("ledgerrow") == text
        assert ("ce-ledgerrow", text) in http.encode(event).headers
        assert formats.json.decode(formats.json.encode(event))["ledgerrow"] == value
    finally:
        attributes.unregister("ledgerrow")


# CE-types-b, CE-types-d, CE-types-h, CE-types-i, CE-types-k: what is not the canonical string of a declared type.
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *((attributes.Boolean, text) for text in ("TRUE", "True", "1", "yes", "", " true")),
        *(
            (attributes.Integer, text)
            for text in ("+1", "01", "1.0", "1e2", "1_000", " 5 ", "\uff15", "", "2147483648")
        ),
        *((attributes.Binary, text) for text in ("-_8=", "+/8", "Zh==")),
        *((attributes.URI, text) for text in ("/a", "", "https://a/b#f")),
        *((attributes.Timestamp, text) for text in ("2018-04-05", "2018-04-05T17:31:00", "lunchtime")),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_declared_type_refuses_other_strings(kind: attributes.AttributeType, text: str) -> None:
    attributes.register("ledgerrow", kind)
    try:
        with pytest.raises(InvalidEvent) as caught:
            formats.json.decode(
                b'{"specversion":"1.0","id":"1","source":"/s","type":"t","ledgerrow":"%s"}' % text.encode()
            )
        assert {problem.attribute for problem in caught.value.problems} == {"ledgerrow"}
    finally:
        attributes.unregister("ledgerrow")


# CE-types-d: -0 is read as 0 and never written.
def test_minus_zero_of_a_declared_integer() -> None:
    attributes.register("ledgerrow", attributes.Integer)
    try:
        event = http.decode([*http.encode(made()).headers, ("ce-ledgerrow", "-0")], b"")
        assert event.text("ledgerrow") == "0"
    finally:
        attributes.unregister("ledgerrow")


# CE-types-m: native value and canonical string are both at hand.
# CE-types-o: time is set from an RFC 3339 string. CE-types-p: and is one in a header.
def test_time_from_a_string_and_from_a_datetime() -> None:
    event = made(time="2018-04-05T17:31:00.250+02:00")
    assert event.time == datetime(2018, 4, 5, 17, 31, 0, 250_000, tzinfo=timezone(timedelta(hours=2)))
    assert event.text("time") == "2018-04-05T17:31:00.250+02:00"
    moment = datetime(2018, 4, 5, 17, 31, tzinfo=UTC)
    assert made(time=moment).time == moment
    assert dict(http.encode(made(time=moment)).headers)["ce-time"] in (
        "2018-04-05T17:31:00Z",
        "2018-04-05T17:31:00+00:00",
    )


def test_time_without_zone_is_never_written() -> None:  # CE-types-p
    with pytest.raises(InvalidEvent, match="time zone"):
        made(time=datetime(2018, 4, 5))


# CE-attrs-c, CE-ext-a: any number of extensions.
def test_two_hundred_extensions() -> None:
    event = made(**{f"x{number}": number for number in range(200)})
    assert formats.json.decode(formats.json.encode(event)) == event
    assert len(http.decode(*http.encode(event)).extensions) == 200


# CE-id-c: ids that are made are unique.
def test_made_ids_are_distinct() -> None:
    ids = Counter(CloudEvent(type="t", source="/s").id for _ in range(100_000))
    assert len(ids) == 100_000


# CE-id-d: an event made anew has an id of its own; a copy keeps the one it has until it is told another.
def test_id_of_a_new_event_and_of_a_copy() -> None:
    event: CloudEvent[Any] = CloudEvent(type="t", source="/s")
    assert CloudEvent(type="t", source="/s").id != event.id
    assert event.replace(subject="x").id == event.id
    assert event.replace(id="2").id == "2"


# CE-time-b, CE-time-c: one rule for time when it is not given, which can be switched off.
def test_time_is_now_in_utc_or_unset() -> None:
    before = datetime.now(UTC)
    event: CloudEvent[Any] = CloudEvent(type="t", source="/s")
    assert event.time is not None
    assert before <= event.time <= datetime.now(UTC)
    assert event.time.utcoffset() == timedelta(0)
    assert "time" not in CloudEvent(type="t", source="/s", time=None)


# CE-types-l, CE-attrs-b: None is unset, and a value of no type is refused when the event is made (SDK-valid-b).
def test_values_of_no_type() -> None:
    assert "myext" not in made(myext=None)
    values: list[Any] = [1.5, [], {}, object(), 1j, Path()]
    for value in values:
        with pytest.raises(InvalidEvent) as caught:
            made(myext=value)
        assert caught.value.problems[0].requirement == "CE-types-l"


# SDK-compose-a, SDK-valid-a: one event can be validated, by the rules of its specversion.
def test_validation_knows_the_version() -> None:
    made(**{"1x": "v"}).validate()
    with pytest.raises(InvalidEvent, match="V03-spec-b"):
        made(specversion="0.3", **{"1x": "v"})
    made(specversion="0.3", schemaurl="/relative").validate()
    with pytest.raises(InvalidEvent, match="CE-dataschema-a"):
        made(dataschema="/relative")
    repaired = formats.json.decode(b'{"specversion":"1.0","id":"1","source":"a b","type":"t"}', lenient=True)
    with pytest.raises(InvalidEvent, match="CE-source-a"):
        repaired.validate()


# CE-message-a: a structured message is whole without its headers. CE-message-b: a binary body is the data alone.
def test_what_stands_where() -> None:
    event = made(subject="s", datacontenttype="application/json", data={"a": 1})
    assert formats.json.decode(http.encode(event, mode="structured").body) == event
    assert http.encode(event).body == event.data_bytes


# HTTP-3-a, V03-batch-a: batches are written by their own verb only, never by that for one event.
def test_batch_only_when_asked_for() -> None:
    assert http.content_mode(http.encode(made()).headers) == "binary"
    assert http.content_mode(http.encode(made(), mode="structured").headers) == "structured"
    assert http.content_mode(http.encode_batch([made()]).headers) == "batch"
    with pytest.raises((InvalidEvent, TypeError, ValueError, AttributeError)):
        http.encode([made()])  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # what is tested


# HTTP-3-e: what claims to be an event, told from headers alone.
def test_is_cloudevent() -> None:
    assert http.is_cloudevent(http.encode(made()).headers)
    assert http.is_cloudevent(http.encode(made(), mode="structured").headers)
    assert not http.is_cloudevent([("content-type", "application/json")])
    assert not http.is_cloudevent([name for name in http.encode(made()).headers if name[0] != "ce-type"])


# HTTP-3.1.3.2-b, HTTP-3.1.3.2-h, HTTP-3.1.3.2-k: a header is printable ASCII without space and quote.
def test_every_header_is_printable_ascii() -> None:
    every = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x3000), 0x1F600, 0x10FFFD]))
    values = dict(http.encode(made(subject=every, myext=every)).headers)
    assert all(
        "!" <= character <= "~" and character != '"'
        for character in values["ce-subject"] + values["ce-myext"]
    )
    assert http.decode(*http.encode(made(subject=every))).subject == every


# JSON-2.2-f: nothing takes the primary mapping away, every attribute is a member. JSON-2.4-a: no null is written.
def test_every_attribute_is_a_member() -> None:
    event = made(
        subject="s",
        dataschema="urn:x:y",
        datacontenttype="text/plain",
        data="x",
        a=True,
        b=1,
        c=b"\0",
        traceparent="t",
    )
    members = formats.json.encode(event)
    assert all(f'"{name}":'.encode() in members for name in event.attributes)
    assert b"null" not in members


# JSON-3.1.1-a, JSON-3.1.1-j: the kind of the data decides; what has no JSON form is refused when the event is made.
def test_data_that_has_no_json_form() -> None:
    for value in (object(), float("nan"), float("inf"), {1, object()}, "\ud800"):
        with pytest.raises(DataError):
            made(datacontenttype="application/json", data=value)
