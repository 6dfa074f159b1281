"""Queries for share links."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, func, insert, select, update

from webui.errors import NotFound
from webui.store import rows
from webui.store.base import StorePart, whole
from webui.store.records import ShareRecord
from webui.store.tables import SHOWN, runs, shares


class Links(StorePart):
    """Share links. Those that show a deleted run do not open until it is restored."""

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
        return await self._add(
            ShareRecord(
                _new_token(),
                run_id,
                datetime.now(UTC),
                expires_at=expires_at,
                hide_target=hide_target,
                runs=tuple(runs),
            )
        )

    @whole
    async def share_experiment(
        self, experiment_id: str, *, expires_at: datetime | None = None, hide_target: bool = False
    ) -> ShareRecord:
        """A new link to the experiment. Raises NotFound."""
        return await self._add(
            ShareRecord(
                _new_token(),
                "",
                datetime.now(UTC),
                expires_at=expires_at,
                hide_target=hide_target,
                experiment_id=experiment_id,
            )
        )

    async def _add(self, share: ShareRecord) -> ShareRecord:
        async with self._database.writing() as connection:
            await connection.execute(
                insert(shares).values(
                    token=share.token,
                    run_id=share.run_id or None,
                    experiment_id=share.experiment_id or None,
                    created_at=share.created_at,
                    expires_at=share.expires_at,
                    hide_target=share.hide_target,
                    runs=list(share.runs) or None,
                )
            )
        return share

    @whole
    async def shares(self, run_id: str) -> list[ShareRecord]:
        """The run's links, revoked and expired ones included, oldest first."""
        return await self._of(shares.c.run_id == run_id)

    @whole
    async def experiment_shares(self, experiment_id: str) -> list[ShareRecord]:
        """The experiment's links, revoked and expired ones included, oldest first."""
        return await self._of(shares.c.experiment_id == experiment_id)

    async def _of(self, these: ColumnElement[bool]) -> list[ShareRecord]:
        statement = select(shares).where(these).order_by(shares.c.created_at, shares.c.token)
        async with self._database.reading() as connection:
            return [rows.share(row) for row in await connection.execute(statement)]

    @whole
    async def share(self, token: str) -> ShareRecord | None:
        """The link of that token, revoked, expired or not; None when there is none, or a run of it is
        deleted."""
        statement = (
            select(shares).outerjoin(runs, runs.c.id == shares.c.run_id).where(shares.c.token == token, SHOWN)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(statement)).one_or_none()
            if row is None:
                return None
            share = rows.share(row)
            compared = select(func.count()).where(runs.c.id.in_(share.runs), SHOWN)
            if share.runs and await connection.scalar(compared) != len(set(share.runs)):
                return None
        return share

    @whole
    async def note_view(self, token: str, now: datetime, count: int = 1) -> None:
        """Counts so many openings of the link; without an effect for a link that is not there."""
        counted = {"views": shares.c.views + count, "last_viewed_at": now}
        async with self._database.writing() as connection:
            await connection.execute(update(shares).where(shares.c.token == token).values(**counted))

    @whole
    async def revoke_share(self, run_id: str, token: str) -> None:
        """Closes a link; closing it again changes nothing. Raises NotFound."""
        await self._revoke((shares.c.run_id == run_id) & (shares.c.token == token))

    @whole
    async def revoke_experiment_share(self, experiment_id: str, token: str) -> None:
        """Closes a link; closing it again changes nothing. Raises NotFound."""
        await self._revoke((shares.c.experiment_id == experiment_id) & (shares.c.token == token))

    async def _revoke(self, this: ColumnElement[bool]) -> None:
        async with self._database.writing() as connection:
            if await connection.scalar(select(shares.c.token).where(this)) is None:
                raise NotFound("There is no such share link.")
            await connection.execute(
                update(shares).where(this, shares.c.revoked_at.is_(None)).values(revoked_at=datetime.now(UTC))
            )


def _new_token() -> str:
    return secrets.token_urlsafe(24)
