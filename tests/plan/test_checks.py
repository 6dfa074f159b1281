"""Checks of every kind on responses."""

import re
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from webui.plan.assertions import Assertions, Response
from webui.plan.checks import Check

read = TypeAdapter[Any](tuple[Check, ...]).validate_python
BODY = b'{"items": [{"id": 3, "name": "lamp"}], "ok": true, "next": null}'
GOOD = Response(200, len(BODY), 20_000_000, {"content-type": "application/json"}, BODY)


def _failure(check: dict[str, str], response: Response = GOOD) -> str | None:
    return Assertions(read([check])).first_failure(response)


@pytest.mark.parametrize(
    "check",
    [
        {"on": "status", "is": "== 200"},
        {"on": "status", "is": "200"},
        {"on": "status", "is": "< 300"},
        {"on": "header", "name": "Content-Type", "is": "contains json"},
        {"on": "header", "name": "X-None", "is": "not exists"},
        {"on": "body", "is": 'contains "lamp"'},
        {"on": "body", "is": "not contains error"},
        {"on": "body", "is": r"matches ^\{.*\}$"},
        {"on": "json", "path": "$.items[0].id", "is": "== 3"},
        {"on": "json", "path": "$.items[0].name", "is": '"lamp"'},
        {"on": "json", "path": "$.items[0].name", "is": "lamp"},
        {"on": "json", "path": "$.ok", "is": "true"},
        {"on": "json", "path": "$.missing", "is": "not exists"},
        {"on": "json", "path": "$.items", "is": "contains lamp"},
        {"on": "size", "is": "< 1kB"},
        {"on": "time", "is": "<= 20ms"},
    ],
)
def test_what_holds(check: dict[str, str]) -> None:
    assert _failure(check) is None


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ({"on": "status", "is": "!= 200"}, "status should be != 200, was 200"),
        ({"on": "header", "name": "X-None", "is": "exists"}, "header X-None should exist, was null"),
        ({"on": "json", "path": "$.items[0].id", "is": "4"}, "$.items[0].id should be 4, was 3"),
        ({"on": "json", "path": "$.items[0].id", "is": "< lamp"}, "was 3"),
        ({"on": "time", "is": "< 10ms"}, "time should be < 10ms, was 20 ms"),
        ({"on": "size", "is": "> 1 MB"}, "size should be > 1 MB"),
    ],
)
def test_what_does_not_hold_says_what_was_found(check: dict[str, str], says: str) -> None:
    assert says in (_failure(check) or "")


def test_a_body_that_is_no_json_fails_its_check_and_nothing_else() -> None:
    broken = Response(200, 1, 1, {}, b"[" * 100_000)
    assert _failure({"on": "json", "path": "$.a", "is": "exists"}, broken) is not None
    assert _failure({"on": "body", "is": "contains x"}, Response(200, 3, 1, {}, b"\xff\xfex")) is None


DEEP = b"[" * 150 + b"]" * 150
STUBBORN = Response(200, 41, 1, {}, b"a" * 60 + b"!")


@pytest.mark.parametrize(
    ("check", "response", "says"),
    [
        (
            {"on": "json", "path": "$.error", "is": "not exists"},
            Response(200, 6, 1, {}, b"<html>"),
            "no JSON",
        ),
        ({"on": "json", "path": "$.error", "is": "!= 3"}, Response(200, 6, 1, {}, b"<html>"), "no JSON"),
        (
            {"on": "json", "path": "$..x", "is": "exists"},
            Response(200, 300, 1, {}, DEEP),
            "cannot be looked up",
        ),
        ({"on": "body", "is": "matches ^(a|aa)+$"}, STUBBORN, "took over"),
        ({"on": "body", "is": "not matches ^(a|aa)+$"}, STUBBORN, "took over"),
        ({"on": "json", "path": "$.ok", "is": "1"}, GOOD, "was true"),
        ({"on": "json", "path": "$.items[0].id", "is": "== true"}, GOOD, "was 3"),
    ],
)
def test_what_cannot_be_told_fails(check: dict[str, str], response: Response, says: str) -> None:
    assert re.search(says, _failure(check, response) or "")


def test_only_what_is_needed_is_asked_for() -> None:
    cheap = Assertions(read([{"on": "status", "is": "200"}, {"on": "time", "is": "<1s"}]))
    assert not cheap.needs_body
    assert not cheap.needs_headers
    assert Assertions(read([{"on": "body", "is": "contains x"}])).needs_body


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ({"on": "status", "is": "contains 3"}, "== 200"),
        ({"on": "status", "is": ""}, "== 200"),
        ({"on": "size", "is": "< 3 parsecs"}, "< 10kB"),
        ({"on": "body", "is": "matches ("}, "no regular expression"),
        ({"on": "body", "is": "matches a{99999999999}"}, "no regular expression"),
        ({"on": "json", "path": "$[?search(@.a, 'x+')]", "is": "exists"}, "JSON path"),
        ({"on": "body", "is": "contains"}, "what to look for"),
        ({"on": "header", "name": "a b", "is": "exists"}, "no header name"),
        ({"on": "json", "path": "items", "is": "exists"}, "JSON path"),
        ({"on": "colour", "is": "red"}, "colour"),
    ],
)
def test_what_is_no_check_is_refused_in_words(check: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        read([check])
