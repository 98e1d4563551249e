"""What can go wrong, and how it is told.

    CloudEventError
    ├── InvalidEvent        breaks the specification; `.problems` lists every way in which it does
    ├── NotACloudEvent      a message that does not claim to be an event
    ├── UnsupportedFormat   claims an event format that is not known here
    ├── UnsupportedBatch    a format or binding that has no batches was asked for one
    ├── DataError           data that cannot be encoded or decoded under its content type
    └── TransportError      the network or a server refused; `.retryable` tells whether trying again can help

Nothing else leaves a decoder, whatever its input. Each error carries `http_status`, the answer that a receiver should
give. Messages show at most 80 characters of any input, escaped, so that they can be logged and answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NoReturn

from msgspec import Struct

__all__ = [
    "CloudEventError",
    "DataError",
    "Findings",
    "InvalidEvent",
    "NotACloudEvent",
    "Problem",
    "TransportError",
    "UnsupportedBatch",
    "UnsupportedFormat",
    "excerpt",
    "refuse",
]

_UNSET: Any = object()
_SHOWN = 80  # characters of any input
_ENOUGH = 100  # problems; an event that has as many needs no longer list
_PLAIN_NAME = re.compile("[A-Za-z0-9_-]+")


class CloudEventError(Exception):
    """The base of every error that cevents raises on purpose."""

    http_status = 500


class Problem(Struct, frozen=True):
    """One way in which an event breaks the specification, or one repair that lenient reading made.

    `requirement` is the id of a row in `conformance/requirements.json`, such as `CE-id-b`. `value` is an excerpt of
    what was found, already escaped. `index` is the position of the event in its batch, `position` a byte offset.
    """

    requirement: str
    message: str
    attribute: str | None = None
    value: str | None = None
    hint: str | None = None
    index: int | None = None
    position: int | None = None

    def __str__(self) -> str:
        where = "" if self.index is None else f"event {self.index}: "
        subject = "" if self.attribute is None else f"{self.attribute}: "
        found = "" if self.value is None else f" (got {self.value})"
        at = "" if self.position is None else f" at byte {self.position}"
        hint = "" if self.hint is None else f"; {self.hint}"
        return f"{where}{subject}{self.message}{found}{at}{hint} [{self.requirement}]"


class InvalidEvent(CloudEventError, ValueError):
    """An event that breaks the specification. `.problems` has all that was found, not only the first."""

    http_status = 400

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "; ".join(map(str, self.problems))


class NotACloudEvent(CloudEventError, ValueError):
    """A message that does not claim to be an event: another content type and no `specversion` beside it."""

    http_status = 415


class UnsupportedFormat(CloudEventError, LookupError):
    """An event format that is not known here, or whose optional dependency is missing."""

    http_status = 415


class UnsupportedBatch(CloudEventError, LookupError):
    """The format or the binding defines no batches."""

    http_status = 415


class DataError(CloudEventError, ValueError):
    """Data that cannot be encoded or decoded under its content type."""

    http_status = 400


class TransportError(CloudEventError, OSError):
    """An event that was not delivered.

    `retryable` is true where sending the same event again can succeed (no connection, a timeout, an overloaded or
    failing receiver) and false where it cannot (the receiver refused it). `status` is the peer's status code if it gave
    one, `retry_after` the seconds for which it asked, `answer` the beginning of what it wrote, of which the message
    shows 80 characters.
    """

    http_status = 502

    def __init__(
        self,
        message: str,
        *,
        retryable: bool,
        status: int | None = None,
        retry_after: float | None = None,
        answer: bytes = b"",
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.status = status
        self.retry_after = retry_after
        self.answer = answer

    def __reduce__(self) -> tuple[Any, ...]:
        names = ("retryable", "status", "retry_after", "answer")
        state = {name: getattr(self, name) for name in names}
        return _rebuild_transport_error, (type(self), str(self), state)


def _rebuild_transport_error(
    kind: type[TransportError], message: str, state: dict[str, Any]
) -> TransportError:
    return kind(message, **state)


def refuse(
    requirement: str,
    message: str,
    attribute: str | None = None,
    value: object = _UNSET,
    hint: str | None = None,
) -> NoReturn:
    """Raise `InvalidEvent` with this one problem, where nothing else is to be found."""
    findings = Findings()
    findings.report(requirement, message, attribute, value, hint)
    raise InvalidEvent(findings.problems)


def excerpt(value: object) -> str:
    """At most 80 characters that tell what `value` is: texts escaped, numbers in full, of anything else the type.

    Never calls a foreign `__repr__` and never shows more than a glimpse, so that no secret or megabyte gets into a log.
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        bits = int.bit_length(value)
        return int.__repr__(value) if bits <= 200 else f"an integer of {bits} bits"
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, str):
        return _cut(f'"{_escaped(value[: _SHOWN + 1])}"')
    if isinstance(value, bytes):
        return _cut(repr(bytes(value[: _SHOWN + 1])))
    return f"a value of type {type(value).__name__[:40]}"


def _escaped(text: str) -> str:
    return "".join(
        f"\\{c}" if c in '"\\' else c if c.isprintable() else c.encode("unicode_escape").decode()
        for c in text
    )


def legible(text: str, most: int) -> str:
    """A message that was put together from excerpts, as one line of at most so many characters."""
    return _cut("".join(c if c.isprintable() else _escaped(c) for c in text[: most + 1]), most)


def _cut(text: str, most: int = _SHOWN) -> str:
    return text if len(text) <= most else text[: most - 3] + "..."


class Findings:
    """Collects what is found while one event is read or made, and decides what lenient reading mends.

    A check either calls `report`, for what cannot be mended, or asks `repair`: where that answers true the caller
    mends the value and goes on, where it answers false the problem has been noted.
    """

    __slots__ = ("index", "lenient", "problems", "repairs")

    def __init__(self, *, lenient: bool = False, index: int | None = None) -> None:
        self.lenient = lenient
        self.index = index
        self.problems: list[Problem] = []
        self.repairs: list[Problem] = []

    def report(
        self,
        requirement: str,
        message: str,
        attribute: str | None = None,
        value: object = _UNSET,
        hint: str | None = None,
        position: int | None = None,
    ) -> None:
        """Note a problem; `value` is what was found, as it came. No more than 100 are kept."""
        if len(self.problems) < _ENOUGH:
            self.problems.append(self._problem(requirement, message, attribute, value, hint, position))

    def repair(
        self,
        requirement: str,
        message: str,
        attribute: str | None = None,
        value: object = _UNSET,
        hint: str | None = None,
    ) -> bool:
        """Note what lenient reading can mend; true when it shall be mended, false when it is a problem."""
        found = self.repairs if self.lenient else self.problems
        if len(found) < _ENOUGH:
            found.append(self._problem(requirement, message, attribute, value, hint, None))
        return self.lenient

    def conclude(self) -> None:
        """Raise `InvalidEvent` with every problem noted so far, if there is one."""
        if self.problems:
            raise InvalidEvent(self.problems)

    def _problem(
        self,
        requirement: str,
        message: str,
        attribute: str | None,
        value: object,
        hint: str | None,
        position: int | None,
    ) -> Problem:
        if attribute is not None:  # a name from the wire can be anything
            attribute = _cut(attribute) if _PLAIN_NAME.fullmatch(attribute) else excerpt(attribute)
        found = None if value is _UNSET else excerpt(value)
        return Problem(requirement, message, attribute, found, hint and _cut(hint), self.index, position)
