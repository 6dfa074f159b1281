"""One run from start to exit code: store, fleet and manager as the dashboard has them, for one test."""

import asyncio
from collections.abc import Awaitable, Callable

import uvloop

from webui.cli import console, exits
from webui.cli.interrupts import Interrupts, interrupts
from webui.cli.live import Display, display_on, warmup_line
from webui.cli.machinery import Places, kept_in, machinery
from webui.cli.moments import moment_of
from webui.cli.output import Output
from webui.cli.summary import summary
from webui.errors import InvalidInput, Unconfirmed
from webui.exports import export
from webui.plan.model import Plan
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.settings import Settings

Explain = Callable[[InvalidInput], InvalidInput]
Create = Callable[[RunManager], Awaitable[RunView]]


def run_once(plan: Plan, output: Output, places: Places, explain: Explain, *, may_test: bool = False) -> int:
    """Runs the plan and returns the exit code. `places`: where it is kept; None: nowhere. `explain` names
    what is wrong with the plan as it was typed. `may_test`: its public addresses may be tested."""

    async def create(manager: RunManager) -> RunView:
        try:
            return await manager.create(plan, may_test=may_test)
        except Unconfirmed as error:
            raise InvalidInput.at(
                "--i-may-test", f"{error.problems[0].message} by adding this flag"
            ) from error
        except InvalidInput as error:
            raise explain(error) from error

    with kept_in(places) as settings:
        return uvloop.run(_run(create, output, settings, saved=places is not None))


async def _run(create: Create, output: Output, settings: Settings, *, saved: bool) -> int:
    task = asyncio.current_task()
    assert task is not None
    with interrupts(task.cancel) as handler:
        try:
            async with machinery(settings) as (_, manager):
                created = await create(manager)
                shown = display_on(console.stderr(), quiet=output.quiet)
                view = await _follow(manager, created, handler, shown)
                return _conclude(view, output, saved=saved, interrupted=handler.asked)
        except asyncio.CancelledError:
            if not handler.asked:
                raise
            return exits.ExitCode.INTERRUPTED


async def _follow(manager: RunManager, created: RunView, handler: Interrupts, display: Display) -> RunView:
    """Shows the run until it has ended."""
    stops: set[asyncio.Task[None]] = set()
    handler.on_first = lambda: stops.add(asyncio.ensure_future(manager.stop(created.id)))
    live = manager.get_live(created.id)
    if live is not None:
        with display:
            async with live.channel.subscribe(0) as events:
                async for event in events:
                    if event.view.warming is not None:
                        display.note(warmup_line(event.view.plan.warmup_s, *event.view.warming))
                    elif (moment := moment_of(event.view)) is not None:
                        display.show(moment)
    handler.on_first = lambda: None  # it has ended: what follows only writes the result
    return await manager.view(created.id)


def _conclude(view: RunView, output: Output, *, saved: bool, interrupted: bool) -> int:
    document = view.result()
    people = output.people
    people.print(summary(document))
    if view.unsaved:
        people.print(f"This run is not saved: {console.printable(view.unsaved)}")
    elif saved:
        people.print(f"Saved: katydid serve shows it as /runs/{view.id}", style="dim")
    output.write(lambda name: export(view, name).data)
    return exits.of_run(document, interrupted=interrupted)
