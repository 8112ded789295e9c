"""A real PostgreSQL server, made for the tests in a folder of its own and gone with them."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import psycopg
import pytest

from control_api.database import WRITER_LOCK
from control_api.migrations.migrate import opened
from tests.running import eventually

_TEMPLATE = "leitstand_template"
# What is written need not survive the machine.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


def programs() -> Path:
    """Where initdb and postgres are; without them the test is skipped, in CI it fails."""
    # Debian keeps them out of PATH, one folder a version.
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    on_path = shutil.which("postgres")
    if on_path is not None:
        found.append(Path(on_path).parent)
    if not found:
        reason = "postgresql is not installed (as root on Debian: make components)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found[0]


class PostgreSql:
    """Listens on a unix socket alone, so that nobody else's port can be in the way."""

    def __init__(self, folder: Path, command: Sequence[str], user: str | None) -> None:
        self._folder = folder
        self._command = command
        self._user = user
        self._made = 0
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it takes connections."""
        with (self._folder / "log").open("a") as log:
            self._server = subprocess.Popen(
                self._command, user=self._user, cwd=self._folder, stderr=log
            )
        eventually(self.is_ready)

    def stop(self) -> None:
        assert self._server is not None
        # SIGTERM would have it wait for clients that a test has left behind.
        self._server.send_signal(signal.SIGINT)
        self._server.wait(20)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the server and all of its processes."""
        assert self._server is not None
        server = psutil.Process(self._server.pid)
        for process in (server, *server.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def kill(self) -> None:
        """As if the power went: every process at once."""
        assert self._server is not None
        self.send(signal.SIGKILL)
        self._server.wait(20)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """The server has ended: connections are refused."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def url(self, database: str) -> str:
        return f"postgresql://leitstand@/{database}?host={self._folder}"

    def make(self, tablespace: Path | None = None) -> str:
        """The URL of a new database that has the tables already, in a folder of its own or not."""
        self._made += 1
        name = f"test_{self._made}"
        place = ""
        if tablespace is not None:
            if (user := _unprivileged()) is not None:
                shutil.chown(tablespace, user)
            self._do(f"CREATE TABLESPACE {name} LOCATION '{tablespace}'")
            place = f" TABLESPACE {name}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}{place}")
        return self.url(name)

    def drop(self, url: str, tablespace: Path | None = None) -> None:
        name = url.partition("@/")[2].partition("?")[0]
        self._do(f"DROP DATABASE {name} WITH (FORCE)")
        if tablespace is not None:
            self._do(f"DROP TABLESPACE {name}")

    def is_ready(self) -> bool:
        try:
            self._do("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def prepare(self) -> None:
        self._do(f"CREATE DATABASE {_TEMPLATE}")
        opened(self.url(_TEMPLATE)).close()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """All processes of the server are stopped (SIGSTOP): connections stay, nothing answers."""
        assert self._server is not None
        server = psutil.Process(self._server.pid)
        # The server first, so that it starts no other meanwhile.
        server.suspend()
        stopped = [server, *server.children(recursive=True)]
        for process in stopped[1:]:
            process.suspend()
        try:
            yield
        finally:
            for process in reversed(stopped):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.resume()

    @contextlib.contextmanager
    def writer_lock_held(self, url: str) -> Iterator[None]:
        """Another client holds the lock that every writer takes."""
        with psycopg.connect(url) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [WRITER_LOCK])
            yield
            connection.rollback()

    def _do(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextlib.contextmanager
def running() -> Iterator[PostgreSql]:
    """The server, from initdb to its end."""
    bin_ = programs()
    # Not below pytest's own folder: only root could reach it there.
    folder = Path(tempfile.mkdtemp(prefix="leitstand-pg-"))
    user = _unprivileged()
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    initdb = [str(bin_ / "initdb"), "--auth=trust", "--username=leitstand", "--encoding=UTF8"]
    subprocess.run(
        [*initdb, "--locale=C", "--no-sync", "--no-instructions", str(data)],
        user=user,
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    settings = [f"unix_socket_directories={folder}", "listen_addresses=", *_FAST]
    options = [part for setting in settings for part in ("-c", setting)]
    postgresql = PostgreSql(folder, [str(bin_ / "postgres"), "-D", str(data), *options], user)
    try:
        postgresql.start()
        postgresql.prepare()
        yield postgresql
    finally:
        postgresql.stop()
        shutil.rmtree(folder)


def _unprivileged() -> str | None:
    """Who the server runs as: it refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
