"""The canary: how it is chosen and measured, that it is counted beside the load, and when it is not sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.engine.acting import FIRST, level, slots, sweep
from tests.engine.drive import Script, run
from tests.targets import Seen, Target, after, ok, reply
from webui.metrics.probing import CanaryRecord
from webui.sweep.acts import ChooseCanary, IdleCanary

__all__ = ["sweep"]

CHOOSE = [FIRST, ChooseCanary()]


def routes(**times_s: float) -> Any:
    """`/` answers after 50 ms; a route given after its time, with a status below 0 at once; others 404."""

    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.path == "/":
            await asyncio.sleep(0.05)
            await ok(seen, writer)
            return
        wait = times_s.get(seen.path.strip("/").partition(".")[0])
        if wait is None:
            await asyncio.sleep(times_s.get("others", 0))
            writer.write(reply(b"nothing here", 404))
        elif wait < 0:
            writer.write(reply(b"stop", round(-wait)))
        else:
            await asyncio.sleep(wait)
            writer.write(reply(b"fine"))

    return respond


def chosen(result: Any) -> CanaryRecord:
    canary: CanaryRecord | None = result.total.probing.canary
    assert canary is not None
    return canary


def test_the_fastest_of_the_well_known_routes_is_the_canary(sweep: Any) -> None:
    with Target(routes(healthz=0.015, ping=0.0, openapi=0.015, favicon=0.015, others=0.015)) as target:
        result = sweep(target.url, *CHOOSE)
    canary = chosen(result)
    assert (canary.path, canary.status, canary.reason, canary.chosen_by_user) == ("/ping", 200, "", False)
    assert result.totals.sent == target.paths["/"] == 3
    probes = result.total.probing.probes
    assert sum(stats.sent for stats in probes.values()) == target.requests - 3
    assert probes["canary GET /ping"].successes == target.paths["/ping"] == 3


def test_routes_that_need_login_or_are_slow_are_not_taken_and_why(sweep: Any) -> None:
    with Target(routes(healthz=-401, ping=0.04, openapi=-403, favicon=1.2)) as target:
        canary = chosen(sweep(target.url, *CHOOSE))
    assert canary.path is not None
    assert canary.path.startswith("/katydid-")
    assert canary.status == 404
    reasons = {"/healthz": "needs-login", "/ping": "slow", "/openapi.json": "needs-login"}
    assert dict(canary.excluded) == {**reasons, "/favicon.ico": "slow"}


def test_a_route_for_every_path_is_the_loads_own(sweep: Any) -> None:
    with Target(after(0.005)) as target:
        canary = chosen(sweep(target.url, *CHOOSE))
    assert (canary.path, canary.reason) == (None, "same-route")


def test_the_route_under_load_is_no_candidate(sweep: Any) -> None:
    with Target(routes()) as target:
        result = sweep(target.url, *CHOOSE, requests=[{"path": "/ping?deep=1"}, {"path": "/"}])
    assert "canary GET /ping" not in result.total.probing.probes


@pytest.mark.parametrize(
    ("wait", "reason"), [(-401, "needs-login"), (-403, "needs-login"), (0.06, "slow"), (1.5, "slow")]
)
def test_a_canary_of_the_users_that_does_not_serve(sweep: Any, wait: float, reason: str) -> None:
    with Target(routes(own=wait)) as target:
        result = sweep(target.url, *CHOOSE, IdleCanary(0.1), level(1, 0.1, canary=True), canary="/own")
    canary = chosen(result)
    assert (canary.path, canary.reason, canary.chosen_by_user) == (None, reason, True)
    assert result.total.steps[-1].canary.total == 0


def test_a_canary_that_fails(sweep: Any) -> None:
    async def hangs_up(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.path == "/own":
            writer.close()
        else:
            await ok(seen, writer)

    with Target(hangs_up) as target:
        result = sweep(target.url, *CHOOSE, canary="/own")
    assert (chosen(result).path, chosen(result).reason) == (None, "none-answers")
    assert result.total.probing.probes["canary GET /own"].failures == 1


def test_only_the_users_own_canary_gets_the_credentials(sweep: Any) -> None:
    seen_auth: dict[str, str | None] = {}

    async def noting(seen: Seen, writer: asyncio.StreamWriter) -> None:
        seen_auth[seen.path] = seen.headers.get("authorization")
        assert seen.headers.get("x-key") is None or seen.path == "/"
        writer.write(reply(b"load" if seen.path == "/" else b"another route"))

    requests = [{"path": "/", "headers": {"X-Key": "k"}}]
    auth = {"type": "bearer", "token": "secret"}
    with Target(noting) as target:
        sweep(target.url, *CHOOSE, requests=requests, auth=auth)
        assert seen_auth.pop("/") == "Bearer secret"
        assert set(seen_auth.values()) == {None}
        sweep(target.url, *CHOOSE, requests=requests, auth=auth, canary="/own")
    assert seen_auth["/own"] == "Bearer secret"


def test_the_idle_canary_and_its_bursts(sweep: Any) -> None:
    with Target(slots(1, 0.02, after(0.004))) as target:
        idle = IdleCanary(seconds=0.3, bursts=3, size=10)
        result = sweep(target.url, *CHOOSE, idle, level(3, 0.3, canary=True), canary="/ping")
    canary, step = chosen(result), result.total.steps[-1]
    assert 8 <= canary.idle.total <= 16
    assert (canary.idle.percentile_ns(50) or 0) == pytest.approx(0.005e9, rel=0.6)
    assert len(canary.burst_costs_ns) == 3
    assert all(0 <= cost < 0.004e9 for cost in canary.burst_costs_ns)
    assert 8 <= step.canary.total <= 16
    assert step.canary_failures == 0
    probes = result.total.probing.probes["canary GET /ping"]
    assert probes.sent == target.paths["/ping"] == target.requests - result.totals.sent
    assert result.snapshots[-1].probing.activity is not None


@pytest.mark.parametrize("changes", [{"tls": True}, {"http2": True}, {"keepalive": False}])
def test_over_tls_through_httpx_and_without_keepalive(sweep: Any, changes: dict[str, bool]) -> None:
    tls = changes.pop("tls", False)
    with Target(slots(1, 0.03), tls=tls) as target:
        acts = [*CHOOSE, IdleCanary(0.2, 2, 5), level(2, 0.3, canary=True)]
        result = sweep(target.url, *acts, canary="/ping", verify_tls=False, **changes)
    assert chosen(result).path == "/ping"
    assert chosen(result).idle.total > 3
    assert len(chosen(result).burst_costs_ns) == 2
    assert result.total.steps[-1].canary.total > 3
    assert result.totals.sent == target.paths["/"]


@pytest.mark.parametrize(
    "load",
    [
        {"shape": "constant-users", "users": 2, "duration_s": 0.5},
        {"shape": "constant-rate", "rate_rps": 50, "duration_s": 0.5},
    ],
)
def test_any_load_has_the_canary_of_its_plan(load: dict[str, Any]) -> None:
    with Target(after(0.01)) as target:
        result = run(target.url, load=load, canary="/ping")
    probes = result.total.probing.probes["canary GET /ping"]
    assert 10 <= probes.sent <= 26
    assert probes.sent == target.paths["/ping"]
    assert result.totals.sent == target.paths["/"]
    assert result.total.connections_opened == target.connections - 4 or target.connections <= 12
    assert chosen(result) == CanaryRecord("/ping", status=200, chosen_by_user=True)


@pytest.mark.parametrize("canary", [None, "off"])
def test_no_canary_where_none_is_asked_for(canary: str | None) -> None:
    with Target() as target:
        result = run(target.url, users=1, duration_s=0.2, canary=canary)
    assert set(target.paths) == {"/"}
    assert not result.total.probing.probes


def test_a_sweep_without_a_canary_says_so(sweep: Any) -> None:
    with Target() as target:
        result = sweep(target.url, level(1, 0.1, canary=True), canary="off")
    assert chosen(result) == CanaryRecord(None, "off")
    assert set(target.paths) == {"/"}


def test_in_a_pause_the_canary_is_not_asked() -> None:
    script: Script = [(0.1, "pause", None), (0.6, "resume", None)]
    with Target(after(0.01)) as target:
        result = run(target.url, users=1, duration_s=0.3, canary="/ping", script=script)
    assert 6 <= result.total.probing.probes["canary GET /ping"].sent <= 20


LOGIN = {
    "/login?next=/healthz": "redirects",
    "https://sso.example.com/auth": "redirects",
    "http://[": "redirects",
    "": None,
    "/healthz/": None,
    "/healthz?ready=1": None,
}


@pytest.mark.parametrize("location", LOGIN)
def test_a_redirect_to_another_route_is_no_canary(sweep: Any, location: str) -> None:
    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.path == "/healthz":
            writer.write(reply(b"", 302, f"Location: {location}\r\n"))
        elif seen.path == "/":
            await asyncio.sleep(0.05)
            await ok(seen, writer)
        else:
            await asyncio.sleep(0.01)
            writer.write(reply(b"nothing here", 404))

    with Target(respond) as target:
        canary = chosen(sweep(target.url, *CHOOSE))
    assert dict(canary.excluded).get("/healthz") == LOGIN[location]
    assert (canary.path == "/healthz") is (LOGIN[location] is None)


def test_the_users_own_canary_that_leads_to_a_login_is_not_taken(sweep: Any) -> None:
    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.path == "/own":
            writer.write(reply(b"", 303, "Location: /login\r\n"))
        else:
            await ok(seen, writer)

    with Target(respond) as target:
        canary = chosen(sweep(target.url, *CHOOSE, canary="/own"))
    assert (canary.path, canary.reason) == (None, "redirects")
    assert target.paths.get("/login") is None
