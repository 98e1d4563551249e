"""The errors: what each says and carries, and that no message shows more than a glimpse of what came."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevents import errors
from cevents.errors import Findings, InvalidEvent, Problem, TransportError, excerpt

KINDS: list[tuple[errors.CloudEventError, type[Exception], int]] = [
    (errors.CloudEventError("x"), Exception, 500),
    (InvalidEvent([Problem("CE-id-b", "is missing", "id")]), ValueError, 400),
    (errors.NotACloudEvent("x"), ValueError, 415),
    (errors.UnsupportedFormat("x"), LookupError, 415),
    (errors.UnsupportedBatch("x"), LookupError, 415),
    (errors.DataError("x"), ValueError, 400),
    (TransportError("x", retryable=True, status=503, retry_after=1.5), OSError, 502),
]
each_kind = pytest.mark.parametrize(
    ("error", "builtin", "status"), KINDS, ids=[type(kind[0]).__name__ for kind in KINDS]
)


@each_kind
def test_an_error_is_one_of_python_too_and_says_what_to_answer(
    error: errors.CloudEventError, builtin: type[Exception], status: int
) -> None:
    assert isinstance(error, errors.CloudEventError)
    assert isinstance(error, builtin)
    assert error.http_status == status


@each_kind
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_pickles_with_all_it_carries(  # T87
    error: errors.CloudEventError, builtin: type[Exception], status: int, protocol: int
) -> None:
    for found in (pickle.loads(pickle.dumps(error, protocol)), copy.deepcopy(error)):
        assert type(found) is type(error)
        assert str(found) == str(error)
        assert vars(found) == vars(error)


def test_every_public_error_is_tested_here() -> None:
    public = {getattr(errors, name) for name in errors.__all__}
    found = {kind for kind in public if isinstance(kind, type) and issubclass(kind, Exception)}
    assert found == {type(error) for error, _, _ in KINDS}


class Busy(TransportError):
    """An error of some transport."""


def test_an_error_of_a_transport_stays_one() -> None:
    found = pickle.loads(pickle.dumps(Busy("x", retryable=True)))
    assert type(found) is Busy
    assert found.retryable


def test_transport_error_tells_whether_to_try_again() -> None:
    error = TransportError("no answer", retryable=False)
    assert (error.retryable, error.status, error.retry_after) == (False, None, None)
    assert str(error) == "no answer"


# -------------------------------------------------------------------------------------------------------- problems


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("JSON-3-b", "must be a JSON object"), "must be a JSON object [JSON-3-b]"),
        (Problem("CE-id-a", "is missing", "id"), "id: is missing [CE-id-a]"),
        (
            Problem("CE-subject-a", "must not be empty", "subject", '""'),
            'subject: must not be empty (got "") [CE-subject-a]',
        ),
        (Problem("CE-id-a", "is missing", "id", index=3), "event 3: id: is missing [CE-id-a]"),
        (Problem("CE-id-a", "is missing", "id", index=0), "event 0: id: is missing [CE-id-a]"),
        (Problem("JSON-3-b", "is not UTF-8", position=0), "is not UTF-8 at byte 0 [JSON-3-b]"),
        (
            Problem("CE-naming-a", "is bad", '"A"', hint="write a"),
            '"A": is bad; write a [CE-naming-a]',
        ),
        (
            Problem("X", "m", "a", "v", "h", 1, 2),
            "event 1: a: m (got v) at byte 2; h [X]",
        ),
    ],
    ids=["bare", "attribute", "value", "index", "index 0", "position 0", "hint", "all"],
)
def test_a_problem_reads(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_a_problem_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Problem("X", "m").message = "n"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue] # tested


def test_invalid_event_lists_every_problem() -> None:
    def problems() -> Iterator[Problem]:
        yield Problem("CE-id-a", "is missing", "id")
        yield Problem("CE-type-a", "is missing", "type")

    error = InvalidEvent(problems())
    assert [problem.attribute for problem in error.problems] == ["id", "type"]
    assert str(error) == "id: is missing [CE-id-a]; type: is missing [CE-type-a]"


# -------------------------------------------------------------------------------------------------------- excerpts


class Hostile:
    """Says nothing, and must not be asked."""

    def __repr__(self) -> NoReturn:
        raise AssertionError("asked")

    __str__ = __repr__


class Long:
    pass


Long.__name__ = "L" * 500


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (-5, "-5"),
        (2**200 - 1, str(2**200 - 1)),
        (10**10_000, "an integer of 33220 bits"),
        (1.5, "1.5"),
        (float("nan"), "nan"),
        ("", '""'),
        ("aé€", '"aé€"'),
        ('a"b\\c', r'"a\"b\\c"'),
        ("a\r\nb\x00\x7f\x85", r'"a\r\nb\x00\x7f\x85"'),
        ("\ud800\u2028\U0010ffff", r'"\ud800\u2028\U0010ffff"'),
        (b"a\n\xff", r"b'a\n\xff'"),
        ({"secret": 1}, "a value of type dict"),
        (Hostile(), "a value of type Hostile"),
        (Long(), "a value of type " + "L" * 40),
    ],
    ids=lambda value: type(value).__name__,
)
def test_excerpt(value: object, text: str) -> None:
    assert excerpt(value) == text


def test_an_excerpt_asks_no_foreign_class_how_it_looks() -> None:
    class Loud(int):
        def __repr__(self) -> str:
            raise AssertionError

        __str__ = __repr__

    class Long(float):
        def __repr__(self) -> str:
            return "x" * 500

    assert (excerpt(Loud(2**40)), excerpt(Long(1.5))) == ("1099511627776", "1.5")


@pytest.mark.parametrize("value", ["x" * 10**6, "\x00" * 10**6, b"\x00" * 10**6, "😀" * 100])
def test_s15_an_excerpt_shows_at_most_eighty_characters(value: str | bytes) -> None:
    assert len(excerpt(value)) == 80
    assert excerpt(value).endswith("...")


@given(st.one_of(st.text(), st.binary(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_s15_any_excerpt_is_short_and_printable(value: object) -> None:
    text = excerpt(value)
    assert len(text) <= 80
    assert text.isprintable()


# -------------------------------------------------------------------------------------------------------- findings


def test_findings_of_strict_reading_make_problems_of_everything() -> None:
    findings = Findings(index=7)
    findings.report("CE-id-b", "must not be empty", "id", "")
    assert not findings.repair("CE-subject-a", "must not be empty", "subject", "", hint="leave it out")
    assert findings.repairs == []
    with pytest.raises(InvalidEvent) as caught:
        findings.conclude()
    assert [(problem.requirement, problem.index) for problem in caught.value.problems] == [
        ("CE-id-b", 7),
        ("CE-subject-a", 7),
    ]


def test_findings_of_lenient_reading_keep_repairs_apart() -> None:
    findings = Findings(lenient=True)
    assert findings.repair("CE-subject-a", "must not be empty", "subject", "")
    findings.conclude()
    findings.report("CE-id-b", "must not be empty", "id", "")
    with pytest.raises(InvalidEvent) as caught:
        findings.conclude()
    assert [problem.requirement for problem in caught.value.problems] == ["CE-id-b"]
    assert [problem.requirement for problem in findings.repairs] == ["CE-subject-a"]


def test_findings_that_are_none() -> None:
    Findings().conclude()


@pytest.mark.parametrize("lenient", [False, True])
def test_no_more_than_a_hundred_findings_are_kept(lenient: bool) -> None:
    findings = Findings(lenient=lenient)
    for number in range(1000):
        findings.report("X", "m", str(number))
        assert findings.repair("Y", "m", str(number)) is lenient
    assert len(findings.problems) == 100
    assert len(findings.repairs) == (100 if lenient else 0)
    assert findings.problems[0].attribute == "0"


@pytest.mark.parametrize("value", [None, "", 0, False])
def test_a_value_that_says_nothing_is_still_shown(value: object) -> None:
    findings = Findings()
    findings.report("X", "m", "a", value)
    findings.report("X", "m", "a")
    given_value, left_out = findings.problems
    assert given_value.value is not None
    assert left_out.value is None


@pytest.mark.parametrize(
    "name", ["a" * 10**6, "a\r\nb", "<script>alert(1)</script>", "\x1b[2J", "", "\ud800", '"quoted"']
)
def test_s15_a_name_from_the_wire_is_escaped_and_cut(name: str) -> None:
    findings = Findings()
    findings.report("CE-naming-a", "is no name", name)
    shown = str(findings.problems[0])
    assert len(shown) < 200
    assert shown.isprintable()


def test_s15_a_hint_is_cut() -> None:
    findings = Findings()
    findings.report("X", "m", hint="h" * 1000)
    assert len(str(findings.problems[0].hint)) == 80
