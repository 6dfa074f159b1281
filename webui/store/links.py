"""Queries for share links."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import insert, select, update

from webui.errors import NotFound
from webui.store import rows
from webui.store.base import StorePart, whole
from webui.store.records import ShareRecord
from webui.store.tables import SHOWN, runs, shares


class Links(StorePart):
    """Share links. Those of a deleted run do not open until it is restored."""

    @whole
    async def add_share(
        self,
        run_id: str,
        *,
        expires_at: datetime | None = None,
        hide_target: bool = False,
        runs: Sequence[str] = (),
    ) -> ShareRecord:
        """A new link to the run, or to a comparison of `runs`, of which it is the first. Raises NotFound."""
        share = ShareRecord(
            secrets.token_urlsafe(24),
            run_id,
            datetime.now(UTC),
            expires_at=expires_at,
            hide_target=hide_target,
            runs=tuple(runs),
        )
        async with self._database.writing() as connection:
            await connection.execute(
                insert(shares).values(
                    token=share.token,
                    run_id=run_id,
                    created_at=share.created_at,
                    expires_at=expires_at,
                    hide_target=hide_target,
                    runs=list(runs) or None,
                )
            )
        return share

    @whole
    async def shares(self, run_id: str) -> list[ShareRecord]:
        """The run's links, revoked and expired ones included, oldest first."""
        statement = (
            select(shares).where(shares.c.run_id == run_id).order_by(shares.c.created_at, shares.c.token)
        )
        async with self._database.reading() as connection:
            return [rows.share(row) for row in await connection.execute(statement)]

    @whole
    async def share(self, token: str) -> ShareRecord | None:
        """The link of that token, revoked, expired or not; None when there is none, or its run is deleted."""
        statement = (
            select(shares).join(runs, runs.c.id == shares.c.run_id).where(shares.c.token == token, SHOWN)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else rows.share(row)

    @whole
    async def note_view(self, token: str, now: datetime) -> None:
        """Counts one opening of the link; without an effect for a link that is not there."""
        counted = {"views": shares.c.views + 1, "last_viewed_at": now}
        async with self._database.writing() as connection:
            await connection.execute(update(shares).where(shares.c.token == token).values(**counted))

    @whole
    async def revoke_share(self, run_id: str, token: str) -> None:
        """Closes a link; closing it again changes nothing. Raises NotFound."""
        this = (shares.c.run_id == run_id) & (shares.c.token == token)
        async with self._database.writing() as connection:
            if await connection.scalar(select(shares.c.token).where(this)) is None:
                raise NotFound("There is no such share link.")
            await connection.execute(
                update(shares).where(this, shares.c.revoked_at.is_(None)).values(revoked_at=datetime.now(UTC))
            )
