"""What holds for every input of every decoder: the judges of the fuzzers here and of tests/test_fuzz_decoders.py.

- Only the errors that the docstring of a decoder names leave it.
- What is decoded can be encoded, and is then decoded to the same event.
- The short ways of the decoders give what their careful ways give: the same event, or the same refusal.
- Lenient reading takes what strict reading takes, and says what it mended in everything else.

Each `check_...` raises `AssertionError`, or lets pass the foreign exception that was found.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeGuard, TypeVar

from msgspec import Raw

from cevents import (
    CloudEvent,
    CloudEventError,
    DataError,
    InvalidEvent,
    NotACloudEvent,
    UnsupportedFormat,
    attributes,
    bindings,
    formats,
    mediatypes,
    timestamps,
)
from cevents.bindings import _modes
from cevents.errors import Findings
from cevents.event import content_type, kept_extensions
from cevents.formats import _json_careful

T = TypeVar("T")
Headers = list[tuple[str, str]]


def check_format(name: str, text: bytes) -> None:
    """One event in a format other than JSON, and a batch where the format has some."""
    found = formats.get(name)
    event = outcome(lambda: found.decode(text), InvalidEvent)
    lenient = outcome(lambda: found.decode(text, lenient=True), InvalidEvent)
    if not isinstance(event, CloudEventError):
        same(lenient, event, "lenient reading")
        again = found.decode(found.encode(event))
        assert again == event, f"{again!r} is not {event!r}"
        assert again.has_data is event.has_data
    elif not isinstance(lenient, CloudEventError):
        assert lenient.repairs, "mended without a word"
    if found.batch_media_type is not None:
        events = outcome(lambda: found.decode_batch(text), InvalidEvent)
        if not isinstance(events, CloudEventError):
            assert found.decode_batch(found.encode_batch(events)) == events


HTTP_ERRORS = (InvalidEvent, NotACloudEvent, UnsupportedFormat)


def outcome(work: Callable[[], T], *allowed: type[CloudEventError]) -> T | CloudEventError:
    """What comes back, or the error, which must be one of those `allowed` and not of a class derived from them."""
    try:
        return work()
    except allowed as found:
        error = found
    assert type(error) in allowed, f"{type(error).__name__} is not declared"
    if isinstance(error, InvalidEvent):
        assert error.problems, "an invalid event without a problem"
        for problem in error.problems:
            assert len(str(problem)) < 1000, "a message of unbounded length"
    return error


def same(one: Any, other: Any, what: str) -> None:
    """Both are the same in all that can be seen: types of values, bytes of data, repairs, problems."""
    assert _state(one) == _state(other), f"{what}: {one!r} is not {other!r}"


def _state(found: Any) -> object:
    if _is_event(found):
        _, (_, core, extensions, data, repairs) = found.__reduce__()
        values = core, {name: (_type(value), value) for name, value in extensions.items()}
        return values, _type(data), data if data is None or isinstance(data, str) else bytes(data), repairs
    if isinstance(found, InvalidEvent):
        return found.problems
    if _is_list(found):
        return [_state(one) for one in found]
    return _type(found)


def _type(value: object) -> str:
    return type(value).__name__


def _is_event(value: object) -> TypeGuard[CloudEvent[Any]]:
    return isinstance(value, CloudEvent)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


# ---------------------------------------------------------------------------------------------------------------- JSON


def check_json(body: bytes) -> CloudEvent[Any] | CloudEventError:
    """Judge all of the JSON format by one body; returns what strict decoding of one event gave."""
    strict = outcome(lambda: formats.json.decode(body), InvalidEvent)
    careful = outcome(lambda: _carefully(body, lenient=False), InvalidEvent)
    same(strict, careful, "the short and the careful way differ")
    lenient = outcome(lambda: formats.json.decode(body, lenient=True), InvalidEvent)
    same(lenient, outcome(lambda: _carefully(body, lenient=True), InvalidEvent), "the lenient ways differ")
    check_leniency(strict, lenient)
    if isinstance(strict, CloudEvent):
        check_event(strict)
        again = formats.json.decode(formats.json.encode(strict, sort_attributes=True))
        assert again == strict, "sorting changes the event"
    elif isinstance(lenient, CloudEvent):
        check_lenient_event(lenient)
    check_batch(body)
    return strict


def _carefully(body: bytes, *, lenient: bool) -> CloudEvent[Any]:
    return _json_careful.decode(body, Findings(lenient=lenient))


def check_batch(body: bytes) -> None:
    """The ways to read a batch agree: all at once, carefully, as a stream."""
    strict = outcome(lambda: formats.json.decode_batch(body), InvalidEvent)
    careful = outcome(lambda: list(formats.json._elements(body, lenient=False)), InvalidEvent)  # pyright: ignore[reportPrivateUsage] # see the title
    same(strict, careful, "the short and the careful way of a batch differ")
    lenient = outcome(lambda: formats.json.decode_batch(body, lenient=True), InvalidEvent)
    check_leniency(strict, lenient)
    stream = outcome(lambda: list(formats.json.iter_decode(io.BytesIO(body))), InvalidEvent)
    bits = outcome(lambda: list(formats.json.iter_decode(slices(body, 7))), InvalidEvent)
    same(stream, bits, "a stream depends on how it is cut")
    if isinstance(strict, list):
        same(stream, strict, "a stream and a batch differ")
        assert formats.json.decode_batch(formats.json.encode_batch(strict)) == strict, (
            "a batch changes on its way"
        )


def slices(body: bytes, size: int) -> Iterable[bytes]:
    """The body in chunks of so many bytes."""
    return (body[at : at + size] for at in range(0, len(body), size))


# ---------------------------------------------------------------------------------------------------------------- HTTP


def check_http(headers: Headers, body: bytes) -> CloudEvent[Any] | CloudEventError:
    """Judge the HTTP binding by one message; returns what strict decoding gave."""
    strict = outcome(lambda: bindings.http.decode(headers, body), *HTTP_ERRORS)
    same(
        strict,
        outcome(lambda: _http_carefully(headers, body, lenient=False), *HTTP_ERRORS),
        "the HTTP ways differ",
    )
    lenient = outcome(lambda: bindings.http.decode(headers, body, lenient=True), *HTTP_ERRORS)
    same(
        lenient,
        outcome(lambda: _http_carefully(headers, body, lenient=True), *HTTP_ERRORS),
        "the lenient HTTP ways differ",
    )
    check_leniency(strict, lenient)
    batch = outcome(lambda: bindings.http.decode_batch(headers, body), *HTTP_ERRORS)
    check_leniency(
        batch, outcome(lambda: bindings.http.decode_batch(headers, body, lenient=True), *HTTP_ERRORS)
    )
    mode = bindings.http.content_mode(headers)
    if isinstance(strict, CloudEvent):
        assert mode in ("binary", "structured"), mode
        assert bindings.http.is_cloudevent(headers), "an event that does not look like one"
        as_bytes = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in headers
            if _is_latin_1(name, value)
        ]
        if len(as_bytes) == len(headers):
            same(bindings.http.decode(as_bytes, body), strict, "headers as bytes and as texts differ")
        check_event(strict)
    elif isinstance(lenient, CloudEvent):
        check_lenient_event(lenient)
    if isinstance(batch, list):
        assert mode == "batch", mode
        assert bindings.http.is_cloudevent(headers), "a batch that does not look like one"
        assert bindings.http.decode_batch(*bindings.http.encode_batch(batch)) == batch, (
            "a batch changes on its way"
        )
    return strict


def check_messages(headers: Headers, body: bytes) -> None:
    """Judge the bindings of the other protocols by one message, its headers as texts and as bytes."""
    as_bytes = [(name, value.encode("utf-8", errors="surrogatepass")) for name, value in headers]
    content_type = dict(headers).get("content-type")
    for name, given in _messages_of(headers, as_bytes, content_type, body):
        binding: Any = getattr(bindings, name)
        strict = outcome(partial(binding.decode, *given), *HTTP_ERRORS)
        # Lenient reading may make more of a message that is good already: NATS has its content type as an attribute.
        outcome(partial(binding.decode, *given, lenient=True), *HTTP_ERRORS)
        if isinstance(strict, CloudEvent):
            message = outcome(partial(binding.encode, strict), InvalidEvent)
            if not isinstance(message, CloudEventError):
                again = binding.decode(*message)
                assert again == strict, f"{name}: {again!r} is not {strict!r}"


def _messages_of(
    headers: Headers, as_bytes: Any, content_type: str | None, body: bytes
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    yield "kafka", (as_bytes, body)
    yield "kafka", (headers, None)
    yield "nats", (headers, body)
    yield "nats", (None, body)
    yield "pubsub", (headers, body)
    yield "rabbitmq", (content_type, headers, body)
    yield (
        "amqp",
        (content_type, [(name.replace("ce-", "cloudEvents_"), value) for name, value in headers], body),
    )
    yield "mqtt", (body, content_type, [(name.removeprefix("ce-"), value) for name, value in headers])


def _http_carefully(headers: Headers, body: bytes, *, lenient: bool) -> CloudEvent[Any]:
    findings = Findings(lenient=lenient)
    declared, texts = bindings.http._content_type(headers, findings)  # pyright: ignore[reportPrivateUsage] # see the title
    binding = bindings.http._BINDING  # pyright: ignore[reportPrivateUsage] # see the title
    return _modes.decode(declared, texts, body, binding, findings)


def _is_latin_1(*texts: str) -> bool:
    return all(max(text, default="") <= "\xff" for text in texts)


# --------------------------------------------------------------------------------------------------------------- events


def check_leniency(strict: Any, lenient: Any) -> None:
    """Lenient reading differs from strict reading in nothing but what it mends, and says what that is."""
    if _is_list(strict) and _is_list(lenient):
        for one, other in zip(strict, lenient, strict=True):
            check_leniency(one, other)
    elif isinstance(strict, CloudEvent) and isinstance(lenient, CloudEvent) and lenient.repairs:
        assert strict.specversion == "0.3", "lenient reading mends what is not broken"  # T-V03-1
    elif not isinstance(strict, CloudEventError):
        same(strict, lenient, "lenient reading differs where nothing is to be mended")
    elif isinstance(lenient, CloudEvent):
        assert lenient.repairs or type(strict) is not InvalidEvent, (
            "lenient reading mends and does not say so"
        )


def check_event(event: CloudEvent[Any]) -> None:
    """A good event goes through every mode and comes out as it was, its data byte for byte."""
    assert event.repairs == ()
    event.validate()
    repr(event)
    hash(event)
    data = outcome(lambda: event.data_bytes, DataError)  # the charset need not be known
    outcome(lambda: event.data, DataError)
    outcome(lambda: event.attributes, DataError)  # the year 0000
    again = formats.json.decode(formats.json.encode(event))
    assert again == event, f"JSON: {event!r} became {again!r}"
    same(outcome(lambda: again.data_bytes, DataError), data, "JSON changes data")
    message = outcome(lambda: bindings.http.encode(event), InvalidEvent, DataError)
    if isinstance(message, InvalidEvent):
        assert {problem.requirement for problem in message.problems} <= {"HTTP-3-c", "V03-http-a"}, message
    elif isinstance(message, bindings.http.HttpMessage):
        check_headers(message.headers)
        if event.specversion == "0.3" and any(
            isinstance(value, Raw) for value in kept_extensions(event).values()
        ):
            outcome(
                lambda: bindings.http.decode(*message), InvalidEvent
            )  # headers cannot tell what is in a Map
            return
        again = bindings.http.decode(*message)
        if data == b"":  # HTTP has no way to tell no bytes from no data
            event = event.replace(data=None, datacontenttype=content_type(event))
        assert again == event, f"HTTP: {event!r} became {again!r}"
        same(again.data_bytes, event.data_bytes, "HTTP changes data")


def check_headers(headers: Headers) -> None:
    """No name and no value can end a header and begin another, or is more than printable ASCII (`HTTP-3.1.3.2-b`)."""
    for name, value in headers:
        assert _HEADER_NAME.fullmatch(name), f"the header name {name!r}"
        assert value.isascii(), f"the header value {value!r}"
        assert value.isprintable(), f"the header value {value!r}"


_KEY = r"[A-Za-z0-9!#$%&'*+\-.^_`|~]*"  # of a Map under 0.3 (V03-http-a)
_HEADER_NAME = re.compile(f"content-type|ce-[a-z0-9]+(-{_KEY})?")


def check_lenient_event(event: CloudEvent[Any]) -> None:
    """What lenient reading mended can be sent on, and what it let pass is refused then."""
    assert not {"data", "data_base64"} & kept_extensions(event).keys(), "data became an attribute"
    repr(event)
    body = outcome(lambda: formats.json.encode(event), InvalidEvent)
    if isinstance(body, bytes):
        again = formats.json.decode(body)
        assert again == event, f"JSON: {event!r} became {again!r}"
    message = outcome(lambda: bindings.http.encode(event), InvalidEvent, DataError)
    if isinstance(message, bindings.http.HttpMessage):
        check_headers(message.headers)


# ------------------------------------------------------------------------------------------------------------- grammars


def check_timestamp(text: str) -> None:
    """A text that is a timestamp can be read, but for the year 0000; others can not; repairs are timestamps."""
    if timestamps.is_timestamp(text):
        try:
            moment = timestamps.parse(text)
        except ValueError:
            assert text.startswith("0000"), text
        else:
            rendered = timestamps.render(moment)
            assert timestamps.is_timestamp(rendered), rendered
            assert timestamps.parse(rendered) == moment, rendered
    mended = timestamps.repaired(text)
    assert mended is None or timestamps.is_timestamp(mended), mended


def check_media_type(text: str) -> None:
    """What a media type is parsed to spells the same media type."""
    found = mediatypes.parse(text)
    if found is None:
        return
    assert found.essence == found.essence.lower()
    parameters = "".join(f';{name}="{_quoted(value)}"' for name, value in found.parameters.items())
    again = mediatypes.parse(found.essence + parameters)
    assert again == found, f"{found} became {again}"
    assert found.codec is None or "".encode(found.codec) is not None


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def check_uri(text: str) -> None:
    """Every URI is a URI-reference, and has a scheme."""
    if attributes.URI.read(text) is not None:
        assert attributes.is_uri_reference(text), text
        assert ":" in text, text
        assert "#" not in text, text
