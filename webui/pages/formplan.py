"""From the form to the plan: what was typed becomes a plan document. Problems name controls of the form."""

import re
from typing import Any

from pydantic import TypeAdapter, ValidationError

from webui.errors import InvalidInput, Problem
from webui.pages.formload import LoadReader
from webui.pages.forms import FIRST, CheckRow, FormFields, RequestFields
from webui.pages.formtext import (
    duration_text,
    in_unit,
    lines,
    number_text,
    pairs_from_text,
    pause_from_text,
    seconds_from_text,
    size_from_text,
    size_text,
    tags_from_text,
    weight_from_text,
)
from webui.plan.documents import plan_from_data
from webui.plan.load import Load, Shape
from webui.plan.model import DEFAULT_BACKOFF_S, DEFAULT_MAX_BODY, Plan
from webui.plan.request import MAX_BODY_BYTES, parse_header_lines
from webui.plan.target import parse_url
from webui.units import parse_count

_LOAD: TypeAdapter[Shape] = TypeAdapter(Load)
_REQUEST_PATH = re.compile(r"requests\[(\d+)\]\.?(\w*)(.*)")
_CHECK_PATH = re.compile(r"\[(\d+)\]")
_CONTROLS = {
    "http.timeout_s": "timeout",
    "http.max_redirects": "max_redirects",
    "http.proxy": "proxy",
    "http.max_body_bytes": "max_body",
    "http.ca_pem": "ca_pem",
    "http.client_cert_pem": "client_cert_pem",
    "http.client_key_pem": "client_key_pem",
    "http.auth.user": "auth_user",
    "http.auth.password": "auth_password",
    "http.auth.token": "auth_token",
    "http.auth": "auth",
    "http": "client_key_pem",  # what must fit together: the client certificate's two halves
    "abort_on_fail_after_s": "abort_after",
    "graceful_stop_s": "grace",
    "warmup_s": "warmup",
    "name": "name",
    "note": "note",
    "base_url": f"url-{FIRST}",
    "canary": "canary",
}
_LISTS = {
    "think_time_s": "pause",
    "http.reconnect_backoff_s": "backoff",
    "tags": "tags",
    "thresholds": "thresholds",
}
_REQUEST_CONTROLS = {"path": "url", "success_statuses": "statuses"}
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
            control, message = reader.on_the_form(problem, fields)
            problems.setdefault(control, message)
    if problems:
        raise InvalidInput([Problem(control, message) for control, message in problems.items()])
    return plan


def at_controls(error: InvalidInput, fields: FormFields) -> list[Problem]:
    """What is wrong with the plan of these fields, by the form's controls."""
    reader = _Reader()
    reader.document(fields)
    return [Problem(*reader.on_the_form(problem, fields)) for problem in error.problems]


def load_from_fields(fields: FormFields) -> Shape | None:
    """The load alone, as far as it can be read; None while it cannot."""
    reader = LoadReader()
    data = reader.load(fields)
    if reader.problems:
        return None
    try:
        return _LOAD.validate_python(data)
    except ValidationError:
        return None


class _Reader(LoadReader):
    """Reads the form's text into plan data. What cannot be read is noted, and a valid value stands in."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[RequestFields] = []  # the requests of the document, in its order
        self.check_controls: dict[str, list[str]] = {}  # by request, in the document's order

    def document(self, fields: FormFields) -> dict[str, Any]:
        self.sent = [r for r in fields.requests if r.key == FIRST or not r.blank]
        requests = [self.request(r) for r in self.sent]
        base_url, requests[0]["path"] = self.target(fields.requests[0])
        data = {
            "name": fields.name,
            "base_url": base_url,
            "tags": self.read("tags", tags_from_text, fields.tags, list[str]()),
            "note": fields.note,
            "requests": requests,
            "load": self.load(fields),
            "thresholds": lines(fields.thresholds),
            "http": self.http(fields),
            "graceful_stop_s": self.read("grace", seconds_from_text, fields.grace, 2.0),
        }
        if fields.abort:
            after = self.read("abort_after", seconds_from_text, fields.abort_after, 0.0)
            data["abort_on_fail_after_s"] = after
        if fields.shape not in ("burst", "sweep"):
            data["warmup_s"] = self.read("warmup", seconds_from_text, fields.warmup, 0.0)
        if not (fields.open_model or fields.shape in ("burst", "sweep")):
            data["think_time_s"] = self.read("pause", pause_from_text, fields.pause, (0.0, 0.0))
        if fields.shape == "sweep":
            data["canary"] = fields.canary.strip() or None
        return data

    def http(self, fields: FormFields) -> dict[str, Any]:
        data = {
            "timeout_s": self.read("timeout", seconds_from_text, fields.timeout, 10.0),
            "keepalive": fields.keepalive,
            "verify_tls": fields.verify_tls,
            "follow_redirects": fields.follow_redirects,
            "http2": fields.protocol == "2",
            "proxy": fields.proxy.strip() or None,
            "cookies": fields.cookies,
            "auth": self.auth(fields),
            "dns": fields.dns,
            "reconnect_backoff_s": self.read("backoff", pause_from_text, fields.backoff, DEFAULT_BACKOFF_S),
            "max_body_bytes": self.read("max_body", size_from_text, fields.max_body, DEFAULT_MAX_BODY),
            "ca_pem": fields.ca_pem or None,
            "client_cert_pem": fields.client_cert_pem or None,
            "client_key_pem": fields.client_key_pem or None,
        }
        if fields.follow_redirects:
            data["max_redirects"] = self.read("max_redirects", parse_count, fields.max_redirects, 10)
        return data

    def auth(self, fields: FormFields) -> dict[str, str] | None:
        if fields.auth == "basic":
            return {"type": "basic", "user": fields.auth_user, "password": fields.auth_password}
        return {"type": "bearer", "token": fields.auth_token.strip()} if fields.auth == "bearer" else None

    def target(self, fields: RequestFields) -> tuple[str, str]:
        """Base URL and path of the first request, which is typed as one whole address."""
        target = self.read(f"url-{fields.key}", parse_url, fields.url, None)
        return (_STAND_IN_URL, "/") if target is None else (target.origin, target.path)

    def request(self, fields: RequestFields) -> dict[str, Any]:
        key = fields.key
        statuses = fields.statuses.strip()
        data: dict[str, Any] = {
            "method": fields.method,
            "path": fields.url.strip() or "/",
            "name": fields.name.strip() or None,
            "weight": self.read(f"weight-{key}", weight_from_text, fields.weight, 1.0),
            "headers": self.read(f"headers-{key}", parse_header_lines, fields.headers, dict[str, str]()),
            "success_statuses": re.split(r"[,\s]+", statuses) if statuses else None,
            "checks": self.checks(fields),
        }
        if key != FIRST and not fields.url.strip():
            self.problems[f"url-{key}"] = "enter a path such as /items, or a whole address"
        if fields.body_kind != "none":
            data["body"] = self.body(fields)
            data |= {"chunked": fields.chunked, "expect_continue": fields.expect_continue}
        return data

    def checks(self, fields: RequestFields) -> list[dict[str, str]]:
        rows = [check for check in fields.checks if not check.blank]
        self.check_controls[fields.key] = [f"check-{fields.key}-{check.key}" for check in rows]
        return [_check(check) for check in rows]

    def body(self, fields: RequestFields) -> dict[str, Any] | None:
        kind = fields.body_kind
        rest = {"content_type": fields.content_type.strip()} if fields.content_type.strip() else {}
        if kind == "file":
            return self.file_body(fields, rest)
        if kind == "json":
            return {"type": kind, "json_text": fields.body} | rest
        if kind == "form":
            pairs = self.read(f"body-{fields.key}", pairs_from_text, fields.body, dict[str, str]())
            return {"type": kind, "fields": pairs} | rest
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

    def on_the_form(self, problem: Problem, fields: FormFields) -> tuple[str, str]:
        """The control that a problem of the plan belongs to, and the sentence to show there."""
        message = _in_words(problem)
        if match := _REQUEST_PATH.match(problem.field):
            request = self.sent[int(match[1])]
            return self._of_request(match[2], match[3], request), message
        head, _, rest = problem.field.partition(".")
        if head == "load":
            return self.control(rest, fields), message
        head, bracket, rest = problem.field.partition("[")
        if bracket and head in _LISTS:
            number = int(rest.partition("]")[0]) + 1
            return _LISTS[head], (f"line {number}: " if head == "thresholds" else "") + message
        control = _CONTROLS.get(problem.field) or _LISTS.get(problem.field, "")
        return control, message if control else str(problem)

    def _of_request(self, part: str, rest: str, fields: RequestFields) -> str:
        if part == "checks" and (match := _CHECK_PATH.match(rest)):
            return self.check_controls[fields.key][int(match[1])]
        if part == "body":
            kind = "file" if fields.body_kind == "file" else "body"
            return f"{'content_type' if rest.endswith('content_type') else kind}-{fields.key}"
        return f"{_REQUEST_CONTROLS.get(part, part) or 'body_kind'}-{fields.key}"


def _check(row: CheckRow) -> dict[str, str]:
    rule = row.rule.strip()
    if row.on in ("contains", "matches"):
        return {"on": "body", "is": f"{row.on} {rule}"}
    of = {"header": {"name": row.of.strip()}, "json": {"path": row.of.strip()}}
    return {"on": row.on, "is": rule, **of.get(row.on, {})}


def _in_words(problem: Problem) -> str:
    """The sentence with numbers as the control writes them, where the plan has bare seconds or bytes."""
    if problem.field.endswith("_s") or problem.field.startswith("think_time_s"):
        return in_unit(problem.message, duration_text)
    if problem.field.endswith("_bytes"):
        return in_unit(problem.message, lambda size: size_text(int(size)))
    if problem.field.endswith("_rps"):
        return in_unit(problem.message, lambda rate: f"{number_text(rate)} req/s")
    return problem.message
