"""Evenings: what belongs together of a studio's recordings."""
