"""A run with a payload in every field that takes text, and judges of what is made of it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from tests.exports.samples import ODD, PAYLOAD, run
from webui.metrics.probing import ProbeStats, Probing
from webui.metrics.snapshot import Snapshot
from webui.runs.model import RunView

# Moves the cursor, sets the title, clears the screen; turns text around; and rich's own markup.
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e[bold red]marked[/]"
URL = "/%3Cscript%3E?q=<script>alert(1)</script>&=1+1\"'|`"  # as a path may be, unencoded
REQUESTS: list[dict[str, Any]] = [
    {
        "path": URL,
        "name": PAYLOAD,
        "headers": {"X-Odd": PAYLOAD},
        "query": {PAYLOAD: [PAYLOAD, "=1+1"]},
        "checks": [
            {"on": "body", "is": f"contains {PAYLOAD}"},
            {"on": "header", "name": "X-Odd", "is": f"== {PAYLOAD}"},
            {"on": "json", "path": "$['<script>alert(1)</script>']", "is": f"== {json.dumps(PAYLOAD)}"},
        ],
    },
    {
        "method": "POST",
        "path": "/odd",
        "name": f"@SUM(1) {PAYLOAD}",
        "body": {"type": "form", "fields": {PAYLOAD: PAYLOAD}},
    },
]
CHANGES: dict[str, Any] = {
    "requests": REQUESTS,
    "note": f"{PAYLOAD}\n{ODD}",
    "tags": [PAYLOAD[:40], "=1+1"],
    "thresholds": [f"endpoint({json.dumps(PAYLOAD)}).p95<1ms"],
    "canary": f"/canary{URL}",
}


def hostile(**changes: Any) -> RunView:
    """The run, ended; `changes` are of its plan. Its error samples carry escape sequences too."""
    view = run(**{**CHANGES, **changes})
    return replace(
        view,
        snapshots=[_worse(each) for each in view.snapshots],
        total=None if view.total is None else _worse(view.total),
    )


def _worse(part: Snapshot) -> Snapshot:
    errors = {key: replace(error, sample=f"{error.sample}{ESCAPES}") for key, error in part.errors.items()}
    return replace(part, errors=errors, probing=Probing(probes={f"canary GET {URL}": ProbeStats()}))


class _Inspector(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()
        self.scripts: list[str] = []
        self._script: dict[str, str | None] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        values = dict(attrs)
        for name, value in attrs:
            leads = name in ("href", "src", "action", "formaction", "hx-get", "hx-post")
            if name.startswith("on") or name in ("style", "srcdoc"):
                self.found.append(f"<{tag} {name}={value!r}>")
            elif leads and not re.match(r"[/#?]|https?://(127\.0\.0\.1|localhost)|mailto:|$", value or ""):
                self.found.append(f"<{tag}> leads to {value!r}")
        if tag in ("iframe", "object", "embed", "base"):
            self.found.append(f"<{tag}>")
        if tag == "script":
            self._script = values

    def handle_data(self, data: str) -> None:
        if self._script is not None and "src" not in self._script:
            self.scripts.append(data)
            if self._script.get("type") == "application/json":
                json.loads(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None


def inspected(html: str) -> _Inspector:
    """The page, read as a browser reads it: `found` lists what could run or lead away."""
    inspector = _Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector


def formulas(table: bytes) -> list[str]:
    """The cells of a CSV that a spreadsheet would compute."""
    cells = [cell for row in csv.reader(io.StringIO(table.decode())) for cell in row]
    return [cell for cell in cells if cell[:1] in tuple("=+-@\t\r") and cell and not _is_number(cell)]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def controls(text: str) -> list[str]:
    """The characters that would move a terminal's cursor, or change how it shows what follows."""
    return sorted({char for char in text if not (char.isprintable() or char in "\n ")})
