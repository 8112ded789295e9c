"""MediaMTX: its API's answers, of any version since v1.12, as one frozen state."""
