"""The dashboard with 100,000 runs in its store: how fast it answers, and how much a first visit transfers."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from benchmarks.report import Limit, Section
from benchmarks.session import Session
from benchmarks.stored_runs import RUNS, answer_times, dashboard_with_runs, median_limit

_IMPORT = re.compile(r'^(?:import|export)\b[^;"]*"(\.[^"]+)"', re.MULTILINE)


def run(session: Session) -> Section:
    """Rounds and seconds do not matter here."""
    with dashboard_with_runs() as client:
        median_ms, p95_ms = answer_times(client, "/")
        sizes = _sizes(client)
    total_kb = sum(sizes.values()) / 1000
    return Section(
        f"Dashboard page with {RUNS:,} runs in the store",
        ["figure", "value"],
        [
            ["median answer time", f"{median_ms:.1f} ms"],
            ["95th percentile", f"{p95_ms:.1f} ms"],
            *([kind, f"{size / 1000:.1f} kB"] for kind, size in sizes.items()),
            ["together, compressed", f"{total_kb:.1f} kB"],
        ],
        [
            median_limit("the dashboard", median_ms),
            Limit("HTML, CSS and JS, compressed", total_kb, 150, at_least=False, unit=" kB"),
        ],
    )


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
