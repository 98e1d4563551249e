"""cevents.adapters.cloudevents: objects of the official SDK, of both of its interfaces, as ours and back."""

from __future__ import annotations

import copy
import sys
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, Literal

import pytest
from cloudevents.core.v03 import event as v03
from cloudevents.core.v1 import event as v2
from cloudevents.v1 import http as v1
from hypothesis import given
from hypothesis import strategies as st

from cevents import CloudEvent, DataError, InvalidEvent, formats, testing
from cevents.adapters.cloudevents import from_cloudevents, to_cloudevents

Api = Literal["v1", "v2"]
APIS: list[Api] = ["v1", "v2"]
REQUIRED = {
    "specversion": "1.0",
    "type": "com.example.someevent",
    "source": "/mycontext",
    "id": "A234-1234-1234",
}


def peer_of(api: Api, data: Any = None, **attributes: Any) -> Any:
    return (
        v1.CloudEvent({**REQUIRED, **attributes}, data)
        if api == "v1"
        else v2.CloudEvent({**REQUIRED, **attributes}, data)
    )


# -------------------------------------------------------------------------------------------------- both ways


@pytest.mark.parametrize("specversion", ["1.0", "0.3"])
@pytest.mark.parametrize("api", APIS)
@given(data=st.data())
def test_an_event_survives_the_way_through_an_object_of_the_sdk(
    api: Api, specversion: Literal["1.0", "0.3"], data: st.DataObject
) -> None:
    event = data.draw(
        testing.events(specversion=specversion, time=st.none() | testing.timestamps(exact=api == "v2"))
    )
    if api == "v2" and event.time is not None:
        event = event.replace(time=event.time)  # the spelling is Python's then
    testing.assert_same_event(from_cloudevents(to_cloudevents(event, api)), event)


@pytest.mark.parametrize("api", APIS)
@given(data=st.data())
def test_an_object_of_the_sdk_survives_the_way_through_an_event(api: Api, data: st.DataObject) -> None:
    time = datetime(2018, 4, 5, 17, 31, tzinfo=UTC)
    peer = peer_of(
        api,
        data.draw(st.none() | testing.json_values()),
        time=time if api == "v2" else time.isoformat(),
        **data.draw(
            st.dictionaries(testing.attribute_names(), testing.strings() | st.booleans() | st.integers(0, 9))
        ),
    )
    before = copy.deepcopy((dict(peer.get_attributes()), peer.get_data()))
    again = to_cloudevents(from_cloudevents(peer), api)
    assert (dict(again.get_attributes()), again.get_data()) == before
    assert (dict(peer.get_attributes()), peer.get_data()) == before, "the SDK's object was changed"


@pytest.mark.parametrize("api", APIS)
def test_no_time_is_invented(api: Api) -> None:
    event: CloudEvent[Any] = CloudEvent(type="t", source="/s", id="1", time=None)
    peer = to_cloudevents(event, api)
    assert "time" not in peer.get_attributes()
    assert from_cloudevents(peer).get("time") is None


@pytest.mark.parametrize("api", APIS)
def test_json_null_is_not_no_data(api: Api) -> None:
    null: CloudEvent[Any] = formats.json.decode(
        b'{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"2018-04-05T17:31:00Z","data":null}'
    )
    peer = to_cloudevents(null, api)
    assert peer.get_data() == b"null"
    assert peer.get_attributes()["datacontenttype"] == "application/json"
    testing.assert_same_event(from_cloudevents(peer), null)
    assert to_cloudevents(null.replace(data=None), api).get_data() is None


@pytest.mark.parametrize("api", APIS)
def test_data_is_copied_both_ways(api: Api) -> None:
    """T80, T86, T91: neither side sees what the other does to a dict."""
    value = {"id": 7, "tags": ["a"]}
    event = from_cloudevents(peer_of(api, value))
    value["tags"] = []
    assert event.data == {"id": 7, "tags": ["a"]}
    peer: Any = to_cloudevents(event, api)
    peer.get_data()["id"] = 8
    assert event.data == {"id": 7, "tags": ["a"]}
    assert to_cloudevents(event, api).get_data() == {"id": 7, "tags": ["a"]}


# ----------------------------------------------------------------------------------------------- what is kept

DATA: list[tuple[str | None, Any, Any, bytes | None]] = [
    # datacontenttype, data of the SDK, our data, our bytes
    (None, None, None, None),
    (None, {"a": 1}, {"a": 1}, b'{"a":1}'),
    (None, "hello", "hello", b'"hello"'),  # as its structured mode writes it
    (None, b"\x00\xff", b"\x00\xff", b"\x00\xff"),
    ("application/json", "hello", "hello", b'"hello"'),
    ("application/json", [1, True, None], [1, True, None], b"[1,true,null]"),
    ("application/json", False, False, b"false"),
    ("application/json", b'{"a": 1}', {"a": 1}, b'{"a": 1}'),
    ("application/json", bytearray(b"[]"), [], b"[]"),
    ("text/plain", "hello", "hello", b"hello"),
    ("text/plain", "123", "123", b"123"),
    ("text/plain; charset=iso-8859-1", "é", "é", b"\xe9"),
    ("application/octet-stream", "hello", b"hello", b"hello"),
    ("application/octet-stream", b"", b"", b""),
    ("application/xml", "<much wow='xml'/>", "<much wow='xml'/>", b"<much wow='xml'/>"),
]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(("datacontenttype", "data", "ours", "encoded"), DATA)
def test_data_of_the_sdk(
    api: Api, datacontenttype: str | None, data: Any, ours: Any, encoded: bytes | None
) -> None:
    attributes = {} if datacontenttype is None else {"datacontenttype": datacontenttype}
    event = from_cloudevents(peer_of(api, data, **attributes))
    assert event.datacontenttype == datacontenttype
    assert event.data == ours
    assert event.data_bytes == encoded


def test_attributes_of_an_event_in_an_object_of_the_sdk() -> None:
    zone = timezone(timedelta(hours=2))
    event: CloudEvent[Any] = CloudEvent(
        **REQUIRED,
        time="2018-04-05T17:31:00.5+02:00",
        flag=True,
        number=5,
        raw=b"\x01\x02",
        text="é",
        when=datetime(2020, 1, 1, tzinfo=UTC),
    )
    extensions = {"flag": True, "number": 5, "raw": "AQI=", "text": "é", "when": "2020-01-01T00:00:00Z"}
    first, second = to_cloudevents(event, "v1"), to_cloudevents(event)
    assert isinstance(first, v1.CloudEvent)
    assert isinstance(second, v2.CloudEvent)
    assert first.get_attributes() == {**REQUIRED, **extensions, "time": "2018-04-05T17:31:00.5+02:00"}
    assert second.get_attributes() == {
        **REQUIRED,
        **extensions,
        "time": datetime(2018, 4, 5, 17, 31, 0, 500_000, zone),
    }


def test_unset_attributes_of_the_sdk_stay_unset() -> None:
    event = from_cloudevents(peer_of("v1", time=None, subject=None, ext=None))
    assert dict(event.attributes) == REQUIRED


def test_enumerations_of_the_sdk_are_taken_for_their_values() -> None:
    class SpecVersion(StrEnum):
        v1_0 = "1.0"

    event = from_cloudevents(peer_of("v1", specversion=SpecVersion.v1_0))
    assert type(event.specversion) is str


def test_events_of_0_3() -> None:
    attributes: dict[str, Any] = {
        **REQUIRED,
        "specversion": "0.3",
        "schemaurl": "schema/a",
        "amap": {"a": "b"},
    }
    attributes["time"] = datetime(2018, 4, 5, 17, 31, tzinfo=UTC)
    read = v03.CloudEvent(
        {**attributes, "datacontentencoding": "base64"}, b"\x01\x02"
    )  # as its reader gives it
    made = v03.CloudEvent({**attributes, "datacontentencoding": "base64"}, "AQI=")
    for peer in (read, made):
        event = from_cloudevents(peer)
        assert event.data_bytes == b"\x01\x02"
        assert event.text("schemaurl") == "schema/a"
        assert event["amap"] == {"a": "b"}
        again = to_cloudevents(event)
        assert isinstance(again, v03.CloudEvent)
        assert again.get_data() == b"\x01\x02"
        assert again.get_attributes() == attributes


# ------------------------------------------------------------------------------------------------ what is not


@pytest.mark.parametrize(
    "time", ["2018-04-05T17:31:00.5811478Z", "2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z"]
)
def test_a_time_that_a_datetime_cannot_hold_is_refused_where_it_must_be_one(time: str) -> None:
    event: CloudEvent[Any] = CloudEvent(type="t", source="/s", time=time)
    with pytest.raises(DataError, match=time[:19]):
        to_cloudevents(event)
    assert to_cloudevents(event, "v1").get_attributes()["time"] == time


def test_a_time_with_zeros_only_beyond_microseconds_is_held() -> None:
    event: CloudEvent[Any] = CloudEvent(type="t", source="/s", time="2018-04-05T17:31:00.123456000Z")
    assert to_cloudevents(event).get_time() == datetime(2018, 4, 5, 17, 31, 0, 123456, UTC)


@pytest.mark.parametrize(
    ("attributes", "requirement"),
    [
        ({"ext": 1.5}, "CE-types-l"),
        ({"ext": 2**31}, "CE-types-c"),
        ({"ext": {"a": 1}}, "CE-types-l"),
        ({"id": "a\0b"}, "CE-types-e"),
        ({"foo\n": "a"}, "CE-naming-a"),
        ({"source": "a b"}, "CE-source-a"),
        ({"dataschema": "#"}, "CE-dataschema-a"),
        ({"datacontenttype": "text/plain\r\nx-evil: 1"}, "CE-types-e"),
    ],
)
def test_what_the_sdk_lets_pass_is_refused(attributes: dict[str, Any], requirement: str) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        from_cloudevents(peer_of("v2", **attributes))
    assert [problem.requirement for problem in refusal.value.problems] == [requirement]


def test_lenient_reading_mends() -> None:
    event = from_cloudevents(peer_of("v1", time="2018-04-05 17:31"), lenient=True)
    assert event.text("time") == "2018-04-05T17:31:00Z"
    assert [problem.requirement for problem in event.repairs] == ["CE-time-a"]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("datacontenttype", "data"),
    [
        ("application/octet-stream", {"a": 1}),  # T27
        ("text/plain", [1]),
        ("application/json", float("nan")),  # T49
        ("application/json", object()),
        ("text/plain", "\ud800"),
    ],
)
def test_data_that_cannot_be_encoded_is_refused(api: Api, datacontenttype: str, data: Any) -> None:
    with pytest.raises(DataError):
        from_cloudevents(peer_of(api, data, datacontenttype=datacontenttype))


@pytest.mark.parametrize("data", ["A", "AQI", None, 5])
def test_data_of_0_3_that_is_not_the_base64_that_it_claims_is_refused(data: Any) -> None:
    peer = v03.CloudEvent({**REQUIRED, "specversion": "0.3", "datacontentencoding": "base64"}, data)
    with pytest.raises(InvalidEvent, match="V03-attr-b"):
        from_cloudevents(peer)


@pytest.mark.parametrize("name", ["v3", "1", "V1", 1])
def test_an_interface_that_is_not_known_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match='api must be "v1" or "v2"'):
        to_cloudevents(CloudEvent(type="t", source="/s"), name)


@pytest.mark.parametrize("other", [None, 5, {"type": "t"}, CloudEvent(type="t", source="/s")])
def test_what_is_no_object_of_the_sdk_is_refused(other: Any) -> None:
    with pytest.raises(TypeError, match="is no event of the package cloudevents"):
        from_cloudevents(other)


@pytest.mark.parametrize("api", APIS)
def test_a_missing_sdk_is_told_in_one_line(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] == "cloudevents":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cloudevents", None)
    with pytest.raises(ImportError, match=r"pip install \"cevents\[cloudevents\]\"") as error:
        to_cloudevents(CloudEvent(type="t", source="/s"), api)
    assert "\n" not in str(error.value)


def test_the_first_interface_is_found_where_it_was_before_2_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cloudevents.v1.http", None)
    monkeypatch.setitem(sys.modules, "cloudevents.http", v1)
    assert isinstance(to_cloudevents(CloudEvent(type="t", source="/s"), "v1"), v1.CloudEvent)
