"""The plan: round trips, and one clear sentence for each thing that is wrong."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.errors import InvalidInput
from webui.plan.documents import (
    plan_from_data,
    plan_from_json,
    plan_from_toml,
    plan_to_data,
    plan_to_json,
    plan_to_toml,
)
from webui.plan.load import ConstantUsers
from webui.plan.model import Plan

DOTS = "a." * 300
MINIMAL: dict[str, Any] = {
    "base_url": "http://127.0.0.1:8000",
    "requests": [{"path": "/items"}],
    "load": {"users": 50, "duration_s": 30},
}
# The example of the design, word for word.
EXAMPLE: dict[str, Any] = {
    "schema": "katydid.plan/1",
    "name": "Items",
    "base_url": "http://127.0.0.1:8000",
    "tags": [],
    "requests": [
        {
            "method": "GET",
            "path": "/items",
            "name": "list items",
            "weight": 1,
            "headers": {},
            "query": {},
            "body": None,
            "checks": [{"on": "status", "is": "== 200"}],
        }
    ],
    "load": {"shape": "constant-users", "users": 50, "spawn_rate": 50, "duration_s": 30},
    "think_time_s": [0, 0],
    "thresholds": ["p95<200ms"],
    "canary": None,
    "http": {
        "timeout_s": 10,
        "keepalive": True,
        "verify_tls": True,
        "follow_redirects": False,
        "http2": False,
    },
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
printable = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), max_size=20)
bodies = st.one_of(
    st.none(),
    st.text(max_size=30),
    json_values.map(lambda value: {"type": "json", "value": value}),
    st.dictionaries(printable, printable, max_size=3).map(lambda fields: {"type": "form", "fields": fields}),
    st.just({"type": "file", "filename": "a.bin", "content_base64": "AAEC"}),
)


loads = st.one_of(
    st.fixed_dictionaries(
        {"users": st.integers(1, 1000)},
        optional={"duration_s": st.floats(0.1, 99), "iterations": st.integers(1, 99)},
    ),
    st.fixed_dictionaries(
        {
            "shape": st.just("ramping-users"),
            "stages": st.lists(
                st.fixed_dictionaries({"duration_s": st.floats(1, 9), "users": st.integers(1, 9)}), min_size=1
            ),
        }
    ),
    st.fixed_dictionaries({"shape": st.just("constant-rate"), "rate_rps": st.floats(0.1, 1e5)}),
    st.fixed_dictionaries({"shape": st.just("burst"), "size": st.integers(1, 99)}),
    st.fixed_dictionaries({"shape": st.just("sweep"), "from": st.integers(1, 9), "to": st.integers(9, 99)}),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any valid plan."""
    names = draw(st.lists(printable.filter(bool), min_size=1, max_size=3, unique=True))
    requests = [
        {
            "method": draw(st.sampled_from(["POST", "PUT", "DELETE"])),
            "path": draw(st.sampled_from(["/", "/a?b=c", "https://other.example/x"])),
            "name": name,
            "weight": draw(st.floats(0.1, 100)),
            "headers": draw(st.dictionaries(st.sampled_from(["A", "X-B"]), st.sampled_from(["", "v w"]))),
            "query": draw(
                st.dictionaries(printable, printable | st.lists(printable, max_size=2), max_size=2)
            ),
            "body": draw(bodies),
            "success_statuses": draw(st.none() | st.just(["2xx", "404"])),
        }
        for name in names
    ]
    return plan_from_data(
        {
            "name": draw(printable),
            "note": draw(st.text(st.characters(codec="utf-8"), max_size=20)),
            "tags": draw(st.lists(printable.filter(bool), max_size=3)),
            "base_url": draw(st.sampled_from(["http://h:1/p", "https://example.com", "http://[::1]:9"])),
            "requests": requests,
            "load": draw(loads),
        }
    )


@given(plans())
def test_json_and_toml_round_trips(plan: Plan) -> None:
    assert plan_from_json(plan_to_json(plan)) == plan
    assert plan_from_toml(plan_to_toml(plan)) == plan
    assert plan_from_data(plan_to_data(plan)) == plan


def test_the_designs_example_and_the_minimum_are_accepted() -> None:
    assert plan_from_data(EXAMPLE).requests[0].checks[0].is_ == "== 200"
    plan = plan_from_data(MINIMAL)
    assert isinstance(plan.load, ConstantUsers)
    assert plan.load.spawn_per_s == 50
    assert plan.http.timeout_s == 10
    assert plan.title == "127.0.0.1:8000/items"


def test_a_plan_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        plan_from_data(MINIMAL).name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"base_url": "ftp://x"}, "base_url", "http:// or https://"),
        ({"base_url": "localhost:8000"}, "base_url", "start the address with http://"),
        ({"base_url": "http://"}, "base_url", "no host"),
        ({"base_url": "http://:80"}, "base_url", "no host"),
        ({"base_url": "http://h:0"}, "base_url", "between 1 and 65535"),
        ({"base_url": "http://h:65536"}, "base_url", "between 1 and 65535"),
        ({"base_url": "http://a b/"}, "base_url", "no spaces"),
        ({"base_url": "http://u:p@h/"}, "base_url", "Authorization header"),
        ({"base_url": "http://[::g]/"}, "base_url", "cannot be read|no IPv6"),
        ({"base_url": "http://1.2.3.999/"}, "base_url", "IPv4"),
        ({"base_url": "http://h/?q=1"}, "base_url", "no query"),
        ({"base_url": ""}, "base_url", "enter an address"),
        ({"load": {"users": 0}}, "load.users", "1 or more"),
        ({"load": {"users": -3}}, "load.users", "1 or more"),
        ({"load": {"users": 10**30}}, "load.users", "100,000 or less|whole number"),
        ({"load": {"users": "many"}}, "load.users", "whole number"),
        ({"load": {"users": 2, "duration_s": 0}}, "load.duration_s", "0.1 or more"),
        ({"load": {"users": 2, "duration_s": -1}}, "load.duration_s", "0.1 or more"),
        ({"load": {"users": 2, "duration_s": float("nan")}}, "load.duration_s", "number|0.1"),
        ({"load": {"users": 2, "iterations": 0}}, "load.iterations", "1 or more"),
        ({"load": {"shape": "wave", "users": 2}}, "load", "must be one of constant-users"),
        ({"load": {"shape": "ramping-users", "stages": []}}, "load.stages", "1 or more"),
        ({"load": {"shape": "constant-rate", "rate_rps": 0}}, "load.rate_rps", "more than 0"),
        ({"load": {"shape": "sweep", "from": 9, "to": 3}}, "load", "fewer users to more"),
        ({"load": {"users": 2, "iterations": 3, "iterations_per_user": 3}}, "load", "not both"),
        ({"load": {}}, "load.users", "required"),
        ({"requests": []}, "requests", "1 or more"),
        ({"requests": [{"headers": {"a b": "c"}}]}, "requests[0].headers", "no header name"),
        ({"requests": [{"headers": {"A": "b\r\nC: d"}}]}, "requests[0].headers", "control characters"),
        ({"requests": [{"headers": {"Content-Length": "3"}}]}, "requests[0].headers", "leave it out"),
        ({"requests": [{"body": "x"}]}, "requests[0]", "carries no body"),
        ({"requests": [{"method": "POST", "body": "x" * 10_000_001}]}, "requests[0].body", "10 MB"),
        ({"requests": [{"path": "items"}]}, "requests[0].path", "start with /"),
        ({"requests": [{"path": "/"}, {"path": "/?a=1"}]}, "", "name of its own"),
        ({"requests": [{"success_statuses": ["20"]}]}, "requests[0].success_statuses", "2xx"),
        ({"requests": [{"path": "/\ud800"}]}, "requests[0].path", "valid Unicode"),
        ({"requests": [{"query": {"\udfff": "x"}}]}, "requests[0].query", "valid Unicode"),
        ({"think_time_s": [2, 1]}, "think_time_s", "shortest"),
        ({"thresholds": ["p95<soon"]}, "thresholds[0]", "at character 5"),
        ({"thresholds": ["p95<1s", 'endpoint("nope").p95<1s']}, "thresholds[1]", "no request .nope"),
        ({"http": {"timeout_s": 0}}, "http.timeout_s", "0.001 or more"),
        ({"http": {"client_cert_pem": "-----BEGIN X"}}, "http", "client_key_pem"),
        ({"http": {"ca_pem": "/etc/ca.pem"}}, "http.ca_pem", "PEM text"),
        ({"http": {"proxy": "http://u:p@h:1"}}, "http.proxy", "asks for a login"),
        ({"http": {"proxy": "socks://x"}}, "http.proxy", "http:// or https://"),
        ({"http": {"auth": {"type": "basic", "user": "a:b", "password": ""}}}, "http.auth.user", "no colon"),
        ({"requests": [{"checks": [{"on": "time", "is": "< x"}]}]}, "requests[0].checks[0]", "< 200ms"),
        (
            {"requests": [{"checks": [{"on": "json", "path": "$[", "is": "1"}]}]},
            "requests[0].checks[0]",
            "JSON path",
        ),
        ({"spawn": 3}, "spawn", "not a known field"),
        ({"canary": "ping"}, "canary", "such as /ping"),
        ({"canary": "/ping pong"}, "canary", "such as /ping"),
        ({"canary": "http://elsewhere/ping"}, "canary", "such as /ping"),
        ({"canary": "/", "requests": [{"path": "/?q=1"}]}, "canary", "another route"),
        ({"canary": "/?deep=1", "requests": [{"path": "/"}]}, "canary", "another route"),
        ({"load": {"shape": "sweep", "to": 9, "limit": "p95>1s"}}, "load.limit", "upper one on a percentile"),
        ({"load": {"shape": "sweep", "to": 9, "limit": "errors<3"}}, "load.limit", "upper one"),
        ({"load": {"shape": "sweep", "to": 9, "limit": "p95<x"}}, "load.limit", "should look like 200ms"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(change: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        plan_from_data({**MINIMAL, **change})
    assert [problem.field for problem in caught.value.problems] == [field]


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (plan_from_json, "{", "not valid JSON"),
        (plan_from_json, "[]", "must be an object"),
        (plan_from_json, b"\xff", "not valid JSON"),
        (plan_from_json, "[" * 100_000, "nested too deeply"),
        (plan_from_toml, "a = ", "not valid TOML"),
        (plan_from_toml, "a = 1\na = 2", "not valid TOML"),
        (plan_from_toml, "a." * 200_000 + "a = 1", "no key has over 200 parts"),  # minutes, to tomllib
        (plan_from_toml, '[x . "a"' + ' . "a"' * 200_000 + "]", "no key has over 200 parts"),
        # What looks like the text of a string or a comment, and is none.
        (plan_from_toml, 'x = """a"""" # " \'\'\'\n' + DOTS + "a = 1\n# '''", "no key has over 200 parts"),
        (plan_from_toml, "x = '''a''''' # \"\"\"\n" + DOTS + 'a = 1\n# """', "no key has over 200 parts"),
        (plan_from_toml, 'x = "" # \'\n[' + DOTS + "a]", "no key has over 200 parts"),
        (plan_from_toml, '"a\\"" . ' + DOTS + "a = 1", "no key has over 200 parts"),
        (plan_from_toml, "x = [{" + DOTS + "a = 1}]", "no key has over 200 parts"),
        (plan_from_toml, '"\\' * 500_000, "not valid TOML"),
        (plan_from_toml, '"""\\' * 300_000, "not valid TOML"),
        (plan_from_toml, "x = " + "1" * 5_000, "not valid TOML"),  # which is a ValueError to Python alone
        (plan_from_json, '{"x": ' + "1" * 5_000 + "}", "not valid JSON"),
    ],
)
def test_documents_that_cannot_be_read(read: Any, text: Any, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        read(text)


@pytest.mark.parametrize("note", ['"{}"', "'{}'", '"""{}"""', "'''\n{}'''", '"""a " {} \\""""', '"" # {}'])
def test_dots_in_text_are_no_keys(note: str) -> None:
    text = plan_to_toml(plan_from_data(MINIMAL))
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("note = "))
    assert plan_from_toml(f"note = {note.format(DOTS)}\n{kept}").base_url == MINIMAL["base_url"]


@given(json_values)
def test_any_json_is_a_plan_or_an_invalid_input(value: Any) -> None:
    try:
        plan_from_json(json.dumps(value))
    except InvalidInput as error:
        assert error.problems  # noqa: PT017 - any other error fails the test


def test_targets_join_base_and_path() -> None:
    plan = plan_from_data(
        {**MINIMAL, "base_url": "http://h:81/api/", "requests": [{"path": "/é?q=a b"[:-2]}]}
    )
    target = plan.target_of(plan.requests[0])
    assert (target.origin, target.path) == ("http://h:81", "/api/%C3%A9?q=a")
