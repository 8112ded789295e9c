"""Where the recorder listens: a socket file in the runtime folder, or a loopback address."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from leitstand.config import Config, ConfigError, Listen
from leitstand.exclusive import is_private

_NAME = "recorder.sock"


@dataclass(frozen=True, slots=True)
class SocketAddress:
    """`listen` with its `secret`, or the file in `folder`."""

    folder: Path
    listen: Listen | None = None
    secret: str = field(default="", repr=False)

    def __str__(self) -> str:
        return str(self.listen or self.folder / _NAME)

    def connected(self, timeout: float) -> socket.socket:
        """A connection to the recorder. Raises OSError."""
        if self.listen is not None:
            return socket.create_connection((self.listen.host, self.listen.port), timeout)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.settimeout(timeout)
            with _short_path(self.folder) as path:
                made.connect(path)
        except BaseException:
            made.close()
            raise
        return made

    def listening(self) -> socket.socket:
        """A socket that listens, for this user alone. Raises ConfigError."""
        try:
            return self._tcp() if self.listen is not None else self._file()
        except OSError as error:
            key = "recorder.listen" if self.listen else "recorder.runtime"
            reason = error.strerror or type(error).__name__
            raise ConfigError(f"{key}: {self} cannot be listened on ({reason})") from None

    @property
    def is_there(self) -> bool:
        """Whether clients find what listens: its file may have been removed."""
        if self.listen is not None:
            return True
        try:
            return stat.S_ISSOCK((self.folder / _NAME).lstat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            # What cannot be looked at cannot be made anew either.
            return True

    def _tcp(self) -> socket.socket:
        assert self.listen is not None
        family = socket.AF_INET6 if ":" in self.listen.host else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((self.listen.host, self.listen.port))
            made.listen(256)
        except BaseException:
            made.close()
            raise
        return made

    def _file(self) -> socket.socket:
        private_folder(self.folder)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # What an earlier process left: only the holder of the lock comes here.
            (self.folder / _NAME).unlink(missing_ok=True)
            with _short_path(self.folder) as path:
                made.bind(path)
            (self.folder / _NAME).chmod(0o600)
            made.listen(256)
        except BaseException:
            made.close()
            raise
        return made


def address_of(config: Config) -> SocketAddress:
    """The address of the recorder of this configuration."""
    recorder = config.recorder
    folder = recorder.runtime_folder(config.control_api.state)
    secret = recorder.secret.get_secret_value() if recorder.secret else ""
    return SocketAddress(folder, recorder.listen, secret)


def private_folder(folder: Path) -> None:
    """See to it that the folder is there and no other user can put a file into it.

    Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not is_private(folder):
        raise PermissionError(1, "the folder belongs to another user, or others may write there")


@contextlib.contextmanager
def _short_path(folder: Path) -> Iterator[str]:
    """The socket's path, however long the folder's is: an address holds 107 bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{_NAME}"
    finally:
        os.close(descriptor)
