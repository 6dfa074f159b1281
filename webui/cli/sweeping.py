"""A sweep as a person reads it on a terminal: what it is doing, and its verdict when it has ended."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from webui import units
from webui.analysis.diagnosed import DiagnosisPart, Estimate
from webui.analysis.document import StepPart
from webui.analysis.knee import knee_step
from webui.cli.console import foreign, printable
from webui.cli.rules import plain_table
from webui.metrics.probing import Activity

_DOING = {
    "first-answers": "a few single requests: does it answer, and keep connections open?",
    "choosing-canary": "looking for a canary, a cheap second route",
    "idle-canary": "measuring the idle canary",
    "one-user": "{users}: how long is a request without waiting?",
    "doubling": "trying {users}",
    "refining": "refining around {users}",
    "looking-for-collapse": "trying {users}: does throughput fall far beyond the knee?",
    "more-light-load": "{users} once more, for more answers without waiting",
    "bursts": "{requests} at one instant: how many come back together?",
    "refusals": "looking at refusals with {users}",
    "one-user-again": "one user again: is the service still the same?",
}
_KINDS = {"single": "first answers", "again": "at the end"}


def doing(activity: Activity) -> str:
    """What a sweep does now, and what for, in a few words."""
    words = _DOING.get(activity.why, "measuring")
    number = activity.users
    return words.format(users=units.plural(number, "user"), requests=units.plural(number, "request"))


def verdict(part: DiagnosisPart) -> RenderableType:
    """The verdict, what it rests on, what it cannot tell, and its figures."""
    sure = "Inconclusive" if part.pattern == "inconclusive" else f"Verdict, {part.confidence} confidence"
    lines: list[RenderableType] = [Text(sure, style="dim"), _said(part.headline or part.pattern, "bold")]
    if part.summary and not part.reasons:  # which are the summary then
        lines.append(_said(part.summary))
    points = [*(("!", text) for text in part.reasons), *(("✓", text) for text in part.evidence)]
    points += [("?", text) for text in part.cannot_tell]
    return Group(*lines, Text(), *(_point(mark, text) for mark, text in points), Text(), _figures(part))


def next_steps(part: DiagnosisPart) -> RenderableType | None:
    """What to try, and known causes with how to confirm them."""
    lines: list[RenderableType] = []
    steps = [f"{step.title}. {step.text}" for step in part.steps_to_take] or part.next_steps
    if steps:
        lines += [Text("What to try next", style="bold")]
        lines += [_point(f"{number}.", text) for number, text in enumerate(steps, 1)]
    if part.hypotheses:
        lines += [Text("What may be behind it", style="bold")]
    for cause in part.hypotheses:
        lines.append(_point("•", f"{cause.name}. {cause.why} To confirm: {cause.experiment}"))
        lines.append(Padding(Text(printable(cause.source), style="dim", overflow="fold"), (0, 0, 0, 3)))
    return Group(*lines) if lines else None


def steps_table(steps: Sequence[StepPart], part: DiagnosisPart | None) -> Table:
    """The levels by number of users; the one at the knee is marked."""
    known = any(step.in_service is not None for step in steps)
    more = ("In service", "Waiting") if known else ()
    table = plain_table("Users", "Successes/s", "Success", "p50", "p95", "p99", *more, "", numbers_from=0)
    knee = knee_step(steps, part.knee_users if part else None)
    for step in steps:
        times = step.response_time_ms
        table.add_row(
            units.count(step.users),
            units.significant(step.throughput_rps),
            units.percent(step.success_percent),
            *(units.milliseconds(value) for value in (times.p50, times.p95, times.p99)),
            *([units.significant(step.in_service), units.significant(step.waiting)] if known else []),
            "knee" if step is knee else _KINDS.get(step.kind, ""),
            style="bold" if step is knee else None,
        )
    return table


def _said(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style)


def _point(mark: str, text: str) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(min_width=2, style="dim")
    grid.add_column()
    grid.add_row(mark, foreign(text))
    return grid


def _figures(part: DiagnosisPart) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    for name, words in _known(part):
        table.add_row(name, words)
    return table


def _known(part: DiagnosisPart) -> Iterator[tuple[str, str]]:
    if at_a_time := _estimate(part.effective_parallelism):
        yield "Works at a time", at_a_time
    most = (
        part.max_throughput
        if part.max_throughput.value is not None
        else Estimate(value=part.max_throughput_rps)
    )
    if found := _estimate(most, " successes/s"):
        yield "Most throughput", found
    if part.capacity is not None:
        limit = printable(part.capacity.limit)
        rate = part.capacity.throughput_rps
        users = units.plural(part.capacity.users or 0, "user")
        kept = "no level kept to it" if rate is None else f"{units.significant(rate)} successes/s at {users}"
        yield f"With {limit}", kept
    if part.light_load_ms is not None:
        yield "Without waiting", units.milliseconds(part.light_load_ms)
    canary = part.canary
    if canary.path is not None:
        idle, loaded = units.milliseconds(canary.idle_ms), units.milliseconds(canary.loaded_ms)
        yield "Canary", f"{printable(canary.path)}, {idle} idle, {loaded} at the ceiling"
    elif canary.reason:
        yield "Canary", f"none: {printable(canary.reason)}"
    if part.requests:
        took = "" if part.seconds is None else f" in {units.duration(part.seconds)}"
        yield "Used", f"{units.plural(part.requests, 'request')}{took}"


def _estimate(estimate: Estimate, unit: str = "") -> str:
    low, high = estimate.low, estimate.high
    shown = "" if estimate.value is None else f"{units.significant(estimate.value)}{unit}"
    if low is not None and high is not None:
        between = f"95%: {units.significant(low, 4)} to {units.significant(high, 4)}"
        return f"{shown} ({between})" if shown else between
    if low is not None:
        least = f"at least {units.significant(low)}{unit}"
        return f"{shown} ({least})" if shown else least
    return shown
