"""From a plan back to the form: every field filled in, so that starting it again does the same.

What the form cannot say is found by making the plan again from the filled-in form; such a plan is shown
as text instead (`webui.pages.plantext`).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields as fields_of
from typing import Any
from urllib.parse import urlencode

from webui.errors import InvalidInput
from webui.pages.formload import fields_of_load
from webui.pages.formplan import plan_from_fields
from webui.pages.forms import FIRST, CheckRow, FormFields, RequestFields
from webui.pages.formtext import duration_text, number_text, pause_text, size_text, tags_text
from webui.plan.checks import Check, HeaderCheck, JsonCheck
from webui.plan.model import BasicAuth, BearerAuth, HttpOptions, Plan
from webui.plan.request import Body, FileBody, FormBody, JsonBody, Request, TextBody

TEXT_AREAS = frozenset(
    {"headers", "body", "thresholds", "note", "ca_pem", "client_cert_pem", "client_key_pem", "file_base64"}
)


def fields_from_plan(plan: Plan) -> FormFields:
    """The form that would make a plan which does the same. Queries become part of the addresses."""
    abort = plan.abort_on_fail_after_s
    after = {} if abort is None else {"abort": True, "abort_after": duration_text(abort)}
    return FormFields(
        requests=tuple(_request(plan, request, str(i)) for i, request in enumerate(plan.requests)),
        pause=pause_text(*plan.think_time_s),
        thresholds="\n".join(plan.thresholds),
        grace=duration_text(plan.graceful_stop_s),
        warmup=duration_text(plan.warmup_s),
        name=plan.name,
        tags=tags_text(plan.tags),
        note=plan.note,
        canary=plan.canary or "",
        **fields_of_load(plan.load),
        **_http(plan.http),
        **after,  # type: ignore[arg-type]
    )


def beyond_the_form(plan: Plan) -> list[str]:
    """The parts of the plan that the form has no fields for, by their paths; empty where it can say all."""
    fields = fields_from_plan(plan)
    lost = list(_lost_in_html(fields))
    if lost:
        return lost
    try:
        again = plan_from_fields(fields)
    except InvalidInput as error:
        return [problem.field or "requests" for problem in error.problems]
    return list(dict.fromkeys(_differences(_meaning(plan), _meaning(again))))


def _meaning(plan: Plan) -> dict[str, Any]:
    """What a plan does: where each request goes and what it carries, and everything else as it is."""
    data = plan.model_dump(mode="json", by_alias=True, exclude={"requests", "base_url"})
    data["requests"] = [_meaning_of(plan, request) for request in plan.requests]
    return data


def _meaning_of(plan: Plan, request: Request) -> dict[str, Any]:
    data = request.model_dump(mode="json", by_alias=True, exclude={"path", "query", "name", "body"})
    body = request.body
    carried = None if body is None else (body.encode(), body.content_type)
    return data | {"path": _address(plan, request, whole=True), "name": request.label, "body": carried}


def _differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping) and one.keys() == other.keys():
        for key in one:
            yield from _differences(one[key], other[key], f"{path}.{key}" if path else key)
    elif one != other:
        yield path


def _lost_in_html(fields: FormFields | RequestFields | CheckRow) -> Iterator[str]:
    """Texts that a browser would send back changed: its controls know no carriage returns, its single
    lines no line ends."""
    for field in fields_of(fields):
        value = getattr(fields, field.name)
        bad = "\r\0" if field.name in TEXT_AREAS else "\r\n\0"
        if isinstance(value, str) and any(char in value for char in bad):
            yield field.name
        elif isinstance(value, tuple) and field.name in ("requests", "checks"):
            for number, item in enumerate(value):
                yield from (f"{field.name}[{number}].{name}" for name in _lost_in_html(item))


def _http(http: HttpOptions) -> dict[str, Any]:
    auth = http.auth
    found: dict[str, Any] = {
        "timeout": duration_text(http.timeout_s),
        "protocol": "2" if http.http2 else "1.1",
        "keepalive": http.keepalive,
        "follow_redirects": http.follow_redirects,
        "max_redirects": str(http.max_redirects),
        "cookies": http.cookies,
        "proxy": http.proxy or "",
        "dns": http.dns,
        "backoff": pause_text(*http.reconnect_backoff_s),
        "max_body": size_text(http.max_body_bytes),
        "verify_tls": http.verify_tls,
        "ca_pem": http.ca_pem or "",
        "client_cert_pem": http.client_cert_pem or "",
        "client_key_pem": http.client_key_pem or "",
    }
    if isinstance(auth, BasicAuth):
        found |= {"auth": "basic", "auth_user": auth.user, "auth_password": auth.password}
    if isinstance(auth, BearerAuth):
        found |= {"auth": "bearer", "auth_token": auth.token}
    return found


def _request(plan: Plan, request: Request, key: str) -> RequestFields:
    kind, text, content_type = _body(request.body)
    upload = request.body if isinstance(request.body, FileBody) else None
    address = _address(plan, request, whole=key == FIRST)
    return RequestFields(
        key=key,
        method=request.method,
        url=address,
        name=_name(plan, request, key),
        weight=number_text(request.weight),
        headers="\n".join(f"{name}: {value}" for name, value in request.headers.items()),
        body_kind=kind,
        body=text,
        content_type=content_type,
        file_name=upload.filename if upload else "",
        file_base64=upload.content_base64 if upload else "",
        file_bytes=len(upload.encode()) if upload else 0,
        chunked=request.chunked,
        expect_continue=request.expect_continue,
        statuses=", ".join(request.success_statuses or ()),
        checks=tuple(_check(check, str(number)) for number, check in enumerate(request.checks, 1)),
    )


def _name(plan: Plan, request: Request, key: str) -> str:
    """The given name; where the address alone would give another, the name that it had."""
    path = plan.target_of(request).path if key == FIRST else _address(plan, request, whole=False)
    plain = f"{request.method} {path.partition('?')[0]}"
    return request.name or ("" if plain == request.label else request.label)


def _check(check: Check, key: str) -> CheckRow:
    if isinstance(check, HeaderCheck):
        return CheckRow(key, "header", check.name, check.is_)
    if isinstance(check, JsonCheck):
        return CheckRow(key, "json", check.path, check.is_)
    word, space, rest = check.is_.partition(" ")
    if check.on == "body" and space and word in ("contains", "matches"):
        return CheckRow(key, word, "", rest)
    return CheckRow(key, check.on, "", check.is_)


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
