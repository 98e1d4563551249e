"""URLs of transports, taken apart; and how long is waited between attempts."""

from __future__ import annotations

import pickle
from itertools import islice

import pytest

from cevents import transports
from cevents.transports._address import Address
from cevents.transports._backoff import delays


def test_a_url_is_taken_apart() -> None:
    found = Address.of("kafka://us%40er:p%3Aw@a.example:9092,[::1]/to%20pic/x?group=g&most=5&on=yes&way=b")
    assert found.hosts == [("a.example", 9092), ("::1", None)]
    assert (found.path, found.user, found.password) == ("to pic/x", "us@er", "p:w")
    assert found.take("group") == "g"
    assert found.take("other", "default") == "default"
    assert (found.number("most", 1), found.number("least", 2)) == (5, 2)
    assert (found.flag("on", default=False), found.flag("off", default=True)) == (True, True)
    assert (found.choice("way", "a", "b"), found.choice("turn", "left", "right")) == ("b", "left")
    found.done()


def test_nothing_secret_is_shown() -> None:
    found = Address.of("kafka://user:secret@a.example:9092,[::1]/topic?token=secret")
    assert str(found) == "kafka://a.example:9092,[::1]/topic"
    assert repr(found) == "Address('kafka://a.example:9092,[::1]/topic')"
    with pytest.raises(TypeError):
        pickle.dumps(found)


def test_credentials_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CEVENTS_USER", "user")
    monkeypatch.setenv("CEVENTS_PASSWORD", "secret")
    found = Address.of("nats://a.example/x")
    assert (found.user, found.password) == ("user", "secret")
    given = Address.of("nats://other:word@a.example/x")
    assert (given.user, given.password) == ("other", "word")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("kafka://secret@a b/x", "no host with a port"),
        ("kafka://secret@a:0/x", "no host with a port"),
        ("kafka://secret@a:99999/x", "no host with a port"),
        ("kafka://secret@[::1/x", "cannot be read"),
        ("kafka://a/x?secret", "cannot be read"),
        ("kafka://a/x?b=1&b=2", "more than once"),
    ],
)
def test_what_cannot_be_read(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        Address.of(url)
    assert "secret" not in str(caught.value)


def test_options_that_cannot_be_meant() -> None:
    found = Address.of("kafka://a/x?most=-1&on=maybe&way=c&left=over")
    with pytest.raises(ValueError, match="most must be a number"):
        found.number("most", 1)
    with pytest.raises(ValueError, match="on must be true or false"):
        found.flag("on", default=True)
    with pytest.raises(ValueError, match="way must be one of a, b"):
        found.choice("way", "a", "b")
    with pytest.raises(ValueError, match='no option "left"; known are most, on, way'):
        found.done()
    with pytest.raises(TypeError, match="a URL is a text"):
        Address.of(b"kafka://a")  # type: ignore[arg-type] # the error is the point


def test_a_scheme_that_nobody_has() -> None:
    for url in ("", "carrier-pigeon://a/x"):
        with pytest.raises(ValueError, match="no transport has the scheme"):
            transports.open_sender(url)
        with pytest.raises(ValueError, match="known are memory"):
            transports.open_receiver(url)
    with pytest.raises(ValueError, match="memory:NAME"):
        transports.open_sender("memory://host/name")
    with pytest.raises(ValueError, match="no option"):
        transports.open_receiver("memory:name?unknown=1")


def test_waits_grow_up_to_a_bound() -> None:
    found = list(islice(delays(0.1, 2.0), 200))
    assert all(0 <= wait <= min(2.0, 0.1 * 2**number) for number, wait in enumerate(found))
    assert max(found) > 1.0
    assert len(set(found)) > 100
