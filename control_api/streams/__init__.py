"""The streams as they are now: by REST, and every change by WebSocket or server-sent events."""
