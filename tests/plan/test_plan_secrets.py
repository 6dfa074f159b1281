"""Names that say that their value is a secret."""

from __future__ import annotations

import pytest

from webui.plan.secrets import is_secret_name


@pytest.mark.parametrize(
    "name",
    ["Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "x-auth", "access_token", "client_secret",
     "PASSWORD", "sessionId", "sig", "Ocp-Apim-Subscription-Key"],
)  # fmt: skip
def test_names_that_say_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["Accept", "Content-Type", "page", "q", "id", "User-Agent", "author"])
def test_names_that_do_not(name: str) -> None:
    assert not is_secret_name(name)
