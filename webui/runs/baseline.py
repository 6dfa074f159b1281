"""A plan's baseline in the store: which run it is, and what later runs are held against."""

from datetime import datetime

from webui.analysis.baseline import UNITS, Baseline, refers_to_baseline, rule_values
from webui.errors import Conflict
from webui.plan.identity import key_of_data, plan_key
from webui.plan.model import Plan
from webui.runs.state import RunStatus
from webui.runs.stored import stored_view
from webui.store import RunRecord, RunSummary, Store


async def baseline_of(store: Store, plan: Plan, now: datetime) -> Baseline | None:
    """What a run of the plan that begins now is held against; None when the plan has no baseline.

    The baseline's histograms are read only where a rule of the plan refers to it: it may ask for any
    percentile of any request. Raises StoreUnavailable.
    """
    found = await store.baseline(plan_key(plan))
    if found is None:
        return None
    baseline = figures_of(found)
    if not refers_to_baseline(plan):
        return baseline
    view = await stored_view(store, found.id, now)
    values = {} if view.total is None else rule_values(plan, view.total, view.load_s)
    return baseline.model_copy(update={"values": values})


def figures_of(run: RunSummary) -> Baseline:
    """The run as others are held against it, without the figures of rules."""
    figures = {name: getattr(run, name) for name in UNITS}
    return Baseline(run_id=run.id, name=run.name, started_at=run.started_at, figures=figures)


async def choose_baseline(store: Store, run: RunRecord) -> None:
    """Makes the run its plan's baseline. Raises NotFound, and Conflict for one that cannot be."""
    if RunStatus(run.status).live:
        raise Conflict("This test has not ended yet; it can be the baseline when it has.")
    if run.throughput_rps is None:
        raise Conflict("Nothing was measured in this test, so nothing can be held against it.")
    if run.plan_key is None:  # of an older version, and not its turn yet
        await store.fill_in([(run.id, {"plan_key": key_of_data(run.plan)})])
    await store.set_baseline(run.id)
