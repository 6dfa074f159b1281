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

from sqlalchemy import ColumnElement, Row, Select, false, func, select, true, tuple_
from sqlalchemy import literal as bound

from webui.errors import InvalidInput
from webui.store.records import LIVE, MAX_PAGE, RunQuery, Sort
from webui.store.tables import SHOWN, SORT_KEYS, Moment, run_tags, runs

_ALONG = ("created", "status")  # orders whose keys stand in the indexes that hold the searched text
_LARGEST = 2**63  # numbers in a database are below


def check(query: RunQuery) -> None:
    """Raises InvalidInput for a sort or limit that there is not."""
    if query.sort not in get_args(Sort):
        raise InvalidInput.at("sort", f"must be one of {', '.join(get_args(Sort))}")
    if not 1 <= query.limit <= MAX_PAGE:
        raise InvalidInput.at("limit", f"must be between 1 and {MAX_PAGE}, not {query.limit}")


def page_statement(query: RunQuery, dialect: str = "sqlite") -> Select[Any]:
    """One row more than the page holds, which tells whether there is another page. The columns of `runs`,
    then the order's keys; then `total` where the filters read all runs anyway. Raises InvalidInput."""
    check(query)
    return _found_page(query, dialect) if _reads_all(query) else _plain_page(query)


def _plain_page(query: RunQuery) -> Select[Any]:
    statement = fitting(select(runs, *_labelled(_keys(query))), query)
    return _from_cursor(statement, query, _keys(query), few=_few(query))


def _found_page(query: RunQuery, dialect: str) -> Select[Any]:
    """The runs that fit are found once, and counted and put in order from there; of those on the page alone
    the whole rows are read."""
    keys = _keys(query)
    # PostgreSQL has their rows in hand. SQLite has an index that holds the searched text and two orders'
    # keys; the other orders' indexes are asked for what was found.
    along = dialect == "postgresql" or query.sort in _ALONG
    found = fitting(select(runs.c.id, *_labelled(keys if along else [])), query).cte("found")
    if along:
        keys = [found.c[f"key_{number}"] for number in range(len(keys))]
        place = select(found)
    else:
        place = select(runs.c.id, *_labelled(keys)).where(SHOWN, runs.c.id.in_(select(found.c.id)))
    top = _from_cursor(place, query, keys).subquery("top")
    labels = [top.c[f"key_{number}"] for number in range(len(keys))]
    total = select(func.count()).select_from(found).scalar_subquery().label("total")
    statement = select(runs, *labels, total).join(top, top.c.id == runs.c.id)
    return statement.order_by(*(key.desc() if query.descending else key.asc() for key in labels))


def _from_cursor(
    statement: Select[Any], query: RunQuery, keys: Sequence[ColumnElement[Any]], *, few: bool = False
) -> Select[Any]:
    """The statement from the cursor's place on, in order, as long as a page and one row more."""
    if query.cursor is not None:
        values = zip(_read(query), keys, strict=True)
        place = tuple_(*(bound(value, key.type) for value, key in values))
        statement = statement.where(tuple_(*keys) < place if query.descending else tuple_(*keys) > place)
    # Few rows are sorted faster than the whole order's index is searched for them, which SQLite would do: it
    # is kept from that by an expression that no index has.
    by = [func.coalesce(key, key) for key in keys] if few else keys
    order = [key.desc() if query.descending else key.asc() for key in by]
    return statement.order_by(*order).limit(query.limit + 1)


def _keys(query: RunQuery) -> list[ColumnElement[Any]]:
    return [*SORT_KEYS[query.sort], runs.c.id]


def _labelled(keys: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    return [key.label(f"key_{number}") for number, key in enumerate(keys)]


def _reads_all(query: RunQuery) -> bool:
    """Whether no index leads to the runs that fit."""
    unfiltered = replace(query, tag=None) == RunQuery(
        sort=query.sort, descending=query.descending, limit=query.limit, cursor=query.cursor
    )
    return bool(query.search.split() or query.target.strip() or (query.tag and not unfiltered))


def _few(query: RunQuery) -> bool:
    narrow = query.plan_key is not None or query.experiment_id is not None or query.pinned is True
    return query.status == "live" or (narrow and query.sort != "created")


def count_statement(query: RunQuery) -> Select[Any]:
    """How many runs the filters let through."""
    if query.tag and not _reads_all(query):  # deleted runs are few: all of the label are counted but those
        deleted = select(runs.c.id).where(runs.c.deleted_at.is_not(None))
        mine = (run_tags.c.tag == query.tag, run_tags.c.run_id.not_in(deleted))
        return select(func.count()).select_from(run_tags).where(*mine)
    return fitting(select(func.count()).select_from(runs), query)


def cursor_after(query: RunQuery, row: Row[Any]) -> str:
    """The cursor of the page that follows a row of `page_statement`."""
    keys = [getattr(row, f"key_{number}") for number in range(len(_keys(query)))]
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
        json.dumps(values, ensure_ascii=False).encode()  # half a character cannot be looked for
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


def fitting(statement: Select[Any], query: RunQuery) -> Select[Any]:
    """A statement on `runs`, of those alone that the query lets through; never of deleted ones."""
    conditions = [SHOWN, *_searched(query, runs.c.search), *_in_time(query), *_equal(query)]
    target = query.target.strip()
    if target:
        # The target is part of the searched text, which an index holds: that sorts out most rows unread. The
        # offset keeps SQLite from reading them all for both conditions at once.
        inner = runs.alias("inner")
        fits = [inner.c.deleted_at.is_(None), *_searched(query, inner.c.search)]
        likely = select(inner.c.id).where(*fits).offset(0).subquery("likely")
        statement = statement.join(likely, likely.c.id == runs.c.id)
        lower = func.lower(runs.c.target, type_=runs.c.target.type)  # which cares for what is looked for, too
        conditions.append(lower.contains(target.lower(), autoescape=True))
    return statement.where(*conditions)


def _searched(query: RunQuery, text: ColumnElement[str]) -> Iterator[ColumnElement[bool]]:
    for word in (*query.search.split(), *filter(None, [query.target.strip()])):
        yield text.contains(folded(word), autoescape=True)


def _in_time(query: RunQuery) -> Iterator[ColumnElement[bool]]:
    if query.since is not None:
        yield runs.c.created_at >= query.since
    if query.until is not None:
        yield runs.c.created_at < query.until


def _equal(query: RunQuery) -> Iterator[ColumnElement[bool]]:
    if query.tag:
        yield runs.c.id.in_(select(run_tags.c.run_id).where(run_tags.c.tag == query.tag))
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
    keys = _keys(query)
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
