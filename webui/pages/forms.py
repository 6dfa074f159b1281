"""The new-test form as typed: its fields as text, read from a posted form. Nothing is judged here.

Controls of one request carry its key: `url-0` is the target URL of the first, `url-3` that of another.
Rows that can be added carry a key too: `stage-2`, `check-0-1` (the first request's check 1).
"""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData, UploadFile

from webui.plan.request import MAX_BODY_BYTES

MAX_PART_BYTES = 40_000_000  # a body over 10 MB is still read, so that the page can say what is wrong
MAX_FIELDS = 8_000
FIRST = "0"
SHAPES = ("steady", "ramp", "rate", "stages", "burst", "sweep")
BODY_KINDS = ("none", "text", "json", "form", "file")
CHECK_KINDS = ("status", "header", "contains", "matches", "body", "json", "size", "time")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "shape": SHAPES,
    "end": ("duration", "iterations", "both", "stop"),
    "iterations_per": ("total", "user"),
    "arrivals": ("even", "poisson"),
    "stages_of": ("users", "rate"),
    "stages_join": ("line", "steps"),
    "protocol": ("1.1", "2"),
    "auth": ("none", "basic", "bearer"),
    "dns": ("once", "per-connection"),
}
TICKS = ("keepalive", "verify_tls", "follow_redirects", "cookies", "abort")
_KEY = re.compile(r"\d{1,4}")


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One check as typed: what is looked at, the name of a header or a JSON path, and the rule."""

    key: str
    on: str = "status"
    of: str = ""
    rule: str = ""

    @property
    def blank(self) -> bool:
        """Whether nothing was typed."""
        return not (self.of.strip() or self.rule.strip())


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage as typed."""

    key: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class RequestFields:
    """One request as typed. `file_base64` is the content of the chosen or kept file."""

    key: str = FIRST
    method: str = "GET"
    url: str = ""
    name: str = ""
    weight: str = "1"
    headers: str = ""
    body_kind: str = "none"
    body: str = ""
    content_type: str = ""
    file_name: str = ""
    file_base64: str = ""
    file_bytes: int = 0
    chunked: bool = False
    expect_continue: bool = False
    statuses: str = ""
    checks: tuple[CheckRow, ...] = ()

    @property
    def blank(self) -> bool:
        """Whether nothing was typed that would make it a request."""
        texts = (self.url, self.name, self.headers, self.body, self.statuses)
        checked = any(not check.blank for check in self.checks)
        return not (any(map(str.strip, texts)) or checked or self.file_base64 or self.file_bytes)


@dataclass(frozen=True, slots=True)
class FormFields:
    """The whole form as typed. Only the fields of the chosen load shape count."""

    requests: tuple[RequestFields, ...] = (RequestFields(),)
    shape: str = "steady"
    # steady
    users: str = "50"
    end: str = "duration"
    duration: str = "30 s"
    iterations: str = "10,000"
    iterations_per: str = "total"
    spawn_rate: str = ""
    # ramp
    ramp_from: str = "1"
    ramp_to: str = "100"
    ramp_time: str = "30 s"
    ramp_hold: str = "1 min"
    # arrival rate; the last two also for stages of rates
    rate: str = "200"
    rate_time: str = "1 min"
    in_flight: str = "1,000"
    arrivals: str = "even"
    # stages
    stages_of: str = "users"
    stages_join: str = "line"
    stages_from: str = "0"
    stages: tuple[StageRow, ...] = (
        StageRow("1", "50 for 10 s"),
        StageRow("2", "200 for 30 s"),
        StageRow("3", "50 for 20 s"),
    )
    # burst
    burst_size: str = "100"
    burst_count: str = "5"
    burst_pause: str = "1 s"
    # sweep
    sweep_from: str = "1"
    sweep_to: str = "256"
    sweep_time: str = ""
    sweep_limit: str = ""
    canary: str = ""
    # shapes that plan users
    pause: str = "0"
    # verdict
    thresholds: str = ""
    abort: bool = False
    abort_after: str = "10 s"
    # connections
    timeout: str = "10 s"
    grace: str = "2 s"
    warmup: str = "0 s"
    protocol: str = "1.1"
    keepalive: bool = True
    follow_redirects: bool = False
    max_redirects: str = "10"
    cookies: bool = True
    auth: str = "none"
    auth_user: str = ""
    auth_password: str = ""
    auth_token: str = ""
    proxy: str = ""
    dns: str = "once"
    backoff: str = "100 ms to 1 s"
    max_body: str = "16 MiB"
    verify_tls: bool = True
    ca_pem: str = ""
    client_cert_pem: str = ""
    client_key_pem: str = ""
    # the test itself
    name: str = ""
    tags: str = ""
    note: str = ""

    @property
    def open_model(self) -> bool:
        """Whether the chosen shape plans starts per second."""
        return self.shape == "rate" or (self.shape == "stages" and self.stages_of == "rate")


def next_key(keys: Iterable[str]) -> str:
    """A key that none of them is."""
    return str(max(map(int, keys), default=0) + 1)


def keys_of(form: FormData) -> list[str]:
    """The keys of the requests in a posted form, in order, the first request's always among them."""
    keys = [str(key) for key in form.getlist("request") if _KEY.fullmatch(str(key))]
    return list(dict.fromkeys([FIRST, *keys]))


async def read_form(form: FormData) -> FormFields:
    """The fields of a posted form. What is missing has its default."""
    plain = FormFields()
    ticked = "ticks" in form  # an unticked box is not sent at all, so the form says that it has boxes
    ticks = {name: name in form if ticked else getattr(plain, name) for name in TICKS}
    choices = {name: _one_of(form, name, known) for name, known in CHOICES.items()}
    texts = {name: _text(form, name, getattr(plain, name)) for name in _TEXTS}
    stages = tuple(StageRow(key, _text(form, f"stage-{key}", "")) for key in _row_keys(form, "stage-"))
    return FormFields(
        requests=tuple([await _read_request(form, key) for key in keys_of(form)]),
        stages=stages or plain.stages,
        **{**texts, **choices, **ticks},  # type: ignore[arg-type]
    )


_ROWS = ("requests", "stages")
_TEXTS = [name for name in FormFields.__slots__ if name not in (*_ROWS, *CHOICES, *TICKS)]
_REQUEST_TEXTS = "method url name weight headers body content_type statuses".split()


def _row_keys(form: FormData, prefix: str) -> list[str]:
    named = (name.removeprefix(prefix) for name in form if name.startswith(prefix))
    return list(dict.fromkeys(key for key in named if _KEY.fullmatch(key)))


async def _read_request(form: FormData, key: str) -> RequestFields:
    plain = RequestFields(key=key, body_kind=_one_of(form, f"body_kind-{key}", BODY_KINDS))
    texts: Mapping[str, Any] = {
        name: _text(form, f"{name}-{key}", getattr(plain, name)) for name in _REQUEST_TEXTS
    }
    fields = replace(
        plain,
        **texts,
        chunked=f"chunked-{key}" in form,
        expect_continue=f"expect_continue-{key}" in form,
        checks=tuple(_read_check(form, f"{key}-{row}", row) for row in _row_keys(form, f"check-{key}-")),
    )
    upload = form.get(f"file-{key}")
    if isinstance(upload, UploadFile) and upload.filename:
        return await _with_upload(fields, upload)
    kept = _text(form, f"file_base64-{key}", "")
    name = _text(form, f"file_name-{key}", "")
    # While typing, the page sends a file's size instead of its content.
    size = _text(form, f"file_bytes-{key}", "")
    size_bytes = int(size) if re.fullmatch(r"\d{1,15}", size) else len(kept) * 3 // 4
    return replace(fields, file_name=name, file_base64=kept, file_bytes=size_bytes)


def _read_check(form: FormData, place: str, key: str) -> CheckRow:
    on = _one_of(form, f"check_on-{place}", CHECK_KINDS)
    return CheckRow(key, on, _text(form, f"check_of-{place}", ""), _text(form, f"check-{place}", ""))


async def _with_upload(fields: RequestFields, upload: UploadFile) -> RequestFields:
    """The file with its content, unless it is too large anyway."""
    size = upload.size or 0
    content = b"" if size > MAX_BODY_BYTES else await upload.read()
    encoded = base64.b64encode(content).decode()
    return replace(fields, file_name=upload.filename or "", file_base64=encoded, file_bytes=size)


def _text(form: FormData, name: str, default: str) -> str:
    value = form.get(name)
    # Browsers send line ends as CR LF.
    return value.replace("\r\n", "\n") if isinstance(value, str) else default


def _one_of(form: FormData, name: str, choices: tuple[str, ...]) -> str:
    value = form.get(name)
    return value if isinstance(value, str) and value in choices else choices[0]
