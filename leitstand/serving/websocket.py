"""uvicorn's WebSocket protocol, with long messages in fragments."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

FRAGMENT_CHARACTERS = 64 * 1024


class FragmentingWebSocket(WebSocketsSansIOProtocol):
    """A WebSocket that sends the next fragment of a message when the client has taken most of the
    last one (RFC 6455, 5.4), so that a slow client does not hold a copy of a long message.
    """

    async def send(self, message: Any) -> None:
        text = message.get("text")
        if message["type"] != "websocket.send" or not text or len(text) <= FRAGMENT_CHARACTERS:
            await super().send(message)
            return
        for start in range(0, len(text), FRAGMENT_CHARACTERS):
            await self.writable.wait()
            self._send_fragment(text, start)

    def _send_fragment(self, text: str, start: int) -> None:
        if self.disconnected:
            raise ClientDisconnected
        end = start + FRAGMENT_CHARACTERS
        send = self.conn.send_continuation if start else self.conn.send_text
        try:
            send(text[start:end].encode(), fin=end >= len(text))
        except InvalidState:
            raise ClientDisconnected from None
        self.transport.write(b"".join(self.conn.data_to_send()))
