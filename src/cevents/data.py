"""The data of an event: kept as it came, encoded and decoded by its content type on demand.

What an event keeps is one of five, told apart by its class, so that a relay hands the same bytes on:

=================  =====================================================================================
`None`             no data
`msgspec.Raw`      a JSON value: the text of a `data` member, or what the constructor encoded
`str`              text: a `data` member that is a string under a content type that is not JSON
`Binary`           bytes that came as base64 in an envelope, and go back as such
`Implied`          bytes that came with attributes which their envelope implied
`bytes`            bytes encoded under `datacontenttype`: an HTTP body, or what the constructor was given
=================  =====================================================================================

Two functions say what they mean: `content` the bytes, for protocols that carry bytes, and `resolved` the JSON value,
text or bytes, for envelopes that tell these apart. `value` is what a program wants to see.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from io import BytesIO
from types import MappingProxyType
from typing import Any, NamedTuple, Self, TypeAlias, TypeVar, cast

import msgspec
from msgspec import Raw

from cevents import mediatypes
from cevents.attributes import is_uri
from cevents.errors import DataError, excerpt, legible

__all__ = [
    "IMPLIED_CONTENT_TYPE",
    "Binary",
    "CborItem",
    "Codec",
    "Implied",
    "ProtobufMessage",
    "Stored",
    "as_message",
    "as_type",
    "content",
    "encode",
    "equal",
    "is_json",
    "json_value",
    "register_codec",
    "resolved",
    "value",
]

T = TypeVar("T")

IMPLIED_CONTENT_TYPE = "application/json"
"""What a JSON value without a `datacontenttype` is (`JSON-3.1.1-g`, `JSON-3.1.2-i`)."""


class Binary(bytes):
    """Bytes that came as base64 and go back as base64, whatever their content type claims (`JSON-3.1.1-b`)."""

    __slots__ = ()


class Implied(bytes):
    """Encoded data that came with attributes which its envelope implies: written elsewhere, they must be there.

    `implied` maps their names to their values; `datacontenttype` is among them.
    """

    implied: Mapping[str, str]


class CborItem(Implied):
    """The encoding of one CBOR data item, from an event in CBOR without a content type (`CBOR-3.1.2-d`)."""

    implied: Mapping[str, str] = MappingProxyType({"datacontenttype": "application/cbor"})


class ProtobufMessage(Implied):
    """An encoded Protobuf message of the type that `type_url` names, as `google.protobuf.Any` has it (`PB-3-a`)."""

    type_url: str

    def __new__(cls, value: bytes, type_url: str) -> Self:
        """Make one of the encoded message and its type URL, `DataError` if that does not end in a name."""
        made = super().__new__(cls, value)
        made.type_url = type_url
        # A type URL without a scheme means https, as Any says.
        dataschema = type_url if ":" in type_url.partition("/")[0] else f"https://{type_url}"
        authority, _, name = type_url.rpartition("/")
        if not authority or not name or not is_uri(dataschema):
            raise DataError(f"{excerpt(type_url)} is not the type URL of a Protobuf message")
        made.implied = {"datacontenttype": "application/protobuf", "dataschema": dataschema}
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (bytes(self), self.type_url)


Stored: TypeAlias = Raw | str | bytes | None


class Codec(NamedTuple):
    """How values of one content type are written and read."""

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


_codecs: dict[str, Codec] = {}


def register_codec(media_type: str, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]) -> None:
    """Teach events a content type, such as `application/yaml`: how a value becomes bytes, and back.

    JSON types are not to be replaced: envelopes rely on what they mean. Raises `ValueError` for a media type that is
    none or that is JSON.
    """
    parsed = mediatypes.parse(media_type)
    if parsed is None or parsed.is_json:
        raise ValueError(f"{excerpt(media_type)} is not a media type for which a codec can be registered")
    _codecs[parsed.essence] = Codec(encode, decode)


# ----------------------------------------------------------------------------------- from a program's value


def encode(data: object, datacontenttype: str | None) -> Stored:
    """Return what an event keeps for the `data` that a program gave; nothing of it can be changed from outside later.

    Bytes are encoded data already. Anything else goes through the codec of `datacontenttype`, JSON without one. Raises
    `DataError` for what no codec can encode: NaN, a `str` under a binary type, an object unknown to JSON.
    """
    if data is None:
        return None
    if isinstance(data, Binary | Implied):
        return data
    if isinstance(data, bytes | bytearray | memoryview) and not isinstance(data, Raw):
        return bytes(cast("bytes", data))
    media_type = mediatypes.parse(datacontenttype)
    if _is_message(type(data)) and (media_type is None or media_type.essence == _PROTOBUF):
        return _packed(data)
    if media_type is None or media_type.is_json:
        encoded = json_value(bytes(data)) if isinstance(data, Raw) else _encode_json(data)
        if datacontenttype is not None and "=" in datacontenttype:
            content(encoded, datacontenttype)  # raises where the charset cannot hold it
        return encoded
    codec = None if isinstance(data, str) and media_type.is_text else _codec_of(media_type)
    if codec is not None:
        made = _called(codec.encode, data, datacontenttype, "encode")
        if not isinstance(made, bytes | bytearray):
            raise DataError(f"the codec of {excerpt(datacontenttype)} made {excerpt(made)} and no bytes")
        return bytes(made)
    if not isinstance(data, str):
        raise DataError(f"{excerpt(data)} cannot be encoded as {excerpt(datacontenttype)}; give bytes")
    if not media_type.is_text:
        raise DataError(
            f"text cannot be encoded as {excerpt(datacontenttype)}, which is not a text type; give bytes"
        )
    _encode_text(data, datacontenttype)  # raises where the charset cannot hold it
    return str.__str__(data)


_PROTOBUF = "application/protobuf"


def _is_message(kind: object) -> bool:
    """Tell a class of Protobuf messages, of which only the format needs the library."""
    return hasattr(kind, "DESCRIPTOR") and hasattr(kind, "SerializeToString")


_ANY = "google.protobuf.Any"


def _packed(message: Any) -> ProtobufMessage:
    if message.DESCRIPTOR.full_name == _ANY:  # never wrapped twice (T75)
        return ProtobufMessage(message.value, message.type_url)
    try:
        encoded = message.SerializeToString(deterministic=True)
    except Exception as error:  # noqa: BLE001 - a class of the library, which is not known here
        raise DataError(f"data cannot be encoded as {_PROTOBUF}: {excerpt(str(error))[1:-1]}") from None
    return ProtobufMessage(encoded, f"type.googleapis.com/{message.DESCRIPTOR.full_name}")


def as_message(data: Stored, datacontenttype: str | None, dataschema: str | None) -> ProtobufMessage | None:
    """Return the Protobuf message that the data is, also after a way through a format that has bytes only (`T-PB-7`).

    Then its type is in the `dataschema`, as a URI of `https://type.googleapis.com/`. None for other data.
    """
    if isinstance(data, ProtobufMessage):
        return data
    if isinstance(data, bytes) and dataschema is not None and _TYPE_URI.fullmatch(dataschema):
        media_type = mediatypes.parse(datacontenttype)
        if media_type is not None and media_type.essence == _PROTOBUF:  # PB-1.2-a
            return ProtobufMessage(data, dataschema.removeprefix("https://"))
    return None


_TYPE_URI = re.compile(r"https://type\.googleapis\.com/[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)


def _unpacked(data: Stored, datacontenttype: str | None, dataschema: str | None, wanted: Any) -> Any:
    name = wanted.DESCRIPTOR.full_name
    message = as_message(data, datacontenttype, dataschema)
    if message is None:
        encoded = resolved(data, datacontenttype)
        if not isinstance(encoded, bytes) or is_json(data, datacontenttype):
            raise DataError(f"data is no {legible(name, 80)}, but JSON or text")
    elif name == _ANY:
        return wanted(type_url=message.type_url, value=bytes(message))
    else:
        encoded = message
        if message.type_url.rpartition("/")[2] != name:
            raise DataError(f"data is no {legible(name, 80)}, but {excerpt(message.type_url)}")
    try:
        return wanted.FromString(bytes(encoded))
    except Exception:  # noqa: BLE001 - a class of the library, which is not known here
        raise DataError(f"data is no {legible(name, 80)}") from None


def _encode_json(data: object) -> Raw:
    try:
        encoded = _json_encoder.encode(data)
        if b"null" in encoded:  # msgspec writes a float NaN as null; only then is it worth a second look
            _refuse_nan(data)
        # A Raw within it goes in unseen, and so does a Decimal that is not a number.
        return json_value(encoded)
    except RecursionError:
        raise DataError("data is nested too deeply for JSON, or contains itself") from None
    except NotImplementedError as error:
        name = str(error)[:40]  # of a type that JSON has, it is the key of a mapping
        what = "key" if name in ("NoneType", "bool", "tuple", "frozenset") else "value"
        raise DataError(f"data holds a {what} of type {name}, which JSON cannot hold") from None
    except UnicodeEncodeError:
        raise DataError("data holds an unpaired surrogate, which JSON cannot hold") from None
    except _FAILURES as error:
        raise DataError(f"data cannot be encoded as JSON: {excerpt(str(error))[1:-1]}") from None
    except Exception as error:  # of a model or a field of the caller's
        raise DataError(f"data cannot be encoded as JSON: {type(error).__name__} in the encoding") from error


def _refuse_nan(value: Any) -> None:
    try:
        if _NOT_FINITE.search(_msgpack_encoder.encode(value)) is None:
            return
    except OverflowError:  # an integer that MessagePack does not have
        pass
    try:
        json.dumps(msgspec.to_builtins(value, enc_hook=_foreign), allow_nan=False)
    except ValueError:
        raise ValueError("it holds NaN or an infinity") from None


_NOT_FINITE = re.compile(
    rb"\xcb[\x7f\xff][\xf0-\xff]"
)  # in MessagePack; the bytes can be there by chance, too


def _foreign(value: Any) -> Any:
    """What msgspec does not know: pydantic models, and subclasses of the plain types."""
    if isinstance(value, Raw):  # JSON that is looked at elsewhere
        return None
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json")
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    raise NotImplementedError(type(value).__name__)


_json_encoder = msgspec.json.Encoder(enc_hook=_foreign, decimal_format="number")
_msgpack_encoder = msgspec.msgpack.Encoder(enc_hook=_foreign)
_json_decoder = msgspec.json.Decoder()
_raw_decoder = msgspec.json.Decoder(Raw)
_sorted_encoder = msgspec.json.Encoder(order="sorted")
# All that msgspec and pydantic raise, but for too deep recursion; msgspec's own were no ValueError before 0.21.
_FAILURES = (TypeError, ValueError, OverflowError, msgspec.MsgspecError)


# -------------------------------------------------------------------------------------------- from the wire


def json_value(text: bytes) -> Raw:
    """Prove that `text` is exactly one JSON value in UTF-8 and return it without parsing it; `DataError` otherwise."""
    try:
        found = _raw_decoder.decode(text)
        if not text.isascii():
            text.decode()  # Raw checks the grammar of what it skips, but not its UTF-8
    except RecursionError:
        raise DataError("data is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"data is not JSON: {_reason(error)}") from None
    return found


def _reason(error: Exception) -> str:
    return str(error).removeprefix("JSON is malformed: ")[:80]


def content(data: Stored, datacontenttype: str | None) -> bytes | None:
    """Return the bytes of the data, encoded under its content type, or None when there is none.

    Raises `DataError` for a text that the charset cannot hold.
    """
    if data is None or type(data) is bytes:
        return data
    if isinstance(data, Raw):
        if datacontenttype is None or "=" not in datacontenttype or _charset(datacontenttype) == "utf-8":
            return bytes(data)
        return _encode_text(bytes(data).decode(), datacontenttype)
    if isinstance(data, str):
        return _encode_text(data, datacontenttype)
    return bytes(data)


def resolved(data: Stored, datacontenttype: str | None) -> Stored:
    """Return the data as an envelope should carry it: a JSON value (`Raw`), text (`str`), bytes, or None.

    Bytes that came without an envelope become the JSON value or the text that their content type promises, where they
    keep that promise to the letter: they are proved to be exactly one JSON value, since text that closes the envelope
    could otherwise forge attributes. Otherwise they stay bytes.
    """
    media_type = mediatypes.parse(datacontenttype)
    if isinstance(data, str) and (media_type is None or media_type.is_json):
        data = content(data, datacontenttype)  # it is not the JSON value that an envelope would take it for
    if type(data) is not bytes or media_type is None:
        return data
    if media_type.is_json:
        try:
            return json_value(data) if _charset(datacontenttype) == "utf-8" else data
        except DataError:
            return data
    codec = media_type.codec
    if media_type.is_text and codec is not None:
        try:
            text = data.decode(codec)
            if codec == "utf-8" or text.encode(codec) == data:
                return text
        except UnicodeError:
            pass
    return data


def is_json(data: Stored, datacontenttype: str | None) -> bool:
    """Tell whether the data means a JSON value: it is one, or its content type says so."""
    if isinstance(data, Raw):
        return True
    media_type = mediatypes.parse(datacontenttype)
    return media_type is not None and media_type.is_json


# ------------------------------------------------------------------------------------- to a program's value


def value(data: Stored, datacontenttype: str | None) -> Any:
    """Return the data as a Python value: JSON parsed, text as `str`, anything else as `bytes`.

    Raises `DataError` where the bytes are not what the content type claims.
    """
    if data is None:
        return None
    if isinstance(data, Raw):
        return _decode_json(data)
    if datacontenttype is None and isinstance(data, Implied):
        datacontenttype = data.implied["datacontenttype"]
    media_type = mediatypes.parse(datacontenttype)
    if media_type is not None:
        if media_type.is_json:
            return _decode_json(_utf8(data, datacontenttype))
        codec = _codec_of(media_type)
        if codec is not None:
            return _called(codec.decode, content(data, datacontenttype), datacontenttype, "decode")
        if media_type.is_text:
            return data if isinstance(data, str) else _decode_text(data, datacontenttype)
    return content(data, datacontenttype)


def as_type(data: Stored, datacontenttype: str | None, dataschema: str | None, wanted: type[T]) -> T:
    """Return the data as a `wanted`: bytes, str, a Protobuf message, or what msgspec or pydantic can build from JSON.

    Raises `DataError` naming the member that does not fit, and for an event without data.
    """
    found: Any
    if data is None:
        raise DataError("the event has no data")
    if wanted is bytes:
        found = content(data, datacontenttype)
    elif _is_message(wanted):
        found = _unpacked(data, datacontenttype, dataschema, wanted)
    elif wanted is str and not is_json(data, datacontenttype):
        found = _decode_text(data, datacontenttype) if isinstance(data, bytes) else data
    elif _has_codec(data, datacontenttype):
        found = _validated(msgspec.convert, value(data, datacontenttype), wanted)
    else:
        text = bytes(data) if isinstance(data, Raw) else _utf8(data, datacontenttype)
        build = getattr(wanted, "model_validate_json", None)
        found = _validated(_from_json if build is None else lambda text, _: build(text), text, wanted)
    return found  # type: ignore[no-any-return] # msgspec and pydantic vouch for it


def _from_json(text: bytes, wanted: type[T]) -> T:
    return msgspec.json.decode(text, type=wanted, dec_hook=_built)


def _built(wanted: type[Any], value: Any) -> Any:
    """Make a pydantic model within something else."""
    build = getattr(wanted, "model_validate", None)
    if build is not None:
        return build(value)
    if isinstance(value, wanted):
        return value
    raise TypeError(f"Expected `{wanted.__name__}`, got `{type(value).__name__}`")


def _validated(build: Callable[[Any, Any], Any], text: Any, wanted: Any) -> Any:
    try:
        return build(text, wanted)
    except RecursionError:
        raise DataError("data is nested too deeply") from None
    except _FAILURES as error:
        name = getattr(wanted, "__name__", str(wanted))[:40]
        raise DataError(f"data is no {name}: {_explained(error)}") from None


def _explained(error: Exception) -> str:
    """What is wrong and where, without more of the input than a glimpse."""
    details = getattr(error, "errors", None)
    if callable(details):  # pydantic
        found = cast(
            "list[dict[str, Any]]", details(include_input=False, include_context=False, include_url=False)
        )
        told = [_located(".".join(map(str, one["loc"])), one["msg"]) for one in found[:_TOLD]]
        more = [f"and {len(found) - _TOLD} more"] if len(found) > _TOLD else []
        return "; ".join(told + more)
    cause = error.__cause__ or error.__context__
    if cause is not None and callable(getattr(cause, "errors", None)):  # a model within something else
        place = str(error).rpartition(" - at ")[2]
        return _located(place, _explained(cast("Exception", cause)), most=400)
    message, _, place = str(error).partition(" - at ")
    return _located(place, message)


def _located(place: str, message: str, most: int = 80) -> str:
    where = place.strip("`")
    return (f"at {legible(where, 80)}: " if where else "") + legible(message, most)


_TOLD = 5  # faults of one data; the others are counted


def equal(one: Stored, one_type: str | None, other: Stored, other_type: str | None) -> bool:
    """Tell whether two data are the same bytes, or the same JSON value (true is not 1, 1.10 is 1.1, order is free)."""
    if one is None or other is None:
        return one is other
    try:
        if isinstance(one, Raw) and isinstance(other, Raw):
            return bytes(one) == bytes(other) or _same_json(value(one, None), value(other, None))
        if isinstance(one, str) and isinstance(other, str):
            return one == other
        if content(one, one_type) == content(other, other_type):
            return True
        if is_json(one, one_type) and is_json(other, other_type):
            return _same_json(value(one, one_type), value(other, other_type))
    except (DataError, RecursionError):
        pass
    return False


def _same_json(one: object, other: object) -> bool:
    return _sorted_encoder.encode(one) == _sorted_encoder.encode(other)


def _decode_json(text: Raw | bytes) -> Any:
    try:
        return _json_decoder.decode(text)
    except RecursionError:
        raise DataError("data is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"data is not JSON: {_reason(error)}") from None


def _utf8(data: str | bytes, datacontenttype: str | None) -> bytes:
    if isinstance(data, bytes) and _charset(datacontenttype) == "utf-8":
        return data
    return (data if isinstance(data, str) else _decode_text(data, datacontenttype)).encode()


def _encode_text(text: str, datacontenttype: str | None) -> bytes:
    charset = _known_charset(datacontenttype)
    try:
        return text.encode(charset)
    except UnicodeError:
        raise DataError(f"text cannot be encoded as {excerpt(datacontenttype)}") from None


def _decode_text(data: bytes, datacontenttype: str | None) -> str:
    charset = _known_charset(datacontenttype)
    try:
        return data.decode(charset)
    except UnicodeError:
        raise DataError(f"data is not text in {charset}") from None


def _known_charset(datacontenttype: str | None) -> str:
    charset = _charset(datacontenttype)
    if charset is None:
        raise DataError(f"the charset of {excerpt(datacontenttype)} is not known")
    return charset


def _charset(datacontenttype: str | None) -> str | None:
    """The codec of a content type, UTF-8 where it names none or is no media type (then nothing better is known)."""
    media_type = mediatypes.parse(datacontenttype)
    return "utf-8" if media_type is None or "charset" not in media_type.parameters else media_type.codec


def _has_codec(data: Stored, datacontenttype: str | None) -> bool:
    if datacontenttype is None and isinstance(data, Implied):
        datacontenttype = data.implied["datacontenttype"]
    media_type = mediatypes.parse(datacontenttype)
    return media_type is not None and _codec_of(media_type) is not None


def _codec_of(media_type: mediatypes.MediaType) -> Codec | None:
    found = _codecs.get(media_type.essence)
    return _CBOR if found is None and media_type.is_cbor else found


def _encode_cbor(value: Any) -> bytes:
    def add(encoder: Any, foreign: Any) -> None:  # what cbor2 does not know: dataclasses, models
        encoder.encode(msgspec.to_builtins(foreign, enc_hook=_foreign, builtin_types=(bytes, datetime)))

    cbor2 = _cbor2()
    try:
        return bytes(cbor2.dumps(value, default=add))
    except (cbor2.CBOREncodeError, NotImplementedError, *_FAILURES) as error:
        raise DataError(f"data cannot be encoded as CBOR: {excerpt(str(error))[1:-1]}") from None


def _decode_cbor(text: bytes) -> Any:
    rest = BytesIO(text)
    found = _cbor2().load(rest, semantic_decoders={2: _natural, 3: _negative})
    if rest.read(1):
        raise DataError("data is not CBOR: it is more than one item")
    return found


def _natural(item: object, _: bool) -> int:
    """The big number of a byte string, if decimal fractions and rational numbers can be made of it in no time."""
    if not isinstance(item, bytes) or len(item) > _LONGEST_NUMBER:
        raise ValueError("no byte string, or a number that is too long")
    return int.from_bytes(item)


def _negative(item: object, _: bool) -> int:
    return -1 - _natural(item, _)


_LONGEST_NUMBER = 1024


def _cbor2() -> Any:
    try:
        return import_module("cbor2")
    except ImportError:
        raise DataError("data that is CBOR needs cbor2: pip install 'cevents[cbor]'") from None


_CBOR = Codec(_encode_cbor, _decode_cbor)


def _called(codec: Callable[[Any], Any], data: Any, datacontenttype: str | None, verb: str) -> Any:
    try:
        return codec(data)
    except DataError:
        raise
    except Exception as error:  # a codec of somebody else's: whatever it raises is about the data
        raise DataError(
            f"data cannot be {verb}d as {excerpt(datacontenttype)}: {type(error).__name__}"
        ) from error
