"""Brings the database, whose URL is on standard input, to this version's tables."""

from __future__ import annotations

import sys

from control_api.migrations.migrate import opened
from leitstand.config import ConfigError


def main() -> int:
    """The exit code: 1 if it cannot be done."""
    try:
        opened(sys.stdin.read().strip()).close()
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
