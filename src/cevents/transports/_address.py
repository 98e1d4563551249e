"""URLs of transports: `scheme://user:password@host:port,host:port/path?option=value`.

User and password are kept apart from what is shown, and come from the environment where the URL has none. Every option
must be one that the transport knows.
"""

from __future__ import annotations

import os
import re
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from cevents.errors import excerpt

__all__ = ["Address"]

_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]@/?#\s]+))(?::(?P<port>[0-9]{1,5}))?")
_TRUE, _FALSE = frozenset({"true", "yes", "1", "on"}), frozenset({"false", "no", "0", "off"})


class Address:
    """A URL taken apart. What a transport does not `take` of its options is refused by `done`."""

    def __init__(
        self, scheme: str, hosts: list[tuple[str, int | None]], path: str, options: dict[str, str]
    ) -> None:
        self.scheme = scheme
        self.hosts = hosts
        """Hosts with their ports, where these are given."""
        self.path = path
        """What follows the host, decoded, without its first slash."""
        self.user: str | None = None
        self.password: str | None = None
        self._options = options
        self._known: list[str] = []

    @classmethod
    def of(cls, url: str) -> Self:
        """Take a URL apart; raises `ValueError`, which never shows a user or a password."""
        if not isinstance(url, str):  # pyright: ignore[reportUnnecessaryIsInstance] # callers may have no types
            raise TypeError(f"a URL is a text, not {type(url).__name__}")
        try:
            parts = urlsplit(url)
            options = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        except ValueError:
            raise ValueError("the URL of a transport cannot be read") from None
        given, _, authority = parts.netloc.rpartition("@")
        hosts: list[tuple[str, int | None]] = []
        for host in filter(None, authority.split(",")):
            match = _HOST.fullmatch(host)
            port = None if match is None or match["port"] is None else int(match["port"])
            if match is None or (port is not None and not 0 < port < 65536):
                raise ValueError(f"{excerpt(host)} is no host with a port")
            hosts.append((match["six"] or match["name"], port))
        names = [name for name, _ in options]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the option {excerpt(name)} is there more than once")
        found = cls(parts.scheme, hosts, unquote(parts.path.removeprefix("/")), dict(options))
        user, colon, password = given.partition(":")
        found.user = unquote(user) or os.environ.get("CEVENTS_USER") or None
        found.password = unquote(password) if colon else os.environ.get("CEVENTS_PASSWORD")
        return found

    def take(self, name: str, default: str | None = None) -> str | None:
        """Return the value of an option, or the default."""
        self._known.append(name)
        return self._options.get(name, default)

    def number(self, name: str, default: int) -> int:
        """Return the value of an option that is a whole number, zero or more."""
        found = self.take(name)
        if found is None:
            return default
        if not (found.isascii() and found.isdigit() and len(found) < 16):
            raise ValueError(f"the option {name} must be a number, not {excerpt(found)}")
        return int(found)

    def flag(self, name: str, default: bool) -> bool:
        """Return the value of an option that is true or false."""
        found = self.take(name)
        if found is None:
            return default
        if found.lower() not in _TRUE | _FALSE:
            raise ValueError(f"the option {name} must be true or false, not {excerpt(found)}")
        return found.lower() in _TRUE

    def choice(self, name: str, *choices: str) -> str:
        """Return the value of an option that is one of these, the first where it is not given."""
        found = self.take(name, choices[0])
        if found not in choices:
            raise ValueError(f"the option {name} must be one of {', '.join(choices)}, not {excerpt(found)}")
        return found

    def done(self) -> None:
        """Refuse an option that nobody took."""
        unknown = [name for name in self._options if name not in self._known]
        if unknown:
            known = f"known are {', '.join(sorted(self._known))}" if self._known else "there are none"
            raise ValueError(f"{self.scheme} has no option {excerpt(unknown[0])}; {known}")

    def __str__(self) -> str:
        """The URL without what is secret or may be."""
        hosts = ",".join(
            f"{f'[{host}]' if ':' in host else host}{'' if port is None else f':{port}'}"
            for host, port in self.hosts
        )
        return f"{self.scheme}://{hosts}/{self.path}".removesuffix("/")

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    def __reduce__(self) -> Any:
        raise TypeError("an address may have a password, and is not pickled")
