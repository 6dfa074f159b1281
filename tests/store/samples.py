"""Records to put into a store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from webui.store import RunRecord

DAY = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def record(number: int = 1, **fields: Any) -> RunRecord:
    """A run record; higher numbers were created later."""
    values: dict[str, Any] = {
        "id": f"r_{number:010}",
        "name": f"Run {number}",
        "status": "queued",
        "target": "http://127.0.0.1:8000",
        "created_at": DAY + timedelta(seconds=number),
        "plan": {"base_url": "http://127.0.0.1:8000", "load": {"users": 50}},
    }
    return RunRecord(**{**values, **fields})
