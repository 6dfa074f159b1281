"""The run page's card about its plan's baseline: how the run differs from it, and the button that sets it."""

from dataclasses import dataclass

from webui.analysis.baseline import BaselinePart, baseline_part
from webui.analysis.results import headline
from webui.plan.identity import plan_key
from webui.runs.baseline import figures_of
from webui.runs.model import RunView
from webui.store import Store


@dataclass(frozen=True, slots=True)
class BaselineBox:
    """What the card shows. `part` is None where there is nothing to compare with; `judged` says whether this
    run's rules were judged by that baseline, which is the one of when it began."""

    run_id: str
    plan_key: str
    part: BaselinePart | None
    judged: bool
    is_baseline: bool
    can_be: bool
    live: bool


async def baseline_box(view: RunView, store: Store) -> BaselineBox:
    """The card of a run. Raises StoreUnavailable."""
    key = plan_key(view.plan)
    now = await store.baseline(key)
    part = view.against_baseline
    if part is None and now is not None and now.id != view.id and view.total is not None:
        part = baseline_part(figures_of(now), headline(view.total, view.load_s))
    return BaselineBox(
        run_id=view.id,
        plan_key=key,
        part=part,
        judged=view.baseline is not None,
        is_baseline=now is not None and now.id == view.id,
        can_be=not view.live and view.total is not None,
        live=view.live,
    )
