"""`katydid lab`: serves a practice target."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from webui.errors import AddressInUse, InvalidInput, Problem, TargetFailed

if TYPE_CHECKING:
    from webui.lab.manager import LabManager, RunningTarget
    from webui.lab.model import PracticeTarget, Setup

PREFERRED_PORT = 8091


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command("lab")(lab)


def lab(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Serve this one. Default: list them.", show_default=False),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name the practice targets and exit.")] = False,
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", help="Worker processes.", show_default=False),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option("--server", metavar="NAME", help="uvicorn or gunicorn.", show_default=False),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("-o", "--option", metavar="NAME=N", help="Set one of its options. May be repeated."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=0,
            max=65535,
            metavar="N",
            help="The port; 0 takes any free one.",
            show_default="8091, or a free one",
        ),
    ] = None,
    source: Annotated[bool, typer.Option("--source", help="Print its source text and exit.")] = False,
    spoil: Annotated[bool, typer.Option("--spoil", help="Say at once what a diagnosis should find.")] = False,
) -> None:
    """Serve a practice target: a small real service on this machine whose behaviour is known."""
    from webui.cli.console import say
    from webui.lab.registry import TARGETS, find

    if name is None or list_:
        say("\n".join(_listed(TARGETS)))
    elif source:
        say(find(name).source.rstrip())
    else:
        asked = {"workers": workers, "server": server, "options": _options(option or [])}
        _run(find(name), asked, port, spoil=spoil)


def _run(target: "PracticeTarget", asked: dict[str, Any], port: int | None, *, spoil: bool) -> None:
    """Serves until SIGINT or SIGTERM. Raises what LabManager.start raises; flags stand for fields."""
    try:
        asyncio.run(_serve(target, asked, port, spoil=spoil))
    except InvalidInput as error:
        raise InvalidInput([Problem(_flag(each.field), each.message) for each in error.problems]) from error


async def _serve(target: "PracticeTarget", asked: dict[str, Any], port: int | None, *, spoil: bool) -> None:
    from webui.cli.console import say
    from webui.cli.interrupts import interrupts
    from webui.lab.manager import LabManager

    lab, task = LabManager(), asyncio.current_task()
    running: RunningTarget | None = None
    assert task is not None
    try:
        with interrupts(task.cancel), contextlib.suppress(asyncio.CancelledError):
            running = await _started(lab, target.name, asked, port)
            say("\n".join(_introduction(running, spoil=spoil)))
            last_words = await lab.ended(running.id)
            raise TargetFailed(f"the practice target ended by itself; its last words: {last_words or 'none'}")
        if running is not None and not spoil:
            say("\n".join(["", *_answer(target, running.setup)]))
    finally:
        await lab.close()


async def _started(lab: "LabManager", name: str, asked: dict[str, Any], port: int | None) -> "RunningTarget":
    """On `port` (0: any); where none was given on the preferred one, or where that is taken on any."""
    if port is not None:
        return await lab.start(name, **asked, port=port or None)
    try:
        return await lab.start(name, **asked, port=PREFERRED_PORT)
    except AddressInUse:
        return await lab.start(name, **asked)


def _listed(targets: "Sequence[PracticeTarget]") -> Iterator[str]:
    from webui.lab.commands import INSTALL, extra_installed

    width = max(len(target.name) for target in targets)
    for target in targets:
        yield f"{target.name:<{width}}  {target.teaches}"
    if not extra_installed():
        missing = ", ".join(target.name for target in targets if target.needs_extra)
        yield f"\nStill to be installed for {missing} and --server gunicorn: {INSTALL}"
    yield f"\nServe one: katydid lab {targets[0].name}"


def _introduction(running: "RunningTarget", *, spoil: bool) -> Iterator[str]:
    target = running.target
    yield f"{running.url}  {target.teaches}"
    yield f"Served by {_served_by(running.setup)}. Its source: katydid lab {target.name} --source"
    yield ""
    if spoil:
        yield from _answer(target, running.setup)
    else:
        yield f"Predict, with its defaults: {target.question.text}"
        yield from (
            f"  {letter}) {choice}" for letter, choice in zip("abcdef", target.question.choices, strict=False)
        )
    yield f"Measure: katydid run {running.url} --sweep 1..256 --canary {target.canary}"
    yield ""
    yield "Ready. Press Ctrl-C to end" + ("." if spoil else ", and for the answer.")


def _served_by(setup: "Setup") -> str:
    workers = "1 worker" if setup.workers == 1 else f"{setup.workers} workers"
    options = "".join(f", {name}={value}" for name, value in setup.options.items())
    return f"{setup.server} with {workers}{options}"


def _answer(target: "PracticeTarget", setup: "Setup") -> Iterator[str]:
    """What is right in the prediction, and what a diagnosis should find in this setup."""
    at_a_time = target.at_a_time(setup)
    yield f"With its defaults: {target.question.answer}. {target.question.because}"
    yield f"A diagnosis should find: {target.expects.sentence}"
    if at_a_time is not None:
        yield f"Requests at a time, as it was started here: {at_a_time:g}."


def _flag(field: str) -> str:
    return "--option" if field.startswith("options.") else f"--{field}"


def _options(given: Sequence[str]) -> dict[str, int]:
    """`["calls=5"]` as a mapping. Raises InvalidInput."""
    found = {}
    for text in given:
        name, _, value = text.partition("=")
        if not name or not value.isdecimal() or len(value) > 9:
            raise InvalidInput.at("--option", f"is NAME=N, such as threads=10, not {text[:60]!r}")
        found[name] = int(value)
    return found
