"""Queries for experiments."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy import literal as bound

from webui.errors import NotFound
from webui.store import listing, rows
from webui.store.base import StorePart, whole
from webui.store.records import ExperimentRecord
from webui.store.tables import Moment, experiments


class Experiments(StorePart):
    """Experiments: what was to be tried, and what came of it. Their runs are found by `experiment_id`."""

    @whole
    async def add_experiment(self, record: ExperimentRecord) -> None:
        """Adds an experiment."""
        values = {name: getattr(record, name) for name in ExperimentRecord.__dataclass_fields__}
        async with self._database.writing() as connection:
            await connection.execute(insert(experiments).values(**values))

    @whole
    async def update_experiment(
        self,
        experiment_id: str,
        *,
        status: str | None = None,
        name: str | None = None,
        result: Mapping[str, Any] | None = None,
    ) -> None:
        """Sets what is given. Raises NotFound."""
        given = {"status": status, "name": name, "result": result}
        values = {key: value for key, value in given.items() if value is not None}
        this = experiments.c.id == experiment_id
        async with self._database.writing() as connection:
            if await connection.scalar(select(experiments.c.id).where(this)) is None:
                raise NotFound(f"There is no experiment {experiment_id}; it may have been deleted.")
            if values:
                await connection.execute(update(experiments).where(this).values(**values))

    @whole
    async def get_experiment(self, experiment_id: str) -> ExperimentRecord | None:
        """The experiment; None when there is none."""
        statement = select(experiments).where(experiments.c.id == experiment_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else rows.experiment(row)

    @whole
    async def list_experiments(self, limit: int = 50, cursor: str | None = None) -> list[ExperimentRecord]:
        """The newest experiments, or those after a page's last one: `experiment_cursor`. Raises InvalidInput
        for what is no such cursor."""
        newest = (experiments.c.created_at.desc(), experiments.c.id.desc())
        statement = select(experiments).order_by(*newest).limit(limit)
        if cursor is not None:
            moment, experiment_id = _place(cursor)
            place = tuple_(bound(moment, Moment()), bound(experiment_id))
            statement = statement.where(tuple_(experiments.c.created_at, experiments.c.id) < place)
        async with self._database.reading() as connection:
            return [rows.experiment(row) for row in await connection.execute(statement)]

    @whole
    async def delete_experiment(self, experiment_id: str) -> None:
        """Deletes the experiment; its runs stay. Without an effect when there is none."""
        async with self._database.writing() as connection:
            await connection.execute(delete(experiments).where(experiments.c.id == experiment_id))


def experiment_cursor(created_at: datetime, experiment_id: str) -> str:
    """The cursor of the page that follows this experiment."""
    return listing.written_cursor(["experiments", created_at, experiment_id])


def _place(cursor: str) -> tuple[datetime, str]:
    kind, moment, experiment_id = listing.read_cursor(cursor, 3)
    try:
        if kind != "experiments" or not isinstance(experiment_id, str):
            raise ValueError
        return listing.read_moment(moment), experiment_id
    except (ValueError, TypeError) as error:
        raise listing.foreign_cursor() from error
