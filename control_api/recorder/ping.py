"""`python -m control_api.recorder.ping [CONFIG]`: exit code 0 if the recorder does its work.

For health checks of containers and for upgrades; without CONFIG the usual places are looked at.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from control_api.recorder.protocol import LONGEST_LINE, Answer, Request, encoded
from control_api.recorder.socket_address import SocketAddress, address_of
from control_api.recorder.status import RecorderStatus
from leitstand import config
from leitstand.errors import ConfigError

_SECONDS = 4.0
_LATE_SECONDS = 10.0


def problem(address: SocketAddress) -> str | None:
    """Why the recorder there does not do its work; None if it does."""
    try:
        status = _status(address)
    except (OSError, msgspec.MsgspecError) as error:
        return f"does not answer ({getattr(error, 'strerror', None) or type(error).__name__})"
    if status.idle > _LATE_SECONDS:
        return f"has looked after no studio for {status.idle:.0f} s"
    return None


def _status(address: SocketAddress) -> RecorderStatus:
    with address.connected(_SECONDS) as connection:
        connection.sendall(encoded(Request("status", secret=address.secret)))
        with connection.makefile("rb") as lines:
            answer = msgspec.json.decode(lines.readline(LONGEST_LINE), type=Answer)
    return msgspec.convert(answer.data, RecorderStatus)


def main(file: str | None = None) -> int:
    """The exit code: 1 if it does not, 2 if the configuration is wrong."""
    try:
        address = address_of(config.load(Path(file) if file else None, any_folder=True))
    except ConfigError as error:
        sys.stderr.write(f"leitstand: {error}\n")
        return 2
    found = problem(address)
    if found is not None:
        sys.stderr.write(f"the recorder at {address} {found}\n")
    return int(found is not None)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
