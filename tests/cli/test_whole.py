"""`cevents.cli._whole`: what is taken for one event and what for a batch, and where the events of a batch stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevents import CloudEvent, InvalidEvent, formats
from cevents.cli._detection import check_json, format_of, is_json_text
from cevents.cli._whole import Shape, Span, Unusable, guarded, read, whole
from cevents.errors import Problem
from cevents.formats._protobuf_schema import Batch
from cevents.formats._protobuf_schema import Event as EventMessage
from tests.cli.running import cevents, without

PROTOBUF, XML = formats.get("protobuf"), formats.get("xml")
REQUIRED = ("id", "source", "spec_version", "type")

messages = st.builds(
    EventMessage,
    id=st.uuids().map(str) | st.text("ab{[< ", min_size=1, max_size=130),
    source=st.just("/s"),
    spec_version=st.just("1.0"),
    type=st.text("ab.", min_size=1, max_size=130),
    text_data=st.text(max_size=130),
)
lacks = st.lists(st.sampled_from(REQUIRED), min_size=1, max_size=3, unique=True)


def lacking(message: Any, names: list[str]) -> bytes:
    kept = EventMessage.FromString(message.SerializeToString())
    for name in names:
        kept.ClearField(name)
    body: bytes = kept.SerializeToString()
    return body


@given(messages, lacks)
def test_a_message_that_lacks_something_is_one_event(message: Any, names: list[str]) -> None:
    reading = read(PROTOBUF, lacking(message, names))
    assert not reading.of_batch
    assert {problem.message for problem in reading.problems} == {"is missing"}
    assert len(reading.problems) == len(names)


@given(messages, st.lists(messages, max_size=2), st.integers(0, 2), st.sampled_from(REQUIRED))
def test_messages_of_which_one_lacks_something_are_a_batch(
    message: Any, others: list[Any], place: int, name: str
) -> None:
    bodies = [other.SerializeToString() for other in others]
    bodies.insert(place, lacking(message, [name]))
    reading = read(PROTOBUF, Batch(events=bodies).SerializeToString())
    assert reading.of_batch
    assert [problem.index for problem in reading.problems] == [min(place, len(others))]
    body = Batch(events=bodies).SerializeToString()
    assert [body[span.start : span.start + span.size] for span in reading.spans] == bodies


@given(messages, st.lists(messages, max_size=2))
def test_protobuf_is_not_taken_for_json_or_xml(message: Any, others: list[Any]) -> None:
    for body in (message, Batch(events=[one.SerializeToString() for one in (message, *others)])):
        written = body.SerializeToString()
        # But for an event of 91 or 123 bytes whose id has as many as the code of what can follow a bracket.
        if not is_json_text(written):
            assert format_of(written, option="--from") is PROTOBUF


@pytest.mark.parametrize("code", b"[{<")
def test_a_batch_that_begins_like_a_text_is_none(code: int, tmp_path: Path) -> None:
    """The length of its first event can be the code of a bracket, behind a newline that is the tag of the field."""
    short = EventMessage(id="1", source="/s", spec_version="1.0", type="t").SerializeToString()
    one = EventMessage(id="1", source="/s", spec_version="1.0", type="t" * (1 + code - len(short)))
    body = Batch(events=[one.SerializeToString(), short]).SerializeToString()
    assert body.startswith(b"\n%c" % code)
    (tmp_path / "in").write_bytes(body)
    assert cevents("validate", "in", cwd=tmp_path)[:2] == (0, "2 events, 0 invalid, 1 file\n")
    assert without("google.protobuf", "validate", "in", cwd=tmp_path).status in (1, 2)


def test_json_after_a_newline_is_json() -> None:
    for text in (b'\n{"a', b"\n {\n}", b"\n[\n{", b"\n[]"):
        assert is_json_text(text)


def batch(*elements: str, before: str = "") -> bytes:
    events = "\n".join(elements)
    return f'{before}<b:batch xmlns:b="http://cloudevents.io/xmlformat/V1">\n{events}\n</b:batch>'.encode()


GOOD = '<b:event specversion="1.0"><b:id>1</b:id><b:source>/s</b:source><b:type>t</b:type></b:event>'
BAD = '<b:event specversion="1.0"><b:id>1</b:id><b:type>t</b:type></b:event>'


def test_the_root_of_a_document_tells_a_batch() -> None:
    assert read(XML, batch()).of_batch
    assert read(XML, batch(BAD, "text", "<b:other/>")).of_batch
    assert read(XML, batch(GOOD).replace(b"cloudevents", b"other")).of_batch
    assert read(XML, batch(GOOD).decode().encode("utf-16")).of_batch
    assert read(XML, batch(GOOD)[:-5]).of_batch
    one = GOOD.replace("<b:event ", '<b:event xmlns:b="http://cloudevents.io/xmlformat/V1" ').encode()
    assert not read(XML, one).of_batch
    for rest in (b"", b"<?xml", b"<!DOCTYPE b:batch><b:batch/>", b'<?xml version="1.0" encoding="no"?><a/>'):
        assert not read(XML, rest).of_batch
    assert read(XML, b"<!DOCTYPE b:batch><b:batch/>", shape="batch").spans == []


def test_events_of_a_document_stand_where_their_elements_are() -> None:
    body = batch(GOOD, "<other><event/></other>", '<b:event note=">"/>', BAD, before="<!-- event -->\n")
    reading = read(XML, body)
    texts = [body[span.start : span.start + span.size].decode() for span in reading.spans]
    assert [text.partition(" ")[0] for text in texts] == ["<b:event"] * 3
    assert (texts[0], texts[2]) == (GOOD, BAD)
    place = reading.place(Problem("CE-source-a", "is missing", index=2))
    assert (place.index, place.position, place.line, place.column) == (2, body.index(BAD.encode()), 6, 1)


def test_a_place_is_told_as_far_as_it_is_known() -> None:
    whole_batch = Problem("XML-5-c", "is broken", position=60)
    broken = batch(GOOD)[:-12]
    place = read(XML, broken).place(whole_batch)
    assert (place.index, place.position, place.line) == (None, 60, 2)
    assert len(read(XML, batch(GOOD)[:-20]).spans) == 1
    utf_16 = read(XML, batch(GOOD, BAD).decode().encode("utf-16"))
    place = utf_16.place(utf_16.problems[0])
    assert (place.index, place.line, place.column) == (1, None, None)


@pytest.mark.parametrize("end", [b"", b"\x08\x01", b"\x11" + bytes(8), b"\x1d" + bytes(4), b"\x12\x02ab"])
def test_other_fields_of_a_batch_are_passed_over(end: bytes) -> None:
    one = EventMessage(id="1", spec_version="1.0", type="t", source="/s").SerializeToString()
    body = end + Batch(events=[one]).SerializeToString()
    reading = read(PROTOBUF, body, shape="batch")
    assert reading.spans == [Span(len(end) + 2, len(one))]


@pytest.mark.parametrize("end", [b"\x0a", b"\x0b", b"\x80" * 12, b"\x0a\x05ab"])
def test_what_is_no_batch_is_looked_through_to_where_it_is_broken(end: bytes) -> None:
    reading = read(PROTOBUF, b"\x0a\x00" + end, shape="batch")
    assert reading.spans[0] == Span(2, 0)


@given(st.binary(max_size=60) | st.text("<>/be:vnt =\"'!?", max_size=60).map(str.encode))
def test_nothing_else_leaves_a_look(body: bytes) -> None:
    shapes: tuple[Shape | None, ...] = (None, "event", "batch")
    for format_ in (PROTOBUF, XML):
        for shape in shapes:
            reading = read(format_, body, shape=shape)
            for problem in reading.problems:
                assert reading.place(problem).index in (None, problem.index or 0)


def test_what_a_media_type_says_holds_for_json_too() -> None:
    check_json(b" [", None)
    check_json(b' {"', "event")
    check_json(b"\xef\xbb\xbf\n[", "batch")
    with pytest.raises(InvalidEvent, match="must be a JSON object; an array of events is a batch"):
        check_json(b" [", "event")
    with pytest.raises(InvalidEvent, match="must be a JSON array of events"):
        check_json(b"", "batch")


class _Third:
    name = "third"
    media_type = "application/x-third"
    batch_media_type: str | None = "application/x-third-batch"

    def encode(self, event: CloudEvent[Any]) -> bytes:
        return formats.json.encode(event)

    def decode(self, body: bytes, *, lenient: bool = False) -> CloudEvent[Any]:
        return formats.json.decode(body, lenient=lenient)

    def encode_batch(self, events: Any) -> bytes:
        return formats.json.encode_batch(events)

    def decode_batch(self, body: bytes, *, lenient: bool = False) -> list[CloudEvent[Any]]:
        return formats.json.decode_batch(body, lenient=lenient)


def test_batches_of_another_package_are_not_taken_apart() -> None:
    good = '{"specversion":"1.0","id":"1","source":"/s","type":"t"}'
    reading = read(_Third(), f"[{good},{{}}]".encode())
    assert (reading.of_batch, reading.spans) == (True, [])
    place = reading.place(reading.problems[0])
    assert (place.index, place.position) == (1, None)
    assert len(read(_Third(), f"[{good}]".encode()).events) == 1
    assert not read(_Third(), b"[]").of_batch


def test_what_fails_in_a_format_of_ours_is_seen_whole() -> None:
    with pytest.raises(KeyError), guarded(XML, "read"):
        raise KeyError("found")
    with (
        pytest.raises(Unusable, match="as third: the code of this format raised KeyError"),
        guarded(_Third(), "read"),
    ):
        raise KeyError("found")


def test_what_is_too_long_to_be_held_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cevents.cli._whole._MOST", 10)
    assert whole(b"12345", [b"67890"]) == b"1234567890"
    with pytest.raises(Unusable, match="has more than 10 bytes, and only JSON is read as a stream"):
        whole(b"12345", [b"67890", b"1"])
