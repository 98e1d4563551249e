"""Cases that people met in other CloudEvents libraries, each a test named by its number; a number says what was met.

Those of receivers and transports are tested where these are: T05 and T84 (status codes, redirects) in
`tests/receivers` and `tests/transports`, T83 (a retry sends the same event) in `tests/transports`, S1, S5 and S15
(what is echoed, shared clients) there too, S8 (limits of bodies) in `tests/receivers`. Those of the other protocols are
tested in `tests/bindings`: T61 to T67 and T66b, T66c (Kafka), T68 (Kafka, RabbitMQ), T69 to T71 and F3, F11 (AMQP),
T72, T73 and F5 (MQTT), T74 and F6 (NATS). Those of the formats in `tests/formats`: T75 to T77 and F15 (Protobuf), T78,
S9 and F2 (XML), F4 (Avro). Those of what comes later go with it: T82 (replies), S4, S11 and F14 (webhook handshake),
S10 (dataref), S13 (verifiability), S14 (consumers of brokers), F16 (CESQL).
"""

from __future__ import annotations

import copy
import json
import pickle
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from cevents import (
    CloudEvent,
    CloudEventError,
    DataError,
    InvalidEvent,
    NotACloudEvent,
    UnsupportedFormat,
    formats,
)
from cevents.bindings import http
from cevents.mediatypes import parse

Event = CloudEvent[Any]

HEADERS = {"ce-specversion": "1.0", "ce-type": "t", "ce-source": "/s", "ce-id": "1"}
STRUCTURED = {"content-type": "application/cloudevents+json"}
CORE = '"specversion":"1.0","type":"t","source":"/s","id":"1"'


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def read(extra: str = "", *, lenient: bool = False) -> Event:
    return formats.json.decode(f"{{{CORE}{',' if extra else ''}{extra}}}", lenient=lenient)


def received(body: bytes = b"", *, lenient: bool = False, **headers: str) -> Event:
    """What is received in binary mode; `ce_id="2"` is the header `ce-id`."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return http.decode({**HEADERS, **sent}, body, lenient=lenient)


def sent(event: Event) -> dict[str, str]:
    return dict(http.encode(event).headers)


def refusal(use: Callable[[], object], kind: type[CloudEventError] = InvalidEvent) -> str:
    with pytest.raises(kind) as caught:
        use()
    return str(caught.value)


# ---------------------------------------------------------------------------------------------------------------- HTTP


def test_t01_structured_mode_reads_the_body() -> None:
    body = formats.json.encode(made())
    assert http.decode({**STRUCTURED, "ce-id": "OTHER"}, body).id == "1"


def test_t02_structured_mode_in_any_case() -> None:
    body = formats.json.encode(made())
    assert http.decode({"Content-Type": "Application/CloudEvents+JSON; charset=UTF-8"}, body) == made()


def test_t03_a_batch_is_not_one_event() -> None:
    headers = {"content-type": "application/cloudevents-batch+json"}
    assert http.content_mode(headers) == "batch"
    assert http.decode_batch(headers, b"[]") == []
    assert "use decode_batch" in refusal(lambda: http.decode(headers, b"[]"))


def test_t04_a_format_without_codec() -> None:
    headers = {"content-type": "application/cloudevents+nonsense"}
    assert "nonsense" in refusal(lambda: http.decode(headers, b"<x/>"), UnsupportedFormat)


def test_t05_a_request_without_event() -> None:
    for headers in ({}, {"host": "localhost"}, {"content-type": "application/json"}):
        refusal(lambda headers=headers: http.decode(headers, b""), NotACloudEvent)  # type: ignore[misc]


def test_t06_no_content_type() -> None:
    event = received(b"plain")
    assert event.datacontenttype is None
    assert event.data == b"plain"


def test_t07_no_body() -> None:
    assert not received().has_data


def test_t08_no_id() -> None:
    headers = {name: value for name, value in HEADERS.items() if name != "ce-id"}
    assert refusal(lambda: http.decode(headers)) == "id: is missing [CE-id-a]"


@pytest.mark.parametrize("name", ["Ce-Id", "CE-ID", "ce-id"])
def test_t09_headers_in_any_case(name: str) -> None:
    headers = (
        {**HEADERS, name: "2"}
        if name == "ce-id"
        else {**{k: v for k, v in HEADERS.items() if k != "ce-id"}, name: "2"}
    )
    assert http.decode(headers).id == "2"


def test_t10_ce_datacontenttype_never_overrides() -> None:
    headers = {**HEADERS, "ce-datacontenttype": "text/xml", "content-type": "application/json"}
    assert "datacontenttype" in refusal(lambda: http.decode(headers))
    assert http.decode(headers, lenient=True).datacontenttype == "application/json"


def test_t11_one_content_type_is_written() -> None:
    names = [name for name, _ in http.encode(made(data={}, datacontenttype="application/json")).headers]
    assert names.count("content-type") == 1
    assert "ce-datacontenttype" not in names


def test_t12_characters_beyond_ascii() -> None:
    assert sent(made(subject="Euro € 😀"))["ce-subject"] == "Euro%20%E2%82%AC%20%F0%9F%98%80"


def test_t13_space_and_percent() -> None:
    assert sent(made(subject="a b"))["ce-subject"] == "a%20b"
    assert sent(made(ext="100%"))["ce-ext"] == "100%25"


def test_t14_a_quoted_string() -> None:
    assert received(ce_subject=r'"a b\"c"').subject == 'a b"c'


@pytest.mark.parametrize(("value", "subject"), [("%41", "A"), ("%e2%82%ac", "€"), ("%2541", "%41")])
def test_t15_one_round_of_decoding(value: str, subject: str) -> None:
    assert received(ce_subject=value).subject == subject


@pytest.mark.parametrize("value", ["%C0%A0", "%FF"])
def test_t16_bytes_that_are_not_utf_8(value: str) -> None:
    for lenient in (False, True):
        assert "UTF-8" in refusal(lambda lenient=lenient: received(ce_subject=value, lenient=lenient))  # type: ignore[misc]


def test_t17_a_lone_percent_sign() -> None:
    assert "%25" in refusal(lambda: received(ce_subject="100%"))
    assert received(ce_subject="100%", lenient=True).subject == "100%"


def test_t18_colon_and_slash_are_not_encoded() -> None:
    assert sent(made(source="https://example.com/a"))["ce-source"] == "https://example.com/a"


def test_t19_false_is_there() -> None:
    assert sent(made(x=False))["ce-x"] == "false"
    assert sent(made(x=True))["ce-x"] == "true"


def test_t20_bytes_as_an_attribute() -> None:
    assert sent(made(x=b"\x01\x02"))["ce-x"] == "AQI="
    assert b'"x":"AQI="' in formats.json.encode(made(x=b"\x01\x02"))


def test_t21_containers_of_headers() -> None:
    """Each container is in `tests/bindings/test_headers.py`; these are the ones of the report."""
    pairs = list(HEADERS.items())
    for headers in (pairs, HEADERS, [(name.encode(), value.encode()) for name, value in pairs]):
        assert http.decode(headers) == made()


def test_t22_a_header_twice() -> None:
    assert "more than once" in refusal(
        lambda: http.decode([*HEADERS.items(), ("ce-test", "a"), ("ce-test", "a")])
    )


@pytest.mark.parametrize("data", [{"a": 1}, [1], True, None, 5])
def test_t23_t24_data_without_content_type_is_json(data: Any) -> None:
    event = made(data=b"null", datacontenttype="application/json") if data is None else made(data=data)
    message = http.encode(event)
    assert json.loads(message.body) == data
    assert dict(message.headers)["content-type"] == "application/json"


@pytest.mark.parametrize("text", ["hello", "123", ""])
def test_t25_a_string_under_json_is_a_json_string(text: str) -> None:
    message = http.encode(made(data=text, datacontenttype="application/json"))
    assert message.body == json.dumps(text).encode()
    assert http.decode(*message).data == text


def test_t26_a_string_under_text_plain() -> None:
    assert http.encode(made(data="hello", datacontenttype="text/plain")).body == b"hello"


def test_t27_a_dict_under_octet_stream() -> None:
    assert "give bytes" in refusal(
        lambda: made(data={}, datacontenttype="application/octet-stream"), DataError
    )


def test_t28_a_charset() -> None:
    assert received(b"\xe9", content_type="text/plain; charset=iso-8859-1").data == "é"


def test_t29_broken_json_stays_bytes() -> None:
    event = received(b"{broken", content_type="application/json")
    assert event.data_bytes == b"{broken"
    assert "not JSON" in refusal(lambda: event.data, DataError)
    assert http.encode(event).body == b"{broken"


# ---------------------------------------------------------------------------------------------------------------- JSON


@pytest.mark.parametrize("name", ["subject", "time", "unsetextension"])
def test_t30_null_is_unset(name: str) -> None:
    assert read(f'"{name}":null') == made()


def test_t31_null_data_and_no_data() -> None:
    null, none = read('"data":null'), read()
    assert (null.has_data, none.has_data) == (True, False)
    assert null != none
    assert b'"data":null' in formats.json.encode(null)
    assert b"data" not in formats.json.encode(none)


def test_t32_base64_under_json() -> None:
    for text in ("e30=", "/w=="):
        event = read(f'"datacontenttype":"application/json","data_base64":"{text}"')
        assert f'"data_base64":"{text}"'.encode() in formats.json.encode(event)


def test_t33_data_and_data_base64() -> None:
    assert "together" in refusal(lambda: read('"data":1,"data_base64":"AQ=="'))
    assert "data_base64" not in read('"data_base64":"AQ=="').extensions


def test_t34_base64_with_escapes() -> None:
    assert read('"data_base64":"\\u002B\\u002B\\u002B\\u002B"').data == b"\xfb\xef\xbe"


@pytest.mark.parametrize("text", ["!!AQ*==", "AQ", "AQ=", "A"])
def test_t35_bad_base64(text: str) -> None:
    assert "base64" in refusal(lambda: read(f'"data_base64":"{text}"'))


@pytest.mark.parametrize("value", ["5", "{}", "[]", "true", "1.5"])
def test_t36_base64_that_is_no_string(value: str) -> None:
    assert "data_base64" in refusal(lambda: read(f'"data_base64":{value}'))


def test_t37_s2_an_empty_datacontentencoding_before_the_version() -> None:
    body = '{"datacontentencoding":"","data":"x","specversion":"0.3","type":"t","source":"/s","id":"1"}'
    assert "datacontentencoding" in refusal(lambda: formats.json.decode(body))


def test_t38_a_string_that_looks_like_json() -> None:
    event = read('"datacontenttype":"application/json","data":"{\\"a\\":1}"')
    assert event.data == '{"a":1}'


def test_t39_base64_is_not_taken_for_json() -> None:
    assert read('"data_base64":"e30="').data == b"{}"


@pytest.mark.parametrize("text", ["[1,2]", "42", "true", '"x"'])
def test_t40_data_of_any_kind(text: str) -> None:
    assert read(f'"data":{text}').data == json.loads(text)


@pytest.mark.parametrize(
    ("text", "is_json"),
    [
        ("text/json", True),
        ("  application/json  ; charset=utf-8 ", True),
        ("Application/JSON", True),
        ("a/b+json", True),
        ("application/json;charset=utf-8", True),  # T42
        ("application/not-json", False),
        ("application/vnd.custom+json+gzip", False),
    ],
)
def test_t41_t42_what_is_json(text: str, is_json: bool) -> None:
    found = parse(text)
    assert found is not None
    assert found.is_json is is_json


def test_t43_an_event_as_data() -> None:
    event = made(data={"specversion": "1.0"}, datacontenttype="application/cloudevents+json")
    assert formats.json.decode(formats.json.encode(event)).data == {"specversion": "1.0"}


@pytest.mark.parametrize("value", ["1.5", "{}", "[]", "2147483648"])
def test_t44_an_extension_of_no_type(value: str) -> None:
    for lenient in (False, True):
        assert "ext: " in refusal(lambda lenient=lenient: read(f'"ext":{value}', lenient=lenient))  # type: ignore[misc]


def test_t45_an_id_that_is_a_number() -> None:
    body = f"{{{CORE}}}".replace('"id":"1"', '"id":25')
    assert "id: must be a string (got 25)" in refusal(lambda: formats.json.decode(body))


@pytest.mark.parametrize("name", ["my-ext", "My", "a_b", "foo\\n"])
def test_t46_a_bad_name(name: str) -> None:
    assert "CE-naming-a" in refusal(lambda: read(f'"{name}":1'))
    assert "CE-naming-a" in refusal(lambda: made(**{name.replace("\\n", "\n"): 1}))


def test_t47_a_long_name() -> None:
    assert read(f'"{"a" * 21}":1')["a" * 21] == 1


@pytest.mark.parametrize("extra", ['"id":"2"', '"id":"1"', '"\\u0069d":"2"', '"data":1,"data":1'])
def test_t48_a_member_twice(extra: str) -> None:
    assert "more than once" in refusal(lambda: read(extra))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [{"a": -float("inf")}]])
def test_t49_nan_is_not_written(value: Any) -> None:
    refusal(lambda: made(data=value), DataError)


def test_t50_a_byte_order_mark() -> None:
    body = b"\xef\xbb\xbf" + formats.json.encode(made())
    assert "byte order mark" in refusal(lambda: formats.json.decode(body))
    assert formats.json.decode(body, lenient=True) == made()


@pytest.mark.parametrize("body", ["[]", "5", '"x"', "null", "true"])
def test_t51_json_that_is_no_object(body: str) -> None:
    assert "must be a JSON object" in refusal(lambda: formats.json.decode(body))


def test_t52_a_large_integer() -> None:
    event = read('"data":9007199254740993')
    assert event.data == 9007199254740993
    assert http.encode(event).body == b"9007199254740993"


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800", "\\ufdd0", "\\u0085"])
def test_t53_an_id_that_is_no_string(text: str) -> None:
    body = f"{{{CORE}}}".replace('"id":"1"', f'"id":"{text}"')
    refusal(lambda: formats.json.decode(body))


def test_t54_uris() -> None:
    assert "CE-source-a" in refusal(lambda: made(source=""))
    assert made(source="#fragment").source == "#fragment"
    assert "CE-dataschema-a" in refusal(lambda: made(dataschema="#"))
    assert read('"dataschema":"#"', lenient=True).dataschema == "#"


def test_t55_an_empty_subject() -> None:
    assert "CE-subject-a" in refusal(lambda: made(subject=""))
    assert "CE-subject-a" in refusal(lambda: read('"subject":""'))


def test_t56_an_extension_shadows_nothing() -> None:
    event = made().replace(id="2", data=5)
    assert (event.id, event.data) == ("2", 5)
    assert event.extensions == {}
    assert "CE-naming-f" in refusal(lambda: http.decode({**HEADERS, "ce-data": "x"}))
    assert "CE-naming-a" in refusal(lambda: read('"Data":"x"'))
    assert read('"Data":"x"', lenient=True).extensions == {}


# ---------------------------------------------------------------------------------------------------------------- time


@pytest.mark.parametrize("text", ["2018-04-05T17:31:00.5811478Z", "2018-04-05T17:31:00.123456789+02:00"])
def test_t57_digits_of_a_time(text: str) -> None:
    event = read(f'"time":"{text}"')
    assert event.time is not None
    assert f'"time":"{text}"'.encode() in formats.json.encode(event)
    assert sent(event)["ce-time"] == text


@pytest.mark.parametrize(
    "text",
    ["2018-04-05T18:31Z", "2018-04-05T17:31:00+05", "2018-04-05T17:31:00+25:00", "lunchtime", "2020-W01-1T00:00Z",
     "20200101T000000Z", "2018-04-05T17:31:00America/Los_Angeles", "2018-04-05T17:31:00GMT", "2018-04-05 17:31:00Z",
     "2018-04-05T17:31:00"],
)  # fmt: skip
def test_t58_what_is_no_time(text: str) -> None:
    assert "CE-time-a" in refusal(lambda: read(f'"time":"{text}"'))
    assert "CE-time-a" in refusal(lambda: received(ce_time=text))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2018-04-05T17:31:00-00:00", datetime(2018, 4, 5, 17, 31, tzinfo=UTC)),
        ("2018-04-05t17:31:00z", datetime(2018, 4, 5, 17, 31, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, 999_999, UTC)),
    ],
)
def test_t59_unusual_times(text: str, instant: datetime) -> None:
    event = received(ce_time=text)
    assert event.time == instant
    assert event.text("time") == text


# --------------------------------------------------------------------------------------------------------------- batch


def test_t60_batches() -> None:
    event = formats.json.encode(made()).decode()
    assert formats.json.decode_batch("[]") == []
    assert refusal(lambda: formats.json.decode_batch(f"[{event},{{}}]")).startswith("event 1: ")
    assert "event 1: must be a JSON object" in refusal(lambda: formats.json.decode_batch(f"[{event},5]"))
    for version in ("0.3", "0.9"):
        mixed = f"[{event},{event.replace('1.0', version)}]"
        assert "event 1: specversion" in refusal(lambda mixed=mixed: formats.json.decode_batch(mixed))  # type: ignore[misc]


# --------------------------------------------------------------------------------------------------------------- other


def test_t79_equal_events() -> None:
    assert made(data={"a": 1}) == made(data={"a": 1})
    assert len({made(), made()}) == 1


def test_t80_the_dict_of_the_caller() -> None:
    attributes = {"type": "t", "source": "/s", "subject": None}
    data = {"a": [1]}
    CloudEvent(**attributes, data=data)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # as people do
    assert attributes == {"type": "t", "source": "/s", "subject": None}
    assert data == {"a": [1]}


def test_t81_repr_of_bytes() -> None:
    assert "2 bytes" in repr(made(data=b"\xff\xfe"))


def test_t85_names_of_extensions() -> None:
    names = ("self", "cls", "mode", "format", "from", "class", "keys", "get", "items", "encode")
    event = made(**{name: name for name in names})
    assert event.extensions == {name: name for name in sorted(names)}
    assert "type_" in refusal(lambda: made(type_="x"))


def test_t86_what_the_caller_changes_later() -> None:
    data, buffer = {"a": [1]}, bytearray(b"x")
    events = made(data=data), made(data=buffer), made(data=memoryview(buffer))
    data["a"].append(2)
    buffer[0] = 0
    assert [event.data_bytes for event in events] == [b'{"a":[1]}', b"x", b"x"]


def test_t87_copies() -> None:
    event = made(data=b"{", datacontenttype="application/json")  # would fail if it were decoded
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(event, protocol)) == event
    assert copy.copy(event) == copy.deepcopy(event) == event


def test_t88_naive_datetimes() -> None:
    assert "time zone" in refusal(lambda: made(time=datetime(2018, 4, 5)))
    assert "CE-time-a" in refusal(lambda: made(time=date(2018, 4, 5)))
    assert made(time="2018-04-05T00:00:00Z").time == datetime(2018, 4, 5, tzinfo=UTC)


def test_t89_two_spellings_of_one_instant() -> None:
    one, other = made(time="2018-04-05T17:31:00Z"), made(time="2018-04-05T17:31:00+00:00")
    assert one.time == other.time
    assert one != other
    for encode in (formats.json.encode, http.encode):
        assert encode(one) != encode(other)


def test_t90_a_subclass() -> None:
    """Threads, sub-interpreters and processes are in `tests/test_event.py`."""

    class Mine(CloudEvent[Any]):
        pass

    assert type(Mine(type="t", source="/s").replace(id="2")) is Mine


def test_t91_data_that_is_changed_after_reading() -> None:
    event = read('"data":{"a":1}')
    event.data["a"] = 2
    assert event.data_bytes == b'{"a":1}'


@pytest.mark.parametrize("digits", ["1" * 10_000, "1e400", "[-1e999]"])
def test_t92_numbers_that_python_has_not(digits: str) -> None:
    event = received(digits.encode(), content_type="application/json")
    assert http.encode(event).body == digits.encode()
    assert f'"data":{digits}'.encode() in formats.json.encode(event)
    assert "out of range" in refusal(lambda: event.data, DataError)


# ------------------------------------------------------------------------------------------------------------ security


@pytest.mark.parametrize("text", ["Euro €\r\nX-Evil: 1", "a\nb", "\x00", "\x85"])
def test_s6_header_injection(text: str) -> None:
    refusal(lambda: made(subject=text))
    refusal(lambda: made(ext=text))
    refusal(lambda: made(datacontenttype=f"text/plain{text}"))
    refusal(lambda: made(**{f"a{text}": "x"}))


def test_s7_one_round_and_no_overlong_utf_8() -> None:
    assert received(ce_subject="%25252541").subject == "%252541"
    for overlong in ("%C0%AF", "%E0%80%AF", "%F0%80%80%AF"):
        assert "UTF-8" in refusal(lambda overlong=overlong: received(ce_subject=overlong))  # type: ignore[misc]


@pytest.mark.parametrize(
    "extra",
    [
        '"data":' + "[" * 200_000 + "]" * 200_000,
        '"data":' + '{"a":' * 200_000 + "1" + "}" * 200_000,
        '"ext":' + "[" * 200_000,
    ],
    ids=["arrays", "objects", "open"],
)
def test_s8_depth(extra: str) -> None:
    began = time.perf_counter()
    for lenient in (False, True):
        refusal(lambda lenient=lenient: read(extra, lenient=lenient))  # type: ignore[misc]
    refusal(lambda: formats.json.decode_batch(f"[{{{CORE},{extra}}}]"))
    deep = received(extra.partition(":")[2].encode(), content_type="application/json")
    refusal(lambda: deep.data, DataError)
    formats.json.encode(deep)
    assert time.perf_counter() - began < 5


def test_s3_bad_base64_raises_an_error_of_ours() -> None:
    for value in ('"%"', '"A==="', "5", "{}", '"\\u0000"', '"é"'):
        refusal(lambda value=value: read(f'"data_base64":{value}'))  # type: ignore[misc]


def test_s12_data_is_not_shown() -> None:
    event = made(data={"password": "hunter2"}, subject="shown")
    assert "hunter2" not in repr(event)
    assert "shown" in repr(event)
    message = refusal(
        lambda: event.replace(datacontenttype="text/plain", data={"password": "hunter2"}), DataError
    )
    assert "hunter2" not in message


def test_s15_what_is_echoed_is_short_and_escaped() -> None:
    message = refusal(lambda: read('"time":"<script>' + "x" * 10_000 + '\\u001b"'))
    assert len(message) < 300
    assert message.isprintable()


# ----------------------------------------------------------------------------------------------- faults of other SDKs


@pytest.mark.parametrize("body", [b'1,"id":"evil","authid":"root"', b"{}}", b'"x","id":"evil"', b"1 ,"])
def test_f01_data_cannot_forge_attributes(body: bytes) -> None:
    event = received(body, content_type="application/json")
    found = http.decode(*http.encode(event, "structured"))
    assert found.id == "1"
    assert found.attributes == event.attributes
    assert found.data_bytes == body


def test_f07_headers_that_were_not_encoded() -> None:
    raw = "Zürich €".encode().decode("latin-1")
    assert "HTTP-3.1.3.2-b" in refusal(lambda: received(ce_subject=raw))
    event = received(ce_subject=raw, lenient=True)
    assert event.subject == "Zürich €"
    assert [problem.requirement for problem in event.repairs] == ["HTTP-3.1.3.2-b"]


def test_f08_what_go_accepts() -> None:
    assert "JSON-2.2-b" in refusal(lambda: read('"ext":10.9'))
    assert "JSON-3.1.1-m" in refusal(lambda: read('"data":1,"data_base64":"AQ=="'))
    assert read('"time":"2018-04-05T17:31:00+02:00"').text("time").endswith("+02:00")


def test_f09_what_java_accepts() -> None:
    assert "ext" not in read('"ext":null')
    for name in ("id", "type", "source"):
        body = json.dumps({**json.loads(f"{{{CORE}}}"), name: ""})
        assert f"{name}: must not be empty" in refusal(lambda body=body: formats.json.decode(body))  # type: ignore[misc]
    refusal(lambda: read('"time":"2018-04-05T17:31Z"'))


def test_f10_invalid_events_over_http() -> None:
    """All of them are in `tests/bindings/test_http.py` and in the conformance vectors; these are the plainest."""
    for name in HEADERS:
        refusal(lambda name=name: http.decode({**HEADERS, name: ""}))  # type: ignore[misc]


def test_f12_the_offset_of_a_time() -> None:
    event = read('"time":"2018-04-05T17:31:00+05:30"')
    assert event.time is not None
    assert event.time.isoformat() == "2018-04-05T17:31:00+05:30"
    assert http.decode(*http.encode(event)).time == event.time


def test_f13_nothing_is_invented_when_reading() -> None:
    event = read()
    assert list(event.attributes) == ["specversion", "type", "source", "id"]
    for name in HEADERS:
        headers = {other: value for other, value in HEADERS.items() if other != name}
        with pytest.raises(CloudEventError):
            http.decode(headers)
    assert type(received(b"5", content_type="text/plain").data) is type(
        received(b"x", content_type="text/plain").data
    )
