"""A finished run's result as a person reads it on a terminal."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from webui import units
from webui.analysis.document import (
    AuditPart,
    ChangePart,
    EndpointPart,
    ErrorPart,
    RunDocument,
    TimesPart,
    WarmUpPart,
)
from webui.cli.console import foreign, printable
from webui.cli.rules import plain_table, threshold_table
from webui.cli.sweeping import next_steps, steps_table, verdict

_STYLES = {"passed": "bold green", "failed": "bold red", "error": "bold red"}
_ROWS = (
    ("min", "min"), ("mean", "mean"), ("p50", "p50"), ("p75", "p75"), ("p90", "p90"),
    ("p95", "p95"), ("p99", "p99"), ("p99_9", "p99.9"), ("max", "max"),
)  # fmt: skip


def summary(document: RunDocument) -> RenderableType:
    """The result, most important first; what there is nothing of is left out."""
    return Group(*_spaced([part for part in _parts(document) if part is not None]))


def _parts(document: RunDocument) -> Iterator[RenderableType | None]:
    part = document.diagnosis
    yield _headline(document)
    yield verdict(part) if part else None
    yield steps_table(document.steps, part) if document.steps else None
    yield next_steps(part) if part else None
    yield _figures(document)
    yield _times(document)
    yield _endpoints(document.endpoints) if len(document.endpoints) > 1 else None
    yield _errors(document.errors) if document.errors else None
    yield _changes(document.changes) if document.changes else None
    yield threshold_table(document.thresholds) if document.thresholds else None
    yield _audit(document.audit)


def _spaced(parts: Sequence[RenderableType]) -> Iterator[RenderableType]:
    for part in parts:
        yield part
        yield Text()


def _headline(document: RunDocument) -> Text:
    line = Text(printable(document.name), style="bold")
    line.append(f"  {document.status}", style=_STYLES.get(document.status, "bold yellow"))
    if document.status_reason:
        line.append(f"  {printable(document.status_reason)}", style="dim")
    return line


def _figures(document: RunDocument) -> Table:
    totals = document.totals
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    table.add_row("Duration", units.duration(document.duration_s))
    if document.warmup is not None:
        table.add_row("Warm-up", _warmup(document.warmup))
    table.add_row("Requests", _books(document))
    table.add_row("Success", units.percent(totals.success_percent))
    table.add_row("Throughput", f"{units.significant(totals.throughput_rps)} successes/s")
    table.add_row("Rate", f"{units.significant(totals.rate_rps)} requests/s")
    table.add_row(
        "Data", f"{units.size(totals.bytes_received)} received, {units.size(totals.bytes_sent)} sent"
    )
    if document.status_codes:
        codes = (f"{code} × {units.count(count)}" for code, count in document.status_codes.items())
        table.add_row("Statuses", "   ".join(codes))
    return table


def _warmup(warmup: WarmUpPart) -> str:
    words = f"{units.duration(warmup.duration_s)} before that, cut off: {units.count(warmup.sent)} sent"
    return f"{words}, {units.count(warmup.successes)} succeeded, {units.count(warmup.failures)} failed"


def _books(document: RunDocument) -> str:
    totals = document.totals
    words = f"{units.count(totals.sent)} sent, {units.count(totals.successes)} succeeded"
    words += f", {units.count(totals.failures)} failed"
    if totals.redirects:
        words += f", {units.plural(totals.redirects, 'redirect')} followed"
    if totals.cut_off:
        words += f", {units.count(totals.cut_off)} cut off at the end"
    return f"{words}, {units.count(totals.dropped)} dropped unsent" if totals.dropped else words


def _times(document: RunDocument) -> Table | None:
    columns = [
        (title, times)
        for title, times in (
            ("Response time", document.response_time_ms),
            ("Service time", _service_time(document)),
            ("Until failure", document.failure_time_ms),
            ("First byte", document.first_byte_ms),
            ("Connect", document.connect_ms),
        )
        if times.count
    ]
    if not columns:
        return None
    table = plain_table("", *(title for title, _ in columns), numbers_from=1)
    for key, label in _ROWS:
        table.add_row(label, *(units.milliseconds(getattr(times, key)) for _, times in columns))
    return table


def _service_time(document: RunDocument) -> TimesPart:
    """The service time where it is another than the response time: where starts come on a schedule."""
    apart = document.service_time_ms != document.response_time_ms
    return document.service_time_ms if apart else TimesPart()


_CHANGES = {
    "users": "{value} users",
    "rate": "{value} starts/s",
    "pause": "paused",
    "resume": "resumed",
    "add_time": "{value} s added",
}


def _changes(changes: Sequence[ChangePart]) -> Table:
    table = plain_table("Changed at", "", numbers_from=2)
    for change in changes:
        value = f"{change.value:,g}" if change.value is not None else ""
        table.add_row(f"{change.t_s:.1f} s", _CHANGES[change.kind].format(value=value))
    return table


def _endpoints(endpoints: Sequence[EndpointPart]) -> Table:
    table = plain_table("Request", "Sent", "Success", "Per second", "p50", "p95", "p99", numbers_from=1)
    for endpoint in endpoints:
        table.add_row(
            foreign(endpoint.name),
            units.count(endpoint.totals.sent),
            units.percent(endpoint.totals.success_percent),
            units.significant(endpoint.totals.throughput_rps),
            *_three(endpoint.response_time_ms),
        )
    return table


def _three(times: TimesPart) -> list[str]:
    return [units.milliseconds(value) for value in (times.p50, times.p95, times.p99)]


def _errors(errors: Sequence[ErrorPart]) -> Table:
    table = plain_table("Error", "Count", "First seen as", numbers_from=1)
    table.columns[2].justify = "left"
    for error in errors:
        table.add_row(Text(error.kind, style="red"), units.count(error.count), foreign(error.sample))
    return table


def _audit(audit: AuditPart) -> RenderableType | None:
    if audit.trustworthy is None:
        return None
    hints = [Text(printable(hint), style="dim") for hint in audit.hints]
    if audit.trustworthy:
        verdict = "These numbers are trustworthy: the books balance and the generator kept up."
        return Group(Text(verdict, style="dim"), *hints)
    reasons = (Text(f"  {printable(reason)}") for reason in audit.reasons)
    return Group(Text("These numbers are not trustworthy:", style="bold yellow"), *reasons, *hints)
