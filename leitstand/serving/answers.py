"""Large answers in pieces, so that a slow client holds little memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Message, Send

PIECE_BYTES = 128 * 1024
LARGE_BYTES = 2 * PIECE_BYTES
"""Files are sent in parts no larger than this, without a time limit: a player may be paused."""
PIECE_SECONDS = 60.0
"""The time a client has to take each piece of an answer that is held in memory."""


def in_pieces(send: Send, cut: Callable[[], None]) -> Send:
    """A `send` that passes large bodies on in pieces and waits until the client takes them.

    Without it the transport copies the whole body for each client. `cut` ends the connection of a
    client that takes too long.
    """

    async def sending(message: Message) -> None:
        body = message.get("body", b"")
        if message["type"] != "http.response.body" or len(body) <= LARGE_BYTES:
            await send(message)
            return
        more_body = message.get("more_body", False)
        for start in range(0, len(body), PIECE_BYTES):
            end = start + PIECE_BYTES
            piece = {**message, "body": body[start:end], "more_body": more_body or end < len(body)}
            try:
                async with asyncio.timeout(PIECE_SECONDS):
                    await send(piece)
            except TimeoutError:
                cut()
                return

    return sending
