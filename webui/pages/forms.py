"""The new-test form as typed: its fields as text, read from a posted form. Nothing is judged here.

Controls of one request carry its key: `url-0` is the target URL of the first, `url-3` that of another.
"""

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData, UploadFile

from webui.plan.request import MAX_BODY_BYTES

MAX_PART_BYTES = 40_000_000  # a body over 10 MB is still read, so that the page can say what is wrong
MAX_FIELDS = 2_000
FIRST = "0"
BODY_KINDS = ("none", "text", "json", "form", "file")
ENDS = ("duration", "iterations", "both", "stop")
_KEY = re.compile(r"\d{1,4}")


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
    statuses: str = ""
    checks: str = ""

    @property
    def blank(self) -> bool:
        """Whether nothing was typed that would make it a request."""
        return not any(
            text.strip()
            for text in (self.url, self.name, self.headers, self.body, self.statuses, self.checks)
        ) and not (self.file_base64 or self.file_bytes)


@dataclass(frozen=True, slots=True)
class FormFields:
    """The whole form as typed."""

    requests: tuple[RequestFields, ...] = (RequestFields(),)
    users: str = "50"
    end: str = "duration"
    duration: str = "30 s"
    iterations: str = "10,000"
    spawn_rate: str = ""
    pause: str = "0"
    timeout: str = "10 s"
    grace: str = "2 s"
    keepalive: bool = True
    verify_tls: bool = True
    thresholds: str = ""
    name: str = ""
    tags: str = ""
    note: str = ""

    def with_request(self) -> "FormFields":
        """The same with one more, empty request."""
        key = next_key(request.key for request in self.requests)
        return replace(self, requests=(*self.requests, RequestFields(key=key)))

    def without_request(self, key: str) -> "FormFields":
        """The same without the request of that key; the first one always stays."""
        kept = tuple(r for r in self.requests if r.key == FIRST or r.key != key)
        return replace(self, requests=kept)


def next_key(keys: Iterable[str]) -> str:
    """A key that none of the requests has."""
    return str(max(int(key) for key in keys) + 1)


def keys_of(form: FormData) -> list[str]:
    """The keys of the requests in a posted form, in order, the first request's always among them."""
    keys = [str(key) for key in form.getlist("request") if _KEY.fullmatch(str(key))]
    return list(dict.fromkeys([FIRST, *keys]))


async def read_form(form: FormData) -> FormFields:
    """The fields of a posted form. What is missing has its default."""
    plain = FormFields()
    ticked = "ticks" in form  # an unticked box is not sent at all, so the form says that it has boxes
    return FormFields(
        requests=tuple([await _read_request(form, key) for key in keys_of(form)]),
        end=_one_of(form, "end", ENDS),
        keepalive="keepalive" in form if ticked else plain.keepalive,
        verify_tls="verify_tls" in form if ticked else plain.verify_tls,
        **{name: _text(form, name, getattr(plain, name)) for name in _TEXTS},
    )


_TEXTS = "users duration iterations spawn_rate pause timeout grace thresholds name tags note".split()
_REQUEST_TEXTS = "method url name weight headers body content_type statuses checks".split()


async def _read_request(form: FormData, key: str) -> RequestFields:
    plain = RequestFields(key=key, body_kind=_one_of(form, f"body_kind-{key}", BODY_KINDS))
    texts: Mapping[str, Any] = {
        name: _text(form, f"{name}-{key}", getattr(plain, name)) for name in _REQUEST_TEXTS
    }
    fields = replace(plain, **texts)
    upload = form.get(f"file-{key}")
    if isinstance(upload, UploadFile) and upload.filename:
        return await _with_upload(fields, upload)
    kept = _text(form, f"file_base64-{key}", "")
    name = _text(form, f"file_name-{key}", "")
    # While typing, the page sends a file's size instead of its content.
    size = _text(form, f"file_bytes-{key}", "")
    size_bytes = int(size) if re.fullmatch(r"\d{1,15}", size) else len(kept) * 3 // 4
    return replace(fields, file_name=name, file_base64=kept, file_bytes=size_bytes)


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
