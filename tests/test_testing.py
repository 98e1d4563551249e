"""cevents.testing: what is drawn is valid, what is seldom is drawn, and the assertion tells what differs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cevents import CloudEvent, InvalidEvent, attributes, formats, mediatypes, testing, timestamps
from cevents.attributes import check_name
from cevents.errors import Findings
from cevents.testing import DataKind, SpecVersion, assert_same_event

VERSIONS: list[SpecVersion] = ["1.0", "0.3"]


def event(**changes: Any) -> CloudEvent[Any]:
    attributes: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, "data": {"a": 1}}
    return CloudEvent(**attributes | changes)


# ------------------------------------------------------------------------------------- what is drawn is valid


@given(testing.strings())
def test_strings(text: str) -> None:
    assert text
    assert attributes.is_string(text)


@pytest.mark.parametrize("specversion", VERSIONS)
@given(data=st.data())
def test_attribute_names(specversion: SpecVersion, data: st.DataObject) -> None:
    name = data.draw(testing.attribute_names(specversion))
    assert len(name) <= 20  # CE-naming-d
    assert name not in attributes.core_attributes(specversion)
    assert check_name(name, Findings(), specversion) == name


@given(testing.uris())
def test_uris(text: str) -> None:
    assert attributes.URI.read(text) == text


@given(testing.uri_references())
def test_uri_references(text: str) -> None:
    assert text
    assert attributes.is_uri_reference(text)


@given(testing.timestamps())
def test_timestamps(text: str) -> None:
    assert timestamps.is_timestamp(text)


@given(testing.timestamps(exact=True))
def test_exact_timestamps_lose_nothing_in_a_datetime(text: str) -> None:
    moment = timestamps.parse(text)
    digits = text[20:].partition("+")[0].partition("-")[0].rstrip("zZ") if text[19] == "." else ""
    assert moment.microsecond == int(digits.ljust(6, "0") or 0)
    assert moment.second == int(text[17:19])
    assert timestamps.parse(timestamps.render(moment)) == moment


@given(testing.media_types())
def test_media_types(text: str) -> None:
    assert mediatypes.parse(text) is not None
    assert attributes.is_string(text)
    assert not text.lower().startswith("application/cloudevents")


@given(testing.json_values())
def test_json_values(value: Any) -> None:
    assert event(data=value, datacontenttype="application/json").data == value


@pytest.mark.parametrize("specversion", VERSIONS)
@given(data=st.data())
def test_events(specversion: SpecVersion, data: st.DataObject) -> None:
    drawn = data.draw(testing.events(specversion=specversion))
    assert drawn.specversion == specversion
    assert drawn.repairs == ()
    drawn.validate()


KINDS: dict[DataKind, Callable[[CloudEvent[Any]], bool]] = {
    "none": lambda drawn: not drawn.has_data,
    "empty": lambda drawn: drawn.data_bytes == b"",
    "null": lambda drawn: drawn.has_data and drawn.data is None,
    "json": lambda drawn: msgspec.json.decode(drawn.data_bytes or b"") == drawn.data,
    "text": lambda drawn: isinstance(drawn.data, str) and drawn.data != "",
    "binary": lambda drawn: bool(drawn.data_bytes),
}


@pytest.mark.parametrize("kind", testing.DATA_KINDS)
@given(data=st.data())
def test_kinds_of_data(kind: DataKind, data: st.DataObject) -> None:
    assert KINDS[kind](data.draw(testing.events(data=[kind])))


@given(
    testing.events(
        type="com.example.order.created",
        subject=st.sampled_from(["a", "b"]),
        extensions={"partitionkey": "eu"},
        data=["json"],
        datacontenttype=st.just("application/json"),
        time=None,
    )
)
def test_events_can_be_narrowed_by_values_and_by_strategies(drawn: CloudEvent[Any]) -> None:
    assert drawn.type == "com.example.order.created"
    assert drawn.subject in {"a", "b"}
    assert dict(drawn.extensions) == {"partitionkey": "eu"}
    assert drawn.datacontenttype == "application/json"
    assert drawn.time is None


def test_values_that_are_not_valid_are_told_as_by_the_constructor() -> None:
    @settings(max_examples=1, database=None, phases=[Phase.generate])
    @given(testing.events(subject=""))
    def draw(drawn: CloudEvent[Any]) -> None:
        raise AssertionError(drawn)

    with pytest.raises(InvalidEvent, match="CE-subject-a"):
        draw()


# ------------------------------------------------------------------------------------ what is seldom is there

SELDOM: dict[str, tuple[SearchStrategy[Any], Callable[[Any], bool]]] = {
    "an astral character": (testing.strings(), lambda text: any(character > "\uffff" for character in text)),
    "a percent sign": (testing.strings(), lambda text: "%" in text),
    "a double quote": (testing.strings(), lambda text: '"' in text),
    "a space": (testing.strings(), lambda text: " " in text),
    "a keyword of Python": (testing.attribute_names(), lambda name: name == "class"),
    "a digit first": (testing.attribute_names(), lambda name: name[0].isdigit()),
    "an IPv6 literal": (testing.uris(), lambda text: "[" in text),
    "a fragment alone": (testing.uri_references(), lambda text: text.startswith("#")),
    "a leap second": (testing.timestamps(), lambda text: text[17:19] == "60"),
    "a leap second elsewhere": (
        testing.timestamps(),
        lambda text: text[17:19] == "60" and text[11:16] != "23:59",
    ),
    "nanoseconds": (testing.timestamps(), lambda text: len(text) >= 30 and text[19] == "."),
    "the year 0": (testing.timestamps(), lambda text: text.startswith("0000")),
    "a lower-case z": (testing.timestamps(), lambda text: text.endswith("z")),
    "an unknown local offset": (testing.timestamps(), lambda text: text.endswith("-00:00")),
    "a quoted parameter": (testing.media_types(), lambda text: '"' in text),
    "an integer of more than 64 bits": (
        testing.json_values(),
        lambda value: type(value) is int and value >= 2**64,
    ),
    "a Boolean extension": (
        testing.events(),
        lambda drawn: any(type(v) is bool for v in drawn.extensions.values()),
    ),
    "a Binary extension": (
        testing.events(),
        lambda drawn: any(type(v) is bytes for v in drawn.extensions.values()),
    ),
    "a Map under 0.3": (
        testing.events(specversion="0.3", time=None),
        lambda drawn: any(type(v) is dict for v in drawn.extensions.values()),
    ),
    "text in ISO-8859-1": (
        testing.events(data=["text"]),
        lambda drawn: "8859" in (drawn.datacontenttype or ""),
    ),
    "JSON with white space": (
        testing.events(data=["json"]),
        lambda drawn: (drawn.data_bytes or b"")[:2] in (b"[\n", b"{\n"),
    ),
    "data that lies about its type": (
        testing.events(data=["binary"]),
        lambda drawn: drawn.datacontenttype == "application/json",
    ),
}


@pytest.mark.parametrize("what", SELDOM)
def test_the_seldom_is_reached(what: str) -> None:
    strategy, wanted = SELDOM[what]
    within = settings(max_examples=5_000, database=None, phases=[Phase.generate])
    find(strategy, wanted, settings=within, random=Random(0))  # the same examples each time, not by luck


# ---------------------------------------------------------------------------------------------- the assertion


@given(testing.events() | testing.events(specversion="0.3"), testing.events())
def test_the_assertion_is_equality(one: CloudEvent[Any], other: CloudEvent[Any]) -> None:
    assert_same_event(one, one.replace())
    if one != other:
        with pytest.raises(AssertionError, match=r"\Athe events differ\n  \w+: .*, expected "):
            assert_same_event(one, other)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"id": "2"}, '  id: "1", expected "2"'),
        ({"subject": "x"}, '  subject: not set, expected "x"'),
        ({"partitionkey": "eu"}, '  partitionkey: not set, expected "eu"'),
        ({"datacontenttype": "text/json"}, '  datacontenttype: "application/json", expected "text/json"'),
        ({"data": {"a": 2}}, "  data: the JSON value b'{\"a\":1}', expected the JSON value b'{\"a\":2}'"),
        ({"data": None}, "  data: the JSON value b'{\"a\":1}', expected none"),
        ({"specversion": "0.3"}, '  specversion: "1.0", expected "0.3"'),
    ],
)
def test_the_assertion_names_what_differs_and_nothing_else(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(AssertionError) as failure:
        assert_same_event(
            event(datacontenttype="application/json"),
            event(**{"datacontenttype": "application/json", **changes}),
        )
    assert str(failure.value) == f"the events differ\n{told}"


def test_the_assertion_tells_all_that_differs() -> None:
    one, other = (
        event(data="text", datacontenttype="text/plain", a=1),
        event(data=b"\x00", datacontenttype="a/b", a=True),
    )
    with pytest.raises(AssertionError) as failure:
        assert_same_event(one, other)
    assert str(failure.value).splitlines() == [
        "the events differ",
        '  a: "1", expected "true"',
        '  datacontenttype: "text/plain", expected "a/b"',
        "  data: \"text\", expected b'\\x00'",
    ]


def test_the_assertion_finds_a_difference_beyond_what_it_shows() -> None:
    with pytest.raises(AssertionError, match="  subject: "):
        assert_same_event(event(subject="x" * 100 + "a"), event(subject="x" * 100 + "b"))


def test_the_assertion_takes_what_is_the_same_for_the_same() -> None:
    assert_same_event(
        event(a=5, datacontenttype="Application/JSON"), event(a="5")
    )  # canonical text, implied media type


def test_the_assertion_works_on_what_was_read_leniently() -> None:
    body = b'{"specversion":"1.0","id":"1","source":"/s","type":"t","datacontenttype":"json"}'
    lenient = formats.json.decode(body, lenient=True)
    assert_same_event(lenient, lenient)
    with pytest.raises(
        AssertionError, match=r'\Athe events differ\n  datacontenttype: "json", expected "a/b"\Z'
    ):
        assert_same_event(lenient, event(datacontenttype="a/b", data=None))


def test_a_missing_hypothesis_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, "cevents.testing")
    with pytest.raises(
        ImportError, match=r"\Acevents.testing needs Hypothesis: pip install \"cevents\[testing\]\"\Z"
    ):
        import_module("cevents.testing")
