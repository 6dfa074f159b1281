"""Addresses in lists without their secrets, as they are written since they are hidden there."""

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import unquote_plus

import sqlalchemy as sa
from alembic import op

from webui.plan.secrets import is_secret_name

revision = "0006"
down_revision = "0005"

_BATCH = 50  # with their plans, which may have many megabytes each
_USERINFO = re.compile(r"(?<=://)[^\s/@?#\"']+(?=@)")
_RUNS = sa.table(
    "runs",
    *(sa.column(name, sa.Text) for name in ("id", "name", "target", "search")),
    sa.column("tags", sa.JSON),
)
_DOCUMENTS = sa.table("documents", sa.column("run_id", sa.Text), sa.column("plan", sa.JSON))


def upgrade() -> None:
    """Hides logins and the values of secret parameters in the addresses of older runs, and in what searches
    look into."""
    connection = op.get_bind()
    last = ""
    while found := connection.execute(_after(last)).all():
        changed = [each for row in found if (each := _changed(row)) is not None]
        if changed:
            update = sa.update(_RUNS).where(_RUNS.c.id == sa.bindparam("run"))
            connection.execute(
                update.values(target=sa.bindparam("new_target"), search=sa.bindparam("new_search")), changed
            )
        last = found[-1].id


def _after(last: str) -> sa.Select[Any]:
    suspect = _RUNS.c.target.contains("?") | _RUNS.c.target.contains("@")
    joined = sa.outerjoin(_RUNS, _DOCUMENTS, _DOCUMENTS.c.run_id == _RUNS.c.id)
    columns = (*_RUNS.c, _DOCUMENTS.c.plan)
    return (
        sa.select(*columns)
        .select_from(joined)
        .where(suspect, _RUNS.c.id > last)
        .order_by(_RUNS.c.id)
        .limit(_BATCH)
    )


def _changed(row: sa.Row[Any]) -> dict[str, str] | None:
    marked = {str(name).lower() for name in (row.plan or {}).get("secrets") or ()}
    target = _without_secrets(row.target, marked)
    if target == row.target:
        return None
    search = "\n".join([row.name, target, *row.tags]).casefold()
    return {"run": row.id, "new_target": target, "new_search": search}


def _without_secrets(address: str, marked: Collection[str]) -> str:
    before, mark, query = _USERINFO.sub("hidden", address).partition("?")
    if not mark:
        return before
    parts = [part.partition("=") for part in query.split("&")]
    shown = [
        f"{name}=%5Bhidden%5D" if equals and _secret(unquote_plus(name), marked) else name + equals + value
        for name, equals, value in parts
    ]
    return f"{before}?{'&'.join(shown)}"


def _secret(name: str, marked: Collection[str]) -> bool:
    return is_secret_name(name) or name.lower() in marked
