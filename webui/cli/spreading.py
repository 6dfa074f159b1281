"""Flags in groups: a command takes a dataclass, and the command line has an option for each of its fields."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, get_type_hints

import typer


def in_panel(panel: str) -> Callable[..., Any]:
    """Makes options of one section of the help: `option("--name", "-n", metavar=…, says=…)`."""

    def option(*names: str, metavar: str | None = None, says: str) -> Any:
        return typer.Option(*names, metavar=metavar, help=says, rich_help_panel=panel, show_default=False)

    return option


def spread(function: Callable[..., int]) -> Callable[..., int]:
    """`function` with each parameter that is a dataclass replaced by the dataclass's own fields.

    Their annotations carry the options; a command thus says of each flag everything in one place.
    """
    hints = get_type_hints(function, include_extras=True)
    hints.pop("return")
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}

    def command(**given: Any) -> int:
        made = {
            name: kind(**{field.name: given.pop(field.name) for field in fields(kind)})
            for name, kind in groups.items()
        }
        return function(**given, **made)

    command.__doc__, command.__name__ = function.__doc__, function.__name__
    own = inspect.signature(function).parameters
    parameters = [
        parameter
        for name, hint in hints.items()
        for parameter in _parameters(name, hint, groups, own[name].default)
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {}
    return command


def _parameters(name: str, hint: Any, groups: dict[str, Any], default: Any) -> list[inspect.Parameter]:
    if name not in groups:
        return [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)]
    types = get_type_hints(hint, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=_default(field), annotation=types[field.name]
        )
        for field in fields(hint)
    ]


def _default(field: "Field[Any]") -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()
