"""A service that asks another one, and spares it: so many calls at a time, the rest wait."""

import asyncio
import os

from fastapi import FastAPI

app = FastAPI()
calls = asyncio.Semaphore(int(os.environ.get("CALLS", "10")))


@app.get("/quote")
async def quote() -> dict[str, int]:
    async with calls:
        await asyncio.sleep(0.050)  # stands for the call
    return {"waited_ms": 50}


@app.get("/ping")
async def ping() -> str:
    return "pong"
