"""A request's checks, compiled once a run and applied to each full response. Pure."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webui.plan.checks import BodyCheck, Check, HeaderCheck, JsonCheck, SizeCheck, StatusCheck
from webui.plan.jsonpath import parse_path
from webui.plan.rules import Undecided


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
    def document(self) -> Any:
        """The JSON document. Raises Undecided when the body is none."""
        if self._json is _UNREAD:
            try:
                self._json = json.loads(self.text)
            except (ValueError, RecursionError):
                self._json = _INVALID
        if self._json is _INVALID:
            raise Undecided("the body is no JSON")
        return self._json


_UNREAD, _INVALID = object(), object()


class Assertions:
    """The compiled checks of one request."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._parts = [(check, claim(check), _reader(check), check.rule.test) for check in checks]
        self.needs_body = any(check.needs_body for check in checks)
        self.needs_headers = any(isinstance(check, HeaderCheck) for check in checks)
        self.needs_time = any(check.on == "time" for check in checks)

    def first_failure(self, response: Response) -> str | None:
        """What the first check that does not hold says, with the value that it found; None if all do."""
        cache = _Cache(response)
        for check, claimed, read, test in self._parts:
            try:
                value = read(response, cache)
                if not test(value):
                    return f"{claimed}, was {_shown(check, value)}"
            except Undecided as reason:
                return f"{claimed}, but {reason}"
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
        return lambda response, cache: find(cache.document)
    return lambda response, cache: response.time_ns


def claim(check: Check) -> str:
    """What the check wants, in words: `status should be == 200`, `header ETag should not exist`."""
    rule = check.is_.strip()
    verb = _VERB.match(rule)
    if verb is None:
        return f"{_subject(check)} should be {rule}"
    return f"{_subject(check)} should {'not ' if verb[1] else ''}{_INFINITIVES[verb[2]]}{rule[verb.end() :]}"


_INFINITIVES = {"contains": "contain", "matches": "match", "exists": "exist"}
_VERB = re.compile(r"(not\s+)?(contains|matches|exists)\b")


def _subject(check: Check) -> str:
    """What the check looks at, in words: `status`, `header ETag`, `$.items[0].id`."""
    if isinstance(check, HeaderCheck):
        return f"header {check.name}"
    return check.path if isinstance(check, JsonCheck) else check.on


def _shown(check: Check, value: Any) -> str:
    if check.on == "time":
        return f"{value / 1e6:.3g} ms"
    try:
        found = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "nested too deeply to show"
    return found if len(found) <= 120 else found[:117] + "…"
