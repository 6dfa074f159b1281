"""What a link shows of an experiment whose target is hidden."""

from __future__ import annotations

from datetime import UTC, datetime

from webui.experiments.model import Definition, Experiment, Progress
from webui.experiments.shared import ALIAS, as_shared


def test_a_target_is_hidden_however_it_is_written() -> None:
    definition = Definition.model_validate(
        {
            "name": "Shop.example, eu.shop.example and http%3A%2F%2Fshop.example%3A8000",
            "variants": [{"label": "SHOP.example-1", "base_url": "http://Shop.Example:8000"}],
            "users": [1],
        }
    )
    made = Experiment("x_1", datetime.now(UTC), "waiting", definition, Progress.of(definition))
    shown = as_shared(made, hide_target=True)
    text = shown.definition.model_dump_json() + shown.progress.model_dump_json()
    assert "shop.example" not in text.lower()
    assert "8000" not in text
    assert shown.definition.variants[0].base_url == f"http://{ALIAS}"
    assert "Shop.Example" in as_shared(made, hide_target=False).definition.model_dump_json()
