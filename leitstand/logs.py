"""How log lines look; set up once, by the command."""

from __future__ import annotations

import logging
import sys
import time

from leitstand.repeats import LimitedHandler

LEVELS = ("debug", "info", "warning", "error")


def set_up(level: str) -> None:
    """Send everything from `level` on to stderr, one line an event, with UTC times.

    A repeated line appears once a minute, with its count.
    """
    formatter = logging.Formatter(
        "%(asctime)sZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level.upper(), handlers=[LimitedHandler(handler)], force=True)
    # It warns of every broken answer and quotes it; that it was broken is an error of ours already.
    logging.getLogger("urllib3.connection").setLevel(logging.ERROR)
    # Below that it tells of itself what nobody asked.
    for name in ("uvicorn", "alembic", "apscheduler"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


def announce(text: str) -> None:
    """One line about the command itself."""
    logging.getLogger("leitstand").info(text)
