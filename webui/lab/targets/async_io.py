"""A service that waits for others with `await`."""

import asyncio

from fastapi import FastAPI

app = FastAPI()


@app.get("/async")
async def read_item() -> dict[str, int]:
    await asyncio.sleep(0.020)  # stands for a query through an async driver
    return {"waited_ms": 20}


@app.get("/ping")
async def ping() -> str:
    return "pong"
