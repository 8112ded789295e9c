"""The recorder's part of the configuration: how the API reaches it, where it keeps its journal."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, model_validator

from leitstand.config.section import Section
from leitstand.config.values import Folder, ListenAddress, Token

_LOOPBACK = ("127.", "::1", "localhost")


class RecorderConfig(Section):
    runtime: Folder | None = Field(
        None,
        description="folder of the socket that the API uses; default: that of systemd, or of the "
        "session",
    )
    listen: ListenAddress | None = Field(
        None, description="a loopback address instead of the socket; needs `secret`"
    )
    secret: Token | None = Field(None, description="what the API has to send there")
    fallback: Folder | None = Field(
        None, description="folder of the journal while `control_api.state` cannot be written"
    )
    standby: bool = Field(
        False, description="wait while another recorder controls the studios; else end with 2"
    )

    @model_validator(mode="after")
    def _guarded(self) -> RecorderConfig:
        if self.listen is not None and not self.listen.host.startswith(_LOOPBACK):
            raise ValueError("listen: must be a loopback address, such as 127.0.0.1:8091")
        if (self.listen is None) != (self.secret is None):
            raise ValueError("listen and secret belong together")
        return self

    def runtime_folder(self, state: Path, env: Mapping[str, str] = os.environ) -> Path:
        """Where the socket is: the same for the recorder and the API of one state folder."""
        if self.runtime is not None:
            return self.runtime
        if given := env.get("RUNTIME_DIRECTORY", "").split(":")[0]:
            return Path(given)
        digest = hashlib.sha256(os.fsencode(state.absolute())).hexdigest()[:12]
        if session := env.get("XDG_RUNTIME_DIR", ""):
            return Path(session) / f"leitstand-{digest}"
        return Path(tempfile.gettempdir()) / f"leitstand-{os.getuid()}-{digest}"
