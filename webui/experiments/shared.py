"""An experiment as a share link shows it: the same figures, no secrets, and no addresses where those are to
be hidden. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from webui.experiments.model import Definition, Experiment, Progress
from webui.experiments.plans import Endpoint, cell_plan
from webui.plan.target import parse_url
from webui.runs.shared import Aliases
from webui.security.redaction import Redactor

ALIAS = "target.invalid"


def as_shared(experiment: Experiment, *, hide_target: bool) -> Experiment:
    """The experiment without secrets in its addresses, names and reasons."""
    redactor = Redactor(tuple(sorted(set(_secrets(experiment.definition)), key=len, reverse=True)))
    hide = Aliases.of(dict.fromkeys(_hosts(experiment) if hide_target else (), ALIAS))

    def shown(text: str) -> str:
        return hide.text(redactor.text(text))

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
    """Where its services are."""
    urls = [variant.base_url for variant in experiment.definition.variants]
    urls += [state.base_url for state in experiment.progress.variants]
    yield from (parse_url(url).host for url in urls if url)


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _changed(item, change) for key, item in value.items()}
    return [_changed(item, change) for item in value] if isinstance(value, list | tuple) else value
