"""Many runs at once, many in the queue: each by itself, in order, and the pages stay quick.

`KATYDID_RELIABILITY_AT_ONCE=20 KATYDID_RELIABILITY_QUEUED=200` is the full size.
"""

from __future__ import annotations

import time

import httpx

from tests.reliability.served import AT_ONCE, QUEUED, Served, balanced, patience, target_process

REQUESTS = 40
THINK_S = 0.03 if QUEUED < 100 else 0.2  # 4 s each: with less they end faster than two cores can start them
PAGE_LIMIT_S = 0.2


def in_order(served: Served) -> None:
    """No run has begun before one that was created earlier."""
    newest_first = served.http.get("/api/v1/runs", params={"limit": 100}).json()["items"]
    waits = [run["status"] == "queued" for run in newest_first]
    assert waits == sorted(waits, reverse=True)


def test_many_runs_each_by_itself_in_order_and_pages_stay_quick(served: Served) -> None:
    load = {"users": 2, "iterations": REQUESTS}
    with target_process() as (_, port):
        target = f"http://127.0.0.1:{port}"
        ids = [
            served.start(
                target, load=load, requests=[{"path": f"/{number}"}], think_time_s=[THINK_S, THINK_S]
            )
            for number in range(AT_ONCE + QUEUED)
        ]
        page_s: list[float] = []
        while served.run(ids[-1])["status"] in ("queued", "running"):
            for page in ("/", "/runs", f"/runs/{ids[-1]}"):
                began = time.monotonic()
                assert served.http.get(page).status_code == 200
                page_s.append(time.monotonic() - began)
            in_order(served)
            time.sleep(0.1)
        runs = [served.ended(run_id, 30) for run_id in ids]
        counted = httpx.get(f"{target}/count").json()
    assert {run["status"] for run in runs} == {"passed"}
    assert all(balanced(run) and run["totals"]["successes"] == REQUESTS for run in runs)
    assert all(counted[f"/{number}"] == REQUESTS for number in range(len(runs)))
    page_s.sort()
    median_s, p95_s = page_s[len(page_s) // 2], page_s[int(len(page_s) * 0.95)]
    print(f"{AT_ONCE} at once, {QUEUED} queued: pages {median_s * 1000:.0f} ms, p95 {p95_s * 1000:.0f} ms")
    assert median_s < PAGE_LIMIT_S * patience()
    assert p95_s < 2 * PAGE_LIMIT_S * patience()
