"""What every export is made from: one run's document and rows, without secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webui.analysis.baseline import Baseline
from webui.analysis.diagnosed import DiagnosisPart
from webui.analysis.document import AuditPart, RunDocument
from webui.metrics.snapshot import EndpointStats, Snapshot
from webui.plan.model import Plan
from webui.runs.model import RunView
from webui.runs.redacted import wholly_redacted
from webui.security.redaction import Redactor


@dataclass(frozen=True, slots=True)
class Source:
    """A run to export. `total` is the rows merged, None where nothing was measured; `load_s` is how long load
    was offered, which rates are divided by; `baseline` is what the run was held against."""

    document: RunDocument
    plan: Plan
    snapshots: Sequence[Snapshot]
    total: Snapshot | None
    load_s: float
    baseline: Baseline | None = None

    @property
    def partial(self) -> bool:
        """Whether the run goes on, so that these are its figures so far."""
        return self.document.status in ("queued", "running", "stopping")

    @property
    def status(self) -> str:
        """The run's status, as a file names it: `running, partial`."""
        return f"{self.document.status}, partial" if self.partial else self.document.status

    @property
    def figures(self) -> EndpointStats:
        """All endpoints as one."""
        return EndpointStats() if self.total is None else self.total.all_endpoints

    @property
    def endpoints(self) -> Sequence[tuple[str, str, EndpointStats]]:
        """Method, name and figures of each request of the plan."""
        stats = self.total.endpoints if self.total is not None else ()
        requests = self.plan.requests
        return [(each.method, each.label, part) for each, part in zip(requests, stats, strict=False)]


def source_of(view: RunView) -> Source:
    """The run as it may be exported: what looks secret is hidden, wherever it stands."""
    shown = wholly_redacted(view)
    return Source(
        document=_clean(shown.result(), Redactor.of(view.plan)),
        plan=shown.plan,
        snapshots=shown.snapshots,
        total=shown.total,
        load_s=shown.load_s,
        baseline=shown.baseline,
    )


def _clean(document: RunDocument, redactor: Redactor) -> RunDocument:
    """Also what was worded from the run's texts before, such as a diagnosis that was saved with it."""
    changes: dict[str, Any] = {
        "audit": AuditPart.model_validate(_texts(document.audit.model_dump(), redactor))
    }
    if document.diagnosis is not None:
        changes["diagnosis"] = DiagnosisPart.from_data(_texts(document.diagnosis.model_dump(), redactor))
    return document.model_copy(update=changes)


def _texts(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return redactor.text(value)
    if isinstance(value, dict):
        return {key: _texts(item, redactor) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_texts(item, redactor) for item in value]
    return value
