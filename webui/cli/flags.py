"""The flags of `katydid run` that make or change a plan, and the plan that they come to.

Everything arrives as it was typed and is checked here, so that each mistake is named by its flag.
"""

import base64
import json
import mimetypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from webui.cli.plan_file import is_plan_file, read_body_file, read_plan_file
from webui.errors import InvalidInput, Problem
from webui.plan.documents import plan_from_data
from webui.plan.model import Plan
from webui.plan.target import parse_url
from webui.units import parse_count, parse_duration, parse_rate

DEFAULT_USERS = 10
DEFAULT_DURATION_S = 10.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PlanFlags:
    """The flags as typed; None and empty: not given."""

    users: str | None = None
    spawn_rate: str | None = None
    duration: str | None = None
    iterations: str | None = None
    think_time: str | None = None
    method: str | None = None
    headers: Sequence[str] = ()
    data: str | None = None
    success_status: str | None = None
    timeout: str | None = None
    keepalive: bool | None = None
    insecure: bool = False
    thresholds: Sequence[str] = ()
    name: str | None = None
    tags: Sequence[str] = ()
    note: str | None = None


# Where a flag's value goes in the plan: longest path first, so that the first match is the closest.
_FLAG_OF_FIELD = {
    "requests[0].success_statuses": ("success_status", "--success-status"),
    "requests[0].headers": ("headers", "--header"),
    "requests[0].method": ("method", "--method"),
    "requests[0].body": ("data", "--data"),
    "requests[0]": ("data", "--data"),
    "load.spawn_rate": ("spawn_rate", "--spawn-rate"),
    "load.duration_s": ("duration", "--duration"),
    "load.iterations": ("iterations", "--iterations"),
    "load.users": ("users", "--users"),
    "think_time_s": ("think_time", "--think-time"),
    "http.timeout_s": ("timeout", "--timeout"),
    "thresholds": ("thresholds", "--threshold"),
    "name": ("name", "--name"),
    "tags": ("tags", "--tag"),
    "note": ("note", "--note"),
}


def plan_of(target: str, flags: PlanFlags) -> Plan:
    """The plan for a URL or a plan file with the flags laid over it.

    Raises InvalidInput whose problems name the flag, or else the file and its field.
    """
    from_file = is_plan_file(target)
    data = read_plan_file(Path(target)) if from_file else _plan_of_url(target)
    _apply(data, flags)
    try:
        return plan_from_data(data)
    except InvalidInput as error:
        source = target if from_file else "URL"
        raise InvalidInput([_named(problem, flags, source) for problem in error.problems]) from error


def _plan_of_url(text: str) -> dict[str, Any]:
    try:
        url = parse_url(text)
    except ValueError as error:
        raise InvalidInput.at("URL", str(error)) from error
    load = {"users": DEFAULT_USERS}
    return {"base_url": url.origin, "requests": [{"path": url.path}], "load": load}


def _apply(data: dict[str, Any], flags: PlanFlags) -> None:
    _apply_load(data, flags)
    _apply_request(data, flags)
    _apply_http(data, flags)
    if flags.think_time is not None:
        data["think_time_s"] = _parsed("--think-time", _think_time, flags.think_time)
    texts = {"name": flags.name, "note": flags.note}
    data.update({key: text for key, text in texts.items() if text is not None})
    for key, more in (("thresholds", flags.thresholds), ("tags", flags.tags)):
        if more:
            data[key] = [*_list(data, key), *more]


def _apply_load(data: dict[str, Any], flags: PlanFlags) -> None:
    load = _table(data, "load")
    given = {
        "users": _parsed("--users", parse_count, flags.users),
        "spawn_rate": _parsed("--spawn-rate", parse_rate, flags.spawn_rate),
        "duration_s": _parsed("--duration", parse_duration, flags.duration),
        "iterations": _parsed("--iterations", parse_count, flags.iterations),
    }
    load.update({key: value for key, value in given.items() if value is not None})
    # A command has to end by itself, so a plan that runs until it is stopped gets an end here.
    if load.get("duration_s") is None and load.get("iterations") is None:
        load["duration_s"] = DEFAULT_DURATION_S


def _apply_http(data: dict[str, Any], flags: PlanFlags) -> None:
    http = _table(data, "http")
    if flags.timeout is not None:
        http["timeout_s"] = _parsed("--timeout", parse_duration, flags.timeout)
    if flags.keepalive is not None:
        http["keepalive"] = flags.keepalive
    if flags.insecure:
        http["verify_tls"] = False


def _apply_request(data: dict[str, Any], flags: PlanFlags) -> None:
    requests = _list(data, "requests")
    headers = _headers(flags.headers)
    for request in requests:
        _set_headers(request, headers)
    for flag, value in (
        ("--method", flags.method),
        ("--data", flags.data),
        ("--success-status", flags.success_status),
    ):
        if value is not None and len(requests) != 1:
            raise InvalidInput.at(flag, f"the plan has {len(requests)} requests; set it in the file instead")
    if requests and isinstance(requests[0], dict):
        _change_request(requests[0], flags, headers)


def _change_request(request: dict[str, Any], flags: PlanFlags, headers: Mapping[str, str]) -> None:
    if flags.data is not None:
        given_type = next((value for key, value in headers.items() if key.lower() == "content-type"), None)
        request["body"] = _body(flags.data, given_type)
        request.setdefault("method", "POST")
    if flags.method is not None:
        request["method"] = flags.method
    if flags.success_status is not None:
        request["success_statuses"] = [item.strip() for item in flags.success_status.split(",")]


def _headers(lines: Sequence[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        if not line.strip() or ":" not in line:
            raise InvalidInput.at(
                "--header", f"write 'Name: value', such as 'Accept: text/html', not {line!r}"
            )
        # One flag is one header: a line break inside stays in the value, where the plan refuses it.
        name, _, value = line.partition(":")
        headers[name.strip()] = value.strip()
    return headers


def _set_headers(request: Any, headers: Mapping[str, str]) -> None:
    if not headers or not isinstance(request, dict) or not isinstance(request.get("headers", {}), dict):
        return
    replaced = {name.lower() for name in headers}
    kept = {name: value for name, value in request.get("headers", {}).items() if name.lower() not in replaced}
    request["headers"] = {**kept, **headers}


def _body(text: str, content_type: str | None) -> dict[str, Any]:
    """The body that `--data` stands for: sent byte for byte as given, its type told from its content."""
    if not text.startswith("@"):
        return _text_body(text, content_type)
    path = Path(text[1:])
    content = read_body_file(path, "--data")
    try:
        return _text_body(content.decode(), content_type)
    except UnicodeDecodeError:
        guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return {
            "type": "file",
            "filename": path.name,
            "content_base64": base64.b64encode(content).decode(),
            "content_type": content_type or guessed,
        }


def _text_body(text: str, content_type: str | None) -> dict[str, Any]:
    if content_type is None:
        content_type = "application/json" if _is_json(text) else "text/plain; charset=utf-8"
    return {"type": "text", "text": text, "content_type": content_type}


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _think_time(text: str) -> list[float]:
    low, dots, high = text.partition("..")
    first = parse_duration(low)
    return [first, parse_duration(high) if dots else first]


def _parsed(flag: str, parse: Callable[[str], T], text: str | None) -> T | None:
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise InvalidInput.at(flag, str(error)) from error


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    """data[key] to be changed; what is no table is left to the plan's own check to refuse."""
    value = data.setdefault(key, {})
    return value if isinstance(value, dict) else {}


def _list(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key, [])
    return value if isinstance(value, list) else []


def _named(problem: Problem, flags: PlanFlags, source: str) -> Problem:
    for field, (attribute, flag) in _FLAG_OF_FIELD.items():
        given = getattr(flags, attribute) not in (None, ())
        if given and (problem.field == field or problem.field.startswith((f"{field}.", f"{field}["))):
            return Problem(flag, problem.message)
    where = source if source == "URL" else f"{source}: {problem.field}" if problem.field else source
    return Problem(where, problem.message)
