"""From the form to the plan: what was typed becomes a plan document. Problems name controls of the form."""

import csv
import re
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from webui.errors import InvalidInput, Problem
from webui.pages.forms import FIRST, FormFields, RequestFields
from webui.plan.documents import plan_from_data
from webui.plan.load import ConstantUsers
from webui.plan.model import Plan
from webui.plan.request import MAX_BODY_BYTES, parse_header_lines
from webui.plan.target import parse_url
from webui.units import parse_count, parse_duration, parse_rate

T = TypeVar("T")
_REQUEST_PATH = re.compile(r"requests\[(\d+)\]\.?(\w*)(.*)")
_CONTROLS = {
    "load.users": "users",
    "load.duration_s": "duration",
    "load.iterations": "iterations",
    "load.spawn_rate": "spawn_rate",
    "http.timeout_s": "timeout",
    "graceful_stop_s": "grace",
    "name": "name",
    "note": "note",
    "base_url": f"url-{FIRST}",
}
_LISTS = {"think_time_s": "pause", "tags": "tags", "thresholds": "thresholds"}
_REQUEST_CONTROLS = {"path": "url", "success_statuses": "statuses"}
_IN_SECONDS = frozenset({"duration", "timeout", "grace", "pause"})
_STAND_IN_URL = "http://stand.in"


def plan_from_fields(fields: FormFields) -> Plan:
    """The plan that was typed. Raises InvalidInput; each problem's `field` is a control's id, or empty."""
    reader = _Reader()
    data = reader.document(fields)
    problems = dict(reader.problems)
    try:
        plan = plan_from_data(data)
    except InvalidInput as error:
        for problem in error.problems:
            control, message = _on_the_form(problem, reader.sent)
            problems.setdefault(control, message)
    if problems:
        raise InvalidInput([Problem(control, message) for control, message in problems.items()])
    return plan


def load_from_fields(fields: FormFields) -> ConstantUsers | None:
    """The load alone, as far as it can be read; None while it cannot."""
    reader = _Reader()
    data = reader.load(fields)
    if reader.problems:
        return None
    try:
        return ConstantUsers.model_validate(data)
    except ValidationError:
        return None


def pause_from_text(text: str) -> tuple[float, float]:
    """Seconds, shortest and longest, of `1 s` or `1 s to 3 s` or `1s..3s`. Raises ValueError."""
    parts = re.split(r"\s*(?:\.\.+|–|\bto\b)\s*", text.strip())
    if len(parts) > 2 or not all(parts):
        raise ValueError("write a pause such as 0, 500 ms or 1 s to 3 s")
    return parse_duration(parts[0]), parse_duration(parts[-1])


def tags_from_text(text: str) -> list[str]:
    """Labels between commas; one that has a comma itself stands in double quotes."""
    found = next(csv.reader([text.replace("\n", ",")], skipinitialspace=True), [])
    return [tag.strip() for tag in found if tag.strip()]


class _Reader:
    """Reads the form's text into plan data. What cannot be read is noted, and a valid value stands in."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}
        self.sent: list[RequestFields] = []  # the requests of the document, in its order

    def document(self, fields: FormFields) -> dict[str, Any]:
        self.sent = [r for r in fields.requests if r.key == FIRST or not r.blank]
        requests = [self.request(r) for r in self.sent]
        base_url, requests[0]["path"] = self.target(fields.requests[0])
        return {
            "name": fields.name,
            "base_url": base_url,
            "tags": self.read("tags", tags_from_text, fields.tags, list[str]()),
            "note": fields.note,
            "requests": requests,
            "load": self.load(fields),
            "think_time_s": self.read("pause", pause_from_text, fields.pause, (0.0, 0.0)),
            "thresholds": _lines(fields.thresholds),
            "http": {
                "timeout_s": self.read("timeout", parse_duration, fields.timeout, 10.0),
                "keepalive": fields.keepalive,
                "verify_tls": fields.verify_tls,
            },
            "graceful_stop_s": self.read("grace", parse_duration, fields.grace, 2.0),
        }

    def load(self, fields: FormFields) -> dict[str, Any]:
        data: dict[str, Any] = {"users": self.read("users", parse_count, fields.users, 1)}
        if fields.spawn_rate.strip():
            data["spawn_rate"] = self.read("spawn_rate", parse_rate, fields.spawn_rate, 1.0)
        if fields.end in ("duration", "both"):
            data["duration_s"] = self.read("duration", parse_duration, fields.duration, 1.0)
        if fields.end in ("iterations", "both"):
            data["iterations"] = self.read("iterations", parse_count, fields.iterations, 1)
        return data

    def target(self, fields: RequestFields) -> tuple[str, str]:
        """Base URL and path of the first request, which is typed as one whole address."""
        target = self.read(f"url-{fields.key}", parse_url, fields.url, None)
        return (_STAND_IN_URL, "/") if target is None else (target.origin, target.path)

    def request(self, fields: RequestFields) -> dict[str, Any]:
        key = fields.key
        data: dict[str, Any] = {
            "method": fields.method,
            "path": fields.url.strip() or "/",
            "name": fields.name.strip() or None,
            "weight": self.read(f"weight-{key}", _weight, fields.weight, 1.0),
            "headers": self.read(f"headers-{key}", parse_header_lines, fields.headers, dict[str, str]()),
            "success_statuses": re.split(r"[,\s]+", fields.statuses.strip())
            if fields.statuses.strip()
            else None,
            "checks": [{"on": "status", "is": line} for line in _lines(fields.checks)],
        }
        if key != FIRST and not fields.url.strip():
            self.problems[f"url-{key}"] = "enter a path such as /items, or a whole address"
        if fields.body_kind != "none":
            data["body"] = self.body(fields)
        return data

    def body(self, fields: RequestFields) -> dict[str, Any] | None:
        kind = fields.body_kind
        rest = {"content_type": fields.content_type.strip()} if fields.content_type.strip() else {}
        if kind == "file":
            return self.file_body(fields, rest)
        if kind == "json":
            return {"type": kind, "json_text": fields.body} | rest
        if kind == "form":
            return {
                "type": kind,
                "fields": self.read(f"body-{fields.key}", _pairs, fields.body, dict[str, str]()),
            } | rest
        return {"type": "text", "text": fields.body} | rest

    def file_body(self, fields: RequestFields, rest: dict[str, str]) -> dict[str, Any] | None:
        if fields.file_bytes > MAX_BODY_BYTES:
            limit = f"{MAX_BODY_BYTES:,} bytes (10 MB) at most, not {fields.file_bytes:,}"
            self.problems[f"file-{fields.key}"] = f"the file must have {limit}"
        elif not fields.file_name:
            self.problems[f"file-{fields.key}"] = "choose the file to send, or another kind of body"
        else:
            named = {"filename": fields.file_name, "content_base64": fields.file_base64}
            return {"type": "file"} | named | rest
        return None

    def read(self, control: str, parse: Callable[[str], T], text: str, stand_in: T) -> T:
        try:
            return parse(text)
        except ValueError as error:
            self.problems[control] = str(error)
            return stand_in


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _weight(text: str) -> float:
    try:
        return float(text.strip() or "1")
    except ValueError:
        raise ValueError(f"write a number such as 1 or 2.5, not {text.strip()[:40]!r}") from None


def _pairs(text: str) -> dict[str, str]:
    """Form fields of lines `name=value`. Raises ValueError naming the line."""
    pairs: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = line.partition("=")
        if not line.strip():
            continue
        if not equals:
            raise ValueError(f"line {number} has no equals sign; write name=value")
        if name in pairs:
            raise ValueError(f"line {number} names {name[:40]!r} a second time; write each name once")
        pairs[name] = value
    return pairs


def _on_the_form(problem: Problem, sent: list[RequestFields]) -> tuple[str, str]:
    """The control that a problem of the plan belongs to, and the sentence to show there."""
    if match := _REQUEST_PATH.match(problem.field):
        fields = sent[int(match[1])]
        return f"{_request_control(match[2], match[3], fields)}-{fields.key}", problem.message
    head, bracket, rest = problem.field.partition("[")
    if bracket and head in _LISTS:
        number = int(rest.partition("]")[0]) + 1
        where = f"line {number}: " if head == "thresholds" else ""
        return _LISTS[head], where + problem.message + _unit(_LISTS[head], problem.message)
    control = _CONTROLS.get(problem.field) or _LISTS.get(problem.field, "")
    return control, (problem.message if control else str(problem)) + _unit(control, problem.message)


def _request_control(part: str, rest: str, fields: RequestFields) -> str:
    if part == "body":
        if rest.endswith("content_type"):
            return "content_type"
        return "file" if fields.body_kind == "file" else "body"
    return _REQUEST_CONTROLS.get(part, part) or "body_kind"


def _unit(control: str, message: str) -> str:
    """The unit of the plan's bare numbers, which the form's text carries itself."""
    return " (seconds)" if control in _IN_SECONDS and message.startswith("must be") else ""
