"""The run page of each load shape: what the open model, sweeps, marks and options add to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.api.conftest import Service
from tests.api.fakes import SECOND, FakeLaunch, interval
from tests.pages.test_run_page import chart_data, text_of
from webui.metrics import codec
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats, Health, Mark, Snapshot, StepStats, Totals

pytestmark = pytest.mark.anyio
MS = 1_000_000
RATE = {"shape": "constant-rate", "rate_rps": 100, "duration_s": 60, "max_users": 5}
SWEEP = {"shape": "sweep", "from": 1, "to": 8}
KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"


def reported(launch: FakeLaunch, snapshot: Snapshot) -> None:
    """The engine reports this as its next interval."""
    launch._tell("snapshot", index=snapshot.start_ns // SECOND, data=codec.pack(snapshot))


def open_second(second: int, sent: int = 80, dropped: int = 20) -> Snapshot:
    totals = Totals(sent + dropped, sent, sent, sent, dropped=dropped)
    response, service = Histogram.of([900 * MS] * sent), Histogram.of([30 * MS] * sent)
    stats = EndpointStats(totals, {200: sent}, response, service)
    return Snapshot(second * SECOND, (second + 1) * SECOND, 5, 5, endpoints=(stats,))


def step(users: int, successes: int, at: int) -> StepStats:
    stats = interval(0, successes).endpoints[0]
    return StepStats(users, at * SECOND, (at + 1) * SECOND, SECOND // 5, stats)


async def page_of(service: Service, launch: FakeLaunch) -> str:
    return (await service.client.get(f"/runs/{launch.run_id}")).text


async def test_the_open_model_shows_service_time_beside_and_what_was_dropped(service: Service) -> None:
    launch = await service.started(load=RATE)
    for second in range(3):
        reported(launch, open_second(second))
    page = await page_of(service, launch)
    assert text_of(page, "tile-users") == "Dropped 60 60 whole test, 20.00% 5 in flight"
    assert text_of(page, "tile-p50") == "p50 900 ms 900 whole test service 30.0 ms"
    assert "100 offered" in text_of(page, "tile-rate")
    assert text_of(page, "service-0").startswith("service time 30.0 30.0 30.0 30.0")
    assert "were dropped" in text_of(page, "warning")
    assert "data-open" in page
    data = chart_data(page)
    row = dict(zip(data["columns"], data["rows"][0], strict=True))  # type: ignore[arg-type,index]
    assert (row["offered"], row["dropped"], row["p50"], row["s50"]) == (100, 20, 900, 30)
    intervals = (await service.client.get(f"/runs/{launch.run_id}/intervals")).text
    assert "Service p99, ms" in intervals


async def test_nothing_dropped_leaves_the_users_in_their_place(service: Service) -> None:
    launch = await service.started(load=RATE)
    reported(launch, open_second(0, dropped=0))
    assert text_of(await page_of(service, launch), "tile-users").startswith("Active users 5")


async def test_a_closed_model_has_no_service_time(service: Service) -> None:
    launch = await service.started()
    launch.second_passes(40)
    page = await page_of(service, launch)
    assert "service" not in text_of(page, "tile-p50")
    assert 'class="service"' not in page


async def test_a_sweep_fills_in_step_by_step(service: Service) -> None:
    launch = await service.started(load=SWEEP)
    page = await page_of(service, launch)
    assert page.count('class="to-come"') == 7  # 1, 2, 4, 8 and three around the knee
    reported(launch, replace(interval(0), steps=(step(1, 10, 0),)))
    reported(launch, replace(interval(1), steps=(step(4, 30, 2), step(2, 30, 1))))
    page = await page_of(service, launch)
    assert page.count('class="to-come"') == 4
    assert text_of(page, "step-2").startswith("2 most 30.0 5.00 5.00")
    assert "best" not in text_of(page, "step-4")
    assert text_of(page, "step-words").startswith("1 s each, after 200 ms to settle")
    assert [entry[:2] for entry in chart_data(page)["steps"]] == [[1, 10], [2, 30], [4, 30]]  # type: ignore[attr-defined]


async def test_what_took_effect_is_marked_in_words(service: Service) -> None:
    launch = await service.started()
    address = f"/runs/{launch.run_id}/change"
    for fields in ({"users": "22"}, {"paused": "true"}, {"paused": "false"}, {"add_time": "30s"}):
        await service.client.post(address, data=fields)
    kinds = [("users", 22.0), ("pause", None), ("resume", None), ("add_time", 30.0)]
    marks = [Mark(number, number * SECOND, kind, value) for number, (kind, value) in enumerate(kinds, 1)]
    reported(launch, replace(interval(0), marks=tuple(marks)))
    data = chart_data(await page_of(service, launch))
    words = ["20 users added", "Paused", "Resumed", "30\u00a0s added"]
    assert data["marks"] == [[float(at), text] for at, text in enumerate(words, 1)]


async def test_a_generator_that_was_too_slow_is_named_above_the_figures(service: Service) -> None:
    launch = await service.started()
    late = Histogram.of([50 * MS] * 200)
    for second in range(3):
        health = Health(wall_ns=SECOND, cpu_ns=SECOND // 2, loop_lag=late, schedule_lag=late)
        reported(launch, replace(interval(second, 40), health=health))
    page = await page_of(service, launch)
    assert text_of(page, "warning").startswith("Not trustworthy.")
    assert "late by 50" in text_of(page, "warning")
    assert page.index('id="warning"') < page.index('id="tiles"')
    assert "late by" not in text_of(page, "health")
    assert "The figures are not trustworthy." in page


async def test_thresholds_on_the_audit_and_the_abort_are_named(service: Service) -> None:
    launch = await service.started(thresholds=["audit.trustworthy", "p95<1ms"], abort_on_fail_after_s=10)
    launch.second_passes(40)
    page = await page_of(service, launch)
    assert "The figures are trustworthy" in page
    assert "Stops the run when one fails (after 10\u00a0s)." in page
    assert "Beyond the limit; the test stops at 0:10" in page
    assert "2 failing" in text_of(page, "tab-rules")


async def test_the_setup_names_what_differs_and_no_secret(service: Service) -> None:
    http = {
        "follow_redirects": True, "max_redirects": 3, "cookies": False, "verify_tls": False,
        "dns": "per-connection", "max_body_bytes": 1000, "http2": True,
        "auth": {"type": "basic", "user": "joe", "password": "pass-secret"},
        "proxy": "http://proxy.test:3128",
        "client_cert_pem": "-----BEGIN CERTIFICATE-----", "client_key_pem": KEY,
    }  # fmt: skip
    request = {
        "method": "POST", "path": "/items", "body": "x", "chunked": True, "expect_continue": True,
        "success_statuses": ["2xx"],
        "checks": [{"on": "header", "name": "Etag", "is": "exists"}, {"on": "body", "is": "contains ok"}],
    }  # fmt: skip
    run_id = await service.start(http=http, requests=[request])
    page = (await service.client.get(f"/runs/{run_id}")).text
    setup = page[page.index('id="setup"') : page.index("Plan as TOML")]
    for words in (
        "Followed, 3 at most", "Not kept", "Basic, password hidden", "proxy.test:3128", "HTTP/2",
        "Server’s not checked, Client certificate sent", "For each connection", "1.00\u00a0kB",
        "in chunks", "after the go-ahead", "Status 2xx", "header Etag", "contains ok",
    ):  # fmt: skip
        assert words in setup, words
    assert not [secret for secret in ("pass-secret", "c2VjcmV0") if secret in setup]
    share = await service.store.add_share(run_id)
    for name in ("", "/plan.json", "/plan.toml", "/downloads"):
        shown = (await service.client.get(f"/s/{share.token}{name}")).text
        assert not [secret for secret in ("joe", "pass-secret", "c2VjcmV0") if secret in shown]


async def test_the_setup_of_a_plain_plan_is_short(service: Service) -> None:
    page = (await service.client.get(f"/runs/{await service.start()}")).text
    for words in ("Redirects", "Cookies", "Login", "Proxy", "Certificates", "Names looked up", "Arrivals"):
        assert f">{words}<" not in page


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ({"shape": "burst", "size": 50, "count": 3}, "10 of 150 requests"),
        ({"users": 2, "iterations_per_user": 100}, "10 of 200 requests"),
        ({"shape": "sweep", "to": 8}, "2 users now, 0 steps measured"),
        ({"users": 2}, "Runs until it is stopped"),
    ],
)
async def test_progress_without_a_planned_end(service: Service, load: dict[str, Any], words: str) -> None:
    launch = await service.started(load=load)
    launch.second_passes()
    assert words in text_of(await page_of(service, launch), "progress")
