"""A plan as text to edit: JSON or TOML, with what has its default left out. Pure."""

import json
import tomllib
from typing import Any

import tomli_w

from webui.errors import InvalidInput
from webui.plan.base import Document
from webui.plan.documents import MAX_DOCUMENT_BYTES, plan_from_json, plan_from_toml
from webui.plan.model import Plan
from webui.plan.request import JsonBody
from webui.units import size

FORMATS = ("json", "toml")
_KINDS = frozenset({"schema_", "shape", "type", "on"})


MAX_TOML = 5_000_000  # characters; tomllib takes some seconds for them


def plan_from_text(text: str) -> Plan:
    """The plan of a JSON or TOML document, whichever it is. Raises InvalidInput with the places. A large one
    takes seconds, so it is not for the event loop."""
    if format_of(text) == "json":
        if len(text) > MAX_DOCUMENT_BYTES:
            raise InvalidInput.at("", f"the plan is over {size(MAX_DOCUMENT_BYTES)}")
        return plan_from_json(text)
    if len(text) > MAX_TOML:
        raise InvalidInput.at("", f"a plan as TOML is {size(MAX_TOML)} at most here; JSON may be larger")
    return plan_from_toml(text)


def format_of(text: str) -> str:
    """`json` for what begins as a JSON document, else `toml`."""
    return "json" if text.lstrip()[:1] in ("{", "[", "") else "toml"


def text_of(plan: Plan, form: str) -> str:
    """The plan in that format; it reads back as the same plan."""
    data = _brief(plan)
    if form == "json":
        return json.dumps(data, ensure_ascii=False, indent=2)
    for request, written in zip(plan.requests, data["requests"], strict=True):
        if isinstance(request.body, JsonBody):  # TOML has no null
            value = written["body"].pop("value")
            written["body"]["json_text"] = json.dumps(value, ensure_ascii=False)
    return tomli_w.dumps(data, multiline_strings=_safe_multiline(data))


def _safe_multiline(data: dict[str, Any]) -> bool:
    """Whether long strings may be written over several lines: that form cannot keep every line end."""
    try:
        return bool(tomllib.loads(tomli_w.dumps(data, multiline_strings=True)) == data)
    except tomllib.TOMLDecodeError:
        return False


def _brief(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in type(document).model_fields.items():
        value = getattr(document, name)
        plain = field.get_default(call_default_factory=True, validated_data={})
        if field.is_required() or (value is not None and (name in _KINDS or value != plain)):
            found[field.alias or name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Document):
        return _brief(value)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
