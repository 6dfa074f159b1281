"""What several sentences about a sweep need: its levels of note, and figures with their units. Pure."""

from webui.analysis.diagnosis.facts import Facts
from webui.sweep.figures import Point
from webui.units import milliseconds, significant

HARMED = 1.25  # times the light latency, from which on successes wait as well
STAYS = 1.1  # times the light latency, up to which latency is said to stay


def most_users(facts: Facts) -> Point:
    """The level with the most users that got an answer."""
    return max((p for p in facts.levels if p.successes), key=lambda p: p.users)


def at_peak(facts: Facts) -> Point:
    """The level with the highest throughput."""
    return max((p for p in facts.levels if p.successes), key=lambda p: p.rate)


def time(seconds: float | None) -> str:
    """Seconds in ms."""
    return milliseconds(None if seconds is None else 1000 * seconds)


def rate(value: float) -> str:
    """Successes per second."""
    return f"{significant(value)} successes/s"


def unharmed(facts: Facts) -> bool:
    """Whether refusals leave the latency of successes as it is."""
    served = [p.mean_s for p in facts.levels if p.refuses and p.mean_s]
    return max(served, default=0.0) <= HARMED * facts.light_s
