"""`katydid compare`: runs side by side, and a failing exit code where one got worse."""

from typing import Annotated

import typer

from webui.cli.database_flags import DataDir, ReadFrom


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command("compare")(compare)


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="BASE RUN…",
            help="Two to five runs: ids, beginnings of ids, or files with results (.json).",
        ),
    ],
    tolerance: Annotated[
        str,
        typer.Option(
            "--tolerance", metavar="PERCENT", help="How much slower a run may be: 5% is meant to be noise."
        ),
    ] = "5%",
    success_tolerance: Annotated[
        str,
        typer.Option("--success-tolerance", metavar="POINTS", help="How much its success rate may fall."),
    ] = "0.1",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the comparison as a JSON document instead.")
    ] = False,
    database_url: ReadFrom = None,
    data_dir: DataDir = None,
) -> int:
    """Compare runs with the first of them: each change with a 95 % interval and a word.

    Exit codes: 0 no run is surely worse than the first by more than the tolerance, 1 one is, 2 wrong usage,
    a run that there is not, or runs that cannot be compared.
    """
    import asyncio

    from webui.cli.compared import compared_runs
    from webui.cli.comparison import limits, report
    from webui.cli.configuration import load_settings

    allowed = limits(tolerance, success_tolerance)
    settings = load_settings({"database_url": database_url, "data_dir": data_dir})
    return report(asyncio.run(compared_runs(settings.store_url, runs)), allowed, as_json=as_json)
