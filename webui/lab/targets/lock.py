"""A service with a lock around its counter, and a slow write inside the lock."""

import asyncio

from fastapi import FastAPI

app = FastAPI()
lock = asyncio.Lock()
sold = 0


@app.get("/ticket")
async def ticket() -> dict[str, int]:
    global sold
    async with lock:
        number = sold + 1
        await asyncio.sleep(0.010)  # stands for writing the new number down
        sold = number
    return {"ticket": number}


@app.get("/ping")
async def ping() -> str:
    return "pong"
