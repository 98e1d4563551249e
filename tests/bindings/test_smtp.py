"""The SMTP binding: pairs of event and mail both ways, and what relays, lists and mail programs make of a mail."""

from __future__ import annotations

import email
import email.policy
import quopri
import random
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.header import Header
from email.message import EmailMessage, Message
from hashlib import md5
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cevents import (
    CloudEvent,
    CloudEventError,
    DataError,
    InvalidEvent,
    NotACloudEvent,
    UnsupportedBatch,
    UnsupportedFormat,
    formats,
    testing,
)
from cevents.bindings import smtp
from cevents.conformance import default_directory, ledger
from cevents.event import kept_extensions

Event = CloudEvent[Any]

DOCUMENT = Path(__file__).parents[2] / "docs" / "specs" / "smtp-protocol-binding.md"
SMTP = email.policy.SMTP
CORE = "CE-Specversion: 1.0\nCE-Type: t\nCE-Source: /s\nCE-Id: 1\n"
ANY = "Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
JSON = "CE-Datacontenttype: application/json\nContent-Type: application/json\nContent-Transfer-Encoding: base64\n"


def made(**changes: Any) -> Event:
    values: dict[str, Any] = {"type": "t", "source": "/s", "id": "1", "time": None, **changes}
    return CloudEvent(**values)


def mail(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode("latin-1")


def wire(message: EmailMessage) -> bytes:
    return message.as_bytes(policy=SMTP)


def digest(data: bytes) -> str:
    return f"Content-MD5: {b64encode(md5(data).digest()).decode()}\n"


def problems(message: Any, *, lenient: bool = False) -> list[tuple[str | None, str]]:
    with pytest.raises(InvalidEvent) as caught:
        smtp.decode(message, lenient=lenient)
    return [(problem.attribute, problem.requirement) for problem in caught.value.problems]


# ---------------------------------------------------------------------------------------------- binary mode, both ways

# SMTP-1.2-a, SMTP-3-c, SMTP-3.1.1-a, SMTP-3.1.1-b, SMTP-3.1.2-a, SMTP-3.1.2-b, SMTP-3.1.3-a, SMTP-3.1.3.1-a
PAIRS: list[tuple[str, Event, str]] = [
    ("minimal", made(), CORE + ANY + "\n"),  # SMTP-3.1.2-d
    ("empty data", made(data=b""), CORE + ANY + "Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==\n\n"),
    ("bytes", made(data=b"abc"), CORE + ANY + "Content-MD5: kAFQmDzST7DWlj99KOF/cg==\n\nYWJj\n"),
    ("JSON", made(data={"a": 1}), CORE + JSON + digest(b'{"a":1}') + "\neyJhIjoxfQ==\n"),
    (
        "null",
        made(data=b"null", datacontenttype="application/json"),
        CORE + JSON + digest(b"null") + "\nbnVsbA==\n",
    ),
    ("content type without data", made(datacontenttype="application/json"), CORE + JSON + "\n"),
    (
        "every core attribute",
        made(time="2018-04-05T17:31:00.120+02:00", subject="sub", dataschema="urn:x:y"),
        CORE
        + "CE-Time: 2018-04-05T17:31:00.120+02:00\nCE-Subject: sub\nCE-Dataschema: urn:x:y\n"
        + ANY
        + "\n",
    ),
    (
        "types",
        made(blob=b"\x01\x02", count=-5, flag=True),
        CORE + "CE-Blob: AQI=\nCE-Count: -5\nCE-Flag: true\n" + ANY + "\n",
    ),
    ("empty String", made(ext=""), CORE + 'CE-Ext: ""\n' + ANY + "\n"),  # SMTP-3.1.3.2-c
    ("two quotes", made(ext='""'), CORE + "CE-Ext: %22%22\n" + ANY + "\n"),
    (
        "coded",
        made(subject="Euro € 😀", ext="100%"),
        CORE + "CE-Subject: Euro%20%E2%82%AC%20%F0%9F%98%80\nCE-Ext: 100%25\n" + ANY + "\n",
    ),  # SMTP-3.1.3.2-a
    (
        "what looks like an encoded word",
        made(ext="=?utf-8?q?a?="),
        CORE + "CE-Ext: %3D?utf-8?q?a?=\n" + ANY + "\n",
    ),  # SMTP-3.1.3.2-b
    ("a name with a digit first", made(**{"1st": "x"}), CORE + "CE-1st: x\n" + ANY + "\n"),
    (
        "folded",
        made(subject="a" * 150),
        CORE + f"CE-Subject: {'a' * 64}\n {'a' * 75}\n {'a' * 11}\n" + ANY + "\n",
    ),  # SMTP-3.1.3.3-a
    (
        "content type that mail does not allow",
        made(datacontenttype="multipart/mixed; boundary=x", data=b"--x--"),
        CORE
        + "CE-Datacontenttype: multipart/mixed;%20boundary=x\n"
        + ANY
        + digest(b"--x--")
        + "\nLS14LS0=\n",
    ),  # SMTP-3.1.1-c
    (
        "content type of an event",
        made(datacontenttype="application/cloudevents+json", data=b"{}"),
        CORE + "CE-Datacontenttype: application/cloudevents+json\n" + ANY + digest(b"{}") + "\ne30=\n",
    ),  # T-JSON-13, which this binding does not know
    (
        "0.3",
        made(specversion="0.3", schemaurl="/x", data=b"abc"),
        CORE.replace("1.0", "0.3") + "CE-Schemaurl: /x\n" + ANY + digest(b"abc") + "\nYWJj\n",
    ),
]
each_pair = pytest.mark.parametrize(
    ("event", "text"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)


@each_pair
def test_an_event_is_written_so(event: Event, text: str) -> None:
    message = smtp.encode(event)
    assert type(message) is EmailMessage
    assert wire(message) == mail("MIME-Version: 1.0\n" + text)
    assert wire(smtp.encode(event, mode="binary")) == wire(message)


@each_pair
@pytest.mark.parametrize("lenient", [False, True])
def test_a_mail_is_read_so(event: Event, text: str, lenient: bool) -> None:
    raw = mail("Received: x\nSubject: s\nFrom: a@b\nX-CE-Ext: no\nCE: no\n" + text)
    forms: list[Any] = [
        raw,
        bytearray(raw),
        memoryview(raw),
        raw.replace(b"\r\n", b"\n"),
        raw.replace(b"\r\n", b"\r"),
    ]
    forms += [email.message_from_bytes(raw, policy=policy) for policy in POLICIES]
    forms += [email.message_from_string(raw.decode("latin-1"))]
    for form in forms:
        found = smtp.decode(form, lenient=lenient)
        assert found == event
        assert found.has_data == event.has_data
        assert found.repairs == ()
        assert list(kept_extensions(found)) == sorted(kept_extensions(event))  # SMTP-1.2-b
        assert smtp.is_cloudevent(form)
        assert smtp.content_mode(form) == "binary"


POLICIES: list[Any] = [
    email.policy.compat32,
    email.policy.default,
    email.policy.SMTP,
    email.policy.SMTPUTF8,
    email.policy.HTTP,
    email.policy.strict,
    email.policy.SMTP.clone(refold_source="all"),
    email.policy.SMTP.clone(refold_source="none", max_line_length=0),
    email.policy.SMTP.clone(max_line_length=998, refold_source="all"),
]


# ------------------------------------------------------------------------------------------------------ what relays do

Relay = Callable[[bytes, random.Random], bytes]


def _fields_and_body(raw: bytes) -> tuple[list[bytes], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    return re.split(rb"\r\n(?![ \t])", head), body


def _with_fields(change: Callable[[bytes, random.Random], bytes]) -> Relay:
    def relay(raw: bytes, dice: random.Random) -> bytes:
        fields, body = _fields_and_body(raw)
        return b"\r\n".join(change(field, dice) for field in fields) + b"\r\n\r\n" + body

    return relay


def _folded_anywhere(field: bytes, dice: random.Random) -> bytes:
    name, _, value = re.sub(rb"\r\n", b"", field).partition(b": ")
    if not name.lower().startswith(b"ce-"):
        return field
    places = sorted(dice.sample(range(len(value) + 1), min(len(value), dice.randrange(6))))
    for at in reversed(places):
        value = value[:at] + dice.choice([b"\r\n ", b"\r\n\t", b" ", b"\r\n  \t "]) + value[at:]
    return name + dice.choice([b":", b": ", b":  ", b":\t"]) + value


def _cut_at_998(field: bytes, _: random.Random) -> bytes:
    line = re.sub(rb"\r\n[ \t]", b"", field)  # unfolded by a library before
    return b"\r\n ".join(line[at : at + 998] for at in range(0, len(line), 998))


def _shuffled(raw: bytes, dice: random.Random) -> bytes:
    fields, body = _fields_and_body(raw)
    dice.shuffle(fields)
    return b"\r\n".join(fields) + b"\r\n\r\n" + body


def _reencoded(encode: Callable[[bytes], bytes], encoding: bytes) -> Relay:
    def relay(raw: bytes, _: random.Random) -> bytes:
        fields, body = _fields_and_body(raw)
        head = b"\r\n".join(fields).replace(b"Encoding: base64", b"Encoding: " + encoding)
        return head + b"\r\n\r\n" + encode(b64decode(body))

    return relay


def _hex(data: bytes) -> bytes:
    """With soft line breaks, and nothing left to chance: `quopri` takes bytes for text."""
    return b"=\r\n".join(
        b"".join(b"=%02X" % byte for byte in data[at : at + 20]) for at in range(0, len(data), 20)
    )


def _regenerated(policy: Any) -> Relay:
    return lambda raw, _: email.message_from_bytes(raw, policy=policy).as_bytes(policy=policy)


def _wrapped_by_a_list(raw: bytes, _: random.Random) -> bytes:
    """As Mailman does with what is no plain text."""
    outer = email.message_from_bytes(raw)
    inner, footer = Message(), Message()
    for name, value in outer.items():
        if name.lower().startswith("content-"):
            inner[name] = value
            del outer[name]
    inner.set_payload(outer.get_payload())
    footer["Content-Type"] = 'text/plain; charset="us-ascii"'
    footer.set_payload("-- \nYou are on a list.\n")
    outer["Content-Type"] = 'multipart/mixed; boundary="===1=="'
    outer.set_payload([inner, footer])
    return outer.as_bytes()


RELAYS: dict[str, Relay] = {
    "folds anywhere": _with_fields(_folded_anywhere),
    "unfolds": _with_fields(lambda field, _: re.sub(rb"\r\n", b"", field)),
    "cuts at 998": _with_fields(_cut_at_998),
    "changes case": _with_fields(lambda field, dice: (n := field.partition(b":"))
                                 and dice.choice([n[0].lower(), n[0].upper()]) + n[1] + n[2]),
    "changes order": _shuffled,
    "adds fields": lambda raw, _: b"Received: by x;\r\n\tnow\r\n" + raw,
    "writes line feeds": lambda raw, _: raw.replace(b"\r\n", b"\n"),
    "adds white space": lambda raw, _: re.sub(rb"(?m)([^\r\n])(?=\r\n)", rb"\1 \t", raw) + b"\r\n \r\n",
    "joins base64": lambda raw, _: (p := raw.partition(b"\r\n\r\n")) and p[0] + p[1] + p[2].replace(b"\r\n", b""),
    "quoted-printable": _reencoded(_hex, b"quoted-printable"),
    "8bit": _reencoded(lambda data: data, b"8bit"),
    "binary": _reencoded(lambda data: data, b"BINARY"),
    "mbox": lambda raw, _: b"From a@b Thu Jan  1 00:00:00 1970\n" + raw,
    **{f"Python {policy}": _regenerated(policy) for policy in POLICIES if policy is not email.policy.strict},
    "list": _wrapped_by_a_list,
}  # fmt: skip


@pytest.mark.parametrize("relay", RELAYS.values(), ids=RELAYS.keys())
@given(testing.events() | testing.events(specversion="0.3"), st.integers(0, 2**32))
def test_an_event_comes_through_a_relay(relay: Relay, event: Event, seed: int) -> None:
    # SMTP-3.1.2-c, SMTP-3.1.3.1-b, SMTP-3.1.3.3-b, SMTP-4-d
    raw = relay(wire(smtp.encode(event)), random.Random(seed))
    for form in (
        raw,
        email.message_from_bytes(raw, policy=email.policy.default),
        email.message_from_bytes(raw),
    ):
        found = smtp.decode(form)
        testing.assert_same_event(found, event)
        assert found.has_data == event.has_data
        assert found.repairs == ()


@given(testing.events() | testing.events(specversion="0.3"))
def test_what_is_written(event: Event) -> None:  # SMTP-1.2-a, SMTP-3.1.3.2-a, SMTP-3.1.3.3-a
    message = smtp.encode(event)
    assert smtp.decode(message) == event
    for raw in (wire(message), message.as_bytes(), message.as_bytes(policy=email.policy.compat32)):
        assert raw.isascii()
        assert max(map(len, raw.splitlines())) <= 76
        assert b"=?" not in re.sub(rb"\r?\n ", b"", raw.partition(b"\n\n")[0]).replace(b"%3D?", b"")
        assert b"\n." not in raw
        assert smtp.decode(raw) == event
    assert [name.lower() for name in message].count("content-type") == 1


@pytest.mark.parametrize("size", [2_000, 64_000])
@pytest.mark.parametrize("character", ["a", " ", "%", "=?"])
def test_long_attributes(size: int, character: str) -> None:
    event = made(subject=character * (size // (1 if character == "a" else 4)), id="a" * size)
    for relay in RELAYS.values():
        assert smtp.decode(relay(wire(smtp.encode(event)), random.Random(1))) == event
    long_type = made(datacontenttype=f"a/b;x={'y' * size}", data=b"x")
    assert smtp.decode(wire(smtp.encode(long_type))) == long_type


def test_attributes_that_no_field_can_have() -> None:  # SMTP-3.1.3.1-c
    for changes, name in (
        ({"id": "a" * 96_001}, "id"),
        ({"subject": "€" * 10_667}, "subject"),
        ({"a" * 65: "x"}, "a" * 65),
    ):
        with pytest.raises(InvalidEvent) as caught:
            smtp.encode(made(**changes))
        assert [(p.attribute, p.requirement) for p in caught.value.problems] == [(name, "SMTP-3.1.3.1-c")]
        assert smtp.decode(smtp.encode(made(**changes), "structured")) == made(**changes)
    event = made(id="a" * 96_000, **{"a" * 64: "x"})
    raw = wire(smtp.encode(event))
    assert smtp.decode(raw) == event
    assert max(map(len, _fields_and_body(raw)[0])) <= 100_000


def test_a_mail_to_which_a_program_adds() -> None:
    modes: list[Literal["binary", "structured"]] = ["binary", "structured"]
    for mode in modes:
        for event in (made(), made(data={"a": 1}), made(data=b"", subject="x" * 500)):
            message = smtp.encode(event, mode)
            message["Subject"] = "Grüße"
            message["From"] = "a@example.com"
            message.add_attachment(b"other", maintype="image", subtype="png")
            assert smtp.decode(wire(message)) == smtp.decode(message) == event


def test_fields_that_a_program_copies() -> None:
    event = made(subject="x y%" * 500, data=b"abc")
    older = email.message_from_bytes(wire(smtp.encode(event)))  # its values have line breaks
    for source, others in ((smtp.encode(event), [EmailMessage(), Message()]), (older, [Message()])):
        for other in others:
            for name, value in source.items():
                other[name] = value
            other.set_payload(source.get_payload())
            assert smtp.decode(other) == smtp.decode(other.as_bytes()) == event


# ----------------------------------------------------------------------------------------------- where the event is

PLAIN = "Content-Type: text/plain\n\nHello\n"
NULL = CORE + JSON + digest(b"null") + "\nbnVsbA==\n"
STRUCTURED = "Content-Type: application/cloudevents+json\n\n" + formats.json.encode(made()).decode() + "\n"
BATCH = "Content-Type: Application/CloudEvents-Batch+JSON\n\n[]\n"


def multipart(subtype: str, *parts: str, fields: str = "", boundary: str = "b") -> str:
    body = "".join(f"--{boundary}\n{part}\n" for part in parts)
    head = f"{fields}Content-Type: multipart/{subtype};\n boundary={boundary}\n\n"
    return f"{head}preamble\n{body}--{boundary}--\nepilogue\n"


def everywhere(text: str) -> Iterator[Any]:
    """The bytes of a mail, and what Python's parsers make of them."""
    raw = mail(text)
    yield raw
    yield email.message_from_bytes(raw)
    yield email.message_from_bytes(raw, policy=email.policy.default)


# SMTP-4-a, SMTP-4-b, SMTP-4-d
@pytest.mark.parametrize(
    ("text", "event"),
    [
        (multipart("mixed", PLAIN, STRUCTURED), made()),
        (multipart("mixed", STRUCTURED, PLAIN), made()),
        (multipart("related", PLAIN, NULL), made(data=b"null", datacontenttype="application/json")),
        (multipart("unheard-of", PLAIN, multipart("alternative", PLAIN, STRUCTURED, boundary="c")), made()),
        (multipart("alternative", NULL, STRUCTURED), made()),
        (multipart("alternative", STRUCTURED, PLAIN, NULL), made(data=b"null", datacontenttype="application/json")),
        (multipart("mixed", PLAIN, STRUCTURED, fields=CORE.replace("Id: 1", "Id: 2")), made()),
        (multipart("mixed", PLAIN, fields=CORE).replace("Hello", " "), made()),
        (multipart("mixed", PLAIN, ANY + digest(b"abc") + "\nYWJj\n", PLAIN, fields=CORE), made(data=b"abc")),
        (multipart("mixed", PLAIN, STRUCTURED).replace("boundary=b", 'boundary = "b"'.replace(" = ", "=")), made()),
        (multipart("mixed", PLAIN, STRUCTURED).replace("boundary=b", "Boundary=b;"), made()),
        (multipart("mixed", PLAIN, STRUCTURED).replace("--b--\nepilogue\n", ""), made()),
        (multipart("mixed", PLAIN, STRUCTURED).replace("--b\n", "--b \t\n"), made()),
        (multipart("mixed", "\n" + PLAIN, STRUCTURED.replace("{", "\n{")), made()),
        (multipart("digest", PLAIN, STRUCTURED, boundary="-=_a+b.c?"), made()),
        (multipart("mixed", PLAIN, STRUCTURED, boundary='"a+b.c?"').replace('--"a+b.c?"', "--a+b.c?"), made()),
        ("MIME-Version: 1.0\n" + STRUCTURED, made()),
        (CORE.replace("Id: 1", "Id: 2") + STRUCTURED, made()),  # SMTP-3.2.3-a, SMTP-3.2.3-c
        (multipart("mixed", PLAIN, "Content-Type: message/rfc822\n\n" + STRUCTURED), None),  # SMTP-4-c
        (multipart("mixed", PLAIN, "Content-Type: message/rfc822\n\n" + NULL), None),
        (multipart("report", PLAIN, "Content-Type: text/rfc822-headers\n\n" + NULL), None),
        ("Content-Type: message/rfc822\n\n" + NULL, None),
        (multipart("mixed", PLAIN, PLAIN), None),
        (multipart("mixed"), None),
        ("Content-Type: multipart/mixed\n\n--\n" + NULL, None),
        (CORE.replace("CE-Specversion: 1.0\n", "") + ANY + "\n", None),
        (PLAIN, None),
        ("", None),
        ("CE-Specversion 1.0\n\n", None),
        ("Content-Type: application/json\n\n" + formats.json.encode(made()).decode(), None),
    ],
)  # fmt: skip
def test_where_the_event_is(text: str, event: Event | None) -> None:
    for form in everywhere(text):
        assert smtp.is_cloudevent(form) is (event is not None)
        if event is None:
            for verb in (smtp.decode, smtp.decode_batch):
                with pytest.raises(NotACloudEvent):
                    verb(form)
            assert smtp.content_mode(form) == "binary"
        else:
            assert smtp.decode(form) == event


def test_more_than_one_event() -> None:  # SMTP-4-e
    for text in (
        multipart("mixed", STRUCTURED, STRUCTURED),
        multipart("mixed", STRUCTURED, BATCH),
        multipart("mixed", multipart("mixed", NULL, boundary="c"), NULL),
        multipart("mixed", *[ANY + digest(b"abc") + "\nYWJj\n"] * 2, fields=CORE),
    ):
        for form in everywhere(text):
            assert (None, "SMTP-4-e") in problems(form)
            assert (None, "SMTP-4-e") in problems(form, lenient=True)
    outer = email.message_from_bytes(mail(multipart("mixed", STRUCTURED, NULL)))
    found: list[Any] = [smtp.decode(part) for part in outer.walk() if not part.is_multipart()]
    assert [event.has_data for event in found] == [False, True]


def test_what_claims_little() -> None:
    for form in everywhere("CE-SpecVersion: 1.0\nCE-ID: 1\n" + ANY + "\n"):
        assert not smtp.is_cloudevent(form)
        assert [requirement for _, requirement in problems(form)] == ["CE-type-a", "CE-source-a"]


def test_bytes_beyond_ascii_among_quoted_printable() -> None:  # SMTP-3.1.2-c
    text = CORE + ANY.replace("base64", "quoted-printable") + digest(b"a\xffb") + "\n=61\xffb"
    for form in everywhere(text):
        assert smtp.decode(form) == made(data=b"a\xffb")


def test_forwarded_event_that_an_application_wants() -> None:  # SMTP-4-c
    outer = email.message_from_bytes(mail(multipart("mixed", "Content-Type: message/rfc822\n\n" + NULL)))
    [inner] = [part for part in outer.walk() if "ce-id" in part]
    assert smtp.decode(inner).id == "1"


def nested(levels: int, text: str) -> str:
    for level in range(levels):
        text = multipart("mixed", text, boundary=f"b{level}b")
    return text


def test_levels_and_parts_are_bounded() -> None:  # SMTP-4-f
    for form in everywhere(nested(15, NULL)):
        assert smtp.decode(form).id == "1"
    for text in (nested(16, NULL), nested(16, PLAIN), multipart("mixed", STRUCTURED, *[PLAIN] * 1000)):
        for form in everywhere(text):
            assert problems(form) == problems(form, lenient=True) == [(None, "SMTP-4-f")]
            assert not smtp.is_cloudevent(form)
            assert smtp.content_mode(form) == "binary"
    assert smtp.decode(mail(multipart("mixed", STRUCTURED, *[PLAIN] * 998))) == made()
    loop = email.message_from_bytes(mail(multipart("mixed", PLAIN)))
    loop.attach(loop)
    assert problems(loop) == [(None, "SMTP-4-f")]


# ------------------------------------------------------------------------------------------- altered and broken mails


FOOTER = b"-- \r\nYou are on a list.\r\n"


@pytest.mark.parametrize(
    "event",
    [
        made(),
        made(data=b""),
        made(data=b"abc"),
        made(data=b"abcd"),
        made(data="Text.\n", datacontenttype="text/plain"),
    ],
    ids=range(5),
)
def test_a_footer_is_refused(event: Event) -> None:  # SMTP-3.1.2-c, SMTP-3.1.2-e
    raw = wire(smtp.encode(event))
    head, _, body = raw.partition(b"\r\n\r\n")
    data = b64decode(body)
    plain = head.replace(b"base64", b"8bit")
    for altered in (
        raw + FOOTER,
        raw.rstrip() + b"\r\n" + FOOTER,
        head + b"\r\n\r\n" + b64encode(data + FOOTER),
        head + b"\r\n\r\n" + b64encode(FOOTER + data),
        head + b"\r\n\r\n" + body + b64encode(FOOTER),
        plain + b"\r\n\r\n" + data + FOOTER,
        head.replace(b"base64", b"quoted-printable") + b"\r\n\r\n" + quopri.encodestring(data + FOOTER),
    ):
        [(attribute, requirement)] = problems(altered)
        assert (attribute, requirement) in {
            ("content-transfer-encoding", "SMTP-3.1.2-c"),
            ("content-md5", "SMTP-3.1.2-e"),
            ("content-md5", "SMTP-3.1.2-b"),  # where there were no data before
        }
        if event.has_data:
            assert problems(altered, lenient=True) == [(attribute, requirement)]


@given(testing.events(data=["binary", "json", "text"]), st.data())
def test_no_altered_byte_of_the_data_passes(event: Event, dice: st.DataObject) -> None:
    message = smtp.encode(event)
    data = bytearray(event.data_bytes or b"")
    change = dice.draw(st.sampled_from(["other", "cut", "more"]))
    at = dice.draw(st.integers(0, len(data) - 1))
    if change == "other":
        data[at] ^= dice.draw(st.integers(1, 255))
    data[at:] = data[at:] + b"\n" if change == "more" else data[at:-1] if change == "cut" else data[at:]
    message.set_payload(b64encode(data).decode())
    assert [name for name, _ in problems(message)] == ["content-md5"]


def test_a_structured_event_that_was_altered() -> None:  # SMTP-3.2.2-b
    message = smtp.encode(made(), "structured")
    body = formats.json.encode(made())
    message.set_payload(b64encode(body + b" ").decode())
    assert problems(message) == problems(message, lenient=True) == [("content-md5", "SMTP-3.1.2-e")]
    del message["content-md5"]
    assert smtp.decode(message) == made()
    message.set_payload(b64encode(body + FOOTER).decode())
    with pytest.raises(InvalidEvent):
        smtp.decode(message)


# what stands in the place of a field or before the fields, problems, whether lenient reading mends it
REFUSED: list[tuple[str, str, str, list[tuple[str | None, str]], bool]] = [
    ("id twice", "", "CE-Id: 2\n", [("id", "CE-attrs-d")], False),
    ("id twice, the same", "", "ce-id: 1\n", [("id", "CE-attrs-d")], True),
    ("Content-Type twice", "", "Content-Type: a/b\n", [("content-type", "SMTP-3-b")], False),
    ("Content-Type twice, the same", "", "content-type: application/json\n", [("content-type", "SMTP-3-b")], True),
    ("Content-MD5 twice", "", digest(b""), [("content-md5", "SMTP-3-b")], False),
    ("Content-MD5 twice, the same", "", digest(b"null"), [("content-md5", "SMTP-3-b")], True),
    ("encoding twice", "", "Content-Transfer-Encoding: 7bit\n",
     [("content-transfer-encoding", "SMTP-3-b")], False),
    ("no Content-MD5", digest(b"null"), "", [("content-md5", "SMTP-3.1.2-b")], True),
    ("another Content-MD5", digest(b"null"), digest(b"nul"), [("content-md5", "SMTP-3.1.2-e")], False),
    ("no Content-MD5 at all", digest(b"null"), "Content-MD5: x\n", [("content-md5", "SMTP-3.1.2-e")], False),
    ("unknown encoding", "base64", "x-uuencode", [("content-transfer-encoding", "SMTP-3.1.2-c")], False),
    ("no base64", "bnVsbA==", "bnVs!bA==", [("content-transfer-encoding", "SMTP-3.1.2-c")], False),
    ("base64 cut", "bnVsbA==", "bnVsbA=", [("content-transfer-encoding", "SMTP-3.1.2-c")], False),
    ("text as base64", "bnVsbA==", "n\xfcll", [("content-transfer-encoding", "SMTP-3.1.2-c")], False),
    ("no CE-Datacontenttype", "CE-Datacontenttype: application/json\n", "", [], True),
    ("lone percent", "", "CE-Ext: 100%\n", [("ext", "SMTP-3.1.3.2-d")], True),
    ("quote", "", 'CE-Ext: "a\n', [("ext", "SMTP-3.1.3.2-d")], True),
    ("no UTF-8", "", "CE-Ext: %C0%A0\n", [("ext", "SMTP-3.1.3.2-g")], False),
    ("raw", "", "CE-Ext: \xc3\xa9\n", [("ext", "SMTP-3.1.3.2-e")], True),
    ("control", "", "CE-Ext: %0D%0ACE-Id: 2\n", [("ext", "CE-types-e")], False),
    ("encoded word", "", "CE-Ext: =?utf-8?q?a=25_?=\n =?us-ascii?B?NDE=?=\n", [("ext", "SMTP-3.1.3.2-f")], True),
    ("broken encoded word", "", "CE-Ext: =?utf-8?b?a?=\n", [("ext", "SMTP-3.1.3.2-f")], False),
    ("name", "", "CE-My-Ext: x\n", [("my-ext", "CE-naming-a")], True),
    ("data", "", "CE-Data: x\n", [("data", "CE-naming-f")], True),
    ("no id", "CE-Id: 1\n", "", [("id", "CE-id-a")], False),
    ("version", "CE-Specversion: 1.0", "CE-Specversion: 2.0", [("specversion", "CE-specversion-c")], False),
    ("two at once", "CE-Id: 1\n", "CE-Ext: 100%\n" + digest(b""),
     [("content-md5", "SMTP-3-b"), ("content-md5", "SMTP-3.1.2-e"), ("ext", "SMTP-3.1.3.2-d"),
      ("id", "CE-id-a")], False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "found", "is_mended"),
    [case[1:] for case in REFUSED],
    ids=[case[0] for case in REFUSED],
)
def test_what_is_refused(
    before: str, after: str, found: list[tuple[str | None, str]], is_mended: bool
) -> None:
    text = NULL.replace(before, after) if before else after + NULL
    if "Content-MD5 twice" in text or after.lower().startswith("content-"):
        text = NULL.replace("\n\n", "\n" + after + "\n") if not before else text
    for form in everywhere(text):
        if found:
            assert sorted(problems(form), key=str) == sorted(found, key=str)
        if is_mended:
            repairs = smtp.decode(form, lenient=True).repairs
            assert [(p.attribute, p.requirement) for p in repairs] == (
                found or [("datacontenttype", "SMTP-3.1.1-a")]
            )
        else:
            problems(form, lenient=True)


def test_what_lenient_reading_makes_of_it() -> None:
    def ext(value: str) -> object:
        return smtp.decode(mail(f"CE-Ext: {value}\n" + NULL), lenient=True)["ext"]

    assert ext("=?utf-8?q?a=25_?=\n =?us-ascii?B?NDE=?=") == "aA"
    assert ext("\xc3\xa9") == "é"
    assert ext("=?UTF-8?Q?=25=34=31?=") == "A"
    assert ext("100%") == "100%"
    text = NULL.replace("CE-Datacontenttype: application/json\n", "")
    assert smtp.decode(mail(text)).datacontenttype is None  # SMTP-3.1.1-a
    assert smtp.decode(mail(text), lenient=True).datacontenttype == "application/json"
    assert smtp.decode(mail(NULL.replace(digest(b"null"), "")), lenient=True).data_bytes == b"null"
    untyped = text.replace("application/json", "Application/Octet-Stream; x=y")
    assert smtp.decode(mail(untyped), lenient=True).repairs == ()  # SMTP-3.1.1-b
    typed = NULL.replace("Content-Type: application/json", "Content-Type: text/plain; charset=x")
    assert (
        smtp.decode(mail(typed), lenient=True).repairs == ()
    )  # CE-DataContentType counts, whatever relays say


def test_fields_that_a_program_set_in_its_own_way() -> None:
    """Python's library puts words longer than a line into encoded words."""
    event = made(subject="x" * 2000, data=b"null", datacontenttype="application/json")
    message = EmailMessage()
    for name, value in (*(line.split(": ") for line in CORE.splitlines()), ("CE-Subject", "x" * 2000)):
        message[name] = value
    message["CE-DataContentType"] = "application/json"
    message.set_content(b"null", maintype="application", subtype="json", cte="base64")
    assert problems(message) == [("content-md5", "SMTP-3.1.2-b")]
    message["Content-MD5"] = digest(b"null")[13:-1]
    assert smtp.decode(message) == event
    raw = wire(message)
    assert b"=?utf-8?" in raw
    assert problems(raw) == [("subject", "SMTP-3.1.3.2-f")]
    assert smtp.decode(raw, lenient=True) == event


def test_fields_of_other_kinds() -> None:
    message = Message()
    message.add_header("CE-SpecVersion", "1.0")
    message["CE-Type"] = Header("t")  # type: ignore[assignment] # pyright: ignore[reportArgumentType] # older programs
    message["CE-Source"] = "/s"
    message["CE-ID"] = "é"
    assert problems(message) == [("id", "SMTP-3.1.3.2-e")]
    assert smtp.decode(message, lenient=True).id == "é"
    message.replace_header("CE-ID", "\ud800")
    assert problems(message, lenient=True) == [("id", "CE-types-g")]
    message.replace_header("CE-ID", "1")
    assert smtp.decode(message) == made()
    payloads: list[Any] = [b"", "", None]
    for payload in payloads:
        message.set_payload(payload)
        assert smtp.decode(message) == made()
    payloads = ["é", "\udcff€", "\ufffd", [Message()], 5, "\udcff\ufffd"]  # the bytes of which are not known
    for payload in payloads:
        message.set_payload(payload)
        assert problems(message) == [("content-transfer-encoding", "SMTP-3.1.2-c")]
    message.set_payload(b"\xff")
    message["Content-MD5"] = digest(b"\xff")[13:-1]
    assert smtp.decode(message) == made(data=b"\xff")
    message.set_payload("\udcff")
    assert smtp.decode(message) == made(data=b"\xff")


def test_what_is_no_message() -> None:
    others: list[Any] = ["text", None, 5, {}, [("ce-id", "1")]]
    verbs: list[Callable[[Any], object]] = [
        smtp.decode,
        smtp.decode_batch,
        smtp.content_mode,
        smtp.is_cloudevent,
    ]
    for verb in verbs:
        for other in others:
            with pytest.raises(TypeError):
                verb(other)


# ------------------------------------------------------------------------------------------------ structured and batch


@each_pair
@pytest.mark.parametrize("name", formats.names())
def test_structured_mode_both_ways(
    event: Event, text: str, name: str
) -> None:  # SMTP-1.4-a, SMTP-1.4-b, SMTP-3.2.1-a
    found = formats.get(name)
    if (event.specversion == "0.3" and name != "json") or (name == "xml" and "1st" in event):
        return
    body = found.encode(event)
    message = smtp.encode(event, "structured", name)
    raw = wire(message)
    head = f"MIME-Version: 1.0\nContent-Type: {found.media_type}\nContent-Transfer-Encoding: base64\n{digest(body)}\n"
    assert raw.startswith(mail(head))  # SMTP-3.2.2-a
    assert max(map(len, raw.splitlines())) <= 76
    assert message.get_payload(decode=True) == body
    assert smtp.decode(raw) == found.decode(body)
    assert smtp.content_mode(raw) == "structured"
    for encoding in (b"7bit", b"8bit", b"binary", b"quoted-printable"):
        relay = _hex if encoding == b"quoted-printable" else bytes
        assert smtp.decode(_reencoded(relay, encoding)(raw, random.Random(1))) == found.decode(body)


def test_a_batch_both_ways() -> None:  # SMTP-3.3.1-a, SMTP-3.3.2-a
    for events in ([], [made()], [made(id=str(number), data=b"\xff" * number) for number in range(50)]):
        message = smtp.encode_batch(iter(events))
        assert message["content-type"] == "application/cloudevents-batch+json"
        for form in (
            message,
            wire(message),
            mail(multipart("mixed", PLAIN, wire(message).decode().replace("\r", ""))),
        ):
            assert smtp.decode_batch(form) == events
            assert smtp.content_mode(form) == "batch"
            assert smtp.is_cloudevent(form)
            assert problems(form) == [(None, "SMTP-3-a")]
    for single in (NULL, STRUCTURED, CORE + ANY + "\nYWJj\n"):
        with pytest.raises(InvalidEvent, match="use decode") as caught:
            smtp.decode_batch(mail(single))
        assert [problem.requirement for problem in caught.value.problems] == ["SMTP-3-a"]
    with pytest.raises(InvalidEvent, match="was altered"):
        smtp.decode_batch(mail(BATCH.replace("\n\n", "\n" + digest(b"[ ]") + "\n")))
    with pytest.raises(InvalidEvent, match="more than one event"):
        smtp.decode_batch(mail(multipart("mixed", BATCH, BATCH)))
    with pytest.raises(UnsupportedBatch):
        smtp.encode_batch([made()], "avro")
    [event] = smtp.decode_batch(
        mail(BATCH.replace("[]", f"[{formats.json.encode(made()).decode()}]")), lenient=True
    )
    assert event == made()


def test_formats_and_modes_that_are_not_known() -> None:
    with pytest.raises(UnsupportedFormat):
        smtp.decode(mail(STRUCTURED.replace("+json", "+yaml")))
    with pytest.raises(UnsupportedFormat):
        smtp.decode(mail(STRUCTURED.replace("+json", "")))
    assert smtp.decode(mail(STRUCTURED.replace("+json", "")), lenient=True) == made()
    with pytest.raises(UnsupportedFormat):
        smtp.encode(made(), "structured", "yaml")
    with pytest.raises(ValueError, match='mode must be "binary" or "structured"'):
        smtp.encode(made(), mode="batch")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # tested


def test_data_that_the_charset_cannot_hold() -> None:
    event = formats.json.decode(
        b'{"specversion":"1.0","type":"t","source":"/s","id":"1","datacontenttype":"text/plain; charset=us-ascii",'
        b'"data":"\xc3\xa9"}'
    )
    with pytest.raises(DataError):
        smtp.encode(event)


# SMTP-3.1.1-b, SMTP-3.1.1-c
@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        ("image/svg+xml", "image/svg+xml"),
        ('text/plain; charset="utf-8"', "application/octet-stream"),
        ("a/b; x*0=y", "application/octet-stream"),
        ("a/'b", "application/octet-stream"),
        ("Message/RFC822", "application/octet-stream"),
        ("MULTIPART/mixed", "application/octet-stream"),
        ("Application/CloudEvents", "application/octet-stream"),
        ("application/" + "x" * 60, "application/octet-stream"),
    ],
)
def test_the_content_type_of_mail(declared: str, written: str) -> None:
    message = smtp.encode(made(datacontenttype=declared, data=b"x"))
    assert b"\r\nContent-Type: %b\r\n" % written.encode() in wire(message)
    assert smtp.decode(wire(message)).datacontenttype == declared


@given(testing.media_types())
def test_any_media_type_comes_through(media_type: str) -> None:  # SMTP-2.1-a
    event = made(datacontenttype=media_type, data=b"x")
    message = smtp.encode(event)
    assert email.message_from_bytes(wire(message), policy=email.policy.strict)["content-type"].defects == ()
    assert smtp.decode(wire(message)).datacontenttype == media_type


# ------------------------------------------------------------------------------------------------------- hostile mails

SEEDS = [wire(smtp.encode(made(subject="é" * 50, data={"a": [1]}))), mail(NULL), mail(STRUCTURED), mail(BATCH),
         mail(multipart("mixed", PLAIN, NULL)), mail(multipart("alternative", PLAIN, STRUCTURED, fields=CORE)),
         mail(nested(3, NULL)), mail("CE-Ext: =?utf-8?b?YQ==?=\n" + NULL)]  # fmt: skip
PIECES = [b"\r\n", b"\n", b"\r", b"--b", b"--b--", b":", b" ", b"\x00", b"\xff", b"=?utf-8?q?=ff?=", b"=?", b"?=", b"%",
          b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: message/rfc822", b"CE-", b"\xe2\x82\xac",
          b"Content-Type: " + b"a" * 300, b"Content-Transfer-Encoding: base64", b'"',
          b"boundary*0*=utf-8''%62", b"=", b"From x"]  # fmt: skip


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    raw = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(raw)))
        end = at + draw(st.integers(0, 12))
        raw[at:end] = draw(st.sampled_from(PIECES) | st.binary(max_size=8))
    return bytes(raw)


@given(mails() | st.binary())
def test_no_error_but_ours(raw: bytes) -> None:
    forms: list[Any] = [
        raw,
        email.message_from_bytes(raw),
        email.message_from_bytes(raw, policy=email.policy.default),
    ]
    for form in forms:
        smtp.is_cloudevent(form)
        smtp.content_mode(form)
        for lenient in (False, True):
            for verb in (smtp.decode, smtp.decode_batch):
                with suppress(CloudEventError):
                    verb(form, lenient=lenient)


def hostile(size: int) -> Iterator[bytes]:
    """Mails of about this size."""
    yield b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(size // 50)
    )
    yield b"Content-Type: message/rfc822\n\n" * (size // 30)
    yield b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * (size // 4)
    yield b"Content-Type: multipart/mixed; boundary=b\n\n" + b"\n--b " * (size // 5)
    yield b"Content-Type: multipart/mixed; boundary=b\n\n--b" + b" " * size + b"x"
    yield b"Content-Type: multipart/mixed" + b";" * size + b'"\n\n'
    yield b"Content-Type: multipart/mixed; boundary=" + b'"a;' * (size // 3) + b"\n\n"
    yield b"Content-Type: multipart/mixed; a*" + b"9" * size + b"=x; boundary=b\n\n--b\n\n--b--"
    yield mail(CORE) + b"CE-X: 1\n" * (size // 8) + b"\n"
    yield mail(CORE) + b"".join(b"CE-X%d: 1\n" % n for n in range(size // 12)) + b"\n"
    yield mail(CORE) + b"CE-X: " + b"=?" * (size // 2) + b"\n\n"
    yield mail(CORE) + b"CE-X: " + b"=?a?q?" * (size // 6) + b"\n\n"
    yield mail(CORE) + b"CE-X: " + b"=?a?b?YQ==?=" * (size // 12) + b"\n\n"
    yield mail(CORE) + b"CE-X: " + b"%" * size + b"\n\n"
    yield mail(CORE) + b"CE-X: " + b"\n " * (size // 2) + b"\n\n"
    yield mail(CORE) + b"CE-X: " + b"\xff" * size + b"\n\n" + b"\xff" * size
    yield mail(CORE) + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=" * size
    yield mail(CORE) + b"Content-Transfer-Encoding: base64\n\n" + b"= \n" * (size // 3)
    yield b"Content-Type: multipart/mixed; boundary=b\n\n" + b"\n--b\n\n" * 900 + b"x" * size


def test_hostile_mails_cost_linear_time() -> None:
    for number, (small, large) in enumerate(zip(hostile(20_000), hostile(400_000), strict=True)):
        seconds: list[float] = []
        for raw in (small, large):
            started = time.perf_counter()
            for lenient in (False, True):
                with suppress(CloudEventError):
                    smtp.decode(raw, lenient=lenient)
            smtp.is_cloudevent(raw)
            seconds.append(time.perf_counter() - started)
        assert seconds[1] < 0.5 + 60 * seconds[0], (
            number
        )  # twenty times the size; quadratic would be 400 times


# --------------------------------------------------------------------------------------------------------- the document


def _examples() -> list[str]:
    return re.findall(r"```text\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)


def test_the_examples_of_the_document() -> None:
    json_data = {"datacontenttype": "application/json", "data": b'{"order":1,"paid":true}'}
    beat = made(type="com.example.heartbeat", source="/sensors/7")
    source = "https://shop.example.com/tenants/0af7651916cd43dd8448eb211c80319c/orders"
    created = made(type="com.example.order.created", source=source, id="A234-1234-1234", time="2018-04-05T17:31:00Z",
                   subject="café 1", **json_data)  # fmt: skip
    paid = made(type="com.example.order.paid", source="/orders", **json_data)
    wanted = [[created], [beat], [beat], [beat, beat.replace(id="2")], [paid], [beat]]
    for text, events in zip(_examples(), wanted, strict=True):
        for form in everywhere(text):
            is_batch = smtp.content_mode(form) == "batch"
            assert (smtp.decode_batch(form) if is_batch else [smtp.decode(form)]) == events
        assert max(map(len, text.splitlines())) <= 78
    batch = smtp.encode_batch([beat, beat.replace(id="2")])
    written = [smtp.encode(created), smtp.encode(beat), smtp.encode(beat, "structured"), batch]
    for text, message in zip(_examples()[:4], written, strict=True):
        fields, body = _fields_and_body(mail(text))
        ours, our_body = _fields_and_body(wire(message))
        assert {field.lower() for field in ours} <= {field.lower() for field in fields}
        assert body == our_body


def test_every_requirement_is_named_once_and_known() -> None:
    text = DOCUMENT.read_text("utf-8")
    told = re.findall(r"\((SMTP-[0-9.]+-[a-z])\)", text)
    assert len(told) == len(set(told)) > 40
    rows = ledger([], default_directory()).requirements.values()
    assert [row.id for row in rows if row.document == "SMTP"] == told
    for path in (Path(smtp.__file__), Path(__file__)):
        assert set(re.findall(r"SMTP-[0-9.]+-[a-z]\b", path.read_text("utf-8"))) <= set(told), path
