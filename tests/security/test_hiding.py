"""Known secrets are hidden in what a target sends back, however it writes them and wherever it was cut."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from webui.security.hiding import HIDDEN, forms_of, hide

SECRET = 's3cr&t "quoted" välue'


@pytest.mark.parametrize(
    "echoed",
    [SECRET, quote(SECRET, safe=""), 's3cr&t \\"quoted\\" v\\u00e4lue', "s3cr&amp;t &quot;quoted&quot; välue",
     base64.b64encode(SECRET.encode()).decode()],
)  # fmt: skip
def test_every_way_to_write_it(echoed: str) -> None:
    assert hide(f"before {echoed} after", forms_of([SECRET])) == f"before {HIDDEN} after"


@pytest.mark.parametrize("length", [4, 7, 8, 12, 20])
def test_what_a_cut_left_of_it(length: int) -> None:
    assert (
        hide("echo: " + "0123456789abcdefghijkl"[:length], forms_of(["0123456789abcdefghijkl"]))
        == f"echo: {HIDDEN}"
    )
    assert hide("01234567… and on", forms_of(["0123456789abcdefghijkl"])) == f"{HIDDEN}… and on"


def test_short_values_hide_nothing_elsewhere() -> None:
    assert hide("a 404 is not 40", forms_of(["404"])) == "a 404 is not 40"
