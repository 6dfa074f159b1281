"""The database: tables, migrations, and the repository with every query."""

from webui.store.experiments import experiment_cursor
from webui.store.notices import AnswerNotice, CommandNotice, Listening, Notice, RunNotice
from webui.store.records import (
    MAX_PAGE,
    CommandRecord,
    ExperimentRecord,
    GroupPage,
    PlanGroup,
    RunChanges,
    RunPage,
    RunQuery,
    RunRecord,
    RunSummary,
    ShareRecord,
    Sort,
)
from webui.store.repository import Store

__all__ = [
    "MAX_PAGE",
    "AnswerNotice",
    "CommandNotice",
    "CommandRecord",
    "ExperimentRecord",
    "GroupPage",
    "Listening",
    "Notice",
    "PlanGroup",
    "RunChanges",
    "RunNotice",
    "RunPage",
    "RunQuery",
    "RunRecord",
    "RunSummary",
    "ShareRecord",
    "Sort",
    "Store",
    "experiment_cursor",
]
