"""Lists of runs: which rows, in which order, and where the next page begins. Builds statements, runs none.

A page ends at a row, and the next begins after that row's place in the order. So rows that are added or
deleted meanwhile make no row appear twice or not at all, and a late page costs no more than the first.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

from sqlalchemy import ColumnElement, Select, false, func, select, true, tuple_
from sqlalchemy import literal as bound

from webui.errors import InvalidInput
from webui.store.records import LIVE, MAX_PAGE, RunQuery, Sort
from webui.store.tables import SHOWN, SORT_KEYS, Moment, run_tags, runs

_LARGEST = 2**63  # numbers in a database are below


def check(query: RunQuery) -> None:
    """Raises InvalidInput for a sort or limit that there is not."""
    if query.sort not in get_args(Sort):
        raise InvalidInput.at("sort", f"must be one of {', '.join(get_args(Sort))}")
    if not 1 <= query.limit <= MAX_PAGE:
        raise InvalidInput.at("limit", f"must be between 1 and {MAX_PAGE}, not {query.limit}")


def page_statement(query: RunQuery) -> Select[Any]:
    """One row more than the page holds, which tells whether there is another page. The columns of
    `runs`, then the order's keys. Raises InvalidInput."""
    check(query)
    keys = [*SORT_KEYS[query.sort], runs.c.id]
    labelled = [key.label(f"key_{number}") for number, key in enumerate(keys)]
    statement = select(runs, *labelled).where(*filters(query))
    if query.cursor is not None:
        place = tuple_(*(bound(value, key.type) for value, key in zip(_read(query), keys, strict=True)))
        row = tuple_(*keys)
        statement = statement.where(row < place if query.descending else row > place)
    # Few rows are sorted faster than the whole order's index is searched for them, which SQLite would do: it
    # is kept from that by an expression that no index has.
    by = [func.coalesce(key, key) for key in keys] if _few(query) else keys
    order = [key.desc() if query.descending else key.asc() for key in by]
    return statement.order_by(*order).limit(query.limit + 1)


def _few(query: RunQuery) -> bool:
    narrow = query.plan_key is not None or query.experiment_id is not None or query.pinned is True
    return query.status == "live" or (narrow and query.sort != "created")


def count_statement(query: RunQuery) -> Select[Any]:
    """How many runs the filters let through."""
    unsorted = replace(query, sort="created")  # found as is quickest
    return select(func.count()).select_from(runs).where(*filters(unsorted))


def cursor_after(query: RunQuery, keys: Sequence[Any]) -> str:
    """The cursor of the page that follows a row with these values of the order's keys."""
    return written_cursor([query.sort, query.descending, *keys])


def written_cursor(values: Sequence[Any]) -> str:
    """A cursor that `read_cursor` reads back; moments become text."""
    document = json.dumps([_written(value) for value in values], separators=(",", ":"))
    return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")


def read_cursor(cursor: str, length: int) -> list[Any]:
    """That many values, of which nothing is known. Raises InvalidInput for what is no cursor."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, RecursionError, binascii.Error) as error:
        raise foreign_cursor() from error
    if not isinstance(values, list) or len(values) != length:
        raise foreign_cursor()
    return values


def foreign_cursor() -> InvalidInput:
    """The error for a cursor of another list, or of none."""
    return InvalidInput.at(
        "cursor", "is not a cursor of this list: take next_cursor from a page with the same order"
    )


def folded(*texts: str) -> str:
    """The text that searches look into."""
    return "\n".join(texts).casefold()


def filters(query: RunQuery) -> list[ColumnElement[bool]]:
    """The conditions on `runs` that the query names; deleted runs are never let through."""
    return [SHOWN, *_searched(query), *_in_time(query), *_equal(query)]


def _searched(query: RunQuery) -> Iterator[ColumnElement[bool]]:
    # The target is part of the searched text, which an index holds: that sorts out most rows unread.
    words = [*query.search.split(), *filter(None, [query.target.strip()])]
    found = [runs.c.search.contains(folded(word), autoescape=True) for word in words]
    if found and query.sort not in ("created", "status"):
        # The indexes of the other orders do not hold that text: found by one that does, sorted by id.
        inner = runs.alias("searched")
        texts = [inner.c.search.contains(folded(word), autoescape=True) for word in words]
        yield runs.c.id.in_(select(inner.c.id).where(inner.c.deleted_at.is_(None), *texts))
    else:
        yield from found
    if query.target.strip():
        yield func.lower(runs.c.target).contains(query.target.strip().lower(), autoescape=True)
    if query.tag:
        yield runs.c.id.in_(select(run_tags.c.run_id).where(run_tags.c.tag == query.tag))


def _in_time(query: RunQuery) -> Iterator[ColumnElement[bool]]:
    if query.since is not None:
        yield runs.c.created_at >= query.since
    if query.until is not None:
        yield runs.c.created_at < query.until


def _equal(query: RunQuery) -> Iterator[ColumnElement[bool]]:
    if query.status == "live":
        yield runs.c.status.in_(LIVE)
    elif query.status:
        yield runs.c.status == query.status
    if query.plan_key is not None:
        yield runs.c.plan_key == query.plan_key
    if query.pinned is not None:
        yield runs.c.pinned.is_(true() if query.pinned else false())
    if query.experiment_id is not None:
        yield runs.c.experiment_id == query.experiment_id


def _read(query: RunQuery) -> list[Any]:
    """The values of the order's keys at the cursor's place. Raises InvalidInput for a foreign cursor."""
    assert query.cursor is not None
    keys = [*SORT_KEYS[query.sort], runs.c.id]
    sort, descending, *values = read_cursor(query.cursor, len(keys) + 2)
    if [sort, descending] != [query.sort, query.descending]:
        raise foreign_cursor()
    try:
        return [_value(value, key) for value, key in zip(values, keys, strict=True)]
    except (ValueError, TypeError) as error:
        raise foreign_cursor() from error


def _value(value: Any, key: ColumnElement[Any]) -> Any:
    if isinstance(key.type, Moment):
        return read_moment(value)
    number = key.type.python_type in (int, float)
    wanted = (int, float) if number else (key.type.python_type,)
    if not isinstance(value, wanted) or isinstance(value, bool) or (number and not abs(value) < _LARGEST):
        raise TypeError
    return float(value) if key.type.python_type is float else value


def read_moment(text: str) -> datetime:
    """The moment that a cursor names. Raises ValueError, TypeError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without its offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a moment before the year 1 or after 9999") from error


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
