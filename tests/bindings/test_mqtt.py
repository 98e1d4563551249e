"""The MQTT binding: pairs of event and message both ways under MQTT 5, and structured JSON under MQTT 3.1.1."""

from __future__ import annotations

from typing import Any

import pytest

from cevents import CloudEvent, InvalidEvent, NotACloudEvent, UnsupportedFormat, attributes, formats
from cevents.bindings import mqtt
from cevents.bindings.mqtt import MqttMessage

Event = CloudEvent[Any]
Properties = list[tuple[str, str]]

CORE: Properties = [("specversion", "1.0"), ("type", "t"), ("source", "/s"), ("id", "1")]
BODY = formats.json.encode(CloudEvent(type="t", source="/s", id="1", time=None))


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def problems(
    properties: Any, content_type: str | None = None, *, lenient: bool = False
) -> list[tuple[str | None, str]]:
    with pytest.raises(InvalidEvent) as caught:
        mqtt.decode(b"", content_type, properties, lenient=lenient)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


# MQTT-3.1.1-a, MQTT-3.1.2-a, MQTT-3.1.3-a, MQTT-3.1.3.1-a, MQTT-3.1.3.2-a
PAIRS: list[tuple[str, Event, bytes, str | None, Properties]] = [
    ("no data", made(), b"", None, CORE),
    ("JSON", made(data={"a": 1}), b'{"a":1}', "application/json", CORE),  # T72: the content type once
    ("bytes without content type", made(data=b"x"), b"x", None, CORE),
    (
        "every core attribute",
        made(
            time="2018-04-05T17:31:00.120+02:00",
            subject="s",
            dataschema="urn:x:y",
            datacontenttype="text/plain; charset=utf-8",
            data="x",
        ),
        b"x",
        "text/plain; charset=utf-8",
        [*CORE, ("time", "2018-04-05T17:31:00.120+02:00"), ("subject", "s"), ("dataschema", "urn:x:y")],
    ),
    (
        "nothing encoded",
        made(subject='\u20ac "\U0001f600"', ext="%20"),
        b"",
        None,
        [*CORE, ("subject", '\u20ac "\U0001f600"'), ("ext", "%20")],
    ),
    (
        "canonical strings",
        made(flag=True, count=-5, blob=b"\x01"),
        b"",
        None,
        [*CORE, ("blob", "AQ=="), ("count", "-5"), ("flag", "true")],
    ),
    (
        "0.3",
        made(specversion="0.3", schemaurl="/x"),
        b"",
        None,
        [("specversion", "0.3"), *CORE[1:], ("schemaurl", "/x")],
    ),
]  # fmt: skip
each_pair = pytest.mark.parametrize(
    ("event", "payload", "content_type", "properties"),
    [pair[1:] for pair in PAIRS],
    ids=[pair[0] for pair in PAIRS],
)


@each_pair
def test_an_event_is_written_so(
    event: Event, payload: bytes, content_type: str | None, properties: Properties
) -> None:
    assert mqtt.encode(event) == MqttMessage(payload, content_type, properties)


@each_pair
@pytest.mark.parametrize("lenient", [False, True])
def test_a_message_is_read_so(
    event: Event, payload: bytes, content_type: str | None, properties: Properties, lenient: bool
) -> None:
    others = [("trace-id", "x"), ("trace-id", "y"), ("Id", "z"), ("", ""), ("data", "x"), ("\u212a", "k")]
    for sent in (
        properties,
        [*reversed(properties)],
        dict(properties),
        [*others, *properties],  # T-MQTT-1: names that no attribute can have are another's
    ):
        found = mqtt.decode(payload, content_type, sent, lenient=lenient)
        assert found == event
        assert found.repairs == ()
    buffer: Any = bytearray(payload)
    assert mqtt.decode(buffer, content_type, properties) == event
    if content_type is not None:  # T-MQTT-2
        twice = [*properties, ("datacontenttype", content_type)]
        assert mqtt.decode(payload, content_type, twice, lenient=lenient) == event


def test_every_property_that_may_be_an_attribute_is_one() -> None:  # MQTT-3.1.3.1-a
    assert mqtt.decode(b"", None, [*CORE, ("retries", "5"), ("2nd", "x")]) == made(
        retries="5", **{"2nd": "x"}
    )
    older = [("specversion", "0.3"), *CORE[1:], ("2nd", "x")]  # no name under 0.3
    assert mqtt.decode(b"", None, older) == made(specversion="0.3")


@pytest.mark.parametrize(
    ("content_type", "mode"),
    [
        ("application/cloudevents+json", "structured"),
        ("Application/CloudEvents+JSON; charset=utf-8", "structured"),  # MQTT-3-a, T-MQTT-3
        ("application/cloudevents-batch+json", "batch"),
        ("application/json", "binary"),
        (None, "binary"),
    ],
)
def test_the_content_type_alone_tells_the_mode(content_type: str | None, mode: str) -> None:
    assert mqtt.content_mode(content_type) == mode
    assert mqtt.is_cloudevent(content_type, CORE)
    assert mqtt.is_cloudevent(content_type, CORE[1:]) is (mode != "binary")  # MQTT-3-c
    if mode == "structured":
        assert mqtt.decode(BODY, content_type, [*CORE[:3], ("id", "OTHER")]) == made()  # MQTT-3.2.3-a


@pytest.mark.parametrize("name", formats.names())
def test_structured_mode(name: str) -> None:  # MQTT-1.3-a, MQTT-1.4-a, MQTT-3.2.1-a, MQTT-3.2.2-a
    message = mqtt.encode(made(data=b"x", datacontenttype="a/b"), "structured", name)
    found = formats.get(name)
    assert message.content_type == found.media_type
    assert message.user_properties == []
    assert found.decode(message.payload) == mqtt.decode(*message) == made(data=b"x", datacontenttype="a/b")


def test_what_is_no_event() -> None:
    messages: list[tuple[Any, ...]] = [
        (b"x",),
        (BODY, None, ()),
        (b"{}", "application/json", [("id", "1")]),
        (BODY, "text/plain", None),
    ]
    for message in messages:
        with pytest.raises(NotACloudEvent):
            mqtt.decode(*message)
    with pytest.raises(NotACloudEvent):
        mqtt.decode(b"", None, [(f"ce-{name}", value) for name, value in CORE])  # MQTT-3.1.3.1-a
    with pytest.raises(UnsupportedFormat):
        mqtt.decode(b"", "application/cloudevents+yaml", CORE)  # MQTT-3-b: not passed on as binary


REFUSED: list[tuple[str, Properties, list[tuple[str | None, str]], bool]] = [
    ("twice", [("id", "2")], [("id", "CE-attrs-d")], False),  # T-MQTT-1
    ("twice, the same", [("id", "1")], [("id", "CE-attrs-d")], True),
    ("another content type", [("datacontenttype", "x/y")], [("datacontenttype", "MQTT-3.1.1-a")], True),
    ("empty subject", [("subject", "")], [("subject", "CE-subject-a")], True),
    ("time", [("time", "lunchtime")], [("time", "CE-time-a")], False),
]


@pytest.mark.parametrize(
    ("extra", "found", "is_mended"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_refused(extra: Properties, found: list[tuple[str | None, str]], is_mended: bool) -> None:
    assert problems([*CORE, *extra], "a/b") == found
    if is_mended:
        event = mqtt.decode(b"", "a/b", [*CORE, *extra], lenient=True)
        assert event == made(datacontenttype="a/b")
        assert [(problem.attribute, problem.requirement) for problem in event.repairs] == found
    else:
        assert problems([*CORE, *extra], "a/b", lenient=True) == found


def test_a_content_type_among_the_properties_only() -> None:  # T-MQTT-2
    assert problems([*CORE, ("datacontenttype", "a/b")]) == [("datacontenttype", "MQTT-3.1.1-a")]
    event = mqtt.decode(b"x", None, [*CORE, ("datacontenttype", "a/b")], lenient=True)
    assert event == made(data=b"x", datacontenttype="a/b")


def test_f5_the_prefix_that_sdk_go_writes() -> None:
    properties = [(f"ce-{name}", value) for name, value in CORE]
    event = mqtt.decode(b"", None, [*properties, ("ce-ext", "x"), ("other", "y")], lenient=True)
    assert event == made(ext="x")
    assert [problem.requirement for problem in event.repairs] == ["MQTT-3.1.3.1-a"]


def test_a_text_of_more_than_mqtt_can_say() -> None:
    for text in ("x" * 65535, "\u20ac" * 21845):
        assert mqtt.decode(*mqtt.encode(made(subject=text))) == made(subject=text)
    for text in ("x" * 65536, "\u20ac" * 21846):
        with pytest.raises(InvalidEvent) as caught:
            mqtt.encode(made(subject=text, ext=text))
        assert [problem.attribute for problem in caught.value.problems] == ["subject", "ext"]
        assert mqtt.decode(*mqtt.encode(made(subject=text), "structured")).subject == text


def test_a_declared_type() -> None:
    attributes.register("mqttcount", attributes.Integer)
    try:
        assert mqtt.decode(b"", None, [*CORE, ("mqttcount", "5")])["mqttcount"] == 5
    finally:
        attributes.unregister("mqttcount")


# ---------------------------------------------------------------------------------------------------------- MQTT 3.1.1


def test_t73_mqtt_311() -> None:  # MQTT-1.3-b, MQTT-3-d, MQTT-3.2.1-b, V03-mqtt-a
    for event in (made(data={"a": 1}), made(specversion="0.3")):
        message = mqtt.encode(event, "structured", protocol="3.1.1")
        assert message == MqttMessage(formats.json.encode(event))
        assert mqtt.decode(message.payload, protocol="3.1.1") == event
        assert mqtt.decode(*message, protocol="3.1.1") == event
    with pytest.raises(ValueError, match=r"MQTT 3\.1\.1 has no binary mode"):
        mqtt.encode(made(), protocol="3.1.1")
    with pytest.raises(UnsupportedFormat, match="no format but json"):
        mqtt.encode(made(), "structured", "avro", protocol="3.1.1")


def test_what_is_no_event_of_mqtt_311() -> None:
    for payload in (b"", b"21.5", b"[]", b"{}", b"\xff", b'{"id":"1"}'):
        with pytest.raises(NotACloudEvent):
            mqtt.decode(payload, protocol="3.1.1")
    with pytest.raises(InvalidEvent):
        mqtt.decode(BODY.replace(b'"id"', b'"Id"'), protocol="3.1.1")
    assert mqtt.decode(BODY.replace(b"{", b'{"subject":"",', 1), protocol="3.1.1", lenient=True) == made()


def test_what_a_client_of_mqtt_311_sent_to_one_of_mqtt_5() -> None:
    event = mqtt.decode(BODY, None, None, lenient=True)
    assert event == made()
    assert [problem.requirement for problem in event.repairs] == ["MQTT-3.2.1-a"]


@pytest.mark.parametrize("protocol", ["3.1", "4", 5])
def test_an_unknown_protocol(protocol: Any) -> None:
    with pytest.raises(ValueError, match=r'protocol must be "5" or "3\.1\.1"'):
        mqtt.encode(made(), protocol=protocol)
    with pytest.raises(ValueError, match=r'protocol must be "5" or "3\.1\.1"'):
        mqtt.decode(b"", protocol=protocol)
