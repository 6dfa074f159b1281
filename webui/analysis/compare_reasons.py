"""Why a run's figures are not set against another's, in words. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from webui.analysis.compare_bootstrap import LEAST_INTERVALS
from webui.analysis.document import RunDocument
from webui.units import plural

LEAST_BURSTS = 10
_LIVE = frozenset({"queued", "running", "stopping"})
_SHAPES = {
    "constant-users": "steady users",
    "ramping-users": "users by stages",
    "constant-rate": "a steady rate",
    "ramping-rate": "a rate by stages",
    "burst": "bursts",
    "sweep": "a sweep",
}


def own_reasons(document: RunDocument, intervals: int) -> list[str]:
    """What keeps the run from any comparison."""
    return [*_of_figures(document, intervals), *_of_load(document)]


def _of_figures(document: RunDocument, intervals: int) -> Iterator[str]:
    if document.status in _LIVE:
        yield "it has not ended yet; compare it when it has"
    if document.totals.sent == 0 or not intervals:
        yield "nothing was measured"
    elif document.totals.successes == 0:
        yield "not one of its requests succeeded"
    elif intervals < LEAST_INTERVALS:
        has = plural(intervals, "interval")
        yield f"it has {has}, and {LEAST_INTERVALS} are needed; let it run for longer"
    if document.audit.trustworthy is False:
        why = document.audit.reasons[0] if document.audit.reasons else "see its page"
        yield f"its figures are not trustworthy: {why[:1].lower()}{why[1:].rstrip('.')}"


def _of_load(document: RunDocument) -> Iterator[str]:
    load = document.plan.get("load", {})
    if load.get("shape") == "sweep":
        yield (
            "it is a sweep, which measures many numbers of users one after the other: figures of all of them "
            "together say nothing. Set the steps on their pages side by side, or compare runs with one "
            "number of users"
        )
    if load.get("shape") == "burst" and load.get("count", 1) < LEAST_BURSTS:
        has = plural(load.get("count", 1), "burst")
        yield f"it has {has}, and {LEAST_BURSTS} are needed to see how they vary"
    if any(change.kind in ("users", "rate") and change.applied for change in document.changes):
        yield "its load was changed by hand while it ran"


def reasons_against(base: RunDocument, other: RunDocument) -> list[str]:
    """What keeps the two from being compared with each other."""
    return [*_of_shapes(base.plan, other.plan), *_of_mixes(base.plan, other.plan)]


def _of_shapes(base: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    shapes = [plan.get("load", {}).get("shape", "") for plan in (base, other)]
    if shapes[0] != shapes[1]:
        first, second = (_SHAPES.get(shape, shape) for shape in shapes)
        yield f"another load shape: {second}, not {first}"


def _of_mixes(base: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    first, second = _mix(base), _mix(other)
    if first.keys() != second.keys():
        yield f"other requests: {_named(second)}, not {_named(first)}"
    elif any(abs(first[request] - second[request]) > 1e-6 for request in first):
        yield "another request mix: the same requests, with other weights"


def _mix(plan: Mapping[str, Any]) -> dict[str, float]:
    """Each request's share of the requests. Neither host nor query make another request."""
    weights: dict[str, float] = {}
    for request in plan.get("requests", ()):
        key = f"{request.get('method', 'GET')} {_path(str(request.get('path', '/')))}"
        weights[key] = weights.get(key, 0.0) + float(request.get("weight", 1))
    total = sum(weights.values())
    return {key: weight / total for key, weight in weights.items()}


def _path(path: str) -> str:
    path = path.partition("?")[0]
    if "://" in path:
        path = "/" + path.partition("://")[2].partition("/")[2]
    return path


def _named(mix: Mapping[str, float]) -> str:
    names = list(mix)
    return names[0] if len(names) == 1 else f"{', '.join(names[:3])}{' and more' if len(names) > 3 else ''}"
