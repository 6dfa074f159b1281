"""`katydid experiment`: one load over a grid of variants and numbers of users."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from webui.cli.spreading import in_panel
from webui.errors import InvalidInput, Problem
from webui.units import parse_count, parse_duration

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from webui.experiments import Definition, StartCommand
    from webui.lab.model import PracticeTarget

T = TypeVar("T")
_tried = in_panel("What is tried")
_load = in_panel("Load")
_result = in_panel("Result")
_Text = str | None
_Texts = list[str] | None
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
    app.command("experiment")(experiment)


def experiment(
    lab: Annotated[_Text, _tried("--lab", metavar="NAME", says="Try this practice target.")] = None,
    workers: Annotated[
        _Text, _tried("--workers", metavar="LIST", says="With --lab: numbers of workers, such as 1,2,4.")
    ] = None,
    variant: Annotated[
        _Texts,
        _tried("--variant", metavar="LABEL=URL", says="Try the service at this address. May be repeated."),
    ] = None,
    start: Annotated[
        _Texts,
        _tried(
            "--start",
            metavar="LABEL=COMMAND",
            says="Try the service that this command starts on {port}, and end it. May be repeated.",
        ),
    ] = None,
    start_timeout: Annotated[
        str,
        typer.Option(
            "--start-timeout",
            metavar="TIME",
            help="With --start: how long a service may take until it answers.",
            rich_help_panel="What is tried",
        ),
    ] = "30s",
    path: Annotated[
        _Text, _tried("--path", metavar="PATH", says="What is asked of your services (/).")
    ] = None,
    users: Annotated[
        _Text,
        _load("--users", "-u", metavar="LIST", says="Users at a time, one column each (1,4,16,64,256)."),
    ] = None,
    time: Annotated[
        _Text, _load("--time", "-t", metavar="TIME", says="How long each cell lasts (3s).")
    ] = None,
    warmup: Annotated[
        _Text,
        _load("--warmup", metavar="TIME", says="Load before each cell, in none of its figures (500ms)."),
    ] = None,
    diagnose: Annotated[
        bool,
        _load("--diagnose/--no-diagnose", says="Sweep each variant too, to say why it behaves so (yes)."),
    ] = True,
    may_test: Annotated[
        bool, _load("--i-may-test", says="Yes, I may test the public addresses in this experiment.")
    ] = False,
    name: Annotated[_Text, _result("--name", metavar="TEXT", says="What lists call it.")] = None,
    json_file: Annotated[
        _Text,
        _result("--json", metavar="FILE|-", says="Write the result document here; - is standard output."),
    ] = None,
    save: Annotated[
        bool, _result("--save/--no-save", says="Keep it where the dashboard sees it, or nowhere (keep).")
    ] = True,
    database_url: Annotated[
        _Text, _result("--database-url", metavar="URL", says="Keep it in this database.")
    ] = None,
    data_dir: Annotated[
        _Text, _result("--data-dir", metavar="DIR", says="The folder of the database.")
    ] = None,
    quiet: Annotated[bool, _result("--quiet", "-q", says="Show nothing while it runs.")] = False,
) -> int:
    """Try several variants of a service, each with several numbers of users, and see what changes.

    Variants are numbers of workers of a practice target, addresses, or services that commands of yours start:
    --start 'two=uvicorn app:app --port {port} --workers 2'.

    Exit codes: 0 every cell was measured, 1 some were not, 2 wrong usage, 3 nothing could be measured,
    4 the generator failed, 130 interrupted.
    """
    from webui.cli.output import Output

    output = Output(quiet, {} if json_file is None else {"json": json_file})
    output.check()
    commands = _commands(start or [], _parsed("--start-timeout", start_timeout, parse_duration))
    if lab is not None and path is not None:
        raise InvalidInput.at(
            "--path", "goes with services of yours; a practice target has a route of its own"
        )
    given: dict[str, Any] = {"path": path, "name": name, "diagnose": diagnose}
    if users is not None:
        given["users"] = _numbers("--users", users)
    if time is not None:
        given["cell_s"] = _parsed("--time", time, parse_duration)
    if warmup is not None:
        given["warmup_s"] = _parsed("--warmup", warmup, parse_duration)
    definition = _definition(given | _tried_of(lab, workers, variant or [], commands))
    from webui.cli.one_experiment import experiment_once  # takes a second, which mistakes need not wait for

    places = {"database_url": database_url, "data_dir": data_dir}
    return experiment_once(definition, commands, output, places if save else None, may_test=may_test)


def _tried_of(
    lab: str | None, workers: str | None, variants: Sequence[str], commands: "dict[str, StartCommand]"
) -> dict[str, Any]:
    """`target` and `variants` of the definition. Raises InvalidInput, NotFound."""
    from webui.experiments.model import DEFAULT_WORKERS, labelled_address, over_workers
    from webui.lab.registry import find

    if lab is None:
        if workers is not None:
            raise InvalidInput.at(
                "--workers", "goes with --lab; a service of yours takes it in its --start command"
            )
        own: list[dict[str, Any]] = [labelled_address(text) for text in variants]
        own += [{"label": label, "started": True} for label in commands]
        if not own:
            raise InvalidInput.at(
                "--variant", "say what to try: --lab NAME, --variant LABEL=URL or --start LABEL=COMMAND"
            )
        return {"variants": own}
    if variants or commands:
        raise InvalidInput.at("--lab", "try a practice target or services of your own, not both")
    target = find(lab)
    counts = DEFAULT_WORKERS if workers is None else tuple(_numbers("--workers", workers))
    for count in counts if workers is not None else ():
        _check_workers(target, count)  # one that it does not take is named here, not left out
    return {"target": lab, "variants": [each.model_dump() for each in over_workers(target, counts)]}


def _check_workers(target: "PracticeTarget", count: int) -> None:
    """Raises InvalidInput, with the flag for the field."""
    try:
        target.setup(workers=count)
    except InvalidInput as error:
        raise InvalidInput([Problem("--workers", each.message) for each in error.problems]) from error


def _commands(given: Sequence[str], timeout_s: float) -> "dict[str, StartCommand]":
    from webui.experiments import StartCommand

    found: dict[str, StartCommand] = {}
    for text in given:
        label, equals, command = (part.strip() for part in text.partition("="))
        if not equals or not label:
            raise InvalidInput.at("--start", f"is LABEL=COMMAND, not {text[:80]!r}")
        if label in found:
            raise InvalidInput.at("--start", f"two variants have the label {label!r}")
        found[label] = _parsed("--start", command, lambda text: StartCommand.parse(text, timeout_s))
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
