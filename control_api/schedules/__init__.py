"""Schedules: windows in which a studio records."""
