"""`katydid experiment`: one load over a grid of variants and numbers of users."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import typer
from pydantic import ValidationError

from webui.cli.database_flags import SavingFlags
from webui.cli.experiment_flags import CellFlags, ResultFlags, TriedFlags
from webui.cli.spreading import spread
from webui.errors import InvalidInput, Problem
from webui.units import parse_count, parse_duration

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from webui.experiments import Definition, StartCommand
    from webui.lab.model import PracticeTarget

T = TypeVar("T")
_FLAGS = {
    "variants": "--variant",
    "path": "--path",
    "users": "--users",
    "cell_s": "--time",
    "warmup_s": "--warmup",
    "name": "--name",
}


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command("experiment")(spread(experiment))


def experiment(tried: TriedFlags, cells: CellFlags, result: ResultFlags, saving: SavingFlags) -> int:
    """Try several variants of a service, each with several numbers of users, and see what changes.

    Variants are numbers of workers of a practice target, addresses, or services that commands of yours start:
    --start 'two=uvicorn app:app --port {port} --workers 2'.

    Exit codes: 0 every cell was measured, 1 some were not, 2 wrong usage, 3 nothing could be measured,
    4 the generator failed, 130 interrupted.
    """
    from webui.cli.output import Output

    output = Output(result.quiet, {} if result.json_file is None else {"json": result.json_file})
    output.check()
    commands = _commands(tried)
    load = _load_of(cells)
    definition = _definition({"name": result.name, **load, **_tried_of(tried, commands)})
    from webui.cli.one_experiment import experiment_once  # takes a second, which mistakes need not wait for

    return experiment_once(definition, commands, output, saving.places, may_test=cells.may_test)


def _load_of(cells: CellFlags) -> dict[str, Any]:
    """The fields of the definition that say how each cell is measured. Raises InvalidInput."""
    given: dict[str, Any] = {"diagnose": cells.diagnose}
    if cells.users is not None:
        given["users"] = _numbers("--users", cells.users)
    for field, flag, text in (("cell_s", "--time", cells.time), ("warmup_s", "--warmup", cells.warmup)):
        if text is not None:
            given[field] = _parsed(flag, text, parse_duration)
    return given


def _tried_of(tried: TriedFlags, commands: "dict[str, StartCommand]") -> dict[str, Any]:
    """`target`, `path` and `variants` of the definition. Raises InvalidInput, NotFound."""
    if tried.lab is None:
        return {"path": tried.path, "variants": _own_variants(tried, commands)}
    if tried.path is not None:
        raise InvalidInput.at(
            "--path", "goes with services of yours; a practice target has a route of its own"
        )
    if tried.variant or commands:
        raise InvalidInput.at("--lab", "try a practice target or services of your own, not both")
    return {"target": tried.lab, "variants": _over_workers(tried.lab, tried.workers)}


def _own_variants(tried: TriedFlags, commands: "dict[str, StartCommand]") -> list[dict[str, Any]]:
    from webui.experiments.model import labelled_address

    if tried.workers is not None:
        raise InvalidInput.at(
            "--workers", "goes with --lab; a service of yours takes it in its --start command"
        )
    found: list[dict[str, Any]] = [labelled_address(text) for text in tried.variant]
    found += [{"label": label, "started": True} for label in commands]
    if not found:
        raise InvalidInput.at(
            "--variant", "say what to try: --lab NAME, --variant LABEL=URL or --start LABEL=COMMAND"
        )
    return found


def _over_workers(name: str, workers: str | None) -> list[dict[str, Any]]:
    from webui.experiments.model import DEFAULT_WORKERS, over_workers
    from webui.lab.registry import find

    target = find(name)
    counts = DEFAULT_WORKERS if workers is None else tuple(_numbers("--workers", workers))
    for count in counts if workers is not None else ():
        _check_workers(target, count)  # one that it does not take is named here, not left out
    return [each.model_dump() for each in over_workers(target, counts)]


def _check_workers(target: "PracticeTarget", count: int) -> None:
    """Raises InvalidInput, with the flag for the field."""
    try:
        target.setup(workers=count)
    except InvalidInput as error:
        raise InvalidInput([Problem("--workers", each.message) for each in error.problems]) from error


def _commands(tried: TriedFlags) -> "dict[str, StartCommand]":
    """The start commands by label. Raises InvalidInput."""
    from webui.experiments import StartCommand

    timeout_s = _start_timeout_s(tried)
    found: dict[str, StartCommand] = {}
    for text in tried.start:
        label, equals, command = (part.strip() for part in text.partition("="))
        if not equals or not label:
            raise InvalidInput.at("--start", f"is LABEL=COMMAND, not {text[:80]!r}")
        if label in found:
            raise InvalidInput.at("--start", f"two variants have the label {label!r}")
        found[label] = _parsed("--start", command, lambda text: StartCommand.parse(text, timeout_s))
    return found


def _start_timeout_s(tried: TriedFlags) -> float:
    from webui.experiments.starting import START_TIMEOUT_S

    if tried.start_timeout is None:
        return START_TIMEOUT_S
    found = _parsed("--start-timeout", tried.start_timeout, parse_duration)
    if not tried.start:
        raise InvalidInput.at("--start-timeout", "goes with --start: no other service is waited for")
    if found <= 0:
        raise InvalidInput.at("--start-timeout", "a service needs some time until it answers, such as 30s")
    return found


def _definition(data: dict[str, Any]) -> "Definition":
    """Raises InvalidInput, with flags for fields."""
    from webui.experiments import Definition

    try:
        return Definition.model_validate({key: value for key, value in data.items() if value is not None})
    except ValidationError as error:
        found = [_by_flag(each) for each in error.errors(include_url=False)]
        first = {problem.field: problem for problem in reversed(found)}  # what follows of it is no news
        raise InvalidInput(list(first.values())) from None


def _by_flag(found: "ErrorDetails") -> Problem:
    field = str(found["loc"][0]) if found["loc"] else ""
    message = found["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return Problem(_FLAGS.get(field, field), message)


def _numbers(flag: str, text: str) -> list[int]:
    found = [_parsed(flag, part, parse_count) for part in re.split(r"[,;\s]+", text) if part]
    if not found:
        raise InvalidInput.at(flag, "write whole numbers such as 1,2,4")
    return found


def _parsed(flag: str, text: str, parse: Callable[[str], T]) -> T:
    """`parse(text)`. Raises InvalidInput at the flag for its ValueError."""
    try:
        return parse(text)
    except ValueError as error:
        raise InvalidInput.at(flag, str(error)) from None
