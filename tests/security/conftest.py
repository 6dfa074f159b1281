"""The application with tokens, and callers of it: an operator's, a viewer's, and nobody's client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.api.conftest import Service, serving
from webui.settings import Settings

OPERATORS, VIEWERS = "operators-token-1", "viewers-token-123"
BASE = "http://127.0.0.1:8090"


@dataclass
class Guarded:
    """The guarded application with an operator's client in `service`, and what makes other clients."""

    service: Service
    app: FastAPI

    def client(self, token: str | None = None, *, address: str = "127.0.0.1") -> httpx.AsyncClient:
        """A client with a bearer token, or without."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers)

    @property
    def nobody(self) -> httpx.AsyncClient:
        """Without a token."""
        return self.client()

    @property
    def viewer(self) -> httpx.AsyncClient:
        """With the viewer's token."""
        return self.client(VIEWERS)


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Guarded]:
    """A dashboard with an operator's and a viewer's token."""
    settings = Settings(
        data_dir=tmp_path,
        max_running=1,
        max_queued=2,
        practice_target=False,
        access_token=OPERATORS,
        viewer_token=VIEWERS,
    )
    async with serving(settings) as service:
        service.client.headers["Authorization"] = f"Bearer {OPERATORS}"
        yield Guarded(service, service.app)
