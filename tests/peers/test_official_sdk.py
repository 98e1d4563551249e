"""The official SDK, `cloudevents` 2.x, both of its interfaces: what it writes we read, and what we write it reads.

Every event of a table goes both ways in every mode. Where something else arrives than was sent, `DIFFERENCES` says
what, which requirement decides, and what the SDK does. A difference that is not listed fails, and so does a listed one
that is no longer there.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import pytest
from cloudevents.core.bindings import http as v2_http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent as V2Event
from cloudevents.v1 import conversion as v1_conversion
from cloudevents.v1 import http as v1_http

from cevents import CloudEvent, CloudEventError, InvalidEvent, bindings, conformance, formats, mediatypes
from cevents.adapters.cloudevents import from_cloudevents
from cevents.data import equal
from cevents.event import content_type, stored_data

Event = CloudEvent[Any]

# ---------------------------------------------------------------------------------------------------- the events

BASE: dict[str, Any] = {
    "type": "com.example.someevent",
    "source": "/mycontext",
    "id": "A234-1234-1234",
    "time": "2018-04-05T17:31:00Z",
}
JSON: dict[str, Any] = {"datacontenttype": "application/json"}
TEXT: dict[str, Any] = {"datacontenttype": "text/plain"}

EVENTS: dict[str, dict[str, Any]] = {
    # no data
    "required attributes only": {"time": None},
    "no data": {},
    "no data, content type": JSON,
    # data
    "object": {**JSON, "data": {"appinfoA": "abc", "appinfoB": 123, "appinfoC": True}},
    "object, no content type": {"data": {"a": 1}},
    "empty object": {**JSON, "data": {}},
    "array": {**JSON, "data": [1, "a", None, True]},
    "array, no content type": {"data": [1, 2]},
    "empty array": {**JSON, "data": []},
    "string": {**JSON, "data": "hello"},
    "string, no content type": {"data": "I'm just a string"},
    "string that looks like an object": {**JSON, "data": '{"a":1}'},
    "string that looks like a number": {**JSON, "data": "123"},
    "empty string": {**JSON, "data": ""},
    "number": {**JSON, "data": 1.5},
    "zero": {**JSON, "data": 0},
    "true": {**JSON, "data": True},
    "false": {**JSON, "data": False},
    "null": {**JSON, "data": b"null"},
    "null in an object": {**JSON, "data": {"a": None}},
    "integer of 64 bits": {**JSON, "data": {"n": 9007199254740993}},
    "integer of 100 bits": {**JSON, "data": {"n": 2**100}},
    "nested": {**JSON, "data": {"a": [{"b": [[{"c": None}]]}]}},
    "Unicode in data": {**JSON, "data": {"Straße": "Zürich \u20ac \U0001f600"}},
    "controls in data": {**JSON, "data": "a\x00b\nc"},
    "other JSON type": {"datacontenttype": "application/vnd.example+json; charset=utf-8", "data": {"a": 1}},
    "JSON type in capitals": {"datacontenttype": "Application/JSON", "data": {"a": 1}},
    "JSON type of another kind": {"datacontenttype": "model/example+json", "data": {"a": 1}},
    "text": {**TEXT, "data": "hello"},
    "text beyond ASCII": {"datacontenttype": "text/plain; charset=utf-8", "data": "Zürich \u20ac \U0001f600"},
    "text that looks like a number": {**TEXT, "data": "123"},
    "text that looks like an object": {**TEXT, "data": '{"a": 1}'},
    "text in ISO-8859-1": {"datacontenttype": "text/plain; charset=iso-8859-1", "data": "Zürich"},
    "XML": {"datacontenttype": "application/xml", "data": '<much wow="xml"/>'},
    "bytes": {"datacontenttype": "application/octet-stream", "data": b"\x00\x01\xfe\xff"},
    "bytes, no content type": {"data": b"\x00\x01\xfe\xff"},
    "bytes that are text": {"datacontenttype": "application/octet-stream", "data": b"hello"},
    "bytes that are text, no content type": {"data": b"hello"},
    "bytes that are JSON, no content type": {"data": b'{ "xyz": 123 }'},
    "bytes under a JSON type": {**JSON, "data": b"\x00\x01"},
    # attributes
    "all attributes": {
        **JSON,
        "subject": "mynewfile.jpg",
        "dataschema": "https://example.com/schema",
        "data": {"a": 1},
    },
    "Unicode in subject": {"subject": "Euro \u20ac \U0001f600"},
    "space in subject": {"subject": "a b"},
    "percent in subject": {"subject": "100% %41 %E2%82%AC"},
    "quote in subject": {"subject": 'say "hi" \\ there'},
    "separators in subject": {"subject": "a,b;c=d'e"},
    "spaces around subject": {"subject": " a "},
    "colon and slash in source": {"source": "https://example.com:8080/a/b?c=d#e"},
    "escape in source": {"source": "/a%20b"},
    "URN as source": {"source": "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66"},
    "fragment as source": {"source": "#a"},
    "Boolean true": {"flag": True},
    "Boolean false": {"flag": False},
    "Integer": {"number": 5},
    "negative Integer": {"number": -(2**31)},
    "String that looks like an Integer": {"text": "5"},
    "Binary": {"raw": b"\x01\x02"},
    "URI": {"uri": "https://example.com/a?b=c"},
    "Timestamp": {"when": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)},
    "Unicode in an extension": {"city": "Zürich"},
    "extension named as a keyword": {"class": "a", "from": "b", "self": "c"},
    "long extension name": {"opcuametadatamajorversion": "1"},
    "extension that begins with a digit": {"1st": "a"},
    # time
    "microseconds": {"time": "2018-04-05T17:31:00.123456Z"},
    "trailing zeros": {"time": "2018-04-05T17:31:00.500Z"},
    "seven digits": {"time": "2018-04-05T17:31:00.5811478Z"},
    "nanoseconds": {"time": "2018-04-05T17:31:00.123456789Z"},
    "offset": {"time": "2018-04-05T19:31:00+02:00"},
    "half-hour offset": {"time": "2018-04-05T23:01:00+05:30"},
    "zero offset": {"time": "2018-04-05T17:31:00+00:00"},
    "unknown local offset": {"time": "2018-04-05T17:31:00-00:00"},
    "lower case": {"time": "2018-04-05t17:31:00z"},
    "leap second": {"time": "2016-12-31T23:59:60Z"},
    "year 0001": {"time": "0001-01-01T00:00:00Z"},
    "year 9999": {"time": "9999-12-31T23:59:59Z"},
}


def ours(name: str) -> Event:
    return CloudEvent(**{**BASE, **EVENTS[name]})


# ------------------------------------------------------------------------------------------------------ the SDK

Api = Literal["v1", "v2"]
Way = Literal["JSON", "HTTP binary", "HTTP structured"]
Direction = Literal["they write", "we write"]
APIS: list[Api] = ["v1", "v2"]
WAYS: list[Way] = ["JSON", "HTTP binary", "HTTP structured"]
DIRECTIONS: list[Direction] = ["they write", "we write"]


def theirs(api: Api, name: str) -> Any:
    """The event as a program makes it that uses the SDK, without a time if there is none."""
    attributes = {**BASE, **EVENTS[name], "specversion": "1.0"}
    data = attributes.pop("data", None)
    time = attributes.pop("time")
    if api == "v1":
        peer: Any = v1_http.CloudEvent({**attributes, "time": time}, data)
        if time is None:
            del peer["time"]
        return peer
    moment = None if time is None else datetime.fromisoformat(time.upper())
    made = V2Event({**attributes, "time": moment or datetime.now(UTC)}, data)
    if time is None:
        del made.get_attributes()["time"]
    return made


class Message(NamedTuple):
    headers: dict[str, str]
    body: bytes


def written(api: Api, way: Way, event: Any) -> Message:
    if api == "v1":
        writers = {"JSON": v1_conversion.to_structured, "HTTP binary": v1_conversion.to_binary}
        headers, body = writers.get(way, v1_conversion.to_structured)(event)
        return Message(headers, body or b"")  # None in binary mode, which HTTP clients take for no body
    if way == "JSON":
        return Message({}, JSONFormat().write(event))
    message = (v2_http.to_binary_event if way == "HTTP binary" else v2_http.to_structured_event)(event)
    return Message(message.headers, message.body)


def read(api: Api, way: Way, message: Message) -> Any:
    if way == "JSON":
        return v1_http.from_json(message.body) if api == "v1" else JSONFormat().read(None, message.body)
    if api == "v1":
        return v1_http.from_http(message.headers, message.body)
    return v2_http.from_http_event(v2_http.HTTPMessage(message.headers, message.body))


def we_write(way: Way, event: Event) -> Message:
    if way == "JSON":
        return Message({}, formats.json.encode(event))
    message = bindings.http.encode(event, "binary" if way == "HTTP binary" else "structured")
    return Message(dict(message.headers), message.body)


def we_read(way: Way, message: Message) -> Event:
    return (
        formats.json.decode(message.body)
        if way == "JSON"
        else bindings.http.decode(message.headers, message.body)
    )


class Failed(Exception):
    """What the SDK raised, and when; its errors have no root in common."""


@contextmanager
def failing(verb: str) -> Generator[None]:
    try:
        yield
    except Exception as error:
        raise Failed(f"{verb} raises {type(error).__name__}") from error


def outcome(api: Api, way: Way, direction: Direction, name: str) -> str:
    """What became of an event: "" if it arrived, else the names of what differs, or the error of either side."""
    sent = ours(name)
    try:
        if direction == "they write":
            with failing("making"):
                peer = theirs(api, name)
            with failing("writing"):
                message = written(api, way, peer)
            found = we_read(way, message)
        else:
            with failing("reading"):
                peer = read(api, way, we_write(way, sent))
            found = from_cloudevents(peer)
    except Failed as error:
        return str(error)
    except InvalidEvent as error:
        return f"refused, {', '.join(sorted({problem.requirement for problem in error.problems}))}"
    except (CloudEventError, TypeError) as error:
        return f"refused, {type(error).__name__}"
    return ", ".join(different(found, sent))


def different(found: Event, sent: Event) -> list[str]:
    """The names of the attributes that differ, and `data`; a content type that JSON implies is none."""
    names = {*found.attributes, *sent.attributes} - {"datacontenttype"}
    differing = sorted(name for name in names if _text(found, name) != _text(sent, name))
    if _media_type(found) != _media_type(sent):
        differing.append("datacontenttype")
    if not equal(stored_data(found), found.datacontenttype, stored_data(sent), sent.datacontenttype):
        differing.append("data")
    return differing


def _text(event: Event, name: str) -> str | None:
    return event.text(name) if name in event else None


def _media_type(event: Event) -> mediatypes.MediaType | None:
    declared = content_type(event)
    return None if declared is None else mediatypes.parse(declared)


# ---------------------------------------------------------------------------------------------- the differences


class Difference(NamedTuple):
    """What becomes of some events on some ways, which requirement decides, and what the SDK does."""

    apis: list[Api]
    directions: list[Direction]
    ways: list[Way]
    outcome: str
    requirement: str
    what: str
    events: list[str]


THEY: list[Direction] = ["they write"]
WE: list[Direction] = ["we write"]
BINARY: list[Way] = ["HTTP binary"]
ENVELOPES: list[Way] = ["JSON", "HTTP structured"]
NO_TYPE = ["object, no content type", "array, no content type", "string, no content type"]
CUT = ["seven digits", "nanoseconds"]
RESPELLED = ["trailing zeros", "zero offset", "unknown local offset", "lower case"]

DIFFERENCES = [
    # time
    Difference(APIS, WE, WAYS, "time", "CE-attrs-b", "invents a time when it reads an event that has none",
               ["required attributes only"]),
    Difference(["v2"], DIRECTIONS, WAYS, "time", "CE-types-k", "cuts digits beyond microseconds", CUT),
    Difference(["v2"], DIRECTIONS, WAYS, "time", "CE-types-m",
               "keeps the instant, as a datetime, and writes it in another spelling", RESPELLED),
    Difference(["v2"], THEY, WAYS, "making raises ValueError", "CE-types-k",
               "wants a datetime, which has no leap second", ["leap second"]),
    Difference(["v2"], WE, WAYS, "reading raises ValueError", "CE-types-k",
               "lets an error of its parser of dates pass", ["leap second"]),
    # JSON null, and JSON without a content type
    Difference(APIS, WE, WAYS, "data", "JSON-3.1.1-n", "takes JSON null for no data", ["null"]),
    Difference(["v2"], THEY, BINARY, "datacontenttype, data", "JSON-3.1.2-j",
               "writes no content type; objects as JSON then, lists as repr, strings without quotes", NO_TYPE),
    Difference(["v1"], THEY, BINARY, "datacontenttype, data", "JSON-3.1.2-j",
               "writes JSON without a content type", NO_TYPE[:2]),
    Difference(["v1"], THEY, BINARY, "datacontenttype", "JSON-3.1.2-j",
               "writes JSON without a content type", NO_TYPE[2:]),
    # data in binary mode
    Difference(["v2"], THEY, BINARY, "data", "JSON-3.1.2-f",
               "writes a JSON string without quotes, so that it is no JSON, or another value",
               ["string", "string that looks like an object", "string that looks like a number", "empty string",
                "controls in data"]),
    Difference(["v2"], THEY, BINARY, "data", "JSON-3.1.1-h", "writes repr() for what is neither dict nor str",
               ["array", "true", "false"]),
    Difference(["v1"], THEY, BINARY, "data", "HTTP-3.1.2-a", "writes text as a JSON string, in quotes",
               ["text", "text beyond ASCII", "text that looks like a number", "text that looks like an object",
                "text in ISO-8859-1", "XML"]),
    Difference(["v2"], THEY, BINARY, "data", "HTTP-3.1.2-a", "writes text in UTF-8, whatever the charset",
               ["text in ISO-8859-1"]),
    Difference(["v2"], WE, BINARY, "data", "JSON-3.1.1-f",
               "knows JSON in lower case only, under application and text only; takes the body for text",
               ["JSON type in capitals", "JSON type of another kind"]),
    Difference(["v2"], THEY, ENVELOPES, "data", "JSON-3.1.1-f",
               "knows JSON in lower case only, under application and text only; writes repr() as a string",
               ["JSON type in capitals", "JSON type of another kind"]),
    Difference(["v2"], WE, BINARY, "data", "HTTP-3.1.2-a", "gives str for bytes that happen to be UTF-8",
               ["bytes under a JSON type"]),
    Difference(["v2"], WE, BINARY, "datacontenttype, data", "JSON-3.1.2-c",
               "gives str, or parsed JSON, for bytes without a content type",
               ["bytes that are text, no content type", "bytes that are JSON, no content type"]),
    # data read by the first interface
    Difference(["v1"], WE, WAYS, "data", "JSON-3.1.2-e", "takes an empty string for no data", ["empty string"]),
    Difference(["v1"], WE, BINARY, "refused, DataError", "JSON-3.1.2-g",
               "parses text that looks like JSON; a number is then no text to write",
               ["text that looks like a number", "text that looks like an object"]),
    Difference(["v1"], WE, WAYS, "datacontenttype, data", "JSON-3.1.2-c",
               "parses bytes that look like JSON", ["bytes that are JSON, no content type"]),
    # attributes
    Difference(["v2"], THEY, ENVELOPES, "writing raises TypeError", "JSON-2.2-a", "cannot write bytes", ["Binary"]),
    Difference(["v1"], THEY, ENVELOPES, "writing raises TypeError", "JSON-2.2-a", "cannot write bytes or a datetime",
               ["Binary", "Timestamp"]),
    Difference(["v2"], THEY, BINARY, "flag", "CE-types-b", "writes True and False",
               ["Boolean true", "Boolean false"]),
    Difference(["v2"], THEY, BINARY, "raw", "CE-types-h", "writes repr() of bytes", ["Binary"]),
    Difference(["v1"], THEY, BINARY, "refused, TypeError", "HTTP-3.1.3.2-a",
               "gives headers that are no texts, which HTTP clients refuse",
               ["Boolean true", "Boolean false", "Integer", "negative Integer", "Timestamp"]),
    Difference(["v1"], THEY, BINARY, "refused, CE-types-e", "CE-types-h", "gives the bytes as a header", ["Binary"]),
    Difference(["v1"], THEY, BINARY, "refused, HTTP-3.1.3.2-b", "HTTP-3.1.3.2-c", "does not percent-encode",
               ["Unicode in subject", "Unicode in an extension"]),
    Difference(["v1"], THEY, BINARY, "refused, HTTP-3.1.3.2-f", "HTTP-3.1.3.2-c", "does not percent-encode",
               ["percent in subject"]),
    Difference(["v1"], THEY, BINARY, "refused, CE-source-a", "HTTP-3.1.3.2-c", "does not percent-encode",
               ["escape in source"]),
    Difference(["v1"], THEY, BINARY, "subject", "HTTP-3.1.3.2-c", "does not percent-encode",
               ["quote in subject", "spaces around subject"]),
    Difference(["v1"], WE, BINARY, "subject", "HTTP-3.1.3.2-f", "does not percent-decode",
               ["Unicode in subject", "space in subject", "percent in subject", "quote in subject",
                "spaces around subject"]),
    Difference(["v1"], WE, BINARY, "source", "HTTP-3.1.3.2-f", "does not percent-decode", ["escape in source"]),
    Difference(["v1"], WE, BINARY, "city", "HTTP-3.1.3.2-f", "does not percent-decode", ["Unicode in an extension"]),
]  # fmt: skip

LISTED: dict[tuple[Api, Direction, Way, str], str] = {}
for difference in DIFFERENCES:
    for api in difference.apis:
        for direction in difference.directions:
            for way in difference.ways:
                for event in difference.events:
                    assert (api, direction, way, event) not in LISTED, (
                        difference,
                        api,
                        direction,
                        way,
                        event,
                    )
                    LISTED[api, direction, way, event] = difference.outcome


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("api", APIS)
def test_an_event_arrives_but_for_the_listed_differences(
    api: Api, direction: Direction, way: Way, name: str
) -> None:
    assert outcome(api, way, direction, name) == LISTED.get((api, direction, way, name), "")


def test_every_listed_difference_is_of_an_event_of_the_table_and_of_a_requirement() -> None:
    assert {name for *_, name in LISTED} <= EVENTS.keys()
    requirements = conformance.ledger([]).requirements
    assert {difference.requirement for difference in DIFFERENCES} <= requirements.keys()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", EVENTS)
def test_we_read_what_we_write(way: Way, name: str) -> None:
    """The table is sound: where something is lost between the two, it is not lost by us alone."""
    found = we_read(way, we_write(way, ours(name)))
    assert different(found, ours(name)) == (["data"] if name == "empty" else [])


# --------------------------------------------------------------------------- messages that neither would write

ENVELOPE: dict[str, str] = {"content-type": "application/cloudevents+json"}
HEADERS: dict[str, str] = {"ce-specversion": "1.0", "ce-type": "t", "ce-source": "/s", "ce-id": "1"}
BODY = b'{"specversion":"1.0","type":"t","source":"/s","id":"1"%b}'


class Foreign(NamedTuple):
    """A message, what comes of it here, and what of it in the SDK."""

    headers: dict[str, str]
    body: bytes
    here: str
    there: str


def _seen(event: Event) -> str:
    return f"id {event.id}, {event.data_bytes!r}"


INVALID = "reading raises CloudEventValidationError"
FOREIGN: dict[str, Foreign] = {
    # cases.md by their numbers
    "T01 a ce-id beside a structured body": Foreign(
        {**ENVELOPE, **HEADERS, "ce-id": "other"}, BODY % b',"data":7', "id 1, b'7'", "id other, the envelope as data"),
    "T02 the content type in capitals": Foreign(
        {"Content-Type": "Application/CloudEvents+JSON; charset=UTF-8"}, BODY % b"", "id 1, None", "id 1, None"),
    "T03 a batch where an event was expected": Foreign(
        {"content-type": "application/cloudevents-batch+json"}, b"[]", "refused, HTTP-3-c",
        "reading raises AttributeError"),
    "T08 no id": Foreign(
        {"ce-specversion": "1.0", "ce-type": "t", "ce-source": "/s"}, b"", "refused, CE-id-a", "an id of its own"),
    "T14 a quoted string": Foreign({**HEADERS, "ce-subject": '"a b"'}, b"", "subject a b", 'subject "a b"'),
    "T16 bytes that are not UTF-8": Foreign(
        {**HEADERS, "ce-subject": "%FF"}, b"", "refused, HTTP-3.1.3.2-p", "subject \ufffd"),
    "T17 a percent sign alone": Foreign(
        {**HEADERS, "ce-subject": "100%"}, b"", "refused, HTTP-3.1.3.2-f", "subject 100%"),
    "T30 null for a time": Foreign(ENVELOPE, BODY % b',"time":null', "id 1, None", "reading raises TypeError"),
    "T30 null for an extension": Foreign(ENVELOPE, BODY % b',"ext":null', "id 1, None", "ext None"),
    "T35 base64 that is none": Foreign(
        ENVELOPE, BODY % b',"data_base64":"!!AQ*=="', "refused, JSON-3.1.2-a", "id 1, b'\\x01'"),
    "T44 a number with a fraction": Foreign(ENVELOPE, BODY % b',"ext":1.5', "refused, JSON-2.2-b", "ext 1.5"),
    "T48 a member twice": Foreign(ENVELOPE, BODY % b',"id":"2"', "refused, CE-attrs-d", "id 2, None"),
    "T53 U+0000 in an attribute": Foreign(
        ENVELOPE, BODY % b',"subject":"a\\u0000"', "refused, CE-types-e", "subject a\0"),
    "T58 a time without an offset": Foreign(
        ENVELOPE, BODY % b',"time":"2018-04-05T17:31:00"', "refused, CE-time-a", INVALID),
    "T58 a date of the week": Foreign(
        ENVELOPE, BODY % b',"time":"2020-W01-1T00:00Z"', "refused, CE-time-a", "time 2019-12-30T00:00:00+00:00"),
    "no event at all": Foreign(
        {"content-type": "application/json"}, b'{"a":1}', "NotACloudEvent", INVALID),
}  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_refused_here_and_what_the_sdk_makes_of_it(name: str) -> None:
    headers, body, here, there = FOREIGN[name]
    try:
        event = bindings.http.decode(headers, body)
        found = f"subject {event.subject}" if event.subject else _seen(event)
    except InvalidEvent as error:
        found = f"refused, {', '.join(problem.requirement for problem in error.problems)}"
    except CloudEventError as error:
        found = type(error).__name__
    assert found == here
    assert _of_the_sdk(headers, body) == there


def _of_the_sdk(headers: dict[str, str], body: bytes) -> str:
    try:
        with failing("reading"):
            event = v2_http.from_http_event(v2_http.HTTPMessage(headers, body))
    except Failed as error:
        return str(error)
    attributes = event.get_attributes()
    if attributes["id"] not in {"1", "2", "other"}:
        return "an id of its own"
    if isinstance(event.get_data(), dict):
        return f"id {event.get_id()}, the envelope as data"
    for name in ("subject", "ext"):
        if name in attributes:
            return f"{name} {attributes[name]}"
    time = event.get_time()
    if time is not None and time.year < 2020:  # it invents one of today where there is none
        return f"time {time.isoformat()}"
    return f"id {event.get_id()}, {event.get_data()!r}"
