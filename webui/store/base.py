"""What the parts of the store share: the database, and methods that end whatever becomes of their caller."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Table

from webui.errors import NotFound
from webui.store.database import Database

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

_P = ParamSpec("_P")
_T = TypeVar("_T")
_S = TypeVar("_S", bound="StorePart")


class StorePart:
    """Some of the store's queries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def _insert_into(self, table: Table) -> "postgresql.Insert | sqlite.Insert":
        """An INSERT that may have an ON CONFLICT, which is written alike in both databases; SQLAlchemy has a
        construct for each. The other database's is not imported: PostgreSQL's takes as long as all tables."""
        if self._database.dialect == "postgresql":
            from sqlalchemy.dialects import postgresql

            return postgresql.insert(table)
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)


def whole(
    method: Callable[Concatenate[_S, _P], Coroutine[Any, Any, _T]],
) -> Callable[Concatenate[_S, _P], Coroutine[Any, Any, _T]]:
    """Lets the method run to its end whatever becomes of its caller: a statement that is cancelled while
    the driver's thread works on it can leave its connection behind, with the database locked."""

    @wraps(method)
    async def run(self: _S, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return await self._database.whole(method(self, *args, **kwargs))

    return run


def no_run(run_id: str) -> NotFound:
    """The error for a run that is not there, or is deleted."""
    return NotFound(f"There is no run {run_id}; it may have been deleted.")
