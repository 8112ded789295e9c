"""The act side: recordings by hand and by schedule, the library, clips; REST and WebSocket."""
