"""`katydid import`: a run from its JSON export into the store."""

from pathlib import Path
from typing import Annotated

import typer

from webui.cli.database_flags import DataDir

_Text = str | None


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command("import")(import_run)


def import_run(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A run's JSON export; - is standard input.")],
    database_url: Annotated[
        _Text, typer.Option("--database-url", metavar="URL", help="Keep it here.", show_default=False)
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Bring an exported run back: where the dashboard sees it, with all of its figures."""
    import asyncio

    from webui.cli.configuration import load_settings
    from webui.cli.console import printable, say
    from webui.exports.importing import put_run, read_run
    from webui.store import Store

    settings = load_settings({"database_url": database_url, "data_dir": data_dir})
    imported = read_run(_read(file))

    async def put() -> None:
        store = await Store.open(settings.store_url)
        try:
            await put_run(store, imported)
        finally:
            await store.close()

    asyncio.run(put())
    record = imported.record
    say(f"Imported {printable(record.name)}: katydid serve shows it as /runs/{record.id}")


def _read(file: str) -> bytes:
    """The file's bytes, one more than allowed at most. Raises InvalidInput."""
    import sys

    from webui.errors import InvalidInput
    from webui.exports.importing import MAX_BYTES

    try:
        if file == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(file).open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InvalidInput.at("FILE", f"{file!r} cannot be read: {reason}") from error
