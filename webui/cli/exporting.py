"""`katydid export`: a run from the store as a file."""

from typing import TYPE_CHECKING, Annotated

import typer

from webui.cli.database_flags import DataDir, ReadFrom

if TYPE_CHECKING:
    from webui.runs.model import RunView


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command("export")(export_run)


def export_run(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id, such as r_7h3k9m2p4q.")],
    name: Annotated[
        str,
        typer.Argument(
            metavar="FORMAT",
            help="json, html, junit, hlog, markdown, k6, csv (all CSV files, into a folder) or one of "
            "stats.csv, stats_history.csv, failures.csv, steps.csv, percentiles.csv.",
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE|DIR|-", help="Where to; - is standard output, the default."
        ),
    ] = "-",
    database_url: ReadFrom = None,
    data_dir: DataDir = None,
) -> None:
    """Write a run as a file: the same bytes as from its page and from the API, without secrets."""
    import asyncio

    from webui.cli.configuration import load_settings
    from webui.cli.output import CSV_FLAG, Output
    from webui.errors import InvalidInput
    from webui.exports import export, format_of

    if name != CSV_FLAG:
        format_of(name)
    elif output == "-":
        raise InvalidInput.at("--output", "name a folder for the CSV files, or one of them as the format")
    target = Output(True, csv=output) if name == CSV_FLAG else Output(True, {name: output})
    target.check()
    settings = load_settings({"database_url": database_url, "data_dir": data_dir})
    view = asyncio.run(_view(settings.store_url, run))
    target.write(lambda each: export(view, each).data)


async def _view(store_url: str, run_id: str) -> "RunView":
    from datetime import UTC, datetime

    from webui.runs.stored import stored_view
    from webui.store import Store

    store = await Store.open(store_url)
    try:
        return await stored_view(store, run_id, datetime.now(UTC))
    finally:
        await store.close()
