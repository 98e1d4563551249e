"""Event objects of the official SDK, the package `cloudevents`, as ours and back (extra `cloudevents`).

Both of its interfaces are known: that of 2.x (`cloudevents.core.v1.event.CloudEvent` and `core.v03`), and that of 1.x
(`cloudevents.http.CloudEvent` in 1.x, `cloudevents.v1.http.CloudEvent` in 2.x, and the pydantic one of either).

==================  ==============================================  ================================================
in an event here    in the SDK's object                             why
==================  ==============================================  ================================================
Boolean, Integer    bool, int
Binary, Timestamp   their canonical text                            its writers cannot spell bytes, nor keep digits
`time`              a datetime under "v2", the text under "v1"
JSON value          the parsed value                                as its readers give it
JSON null           `b"null"`                                       its None is no data
text                str, bytes if the charset is not UTF-8          its writers encode str as UTF-8
bytes               bytes
no data, no `time`  None, no `time`
==================  ==============================================  ================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from msgspec import Raw

from cevents import data as data_
from cevents import timestamps
from cevents.attributes import Value, decode_base64, spelled
from cevents.data import Binary, Stored
from cevents.errors import DataError, Findings, excerpt
from cevents.event import CloudEvent, assemble, content_type, stored_data, wire_attributes

if TYPE_CHECKING:
    from cloudevents.core.base import BaseCloudEvent
    from cloudevents.v1.abstract import CloudEvent as CloudEventV1

__all__ = ["from_cloudevents", "to_cloudevents"]


# ---------------------------------------------------------------------------------------------------------------- from


def from_cloudevents(event: BaseCloudEvent | CloudEventV1, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event that an object of the SDK holds; the object stays as it is, and its data is copied.

    A str under a JSON content type, or under none, is a JSON string, as the SDK's structured mode writes it. Raises
    `InvalidEvent` for attributes that the SDK let pass, which `lenient` mends as in decoding, and `DataError` for data
    that cannot be encoded under its content type. Needs no SDK, only an object with its methods; `TypeError` otherwise.
    """
    try:
        attributes: Mapping[Any, Any] = event.get_attributes()
        data: Any = event.get_data()
    except AttributeError:
        raise TypeError(f"{type(event).__name__} is no event of the package cloudevents") from None
    findings = Findings(lenient=lenient)
    found: dict[str, object] = {name: _kept(value, attributes) for name, value in attributes.items()}
    declared = found.get("datacontenttype")
    declared = declared if isinstance(declared, str) else None
    if found.get("specversion") == "0.3" and (encoding := found.pop("datacontentencoding", None)) is not None:
        stored = _decoded(data, encoding, findings)
    elif isinstance(data, str) and declared is not None and not data_.is_json(data, declared):
        stored = data_.encode(data, "text/plain")  # it is text, whatever the content type says
    else:
        stored = data_.encode(data, declared)
    return assemble(found, stored, findings)


def _kept(value: Any, attributes: Mapping[Any, Any]) -> Any:
    if isinstance(value, Enum):  # pydantic events have one for specversion
        return value.value
    if type(value) in (dict, list) and attributes.get("specversion") == "0.3":  # V03-spec-c
        return data_.encode(value, None)
    return value


def _decoded(data: Any, encoding: object, findings: Findings) -> Stored:
    """The data of a 0.3 event with datacontentencoding: text is base64 still, bytes have been decoded."""
    if isinstance(data, bytes | bytearray):
        return Binary(data)
    found = decode_base64(data) if isinstance(data, str) else None
    if found is None or not isinstance(encoding, str) or encoding.lower() != "base64":
        findings.report(
            "V03-attr-b", 'must be "base64", and the data such text', "datacontentencoding", encoding
        )
    return None if found is None else Binary(found)


# ------------------------------------------------------------------------------------------------------------------ to


@overload
def to_cloudevents(event: CloudEvent[Any], api: Literal["v2"] = "v2") -> BaseCloudEvent: ...
@overload
def to_cloudevents(event: CloudEvent[Any], api: Literal["v1"]) -> CloudEventV1: ...
def to_cloudevents(event: CloudEvent[Any], api: Literal["v1", "v2"] = "v2") -> BaseCloudEvent | CloudEventV1:
    """Return an object of the SDK that holds this event; changing the object does not change the event.

    `api` says whose: that of 2.x, or that of 1.x, which 2.x also has. Raises `DataError` for a time that a datetime
    cannot hold (under "v2": digits beyond microseconds, a leap second, the year 0000), `InvalidEvent` for an event that
    was read leniently and does not conform, and `ImportError` where the SDK is missing or too old.
    """
    if api not in ("v1", "v2"):
        raise ValueError('api must be "v1" or "v2"')
    attributes: dict[str, Any] = {name: _given(value) for name, value in wire_attributes(event).items()}
    data = _given_data(event)
    if isinstance(data, bytes) and (implied := content_type(event)) is not None:
        attributes["datacontenttype"] = implied
    time = attributes.get("time")
    peer: Any
    if api == "v1":
        peer = _class("cloudevents.v1.http", "cloudevents.http")(attributes, data)  # the latter before 2.0
        if time is None:
            del peer["time"]  # the constructor made one up
    else:
        if time is not None:
            attributes["time"] = _exact(time)
        peer = _class(_V2[event.specversion])(attributes, data)
        if time is None:
            del peer.get_attributes()["time"]
    return cast("BaseCloudEvent | CloudEventV1", peer)


_V2 = {"1.0": "cloudevents.core.v1.event", "0.3": "cloudevents.core.v03.event"}


def _given(value: Value | Raw) -> Any:
    if isinstance(value, bool | int):
        return value
    return data_.value(value, None) if isinstance(value, Raw) else spelled(value)


def _given_data(event: CloudEvent[Any]) -> Any:
    declared = event.datacontenttype
    data = data_.resolved(stored_data(event), declared)
    try:
        if isinstance(data, Raw):
            value = data_.value(data, declared)  # not event.data, which the event keeps
            return bytes(data) if value is None else value
        if isinstance(data, str):
            encoded = data_.content(data, declared)
            return data if encoded == data.encode() else encoded
    except DataError:  # a number that Python cannot hold, a charset that it does not know
        return bytes(data) if isinstance(data, Raw) else data
    return None if data is None else bytes(data)


_FINER = re.compile(r"\.\d{6}0*[1-9]")


def _exact(text: str) -> Any:
    try:
        moment = timestamps.parse(text)
    except ValueError as error:
        raise DataError(f"{excerpt(text)} cannot be a datetime: {error}") from None
    if text[17:19] == "60" or _FINER.search(text):
        raise DataError(f"{excerpt(text)} is finer than a datetime; event.replace(time=event.time) cuts it")
    return moment


def _class(*modules: str) -> Any:
    for module in modules:
        try:
            return import_module(module).CloudEvent
        except ImportError:
            continue
    raise ImportError('to_cloudevents needs the official SDK: pip install "cevents[cloudevents]"')
