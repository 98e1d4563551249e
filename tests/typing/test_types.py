"""What type checkers know of events: checked by mypy and pyright with all the other files, and run as a test as well.

`assert_type` does nothing when it runs; each type checker holds it to the letter. A line that must be an error has an
ignore with its code, which mypy reports as unused where the error is not found.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, TypedDict, assert_type

import msgspec
import pydantic
import pytest

from cevents import CloudEvent, DataError, InvalidEvent, Problem, attributes, bindings, formats
from cevents.bindings.http import HttpMessage
from cevents.formats import Format


@dataclasses.dataclass
class Order:
    id: int


class OrderStruct(msgspec.Struct):
    id: int


class OrderModel(pydantic.BaseModel):
    id: int


class OrderDict(TypedDict):
    id: int


class Shipped(CloudEvent[dict[str, int]]):
    pass


def test_attributes_of_an_event() -> None:
    event: CloudEvent[Any] = CloudEvent(type="t", source="/s", data={"id": 7}, ext=5, flag=True)
    assert_type(event.type, str)
    assert_type(event.source, str)
    assert_type(event.id, str)
    assert_type(event.specversion, str)
    assert_type(event.time, datetime | None)
    assert_type(event.subject, str | None)
    assert_type(event.dataschema, str | None)
    assert_type(event.datacontenttype, str | None)
    assert_type(event.attributes, Mapping[str, bool | int | str | bytes | datetime])
    assert_type(event.extensions, Mapping[str, bool | int | str | bytes | datetime])
    assert_type(event["ext"], bool | int | str | bytes | datetime)
    assert_type(event.get("ext"), Any)
    assert_type(event.text("ext"), str)
    assert_type(event.has_data, bool)
    assert_type(event.data_bytes, bytes | None)
    assert_type(event.repairs, tuple[Problem, ...])


def test_data_of_an_event() -> None:
    event: CloudEvent[dict[str, int]] = CloudEvent(type="t", source="/s", data={"id": 7})
    assert_type(event.data, dict[str, int])
    untyped: CloudEvent[Any] = event
    assert_type(untyped.data, Any)

    def general(event: CloudEvent[object]) -> object:
        return assert_type(event.data, object)

    assert general(event) == {"id": 7}  # covariant: data is only read
    assert_type(CloudEvent[list[int]](type="t", source="/s", data=[1]).data, list[int])


def test_data_as() -> None:
    event: CloudEvent[Any] = CloudEvent(type="t", source="/s", data={"id": 7})
    assert_type(event.data_as(Order), Order)
    assert_type(event.data_as(OrderStruct), OrderStruct)
    assert_type(event.data_as(OrderModel), OrderModel)
    assert_type(event.data_as(OrderDict), OrderDict)
    assert_type(event.data_as(dict[str, int]), dict[str, int])
    assert_type(event.data_as(bytes), bytes)
    found: Order | None = event.data_as(Order | None)  # for which there is no type yet
    assert found == event.data_as(Order)
    with pytest.raises(DataError):
        assert_type(event.data_as(str), str)


def test_events_made_of_events() -> None:
    event: CloudEvent[dict[str, int]] = CloudEvent(type="t", source="/s", data={"id": 7})
    assert_type(event.replace(id="2"), CloudEvent[dict[str, int]])
    assert_type(event.to_v03(), CloudEvent[dict[str, int]])
    assert_type(event.to_v1(), CloudEvent[dict[str, int]])
    shipped = Shipped(type="t", source="/s", data={"id": 7})
    assert_type(shipped.replace(id="2"), Shipped)
    assert_type(shipped.to_v03().to_v1(), Shipped)
    assert_type(shipped.data, dict[str, int])
    assert_type(event == shipped, bool)
    assert_type(hash(event), int)
    assert_type("id" in event, bool)


def test_formats_and_bindings() -> None:
    event: CloudEvent[Any] = CloudEvent(type="t", source="/s")
    assert_type(formats.json.encode(event), bytes)
    assert_type(formats.json.decode(formats.json.encode(event)), CloudEvent[Any])
    assert_type(formats.json.encode_batch([event]), bytes)
    assert_type(formats.json.decode_batch(b"[]"), list[CloudEvent[Any]])
    assert_type(formats.json.iter_decode([b""]), Iterator[CloudEvent[Any]])
    assert_type(formats.get("json"), Format)
    assert_type(formats.names(), list[str])
    message = bindings.http.encode(event)
    assert_type(message, HttpMessage)
    headers, body = message
    assert_type(headers, list[tuple[str, str]])
    assert_type(body, bytes)
    assert_type(bindings.http.decode(*message), CloudEvent[Any])
    assert_type(bindings.http.decode({"ce-id": "1", **dict(headers)}), CloudEvent[Any])
    assert_type(bindings.http.decode_batch(*bindings.http.encode_batch([event])), list[CloudEvent[Any]])
    assert_type(bindings.http.is_cloudevent(headers), bool)
    assert_type(bindings.http.content_mode(headers), Literal["binary", "structured", "batch"])


def test_a_module_is_a_format() -> None:
    format_: Format = formats.json
    assert_type(format_.batch_media_type, str | None)


def test_errors() -> None:
    with pytest.raises(InvalidEvent) as caught:
        CloudEvent(type="", source="/s")
    assert_type(caught.value.problems, tuple[Problem, ...])
    assert_type(caught.value.problems[0].attribute, str | None)
    assert_type(caught.value.http_status, int)
    assert_type(attributes.declared("ext"), attributes.AttributeType | None)


def test_what_a_type_checker_refuses() -> None:
    with pytest.raises(TypeError):
        CloudEvent(source="/s")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue] # no type
    with pytest.raises(TypeError):
        CloudEvent("t", "/s")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue] # by position
    with pytest.raises(InvalidEvent):
        CloudEvent(type="t", source="/s", subject=5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # no text
    with pytest.raises(InvalidEvent):
        CloudEvent(type="t", source="/s", ext=1.5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # of no type
    event: CloudEvent[Any] = CloudEvent(type="t", source="/s")
    with pytest.raises(AttributeError):
        event.id = "2"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue] # it never changes
    with pytest.raises(AttributeError):
        _ = event.ext  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue] # extensions are no attributes of Python
    with pytest.raises(TypeError):
        event.attributes["id"] = "2"  # type: ignore[index] # pyright: ignore[reportIndexIssue] # read-only
