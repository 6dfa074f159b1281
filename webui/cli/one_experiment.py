"""One experiment from start to exit code: what the dashboard has for it, for a single one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import uvloop

from webui.api.experiments import ExperimentDocument
from webui.cli import console
from webui.cli.exits import ExitCode
from webui.cli.heatmap import Display, display_on, report
from webui.cli.interrupts import Interrupts, interrupts
from webui.cli.machinery import Places, kept_in, machinery
from webui.cli.output import Output
from webui.errors import InvalidInput, Unconfirmed
from webui.experiments import Definition, Experiment, ExperimentManager, StartCommand
from webui.lab.manager import LabManager
from webui.settings import Settings

_LOOK_S = 0.2

Commands = Mapping[str, StartCommand]
Create = Callable[[ExperimentManager], Awaitable[Experiment]]


def experiment_once(
    definition: Definition, commands: Commands, output: Output, places: Places, *, may_test: bool = False
) -> int:
    """Runs the experiment and returns the exit code. `places`: where it is kept; None: nowhere. `may_test`:
    its public addresses may be tested."""

    async def create(experiments: ExperimentManager) -> Experiment:
        try:
            return await experiments.create(definition, commands, may_test=may_test)
        except Unconfirmed as error:
            said = f"{error.problems[0].message} by adding this flag"
            raise InvalidInput.at("--i-may-test", said) from error

    with kept_in(places) as settings:
        return uvloop.run(_run(create, output, settings, saved=places is not None))


async def _run(create: Create, output: Output, settings: Settings, *, saved: bool) -> int:
    task = asyncio.current_task()
    assert task is not None
    lab = LabManager()
    with interrupts(task.cancel) as handler:
        try:
            async with machinery(settings) as (store, manager):
                experiments = ExperimentManager(store, manager, lab)
                try:
                    experiment = await create(experiments)
                    ended = await _follow(
                        experiments, experiment, handler, display_on(console.stderr(), quiet=output.quiet)
                    )
                finally:
                    await experiments.close()
                return _conclude(ended, output, saved=saved, interrupted=handler.asked)
        except asyncio.CancelledError:
            if not handler.asked:
                raise
            return ExitCode.INTERRUPTED
        finally:
            await lab.close()


async def _follow(
    experiments: ExperimentManager, experiment: Experiment, handler: Interrupts, display: Display
) -> Experiment:
    """Shows it until it has ended; the first interrupt stops it."""
    stops: set[asyncio.Task[None]] = set()
    handler.on_first = lambda: stops.add(asyncio.ensure_future(experiments.stop(experiment.id)))
    with display:
        while experiment.live:
            display.show(experiment)
            await asyncio.sleep(_LOOK_S)
            experiment = await experiments.view(experiment.id)
        display.show(experiment)
    handler.on_first = lambda: None  # it has ended: what follows only writes the result
    return experiment


def _conclude(experiment: Experiment, output: Output, *, saved: bool, interrupted: bool) -> int:
    people = output.people
    people.print(report(experiment, people.width))
    if saved:
        people.print(f"Saved: katydid serve shows it as /experiments/{experiment.id}", style="dim")
    document = ExperimentDocument.of(experiment)
    output.write(lambda _: document.model_dump_json(indent=2).encode() + b"\n")
    return ExitCode.INTERRUPTED if interrupted else exit_code(experiment)


def exit_code(experiment: Experiment) -> ExitCode:
    """The code for an experiment that has ended by itself."""
    measured = [cell for cell in experiment.progress.cells if cell.status == "done"]
    if experiment.status != "finished":
        return ExitCode.GENERATOR_FAILED
    if not measured:
        return ExitCode.NOTHING_MEASURED
    return ExitCode.PASSED if len(measured) == len(experiment.progress.cells) else ExitCode.FAILED
