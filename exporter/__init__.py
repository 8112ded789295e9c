"""The read side: polls MediaMTX, OBS and the host, serves what they said as Prometheus metrics."""
