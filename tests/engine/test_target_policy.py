"""The engine connects to what the policy allows, on every way there; secrets do not come back in samples."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import replace
from typing import Any

import pytest

from tests.engine.drive import Result, plan_data, run, run_spec
from tests.targets import Seen, Target, always, reply
from webui.engine import shard_specs
from webui.engine.origin import machine_limit
from webui.engine.redirects import redirected
from webui.engine.template import prepare
from webui.plan.documents import plan_from_data
from webui.plan.target import parse_url
from webui.security.targets import TargetPolicy, policy_of


def run_under(policy: TargetPolicy, url: str, **changes: Any) -> Result:
    [spec] = shard_specs("r_test", plan_from_data(plan_data(url, **changes)), 1, policy=policy.to_data())
    return run_spec(spec)


def sample_of(result: Result) -> tuple[str, str]:
    [((_, kind), error)] = result.total.errors.items()
    return kind, error.sample


HERE_ONLY = policy_of((), (), exposed=False)
ELSEWHERE = policy_of(("10.0.0.0/8",), (), exposed=False)
WAYS = ({}, {"dns": "per-connection"}, {"http2": True}, {"http2": True, "dns": "per-connection"})


@pytest.mark.parametrize("way", WAYS)
def test_a_name_is_checked_where_it_leads(way: dict[str, Any]) -> None:
    with Target() as target:
        url = target.url.replace("127.0.0.1", "localhost")
        result = run_under(ELSEWHERE, url, iterations=1, **way)
        allowed = run_under(HERE_ONLY, url, iterations=1, **way)
    kind, sample = sample_of(result)
    assert kind == "connect_error"
    assert "not allowed: no rule --allow-target allows localhost" in sample
    assert target.requests == allowed.totals.successes == 1


@pytest.mark.parametrize("way", [{}, {"http2": True}])
@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("http://169.254.169.254/latest/meta-data", "hands out secrets"),
        ("http://[::ffff:169.254.169.254]/", "hands out secrets"),
        ("http://8.8.8.8/", "nobody has confirmed"),
    ],
)
def test_a_redirect_is_held_against_the_policy(location: str, words: str, way: dict[str, Any]) -> None:
    moved = always(reply(b"", 302, f"Location: {location}\r\n"))
    with Target(respond=moved) as target:
        result = run_under(HERE_ONLY, target.url, iterations=1, follow_redirects=True, **way)
    kind, sample = sample_of(result)
    assert kind == "connect_error"
    assert words in sample


def test_given_addresses_are_checked_again() -> None:
    with Target() as target:
        data = plan_data(f"http://shop.invalid:{parse_url(target.url).port}", iterations=1)
        [spec] = shard_specs(
            "r",
            plan_from_data(data),
            1,
            addresses={"shop.invalid": ["169.254.1.1", "127.0.0.1"]},
            policy=HERE_ONLY.to_data(),
        )
        result = run_spec(spec)
        refused = run_spec(replace(spec, addresses={"shop.invalid": ["169.254.1.1"]}))
    assert result.totals.successes == 1
    assert refused.totals.failures == 1


def test_a_proxy_is_checked_itself_and_asked_for_allowed_names_only() -> None:
    through = {"proxy": "http://127.0.0.1:9", "iterations": 1}
    assert "not allowed" in sample_of(run_under(ELSEWHERE, "http://10.0.0.1:9", **through))[1]
    assert "hands out secrets" in sample_of(run_under(HERE_ONLY, "http://169.254.169.254", **through))[1]
    assert "looks it up itself" in sample_of(run_under(HERE_ONLY, "http://a.invalid", **through))[1]


def test_values_of_the_environment_arrive_and_do_not_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KATYDID_TEST_TOKEN", "tok-3n-value")

    async def echo(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(f"you sent {seen.headers} {seen.path}".encode(), 500))

    request = {
        "path": "/?key=${env:KATYDID_TEST_TOKEN}",
        "headers": {"X-One": "${env:KATYDID_TEST_TOKEN}", "X-Own": "own-5ecret"},
    }
    with Target(respond=echo) as target:
        result = run(target.url, iterations=1, requests=[request], secrets=["x-own"])
        assert target.last.headers["x-one"] == "tok-3n-value"
        assert target.last.path.endswith("key=tok-3n-value")
    kind, sample = sample_of(result)
    assert kind == "http_500"
    assert "you sent" in sample
    assert "[hidden]" in sample
    assert not any(secret in sample or secret in str(result.events) for secret in ("tok-3n", "own-5ecret"))


def test_a_missing_variable_is_said_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KATYDID_TEST_NOPE", raising=False)
    data = plan_data(
        "http://127.0.0.1:9", iterations=1, requests=[{"headers": {"A": "${env:KATYDID_TEST_NOPE}"}}]
    )
    [spec] = shard_specs("r", plan_from_data(data), 1)
    events: list[dict[str, Any]] = []
    from webui.engine import Control, run_shard

    run_shard(spec, events.append, Control())
    assert [event["type"] for event in events] == ["failed"]
    assert "KATYDID_TEST_NOPE is not set" in events[0]["error"]


def test_marked_headers_stay_with_their_origin() -> None:
    data = plan_data(
        "http://127.0.0.1:9", iterations=1, requests=[{"headers": {"X-Own": "s", "X-Plain": "p"}}]
    )
    [template], _ = prepare(plan_from_data({**data, "secrets": ["x-own"]}))
    elsewhere = redirected(template.request, 302, "http://127.0.0.2:9/")
    assert elsewhere.has("x-plain")
    assert not elsewhere.has("x-own")


@pytest.mark.parametrize(
    ("number", "how"),
    [
        (errno.EMFILE, "ulimit -n"),
        (errno.ENFILE, "ulimit -n"),
        (errno.EADDRNOTAVAIL, "ip_local_port_range"),
        (errno.ENOBUFS, "fewer users"),
    ],
)
def test_this_machines_own_limits_are_said_to_be_that(number: int, how: str) -> None:
    words = machine_limit(OSError(number, "x"))
    assert words is not None
    assert words.startswith("this machine's limit, not the target's")
    assert how in words
    assert machine_limit(OSError(errno.ECONNRESET, "x")) is None
