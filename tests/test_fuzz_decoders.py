"""No input, whatever its bytes, gets more out of a decoder than an event or an error of ours, at a cost in proportion.

The judges are those of the fuzzers (`fuzz/properties.py`); here Hypothesis gives them valid messages that were damaged.
"""

from __future__ import annotations

import io
import json
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cevents import CloudEvent, CloudEventError, DataError, InvalidEvent, bindings, formats, testing
from fuzz import properties, seeds

Headers = list[tuple[str, str]]

# ------------------------------------------------------------------------------------------------- damaged messages

WORDS = [
    b"null", b"true", b"0", b"-0", b"1e400", b"1.5", b"2147483648", b'""', b'"', b"\\", b"\\u0069", b"\\ud800",
    b"\\u0000", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\n", b"\t", b"\x00", b"\x7f", b"\xff", b"\xc0\xa0",
    b"\xed\xa0\x80", b"\xef\xbb\xbf", b'"id":"2",', b'"\\u0069d":"1",', b'"data":1,', b'"data_base64":"AQI=",',
    b'"data_base64":null,', b'"subject":null,', b'"specversion":"0.3",', b'"datacontentencoding":"base64",',
    b'"datacontenttype":"text/plain",', b'"MyExt":"a",', b"%", b"%25", b"%C3", b"\xc3\xa9", b"ce-id: 2\n",
    b"ce-datacontenttype: a/b\n", b"ce-a-b: c\n", b"content-type: a/b\n", b"application/cloudevents", b"+json",
    b"-batch", b"; charset=utf-16",
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """A message with a few pieces removed, repeated or put in."""
    text = draw(whole)
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        repeated = st.sampled_from([b"", text[start:end] * 2])
        piece = draw(repeated | st.sampled_from(WORDS) | st.binary(max_size=3))
        text = text[:start] + piece + text[start if draw(st.booleans()) else end :]
    return text


any_events = testing.events() | testing.events(specversion="0.3")


@st.composite
def json_texts(draw: st.DrawFn) -> bytes:
    """An event as somebody may write it: spaced, in any order, with escapes, with a member twice."""
    text = formats.json.encode(draw(any_events), sort_attributes=draw(st.booleans()))
    if draw(st.booleans()):
        return text
    ascii_only = draw(st.booleans())
    members = [
        f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=ascii_only)}"
        for name, value in json.loads(text).items()
    ]
    if draw(st.booleans()):
        members.append(draw(st.sampled_from(members)))
    members = draw(st.permutations(members))
    return ("{" + draw(st.sampled_from([",", ", ", "\n,\t"])).join(members) + " }").encode()


known_extensions = testing.events(extensions={"a": 1, "ext": "x"}).map(formats.json.encode)
messages = any_events.map(bindings.http.encode).map(lambda message: seeds.text_of(*message))
batches = st.lists(testing.events(), max_size=3).map(formats.json.encode_batch)
lines = st.lists(json_texts(), max_size=3).map(b"\n".join)


@pytest.fixture(autouse=True, scope="module")
def _learned() -> None:  # pyright: ignore[reportUnusedFunction] # pytest calls it
    """The short way of the JSON decoder takes extensions once it has seen them a few times."""
    event: CloudEvent[Any] = CloudEvent(type="t", source="/s", a=1, ext="x")
    for _ in range(5):
        formats.json.decode(formats.json.encode(event))


def event_of(*members: bytes) -> bytes:
    return b"{%b}" % b",".join([b'"specversion":"1.0","type":"t","source":"/s","id":"1"', *members])


@settings(max_examples=3 * settings().max_examples)
@given(damaged(json_texts() | known_extensions))
@example(b"")
@example(event_of(b'"id":"1"'))  # T48
@example(event_of(b'"a":1,"a":1'))
@example(event_of(b'"\\u0069d":"2"'))
@example(event_of(b'"data":"\xff"'))
@example(event_of(b'"data":{"a":1,"a":2}'))
@example(event_of(b'"Data":"x"'))  # what lenient reading must not make of a name
@example(event_of(b'"datacontentEncoding":"base64","data":"AQ=="').replace(b"1.0", b"0.3"))
def test_one_event_in_json(text: bytes) -> None:
    properties.check_json(text)


@settings(max_examples=2 * settings().max_examples)
@given(damaged(batches | lines))
def test_batches_and_streams(text: bytes) -> None:
    properties.check_batch(text)


@settings(max_examples=3 * settings().max_examples)
@given(damaged(messages))
@example(b"ce-specversion: 1.0\nce-type: t\nce-id: 1\nce-source: \n\n")
def test_messages_of_http(text: bytes) -> None:
    properties.check_http(*seeds.message_of(text))


@given(st.binary(max_size=300))
def test_arbitrary_bytes(text: bytes) -> None:
    properties.check_json(text)
    properties.check_http([("content-type", "application/cloudevents+json")], text)
    properties.check_http([("content-type", "application/cloudevents-batch+json")], text)


# The names of what ASGI and WSGI hand over can also be names of headers.
_NAMES = [
    "ce-id", "ce-type", "ce-source", "ce-specversion", "Content-Type", "headers", "type", "asgi", "request_method",
    "REQUEST_METHOD", "wsgi.version", "multi_items",
]  # fmt: skip
header_texts = st.text(max_size=30) | st.sampled_from([*_NAMES, "1.0", "http", "websocket"])


@given(st.lists(st.tuples(header_texts, header_texts), max_size=6), st.binary(max_size=50))
def test_arbitrary_headers(headers: Headers, body: bytes) -> None:
    properties.check_http(headers, body)


@given(st.dictionaries(header_texts, header_texts, max_size=6), st.binary(max_size=50))
@example({"asgi": "1", "headers": "x"}, b"")
@example({"type": "http", "headers": "x"}, b"")
@example({"REQUEST_METHOD": "x", "wsgi.version": "1"}, b"")
def test_arbitrary_mappings_of_headers(headers: dict[str, str], body: bytes) -> None:
    for verb in (bindings.http.decode, bindings.http.decode_batch):
        for lenient in (False, True):
            properties.outcome(partial(verb, headers, body, lenient=lenient), *properties.HTTP_ERRORS)
    assert bindings.http.is_cloudevent(headers) in {False, True}


@given(
    damaged(testing.timestamps().map(str.encode)),
    damaged(testing.media_types().map(str.encode)),
    damaged(testing.uri_references().map(str.encode)),
)
def test_grammars(timestamp: bytes, media_type: bytes, uri: bytes) -> None:
    properties.check_timestamp(timestamp.decode(errors="surrogateescape"))
    properties.check_media_type(media_type.decode(errors="surrogateescape"))
    properties.check_uri(uri.decode(errors="surrogateescape"))


def test_messages_of_the_conformance_vectors() -> None:
    for text in seeds.json_seeds():
        properties.check_json(text)
    for text in seeds.http_seeds():
        properties.check_http(*seeds.message_of(text))


# --------------------------------------------------------------------------------------------------- hostile sizes


def numbered(pattern: bytes, count: int) -> list[bytes]:
    return [pattern.replace(b"#", str(number).encode()) for number in range(count)]


def source_of(text: bytes) -> bytes:
    return event_of().replace(b"/s", text)


JSON: dict[str, Callable[[int], bytes]] = {
    "arrays in arrays in data": lambda n: event_of(b'"data":' + b"[" * n + b"]" * n),
    "arrays in data without end": lambda n: event_of(b'"data":' + b"[" * n),
    "objects in objects in data": lambda n: event_of(b'"data":' + b'{"a":' * n + b"1" + b"}" * n),
    "an array as an attribute": lambda n: event_of(b'"ext":' + b"[" * n + b"]" * n),
    "digits in data": lambda n: event_of(b'"data":' + b"9" * n),
    "digits of a fraction in data": lambda n: event_of(b'"data":0.' + b"9" * n),
    "digits in an attribute": lambda n: event_of(b'"ext":' + b"9" * n),
    "a long string in data": lambda n: event_of(b'"data":"' + b"a" * n + b'"'),
    "a long string beyond ASCII": lambda n: event_of(b'"data":"' + "é".encode() * n + b'"'),
    "a long string as an attribute": lambda n: event_of(b'"ext":"' + b"a" * n + b'"'),
    "a long name": lambda n: event_of(b'"' + b"a" * n + b'":1'),
    "a long name that is none": lambda n: event_of(b'"' + b"-" * n + b'":1'),
    "many members": lambda n: event_of(*numbered(b'"a#":1', n)),
    "many members that are null": lambda n: event_of(*numbered(b'"a#":null', n)),
    "many members with problems": lambda n: event_of(*numbered(b'"A-#":1', n)),
    "one member many times": lambda n: event_of(*[b'"a":1'] * n),
    "one member many times, with other values": lambda n: event_of(*numbered(b'"a":#', n)),
    "many members in data": lambda n: event_of(b'"data":{' + b",".join(numbered(b'"a#":1', n)) + b"}"),
    "escapes in data": lambda n: event_of(b'"data":"' + b"\\u00e9" * n + b'"'),
    "escaped quotes in data": lambda n: event_of(b'"data":"' + b'\\"' * n + b'"'),
    "escaped quotes and a repeated member": lambda n: event_of(b'"data":"' + b'\\"' * n + b'"', b'"id":"1"'),
    "escapes in an attribute": lambda n: event_of(b'"ext":"' + b"\\ud83d\\ude00" * n + b'"'),
    "lone surrogates": lambda n: event_of(b'"ext":"' + b"\\ud800" * n + b'"'),
    "controls in an attribute": lambda n: event_of(b'"ext":"' + b"\\u0000" * n + b'"'),
    "white space": lambda n: event_of(b" " * n + b'"data":1'),
    "white space around": lambda n: b"\n" * n + event_of(b'"data":1') + b" " * n,
    "bytes that are not UTF-8": lambda n: event_of(b'"data":"' + b"\xff" * n + b'"'),
    "base64": lambda n: event_of(b'"data_base64":"' + b"AAAA" * n + b'"'),
    "base64 that is none": lambda n: event_of(b'"data_base64":"' + b"A" * (4 * n + 1) + b'"'),
    "base64 with spaces": lambda n: event_of(b'"data_base64":"' + b"A A " * n + b'"'),
    "a source of one segment": lambda n: source_of(b"a" * n),
    "a source of segments": lambda n: source_of(b"/a" * n),
    "a source of escapes": lambda n: source_of(b"%41" * n),
    "a source that ends badly": lambda n: source_of(b"a" * n + b" "),
    "a source of colons": lambda n: source_of(b":" * n),
    "a source of user names": lambda n: source_of(b"//" + b"a:@" * n),
    "a source of an endless IPv6 address": lambda n: source_of(b"//[" + b"1:" * n + b"]"),
    "a source of dots": lambda n: source_of(b"//[v1." + b".:" * n),
    "a schema that ends badly": lambda n: event_of(b'"dataschema":"http://' + b"a/?" * n + b'#"'),
    "digits of a second": lambda n: event_of(b'"time":"2018-04-05T17:31:00.' + b"1" * n + b'Z"'),
    "digits of a second without end": lambda n: event_of(b'"time":"2018-04-05T17:31:00.' + b"1" * n + b'"'),
    "parameters": lambda n: event_of(b'"datacontenttype":"a/b' + b";c=d" * n + b'"'),
    "parameters that end badly": lambda n: event_of(b'"datacontenttype":"a/b' + b" ; c=d" * n + b' ;"'),
    "a quoted parameter without end": lambda n: event_of(b'"datacontenttype":"a/b;c=\\"' + b"d" * n + b'"'),
    "spaces in a media type": lambda n: event_of(b'"datacontenttype":"a/b' + b" " * n + b';"'),
    "an unknown version": lambda n: event_of().replace(b"1.0", b"1." + b"0" * n),
    "a Map under 0.3": lambda n: event_of(b'"m":{%b}' % b",".join(numbered(b'"a#":"b"', n))).replace(
        b"1.0", b"0.3"
    ),
}

STREAMS: dict[str, Callable[[int], bytes]] = {
    "a batch of events": lambda n: b"[%b]" % b",".join([event_of()] * (n // 8)),
    "a batch of which the last is bad": lambda n: b"[%b]" % b",".join([*[event_of()] * (n // 8), b"{}"]),
    "a batch of bad ones": lambda n: b"[%b]" % b",".join([b"{}"] * n),
    "a batch of numbers": lambda n: b"[" + b"1," * n + b"1]",
    "a batch without end": lambda n: b"[" + b"{}," * n,
    "arrays in arrays": lambda n: b"[" * n + b"]" * n,
    "events one a line": lambda n: (event_of() + b"\n") * (n // 8),
    "lines that are broken": lambda n: b'{"a\n' * n,
    "brackets that are opened, a line each": lambda n: b"{\n" * n,
    "an event and then brackets, a line each": lambda n: event_of() + b"\n" + b"{[\n" * n,
    "events over many lines": lambda n: event_of().replace(b",", b",\n") * (n // 8),
    "empty lines": lambda n: b"\n" * n + event_of(),
    "a line without end": lambda n: b'{"a":"' + b"a" * n,
    "backslashes": lambda n: b'{"a":"' + b"\\" * n,
    "quotes": lambda n: b"[" + b'"' * n,
    "quotes, a line each": lambda n: b'"\n' * n,
}


def headers_of(*pairs: tuple[str, str], version: str = "1.0") -> Headers:
    return [("ce-specversion", version), ("ce-type", "t"), ("ce-source", "/s"), ("ce-id", "1"), *pairs]


HTTP: dict[str, Callable[[int], tuple[Headers, bytes]]] = {
    "many attributes": lambda n: (headers_of(*((f"ce-a{number}", "1") for number in range(n))), b""),
    "many other headers": lambda n: (headers_of(*((f"x-{number}", "1") for number in range(n))), b""),
    "one attribute many times": lambda n: (headers_of(*[("ce-a", "1")] * n), b""),
    "one content type many times": lambda n: (headers_of(*[("content-type", "a/b")] * n), b""),
    "many bad names": lambda n: (headers_of(*((f"ce-a_{number}", "1") for number in range(n))), b""),
    "a long value": lambda n: (headers_of(("ce-a", "a" * n)), b""),
    "percent-encoding": lambda n: (headers_of(("ce-a", "%C3%A9" * n)), b""),
    "percent signs": lambda n: (headers_of(("ce-a", "%" * n)), b""),
    "percent-encoding that is not UTF-8": lambda n: (headers_of(("ce-a", "%FF" * n)), b""),
    "quoted strings": lambda n: (headers_of(("ce-a", '"a"' * n)), b""),
    "a quoted string without end": lambda n: (headers_of(("ce-a", '"' + "a" * n)), b""),
    "quoted pairs without end": lambda n: (headers_of(("ce-a", '"' + "\\a" * n)), b""),
    "quotes": lambda n: (headers_of(("ce-a", '"' * (2 * n + 1))), b""),
    "characters beyond ASCII": lambda n: (headers_of(("ce-a", "Ã©" * n)), b""),
    "a long content type": lambda n: (
        headers_of(("content-type", "application/cloudevents+" + "a" * n)),
        b"",
    ),
    "a content type of parameters": lambda n: (headers_of(("content-type", "a/b" + ";c=d" * n + ";")), b""),
    "a Map under 0.3": lambda n: (
        headers_of(*((f"ce-m-{number}", "1") for number in range(n)), version="0.3"),
        b"",
    ),
    "base64 under 0.3": lambda n: (
        headers_of(("ce-datacontentencoding", "base64"), version="0.3"),
        b"AAAA" * n,
    ),
    "JSON that is none": lambda n: (headers_of(("content-type", "application/json")), b"[" * n),
}


def use_json(text: bytes) -> None:
    for lenient in (False, True):
        use(properties.outcome(partial(formats.json.decode, text, lenient=lenient), InvalidEvent))


def use_http(message: tuple[Headers, bytes]) -> None:
    for lenient in (False, True):
        use(
            properties.outcome(
                partial(bindings.http.decode, *message, lenient=lenient), *properties.HTTP_ERRORS
            )
        )


def use(event: CloudEvent[Any] | CloudEventError) -> None:
    if not isinstance(event, CloudEventError):
        properties.outcome(lambda: event.data, DataError)
        properties.outcome(lambda: formats.json.encode(event), InvalidEvent)
        properties.outcome(lambda: bindings.http.encode(event), DataError, InvalidEvent)


def use_stream(text: bytes) -> None:
    for lenient in (False, True):
        properties.outcome(partial(formats.json.decode_batch, text, lenient=lenient), InvalidEvent)
        properties.outcome(partial(drain, io.BytesIO(text), lenient=lenient), InvalidEvent)
        properties.outcome(partial(drain, properties.slices(text, 512), lenient=lenient), InvalidEvent)


def drain(source: Any, *, lenient: bool) -> None:
    for _ in formats.json.iter_decode(source, lenient=lenient):
        pass


Case = Callable[[int], tuple[Callable[[], None], int]]
"""From a size to what is to be done and how many bytes it is done with."""


def json_case(make: Callable[[int], bytes], use: Callable[[bytes], None]) -> Case:
    def case(size: int) -> tuple[Callable[[], None], int]:
        text = make(size)
        return partial(use, text), len(text)

    return case


def http_case(make: Callable[[int], tuple[Headers, bytes]]) -> Case:
    def case(size: int) -> tuple[Callable[[], None], int]:
        headers, body = make(size)
        return partial(use_http, (headers, body)), len(seeds.text_of(headers, body))

    return case


CASES: dict[str, Case] = {
    **{f"JSON: {name}": json_case(make, use_json) for name, make in JSON.items()},
    **{f"stream: {name}": json_case(make, use_stream) for name, make in STREAMS.items()},
    **{f"HTTP: {name}": http_case(make) for name, make in HTTP.items()},
}
SMALL, TIMES = 1500, 8


def seconds(work: Callable[[], None]) -> float:
    """Of this thread alone, so that what else runs on the machine hardly counts."""
    start = time.thread_time()
    work()
    return time.thread_time() - start


@pytest.mark.parametrize("name", CASES)
def test_time_grows_as_the_input_does(name: str) -> None:
    """Eight times the input takes about eight times as long; what grows as the square would take 64 times."""
    (small, small_size), (large, large_size) = CASES[name](SMALL), CASES[name](SMALL * TIMES)
    growth = large_size / small_size
    ratios: list[float] = []
    for _ in range(6):  # of which the best counts: noise makes things slower only
        before = min(seconds(small) for _ in range(3))
        after = min(seconds(large) for _ in range(2))
        if after < 0.001 or after / before < 3 * growth:
            return
        ratios.append(after / before)
    pytest.fail(f"{growth:.1f} times the input took {ratios} times as long")


@pytest.mark.parametrize("name", CASES)
def test_memory_is_a_multiple_of_the_input(name: str) -> None:
    work, size = CASES[name](SMALL * TIMES)
    tracemalloc.start()
    try:
        work()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * size + 500_000, f"{peak} bytes for {size}"


def test_nesting_of_100_000_levels_is_refused() -> None:
    """S8: never a RecursionError, whoever asks; and what nobody asks for is passed on."""
    nested = b"[" * 100_000 + b"]" * 100_000
    for lenient in (False, True):
        with pytest.raises(InvalidEvent, match="nested too deeply"):
            formats.json.decode(event_of(b'"data":' + nested), lenient=lenient)
    event = bindings.http.decode(headers_of(("content-type", "application/json")), nested)
    with pytest.raises(DataError, match="nested too deeply"):
        _ = event.data
    assert bindings.http.encode(event).body == nested
    assert bindings.http.decode(*bindings.http.encode(event, "structured")) == event
