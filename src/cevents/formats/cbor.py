"""The CBOR event format (`working-drafts/cbor-format.md`), event <-> `application/cloudevents+cbor`.

An event is one CBOR map. Booleans, Integers, Strings and Binaries are what CBOR calls so. Timestamps have tag 0, which
the CDDL of the document demands (T-CBOR-3). URIs and URI-references of extensions have tag 32, or they would come back
as Strings; `source` and `dataschema`, whose names tell their types, are plain text, the shorter of the two forms that
are allowed. All forms that are allowed are read.

Data under a CBOR content type, or under none, is itself an item of the map: proved to be well-formed, and not looked at
further. Other text, JSON among it (T-CBOR-4), is a text string; other bytes are a byte string, also where there is no
content type. A JSON value without one is written with `application/json`, since it would be taken for CBOR.

Not carried: data under a CBOR content type that is not exactly one well-formed item, or is nested deeper than 400
levels; events of 0.3. A URI-reference of an extension comes back as a URI if it is one. No batches (T-CBOR-5).
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from cevents import data as data_
from cevents.attributes import URIReferenceText, URIText, plain
from cevents.data import CborItem
from cevents.errors import DataError, Findings
from cevents.event import CloudEvent, stored_data
from cevents.formats import _cbor_careful
from cevents.formats._cbor_careful import families
from cevents.formats._cbor_items import BYTES, MAP, TEXT, CBORTag, IllFormed, dumps, end_of, head_of, shortest
from cevents.formats._cbor_short import learn, one
from cevents.formats._typed import attributes_of, body_bytes, no_batches
from cevents.timestamps import TimestampText

__all__ = ["batch_media_type", "decode", "decode_batch", "encode", "encode_batch", "media_type", "name"]

name = "cbor"
media_type = "application/cloudevents+cbor"  # CBOR-3-b
batch_media_type: str | None = None
encode_batch = decode_batch = no_batches("CBOR")


# --------------------------------------------------------------------------------------------------- encode


def encode(event: CloudEvent[Any], *, deterministic: bool = False) -> bytes:
    """Return the event as one CBOR map: core attributes, extensions by name, data.

    With `deterministic` an event has one encoding (RFC 8949, section 4.2.1): keys in order and nothing longer than it
    need be, also within data that is CBOR. Raises `DataError` for data that cannot be carried, `InvalidEvent` for an
    event of 0.3, and for one that was read leniently and does not conform.
    """
    members: dict[str, Any] = attributes_of(event, "CBOR")
    data = stored_data(event)
    item = None if data is None else _item(data, members.get("datacontenttype"))
    if item is not None and _is_implied(event, item):
        del members["datacontenttype"]
    if "time" in members:
        members["time"] = CBORTag(0, members["time"])
    for key, value in members.items():
        tag = _TAGS.get(value.__class__)
        if tag is not None:
            members[key] = CBORTag(tag, plain(value))
    if deterministic:
        return _in_order({key: dumps(value) for key, value in members.items()}, item)
    text = dumps(members)  # CBOR-2-a, CBOR-2.2-a, CBOR-3-c
    if item is None:
        return text
    count = len(members)
    return b"".join((head_of(MAP, count + 1), text[len(head_of(MAP, count)) :], _DATA, item))


_DATA = dumps("data")
_TAGS: dict[type, int] = {TimestampText: 0, URIText: 32, URIReferenceText: 32}


def _is_implied(event: CloudEvent[Any], item: bytes) -> bool:
    """Tell whether a reader takes the data for CBOR without being told (CBOR-3.1.1-d): bytes could be anything."""
    is_item = isinstance(stored_data(event), CborItem) and item[0] >> 5 != BYTES
    return is_item and event.datacontenttype is None


def _in_order(items: dict[str, bytes], data: bytes | None) -> bytes:
    if data is not None:
        try:
            items["data"], _ = shortest(data)
        except (ValueError, RecursionError) as error:
            raise DataError(f"data has no deterministic encoding: {error}") from None
    keys = sorted(items, key=lambda key: (len(key), key))  # as encoded: a longer one has a greater head
    return head_of(MAP, len(keys)) + b"".join([dumps(key) + items[key] for key in keys])


def _item(data: Raw | str | bytes, content_type: str | None) -> bytes:
    """The data as an item of the map, by what it is (CBOR-3.1.1-a)."""
    family = families[content_type]
    if family == "cbor":
        return _proved(bytes(data_.content(data, content_type) or b""))
    if family == "text" and type(data) is bytes:
        found = data_.resolved(data, content_type)
        data = data if found is None else found
    if isinstance(data, str):
        content, is_text = data.encode(), content_type is not None
    elif isinstance(data, Raw):
        content, is_text = data, True  # CBOR-3.1.1-g
    else:
        content, is_text = data, family == "json" and type(data) is bytes and _is_utf8(data)
    return head_of(TEXT if is_text else BYTES, len(content)) + content  # CBOR-3.1.1-b


def _proved(item: bytes) -> bytes:
    """The very bytes of data that is CBOR already (CBOR-3.1.1-e)."""
    try:
        end = end_of(item, 0)
    except IllFormed as error:
        raise DataError(f"data {error} at byte {error.position}") from None  # CBOR-3.1.1-f
    if end != len(item):
        raise DataError(f"data is more than one CBOR item, of which the first ends at byte {end}")
    return item


def _is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or text.decode() is not None
    except UnicodeDecodeError:
        return False


# --------------------------------------------------------------------------------------------------- decode


def decode(body: bytes | bytearray | memoryview, *, lenient: bool = False) -> CloudEvent[Any]:
    """Return the event of a CBOR map, its data unparsed.

    Raises `InvalidEvent` with every problem: what is no CBOR map, a key that is no text or is there twice, what the
    specification forbids. `lenient` mends what is documented and tells in `event.repairs`.
    """
    text = body if type(body) is bytes else body_bytes(body)
    event = one(text)
    if event is None:
        event = _cbor_careful.decode(text, Findings(lenient=lenient))
        if not event.repairs:
            learn(text)
    return event
