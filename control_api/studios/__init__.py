"""The OBS studios under control."""
