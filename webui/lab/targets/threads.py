"""A service with plain `def` endpoints, which FastAPI runs in a pool of threads."""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    # 40 is AnyIO's default, and so FastAPI's. It holds for each worker process.
    current_default_thread_limiter().total_tokens = int(os.environ.get("THREADS", "40"))
    yield


app = FastAPI(lifespan=lifespan)


@app.get("/threads")
def read_item() -> dict[str, int]:
    time.sleep(0.050)  # stands for a query through a driver that blocks
    return {"slept_ms": 50}


@app.get("/ping")
async def ping() -> str:
    return "pong"
