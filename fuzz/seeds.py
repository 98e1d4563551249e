"""Where fuzzing begins: the messages of the conformance vectors, the specification's examples among them.

A message of HTTP is written as text: a header a line, an empty line, the body. So seeds and findings can be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from cevents import CloudEventError, formats
from cevents.conformance import load
from cevents.conformance.vector import Content

_LONGEST = 4096  # bytes; vectors about size would only slow the start


def message_of(text: bytes) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body of a message that is written as text."""
    head, _, body = text.partition(b"\n\n")
    pairs = (line.partition(":") for line in head.decode("latin-1").split("\n") if line)
    return [(name, value.strip(" ")) for name, _, value in pairs], body


def text_of(headers: list[Any], body: bytes) -> bytes:
    """Return a message as text."""
    lines = [f"{name}: {value}\n" for name, value in headers]
    return "".join(lines).encode("latin-1", errors="replace") + b"\n" + body


def _messages() -> Iterator[tuple[str | None, list[Any], bytes]]:
    for vector in load():
        for message in [vector.message, *(other.message for other in vector.reencoded)]:
            written = message.get("body")
            body = b"" if written is None else msgspec.convert(written, Content).encoded()
            headers: Any = message.get("headers", [])
            if len(body) + len(repr(headers)) <= _LONGEST:
                yield vector.binding, headers if isinstance(headers, list) else list(headers.items()), body


def json_seeds() -> set[bytes]:
    """Every body that is JSON, of an event, a batch or a stream of lines."""
    bodies = {body for _, _, body in _messages() if body.lstrip()[:1] in (b"{", b"[")}
    return bodies | {b"\n".join(sorted(body for body in bodies if b"\n" not in body)[:3])}


def format_seeds(name: str) -> set[bytes]:
    """The messages of the vectors of a format, and every event of the vectors in JSON, written in it."""
    found = formats.get(name)
    seeds = {body for format_name, body in _bodies() if format_name == name}
    for body in json_seeds():
        try:
            seeds.add(found.encode(formats.json.decode(body)))
        except CloudEventError:
            continue
    return {seed for seed in seeds if len(seed) <= _LONGEST}


def _bodies() -> Iterator[tuple[str | None, bytes]]:
    for vector in load():
        written = vector.message.get("body")
        if written is not None:
            yield vector.format, msgspec.convert(written, Content).encoded()


def http_seeds() -> set[bytes]:
    """Every message of HTTP."""
    return {text_of(headers, body) for binding, headers, body in _messages() if binding == "http"}


def grammar_seeds() -> set[bytes]:
    """Timestamps, media types and URIs, as they stand in events and as RFC 3339, 2045 and 3986 show them."""
    texts = {
        "2018-04-05T17:31:00Z", "1985-04-12T23:20:50.52Z", "1996-12-19T16:39:57-08:00", "1990-12-31T23:59:60Z",
        "1990-12-31T15:59:60-08:00", "1937-01-01T12:00:27.87+00:20", "2020-02-29t00:00:00.123456789z",
        "0000-01-01T00:00:00-00:00", "2018-04-05 17:31", "2018-04-05T17:31:00+0200", "2018-04-05T17:31:00+02",
        "application/json", "text/plain; charset=us-ascii", 'text/plain; charset="utf-8"; format=flowed',
        'a/b;c="\\"\\\\";d=e', "application/cloudevents+json", "image/svg+xml", "text/xml;charset=iso-8859-1",
        "https://github.com/cloudevents/spec/pull", "mailto:cncf-wg-serverless@lists.cncf.io", "./g:h",
        "/cloudevents/spec/pull/123", "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66", "//user:pass@h:1/p?q#f", "?y",
        "ftp://ftp.is.co.za/rfc/rfc1808.txt", "ldap://[2001:db8::7]/c=GB?objectClass?one", "telnet://192.0.2.16:80/",
        "http://[v1.fe]:1/%41", "http://[::ffff:192.0.2.1]/", "tel:+1-816-555-1212", "file:///etc/hosts", "#s", "1-5",
    }  # fmt: skip
    return {text.encode() for text in texts}
