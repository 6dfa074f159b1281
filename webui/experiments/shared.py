"""An experiment as a share link shows it: the same figures, no secrets, and no addresses where those are to
be hidden. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from webui.experiments.model import Definition, Experiment, Progress
from webui.experiments.plans import Endpoint, cell_plan
from webui.plan.target import parse_url
from webui.security.redaction import Redactor

ALIAS = "target.invalid"


def as_shared(experiment: Experiment, *, hide_target: bool) -> Experiment:
    """The experiment without secrets in its addresses, names and reasons."""
    redactor = Redactor(tuple(sorted(set(_secrets(experiment.definition)), key=len, reverse=True)))
    hosts = list(_hosts(experiment)) if hide_target else []

    def shown(text: str) -> str:
        text = redactor.text(text)
        for host in hosts:
            text = text.replace(host, ALIAS)
        return text

    return replace(
        experiment,
        definition=Definition.model_validate(_changed(experiment.definition.model_dump(), shown)),
        progress=Progress.model_validate(_changed(experiment.progress.model_dump(), shown)),
    )


def _secrets(definition: Definition) -> Iterator[str]:
    """The values of secret parameters, which are to be hidden wherever else they stand."""
    for variant in definition.variants:
        at = Endpoint((variant.base_url or "http://127.0.0.1").partition("?")[0], definition.path)
        yield from Redactor.of(cell_plan(definition, variant, at, definition.users[0])).secrets


def _hosts(experiment: Experiment) -> Iterator[str]:
    """How its services are addressed, with their ports first."""
    urls = [variant.base_url for variant in experiment.definition.variants]
    urls += [state.base_url for state in experiment.progress.variants]
    targets = [parse_url(url) for url in urls if url]
    yield from sorted({f"{target.host}:{target.port}" for target in targets}, key=len, reverse=True)
    yield from sorted({target.host for target in targets}, key=len, reverse=True)


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _changed(item, change) for key, item in value.items()}
    return [_changed(item, change) for item in value] if isinstance(value, list | tuple) else value
