"""The dashboard with 1,000 runs in its store: how fast it answers, and how much a first visit transfers."""

import asyncio
import re
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import httpx

from benchmarks.dashboard import running_dashboard
from benchmarks.report import Limit, Section
from webui.plan.documents import plan_from_data, plan_to_data
from webui.store import RunRecord, Store

_IMPORT = re.compile(r'^(?:import|export)\b[^;"]*"(\.[^"]+)"', re.MULTILINE)
RUNS = 1000
REQUESTS = 100


def run(rounds: int, seconds: int) -> Section:
    """Answer times and sizes; rounds and seconds do not matter here."""
    with tempfile.TemporaryDirectory(prefix="katydid-bench-") as folder:
        database = Path(folder) / "katydid.db"
        asyncio.run(_fill(database))
        with running_dashboard(database) as dashboard, httpx.Client(base_url=dashboard.url) as client:
            times = sorted(_timed(client) for _ in range(REQUESTS))
            sizes = _sizes(client)
    return _section(times, sizes)


def _section(times: list[float], sizes: dict[str, int]) -> Section:
    median_ms, total_kb = statistics.median(times) * 1000, sum(sizes.values()) / 1000
    rows = [[kind, f"{size / 1000:.1f} kB"] for kind, size in sizes.items()]
    return Section(
        f"Dashboard page with {RUNS:,} runs in the store",
        ["figure", "value"],
        [
            ["median answer time", f"{median_ms:.1f} ms"],
            ["95th percentile", f"{times[int(len(times) * 0.95)] * 1000:.1f} ms"],
            *rows,
            ["together, compressed", f"{total_kb:.1f} kB"],
        ],
        [
            Limit("median answer time", median_ms, 50, at_least=False, unit=" ms"),
            Limit("HTML, CSS and JS, compressed", total_kb, 150, at_least=False, unit=" kB"),
        ],
    )


async def _fill(database: Path) -> None:
    store = await Store.open(f"sqlite:///{database}")
    for number in range(RUNS):
        await store.add_run(_record(number))
    await store.close()


def _record(number: int) -> RunRecord:
    load = {"users": 50, "duration_s": 30}
    plan = plan_from_data(
        {"base_url": "http://127.0.0.1:8000", "requests": [{"path": "/items"}], "load": load}
    )
    created = datetime.now(UTC) - timedelta(minutes=number)
    return RunRecord(
        id=f"r_{number:010d}",
        name=f"Items {number}",
        status="failed" if number % 7 == 0 else "passed",
        target="127.0.0.1:8000/items",
        load="50 users for 30 s",
        planned_s=30,
        created_at=created,
        started_at=created,
        ended_at=created + timedelta(seconds=30),
        throughput_rps=1000 + number,
        p95_ms=20 + number / 10,
        success_percent=100,
        sent=30_000 + number,
        spark=[float(number % step) for step in range(1, 41)],
        tags=["nightly"],
        plan=plan_to_data(plan),
    )


def _timed(client: httpx.Client) -> float:
    started = time.perf_counter()
    client.get("/").raise_for_status()
    return time.perf_counter() - started


class _Files(HTMLParser):
    """The style sheets and scripts that a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and given.get("src"):
            self.found.append(str(given["src"]))
        elif tag == "link" and given.get("rel") in ("stylesheet", "modulepreload"):
            self.found.append(str(given["href"]))


def _sizes(client: httpx.Client) -> dict[str, int]:
    """Bytes on the wire by kind, compressed as the server compresses them."""
    page = client.get("/", headers={"Accept-Encoding": "gzip"})
    files = _Files()
    files.feed(page.text)
    sizes = {"HTML": page.num_bytes_downloaded, "CSS": 0, "JS": 0}
    waiting = [urljoin("/", path) for path in files.found]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path.partition("?")[0] in seen:
            continue
        seen.add(path.partition("?")[0])
        answer = client.get(path, headers={"Accept-Encoding": "gzip"}).raise_for_status()
        sizes["CSS" if ".css" in path else "JS"] += answer.num_bytes_downloaded
        waiting += [urljoin(path, name) for name in _IMPORT.findall(answer.text)]
    return sizes
