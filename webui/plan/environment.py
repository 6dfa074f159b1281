"""Values that a plan takes from the environment: `${env:NAME}` in headers, query, body and login. Pure.

The plan itself keeps the reference. An engine puts the values in when it starts, and they go nowhere else.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from webui.errors import InvalidInput, Problem
from webui.plan.documents import plan_from_data, plan_to_data
from webui.plan.model import Plan

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_PLAIN = re.compile(rf"\$\{{env:({_NAME})\}}")
# In an address the form and others write the same percent-encoded.
_IN_ADDRESS = re.compile(rf"(?:\$|%24)(?:\{{|%7B)env(?::|%3A)({_NAME})(?:\}}|%7D)", re.IGNORECASE)
_BEGUN = re.compile(r"\$\{env:")
HOW = "write ${env:NAME}, with the name of an environment variable"

Replace = Callable[[str], str]  # a variable's value by its name


def references(plan: Plan) -> dict[str, str]:
    """The variables that a plan takes values from, each with the first field that does. Raises InvalidInput
    for a reference that is none."""
    found: dict[str, str] = {}
    problems = []
    for field, text, pattern in _texts(plan_to_data(plan)):
        for name in pattern.findall(text):
            found.setdefault(name, field)
        if pattern is _PLAIN and _BEGUN.search(pattern.sub("", text)):
            problems.append(Problem(field, HOW))
    if problems:
        raise InvalidInput(problems)
    return found


def check_available(
    names: Mapping[str, str], environ: Mapping[str, str], allowed: Iterable[str] | None
) -> None:
    """Raises InvalidInput for variables (with the field of each) that are not set, or not among those that
    the operator allows; None: all are."""
    listed = None if allowed is None else frozenset(allowed)
    problems = []
    for name, field in names.items():
        if listed is not None and name not in listed:
            why = (
                f"plans may not take the variable {name} here; the operator can allow it: --allow-env {name}"
            )
            problems.append(Problem(field, why))
        elif name not in environ:
            problems.append(Problem(field, f"the environment variable {name} is not set where the test runs"))
    if problems:
        raise InvalidInput(problems)


def with_environment(plan: Plan, environ: Mapping[str, str]) -> tuple[Plan, tuple[str, ...]]:
    """The plan with the variables' values in their places, and those values, which nobody is to see.

    Raises InvalidInput for a variable that is not set, and for a value that does not fit its place, without
    showing the value.
    """
    names = references(plan)
    if not names:
        return plan, ()
    check_available(names, environ, None)
    values = tuple(environ[name] for name in names)
    try:
        return plan_from_data(_replaced(plan_to_data(plan), lambda name: environ[name])), values
    except InvalidInput as error:
        fields = {problem.field.partition(".text")[0] for problem in error.problems}
        says = "the value of an environment variable does not fit here"
        raise InvalidInput([Problem(field, says) for field in sorted(fields)]) from None


def _texts(data: Mapping[str, Any]) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    """Every text that may refer to variables: its field, itself, and how references look there."""
    for index, request in enumerate(data["requests"]):
        field = f"requests[{index}]"
        yield f"{field}.path", request["path"].partition("?")[2], _IN_ADDRESS
        for part in ("headers", "query", "body"):
            for text in _strings(_open_part(part, request[part])):
                yield f"{field}.{part}", text, _PLAIN
    auth = data["http"]["auth"] or {}
    for key in ("user", "password", "token"):
        if key in auth:
            yield f"http.auth.{key}", auth[key], _PLAIN


def _open_part(part: str, value: Any) -> Any:
    """What of it may refer to variables: of a body the text, the JSON value or the fields."""
    if part != "body" or value is None:
        return value
    return {key: value[key] for key in ("text", "value", "fields") if key in value}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)


def _replaced(data: dict[str, Any], value_of: Replace) -> dict[str, Any]:
    for request in data["requests"]:
        path, mark, query = request["path"].partition("?")
        request["path"] = (
            path + mark + _IN_ADDRESS.sub(lambda match: quote(value_of(match[1]), safe=""), query)
        )
        request["headers"] = _filled(request["headers"], value_of)
        request["query"] = _filled(request["query"], value_of)
        if request["body"] is not None:
            request["body"] |= _filled(_open_part("body", request["body"]), value_of)
    if data["http"]["auth"] is not None:
        data["http"]["auth"] = _filled(data["http"]["auth"], value_of)
    return data


def _filled(value: Any, value_of: Replace) -> Any:
    if isinstance(value, str):
        return _PLAIN.sub(lambda match: value_of(match[1]), value)
    if isinstance(value, Mapping):
        return {key: _filled(item, value_of) for key, item in value.items()}
    return [_filled(item, value_of) for item in value] if isinstance(value, list | tuple) else value
