"""From the flags of `katydid run` to the plan.

Everything arrives as it was typed and is checked here and below, so that each mistake is named by its flag.
"""

import base64
import json
import mimetypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from webui.cli.check_flags import check_of
from webui.cli.http_flags import apply_http
from webui.cli.parsing import parse_span, parsed
from webui.cli.plan_file import is_plan_file, read_body_file, read_plan_file
from webui.cli.plan_flags import PlanFlags, flag_of
from webui.cli.shapes import DEFAULT_DURATION_S, DEFAULT_USERS, apply_load
from webui.errors import InvalidInput, Problem
from webui.plan.documents import plan_from_data
from webui.plan.model import Plan
from webui.plan.target import parse_url
from webui.units import parse_duration

__all__ = ["DEFAULT_DURATION_S", "DEFAULT_USERS", "PlanFlags", "plan_of"]

# Where a flag's value goes in the plan: longest path first, so that the first match is the closest.
_PLACES = (
    ("requests[0].success_statuses", "success_status"),
    ("requests[0].headers", "headers"),
    ("requests[0].method", "method"),
    ("requests[0].body", "data"),
    ("requests[0]", "data"),
    ("load.spawn_rate", "spawn_rate"),
    ("load.duration_s", "duration"),
    ("load.iterations_per_user", "iterations_per_user"),
    ("load.iterations", "iterations"),
    ("load.users", "users"),
    ("load.rate_rps", "rate"),
    ("load.max_users", "max_users"),
    ("load.step_s", "step"),
    ("load.limit", "limit"),
    ("load.size", "burst"),
    ("load.count", "count"),
    ("load.pause_s", "pause"),
    ("load", "stages"),
    ("load", "sweep"),
    ("load", "iterations_per_user"),
    ("canary", "canary"),
    ("secrets", "secrets"),
    ("think_time_s", "think_time"),
    ("warmup_s", "warmup"),
    ("http.timeout_s", "timeout"),
    ("http.max_redirects", "max_redirects"),
    ("http.max_body_bytes", "max_body"),
    ("http.reconnect_backoff_s", "reconnect_backoff"),
    ("http.proxy", "proxy"),
    ("http.dns", "dns"),
    ("http.auth", "user"),
    ("http.auth", "bearer"),
    ("http.ca_pem", "cacert"),
    ("http.client_cert_pem", "cert"),
    ("http.client_key_pem", "key"),
    ("http", "http2"),
    ("abort_on_fail_after_s", "abort_on_fail_after"),
    ("thresholds", "thresholds"),
    ("name", "name"),
    ("tags", "tags"),
    ("note", "note"),
)


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
        raise by_flags(error, target, flags) from error


def by_flags(error: InvalidInput, target: str, flags: PlanFlags) -> InvalidInput:
    """The same, its problems named by the flag, or else the file and its field."""
    source = target if is_plan_file(target) else "URL"
    return InvalidInput([_named(problem, flags, source) for problem in error.problems])


def _plan_of_url(text: str) -> dict[str, Any]:
    try:
        url = parse_url(text)
    except ValueError as error:
        raise InvalidInput.at("URL", str(error)) from error
    load = {"users": DEFAULT_USERS}
    return {"base_url": url.origin, "requests": [{"path": url.path}], "load": load}


def _apply(data: dict[str, Any], flags: PlanFlags) -> None:
    apply_load(_table(data, "load"), flags)
    _apply_requests(data, flags)
    apply_http(_table(data, "http"), flags)
    if flags.think_time is not None:
        data["think_time_s"] = parsed("--think-time", parse_span, flags.think_time)
    if flags.warmup is not None:
        data["warmup_s"] = parsed("--warmup", parse_duration, flags.warmup)
    texts = {"name": flags.name, "note": flags.note, "canary": flags.canary}
    data.update({key: text for key, text in texts.items() if text is not None})
    lists = {"thresholds": flags.thresholds, "tags": flags.tags, "secrets": flags.secrets}
    for key, more in lists.items():
        if more:
            data[key] = [*_list(data, key), *more]
    _apply_abort(data, flags)


def _apply_abort(data: dict[str, Any], flags: PlanFlags) -> None:
    if not flags.abort_on_fail and flags.abort_on_fail_after is None:
        return
    flag = "--abort-on-fail" if flags.abort_on_fail_after is None else "--abort-on-fail-after"
    if not data.get("thresholds"):
        raise InvalidInput.at(flag, "there is no threshold that could fail; add one with --threshold")
    data["abort_on_fail_after_s"] = parsed(flag, parse_duration, flags.abort_on_fail_after or "0")


def _apply_requests(data: dict[str, Any], flags: PlanFlags) -> None:
    requests = _list(data, "requests")
    headers = _headers(flags.headers)
    for request in requests:
        _set_headers(request, headers)
    for attribute in ("method", "data", "success_status"):
        if getattr(flags, attribute) is not None and len(requests) != 1:
            raise InvalidInput.at(
                flag_of(attribute), f"the plan has {len(requests)} requests; set it in the file instead"
            )
    if requests and isinstance(requests[0], dict):
        _change_request(requests[0], flags, headers)
    _add_checks([request for request in requests if isinstance(request, dict)], flags.checks)
    _set_framing([request for request in requests if isinstance(request, dict)], flags)


def _change_request(request: dict[str, Any], flags: PlanFlags, headers: Mapping[str, str]) -> None:
    if flags.data is not None:
        given_type = next((value for key, value in headers.items() if key.lower() == "content-type"), None)
        request["body"] = _body(flags.data, given_type)
        request.setdefault("method", "POST")
    if flags.method is not None:
        request["method"] = flags.method
    if flags.success_status is not None:
        request["success_statuses"] = [item.strip() for item in flags.success_status.split(",")]


def _add_checks(requests: Sequence[dict[str, Any]], texts: Sequence[str]) -> None:
    """Adds the checks to every request's own."""
    checks = [parsed("--check", check_of, text) for text in texts]
    for request in requests if checks else ():
        request["checks"] = [*_list(request, "checks"), *checks]


def _set_framing(requests: Sequence[dict[str, Any]], flags: PlanFlags) -> None:
    """Says how bodies go, for every request that has one."""
    with_body = [request for request in requests if request.get("body") is not None]
    for attribute in ("chunked", "expect_continue"):
        if not getattr(flags, attribute):
            continue
        if not with_body:
            raise InvalidInput.at(flag_of(attribute), "no request has a body; give it one with --data")
        for request in with_body:
            request[attribute] = True


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


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    """data[key] to be changed; what is no table is left to the plan's own check to refuse."""
    value = data.setdefault(key, {})
    return value if isinstance(value, dict) else {}


def _list(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key, [])
    return value if isinstance(value, list) else []


def _named(problem: Problem, flags: PlanFlags, source: str) -> Problem:
    for field, attribute in _PLACES:
        inside = problem.field == field or problem.field.startswith((f"{field}.", f"{field}["))
        if inside and getattr(flags, attribute) not in (None, False, (), []):
            return Problem(flag_of(attribute), problem.message)
    where = source if source == "URL" else f"{source}: {problem.field}" if problem.field else source
    return Problem(where, problem.message)
