"""docs/exports.md says of every key of the result where it stands."""

from __future__ import annotations

import re
from pathlib import Path

from webui.analysis.document import RunDocument
from webui.exports import FORMATS

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "exports.md").read_text()
_, _, REST = GUIDE.partition("## What of the result stands where\n")
SECTION = REST.partition("\n## ")[0]
# Of the plan and the run itself: not measured.
PLAIN = {
    *("schema", "name", "plan", "tags", "note", "status_reason", "created_at", "started_at", "ended_at"),
    *("duration_s", "shards", "shards_lost", "queue_position", "planned_s", "paused"),
}


def test_every_measured_key_is_in_the_table_or_named_as_left_out() -> None:
    keys = {field.alias or name for name, field in RunDocument.model_fields.items()} - PLAIN
    assert keys - set(re.findall(r"`(\w+)`", SECTION)) == set()


def test_every_format_is_told_of() -> None:
    assert all(f"`{name}`" in GUIDE for name in FORMATS)
