"""Timestamps: which texts are RFC 3339, what instant each means, and that a text outlives being read."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevents import CloudEvent, InvalidEvent, timestamps
from cevents.timestamps import TimestampText

# The text, and its instant in UTC; None where `datetime` has no such instant.
GOOD: list[tuple[str, datetime | None]] = [
    ("2018-04-05T17:31:00Z", datetime(2018, 4, 5, 17, 31, tzinfo=UTC)),
    ("2018-04-05T17:31:00+02:00", datetime(2018, 4, 5, 15, 31, tzinfo=UTC)),
    ("2018-04-05T17:31:00-23:59", datetime(2018, 4, 6, 17, 30, tzinfo=UTC)),
    ("2018-04-05T17:31:00-00:00", datetime(2018, 4, 5, 17, 31, tzinfo=UTC)),  # T59: "offset unknown"
    ("2018-04-05t17:31:00z", datetime(2018, 4, 5, 17, 31, tzinfo=UTC)),  # T59
    ("2018-04-05T17:31:00.5811478Z", datetime(2018, 4, 5, 17, 31, 0, 581_147, UTC)),  # T57
    ("2018-04-05T17:31:00.123456789Z", datetime(2018, 4, 5, 17, 31, 0, 123_456, UTC)),  # T57
    ("2018-04-05T17:31:00.1Z", datetime(2018, 4, 5, 17, 31, 0, 100_000, UTC)),
    ("2018-04-05T17:31:00.000Z", datetime(2018, 4, 5, 17, 31, tzinfo=UTC)),
    (f"2018-04-05T17:31:00.{'9' * 10_000}Z", datetime(2018, 4, 5, 17, 31, 0, 999_999, UTC)),
    ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, 999_999, UTC)),  # T59: a leap second
    ("1990-12-31T15:59:60-08:00", datetime(1990, 12, 31, 23, 59, 59, 999_999, UTC)),
    ("2017-01-01T05:29:60.25+05:30", datetime(2016, 12, 31, 23, 59, 59, 999_999, UTC)),
    ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
    ("2000-02-29T00:00:00Z", datetime(2000, 2, 29, tzinfo=UTC)),
    ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)),
    ("0000-02-29T00:00:00Z", None),
]

# T58, T-CORE-5: much of this is what `datetime.fromisoformat` accepts.
BAD = [
    "",
    "lunchtime",
    "2018-04-05",
    "17:31:00Z",
    "2018-04-05T17:31:00",
    "2018-04-05T17:31Z",
    "2018-04-05T17Z",
    "2018-04-05 17:31:00Z",
    "2018-04-05_17:31:00Z",
    "2018-04-05T17:31:00+02",
    "2018-04-05T17:31:00+0200",
    "2018-04-05T17:31:00+25:00",
    "2018-04-05T17:31:00+24:00",
    "2018-04-05T17:31:00+02:60",
    "2018-04-05T17:31:00+02:00:30",
    "2018-04-05T17:31:00 Z",
    "2018-04-05T17:31:00.Z",
    "2018-04-05T17:31:00,5Z",
    "2018-04-05T17:31:00.5",
    "2018-04-05T17:31:00.12a4Z",
    "2018-04-05T17:31:00GMT",
    "2018-04-05T17:31:00America/Los_Angeles",
    "2018-04-05T17:31:00+01:00[Europe/Paris]",
    "2018-04-05T24:00:00Z",
    "2018-04-05T17:60:00Z",
    "2018-04-05T17:31:61Z",
    "2018-04-05T17:31:60Z",  # no end of a day in UTC
    "2018-04-05T23:59:60+01:00",
    "2018-00-05T17:31:00Z",
    "2018-13-05T17:31:00Z",
    "2018-04-00T17:31:00Z",
    "2018-04-31T17:31:00Z",
    "2018-02-29T17:31:00Z",
    "1900-02-29T17:31:00Z",
    "2020-W01-1T00:00Z",
    "2020-W01-1T00:00:00Z",
    "2020-001T00:00:00Z",
    "20200101T000000Z",
    "20180405T173100Z",
    "+2018-04-05T17:31:00Z",
    "12018-04-05T17:31:00Z",
    "18-04-05T17:31:00Z",
    "2018-4-5T17:31:00Z",
    " 2018-04-05T17:31:00Z",
    "2018-04-05T17:31:00Z ",
    "2018-04-05T17:31:00Z\n",  # "$" would let it pass
    "2018-04-05T17:31:00.5Z\n",
    "２018-04-05T17:31:00Z",
    "2018-04-05T17:31:00.٣Z",
    "2018-04-05T17:31:00\u221202:00",
    "1522949460",
]


def short(text: str) -> str:
    return ascii(text[:40])


# CE-types-k, CE-time-a
@pytest.mark.parametrize(("text", "instant"), GOOD, ids=[short(text) for text, _ in GOOD])
def test_a_good_timestamp_and_its_instant(text: str, instant: datetime | None) -> None:
    assert timestamps.is_timestamp(text)
    if instant is None:
        with pytest.raises(ValueError, match="year 0"):
            timestamps.parse(text)
    else:
        assert timestamps.parse(text) == instant


@pytest.mark.parametrize("text", BAD, ids=short)
def test_t58_what_is_no_timestamp(text: str) -> None:
    assert not timestamps.is_timestamp(text)
    assert timestamps.is_usual(text) is None


@pytest.mark.parametrize(
    "text", [text for text in BAD if not text[:19].endswith(("60", "-31", "-29"))], ids=short
)
def test_parse_refuses_what_is_no_timestamp(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its text is Python's where the calendar decides
        timestamps.parse(text)


def test_f12_parse_keeps_the_offset() -> None:
    assert timestamps.parse("2018-04-05T17:31:00+05:30").utcoffset() == timedelta(hours=5, minutes=30)
    assert timestamps.parse("2018-04-05T17:31:00-08:00").utcoffset() == -timedelta(hours=8)


@pytest.mark.parametrize("text", [text for text, _ in GOOD], ids=short)
def test_the_usual_is_a_part_of_the_good(text: str) -> None:
    unusual = ":60" in text or "-02-29" in text
    assert (timestamps.is_usual(text) is None) == unusual


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_the_usual_way_and_the_careful_way_agree_on_any_day(moment: datetime) -> None:
    text = timestamps.render(moment)
    assert timestamps.is_timestamp(text)
    assert timestamps.is_usual(text) is not None or "-02-29" in text


@given(st.from_regex(r"\A[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]Z\Z"))
def test_is_timestamp_agrees_with_the_calendar(text: str) -> None:
    try:
        datetime.strptime(text.replace(":60Z", ":59Z"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        possible = not text.startswith("0000") and (":60Z" not in text or "T23:59:" in text)
    except ValueError:
        possible = False
    if not text.startswith("0000"):
        assert timestamps.is_timestamp(text) == possible


# ----------------------------------------------------------------------------------------------------------- render


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2018, 4, 5, 17, 31, tzinfo=UTC), "2018-04-05T17:31:00Z"),
        (datetime(2018, 4, 5, 17, 31, 0, 250_000, UTC), "2018-04-05T17:31:00.250000Z"),
        (
            datetime(2018, 4, 5, 17, 31, tzinfo=timezone(timedelta(hours=5, minutes=30))),
            "2018-04-05T17:31:00+05:30",
        ),
        (
            datetime(2018, 4, 5, 17, 31, tzinfo=timezone(-timedelta(hours=8))),
            "2018-04-05T17:31:00-08:00",
        ),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
        # RFC 3339 has no offset with seconds
        (datetime(1900, 1, 1, tzinfo=timezone(timedelta(seconds=561))), "1899-12-31T23:50:39Z"),
        (datetime(2018, 4, 5, tzinfo=timezone(timedelta(seconds=-30))), "2018-04-05T00:00:30Z"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_render(moment: datetime, text: str) -> None:  # CE-types-p
    assert timestamps.render(moment) == text
    assert type(timestamps.render(moment)) is TimestampText
    assert timestamps.parse(text) == moment


@given(st.datetimes(timezones=st.timezones() | st.just(UTC), min_value=datetime(2, 1, 1)))
def test_render_and_parse_are_opposites(moment: datetime) -> None:
    assert timestamps.parse(timestamps.render(moment)) == moment.astimezone(UTC)


class Nowhere(tzinfo):
    """A zone that does not say where it is."""

    def utcoffset(self, _: datetime | None) -> None:
        return None

    def dst(self, _: datetime | None) -> None:
        return None

    def tzname(self, _: datetime | None) -> None:
        return None


@pytest.mark.parametrize("zone", [None, Nowhere()], ids=["none", "of no offset"])
def test_t88_a_datetime_without_zone_is_refused(zone: tzinfo | None) -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        timestamps.render(datetime(2018, 4, 5, tzinfo=zone))


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(seconds=30))),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(seconds=30))),
    ],
    ids=["first", "last"],
)
def test_a_datetime_that_utc_does_not_have_is_refused(moment: datetime) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - what it says is free
        timestamps.render(moment)


class Spelled(datetime):
    """A datetime of some library, which writes itself in a way of its own."""

    def isoformat(self, sep: str = "T", timespec: str = "auto") -> str:
        return super().isoformat(sep, timespec).replace("+00:00", "Z")


def test_a_datetime_of_another_library_is_written_as_any() -> None:
    moment = Spelled(2018, 4, 5, 17, 31, tzinfo=UTC)
    assert timestamps.render(moment) == "2018-04-05T17:31:00Z"


# --------------------------------------------------------------------------------------------------------- repaired


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("2018-04-05 17:31:00Z", "2018-04-05T17:31:00Z"),
        ("2018-04-05T17:31Z", "2018-04-05T17:31:00Z"),
        ("2018-04-05T17:31", "2018-04-05T17:31:00Z"),
        ("2018-04-05T17:31:00.5", "2018-04-05T17:31:00.5Z"),
        ("2018-04-05T17:31:00+02", "2018-04-05T17:31:00+02:00"),
        ("2018-04-05T17:31:00+0230", "2018-04-05T17:31:00+02:30"),
        ("2018-04-05T17:31:00-0800", "2018-04-05T17:31:00-08:00"),
        ("2018-04-05t17:31:00z", "2018-04-05T17:31:00z"),
        ("2018-04-05 17:31:00+02", "2018-04-05T17:31:00+02:00"),
        ("2018-04-05T23:59:60", "2018-04-05T23:59:60Z"),
    ],
)
def test_repaired(text: str, mended: str) -> None:
    assert timestamps.repaired(text) == mended
    assert timestamps.is_timestamp(mended)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lunchtime",
        "2018-04-05",
        "20180405T173100Z",
        "2018-02-30 17:31:00Z",
        "2018-04-05T17:31:60",
        "2018-04-05T17:31:00 GMT",
        "2018-04-05T17:31:00+2",
        "2018-04-05T17:31:00,5Z",
        "2018-04-05T17:31:00Z\n",
        "1522949460",
    ],
    ids=short,
)
def test_what_cannot_be_repaired(text: str) -> None:
    assert timestamps.repaired(text) is None


@pytest.mark.parametrize("tail", ["", "Z", "x", "Zx"])
def test_a_text_of_a_megabyte_takes_no_time(tail: str) -> None:
    text = f"2018-04-05T17:31:00.{'1' * 10**6}{tail}"
    began = time.perf_counter()
    timestamps.is_timestamp(text)
    timestamps.repaired(text)
    assert time.perf_counter() - began < 2


class Fickle(tzinfo):
    """A time zone that answers differently each time."""

    def __init__(self, *answers: timedelta) -> None:
        self._answers = cycle(answers)

    def utcoffset(self, when: datetime | None) -> timedelta:
        return next(self._answers)

    def tzname(self, when: datetime | None) -> str:
        return "fickle"

    def dst(self, when: datetime | None) -> None:
        return None


@pytest.mark.parametrize(
    "zone", [Fickle(timedelta(0), timedelta(hours=1, minutes=2, seconds=3)), Fickle(timedelta(hours=30))]
)
def test_a_time_zone_that_makes_no_sense(zone: tzinfo) -> None:
    with pytest.raises(ValueError, match=r"time zone|timedelta"):
        timestamps.render(datetime(2020, 1, 1, tzinfo=zone))
    with pytest.raises(InvalidEvent, match="must be a moment that UTC has a date for"):
        CloudEvent(type="t", source="/s", time=datetime(2020, 1, 1, tzinfo=zone))
