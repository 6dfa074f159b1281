"""The services that the diagnosis is tried on do what their catalogue says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import httpx
import psutil
import pytest

from tests.processes import below_this_process, remember
from tests.services.catalogue import KINDS, Service, find, started
from webui.analysis.diagnosed import Pattern


def answers(service: Service, requests: int) -> list[tuple[int, float]]:
    """Status and time in s, from the common start, of simultaneous requests; in order of time."""
    with httpx.Client(limits=httpx.Limits(max_connections=requests), timeout=20, trust_env=False) as client:
        with ThreadPoolExecutor(requests) as pool:
            begun = time.perf_counter()

            def one(_: int) -> tuple[int, float]:
                status = client.get(service.url).status_code
                return status, time.perf_counter() - begun

            return sorted(pool.map(one, range(requests)), key=lambda answer: answer[1])


@pytest.fixture
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    with started(find(request.param)) as running:
        yield running


@pytest.mark.parametrize(
    ("service", "alone_s", "at_a_time"),
    [("threaded", 0.030, 7), ("prefork", 0.040, 3), ("sharing", 0.040, 4), ("node-slots", 0.030, 12)],
    indirect=["service"],
)
def test_so_many_at_a_time(service: Service, alone_s: float, at_a_time: int) -> None:
    assert service.kind.at_a_time == at_a_time
    times = [seconds for _, seconds in answers(service, 4 * at_a_time)]
    assert times[0] >= alone_s * 0.95
    assert times[-1] >= 4 * alone_s * 0.95  # four generations
    assert times[-1] < 4 * at_a_time * alone_s / 2  # and not one at a time


@pytest.mark.parametrize("service", ["refusing-rate"], indirect=True)
def test_a_store_of_requests_passes_and_the_rest_is_refused(service: Service) -> None:
    statuses = [status for status, _ in answers(service, 60)]
    assert set(statuses) == {200, 429}
    assert 20 <= statuses.count(200) < 45


@pytest.mark.parametrize("service", ["paced-rate"], indirect=True)
def test_starts_are_paced(service: Service) -> None:
    assert answers(service, 30)[-1][1] >= 0.29


@pytest.mark.parametrize("service", ["rare-slow"], indirect=True)
def test_one_in_twenty_is_slow(service: Service) -> None:
    assert sum(seconds >= 0.2 for _, seconds in answers(service, 20)) >= 1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_names_known_patterns(kind: object) -> None:
    assert set(kind.patterns) <= set(get_args(Pattern))


def test_nothing_is_left_of_three_processes() -> None:
    remember()
    with started(find("prefork")):
        children = below_this_process()
        assert len(children) >= 4  # the guard and three
    _, alive = psutil.wait_procs(children, 3)
    assert not alive
