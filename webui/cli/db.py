"""`katydid db upgrade`: brings the database up to date."""

from typing import Annotated

import typer

from webui.cli.database_flags import DataDir

commands = typer.Typer(help="The database that runs are kept in.", no_args_is_help=False)


def add_to(app: typer.Typer) -> None:
    """Adds this group of commands."""
    app.add_typer(commands, name="db")


@commands.callback()
def _group() -> None:
    """The database that runs are kept in."""


@commands.command()
def upgrade(
    database_url: Annotated[
        str | None, typer.Option("--database-url", metavar="URL", help="Which database.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Bring the database to this version's schema, making it where there is none. `serve` and `run` do so
    by themselves."""
    import asyncio

    from webui.cli.configuration import load_settings
    from webui.cli.console import say
    from webui.store import Store

    settings = load_settings({"database_url": database_url, "data_dir": data_dir})

    async def bring_up_to_date() -> None:
        store = await Store.open(settings.store_url)
        await store.close()

    asyncio.run(bring_up_to_date())
    say("The database is up to date.")
