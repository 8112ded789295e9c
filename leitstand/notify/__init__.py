"""Alertmanager's configuration, and whether what it sends arrives."""
