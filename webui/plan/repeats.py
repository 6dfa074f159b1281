"""Whether a plan would repeat, thousands of times, requests that may change something at the target. Pure."""

from webui.plan.load import Sweep
from webui.plan.model import Plan

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})  # RFC 9110, 9.2.1: they ask and change nothing


def repeated_writes(plan: Plan) -> str | None:
    """One sentence on what a sweep would repeat; None for another load, and for requests that only ask.

    Other loads say how much they send. A sweep chooses that itself, so it needs somebody's yes first."""
    writes = [
        f"“{request.name}”" if request.name else request.label
        for request in plan.requests
        if request.method not in SAFE_METHODS
    ]
    if not isinstance(plan.load, Sweep) or not writes:
        return None
    others = f" and {len(writes) - 1} more" if len(writes) > 1 else ""
    return f"a sweep sends {writes[0]}{others} thousands of times, and each one may change something"
