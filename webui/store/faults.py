"""The one boundary where the database's errors become Katydid's own: a sentence that names the database and
says what to do."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from webui.errors import NotFound, StoreUnavailable

_BUSY = "is in use by another process that does not let go of it: wait, or end that process"
_DAMAGED = "is damaged: move it away to begin with an empty one, or restore it from a backup"
_NOT_OURS = "is not a Katydid database: name another file, or move this one away"
_READ_ONLY = "is not writable: give this user the right to write to the file and to its folder"
_ADVICE = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _NOT_OURS,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: check that it is a file which this user may read and write",
    sqlite3.SQLITE_FULL: "cannot grow because its disk is full: free some space",
    sqlite3.SQLITE_IOERR: "cannot be read or written because of a disk error: check the disk",
}


def where(url: URL) -> str:
    """How messages name the database: its file, or its address without the password."""
    if url.get_backend_name() == "sqlite":
        return f"The database file {url.database}"
    return f"The database {url.render_as_string(hide_password=True)}"


@contextmanager
def mapped(url: URL) -> Iterator[None]:
    """Raises StoreUnavailable for a database that cannot be used, and NotFound where a row refers to a
    run that is not there. Statements that are wrong in themselves are faults of this package and stay."""
    try:
        yield
    except IntegrityError as error:
        if not _refers_to_nothing(error):
            raise
        raise NotFound("There is no such run; it may have been deleted.") from error
    except (ProgrammingError, DataError):
        raise
    except (DBAPIError, PoolTimeoutError, sqlite3.Error, OSError) as error:
        raise unavailable(url, error) from error


def _refers_to_nothing(error: IntegrityError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None) or getattr(error.orig, "sqlstate", None)
    return code in (sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, "23503")


def unavailable(url: URL, error: Exception) -> StoreUnavailable:
    """The error with its sentence."""
    return StoreUnavailable(f"{where(url)} {_advice(error)}.")


def busy(url: URL) -> StoreUnavailable:
    """The error for a database that others write to without a pause."""
    return StoreUnavailable(f"{where(url)} {_BUSY}.")


def not_writable(url: URL) -> StoreUnavailable:
    """The error for a database that may only be read."""
    return StoreUnavailable(f"{where(url)} {_READ_ONLY}.")


def _advice(error: Exception) -> str:
    origin = _origin(error)
    if isinstance(origin, sqlite3.Error):
        # The low byte is the kind; the rest says more exactly where, which helps nobody here.
        code = getattr(origin, "sqlite_errorcode", 0) & 0xFF
        return _ADVICE.get(code, f"cannot be used: {origin}")
    if isinstance(error, (PoolTimeoutError, asyncio.TimeoutError)):
        return _BUSY
    return f"cannot be reached: {_first_line(origin)}"


def _origin(error: Exception) -> BaseException:
    origin: BaseException = error.orig if isinstance(error, DBAPIError) and error.orig else error
    # An async driver's error comes wrapped once more.
    while not isinstance(origin, sqlite3.Error) and origin.__cause__ is not None:
        origin = origin.__cause__
    return origin


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
