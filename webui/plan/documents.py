"""Plans to and from JSON and TOML, and pydantic's errors as our own. Pure.

The one boundary at which a document from outside becomes a `Plan`.
"""

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tomli_w
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from webui.errors import InvalidInput, Problem
from webui.metrics import thresholds
from webui.plan.model import Plan

MAX_DOCUMENT_BYTES = 32_000_000
# tomllib takes time that grows with the square of a key's parts; no plan has a key of so many.
_MAX_KEY_PARTS = 200
# A key's parts with their dots, in `key`; or what may have dots as text: strings and comments. Read from left
# to right as tomllib reads them, which ends at the first mistake.
_TOML = re.compile(
    r"""
      "{3} (?: [^"\\]++ | \\. | "(?!"") )*+ "{3,5}+      # up to two quotes may end the text itself
    | '{3} (?: [^']++ | '(?!'') )*+ '{3,5}+
    | \#[^\n]*+
    | (?P<key> (?: (?: [\w-]++ | "(?:[^"\\\n]|\\.)*+" | '[^'\n]*+' ) [ \t]*+ \. [ \t]*+ )++ )
    | "(?:[^"\\\n]|\\.)*+" | '[^'\n]*+' | [\w-]++
    | ["'] .*+                                           # without its end: the mistake
    """,
    re.DOTALL | re.VERBOSE,
)


def plan_from_data(data: Any) -> Plan:
    """The plan of plain values. Raises InvalidInput with a Problem for each field that is wrong."""
    if not isinstance(data, Mapping):
        raise InvalidInput.at("", "a plan must be an object with base_url, requests and load")
    try:
        _check_text(data, ())
        plan = Plan.model_validate(data)
    except ValidationError as error:
        raise InvalidInput(_problems(error.errors())) from error
    except RecursionError as error:
        raise InvalidInput.at("", "the plan is nested too deeply") from error
    _check_endpoints(plan)
    return plan


def _check_endpoints(plan: Plan) -> None:
    """Raises InvalidInput for rules about requests that the plan does not have."""
    labels = [request.label for request in plan.requests]
    for index, expression in enumerate(plan.thresholds):
        wanted = thresholds.parse(expression).endpoint
        if wanted is not None and wanted not in labels:
            known = ", ".join(json.dumps(label, ensure_ascii=False) for label in labels[:5])
            raise InvalidInput.at(
                f"thresholds[{index}]", f"the plan has no request {json.dumps(wanted)}; it has {known}"
            )


def _check_text(value: Any, path: tuple[int | str, ...]) -> None:
    """Raises InvalidInput for half a surrogate pair, which JSON can write and UTF-8 cannot."""
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise InvalidInput.at(_dotted(path), "must be valid Unicode text, without single surrogates")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _check_text(key, path)
            _check_text(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check_text(item, (*path, index))


def plan_to_data(plan: Plan) -> dict[str, Any]:
    """The plan as plain values, every key present."""
    return plan.model_dump(mode="json", by_alias=True)


def plan_from_json(text: str | bytes) -> Plan:
    """The plan of a JSON document. Raises InvalidInput."""
    return plan_from_data(_loaded(json.loads, text, "JSON"))


def plan_to_json(plan: Plan) -> str:
    """The plan as an indented JSON document."""
    return json.dumps(plan_to_data(plan), ensure_ascii=False, indent=2)


def plan_from_toml(text: str) -> Plan:
    """The plan of a TOML document. Raises InvalidInput."""
    if any(found["key"] and found["key"].count(".") > _MAX_KEY_PARTS for found in _TOML.finditer(text)):
        raise InvalidInput.at("", f"no key has over {_MAX_KEY_PARTS} parts, with a dot between each two")
    return plan_from_data(_loaded(tomllib.loads, text, "TOML"))


def _loaded(load: Callable[[Any], Any], text: str | bytes, form: str) -> Any:
    try:
        return load(text)
    except ValueError as error:  # each library's own, of bytes that are no text, of a number of 5,000 digits
        raise InvalidInput.at("", f"the plan is not valid {form}: {error}") from error
    except RecursionError as error:
        raise InvalidInput.at("", "the plan is nested too deeply") from error


def plan_to_toml(plan: Plan) -> str:
    """The plan as a TOML document. TOML has no null: such keys are left out and read back as their
    default; nulls inside a JSON body are kept by carrying that body as text."""
    return tomli_w.dumps(_without_nulls(_json_bodies_as_text(plan_to_data(plan))))


def _json_bodies_as_text(data: dict[str, Any]) -> dict[str, Any]:
    for request in data["requests"]:
        body = request["body"]
        if body and body["type"] == "json":
            request["body"] = {"type": "json", "json_text": json.dumps(body["value"], ensure_ascii=False)} | {
                "content_type": body["content_type"]
            }
    return data


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def _problems(found: Sequence[ErrorDetails]) -> list[Problem]:
    # Where an entry is wrong, pydantic also finds its list too short; people need only the first.
    starts = {details["loc"][:depth] for details in found for depth in range(1, len(details["loc"]))}
    return [_problem(details) for details in found if not _follows(details, starts)]


def _follows(details: ErrorDetails, starts: set[tuple[int | str, ...]]) -> bool:
    return details["type"] == "too_short" and details["loc"] in starts


def _problem(details: ErrorDetails) -> Problem:
    return Problem(_dotted(_without_tags(details["loc"])), _sentence(details))


# A union adds the name of the chosen alternative to the path; people know only the document's own keys.
_TYPE_TAGS: frozenset[int | str] = frozenset({"float", "int", "str", "list[str]"})
_TAGGED: frozenset[int | str] = frozenset({"load", "body", "auth"})


def _without_tags(path: tuple[int | str, ...]) -> list[int | str]:
    return [part for place, part in enumerate(path) if not _is_tag(path, place)]


def _is_tag(path: tuple[int | str, ...], place: int) -> bool:
    if path[place] in _TYPE_TAGS:
        return True
    before = path[max(0, place - 2) : place]
    entry_of_checks = len(before) == 2 and before[0] == "checks"
    return bool(before) and isinstance(path[place], str) and (entry_of_checks or before[-1] in _TAGGED)


def _dotted(parts: Sequence[int | str]) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _sentence(details: ErrorDetails) -> str:
    context = details.get("ctx", {})
    if details["type"] == "value_error":
        return str(context.get("error", details["msg"]))
    template = _SENTENCES.get(details["type"])
    if template is None:
        return details["msg"][:1].lower() + details["msg"][1:]
    values = {key: _bound(value) for key, value in context.items()}
    return template.format_map({**values, "given": _shown(details.get("input"))})


_WHOLE = "must be a whole number, not {given}"
_NUMBER = "must be a number, not {given}"
_SENTENCES = {
    "missing": "is required",
    "extra_forbidden": "is not a known field; remove it or check its spelling",
    "greater_than_equal": "must be {ge} or more, not {given}",
    "greater_than": "must be more than {gt}, not {given}",
    "less_than_equal": "must be {le} or less, not {given}",
    "literal_error": "must be {expected}, not {given}",
    "none_required": "must be null, not {given}",
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "finite_number": _NUMBER,
    "string_type": "must be text, not {given}",
    "bool_parsing": "must be true or false, not {given}",
    "bool_type": "must be true or false, not {given}",
    "too_short": "needs {min_length} or more entries",
    "too_long": "must have {max_length} entries at most",
    "string_too_long": "must be {max_length} characters at most",
    "string_too_short": "must not be empty",
    "union_tag_invalid": "{discriminator} must be one of {expected_tags}",
    "union_tag_not_found": "needs the field {discriminator}",
}


def _bound(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value == int(value) else f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value).replace("'", "").replace("False", "false")


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
