"""`katydid run`: one test from the command line."""

from dataclasses import dataclass
from typing import Annotated

import typer

from webui.cli.database_flags import SavingFlags
from webui.cli.plan_flags import PlanFlags
from webui.cli.spreading import in_panel, spread
from webui.errors import InvalidInput

_result = in_panel("Result")
_Text = str | None
_FORMATS = ("html", "junit", "hlog", "markdown", "k6")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFlags:
    """Where the result goes."""

    json_file: Annotated[
        _Text,
        _result("--json", metavar="FILE|-", says="Write the result document here; - is standard output."),
    ] = None
    csv: Annotated[_Text, _result("--csv", metavar="DIR", says="Write CSV files into this folder.")] = None
    html: Annotated[
        _Text, _result("--html", metavar="FILE|-", says="Write a report that opens in any browser, offline.")
    ] = None
    junit: Annotated[
        _Text, _result("--junit", metavar="FILE|-", says="Write JUnit XML: thresholds and checks.")
    ] = None
    hlog: Annotated[
        _Text, _result("--hlog", metavar="FILE|-", says="Write an HdrHistogram interval log.")
    ] = None
    markdown: Annotated[
        _Text, _result("--markdown", metavar="FILE|-", says="Write a summary for a pull request.")
    ] = None
    k6: Annotated[_Text, _result("--k6", metavar="FILE|-", says="Write a summary as k6 would.")] = None
    quiet: Annotated[bool, _result("--quiet", "-q", says="Show nothing while it runs.")] = False

    @property
    def files(self) -> dict[str, str]:
        """The files that were asked for, by format."""
        named = {"json": self.json_file} | {name: getattr(self, name) for name in _FORMATS}
        return {name: path for name, path in named.items() if path is not None}


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command("run")(spread(run))


def run(
    target: Annotated[
        str,
        typer.Argument(
            metavar="URL|PLAN", help="What to test: an address, or a plan in a .toml or .json file."
        ),
    ],
    flags: PlanFlags,
    result: ResultFlags,
    saving: SavingFlags,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", "-y", help="Yes, a sweep may repeat requests that are not GET, HEAD or OPTIONS."
        ),
    ] = False,
    may_test: Annotated[
        bool, typer.Option("--i-may-test", help="Yes, I may test the public addresses in this test.")
    ] = False,
) -> int:
    """Run one test and show its result.

    Flags override what a plan file says; headers, checks, tags and thresholds are added to its own.

    Exit codes: 0 passed, 1 a threshold failed or every request did, 2 wrong usage or plan, 3 nothing
    could be measured, 4 the generator failed, 130 interrupted.
    """
    from webui.cli.flags import by_flags, plan_of
    from webui.cli.output import Output
    from webui.plan.repeats import repeated_writes

    output = Output(result.quiet, result.files, result.csv)
    output.check()
    plan = plan_of(target, flags)
    if not yes and (what := repeated_writes(plan)):
        raise InvalidInput.at("--sweep", f"{what}; add --yes to go on")
    from webui.cli.one_run import run_once  # takes a second, which mistakes need not wait for

    return run_once(
        plan, output, saving.places, lambda error: by_flags(error, target, flags), may_test=may_test
    )
