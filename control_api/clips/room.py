"""Everything that makes clips, put together."""

from __future__ import annotations

import secrets
from pathlib import Path

from control_api.clips.links import LinkService
from control_api.clips.logo import LogoService
from control_api.clips.pick import Picker
from control_api.clips.service import ClipService
from control_api.clips.store import ClipStore
from control_api.clock import Clock
from control_api.database import Database
from control_api.evenings.service import EveningService
from control_api.evenings.store import EveningStore
from control_api.jobs.kinds import Kind
from control_api.library.service import LibraryService
from control_api.provide import Provided
from control_api.settings.memory import Memory
from control_api.timeline.service import Timelines
from control_api.timeline.store import TimelineStore

_SECRET = "links.secret"


class Clips:
    """`provided` is for the app, `kind` for the queue; clips lie in `folder`, their logo beside."""

    def __init__(
        self,
        database: Database,
        library: LibraryService,
        memory: Memory,
        folder: Path,
        clock: Clock,
    ) -> None:
        store = ClipStore(database)
        logo = LogoService(folder.with_name("logo.png"))
        timelines = Timelines(TimelineStore(database), library.growing, library.now)
        evenings = EveningService(EveningStore(database), timelines, library)
        picker = Picker(timelines, evenings, library)
        service = ClipService(store, picker, logo, folder, clock)
        links = LinkService(store, clock, _secret(memory))
        self.kind: Kind = service.kind()
        self.provided: Provided = {
            ClipService: service,
            LinkService: links,
            LogoService: logo,
            EveningService: evenings,
        }


def _secret(memory: Memory) -> bytes:
    """What links are signed with; made once."""
    known = memory.recall(_SECRET)
    if not isinstance(known, str):
        known = secrets.token_hex(32)
        memory.keep(_SECRET, known)
    return bytes.fromhex(known)
