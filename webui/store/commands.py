"""Queries for commands: what one process asks of the one that runs a run, through the database.

A command is carried out at most once. Whoever asked gives it up by taking it out: what nobody has begun with
by then will not be done.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update

from webui.store import rows
from webui.store.base import StorePart, whole
from webui.store.notices import AnswerNotice, CommandNotice, tell
from webui.store.records import CommandRecord
from webui.store.tables import commands

FORGOTTEN = timedelta(minutes=5)  # whoever asked was killed meanwhile


class Commands(StorePart):
    """Commands, on a database that several processes listen to."""

    @whole
    async def add_command(
        self, owner: str, run_id: str, kind: str, arguments: Mapping[str, Any], now: datetime
    ) -> str:
        """Asks something of the owner; the command's id."""
        command_id = secrets.token_urlsafe(12)
        values = {
            "id": command_id,
            "owner": owner,
            "run_id": run_id,
            "kind": kind,
            "arguments": dict(arguments),
            "created_at": now,
        }
        async with self._database.writing() as connection:
            await connection.execute(delete(commands).where(commands.c.created_at < now - FORGOTTEN))
            await connection.execute(insert(commands).values(**values))
            await tell(connection, CommandNotice(command_id, owner))
        return command_id

    @whole
    async def waiting_commands(self, owner: str) -> list[str]:
        """The commands to the owner that nobody has begun with, the oldest first."""
        mine = (commands.c.owner == owner) & commands.c.taken_at.is_(None)
        statement = select(commands.c.id).where(mine).order_by(commands.c.created_at)
        async with self._database.reading() as connection:
            return list((await connection.scalars(statement)).all())

    @whole
    async def take_command(self, command_id: str, now: datetime) -> CommandRecord | None:
        """The command, which from now on is under way; None when it was taken or given up."""
        free = (commands.c.id == command_id) & commands.c.taken_at.is_(None)
        async with self._database.writing() as connection:
            statement = update(commands).where(free).values(taken_at=now).returning(commands)
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else rows.command(row)

    @whole
    async def answer_command(self, command_id: str, answer: Mapping[str, Any]) -> None:
        """Says what came of it; without an effect where nobody waits any more."""
        async with self._database.writing() as connection:
            this = commands.c.id == command_id
            await connection.execute(update(commands).where(this).values(answer=dict(answer)))
            await tell(connection, AnswerNotice(command_id))

    @whole
    async def take_answer(self, command_id: str) -> Mapping[str, Any] | None:
        """The answer, once; None while there is none."""
        answered = (commands.c.id == command_id) & commands.c.answer.is_not(None)
        async with self._database.writing() as connection:
            answer: Mapping[str, Any] | None = await connection.scalar(
                delete(commands).where(answered).returning(commands.c.answer)
            )
        return answer

    @whole
    async def give_up_command(self, command_id: str) -> bool:
        """Takes the command back; False when its owner has begun with it."""
        free = (commands.c.id == command_id) & commands.c.taken_at.is_(None)
        async with self._database.writing() as connection:
            return (await connection.execute(delete(commands).where(free))).rowcount == 1
