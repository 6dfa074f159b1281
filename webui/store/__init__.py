"""The database: tables, migrations, and the repository with every query."""

from webui.store.records import (
    MAX_PAGE,
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
    "ExperimentRecord",
    "GroupPage",
    "PlanGroup",
    "RunChanges",
    "RunPage",
    "RunQuery",
    "RunRecord",
    "RunSummary",
    "ShareRecord",
    "Sort",
    "Store",
]
