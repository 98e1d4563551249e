"""What the formats share whose attributes have types: Avro, Protobuf, XML, CBOR.

They are of specversion 1.0 only: 0.3 has other types, and JSON is what carries it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, TypeVar

from msgspec.structs import replace

from cevents.attributes import core_attributes
from cevents.errors import Findings, InvalidEvent, Problem, UnsupportedBatch, refuse
from cevents.event import CloudEvent, content_type, wire_attributes

__all__ = ["attributes_of", "body_bytes", "collected", "no_batches", "only_v1"]

T = TypeVar("T")


def attributes_of(event: CloudEvent[Any], format_name: str) -> dict[str, Any]:
    """Return the attributes to write, `specversion` first, core before extensions; `type_of(value, name)` tells types.

    The content type is there even if it is implied, since these formats imply another or none. Raises `InvalidEvent`
    for an event of 0.3.
    """
    if event.specversion != "1.0":
        hint = "event.to_v1() makes it one of 1.0"
        refuse(
            "CE-specversion-c", f"cannot be carried by {format_name}", "specversion", event.specversion, hint
        )
    kept = wire_attributes(event)
    implied = content_type(event)
    if implied is None or "datacontenttype" in kept:
        return kept
    core = core_attributes("1.0")
    found = {name: value for name, value in kept.items() if name in core or name == "specversion"}
    return {**found, "datacontenttype": implied, **kept}


def only_v1(version: Any, format_name: str, findings: Findings) -> Any:
    """Return what was read as `specversion`; of 0.3, after noting that, the version by which to judge the rest."""
    if version == "0.3":
        rule = f"cannot be carried by {format_name}"
        findings.report("CE-specversion-c", rule, "specversion", version, hint="only JSON carries 0.3")
        return "1.0"
    return version


def no_batches(format_name: str) -> Callable[..., NoReturn]:
    """Return what stands for `encode_batch` and `decode_batch` in a format of which the specification defines none."""

    def refused(*_: object, **__: object) -> NoReturn:
        """Raise `UnsupportedBatch`: the specification defines no batches of this format."""
        raise UnsupportedBatch(f"{format_name} has no batches; JSON, Protobuf and XML have")

    return refused


_ENOUGH = 100  # problems; a batch that has as many needs no longer list


def collected(
    elements: Iterable[T], read: Callable[[T], CloudEvent[Any]], findings: Findings
) -> Iterator[CloudEvent[Any]]:
    """Yield the event that `read` makes of each element of a batch; at the end raise all problems, with their index."""
    problems: list[Problem] = findings.problems
    for index, element in enumerate(elements):
        try:
            event = read(element)
        except InvalidEvent as error:
            problems.extend(replace(problem, index=index) for problem in error.problems)
            if len(problems) >= _ENOUGH:
                break
        else:
            if not problems:
                yield event
    findings.conclude()


def body_bytes(body: bytes | bytearray | memoryview) -> bytes:
    """Return the bytes of a body; `TypeError` for what is none."""
    if type(body) is bytes:
        return body
    if isinstance(body, str):
        raise TypeError("a body must be bytes, not str; encode it as UTF-8")
    return bytes(memoryview(body))
