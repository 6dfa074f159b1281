"""The one boundary where the database's errors become Katydid's own: a sentence that names the database and
says what to do."""

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

# PostgreSQL's, by SQLSTATE or its first two characters, the class.
_SERVER_ADVICE = {
    "08": "does not keep its connection: see whether its server runs",
    "28": "refuses this login: check the user and password in its address, and the server's pg_hba.conf",
    "3D": "is not there: make it (createdb), or name another one",
    "40": _BUSY,
    "53": "has no room for this: its server is out of connections, memory or disk space",
    "53100": "cannot grow because its server's disk is full: free some space there",
    "53300": "takes no more connections: raise max_connections on its server, or close some of them",
    "55P03": _BUSY,
    "57014": _BUSY,
    "57P": "is not available, as its server stops or starts: wait",
    "58": "cannot be read or written because of a disk error: check its server's disk",
    "25006": "may only be read: name the server that takes writes, rather than a standby",
    "42P07": "has tables of another program in it: name another database",
    "42501": "does not give this user enough rights: let it create tables, and read and write them",
    "XX001": "is damaged: restore it from a backup",
    "XX002": "is damaged: restore it from a backup",
}
_OWN_FAULTS = ("22", "26", "42")  # data or statements that are wrong in themselves


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
    except (DBAPIError, PoolTimeoutError, sqlite3.Error, OSError) as error:
        if _own_fault(error):
            raise
        raise unavailable(url, error) from error


def _own_fault(error: Exception) -> bool:
    state = sqlstate(error)
    if state is not None:
        return state.startswith(_OWN_FAULTS) and state not in _SERVER_ADVICE
    return isinstance(error, (ProgrammingError, DataError))


def sqlstate(error: Exception) -> str | None:
    """PostgreSQL's code of the error, such as `42P07`; None for one that is not its server's."""
    found = getattr(_origin(error), "sqlstate", None)
    return found if isinstance(found, str) else None


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
    if (state := sqlstate(error)) is not None:
        of = (_SERVER_ADVICE.get(state[:length]) for length in (5, 3, 2))
        return next(filter(None, of), f"cannot be used: {_first_line(origin)}")
    if isinstance(error, PoolTimeoutError):
        return _BUSY
    if isinstance(origin, TimeoutError):
        return "does not answer: see whether its server runs and can be reached from here"
    return f"cannot be reached: {_first_line(origin)}"


def _origin(error: Exception) -> BaseException:
    origin: BaseException = error.orig if isinstance(error, DBAPIError) and error.orig else error
    # An async driver's error comes wrapped once more.
    while not isinstance(origin, (sqlite3.Error, TimeoutError)) and origin.__cause__ is not None:
        origin = origin.__cause__
    return origin


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
