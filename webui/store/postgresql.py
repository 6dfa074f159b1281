"""What is PostgreSQL's alone: its addresses, and how its connections are opened."""

from inspect import signature
from typing import Any, Final

from sqlalchemy import URL

from webui.errors import InvalidInput

CONNECT_S: Final = 5.0  # how long a server may take to answer
STATEMENT_S: Final = 60.0
_OF_SQLALCHEMY = {"prepared_statement_cache_size", "prepared_statement_name_func"}


def for_driver(url: URL) -> URL:
    """The address with `sslmode`, which other programs write, as the driver calls it.

    Raises InvalidInput for an option that the driver does not have, and where there is no driver.
    """
    try:
        import asyncpg
    except ModuleNotFoundError as error:
        needs = "PostgreSQL needs a package that is not installed: pip install 'katydid[postgres]'"
        raise InvalidInput.at("database_url", needs) from error
    query = {{"sslmode": "ssl"}.get(name, name): value for name, value in url.query.items()}
    unknown = sorted(query.keys() - signature(asyncpg.connect).parameters.keys() - _OF_SQLALCHEMY)
    if unknown:
        raise InvalidInput.at("database_url", f"has options that are not known: {', '.join(unknown)}")
    return url.set(query=query)


def arguments(url: URL, busy_s: float) -> dict[str, Any]:
    """What a connection is opened with, unless the address says otherwise: nothing is waited for without end,
    neither a server that does not answer nor another program's lock."""
    settings = {"application_name": "katydid", "lock_timeout": f"{busy_s * 1000:.0f}"}
    given = {"timeout": CONNECT_S, "command_timeout": STATEMENT_S, "server_settings": settings}
    return {name: value for name, value in given.items() if name not in url.query}


async def connect(url: URL, busy_s: float = CONNECT_S) -> Any:
    """A connection of the driver's own, outside the pool."""
    import asyncpg

    _, options = url.get_dialect()().create_connect_args(url)
    given = {name: value for name, value in options.items() if name not in _OF_SQLALCHEMY}
    return await asyncpg.connect(**arguments(url, busy_s), **given)


def faults() -> tuple[type[Exception], ...]:
    """What a connection of the driver's own raises when its server is not there, or refuses."""
    import asyncpg

    return (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
