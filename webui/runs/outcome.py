"""How a run ended: its final status and the sentence that goes with it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from webui.analysis.document import ThresholdPart
from webui.analysis.results import NOTHING, threshold_parts
from webui.metrics.limits import MACHINE_LIMIT
from webui.metrics.snapshot import Snapshot
from webui.plan.model import Plan
from webui.plan.target import Target
from webui.runs.state import RunStatus
from webui.units import count, duration, milliseconds, percent, plural, significant

EndKind = Literal["finished", "failed", "lost"]


@dataclass(frozen=True, slots=True)
class ShardEnd:
    """The last event of one shard. `text` is finished's reason, or the error as a sentence."""

    kind: EndKind
    text: str
    load_ns: int | None = None

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "ShardEnd":
        """The end that a finished, failed or lost event tells of."""
        if event["type"] == "finished":
            return cls("finished", event["reason"], event["load_ns"])
        return cls(event["type"], event["error"])


@dataclass(frozen=True, slots=True)
class CutShort:
    """Who ended the run before its time, each as a sentence: a threshold, a person, Katydid's own end."""

    aborted: str | None = None
    stopped: str | None = None
    interrupted: str | None = None

    @property
    def ending(self) -> "Ending | None":
        """The status that follows; None when nobody did."""
        if self.aborted is not None:
            return Ending(RunStatus.FAILED, self.aborted)
        if self.stopped is not None:
            return Ending(RunStatus.STOPPED, self.stopped)
        return None if self.interrupted is None else Ending(RunStatus.INTERRUPTED, self.interrupted)


class Ending(NamedTuple):
    """A final status with its reason, which may be empty."""

    status: RunStatus
    reason: str = ""


class Judged(NamedTuple):
    """What thresholds are judged by beside the figures: the audit's verdict, and the baseline's figures."""

    trustworthy: bool | None = None
    against: Mapping[str, float | None] = NOTHING


def ending_of(
    plan: Plan,
    total: Snapshot | None,
    load_s: float,
    ends: Sequence[ShardEnd],
    cut_short: CutShort,
    judged: Judged,
) -> Ending:
    """The verdict when all shards have ended."""
    finished = [end for end in ends if end.kind == "finished"]
    if not _ran_to_the_end(finished, ends) and cut_short.ending is not None:
        return cut_short.ending
    if not finished:
        return _nothing_finished(total, ends)
    partial = _partial(ends)
    status, reason = _by_results(plan, total, load_s, judged)
    return Ending(status, " ".join(part for part in (reason, partial) if part))


def _ran_to_the_end(finished: Sequence[ShardEnd], ends: Sequence[ShardEnd]) -> bool:
    return bool(ends) and len(finished) == len(ends) and all(end.text != "stopped" for end in finished)


def _nothing_finished(total: Snapshot | None, ends: Sequence[ShardEnd]) -> Ending:
    failed = next((end.text for end in ends if end.kind == "failed"), None)
    if failed is not None:
        return Ending(RunStatus.INTERRUPTED if _completed(total) else RunStatus.ERROR, failed)
    return Ending(RunStatus.INTERRUPTED, ends[0].text if ends else "")


def _partial(ends: Sequence[ShardEnd]) -> str:
    gone = [end for end in ends if end.kind != "finished"]
    if not gone:
        return ""
    return f"Partial: {_which(ends)} did not finish. {gone[0].text}"


def _which(ends: Sequence[ShardEnd]) -> str:
    """The engines that did not finish, by their numbers from 1."""
    numbers = [f"{number:,}" for number, end in enumerate(ends, 1) if end.kind != "finished"]
    if len(numbers) == 1:
        return f"engine {numbers[0]} of {len(ends)}"
    return f"engines {', '.join(numbers[:-1])} and {numbers[-1]} of {len(ends)}"


def _by_results(plan: Plan, total: Snapshot | None, load_s: float, judged: Judged) -> Ending:
    if total is None or not _completed(total):
        return Ending(RunStatus.ERROR, nothing_measured(plan, total))
    totals = total.totals
    if not totals.successes:
        return Ending(RunStatus.FAILED, f"None of {count(totals.completed)} responses was a success.")
    rules = threshold_parts(plan, total, load_s, *judged)
    broken = [rule for rule in rules if not rule.passed]
    if broken:
        return Ending(RunStatus.FAILED, f"{len(broken)} of {plural(len(rules), 'threshold')} did not hold.")
    return Ending(RunStatus.PASSED)


def broken_rule(plan: Plan, total: Snapshot, load_s: float, judged: Judged) -> ThresholdPart | None:
    """The first threshold that does not hold by the figures so far; one without a figure is still open."""
    rules = threshold_parts(plan, total, load_s, *judged)
    return next((rule for rule in rules if rule.actual is not None and not rule.passed), None)


def abort_reason(rule: ThresholdPart, elapsed_s: float) -> str:
    """Why a run was stopped on a threshold, naming the rule and its figure."""
    was = (
        "the run is not trustworthy" if rule.expression == "audit.trustworthy" else f"it was {_figure(rule)}"
    )
    return f"Stopped after {duration(elapsed_s)}: {rule.expression} did not hold, {was}."


def _figure(rule: ThresholdPart) -> str:
    match rule.unit:
        case "ms":
            return milliseconds(rule.actual)
        case "%":
            return percent(rule.actual)
        case "/s":
            return f"{significant(rule.actual)}/s"
        case _:
            return count(rule.actual)


def _completed(total: Snapshot | None) -> int:
    return total.totals.completed if total is not None else 0


# -- why nothing could be measured ---------------------------------------------------------------------

_NOT_HTTP = "Check that it speaks HTTP on this port."
_WHY = {
    "dns_error": "{sample}. The name {host} could not be resolved; check its spelling and your network.",
    "connect_refused": "connection refused. Nothing is listening there; start the service, "
    "or check the port.",
    "connect_timeout": "no answer to the connection. A firewall may be in between; check host and port.",
    "connect_error": "{sample}. Check the address, and that this machine has a route to it.",
    "tls_error": "{sample}. Check that the port speaks HTTPS and that its certificate is valid.",
    "connection_reset": f"it reset every connection. {_NOT_HTTP}",
    "connection_closed": f"it closed every connection without an answer. {_NOT_HTTP}",
    "timeout": "no answer within {timeout:g} s. The service may be stuck, or the timeout too short.",
    "protocol_error": "{sample}. What answers there does not speak HTTP/1.1.",
    "body_too_large": "its responses have larger bodies than the {most} bytes that are allowed. "
    "Raise the limit: http.max_body_bytes in a plan, --max-body on the command line.",
}
_REDIRECTS = "{sample}. Test the address that it leads to, or raise http.max_redirects (--max-redirects)."
_AS_IT_IS = "{sample}."
_PROXY = "{sample}. Check the proxy's address, and that it runs and lets you through."


def nothing_measured(plan: Plan, total: Snapshot | None) -> str:
    """Why not one full response came, from the most frequent error: what happened and what to do."""
    if total is None or not total.totals.sent:
        return "Not one request was sent before the test ended."
    errors = {key: error for key, error in total.errors.items() if key[1] in _WHY}
    if not errors:
        return "Not one response came before the test ended. Give it more time."
    (index, kind), error = max(errors.items(), key=lambda item: item[1].count)
    target = _target(plan, index)
    why = _sentence(plan, kind, error.sample).format(
        sample=error.sample.rstrip(".") or kind.replace("_", " "),
        host=target.host,
        timeout=plan.http.timeout_s,
        most=count(plan.http.max_body_bytes),
    )
    return f"Could not reach {target.origin}: {why}"


def _sentence(plan: Plan, kind: str, sample: str) -> str:
    if MACHINE_LIMIT in sample or sample.startswith("the head is over "):
        return _AS_IT_IS
    if kind == "protocol_error" and sample.startswith(("more than ", "redirected to ")):
        return _REDIRECTS
    through_proxy = plan.http.proxy is not None and sample.startswith("the proxy ")
    return _PROXY if through_proxy else _WHY[kind]


def _target(plan: Plan, index: int) -> Target:
    return plan.target_of(plan.requests[min(index, len(plan.requests) - 1)])
