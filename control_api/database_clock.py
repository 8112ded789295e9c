"""The database's clock: the one time that all processes on a database share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Double, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement


class database_now(FunctionElement[float]):
    """Unix seconds of the moment at which the statement runs; may be used in any query."""

    type = Double()
    inherit_cache = True


@compiles(database_now, "postgresql")
def _postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"


@compiles(database_now, "sqlite")
def _sqlite(element: Any, compiler: Any, **options: Any) -> str:
    # unixepoch('subsec') is younger than what Debian 12 has; julianday knows milliseconds.
    return "((julianday('now') - 2440587.5) * 86400.0)"


def read_clock(session: Session) -> float:
    """The time now."""
    return session.execute(select(database_now())).scalar_one()
