"""Checks as typed: what is looked at, then the rule.

    status == 200                     time < 200ms               size < 10kB
    header Content-Type contains json body contains "items"      json $.items[0].id == 3

A JSON path with spaces in it stands in double quotes.
"""

import re
from typing import Any

from webui.errors import InvalidInput
from webui.plan.documents import plan_from_data

_PLAIN = ("status", "time", "size", "body")
_HEADER = re.compile(r"\s+([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(.*)", re.DOTALL)
_JSON = re.compile(r'\s*(?:"([^"]*)"|(\$\S*))(.*)', re.DOTALL)


def check_of(text: str) -> dict[str, Any]:
    """The plan's check that `text` states. Raises ValueError with a sentence."""
    check = _taken_apart(text)
    if check is None or not check["is"]:
        raise ValueError(
            "write a check such as 'status == 200', 'header Content-Type contains json' or "
            f"'json $.id == 3', not {text.strip()[:60]!r}"
        )
    _validate(check)
    return check


def _taken_apart(text: str) -> dict[str, Any] | None:
    match = re.fullmatch(r"\s*([a-z]+)\b(.*)", text, re.DOTALL)
    if match is None:
        return None
    on, rest = match[1], match[2]
    if on in _PLAIN:
        return {"on": on, "is": rest.strip()}
    if on == "header" and (named := _HEADER.fullmatch(rest)):
        return {"on": on, "name": named[1], "is": named[2].strip()}
    if on == "json" and (found := _JSON.fullmatch(rest)):
        return {"on": on, "path": found[1] or found[2], "is": found[3].strip()}
    return None


def _validate(check: dict[str, Any]) -> None:
    """Raises ValueError with the plan's own sentence; a plan file's other mistakes stay out of it."""
    try:
        plan_from_data({"base_url": "http://check", "requests": [{"checks": [check]}], "load": {"users": 1}})
    except InvalidInput as error:
        raise ValueError(error.problems[0].message) from error
