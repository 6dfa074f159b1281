"""From a plan back to the form: every field filled in, so that starting it again does the same."""

import csv
import io
import json
from decimal import Decimal
from urllib.parse import urlencode

from webui.pages.forms import FIRST, FormFields, RequestFields
from webui.plan.model import Plan
from webui.plan.request import Body, FileBody, FormBody, JsonBody, Request, TextBody
from webui.units import parse_duration


def fields_from_plan(plan: Plan) -> FormFields:
    """The form that would make a plan which does the same. Queries become part of the addresses."""
    load, plain = plan.load, FormFields()
    return FormFields(
        requests=tuple(_request(plan, request, str(i)) for i, request in enumerate(plan.requests)),
        users=f"{load.users:,}",
        end=_end(load.duration_s, load.iterations),
        duration=plain.duration if load.duration_s is None else duration_text(load.duration_s),
        iterations=plain.iterations if load.iterations is None else f"{load.iterations:,}",
        spawn_rate="" if load.spawn_rate is None else _number(load.spawn_rate),
        pause=_pause(*plan.think_time_s),
        timeout=duration_text(plan.http.timeout_s),
        grace=duration_text(plan.graceful_stop_s),
        keepalive=plan.http.keepalive,
        verify_tls=plan.http.verify_tls,
        thresholds="\n".join(plan.thresholds),
        name=plan.name,
        tags=_tags(plan.tags),
        note=plan.note,
    )


def duration_text(seconds: float) -> str:
    """Exactly that many seconds as people type it: `250 ms`, `30 s`, `2 min`, `1.5 s`."""
    for unit, size in (("h", 3600), ("min", 60), ("s", 1)):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)} {unit}"
    in_ms = f"{_number(round(seconds * 1000, 6))} ms"
    return in_ms if 0 < seconds < 1 and parse_duration(in_ms) == seconds else f"{_number(seconds)} s"


def _number(value: float) -> str:
    """The shortest text that reads back as `value`, never in exponent form."""
    text = f"{Decimal(repr(float(value))):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _end(duration_s: float | None, iterations: int | None) -> str:
    if duration_s is not None:
        return "duration" if iterations is None else "both"
    return "stop" if iterations is None else "iterations"


def _pause(low: float, high: float) -> str:
    if low == high:
        return duration_text(low) if low else "0"
    return f"{duration_text(low)} to {duration_text(high)}"


def _tags(tags: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(tags)
    return line.getvalue().replace(",", ", ") if not any("," in tag for tag in tags) else line.getvalue()


def _request(plan: Plan, request: Request, key: str) -> RequestFields:
    kind, text, content_type = _body(request.body)
    upload = request.body if isinstance(request.body, FileBody) else None
    return RequestFields(
        key=key,
        method=request.method,
        url=_address(plan, request, whole=key == FIRST),
        name=request.name or "",
        weight=_number(request.weight),
        headers="\n".join(f"{name}: {value}" for name, value in request.headers.items()),
        body_kind=kind,
        body=text,
        content_type=content_type,
        file_name=upload.filename if upload else "",
        file_base64=upload.content_base64 if upload else "",
        file_bytes=len(upload.encode()) if upload else 0,
        statuses=", ".join(request.success_statuses or ()),
        checks="\n".join(check.is_ for check in request.checks),
    )


def _address(plan: Plan, request: Request, *, whole: bool) -> str:
    """The request's address with its query; a path alone where it goes to the first request's origin."""
    target = plan.target_of(request)
    query = urlencode(request.query, doseq=True)
    path = target.path + ("&" if "?" in target.path else "?") * bool(query) + query
    # The form's base is the origin of the first request's address.
    base = plan.target_of(plan.requests[0]).origin
    return path if not whole and target.origin == base else target.origin + path


def _body(body: Body | None) -> tuple[str, str, str]:
    """Kind, text and content type; the content type is empty where it is the kind's own."""
    if body is None:
        return "none", "", ""
    plain = type(body).model_fields["content_type"].default
    content_type = "" if body.content_type == plain else body.content_type
    if isinstance(body, JsonBody):
        return "json", json.dumps(body.value, ensure_ascii=False, indent=2), content_type
    if isinstance(body, FormBody):
        if all(_fits_a_line(name, value) for name, value in body.fields.items()):
            return "form", "\n".join(f"{name}={value}" for name, value in body.fields.items()), content_type
        return "text", body.encode().decode(), body.content_type  # the same bytes
    return ("text", body.text, content_type) if isinstance(body, TextBody) else ("file", "", content_type)


def _fits_a_line(name: str, value: str) -> bool:
    """Whether the pair survives being typed as one line `name=value`."""
    return bool(name.strip()) and "=" not in name and len(f"{name}={value}".splitlines()) == 1
