"""What is wrong with an experiment that was typed, in words."""

import pytest
from starlette.datastructures import FormData

from webui.errors import InvalidInput
from webui.pages.experiments import definition_of
from webui.pages.lab_context import ExperimentFields


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"users": ""}, "Write 1 to 12 numbers of users"),
        ({"users": "0"}, "Write 1 to 12 numbers of users"),
        ({"cell_s": "100ms"}, "A cell takes from 500 ms to 60 s"),
        ({"warmup_s": "1 min"}, "A warm-up takes 30 s at most"),
        ({"path": "x"}, "The path begins with /"),
        ({"addresses": ""}, "Write 1 to 8 addresses"),
        ({"addresses": "ftp://x"}, "the address must start with http://"),
    ],
)
def test_mistakes_are_told_once_and_in_words(typed: dict[str, str], words: str) -> None:
    fields = {"of": "addresses", "addresses": "http://127.0.0.1:1", "path": "/"} | typed
    with pytest.raises(InvalidInput) as refused:
        definition_of(ExperimentFields.read(FormData(fields)))
    (problem,) = refused.value.problems
    assert words in problem.message


def test_the_warm_up_is_as_typed_or_as_usual() -> None:
    typed = {"users": "1", "cell_s": "1 s"}
    assert definition_of(ExperimentFields.read(FormData(typed | {"warmup_s": "0"}))).warmup_s == 0
    assert definition_of(ExperimentFields.read(FormData(typed))).warmup_s == 0.5
