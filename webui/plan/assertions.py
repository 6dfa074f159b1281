"""A request's checks, compiled once a run and applied to each full response. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webui.plan.checks import BodyCheck, Check, HeaderCheck, JsonCheck, SizeCheck, StatusCheck
from webui.plan.jsonpath import parse_path


@dataclass(slots=True)  # frozen, making one would cost as much as checking it
class Response:
    """What checks look at. `headers` has lower-case names; `body` is decoded, None unless needed."""

    status: int
    size: int
    time_ns: int
    headers: Mapping[str, str]
    body: bytes | None = None


Read = Callable[[Response, "_Cache"], Any]


class _Cache:
    """The body as text and as JSON, made at most once a response."""

    __slots__ = ("_json", "_text", "response")

    def __init__(self, response: Response) -> None:
        self.response = response
        self._text: str | None = None
        self._json: Any = _UNREAD

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = (self.response.body or b"").decode("utf-8", "replace")
        return self._text

    @property
    def json(self) -> Any:
        """The document; `_INVALID` when the body is none."""
        if self._json is _UNREAD:
            try:
                self._json = json.loads(self.text)
            except (ValueError, RecursionError):
                self._json = _INVALID
        return self._json


_UNREAD, _INVALID = object(), object()


class Assertions:
    """The compiled checks of one request."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._parts = [(check, _reader(check), check.rule.test) for check in checks]
        self.needs_body = any(check.needs_body for check in checks)
        self.needs_headers = any(isinstance(check, HeaderCheck) for check in checks)

    def first_failure(self, response: Response) -> str | None:
        """What the first check that does not hold says, with the value that it found; None if all do."""
        cache = _Cache(response)
        for check, read, test in self._parts:
            value = read(response, cache)
            if not test(value):
                return _sentence(check, value)
        return None


def _reader(check: Check) -> Read:
    if isinstance(check, StatusCheck):
        return lambda response, cache: response.status
    if isinstance(check, SizeCheck):
        return lambda response, cache: response.size
    if isinstance(check, HeaderCheck):
        name = check.name.lower()
        return lambda response, cache: response.headers.get(name)
    if isinstance(check, BodyCheck):
        return lambda response, cache: cache.text
    if isinstance(check, JsonCheck):
        find = parse_path(check.path)
        return lambda response, cache: None if cache.json is _INVALID else find(cache.json)
    return lambda response, cache: response.time_ns


def _sentence(check: Check, value: Any) -> str:
    subject = {"header": f"header {getattr(check, 'name', '')}", "json": getattr(check, "path", "")}
    found = f"{value / 1e6:.3g} ms" if check.on == "time" else json.dumps(value, ensure_ascii=False)
    shown = found if len(found) <= 120 else found[:117] + "…"
    return f"{subject.get(check.on, check.on)} should be {check.is_.strip()}, was {shown}"
