"""A run as a share link may show it: the same figures, no secrets. Pure."""

from dataclasses import replace

from webui.metrics.snapshot import Snapshot
from webui.runs.model import RunView
from webui.security.redaction import Redactor


def redacted(view: RunView) -> RunView:
    """The view with the secrets in plan, names, texts and error samples hidden."""
    redactor = Redactor.of(view.plan)
    return replace(
        view,
        name=redactor.text(view.name),
        plan=redactor.plan(view.plan),
        status_reason=redactor.text(view.status_reason),
        tags=[redactor.text(tag) for tag in view.tags],
        note=redactor.text(view.note),
        total=None if view.total is None else _without_secret_samples(view.total, redactor),
        unsaved=None,
    )


def _without_secret_samples(total: Snapshot, redactor: Redactor) -> Snapshot:
    errors = {key: replace(error, sample=redactor.text(error.sample)) for key, error in total.errors.items()}
    return replace(total, errors=errors)
