"""What to send, how hard, when to stop. Pure: no asyncio, no I/O."""
