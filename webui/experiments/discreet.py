"""The experiments as viewers have them: the same figures, without the secrets in their addresses."""

from collections.abc import Sequence
from typing import Any, cast

from webui.experiments.model import Experiment
from webui.experiments.service import RECENT, ExperimentManager
from webui.experiments.shared import as_shared


def discreet(experiments: ExperimentManager) -> ExperimentManager:
    """The manager whose experiments are redacted. It is for reading: what changes them, viewers cannot
    reach."""
    return cast(ExperimentManager, _Discreet(experiments))


class _Discreet:
    def __init__(self, experiments: ExperimentManager) -> None:
        self._experiments = experiments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._experiments, name)

    async def view(self, experiment_id: str) -> Experiment:
        return as_shared(await self._experiments.view(experiment_id), hide_target=False)

    async def recent(self, limit: int = RECENT, cursor: str | None = None) -> Sequence[Experiment]:
        found = await self._experiments.recent(limit, cursor)
        return [as_shared(each, hide_target=False) for each in found]
