"""The data of events against JSON Schemas, which are files that the user named; nothing is ever fetched.

A `$ref` reaches schemas that were mapped to URIs and, from a file that no URI was given for, files beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urldefrag, urljoin, urlsplit

import msgspec

from cevents import attributes
from cevents import data as data_
from cevents.cli._program import NotUsable
from cevents.cli._reports import shown_path
from cevents.errors import DataError, Problem, excerpt
from cevents.event import CloudEvent, stored_data

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from referencing import Registry, Resource, Specification

__all__ = ["DataSchemas"]

_REQUIREMENT = "CE-data-a"
_MOST = 10  # problems shown of one event
_NAMES = ("required", "dependentRequired")  # keywords whose message has names from the schema only


class DataSchemas:
    """The schemas of `--data-schema`: for all events, and for those whose `dataschema` is a certain URI.

    `options` are `FILE` or `URI=FILE`. Raises `NotUsable` for a file that is no JSON Schema, for a `$ref` that leads
    nowhere, and without the extra `schema`.
    """

    def __init__(self, options: Iterable[str]) -> None:
        if not (find_spec("jsonschema") and find_spec("referencing")):
            raise NotUsable("--data-schema needs more packages: pip install 'cevents[schema]'")
        files: dict[str | None, str] = {}
        for option in options:
            uri, file = _parted(option)
            if uri in files:
                what = "all events" if uri is None else shown_path(uri)
                raise NotUsable(f"--data-schema names two schemas for {what}")
            files[uri] = file
        self._validators = _Loader(files).validators()
        from referencing.exceptions import Unresolvable

        self._unresolvable = Unresolvable

    def problems(self, event: CloudEvent[Any]) -> list[Problem]:
        """Return where the data of an event is not as its schema wants; nothing if there is no schema for it."""
        validator = self._validators.get(event.dataschema) or self._validators.get(None)
        if validator is None:
            return []
        if not event.has_data:
            return [_problem("is missing, but there is a schema for it")]
        if not data_.is_json(stored_data(event), event.datacontenttype):
            return [_problem("is not JSON, but there is a schema for it", event.datacontenttype)]
        try:
            return [_mismatch(error) for error in islice(validator.iter_errors(event.data), _MOST)]
        except self._unresolvable as error:  # in a part of the schema that only these data lead to
            raise NotUsable(f"--data-schema: {excerpt(error.ref)} leads nowhere") from None
        except DataError as error:
            return [_problem(f"cannot be held against its schema: {error}")]
        except (RecursionError, ArithmeticError, re.error) as error:
            return [_problem(f"cannot be held against its schema: {type(error).__name__}")]


def _parted(option: str) -> tuple[str | None, str]:
    """Tell the URI from the file, though both may have "=" in them."""
    if "=" not in option or Path(option).is_file():
        return None, option
    splits = [match.start() for match in re.finditer("=", option)]
    at = next((at for at in reversed(splits) if Path(option[at + 1 :]).is_file()), splits[-1])
    uri, file = option[:at], option[at + 1 :]
    if attributes.URI.read(uri) is None:
        raise NotUsable(f"--data-schema: {excerpt(uri)} is not an absolute URI, such as a dataschema is")
    return uri, file


def _problem(message: str, value: str | None = None) -> Problem:
    return Problem(_REQUIREMENT, message, "data", None if value is None else excerpt(value))


def _mismatch(error: Any) -> Problem:
    """Say what the schema wants; the message of jsonschema could show all of the data."""
    if error.validator in _NAMES:
        wanted = error.message
    elif error.validator is None:
        wanted = "nothing may be here"  # the schema is `false`
    else:
        wanted = f'"{error.validator}": {msgspec.json.encode(error.validator_value).decode()}'
    place = "".join(f"/{step}" for step in error.absolute_path)
    at = f"at {excerpt(place)} " if place else ""
    found = None if isinstance(error.instance, dict | list) else excerpt(error.instance)
    return Problem(_REQUIREMENT, f"{at}does not match its schema: {_cut(wanted)}", "data", found)


def _cut(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}..."


# ------------------------------------------------------------------------------------------------- loading


class _Loader:
    """Reads the schemas, and proves that every `$ref` leads somewhere before any event is looked at."""

    def __init__(self, files: Mapping[str | None, str]) -> None:
        from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped] # it ships no types
        from referencing import Registry

        self._file = ""  # whose references are being followed
        self._seen: set[int] = set()
        self._schemas: dict[str | None, tuple[str, Resource[Any]]] = {}  # with the URI where it is at home
        local: Registry[Any] = Registry(retrieve=_retrieved)  # type: ignore[call-arg] # mypy sees no attrs there
        registry: Registry[Any] = REGISTRY.combine(local)
        for uri, file in files.items():
            resource = _read(file)
            found_at = urldefrag(uri or Path(file).absolute().as_uri())[0]
            home = urldefrag(urljoin(found_at, resource.id() or ""))[0]
            registry = registry.with_resources([(found_at, resource), (home, resource)])
            self._schemas[uri] = home, resource
        self._registry: Registry[Any] = registry.crawl()
        for uri, file in files.items():
            self._file = file
            home, resource = self._schemas[uri]
            self._follow(resource.contents, self._registry.resolver(home), _specification(resource.contents))

    def validators(self) -> dict[str | None, Validator]:
        """Return what checks data: by the `dataschema` of events, and under None for all others."""
        # By reference, so that a schema's own references start from where it is at home.
        return {
            uri: _kind(resource.contents)({"$ref": home}, registry=self._registry)
            for uri, (home, resource) in self._schemas.items()
        }

    def _follow(self, schema: Any, resolver: Any, specification: Specification[Any]) -> None:
        """Look up every reference of a schema, and of all that it refers to."""
        if not isinstance(schema, dict) or id(cast("object", schema)) in self._seen:
            return
        members = cast("dict[str, Any]", schema)
        self._seen.add(id(members))
        specification = specification.detect(members)
        for keyword in ("$ref", "$dynamicRef"):
            if isinstance(target := members.get(keyword), str):
                found = self._looked_up(keyword, target, resolver)
                self._follow(found.contents, found.resolver, specification)
        for part in specification.create_resource(members).subresources():
            self._follow(part.contents, resolver.in_subresource(part), specification)

    def _looked_up(self, keyword: str, target: str, resolver: Any) -> Any:
        from referencing.exceptions import Unresolvable

        try:
            return resolver.lookup(target)
        except Unresolvable as error:
            cause = error.__cause__ and error.__cause__.__cause__
            why = f": {cause}" if isinstance(cause, NotUsable) else ""
            raise NotUsable(
                f"{shown_path(self._file)}: {keyword} {excerpt(target)} leads nowhere{why}"
            ) from None


def _retrieved(uri: str) -> Resource[Any]:
    """Return a schema that was not given: only those in files beside others are to be had."""
    if urlsplit(uri).scheme != "file":
        raise NotUsable(f"nothing is fetched; give the file of {excerpt(uri)} with --data-schema URI=FILE")
    from urllib.request import url2pathname  # here, since it is slow to import and seldom needed

    return _read(url2pathname(urlsplit(uri).path))


def _read(file: str) -> Resource[Any]:
    """Return the schema in a file."""
    from jsonschema.exceptions import SchemaError

    name = shown_path(file)
    try:
        schema = msgspec.json.decode(Path(file).read_bytes())
    except OSError as error:
        raise NotUsable(f"{name}: cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotUsable(f"{name}: is not JSON: {error}") from None
    try:
        _kind(schema).check_schema(schema)
    except SchemaError as error:
        place = "".join(f"/{step}" for step in error.absolute_path) or "its top"
        raise NotUsable(f"{name}: is not a JSON Schema, at {place}: {_cut(error.message)}") from None
    except (LookupError, RecursionError):
        raise NotUsable(f"{name}: is not a JSON Schema of a draft that is known here") from None
    return _specification(schema).create_resource(schema)


def _kind(schema: Any) -> Any:
    """Return the class that checks by the draft which a schema names, or the newest; `LookupError` if unknown."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    if not isinstance(schema, dict) or "$schema" not in schema:
        return Draft202012Validator
    unknown: Any = None
    found = validator_for(cast("Any", schema), default=unknown)
    if found is None:
        raise LookupError
    return found


def _specification(schema: Any) -> Specification[Any]:
    """Return how references work in the draft which a schema names, or the newest."""
    from referencing.jsonschema import DRAFT202012

    return DRAFT202012.detect(schema)
