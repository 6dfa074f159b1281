"""Every key of the comparison is explained in docs/compare.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from webui.analysis import compare_document as document

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "compare.md").read_text()
PARTS = [
    document.Comparison, document.ComparedRunPart, document.MeasurePart, document.CellPart,
    document.SettingPart, document.VerdictPart, document.PointPart,
]  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_every_key_is_explained(part: type[BaseModel]) -> None:
    named = set(re.findall(r"`([^`\n]+)`", GUIDE))
    assert {field.alias or name for name, field in part.model_fields.items()} - named == set()
