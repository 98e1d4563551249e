"""Reading vectors: the notation of `conformance/README.md` as types."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

__all__ = ["Content", "NeutralEvent", "Reencoded", "Refusal", "Vector", "default_directory", "joined", "load"]


class Content(Struct, frozen=True, forbid_unknown_fields=True):
    """The bytes of a body, or the data of an event, in one of several notations."""

    text: Any = UNSET
    base64: str | UnsetType = UNSET
    json: Any = UNSET
    json_text: Any = UNSET
    exact: bool = False
    sections: list[Any] | UnsetType = UNSET
    """Several data sections of AMQP."""
    value: Any = UNSET
    """An AMQP value."""

    def encoded(self) -> bytes:
        """Return the bytes that this stands for."""
        if self.base64 is not UNSET:
            return b64decode(self.base64)
        if self.sections is not UNSET:
            return b"".join(msgspec.convert(section, Content).encoded() for section in self.sections)
        if self.json is not UNSET or self.value is not UNSET:
            return msgspec.json.encode(self.value if self.json is UNSET else self.json)
        return joined(self.json_text if self.text is UNSET else self.text).encode()


class NeutralEvent(Struct, frozen=True, forbid_unknown_fields=True):
    """An event as the vectors write it; `data` that is not there is no data."""

    attributes: dict[str, Any]
    data: Content | UnsetType = UNSET


class Refusal(Struct, frozen=True, forbid_unknown_fields=True):
    """The error that is wanted, and what one of its problems should name."""

    error: Literal["invalid", "not-a-cloudevent", "unsupported-format", "unsupported-batch", "data"]
    requirement: str | None = None
    attribute: str | None = None
    index: int | None = None


class Reencoded(Struct, frozen=True, forbid_unknown_fields=True):
    """What the decoded event must be when it is written in another way."""

    format: str | None = None
    binding: str | None = None
    mode: str | None = None
    options: dict[str, Any] = {}
    message: dict[str, Any] = {}
    refusal: Refusal | None = None


class Vector(Struct, frozen=True, forbid_unknown_fields=True):
    """One case: a message or an event, and what must come of it."""

    name: str
    about: str
    requirements: list[str]
    cases: list[str] = []
    example: str | None = None
    source: str | None = None
    format: str | None = None
    binding: str | None = None
    mode: str | None = None
    batch: bool = False
    options: dict[str, Any] = {}
    direction: Literal["decode", "encode", "both"] = "decode"
    lenient: bool = False
    message: dict[str, Any] = {}
    event: NeutralEvent | None = None
    events: list[NeutralEvent] = []
    refusal: Refusal | None = None
    repairs: list[str] = []
    reencoded: list[Reencoded] = []


def default_directory() -> Path:
    """Return where `vectors/` and `requirements.json` are: beside this module in a wheel, else in the source tree."""
    here = Path(__file__).parent
    return here if (here / "requirements.json").is_file() else here.parents[2] / "conformance"


def load(directory: Path | None = None) -> list[Vector]:
    """Return the vectors of all files below `directory` (or its `vectors/`), each `each` written out.

    Raises `ValueError` for a file that is not as `vector.schema.json` says.
    """
    root = directory or default_directory()
    root = root / "vectors" if (root / "vectors").is_dir() else root
    return [vector for path in sorted(root.rglob("*.json")) for vector in _of_file(path)]


def joined(text: Any) -> str:
    """Return a text that may be given in pieces, some of them repeated."""
    if isinstance(text, str):
        return text
    return "".join(piece if isinstance(piece, str) else _repeated(*piece["repeat"]) for piece in text)


def _repeated(text: str, times: int) -> str:
    return text * times


def _of_file(path: Path) -> Iterator[Vector]:
    try:
        for written in msgspec.json.decode(path.read_bytes())["vectors"]:
            each = written.pop("each", None)
            plain = [written] if each is None else [_filled(written, *item) for item in each.items()]
            yield from msgspec.convert(plain, list[Vector])
    except (msgspec.MsgspecError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} holds no vectors: {error}") from error


def _filled(written: dict[str, Any], suffix: str, value: str) -> dict[str, Any]:
    """Return the vector in which `value` stands for every `{each}`."""
    text = json.dumps(written).replace("{each}", json.dumps(value)[1:-1])
    return {**json.loads(text), "name": f"{written['name']}-{suffix}"}
