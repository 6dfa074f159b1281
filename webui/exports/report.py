"""The HTML report: one file with its style, charts and data inside, which loads nothing from anywhere.

Its Content-Security-Policy names the scripts by their hashes, so no text of the run's could ever run as one.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from webui import __version__, units
from webui.analysis.document import RunDocument, TotalsPart
from webui.analysis.failure_words import failure_words
from webui.exports.percentiles import distribution
from webui.exports.source import Source
from webui.exports.words import measured
from webui.plan.documents import plan_to_toml
from webui.resources import static_dir, templates_dir
from webui.runs.summary import load_text, target_text


@dataclass(frozen=True, slots=True)
class ReportPage:
    """What the report shows besides the document."""

    document: RunDocument
    partial: bool
    target: str
    load: str
    plan_toml: str

    @property
    def totals(self) -> TotalsPart:
        """Of all requests."""
        return self.document.totals

    @property
    def sweep(self) -> bool:
        """Whether levels of users were measured."""
        return bool(self.document.steps)

    @property
    def open_model(self) -> bool:
        """Whether starts came on a schedule, so that response and service time differ."""
        return str(self.document.plan["load"]["shape"]) in ("constant-rate", "ramping-rate")

    @property
    def failed_rules(self) -> int:
        """How many thresholds do not hold."""
        return sum(not part.passed for part in self.document.thresholds)


def report(source: Source) -> bytes:
    """The report's HTML."""
    page = ReportPage(
        document=source.document,
        partial=source.partial,
        target=target_text(source.plan),
        load=load_text(source.plan),
        plan_toml=plan_to_toml(source.plan),
    )
    script, library = _file(templates_dir() / "report/report.js"), _vendor("uPlot.iife.min.js")
    text = (
        _environment()
        .get_template("report/report.html")
        .render(
            page=page,
            data=_in_script(_data(source)),
            styles=[
                _static("app.css"),
                _vendor("uPlot.min.css"),
                _file(templates_dir() / "report/report.css"),
            ],
            scripts=[library, script],
            policy=_policy(library, script),
        )
    )
    return f"{text}\n".encode()


def _policy(*scripts: str) -> str:
    """Nothing is loaded, and no script runs but these."""
    rules = {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "script-src": " ".join(_hash(script) for script in scripts),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _data(source: Source) -> dict[str, Any]:
    """The document, and latency by percentile as [percentile, ms] pairs."""
    return {
        "document": source.document.model_dump(mode="json", by_alias=True),
        "percentiles": [point[:2] for point in distribution(source.figures.response)],
    }


def _in_script(data: dict[str, Any]) -> str:
    """JSON that no script element can end at, nor a comment begin in."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(templates_dir()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = ("significant", "count", "percent", "milliseconds", "size", "duration", "plural", "timer")
    env.filters.update(
        {name: getattr(units, name) for name in names}, measured=measured, failure=failure_words
    )
    env.globals.update(version=__version__)
    return env


def _static(name: str) -> str:
    return _file(static_dir() / name)


def _vendor(name: str) -> str:
    return _file(static_dir() / "vendor" / name)


@lru_cache(maxsize=8)
def _file(path: Path) -> str:
    """One of Katydid's own files, which goes in as it is. HTML turns CR LF into LF, another hash."""
    return path.read_text(encoding="utf-8").replace("\r\n", "\n")
