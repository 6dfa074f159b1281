"""The tables as they are after the newest migration. A change here needs a migration beside it.

`runs` holds only what lists need, so that scanning 100,000 of them reads little; the two large documents
of a run are apart, in `documents`. Types are portable: nothing here is SQLite's or PostgreSQL's alone.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    false,
    func,
    literal_column,
    text,
)

from webui.store.records import Sort

metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s"}
)

# Sorts figures that are null below all others; every real figure is 0 or more. Written out in the SQL and
# not bound, as an index on an expression serves only the very same expression.
UNMEASURED = literal_column("-1", Integer)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, in UTC in the database. SQLite keeps no offset, so it is taken off and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _WithoutNul:
    """PostgreSQL's text holds no NUL: there a sign that stands for an unknown one is in its place, in what is
    stored and in what is looked for alike."""

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or dialect.name != "postgresql":
            return value
        return value.replace("\0", "\ufffd")


class Words(_WithoutNul, TypeDecorator[str]):
    """Text of any length."""

    impl = Text
    cache_ok = True


class Word(_WithoutNul, TypeDecorator[str]):
    """Short text, of a largest length."""

    impl = String
    cache_ok = True


def _run_id(name: str = "run_id", **options: Any) -> Column[str]:
    return Column(name, Word(64), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False, **options)


runs = Table(
    "runs",
    metadata,
    Column("id", Word(64), primary_key=True),
    Column("created_at", Moment, nullable=False),
    Column("status", Word(20), nullable=False),
    Column("status_reason", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("target", Words, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("search", Words, nullable=False),  # name, target and tags, case folded
    Column("load", Words, nullable=False),
    Column("planned_s", Float),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Column("owner", Word(200), nullable=False),
    Column("heartbeat_at", Moment),
    Column("shards", Integer, nullable=False),
    Column("load_s", Float),
    Column("throughput_rps", Float),
    Column("p95_ms", Float),
    Column("success_percent", Float),
    Column("sent", BigInteger),
    Column("spark", JSON, nullable=False),
    Column("note", Words, nullable=False),
    Column("plan_key", Word(64)),  # null: not worked out yet, see `webui.runs.upkeep`
    Column("pinned", Boolean, nullable=False, server_default=false()),
    Column("deleted_at", Moment),
    Column("p50_ms", Float),
    Column("p99_ms", Float),
    Column("spark_p95", JSON(none_as_null=True)),
    Column("pattern", Word(20)),
    Column("experiment_id", Word(64)),
    Column("cell", JSON(none_as_null=True)),
)

run_tags = Table(
    "run_tags",
    metadata,
    Column("tag", Word(200), primary_key=True),
    _run_id(primary_key=True),
)

documents = Table(
    "documents",
    metadata,
    _run_id(primary_key=True),
    Column("plan", JSON, nullable=False),
    Column("result", LargeBinary),  # JSON, compressed by zlib
    Column("baseline", JSON(none_as_null=True)),  # what it is held against, as that was at its start
)

snapshots = Table(
    "snapshots",
    metadata,
    _run_id(primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

shares = Table(
    "shares",
    metadata,
    Column("token", Word(64), primary_key=True),
    Column("run_id", Word(64), ForeignKey("runs.id", ondelete="CASCADE")),  # null: it is an experiment's
    Column("created_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("expires_at", Moment),
    Column("views", Integer, nullable=False, server_default=text("0")),
    Column("last_viewed_at", Moment),
    Column("hide_target", Boolean, nullable=False, server_default=false()),
    Column(
        "runs", JSON(none_as_null=True)
    ),  # of a shared comparison: all its runs' ids, `run_id` the first of them
    Column("experiment_id", Word(64), ForeignKey("experiments.id", ondelete="CASCADE")),
)

baselines = Table(
    "baselines",
    metadata,
    Column("plan_key", Word(64), primary_key=True),
    _run_id(),
)

experiments = Table(
    "experiments",
    metadata,
    Column("id", Word(64), primary_key=True),
    Column("name", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("status", Word(20), nullable=False),
    Column("owner", Word(200), nullable=False),
    Column("definition", JSON, nullable=False),
    Column("result", JSON(none_as_null=True)),
)

# What one process asks of the one that runs a run, see `webui.store.commands`.
commands = Table(
    "commands",
    metadata,
    Column("id", Word(64), primary_key=True),
    Column("owner", Word(200), nullable=False),  # who is asked
    Column("run_id", Word(64), nullable=False),
    Column("kind", Word(20), nullable=False),
    Column("arguments", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("taken_at", Moment),  # when its owner began with it
    Column("answer", JSON(none_as_null=True)),
)

# Deleted runs are in no list until they are purged.
SHOWN = runs.c.deleted_at.is_(None)

# What a list is sorted by, the run's id last. The same expressions stand in the indexes, else these would
# not be used.
SORT_KEYS: dict[Sort, tuple[ColumnElement[Any], ...]] = {
    "created": (runs.c.created_at,),
    "name": (func.lower(runs.c.name, type_=Words()),),
    "status": (runs.c.status, runs.c.created_at),
    "target": (runs.c.target,),
    "throughput": (func.coalesce(runs.c.throughput_rps, UNMEASURED),),
    "p95": (func.coalesce(runs.c.p95_ms, UNMEASURED),),
    "success": (func.coalesce(runs.c.success_percent, UNMEASURED),),
    "requests": (func.coalesce(runs.c.sent, UNMEASURED),),
}
