"""A run as it may leave the dashboard, in a shared result or an export: the same figures, no secrets. Pure.

Hiding what is hidden already changes nothing, so an export that was imported is exported alike.
"""

from dataclasses import replace
from weakref import ref

from webui.analysis.baseline import Baseline
from webui.metrics.snapshot import Snapshot
from webui.plan.model import Plan
from webui.runs.model import RunView
from webui.security.redaction import Redactor

# What is hidden of a plan, by its identity, for as long as it is in use: plans never change, and lists show
# hundreds of live runs again and again.
_PLANS: dict[int, tuple[ref[Plan], Redactor, Plan]] = {}


def _of_plan(plan: Plan) -> tuple[Redactor, Plan]:
    key = id(plan)
    known = _PLANS.get(key)
    if known is None or known[0]() is not plan:
        redactor = Redactor.of(plan)
        forget = _PLANS.pop  # found beforehand: at the interpreter's end names may be gone before plans are
        known = ref(plan, lambda _: forget(key, None)), redactor, redactor.plan(plan)
        _PLANS[key] = known
    return known[1], known[2]


def redacted(view: RunView) -> RunView:
    """The view with the secrets in plan, names, texts and error samples hidden. Its rows stay as they are:
    pages show no text of them."""
    redactor, plan = _of_plan(view.plan)
    return replace(
        view,
        name=redactor.text(view.name),
        plan=plan,
        status_reason=redactor.text(view.status_reason),
        tags=[redactor.text(tag) for tag in view.tags],
        note=redactor.text(view.note),
        total=None if view.total is None else _without_secrets(view.total, redactor),
        unsaved=None,
        baseline=None if view.baseline is None else _named_safely(view.baseline, view.plan, plan, redactor),
    )


def _named_safely(baseline: Baseline, plan: Plan, shown: Plan, redactor: Redactor) -> Baseline:
    """Its figures stand under the rules that refer to them, so under those of the plan that is shown."""
    rules = {old.strip(): new.strip() for old, new in zip(plan.thresholds, shown.thresholds, strict=True)}
    values = {rules.get(rule, redactor.text(rule)): value for rule, value in baseline.values.items()}
    return baseline.model_copy(update={"name": redactor.text(baseline.name), "values": values})


def wholly_redacted(view: RunView) -> RunView:
    """The same, with its rows, for whoever reads those in full."""
    redactor, _ = _of_plan(view.plan)
    rows = [_without_secrets(snapshot, redactor) for snapshot in view.snapshots]
    return replace(redacted(view), snapshots=rows)


def _without_secrets(part: Snapshot, redactor: Redactor) -> Snapshot:
    errors = {key: replace(error, sample=redactor.text(error.sample)) for key, error in part.errors.items()}
    canary = part.probing.canary
    if canary is not None and canary.path is not None:
        canary = replace(canary, path=redactor.text(canary.path))
    probes = {redactor.text(name): stats for name, stats in part.probing.probes.items()}
    return replace(part, errors=errors, probing=replace(part.probing, canary=canary, probes=probes))
