"""A service where all book on the same account, and the longer the line, the longer each one's turn.

So it is with a database that looks for deadlocks: before a row is locked, it looks at all who wait for it.
"""

import asyncio

from fastapi import FastAPI

app = FastAPI()
account = asyncio.Lock()
waiting = 0


@app.get("/transfer")
async def transfer() -> dict[str, int]:
    global waiting
    await asyncio.sleep(0.016)  # reads what it needs
    waiting += 1
    async with account:
        waiting -= 1
        await asyncio.sleep(0.004 + 0.0002 * waiting)
    return {"waiting": waiting}


@app.get("/ping")
async def ping() -> str:
    return "pong"
