"""The Kafka binding: pairs of event and record both ways, the key, null values, and what other SDKs write."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

from cevents import CloudEvent, InvalidEvent, NotACloudEvent, UnsupportedFormat, attributes, formats
from cevents.bindings import kafka
from cevents.bindings.kafka import KafkaMessage

Event = CloudEvent[Any]
Headers = list[tuple[str, bytes]]

CORE: Headers = [("ce_specversion", b"1.0"), ("ce_type", b"t"), ("ce_source", b"/s"), ("ce_id", b"1")]
JSON = ("content-type", b"application/json")
STRUCTURED = ("content-type", b"application/cloudevents+json")


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def problems(
    headers: Any, value: bytes | None = None, *, lenient: bool = False
) -> list[tuple[str | None, str]]:
    with pytest.raises(InvalidEvent) as caught:
        kafka.decode(headers, value, lenient=lenient)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


# KAFKA-1.3-b, KAFKA-1.3-c, KAFKA-3.2.1-a, KAFKA-3.2.2-a, KAFKA-3.2.3-a, KAFKA-3.2.3.1-a
PAIRS: list[tuple[str, Event, Headers, bytes | None]] = [
    ("no data", made(), CORE, None),  # T66, T-KAFKA-1, KAFKA-3.2.2-b
    ("zero bytes", made(data=b""), CORE, b""),  # T-KAFKA-1
    ("JSON null", made(data=b"null", datacontenttype="application/json"), [*CORE, JSON], b"null"),  # T66
    ("JSON", made(data={"a": 1}), [*CORE, JSON], b'{"a":1}'),
    ("bytes without content type", made(data=b"x"), CORE, b"x"),
    ("content type without data", made(datacontenttype="a/b"), [*CORE, ("content-type", b"a/b")], None),
    (
        "every core attribute",
        made(time="2018-04-05T17:31:00.120+02:00", subject="s", dataschema="urn:x:y"),
        [
            *CORE,
            ("ce_time", b"2018-04-05T17:31:00.120+02:00"),
            ("ce_subject", b"s"),
            ("ce_dataschema", b"urn:x:y"),
        ],
        None,
    ),
    (
        "UTF-8, nothing percent-encoded",  # KAFKA-3.2.3-b, T-KAFKA-2
        made(subject='\u20ac "\U0001f600"', ext="%20"),
        [*CORE, ("ce_subject", b'\xe2\x82\xac "\xf0\x9f\x98\x80"'), ("ce_ext", b"%20")],
        None,
    ),
    (
        "canonical strings",  # KAFKA-3.2.4.2-a, T68
        made(flag=True, count=5, blob=b"\x01", empty=""),
        [*CORE, ("ce_blob", b"AQ=="), ("ce_count", b"5"), ("ce_empty", b""), ("ce_flag", b"true")],
        None,
    ),
    ("partitionkey", made(partitionkey="p"), [*CORE, ("ce_partitionkey", b"p")], None),  # KAFKA-3.1-d
    ("0.3", made(specversion="0.3", data=b"x"), [("ce_specversion", b"0.3"), *CORE[1:]], b"x"),
]
each_pair = pytest.mark.parametrize(
    ("event", "headers", "value"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)


@each_pair
def test_an_event_is_written_so(event: Event, headers: Headers, value: bytes | None) -> None:
    assert kafka.encode(event) == KafkaMessage(headers, value, None)  # KAFKA-1.2-a


@each_pair
@pytest.mark.parametrize("lenient", [False, True])
def test_a_record_is_read_so(event: Event, headers: Headers, value: bytes | None, lenient: bool) -> None:
    others: list[tuple[str, bytes | None]] = [("traceid", b"\xff"), ("x", None), ("traceid", b"\xfe")]
    for sent in (  # T61: what clients hand over
        headers,
        tuple(headers),
        [list(pair) for pair in headers],
        iter(headers),
        dict(headers),
        OrderedDict(headers),
        [*reversed(headers)],
        [*others, *headers],
        [*headers, ("ce_ext2", None)],  # T-KAFKA-5: null is absent
        [(name.encode(), content) for name, content in headers],
        [(name, content.decode()) for name, content in headers],
        [(name, bytearray(content)) for name, content in headers],
    ):
        found = kafka.decode(sent, value, lenient=lenient)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # of clients without types
        assert found == event
        assert found.has_data is event.has_data
        assert found.repairs == ()


def test_headers_that_are_none() -> None:  # T61
    nothing: list[Any] = [None, [], (), {}]
    for headers in nothing:
        with pytest.raises(NotACloudEvent):
            kafka.decode(headers, b"{}")
        assert not kafka.is_cloudevent(headers)
        assert kafka.content_mode(headers) == "binary"  # T63
    with pytest.raises(NotACloudEvent):
        kafka.decode([("ce_id", b"1")], None)  # KAFKA-3-c


# ----------------------------------------------------------------------------------------------------------------- key


def test_the_key_is_what_the_program_gave() -> None:  # KAFKA-3.1-a, KAFKA-3.1-b, KAFKA-3.1-c
    event = made(subject="s", partitionkey="p")
    headers = kafka.encode(event).headers
    for key, wanted in (
        (None, None),
        (b"\xff\xfe", b"\xff\xfe"),
        ("\xfc", b"\xc3\xbc"),
        ("", b""),
        (lambda event: event.subject, b"s"),
        (lambda _: None, None),
        (kafka.partition_key, b"p"),
    ):
        assert kafka.encode(event, key=key) == KafkaMessage(headers, None, wanted)
        assert kafka.encode(event, "structured", key=key).key == wanted
    assert kafka.encode(made(), key=kafka.partition_key).key is None
    assert event == made(subject="s", partitionkey="p")  # KAFKA-3.1-d


def test_t65_no_attribute_is_made_of_a_key() -> None:  # KAFKA-3.1-e, T-KAFKA-4, T66c
    for event in (made(), made(partitionkey="p")):
        message = kafka.encode(event, key=b"\xff\xfe")
        assert message.key == b"\xff\xfe"
        assert [name for name, _ in message.headers] == [name for name, _ in kafka.encode(event).headers]
        assert kafka.decode(*message) == event
        assert kafka.decode(message.headers, message.value, "another") == event


# ---------------------------------------------------------------------------------------------------------- structured


@pytest.mark.parametrize("name", ["json", "avro", "protobuf", "application/cloudevents+cbor"])
def test_structured_mode(name: str) -> None:  # KAFKA-1.3-a, KAFKA-1.4-a, KAFKA-3.3.1-a, KAFKA-3.3.2-a
    event = made(data=b"x", datacontenttype="a/b")
    message = kafka.encode(event, "structured", name)
    media_type = formats.get(name).media_type
    assert message == KafkaMessage([("content-type", media_type.encode())], formats.get(name).encode(event))
    assert kafka.decode(*message) == event
    assert kafka.encode(made(), "structured").value is not None  # no tombstone


@pytest.mark.parametrize(
    "spelled", ["application/cloudevents+json", "Application/CloudEvents+JSON; charset=UTF-8"]
)
def test_t66b_the_content_type_alone_tells_the_mode(spelled: str) -> None:  # KAFKA-3-a, KAFKA-3.3.3-a, T62
    event = made(datacontenttype="text/xml", data="<a/>")
    headers = [*CORE[:3], ("ce_id", b"OTHER"), ("content-type", spelled.encode())]
    assert kafka.decode(headers, formats.json.encode(event)) == event
    assert kafka.content_mode(headers) == "structured"
    assert kafka.is_cloudevent(headers[-1:])


def test_a_format_that_is_not_known() -> None:  # KAFKA-3-b: not passed on as binary
    with pytest.raises(UnsupportedFormat):
        kafka.decode([*CORE, ("content-type", b"application/cloudevents+yaml")], b"")
    assert problems([STRUCTURED], None) != []


# ------------------------------------------------------------------------------------------------------------- refused

REFUSED: list[tuple[str, list[tuple[Any, Any]], list[tuple[str | None, str]], bool]] = [
    ("no UTF-8", [("ce_subject", b"\xff")], [("subject", "KAFKA-3.2.3-b")], False),  # T67
    ("no UTF-8 in the content type", [("content-type", b"\xff")], [("content-type", "KAFKA-3.2.3-b")], False),
    ("no UTF-8 in a name", [(b"ce_\xff", b"x")], [('"\\udcff"', "CE-naming-a")], True),
    ("twice", [("ce_id", b"2")], [("id", "CE-attrs-d")], False),  # T-KAFKA-5
    ("twice, the same", [("ce_id", b"1")], [("id", "CE-attrs-d")], True),
    ("content type twice", [JSON, ("content-type", b"a/b")], [("content-type", "CE-attrs-d")], False),
    ("capitals", [("ce_Ext", b"x")], [("Ext", "CE-naming-a")], True),
    (
        "another content type",
        [JSON, ("ce_datacontenttype", b"a/b")],
        [("datacontenttype", "KAFKA-3.2.1-a")],
        True,
    ),
    ("empty subject", [("ce_subject", b"")], [("subject", "CE-subject-a")], True),
    ("control", [("ce_ext", b"a\nb")], [("ext", "CE-types-e")], False),
]


@pytest.mark.parametrize(
    ("extra", "found", "is_mended"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_refused(extra: Any, found: list[tuple[str | None, str]], is_mended: bool) -> None:
    assert problems([*CORE, *extra]) == found
    if is_mended:
        repairs = kafka.decode([*CORE, *extra], None, lenient=True).repairs
        assert [(problem.attribute, problem.requirement) for problem in repairs] == found
    else:
        assert problems([*CORE, *extra], lenient=True) == found


def test_a_header_of_another_type_is_a_fault_of_the_program() -> None:
    with pytest.raises(TypeError, match="a header must be str or bytes, not int"):
        kafka.decode([*CORE, ("ce_ext", 5)], None)
    assert kafka.decode([*CORE, ("other", 5)], None) == made()


def test_the_content_type_as_an_attribute() -> None:  # T-KAFKA-3, T64: spring-cloud-function writes it
    for extra in (
        [JSON, ("ce_datacontenttype", b"application/json")],
        [("ce_datacontenttype", b"application/json")],
    ):
        assert kafka.decode([*CORE, *extra], b"1") == made(data=1)
    message = [*CORE, JSON, ("ce_datacontenttype", b"a/b")]
    assert kafka.decode(message, b"1", lenient=True).datacontenttype == "application/json"


def test_a_declared_type() -> None:
    attributes.register("kafkacount", attributes.Integer)
    try:
        assert kafka.decode([*CORE, ("ce_kafkacount", b"5")], None)["kafkacount"] == 5
        assert problems([*CORE, ("ce_kafkacount", b"five")]) == [("kafkacount", "CE-types-d")]
    finally:
        attributes.unregister("kafkacount")


# ------------------------------------------------------------------------------------------------------ other prefixes


def test_t64_the_prefix_of_http() -> None:  # KAFKA-3.2.3.1-a
    headers = [(name.replace("_", "-"), value) for name, value in CORE]
    with pytest.raises(NotACloudEvent):
        kafka.decode(headers, None)
    event = kafka.decode([*headers, ("ce-ext", b"x"), ("ce_ext", b"y")], None, lenient=True)
    assert event == made(ext="x")
    assert [problem.requirement for problem in event.repairs] == ["KAFKA-3.2.3.1-a"]
    assert (
        kafka.decode([*CORE, ("ce-ext", b"x")], None, lenient=True) == made()
    )  # beside the right one it is another's


def test_a_content_type_in_another_case() -> None:  # T-KAFKA-5
    headers = [*CORE, ("Content-Type", b"application/json")]
    assert kafka.decode(headers, b"1") == made(data=b"1")
    event = kafka.decode(headers, b"1", lenient=True)
    assert event == made(data=1)
    assert [problem.requirement for problem in event.repairs] == ["KAFKA-3.2.1-a"]
    structured = formats.json.encode(made())
    assert kafka.decode([("Content-Type", STRUCTURED[1])], structured, lenient=True) == made()


def test_a_record_without_content_type() -> None:  # T-KAFKA-6, KAFKA-1.3-d: Kafka 0.10 has no headers
    value = kafka.encode(made(), "structured").value
    with pytest.raises(NotACloudEvent):
        kafka.decode(None, value)
    event = kafka.decode(None, value, lenient=True)
    assert event == made()
    assert [problem.requirement for problem in event.repairs] == ["KAFKA-3.3.1-a"]
    for other in (b"{}", b"", None, b"[1]"):
        with pytest.raises(NotACloudEvent):
            kafka.decode(None, other, lenient=True)
    with pytest.raises(NotACloudEvent):
        kafka.decode([JSON], value, lenient=True)  # it says what it is
    with pytest.raises(InvalidEvent):
        kafka.decode(None, b'{"specversion":"1.0"}', lenient=True)
