"""`/healthz`: whether this process is alive. It answers 200 also when the database does not, as runs go on
in memory then and a restart would lose them; the body tells."""

import asyncio

from fastapi import APIRouter

from webui import __version__
from webui.api.models import Health, StoreHealth
from webui.errors import StoreUnavailable
from webui.store import Store
from webui.web import Storage

STORE_ANSWERS_WITHIN_S = 2.0

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Whether the dashboard is alive")
async def health(store: Storage) -> Health:
    """Says so, with the version and whether the database answers."""
    state = await _store_health(store)
    return Health(status="ok" if state.ok else "degraded", version=__version__, store=state)


async def _store_health(store: Store) -> StoreHealth:
    try:
        async with asyncio.timeout(STORE_ANSWERS_WITHIN_S):
            await store.check()
    except StoreUnavailable as error:
        return StoreHealth(ok=False, detail=str(error))
    except TimeoutError:
        return StoreHealth(
            ok=False, detail=f"The database did not answer within {STORE_ANSWERS_WITHIN_S:g} s."
        )
    return StoreHealth(ok=True)
