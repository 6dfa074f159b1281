"""Diagnoses of practice targets: the plan of one, and the newest that there is of each target.

Which run is the test of which target, and in which setup, is told by its labels: so it outlives this process.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from webui.analysis.diagnosed import DiagnosisPart
from webui.errors import InvalidInput
from webui.lab.manager import RunningTarget
from webui.lab.model import PracticeTarget, Setup
from webui.lab.registry import BY_NAME
from webui.pages.context import LIVE_STATUSES
from webui.plan.documents import plan_from_data
from webui.plan.model import Plan
from webui.runs.manager import RunManager
from webui.store import MAX_PAGE, RunQuery, RunSummary, Store

TAG = "practice"
SWEEP_TO = 256


@dataclass(frozen=True, slots=True)
class LabTest:
    """A diagnosis of a practice target, live or ended. `found` is None until there is one, `setup` where its
    labels were changed by hand."""

    run_id: str
    setup: Setup | None
    live: bool
    status: str
    reason: str
    elapsed_s: float | None
    found: DiagnosisPart | None = None


def tags_of(target: PracticeTarget, setup: Setup) -> tuple[str, ...]:
    """The labels of a test of a target in this setup: `practice`, `practice: threads`, `workers: 4`…"""
    usual = target.setup()
    options = (f"{name}: {value}" for name, value in setup.options.items() if value != usual.options[name])
    server = () if setup.server == usual.server else (f"server: {setup.server}",)
    return (TAG, f"{TAG}: {target.name}", f"workers: {setup.workers}", *server, *options)


def setup_of_tags(target: PracticeTarget, tags: Sequence[str]) -> Setup | None:
    """The inverse; None where labels are not what they were."""
    given = dict(tag.partition(": ")[::2] for tag in tags)
    options = {option.name: given[option.name] for option in target.options if option.name in given}
    server = next((each for each in target.servers if each == given.get("server")), None)
    try:
        numbers = {name: int(text) for name, text in options.items()}
        return target.setup(workers=int(given["workers"]), server=server, options=numbers)
    except (KeyError, ValueError, InvalidInput):
        return None


def diagnosis_plan(running: RunningTarget) -> Plan:
    """The sweep that finds out why a running practice target behaves as it does."""
    target, workers = running.target, running.workers
    return plan_from_data(
        {
            "name": f"Practice target: {target.name}{f', {workers} workers' if workers > 1 else ''}",
            "base_url": running.base_url,
            "requests": [{"method": target.method, "path": target.path}],
            "load": {"shape": "sweep", "from": 1, "to": SWEEP_TO},
            "canary": running.canary,
            "tags": tags_of(target, running.setup),
        }
    )


class LabTests:
    """Finds the tests of practice targets. Diagnoses of ended runs never change, so each is read once."""

    def __init__(self, manager: RunManager, store: Store) -> None:
        self._manager = manager
        self._store = store
        self._found: dict[str, DiagnosisPart | None] = {}

    async def newest(self) -> Mapping[str, LabTest]:
        """The newest test of each target that has one, by the target's name. Raises StoreUnavailable."""
        page = await self._store.list_runs(RunQuery(tag=TAG, limit=MAX_PAGE))
        newest = _newest_by_target(page.items)
        self._found = {run.id: self._found[run.id] for run in newest.values() if run.id in self._found}
        tests = await asyncio.gather(*(self._test(run, BY_NAME[name]) for name, run in newest.items()))
        return dict(zip(newest, tests, strict=True))

    async def _test(self, run: RunSummary, target: PracticeTarget) -> LabTest:
        live = self._manager.get_live(run.id)
        status = run.status if live is None else live.status.value
        going = status in LIVE_STATUSES
        return LabTest(
            run_id=run.id,
            setup=setup_of_tags(target, run.tags),
            live=going,
            status=status,
            reason=run.status_reason if live is None else live.reason,
            elapsed_s=None if live is None else live.view().elapsed_s,
            found=None if going else await self._diagnosis(run.id),
        )

    async def _diagnosis(self, run_id: str) -> DiagnosisPart | None:
        if run_id not in self._found:
            record = await self._store.get_run(run_id)
            if record is None or record.result is None:
                return None  # not saved yet: asked for again
            data = record.result.get("diagnosis")
            self._found[run_id] = None if data is None else DiagnosisPart.model_validate(data)
        return self._found[run_id]


def _newest_by_target(runs: Iterable[RunSummary]) -> dict[str, RunSummary]:
    """`runs` come newest first."""
    found: dict[str, RunSummary] = {}
    for run in runs:
        for tag in run.tags:
            name = tag.removeprefix(f"{TAG}: ")
            if name in BY_NAME and name != tag:
                found.setdefault(name, run)
    return found
