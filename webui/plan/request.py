"""What to send: one request template, its body and the checks on its responses. Pure."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, field_validator, model_validator

from webui.plan.base import Document
from webui.plan.checks import MAX_CHECKS, Check
from webui.plan.statuses import parse_statuses
from webui.plan.target import parse_url

MAX_BODY_BYTES = 10_000_000
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
FRAMING_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})


class TextBody(Document):
    """Text as it is, sent as UTF-8."""

    type: Literal["text"] = "text"
    text: str
    content_type: str = "text/plain; charset=utf-8"

    def encode(self) -> bytes:
        """The bytes that are sent."""
        return self.text.encode()


class JsonBody(Document):
    """A JSON document, written compactly."""

    type: Literal["json"] = "json"
    value: JsonValue
    content_type: str = "application/json"

    def encode(self) -> bytes:
        """The bytes that are sent."""
        return json.dumps(self.value, ensure_ascii=False, separators=(",", ":")).encode()


class FormBody(Document):
    """Form fields, URL-encoded."""

    type: Literal["form"] = "form"
    fields: dict[str, str]
    content_type: str = "application/x-www-form-urlencoded"

    def encode(self) -> bytes:
        """The bytes that are sent."""
        return urlencode(self.fields).encode()


class FileBody(Document):
    """A file's content, carried inside the plan."""

    type: Literal["file"] = "file"
    filename: str
    content_base64: str
    content_type: str = "application/octet-stream"

    @field_validator("content_base64")
    @classmethod
    def _is_base64(cls, value: str) -> str:
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise ValueError("the file's content must be base64") from error
        return value

    def encode(self) -> bytes:
        """The bytes that are sent."""
        return base64.b64decode(self.content_base64)


def _body_from_shorthand(value: Any) -> Any:
    if isinstance(value, str):
        return {"type": "text", "text": value}
    if isinstance(value, Mapping) and isinstance(value.get("json_text"), str):
        rest = {key: item for key, item in value.items() if key != "json_text"}
        return {**rest, "value": _parse_json(value["json_text"])}
    return value


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"the body is not valid JSON: {error}") from error


def _check_body(body: "Body") -> "Body":
    _check_header_value(body.content_type)
    size = len(body.encode())
    if size > MAX_BODY_BYTES:
        raise ValueError(f"the body must be 10 MB at most, not {size / 1e6:.1f} MB")
    return body


Body = Annotated[TextBody | JsonBody | FormBody | FileBody, Field(discriminator="type")]
CheckedBody = Annotated[Body, BeforeValidator(_body_from_shorthand), AfterValidator(_check_body)]


def _check_header_value(value: str) -> str:
    if _BAD_VALUE.search(value):
        raise ValueError("a header's value must be one line without control characters")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError as error:
        raise ValueError("a header's value must be Latin-1 text; encode other characters") from error
    return value


def parse_header_lines(text: str) -> dict[str, str]:
    """Headers of lines `Name: value`; empty lines are passed over. Raises ValueError naming the line."""
    headers: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"line {number} has no colon; write Name: value, such as Accept: text/html")
        headers[name.strip()] = value.strip()
    return headers


class Request(Document):
    """One request template: sent `weight` times as often as one of weight 1.

    `path` is a path on the plan's base URL, with its query, or a whole URL. Statuses in
    `success_statuses` (`200`, `2xx`, `200-399`; None: all below 400) count as successes. `chunked` sends the
    body in chunks; `expect_continue` asks for the server's go-ahead before the body.
    """

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    path: str = "/"
    name: Annotated[str, Field(max_length=200)] | None = None
    weight: Annotated[float, Field(gt=0, le=1e6)] = 1
    headers: dict[str, str] = Field(default_factory=dict)
    query: dict[str, str | list[str]] = Field(default_factory=dict)
    body: CheckedBody | None = None
    success_statuses: tuple[str, ...] | None = None
    checks: Annotated[tuple[Check, ...], Field(max_length=MAX_CHECKS)] = ()
    chunked: bool = False
    expect_continue: bool = False

    @property
    def label(self) -> str:
        """The name in results: the given one, or method and path without the query."""
        return self.name or f"{self.method} {self.path.partition('?')[0]}"

    @field_validator("method", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("path")
    @classmethod
    def _is_path(cls, value: str) -> str:
        if "://" in value.partition("?")[0]:
            parse_url(value)
        elif not value.startswith("/"):
            raise ValueError("a path must start with / (or be a whole http:// or https:// address)")
        elif any(ord(char) < 33 or ord(char) == 127 for char in value):
            raise ValueError("a path has no spaces or control characters; write a space as %20")
        if "${env:" in value.partition("?")[0]:
            raise ValueError("a path takes nothing from the environment; its query, headers and body can")
        return value

    @field_validator("name")
    @classmethod
    def _printable(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("a name must be printable text")
        return value or None

    @field_validator("headers")
    @classmethod
    def _valid_headers(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        for name, value in headers.items():
            if not _TOKEN.fullmatch(name):
                raise ValueError(f"{name[:60]!r} is no header name; use letters, digits and hyphens")
            if name.lower() in FRAMING_HEADERS:
                raise ValueError(f"{name} is set by Katydid itself; leave it out")
            _check_header_value(value)
        return headers

    @field_validator("success_statuses")
    @classmethod
    def _valid_statuses(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None:
            parse_statuses(value)
        return value or None

    @model_validator(mode="after")
    def _body_fits_method(self) -> "Request":
        if self.body is not None and self.method in ("GET", "HEAD"):
            raise ValueError(f"a {self.method} request carries no body; choose POST, PUT or PATCH")
        return self
