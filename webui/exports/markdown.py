"""A summary in Markdown, for a comment on a pull request. Pure.

Text from elsewhere stands in code spans only: there it makes no link, no mention and no markup.
"""

import re
from collections.abc import Iterator, Sequence

from webui import units
from webui.analysis.document import ThresholdPart, TimesPart
from webui.analysis.failure_words import failure_words
from webui.exports.source import Source
from webui.exports.words import VERDICTS, measured

_LONGEST = 200
_MOST_ERRORS = 10
_MOST_ENDPOINTS = 50
_TELLING = re.compile(r"[`\\|<>&]|^\s|\s$")


def markdown(source: Source) -> bytes:
    """The summary: verdict, key figures, thresholds, steps, requests, failures, and whether to trust it."""
    return ("\n\n".join(part for part in _parts(source) if part) + "\n").encode()


def _parts(source: Source) -> Iterator[str]:
    document = source.document
    mark, word = VERDICTS[document.status]
    yield f"### {mark} {code(document.name)}: {word}"
    if source.partial:
        yield "**Partial:** the run goes on; these are its figures so far."
    if document.status_reason:
        yield code(document.status_reason)
    if document.diagnosis is not None and document.diagnosis.headline:
        found = document.diagnosis
        verdict = f"Verdict ({found.confidence} confidence)"
        sure = "Inconclusive" if found.pattern == "inconclusive" else verdict
        yield f"**{sure}:** {plain(found.headline)}"
        yield plain(found.summary)
    yield _figures(source)
    yield _thresholds(document.thresholds)
    yield _steps(source)
    yield _endpoints(source)
    yield _errors(source)
    yield _audit(source)
    yield f"<sub>Katydid run {code(document.id)}</sub>"


def code(text: str) -> str:
    """`text` as code in one line: cut to a length, and without meaning for Markdown, in a table too."""
    line = "".join(char if char.isprintable() else " " for char in text)
    line = line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
    if not line.strip():
        return "–"
    if not _TELLING.search(line):
        return f"`{line}`"
    return f"<code>{_entities(line)}</code>"


def plain(text: str) -> str:
    """A sentence with nothing in it that Markdown or HTML would take for its own."""
    return _entities("".join(char if char.isprintable() else " " for char in text), keep=" .,:;?'()/%")


def _entities(text: str, keep: str = " ") -> str:
    return "".join(
        char if char.isalnum() or char in keep or ord(char) > 127 else f"&#{ord(char)};" for char in text
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    rule = [":--", *["--:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _figures(source: Source) -> str:
    document = source.document
    totals = document.totals
    requests = f"{units.count(totals.sent)} sent, {units.count(totals.failures)} failed"
    if totals.dropped:
        requests += f", {units.count(totals.dropped)} dropped"
    if totals.cut_off:
        requests += f", {units.count(totals.cut_off)} cut off"
    rows = [
        ("Requests", requests),
        ("Success", units.percent(totals.success_percent)),
        ("Throughput", f"{units.significant(totals.throughput_rps)} successes/s"),
        ("Rate", f"{units.significant(totals.rate_rps)} requests/s"),
        ("p50, p95, p99", ", ".join(_three(document.response_time_ms))),
        ("Duration", units.duration(document.duration_s)),
    ]
    if document.warmup is not None:
        sent = units.plural(document.warmup.sent, "request")
        rows.append(("Warm-up before that", f"{units.duration(document.warmup.duration_s)}, {sent}, cut off"))
    return _table(("", "whole run"), rows)


def _three(times: TimesPart) -> list[str]:
    return [units.milliseconds(value) for value in (times.p50, times.p95, times.p99)]


def _thresholds(parts: Sequence[ThresholdPart]) -> str:
    rows = [
        (code(part.expression), "✅ passed" if part.passed else "❌ failed", measured(part)) for part in parts
    ]
    return _table(("Threshold", "", "Measured"), rows) if rows else ""


def _steps(source: Source) -> str:
    rows = [
        (
            units.count(step.users),
            units.significant(step.throughput_rps),
            units.percent(step.success_percent),
            *_three(step.response_time_ms),
        )
        for step in source.document.steps
    ]
    return _table(("Users", "Successes/s", "Success", "p50", "p95", "p99"), rows) if rows else ""


def _endpoints(source: Source) -> str:
    parts = source.document.endpoints
    if len(parts) < 2:
        return ""
    rows = [
        (
            code(part.name),
            units.count(part.totals.sent),
            units.percent(part.totals.success_percent),
            units.significant(part.totals.throughput_rps),
            *_three(part.response_time_ms),
        )
        for part in parts[:_MOST_ENDPOINTS]
    ]
    table = _table(("Request", "Sent", "Success", "Successes/s", "p50", "p95", "p99"), rows)
    return table + _left_out(len(parts), _MOST_ENDPOINTS, "request")


def _errors(source: Source) -> str:
    errors = source.document.errors
    rows = [
        (_happened(error.kind, source), units.count(error.count), code(error.sample))
        for error in errors[:_MOST_ERRORS]
    ]
    if not rows:
        return ""
    table = _table(("Failure", "Count", "First seen as"), rows)
    return table + _left_out(len(errors), _MOST_ERRORS, "kind of failure", "kinds of failure")


def _happened(kind: str, source: Source) -> str:
    return plain(failure_words(kind, source.document.plan.get("http", {}).get("timeout_s")))


def _left_out(there: int, shown: int, one: str, many: str | None = None) -> str:
    if there <= shown:
        return ""
    return f"\n\n…and {units.plural(there - shown, f'more {one}', many and f'more {many}')}"


def _audit(source: Source) -> str:
    audit = source.document.audit
    if audit.trustworthy is None:
        return ""
    if audit.trustworthy:
        return "Trustworthy: the books balance and the generator kept up."
    return "\n".join(["⚠️ **Not trustworthy:**", *(f"- {plain(reason)}" for reason in audit.reasons)])
