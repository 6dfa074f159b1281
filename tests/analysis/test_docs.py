"""Every key of the result document is explained in docs/metrics.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from webui.analysis import document

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "metrics.md").read_text()
PARTS = [
    part for part in vars(document).values() if isinstance(part, type) and issubclass(part, document.Part)
]


@pytest.mark.parametrize("part", [part for part in PARTS if part is not document.Part])
def test_every_key_is_explained(part: type[BaseModel]) -> None:
    named = set(re.findall(r"`([^`\n]+)`", GUIDE))
    keys = {field.alias or name for name, field in part.model_fields.items()}
    assert keys - named == set()
