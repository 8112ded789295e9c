"""The service's log as files of JSON lines: written, listed, read, cleared."""
