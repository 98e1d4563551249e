"""Context attributes: names, the seven types, and the rule of each core attribute.

Specification, sections "Naming Conventions", "Type System", "Context Attributes".

A value is kept as `bool`, `int`, `str` or `bytes`; a Timestamp as the text that came, marked by `TimestampText`, and so
a URI and a URI-reference that are known to be one, by a declaration or from a format that has types. Every check is
given what was found and a `Findings`; it returns the value to keep, or None after it has noted a problem.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeAlias

from msgspec import Raw

from cevents import mediatypes, timestamps
from cevents.errors import Findings, excerpt
from cevents.timestamps import TimestampText

__all__ = [
    "Attribute",
    "AttributeType",
    "Binary",
    "Boolean",
    "Integer",
    "String",
    "Timestamp",
    "URI",
    "URIReference",
    "URIReferenceText",
    "URIText",
    "Value",
    "accepted_content_types",
    "accepted_names",
    "accepted_sources",
    "accepted_types",
    "accepted_uris",
    "check_extension",
    "check_name",
    "core_attributes",
    "declarations",
    "declared",
    "decode_base64",
    "is_integer",
    "is_media_type",
    "is_string",
    "is_uri",
    "is_uri_reference",
    "native",
    "plain",
    "register",
    "spelled",
    "type_of",
    "unregister",
    "watchers",
]

Value: TypeAlias = bool | int | str | bytes
"""What an attribute is kept as. In a 0.3 event also `msgspec.Raw`, the JSON text of a Map."""

_NAME = re.compile("[a-z0-9]+")  # CE-naming-a, CE-naming-c; matched in full: "$" would let a line feed pass
_NAME_V03 = re.compile("[a-z][a-z0-9]*")  # V03-spec-b
_RESERVED = frozenset({"data"})  # CE-naming-f

# --------------------------------------------------------------------------------------------- the grammars

# CE-types-e, CE-types-f, CE-types-g: controls, the 66 noncharacters, surrogates that stand alone.
_NOT_IN_STRINGS = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)

# RFC 3986, appendix A, by the names of its rules.
# Possessive where nothing that follows can need a character back, so that neither time nor memory grow on a retreat.
_PCHARS = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]++|%[0-9A-Fa-f]{2})"
_SEGMENT_NZ_NC = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=@]++|%[0-9A-Fa-f]{2})++"
_QUERY = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]++|%[0-9A-Fa-f]{2})*+"
_FRAGMENT = _QUERY
_SCHEME = r"[A-Za-z][A-Za-z0-9+\-.]*+"
_USERINFO = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:]++|%[0-9A-Fa-f]{2})*+"
_REG_NAME = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]++|%[0-9A-Fa-f]{2})*+"
_IP_LITERAL = r"\[(?:[0-9A-Fa-f:.]+|[Vv][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+)\]"
_AUTHORITY = rf"(?:{_USERINFO}@)?(?:{_IP_LITERAL}|{_REG_NAME})(?::\d*+)?"
_PATH_ABEMPTY = rf"(?:/{_PCHARS}*+)*+"
_PATH_ABSOLUTE = rf"/(?:{_PCHARS}++{_PATH_ABEMPTY})?"
_PATH_ROOTLESS = rf"{_PCHARS}++{_PATH_ABEMPTY}"
_PATH_NOSCHEME = rf"{_SEGMENT_NZ_NC}{_PATH_ABEMPTY}"
_ABSOLUTE = rf"{_SCHEME}:(?://{_AUTHORITY}{_PATH_ABEMPTY}|{_PATH_ABSOLUTE}|{_PATH_ROOTLESS}|)(?:\?{_QUERY})?"
_RELATIVE = rf"(?://{_AUTHORITY}{_PATH_ABEMPTY}|{_PATH_ABSOLUTE}|{_PATH_NOSCHEME}|)(?:\?{_QUERY})?"
_ABSOLUTE_URI = re.compile(_ABSOLUTE, re.ASCII)
_URI_REFERENCE = re.compile(rf"(?:{_ABSOLUTE}|{_RELATIVE})(?:#{_FRAGMENT})?", re.ASCII)
_IPV6 = re.compile(r"//[^/?#]*\[([0-9A-Fa-f:.]+)\]")  # where the grammar has found one, in the authority

_INTEGER = re.compile(r"-?(?:0|[1-9]\d*)", re.ASCII)  # CE-types-d: the int part of a JSON number
_LOWEST, _HIGHEST = -(2**31), 2**31 - 1  # CE-types-c


# ------------------------------------------------------------------------------------------------ the types


class AttributeType(NamedTuple):
    """One of the specification's seven types: its name, the rule that defines it, and how its text is read."""

    name: str
    requirement: str
    rule: str
    read: Callable[[str], Value | None]
    """From the canonical string form; None for a text that is not of this type."""


def is_string(text: str) -> bool:
    """Tell whether `text` may be a String: no controls, noncharacters or unpaired surrogates."""
    return (text.isascii() and text.isprintable()) or _NOT_IN_STRINGS.search(text) is None


def is_integer(number: int) -> bool:
    """Tell whether a number may be an Integer: one of 32 bits, with a sign."""
    return _LOWEST <= number <= _HIGHEST


def decode_base64(text: str, *, lenient: bool = False) -> bytes | None:
    """Return the bytes that an RFC 4648 base64 text spells, or None if it is not one.

    Lenient reading also takes the URL-safe alphabet, missing padding, white space and stray pad bits.
    """
    if lenient:
        given = "".join(text.split()).replace("-", "+").replace("_", "/")
        text = given.rstrip("=")
        if given and not text:  # padding of nothing
            return None
        text += "=" * (-len(text) % 4)
    try:
        found = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    # What is left of the last character must be zero, or two texts would mean the same bytes (T-CORE-21).
    if not lenient and text.endswith("=") and not b64encode(found).endswith(text[-4:].encode()):
        return None
    return found


def plain(text: str) -> str:
    """Return a text as just a `str`, whatever its class makes of itself."""
    return text if type(text) is str else str.__str__(text)


def _read_boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text)


def _read_integer(text: str) -> int | None:
    if len(text) > 11 or not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if _LOWEST <= number <= _HIGHEST else None


def _read_string(text: str) -> str | None:
    return text if is_string(text) else None


def is_uri(text: str) -> bool:
    """Tell whether `text` is an absolute URI without fragment (RFC 3986, section 4.3)."""
    return _ABSOLUTE_URI.fullmatch(text) is not None and _has_good_address(text)


def is_uri_reference(text: str) -> bool:
    """Tell whether `text` is a URI-reference (RFC 3986, section 4.1)."""
    return _URI_REFERENCE.fullmatch(text) is not None and _has_good_address(text)


def _has_good_address(text: str) -> bool:
    found = _IPV6.search(text) if "[" in text else None
    if found is None:
        return True
    from ipaddress import IPv6Address  # here, since it is seldom needed and slow to import

    try:
        IPv6Address(found[1])
    except ValueError:
        return False
    return True


class URIText(str):
    """The text of a URI attribute, told apart from a String by its class."""

    __slots__ = ()


class URIReferenceText(str):
    """The text of a URI-reference attribute, told apart from a String by its class."""

    __slots__ = ()


def _read_uri(text: str) -> URIText | None:
    return URIText(text) if is_uri(text) else None


def _read_uri_reference(text: str) -> URIReferenceText | None:
    return URIReferenceText(text) if is_uri_reference(text) else None


def _read_timestamp(text: str) -> TimestampText | None:
    return TimestampText(text) if timestamps.is_timestamp(text) else None


Boolean = AttributeType("Boolean", "CE-types-b", 'must be "true" or "false"', _read_boolean)
Integer = AttributeType("Integer", "CE-types-d", "must be a whole number of 32 bits", _read_integer)
String = AttributeType(
    "String", "CE-types-e", "must not have control characters, noncharacters or lone surrogates", _read_string
)
Binary = AttributeType("Binary", "CE-types-h", "must be base64 text (RFC 4648)", decode_base64)
URI = AttributeType("URI", "CE-types-i", "must be an absolute URI without fragment (RFC 3986)", _read_uri)
URIReference = AttributeType(
    "URI-reference", "CE-types-j", "must be a URI-reference (RFC 3986)", _read_uri_reference
)
Timestamp = AttributeType("Timestamp", "CE-types-k", "must be an RFC 3339 timestamp", _read_timestamp)


def type_of(value: Value, name: str = "") -> AttributeType:
    """Return the type of a kept value, with its `name` also that of a core attribute.

    A text that nobody declared, and that came from where texts have no types, is a String.
    """
    attribute = _core["1.0"].get(name)
    if attribute is not None:
        return attribute.type
    if isinstance(value, bool):  # before int, which it is to Python (T-CORE-1)
        return Boolean
    if isinstance(value, int):
        return Integer
    if isinstance(value, bytes):
        return Binary
    return _TEXT_TYPES.get(type(value), String)


_TEXT_TYPES: dict[type, AttributeType] = {
    TimestampText: Timestamp,
    URIText: URI,
    URIReferenceText: URIReference,
}


def spelled(value: Value | Raw) -> str:
    """Return the canonical string form of a kept value (`CE-types-a`)."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return bytes(value).decode() if isinstance(value, Raw) else b64encode(value).decode()


def native(value: Value) -> Value | datetime:
    """Return a kept value as a program sees it: a Timestamp as an aware `datetime`."""
    if isinstance(value, TimestampText):
        return timestamps.parse(value)
    return plain(value) if isinstance(value, str) else value


# ---------------------------------------------------------------------------- declared extension attributes

declarations: dict[str, AttributeType] = {}
"""The declared types by name; to be changed by `register` only."""

watchers: list[Callable[[], None]] = []
"""Called after each declaration: for those who remember what undeclared names were read as."""


def register(name: str, type: AttributeType) -> None:
    """Declare the type of an extension attribute, so that it is checked, and comes back as such from untyped protocols.

    Registering is for the start of a program: events that were read before keep what they have. Raises `ValueError` for
    a name that no extension can have and for one declared before with another type, `TypeError` for what is no type.
    """
    if not isinstance(type, AttributeType):  # pyright: ignore[reportUnnecessaryIsInstance] # callers may have no types
        raise TypeError("the type must be one of this module, such as attributes.Integer")
    if (
        not _NAME.fullmatch(name)
        or name in _RESERVED
        or any(name in core for core in _core.values())
        or name == "specversion"
    ):
        raise ValueError(f"{excerpt(name)} cannot be the name of an extension attribute")
    if declarations.get(name, type) is not type:
        raise ValueError(f"{name} is declared as {declarations[name].name} already")
    declarations[name] = type
    for changed in watchers:
        changed()


def unregister(name: str) -> None:
    """Take a declaration back, for tests; a name that was not declared is no error."""
    declarations.pop(name, None)


def declared(name: str) -> AttributeType | None:
    """Return the declared type of an extension attribute, or None."""
    return declarations.get(name)


# --------------------------------------------------------------------------------------------------- checks


def check_name(name: object, findings: Findings, version: str) -> str | None:
    """Return the name to use for an attribute that was found as `name`, or None where there is none.

    Lenient reading writes a name in lower case, and leaves an attribute out whose name is no better then.
    """
    if isinstance(name, str):
        if version == "1.0":
            if accepted_names.accepts(name):
                return name
            requirement, rule = "CE-naming-a", "must have only the letters a-z and digits in its name"
            if not name:
                requirement, rule = "CE-naming-c", "an attribute name must not be empty"
            elif name in _RESERVED:
                requirement, rule = "CE-naming-f", "is no name for an attribute"
        else:
            if _NAME_V03.fullmatch(name) and name not in _RESERVED:
                return name
            requirement, rule = (
                "V03-spec-b",
                "must have a lower-case letter, then such letters and digits as its name",
            )
        lower = name.lower() if name.isascii() else name
        pattern = _NAME if version == "1.0" else _NAME_V03
        better = lower != name and pattern.fullmatch(lower) is not None and lower not in _RESERVED
        if (
            findings.repair(requirement, rule, name, hint=f"write {lower[:40]}" if better else None)
            and better
        ):
            return lower
    else:
        findings.report("CE-naming-a", "an attribute name must be a string", None, name)
    return None


def check_extension(name: str, value: object, findings: Findings, version: str) -> Value | Raw | None:
    """Return the value of an extension attribute to keep, read by its declared type if it is a text with one."""
    if isinstance(value, str):
        wanted = declarations.get(name)
        if wanted is None or wanted is String:
            wanted = _TEXT_TYPES.get(type(value)) if wanted is None else None
            if wanted is None:
                return _checked_text(plain(value), name, findings)
            found = wanted.read(plain(value))
            if found is None:
                findings.report(wanted.requirement, wanted.rule, name, value)
            return found
        found = wanted.read(plain(value))
        if found is None:
            findings.report(wanted.requirement, f"{wanted.rule}, as declared", name, value)
        return found
    if isinstance(value, bool | bytes):
        kept: Value | Raw = value if isinstance(value, bool) else bytes(value)
    elif isinstance(value, int):
        if not is_integer(value):
            findings.report("CE-types-c", "must be a whole number of 32 bits", name, value)
            return None
        kept = int(value)
    elif isinstance(value, datetime):
        rendered = _checked_datetime(value, name, findings)
        if rendered is None:
            return None
        kept = rendered
    elif isinstance(value, Raw) and version == "0.3" and name not in declarations:  # V03-spec-c: Map and Any
        return value
    else:
        hint = "give each attribute by itself" if _is_mapping(value) else None
        rule = "must be a boolean, a 32-bit integer, a string, bytes or a timestamp"
        findings.report("CE-types-l", rule, name, value, hint=hint)
        return None
    wanted = declarations.get(name)
    if wanted is not None and wanted is not type_of(kept):
        findings.report("CE-types-n", f"is declared to be {wanted.name}", name, value)
        return None
    return kept


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _checked_text(value: str, name: str, findings: Findings) -> str | None:
    if is_string(value):
        return value
    found = _NOT_IN_STRINGS.search(value)
    code = 0 if found is None else ord(found[0])
    if 0xD800 <= code <= 0xDFFF:
        requirement, kind = "CE-types-g", "the unpaired surrogate"
    elif code < 0xA0:
        requirement, kind = "CE-types-e", "the control character"
    else:
        requirement, kind = "CE-types-f", "the noncharacter"
    findings.report(requirement, f"must not contain {kind} U+{code:04X}", name, value)
    return None


def _checked_datetime(value: datetime, name: str, findings: Findings) -> TimestampText | None:
    try:
        return timestamps.render(value)
    except ValueError:
        rule, hint = "must be a moment that UTC has a date for", None
        if value.tzinfo is None:
            rule, hint = "must have a time zone", "use datetime.now(UTC), or replace(tzinfo=...)"
        findings.report("CE-types-p", rule, name, hint=hint)
        return None


def _checked_string(
    requirement: str, value: object, name: str, findings: Findings, *, optional: bool = False
) -> str | None:
    """A non-empty String. Lenient reading takes an empty one of an optional attribute for an unset one (T-CORE-10)."""
    if not isinstance(value, str):
        findings.report(requirement, "must be a string", name, value)
    elif value:
        return _checked_text(plain(value), name, findings)
    elif optional:
        findings.repair(requirement, "must not be empty", name, value, hint="leave it out")
    else:
        findings.report(requirement, "must not be empty", name, value)
    return None


_check_type = partial(_checked_string, "CE-type-a")
_check_id = partial(_checked_string, "CE-id-b")
_check_subject = partial(_checked_string, "CE-subject-a", optional=True)
_check_subject_v03 = partial(_checked_string, "V03-attr-d", optional=True)


def _check_source(value: object, name: str, findings: Findings) -> str | None:
    text = _checked_string("CE-source-a", value, name, findings)
    if text is None or accepted_sources.accepts(text):
        return text
    return text if findings.repair("CE-source-a", URIReference.rule, name, text) else None


def _check_source_v03(value: object, name: str, findings: Findings) -> str | None:
    if value == "":
        return "" if findings.repair("V03-attr-d", "should not be empty", name, value) else None
    return _check_source(value, name, findings)


def _check_dataschema(value: object, name: str, findings: Findings) -> str | None:
    text = _checked_string("CE-dataschema-a", value, name, findings, optional=True)
    if text is None or accepted_uris.accepts(text):
        return text
    return text if findings.repair("CE-dataschema-a", URI.rule, name, text) else None


def _check_schemaurl(value: object, name: str, findings: Findings) -> str | None:
    text = _checked_string("V03-attr-a", value, name, findings, optional=True)
    if text is None or is_uri_reference(text):
        return text
    return text if findings.repair("V03-attr-a", URIReference.rule, name, text) else None


def _check_datacontenttype(value: object, name: str, findings: Findings) -> str | None:
    text = _checked_string("CE-datacontenttype-a", value, name, findings, optional=True)
    if text is None or accepted_content_types.accepts(text):
        return text
    return (
        text
        if findings.repair("CE-datacontenttype-a", "must be a media type (RFC 2046)", name, text)
        else None
    )


def _check_time(value: object, name: str, findings: Findings) -> str | None:
    if isinstance(value, datetime):
        rendered = _checked_datetime(value, name, findings)
        return None if rendered is None else plain(rendered)
    if not isinstance(value, str):
        findings.report("CE-time-a", "must be a string with an RFC 3339 timestamp", name, value)
    elif timestamps.is_timestamp(value):
        return plain(value)
    else:
        mended = timestamps.repaired(value)
        if mended is None:
            findings.report("CE-time-a", Timestamp.rule, name, value)
        elif findings.repair("CE-time-a", Timestamp.rule, name, value, hint=f"perhaps {mended}"):
            return mended
    return None


class Accepted(dict[str, str]):
    """Texts that passed a check, so that the next event with the same text need not be checked: a bounded number.

    `accepted[text]` is the text, one copy for all events, or a `KeyError` where the check fails.
    """

    __slots__ = ("_check",)

    def __init__(self, check: Callable[[str], bool]) -> None:
        super().__init__()
        self._check = check

    def __missing__(self, text: str) -> str:
        if not isinstance(text, str) or not self._check(text):  # pyright: ignore[reportUnnecessaryIsInstance] # of anybody
            raise KeyError(text)
        text = plain(text)
        if len(text) <= 256:
            if len(self) >= 1024:
                self.clear()
            self[text] = text
        return text

    def accepts(self, text: str) -> bool:
        """Tell whether a text passes the check."""
        try:
            return self[text] == text
        except KeyError:
            return False


def is_media_type(text: str) -> bool:
    """Tell whether `text` may be a `datacontenttype`: a media type without white space around it."""
    return text == text.strip(" \t") and mediatypes.parse(text) is not None


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and text not in _RESERVED


accepted_names = Accepted(_is_name)
accepted_types = Accepted(lambda text: text != "" and is_string(text))
accepted_sources = Accepted(lambda text: text != "" and is_uri_reference(text))
accepted_uris = Accepted(is_uri)
accepted_content_types = Accepted(is_media_type)


# -------------------------------------------------------------------------------------- the core attributes

_Check: TypeAlias = Callable[[object, str, Findings], str | None]


class Attribute(NamedTuple):
    """A core attribute: the rule that demands or allows it, its type, and its check."""

    type: AttributeType
    check: _Check
    required: str | None = None
    """The requirement that makes it REQUIRED; None for an OPTIONAL attribute."""


_core: dict[str, dict[str, Attribute]] = {
    "1.0": {
        "type": Attribute(String, _check_type, "CE-type-a"),
        "source": Attribute(URIReference, _check_source, "CE-source-a"),
        "id": Attribute(String, _check_id, "CE-id-a"),
        "time": Attribute(Timestamp, _check_time),
        "datacontenttype": Attribute(String, _check_datacontenttype),
        "subject": Attribute(String, _check_subject),
        "dataschema": Attribute(URI, _check_dataschema),
    },
    "0.3": {
        "type": Attribute(String, _check_type, "CE-type-a"),
        "source": Attribute(URIReference, _check_source_v03, "CE-source-a"),
        "id": Attribute(String, _check_id, "CE-id-a"),
        "time": Attribute(Timestamp, _check_time),
        "datacontenttype": Attribute(String, _check_datacontenttype),
        "subject": Attribute(String, _check_subject_v03),
        "schemaurl": Attribute(URIReference, _check_schemaurl),
    },
}


def core_attributes(version: str) -> dict[str, Attribute]:
    """Return the core attributes of a specversion ("1.0" or "0.3") but for `specversion` itself, by name."""
    return _core[version]
