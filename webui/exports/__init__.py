"""A run as files: every format that it can be exported in, and the JSON export back into the store.

The same bytes come from the page, the API and the command line: a format depends on nothing but the run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from webui.errors import NotFound
from webui.exports.hlog import hlog
from webui.exports.junit import junit
from webui.exports.k6 import k6_summary
from webui.exports.markdown import markdown
from webui.exports.recording import recording_json
from webui.exports.report import report
from webui.exports.source import Source, source_of
from webui.exports.tables import failures_csv, history_csv, percentiles_csv, stats_csv, steps_csv
from webui.exports.tags import etag
from webui.runs.model import RunView

__all__ = ["CSV", "FORMATS", "Export", "Format", "Source", "export", "format_of", "source_of"]

_CSV = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file. `suffix` ends its name, after `katydid-<run>`; `title` and `says` are for people."""

    name: str
    suffix: str
    media_type: str
    title: str
    says: str
    render: Callable[[Source], bytes]

    def file_name(self, source: Source) -> str:
        """What the file is called: `katydid-r_7h3k9m2p4q.json`, of a run that goes on `…-partial.json`."""
        return f"katydid-{source.document.id}{'-partial' if source.partial else ''}{self.suffix}"


_ALL = (
    Format("html", ".html", "text/html; charset=utf-8", "HTML report", "one file, opens anywhere", report),
    Format("json", ".json", "application/json", "JSON", "complete result, can be imported", recording_json),
    Format("stats.csv", "_stats.csv", _CSV, "Requests", "a row for each request", stats_csv),
    Format("stats_history.csv", "_stats_history.csv", _CSV, "History", "a row for an interval", history_csv),
    Format("failures.csv", "_failures.csv", _CSV, "Failures", "a row for each kind", failures_csv),
    Format("steps.csv", "_steps.csv", _CSV, "Steps", "a row for each level of a sweep", steps_csv),
    Format(
        "percentiles.csv", "_percentiles.csv", _CSV, "Percentiles", "latency by percentile", percentiles_csv
    ),
    Format("hlog", ".hlog", "text/plain; charset=utf-8", "HdrHistogram log", ".hlog, for merging", hlog),
    Format("junit", "-junit.xml", "application/xml", "JUnit XML", "thresholds and checks, for CI", junit),
    Format("k6", "-k6.json", "application/json", "k6 summary", "JSON under k6’s names", k6_summary),
    Format("markdown", ".md", "text/markdown; charset=utf-8", "Markdown", "for a pull request", markdown),
)
FORMATS: Mapping[str, Format] = {each.name: each for each in _ALL}
CSV = tuple(name for name in FORMATS if name.endswith(".csv"))  # those that belong together in one folder


@dataclass(frozen=True, slots=True)
class Export:
    """One file. `etag` is of its bytes; None while the run goes on and they may be others in a moment."""

    data: bytes
    file_name: str
    media_type: str
    etag: str | None


def format_of(name: str) -> Format:
    """The format of that name. Raises NotFound, naming those that there are."""
    found = FORMATS.get(name)
    if found is None:
        raise NotFound(f"There is no export format {name[:40]!r}; there are {', '.join(FORMATS)}.")
    return found


def export(view: RunView, name: str) -> Export:
    """The run in the format of that name. Of a long run this takes a second. Raises NotFound."""
    chosen = format_of(name)
    source = source_of(view)
    data = chosen.render(source)
    tag = None if source.partial else etag(data)
    return Export(data, chosen.file_name(source), chosen.media_type, tag)
