"""What the rules come to."""

from dataclasses import dataclass
from typing import Literal

from webui.analysis.diagnosed import Confidence, Pattern
from webui.analysis.diagnosis.bootstrap import Interval

Shade = Literal[
    "",
    "own-cost",  # scales, and the server's own overhead is the ceiling; or cpu-bound by nothing else
    "one-pool",  # fixed slots that every route shares
    "processes",  # slots that are worker processes: each closes its connection
    "part-blocked",  # each request blocks the loop for a part of its time
    "connections",  # refuses by connections, not by requests
]


# Why nothing can be said: what to do next follows from it.
Cause = Literal[
    "",
    "never-served",  # one user got no success at all
    "often-fails",  # one user's requests fail now and then
    "rate-limited",  # one user, or more of them, are refused by rate
    "few-answers",
    "stopped",
    "breaks-down",  # failures that are no quick refusals
    "generator",
    "changed",
    "contradicts",
    "varies",  # intervals too wide
    "no-canary",
    "look-alikes",  # two explanations fit
    "workers",  # the same, and one worker alone would tell
    "shared",  # no line, but something that all share
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`m` is the effective parallelism; `at_least`: its upper end is open. `reasons`, whole sentences, say
    why it is inconclusive, and `cause` names that. `doubts` lower the confidence, one step each."""

    pattern: Pattern
    m: Interval | None = None
    at_least: bool = False
    shade: Shade = ""
    blocked_s: float | None = None
    reasons: tuple[str, ...] = ()
    doubts: int = 0
    cause: Cause = ""

    @property
    def confidence(self) -> Confidence:
        if self.pattern == "inconclusive" or self.doubts > 1:
            return "low"
        return "medium" if self.doubts else "high"


def inconclusive(cause: Cause, reason: str, m: Interval | None = None) -> Verdict:
    """`m`: only where every explanation left comes to that many at a time."""
    return Verdict("inconclusive", m, reasons=(reason,), cause=cause)
