"""Shutting this machine down: by hand, or every day at a time."""
