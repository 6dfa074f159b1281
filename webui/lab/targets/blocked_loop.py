"""A service that blocks its event loop: `async def` with a call in it that does not await."""

import time

from fastapi import FastAPI

app = FastAPI()


@app.get("/blocking")
async def read_item() -> dict[str, int]:
    time.sleep(0.005)  # a client that is not async: nothing else runs meanwhile
    return {"blocked_ms": 5}


@app.get("/ping")
async def ping() -> str:
    return "pong"
