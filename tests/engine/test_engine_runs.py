"""Whole shards against real local servers: what the engine counts is what the server counted."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.drive import plan_data, run, run_spec
from tests.targets import Seen, Target, after, always, certificate, reply
from webui.engine import Control, run_shard, shard_specs
from webui.engine.messages import Event
from webui.plan.documents import plan_from_data


def test_counts_are_exactly_the_servers() -> None:
    with Target() as target:
        result = run(target.url, users=20, duration_s=0.5)
    totals = result.totals
    assert totals.successes == target.requests == totals.sent > 100
    assert totals.bytes_received == totals.successes * len(reply())
    assert result.total.all_endpoints.status_codes == {200: target.requests}
    assert target.connections == 20 == result.total.connections_opened == result.total.connect.total
    assert result.finished["reason"] == "duration"
    assert 0.5e9 <= result.finished["load_ns"] < 0.6e9


def test_the_request_on_the_wire() -> None:
    with Target() as target:
        request = {
            "method": "POST",
            "path": "/items?a=1",
            "query": {"b": ["2", "3"]},
            "headers": {"accept": "text/html", "X-Me": "é"},
            "body": {"type": "json", "value": {"name": "x"}},
        }
        result = run(target.url, requests=[request], iterations=1)
    seen = target.last
    assert seen is not None
    assert (seen.method, seen.path, seen.body) == ("POST", "/items?a=1&b=2&b=3", b'{"name":"x"}')
    assert seen.headers == {
        "host": f"127.0.0.1:{target.port}",
        "user-agent": "katydid/0.1.0 (load test)",
        "accept-encoding": "gzip, deflate",
        "accept": "text/html",
        "x-me": "é",
        "content-type": "application/json",
        "content-length": "12",
    }
    assert result.totals.successes == 1


@pytest.mark.parametrize(("users", "iterations"), [(1, 7), (10, 500), (50, 3)])
def test_iterations_are_exact(users: int, iterations: int) -> None:
    with Target() as target:
        result = run(target.url, users=users, iterations=iterations)
    assert target.requests == result.totals.successes == iterations
    assert result.finished["reason"] == "iterations"


def test_iterations_are_shared_out_between_shards_exactly() -> None:
    plan = plan_from_data(plan_data("http://127.0.0.1:1", users=10, iterations=101, spawn_rate=50))
    specs = shard_specs("r", plan, 3)
    assert [spec.shard for spec in specs] == [0, 1, 2]
    assert sum(spec.iterations or 0 for spec in specs) == 101
    assert len(shard_specs("r", plan_from_data(plan_data("http://127.0.0.1:1", iterations=5)), 3)) == 1


def test_a_stop_ends_the_run_within_a_second_with_exact_books() -> None:
    with Target(after(10)) as target:
        began = time.monotonic()
        result = run(target.url, users=30, stop_after_s=0.3)
        took = time.monotonic() - began
    assert took < 1.3
    assert result.finished["reason"] == "stopped"
    assert 0.3e9 <= result.finished["load_ns"] < 0.6e9
    assert result.totals.cut_off == result.totals.sent == target.requests == 30


def test_a_stop_lets_answers_finish_that_come_soon() -> None:
    with Target(after(0.2)) as target:
        result = run(target.url, users=5, stop_after_s=0.1)
    assert result.totals.successes == target.answered == 5
    assert result.totals.cut_off == 0


def test_a_stop_before_the_start_is_not_lost() -> None:
    control, events = Control(), list[Event]()
    control.stop()
    with Target() as target:
        [spec] = shard_specs("r", plan_from_data(plan_data(target.url)), 1)
        run_shard(spec, events.append, control)
    assert [event["type"] for event in events] == ["started", "snapshot", "finished"]
    assert events[-1]["reason"] == "stopped"


def test_a_name_that_hangs_does_not_hold_up_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("webui.engine.origin._look_up", hangs)
    control, events = Control(), list[Event]()
    timer = threading.Timer(0.2, control.stop)
    timer.start()
    began = time.monotonic()
    [spec] = shard_specs("r", plan_from_data(plan_data("http://slow.invalid")), 1)
    run_shard(spec, events.append, control)
    timer.join()
    assert time.monotonic() - began < 1
    assert [event["type"] for event in events] == ["started", "snapshot", "finished"]


def test_at_the_end_of_the_duration_answers_have_the_grace_of_the_plan() -> None:
    with Target(after(0.3)) as target:
        patient = run(target.url, users=4, duration_s=0.2, graceful_stop_s=1)
        impatient = run(target.url, users=4, duration_s=0.2, graceful_stop_s=0)
    assert (patient.totals.successes, patient.totals.cut_off) == (4, 0)
    assert (impatient.totals.successes, impatient.totals.cut_off) == (0, 4)


def test_a_target_that_refuses_is_asked_again_after_a_pause() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        result = run(f"http://127.0.0.1:{taken.getsockname()[1]}", users=10, duration_s=0.5)
    assert set(result.errors) == {"connect_refused"}
    assert result.totals.sent == result.totals.failures == 30  # at 0, 0.1 and 0.3 s
    assert result.totals.bytes_sent == result.totals.completed == 0
    assert result.total.health.cpu_percent is not None
    assert "refused" in next(iter(result.total.errors.values())).sample


def test_a_name_that_does_not_resolve() -> None:
    result = run("http://nowhere.invalid", iterations=2)
    assert result.errors == {"dns_error": 2}


def test_names_may_be_resolved_beforehand() -> None:
    with Target() as target:
        [spec] = shard_specs(
            "r", plan_from_data(plan_data(f"http://target.invalid:{target.port}", iterations=3)), 1
        )
        addresses = {"target.invalid": ["::1", "127.0.0.1"]}  # the first refuses
        result = run_spec(type(spec)(**{**spec.to_data(), "addresses": addresses}))
    assert result.totals.successes == target.requests == 3
    assert target.last is not None
    assert target.last.headers["host"] == f"target.invalid:{target.port}"


def test_an_ipv6_target() -> None:
    with Target(host="::1") as target:
        result = run(target.url, users=2, iterations=4)
    assert result.totals.successes == target.requests == 4
    assert target.last is not None
    assert target.last.headers["host"] == f"[::1]:{target.port}"


def test_timeouts_close_the_connection_and_go_on() -> None:
    with Target(after(5)) as target:
        result = run(target.url, users=3, duration_s=0.5, timeout_s=0.1, graceful_stop_s=1)
    assert set(result.errors) == {"timeout"}
    assert result.totals.failures == target.requests == target.connections >= 9
    failed = result.total.endpoints[0].failed
    assert failed.min_ns >= 100e6
    assert failed.max_ns < 300e6


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port whose queue of new connections is full: further ones hang."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        time.sleep(0.05)
        yield address[1]
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize("keepalive", [True, False])
def test_a_connection_that_hangs_times_out(deaf_port: int, keepalive: bool) -> None:
    result = run(f"http://127.0.0.1:{deaf_port}", users=3, iterations=3, timeout_s=0.1, keepalive=keepalive)
    assert result.errors == {"connect_timeout": 3}


def test_a_connection_that_hangs_does_not_hold_up_a_stop(deaf_port: int) -> None:
    result = run(f"http://127.0.0.1:{deaf_port}", users=3, stop_after_s=0.1)
    assert result.totals.sent == 0  # no request was begun: users were still connecting


def test_weights_decide_how_often_a_request_is_sent() -> None:
    requests = [{"path": "/often", "weight": 9}, {"path": "/seldom", "weight": 1}]
    with Target() as target:
        result = run(target.url, users=10, iterations=4000, requests=requests)
    often, seldom = (endpoint.totals.successes for endpoint in result.total.endpoints)
    assert (often, seldom) == (target.paths["/often"], target.paths["/seldom"])
    assert often + seldom == 4000
    assert 320 < seldom < 480  # 4.2 standard deviations


def test_requests_to_several_origins_have_a_connection_each() -> None:
    with Target() as one, Target() as other:
        requests = [{"path": "/here"}, {"path": f"{other.url}/there"}]
        result = run(one.url, users=5, iterations=400, requests=requests)
    here, there = (endpoint.totals.successes for endpoint in result.total.endpoints)
    assert (here, there) == (one.requests, other.requests)
    assert one.connections == other.connections == 5
    assert result.total.connections_opened == 10


@pytest.mark.parametrize("tls", [False, True])
def test_without_keepalive_every_request_has_its_own_connection(tls: bool) -> None:
    with Target(tls=tls) as target:
        result = run(target.url, users=5, iterations=50, keepalive=False, verify_tls=False)
    assert target.requests == target.connections == result.totals.successes == 50
    assert result.total.connect.total == 50
    assert result.total.tls.total == (50 if tls else 0)
    assert target.last is not None
    assert target.last.headers["connection"] == "close"
    # What a user waited includes the connection.
    assert result.total.endpoints[0].response.sum_ns > result.total.endpoints[0].first_byte.sum_ns


async def closes_every_third(seen: Seen, writer: asyncio.StreamWriter) -> None:
    if seen.number == 3:
        writer.write(reply(headers="Connection: close\r\n"))
        writer.close()
    else:
        writer.write(reply())


def test_a_server_that_closes_after_some_requests_and_says_so_costs_no_failure() -> None:
    with Target(closes_every_third) as target:
        result = run(target.url, users=4, iterations=60)
    assert result.totals.successes == target.requests == 60
    assert target.connections >= 20


async def closes_quietly(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(reply())
    writer.close()


def test_a_connection_closed_before_the_next_request_is_written_is_opened_anew() -> None:
    with Target(closes_quietly) as target:
        result = run(target.url, users=3, iterations=12, think_time_s=[0.02, 0.02])
    assert result.totals.successes == target.requests == target.connections == 12


async def hangs_up(seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.write(reply(b"x" * 100)[:50])
    writer.close()


def test_nothing_is_sent_twice_when_a_server_hangs_up() -> None:
    with Target(hangs_up) as target:
        result = run(target.url, users=3, iterations=30)
    assert result.errors == {"connection_closed": 30}
    assert target.requests == 30


@pytest.mark.parametrize(
    "garbage", [b"\x00\xff" * 50, b"HTTP/1.1 banana\r\n\r\n", b"\n" * 9, b"SSH-2.0-x\r\n"]
)
def test_a_server_that_sends_garbage(garbage: bytes) -> None:
    with Target(always(garbage)) as target:
        result = run(target.url, users=2, iterations=10)
    assert result.errors == {"protocol_error": 10}
    assert target.requests == 10


def test_statuses_and_checks_decide_what_is_a_success() -> None:
    requests = [
        {"path": "/plain"},
        {"path": "/wanted", "success_statuses": ["4xx"]},
        {"path": "/checked", "success_statuses": ["404"], "checks": [{"on": "status", "is": "== 200"}]},
    ]
    with Target(always(reply(b"not here", 404))) as target:
        result = run(target.url, users=3, iterations=300, requests=requests)
    plain, wanted, checked = (endpoint.totals for endpoint in result.total.endpoints)
    assert (plain.failures, plain.completed) == (target.paths["/plain"], target.paths["/plain"])
    assert (wanted.failures, wanted.successes) == (0, target.paths["/wanted"])
    assert result.errors == {"http_404": plain.failures, "check_failed": checked.failures}
    assert result.total.errors[0, "http_404"].sample == "HTTP 404: not here"


def test_think_time_paces_users() -> None:
    with Target() as target:
        result = run(target.url, users=4, duration_s=0.55, think_time_s=[0.1, 0.1])
    assert result.totals.successes == target.requests
    assert 20 <= target.requests <= 24  # six for each, at 0, 0.1, 0.2 … unless a pause runs over
    lag = result.total.health.schedule_lag
    assert lag.total == target.requests
    assert lag.min_ns >= 0


def test_users_start_at_the_spawn_rate() -> None:
    with Target(after(10)) as target:
        result = run(target.url, users=100, duration_s=0.5, spawn_rate=40, graceful_stop_s=0)
    assert target.connections in (20, 21)
    assert [snapshot.users for snapshot in result.snapshots][:2] == [
        pytest.approx(9, abs=1),
        pytest.approx(17, abs=1),
    ]


def test_tls_with_a_certificate_that_nobody_knows() -> None:
    with Target(tls=True) as target:
        trusting = run(target.url, users=5, iterations=100, verify_tls=False)
        verifying = run(target.url, users=2, iterations=4)
    assert trusting.totals.successes == target.requests == 100
    assert trusting.total.tls.total == 5
    assert verifying.errors == {"tls_error": 4}
    assert "certificate" in next(iter(verifying.total.errors.values())).sample


def test_tls_with_a_certificate_that_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(certificate()[0])
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with Target(tls=True) as target:
        assert run(target.url, iterations=3).totals.successes == 3
        named = run(target.url.replace("127.0.0.1", "localhost"), iterations=3)
    assert named.totals.successes == 3


def test_tls_to_a_server_that_speaks_plain_http() -> None:
    with Target(always(b"nonsense")) as target:
        result = run(f"https://127.0.0.1:{target.port}", iterations=2, timeout_s=0.5)
    assert sum(result.errors.values()) == 2
    assert set(result.errors) <= {"tls_error", "connect_timeout"}


def test_a_large_body_both_ways() -> None:
    body = "x" * 3_000_000
    with Target(always(reply(b"y" * 3_000_000))) as target:
        request = {"method": "POST", "path": "/", "body": body}
        result = run(target.url, users=2, iterations=4, requests=[request])
    assert result.totals.successes == 4
    assert target.last is not None
    assert len(target.last.body) == 3_000_000
    assert result.totals.bytes_sent > 12_000_000 < result.totals.bytes_received


def test_response_times_are_those_of_the_server_and_littles_law_holds() -> None:
    with Target(after(0.05)) as target:
        result = run(target.url, users=10, duration_s=1)
    endpoint = result.total.endpoints[0]
    assert endpoint.response.min_ns >= 50e6
    assert endpoint.response.percentile_ns(50) == pytest.approx(51e6, rel=0.1)
    busy = endpoint.response.sum_ns / result.total.in_flight_ns
    assert busy == pytest.approx(1, rel=0.03)
    assert target.requests == endpoint.totals.successes


def test_memory_and_the_collector_are_left_as_they_were() -> None:
    with Target() as target:
        run(target.url, users=2, iterations=10)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    assert threading.active_count() == 1


def test_an_engine_that_breaks_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("webui.engine.user.User.on_response", broken)
    events = list[Event]()
    with Target() as target:
        [spec] = shard_specs("r", plan_from_data(plan_data(target.url)), 1)
        run_shard(spec, events.append, Control())
    assert events[-1]["type"] == "failed"
    assert "out of order" in events[-1]["error"]
