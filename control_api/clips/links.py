"""Signed links: who has one may download that clip until it expires, and nothing else.

The signature says that the link was made here; the row, that it was not revoked.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence

from control_api.clips.store import ClipStore
from control_api.clips.tables import ClipRow, LinkRow
from control_api.clock import Clock
from control_api.errors import Conflict, NotFound

_SIGNED = re.compile(r"([a-z0-9]{16})\.(\d{1,12})\.([0-9a-f]{64})", re.ASCII)
MOST_LINKS = 50
"""So many links to one clip may be good at a time."""
_GONE = "this link is not valid (any more); ask whoever sent it for a new one"


class LinkService:
    """`secret` signs; it must be the same after a restart."""

    def __init__(self, store: ClipStore, clock: Clock, secret: bytes) -> None:
        self._store = store
        self._clock = clock
        self._secret = secret

    def make(self, clip: ClipRow, seconds: float, by: str) -> LinkRow:
        """A link to the clip, good for so long. Raises Conflict if it has too many."""
        now = self._clock.now()
        row = LinkRow(
            id=secrets.token_hex(8),
            clip_id=clip.id,
            expires_at=float(int(now + seconds)),
            created_at=now,
            by=by,
            revoked_at=None,
        )
        if not self._store.add_link(row, MOST_LINKS):
            raise Conflict(
                f"there are {MOST_LINKS} links to this clip already, and more are not allowed; "
                "revoke one (DELETE /api/clips/{id}/links/{link}) or use one of them again"
            )
        return row

    def all(self, clip: ClipRow) -> Sequence[LinkRow]:
        return self._store.links(clip.id)

    def get(self, clip: ClipRow, id: str) -> LinkRow:
        """Raises NotFound."""
        row = self._store.link(id)
        if row is None or row.clip_id != clip.id:
            raise NotFound(f"there is no link {id!r} to this clip")
        return row

    def revoke(self, clip: ClipRow, id: str) -> LinkRow:
        """Raises NotFound."""
        row = self.get(clip, id)
        row.revoked_at = row.revoked_at or self._clock.now()
        self._store.save(row)
        return row

    def text(self, row: LinkRow) -> str:
        """What goes into the URL."""
        expires = int(row.expires_at)
        return f"{row.id}.{expires}.{self._signature(row.id, row.clip_id, expires)}"

    def clip_of(self, text: str) -> str:
        """The id of the clip that a link leads to. Raises NotFound, whatever is wrong with it."""
        found = _SIGNED.fullmatch(text)
        row = self._store.link(found[1]) if found else None
        if found is None or row is None:
            raise NotFound(_GONE)
        right = self._signature(row.id, row.clip_id, int(found[2]))
        is_good = hmac.compare_digest(right, found[3]) and int(found[2]) == int(row.expires_at)
        if not is_good or row.revoked_at is not None or self._clock.now() >= row.expires_at:
            raise NotFound(_GONE)
        return row.clip_id

    def _signature(self, id: str, clip_id: str, expires: int) -> str:
        message = f"clip-link:{id}:{clip_id}:{expires}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()
