"""Values from the environment: where they may stand, and what is said when they cannot be had."""

from __future__ import annotations

from typing import Any

import pytest

from webui.errors import InvalidInput
from webui.plan.documents import plan_from_data, plan_to_json
from webui.plan.environment import references, with_environment
from webui.plan.model import Plan

ENVIRON = {"TOKEN": "t/0 k&n", "USER_NAME": "joe", "BAD": "two\nlines"}


def plan_of(request: dict[str, Any], **changes: Any) -> Plan:
    load = {"users": 1, "duration_s": 1}
    return plan_from_data({"base_url": "http://127.0.0.1:9", "requests": [request], "load": load} | changes)


def test_values_go_into_headers_query_body_and_login() -> None:
    plan = plan_of(
        {
            "method": "POST",
            "path": "/a?key=${env:TOKEN}&again=$%7Benv:TOKEN%7D",
            "headers": {"X-Key": "k ${env:USER_NAME}"},
            "query": {"q": ["${env:TOKEN}", "plain"]},
            "body": {"type": "json", "value": {"deep": [{"user": "${env:USER_NAME}"}]}},
        },
        http={"auth": {"type": "basic", "user": "${env:USER_NAME}", "password": "${env:TOKEN}"}},
    )
    filled, values = with_environment(plan, ENVIRON)
    request = filled.requests[0]
    assert request.path == "/a?key=t%2F0%20k%26n&again=t%2F0%20k%26n"
    assert request.headers == {"X-Key": "k joe"}
    assert request.query == {"q": ["t/0 k&n", "plain"]}
    assert request.body is not None
    assert request.body.encode() == b'{"deep":[{"user":"joe"}]}'
    assert filled.http.auth is not None
    assert filled.http.auth.model_dump() == {"type": "basic", "user": "joe", "password": "t/0 k&n"}
    assert set(values) == {"t/0 k&n", "joe"}
    assert "joe" not in plan_to_json(plan)


@pytest.mark.parametrize(
    "body", ["a=${env:USER_NAME}", {"type": "form", "fields": {"a": "${env:USER_NAME}"}}]
)
def test_texts_and_forms(body: Any) -> None:
    filled, _ = with_environment(plan_of({"method": "POST", "body": body}), ENVIRON)
    assert filled.requests[0].body is not None
    assert filled.requests[0].body.encode() == b"a=joe"


def test_where_each_variable_stands_first() -> None:
    plan = plan_of({"headers": {"A": "${env:TOKEN}"}, "query": {"b": "${env:TOKEN}${env:USER_NAME}"}})
    assert references(plan) == {"TOKEN": "requests[0].headers", "USER_NAME": "requests[0].query"}


def test_a_plan_without_references_is_left_alone() -> None:
    plan = plan_of({"headers": {"A": "$HOME ${other}"}})
    assert with_environment(plan, {}) == (plan, ())


def test_what_is_no_reference_is_said() -> None:
    with pytest.raises(InvalidInput, match=r"write \$\{env:NAME\}"):
        references(plan_of({"headers": {"A": "${env:1A}"}}))
    with pytest.raises(InvalidInput, match="takes nothing from the environment"):
        plan_of({"path": "/${env:TOKEN}"})


def test_a_value_that_does_not_fit_is_not_shown() -> None:
    with pytest.raises(InvalidInput, match="does not fit here") as caught:
        with_environment(plan_of({"headers": {"A": "${env:BAD}"}}), ENVIRON)
    assert "two" not in str(caught.value)
    with pytest.raises(InvalidInput, match="NOPE is not set"):
        with_environment(plan_of({"headers": {"A": "${env:NOPE}"}}), ENVIRON)
