"""What one protocol says of itself: the table by which its binding differs from the others.

A new binding is such a table, a named tuple for its message, and verbs that call `_modes`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

from msgspec import Raw, Struct

from cevents import attributes
from cevents.attributes import Value
from cevents.bindings import _headers
from cevents.errors import Findings

__all__ = ["PLACE", "TYPE", "Binding", "Limits"]


class Limits(NamedTuple):
    """What one message may have at most, in bytes of UTF-8."""

    requirement: str
    attributes: int = sys.maxsize
    name: int = sys.maxsize
    value: int = sys.maxsize
    message: int = sys.maxsize


class Binding(Struct, kw_only=True):
    """What one protocol says: the whole difference between two bindings.

    The last fields are not facts, but follow from them.
    """

    protocol: str
    """Its name, for people."""
    prefix: str
    """What stands before an attribute's name, in lower case if any case is read."""
    also_read: tuple[str, ...] = ()
    """Other prefixes that a message may have, but not beside this one (`one_prefix_requirement`)."""
    read_leniently: str | None = None
    """A prefix that other SDKs write against the rule `name_requirement`."""
    any_case: bool = False
    """Whether names are matched in any case."""
    container: Callable[[Any], Iterable[tuple[Any, Any]]] = _headers.plain_pairs
    """From the metadata that people hold to pairs, as they are in there."""
    pairs: Callable[[Any], Iterable[tuple[str, Any]]] = _headers.exact_pairs
    """From pairs to those with texts as names, in lower case if any case is read, without null values."""

    canonical: Callable[[Value | Raw], Any] = attributes.spelled
    """From a kept value that is no plain text to the text, or the value of a type that the protocol has."""
    code: Callable[[str], Any] | None = None
    """From a text to the value on the wire; None where it is the same."""
    is_plain: Callable[[str], bool] | None = None
    """Tells of a text without controls whether `code` and `read` leave it as it is; None where texts stay texts."""
    read: Callable[[str, Any, Findings, str], object]
    """From a name, a value on the wire and the specversion to what `assemble` takes."""
    charset: str | None = None
    """In which values are read that all are bytes; None if bytes are something else than texts."""

    content_type_among_headers: bool
    """Whether the content type is a header, `content-type`; otherwise it has a place of its own."""
    lenient_content_type: bool = False
    """Whether lenient reading takes that header in any case (T-KAFKA-5)."""
    attribute: Literal["never", "same", "also", "both", "only"] = "never"
    """Whether the content type may also be an attribute like the others, with the prefix.

    Never; read if it says the same; read where the content type is missing, too; and also written; or it is that
    attribute only, and the content type says nothing but the mode.
    """
    no_data: bytes | None = b""
    """What no data is: empty data, from which it cannot be told, or null, from which it can."""
    formats: frozenset[str] | None = None
    """The formats of structured mode, if not all."""
    flattens_maps: bool = False
    """Whether a Map of 0.3 is one header for each key (V03-http-a)."""
    limits: Limits | None = None

    mode_requirement: str
    content_type_requirement: str
    name_requirement: str = "CE-naming-a"
    one_prefix_requirement: str = "CE-naming-a"
    batch_requirement: str | None = None
    """The rule by which there are no batches; None where there are."""
    body_requirement: str = "CE-message-b"
    """The rule by which the body is bytes, where a client may hand over something else."""
    bare_requirement: str | None = None
    """The rule that structured mode without content type breaks, where other SDKs send it."""
    v03_requirement: str | None = None
    """The rule by which 0.3 has no binary mode; None where it has."""

    reads_attribute: bool = False
    writes_attribute: bool = False
    core_names: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    attribute_names: _AttributeNames = None  # type: ignore[assignment] # pyright: ignore[reportAssignmentType] # made below

    def __post_init__(self) -> None:
        self.reads_attribute = self.attribute != "never"
        self.writes_attribute = self.attribute in ("both", "only")
        self.core_names = tuple(self.prefix + name for name in _CORE)
        self.prefixes = (self.prefix, *self.also_read)
        self.attribute_names = _AttributeNames(self)


_CORE = ("specversion", "type", "source", "id", "time", "subject", "dataschema")
PLACE = "content-type"
"""What stands for the content type among names of attributes, none of which has a dash."""
TYPE = "datacontenttype"


class _AttributeNames(dict[object, str | None]):
    """From a name on the wire to the name of an attribute or `content-type`.

    None is for what is neither, "" for what needs care.
    """

    def __init__(self, binding: Binding) -> None:
        super().__init__()
        self._binding = binding

    def __missing__(self, raw: object) -> str | None:
        if type(raw) is bytes:
            full_name = raw.decode("latin-1")
        elif type(raw) is str:
            full_name = raw
        else:  # what says of itself that it is a text may be another one
            raise KeyError(raw)
        name = self._attribute(_headers.lower(full_name), full_name)
        if len(full_name) <= 64:
            if len(self) >= 256:
                self.clear()
            self[raw] = name
        return name

    def _attribute(self, lower: str, full_name: str) -> str | None:
        binding = self._binding
        if lower == PLACE and binding.content_type_among_headers:
            if binding.any_case or full_name == lower:
                return PLACE
            return "" if binding.lenient_content_type else None
        if binding.any_case:
            full_name = lower
        if not full_name.startswith(binding.prefix):
            return "" if full_name.startswith(binding.also_read or "\n") else None
        name = full_name.removeprefix(binding.prefix)
        if name == TYPE:
            return "" if binding.attribute == "never" else name
        if attributes.check_name(name, Findings(), "1.0") is None:
            return "" if binding.prefix else None
        return name
