"""The public names of cevents and their signatures are those of ``snapshots/public_api.txt``.

A change of the public face is thereby a change in review. After a wanted one::

    CEVENTS_UPDATE_SNAPSHOTS=1 pytest tests/test_public_api.py

Public is what a module lists in ``__all__``, or where it has none, what it defines under a name without an
underscore.
"""

from __future__ import annotations

import ast
import enum
import functools
import importlib
import inspect
import os
import pkgutil
import re
import types
import typing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import cevents

if TYPE_CHECKING:
    from collections.abc import Iterator

SNAPSHOT = Path(__file__).parent / "snapshots" / "public_api.txt"

# Attributes that Python or a base class puts on a class, different from version to version.
_NOT_OURS = re.compile(r"^_")
_SPECIAL = {
    "__getitem__",
    "__contains__",
    "__iter__",
    "__len__",
    "__enter__",
    "__aenter__",
    "__call__",
    "__aiter__",
}


def public_modules() -> list[str]:
    names = [module.name for module in pkgutil.walk_packages(cevents.__path__, "cevents.")]
    return [
        "cevents",
        *sorted(name for name in names if not any(part.startswith("_") for part in name.split("."))),
    ]


def public_names(module: types.ModuleType) -> list[str]:
    listed: list[str] | None = getattr(module, "__all__", None)
    if listed is not None:
        return sorted(listed)
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    )


def lines() -> Iterator[str]:
    modules = public_modules()
    for module_name in modules:
        module = importlib.import_module(module_name)
        described: list[str] = []
        for name in public_names(module):
            value = getattr(module, name)
            home = getattr(value, "__module__", module_name)
            if home != module_name and home in modules and not typing.get_origin(value):
                described.append(f"{name} of {home}")
            else:
                described += describe(name, value)
        if described:
            yield f"[{module_name}]"
            yield from described
            yield ""


def describe(name: str, value: object) -> Iterator[str]:
    if typing.get_origin(value) is not None or isinstance(value, typing.TypeVar):
        yield f"type {name}"
    elif inspect.isclass(value):
        yield from describe_class(name, value)
    elif inspect.ismodule(value):
        yield f"module {name}"
    elif isinstance(value, (str, int, float, bytes, tuple, frozenset)):
        yield f"{name}: {type(value).__name__}"
    elif inspect.isfunction(inspect.unwrap(value)):  # type: ignore[arg-type]  # anything is unwrapped, or is not
        yield f"{kind(value)}{name}{signature(value)}"
    else:
        yield f"{name}: {type(value).__name__}"


def describe_class(name: str, value: type) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
    yield f"class {name}({bases})"
    if issubclass(value, enum.Enum):
        yield from (f"    {member}" for member in sorted(value.__members__))
        return
    if getattr(value, "_is_protocol", False):
        yield from (
            f"    {field}: {spelled(kind)}" for field, kind in sorted(inspect.get_annotations(value).items())
        )
    else:
        constructor = signature(value)
        if constructor:
            yield f"    {name}{constructor}"
    # What a base without a public name brings is public in its heirs.
    own = [
        base
        for base in value.__mro__
        if base is value or re.match(r"cevents\..*\b_", f"{base.__module__}.{base.__name__}")
    ]
    for attribute in sorted({attribute for base in own for attribute in vars(base)}):
        if _NOT_OURS.match(attribute) and attribute not in _SPECIAL:
            continue
        member = inspect.getattr_static(value, attribute)
        if isinstance(member, classmethod):
            yield f"    classmethod {attribute}{signature(getattr(value, attribute))}"
        elif isinstance(member, staticmethod):
            yield f"    staticmethod {attribute}{signature(member.__func__)}"
        elif isinstance(member, (property, functools.cached_property)):
            getter = member.fget if isinstance(member, property) else member.func
            yield f"    property {attribute}{result(getter)}"
        elif inspect.isfunction(member):
            yield f"    {kind(member)}{attribute}{signature(member)}"
        elif not isinstance(member, types.GenericAlias):
            yield f"    {attribute}"


def kind(function: object) -> str:
    asynchronous = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    return "async def " if asynchronous else "def "


class Verbatim:
    """Stands in a signature for an annotation or a default, and is printed as given."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


class OneSpelling(ast.NodeTransformer):
    """Writes `Optional[X]` and `Union[X, Y]` as `X | Y`, and drops quotes, `ForwardRef` and the names of modules."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        node.value = self.visit(node.value)
        name = node.value.id if isinstance(node.value, ast.Name) else ""
        if name in {"Literal", "Annotated"}:
            return node  # strings in there are strings
        node.slice = self.visit(node.slice)
        if name not in {"Optional", "Union"}:
            return node
        members = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if name == "Optional":
            members = [*members, ast.Constant(None)]
        return functools.reduce(lambda one, other: ast.BinOp(one, ast.BitOr(), other), members)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Name(node.attr)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, str):
            return node
        quoted: ast.AST = self.visit(ast.parse(node.value, mode="eval").body)
        return quoted

    def visit_Call(self, node: ast.Call) -> ast.AST:
        inner: ast.AST = self.visit(node.args[0])  # of ForwardRef, the one call that annotations have
        return inner


def spelled(value: object) -> str:
    """An annotation in one spelling on every Python, whether its module postpones annotations or not."""
    text = value if isinstance(value, str) else inspect.formatannotation(value)
    return ast.unparse(OneSpelling().visit(ast.parse(text, mode="eval")))


def annotation(value: object) -> object:
    return value if value is inspect.Signature.empty else Verbatim(spelled(value))


def default(value: object) -> object:
    if (
        value is inspect.Signature.empty
        or value is None
        or isinstance(value, (bool, int, float, str, bytes, tuple))
    ):
        return value
    return Verbatim("...")


def signature(value: object) -> str:
    """The signature; empty where there is none, and for an error that takes what Exception takes."""
    if inspect.isclass(value) and issubclass(value, BaseException) and "__init__" not in vars(value):
        return ""
    try:
        found = inspect.signature(value)  # type: ignore[arg-type]  # an object that is not callable raises TypeError
    except (TypeError, ValueError):
        return ""
    parameters = [
        parameter.replace(annotation=annotation(parameter.annotation), default=default(parameter.default))
        for parameter in found.parameters.values()
    ]
    returns = inspect.Signature.empty if inspect.isclass(value) else annotation(found.return_annotation)
    return str(found.replace(parameters=parameters, return_annotation=returns))


def result(getter: object) -> str:
    """The type of a property."""
    text = signature(getter)
    return text[text.index(" -> ") :] if " -> " in text else ""


def test_public_names_and_signatures_are_those_of_the_snapshot() -> None:
    now = "\n".join(lines())
    if os.environ.get("CEVENTS_UPDATE_SNAPSHOTS") == "1":
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(now, encoding="utf-8")
    assert now == SNAPSHOT.read_text(encoding="utf-8"), (
        "see the top of this file for how to renew the snapshot"
    )


@pytest.mark.parametrize("module_name", public_modules())
def test_what_a_module_lists_is_there_and_described(module_name: str) -> None:
    module = importlib.import_module(module_name)
    assert inspect.getdoc(module), "a public module says what it is for"
    names: list[str] = getattr(module, "__all__", [])
    assert len(names) == len(set(names))
    for name in names:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), f"{name} has no docstring"


def test_signatures_read_the_same_however_they_are_written() -> None:
    namespace: dict[str, object] = {}
    source = (
        "def f(a: Iterable[int], /, *b: Any, c: str | None = None, d: object = object()) -> list[str]: ...\n"
    )
    prelude = "from typing import Any\nfrom collections.abc import Iterable\n"
    exec(compile(prelude + source, "now", "exec", dont_inherit=True), namespace)
    postponed: dict[str, object] = {}
    exec(
        compile("from __future__ import annotations\n" + source, "later", "exec", dont_inherit=True),
        postponed,
    )
    written = "(a: Iterable[int], /, *b: Any, c: str | None = None, d: object = ...) -> list[str]"
    assert signature(namespace["f"]) == signature(postponed["f"]) == written


@pytest.mark.parametrize(
    "value",
    [
        typing.Optional[list["int"]],  # noqa: UP045 - this spelling is what is tested
        "Optional[list[int]]",
        "typing.Union[list['int'], None]",
        "list[int] | None",
    ],
)
def test_annotations_have_one_spelling(value: object) -> None:
    assert spelled(value) == "list[int] | None"
