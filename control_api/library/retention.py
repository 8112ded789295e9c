"""What is to go, and why: by age, by total size, by free space; oldest first.

Protected videos stay, and those that are written or used. The decision is a pure function.
"""

from __future__ import annotations

import enum
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from control_api.clock import Clock
from control_api.errors import ApiError
from control_api.events.service import Kind
from control_api.library.folders import Folders
from control_api.library.portrait import WRITING
from control_api.library.store import VideoStore, Weight
from control_api.settings.model import RetentionSettings

_MOST_NAMES = 100


class Reason(enum.StrEnum):
    """Which bound a video is in the way of."""

    AGE = "age"
    SIZE = "size"
    SPACE = "space"


@dataclass(frozen=True, slots=True)
class Disk:
    """`coming` are the bytes that its trash gives back within a day."""

    free: float
    coming: float = 0.0


@dataclass(frozen=True, slots=True)
class Doomed:
    video: Weight
    reason: Reason


def decide(
    videos: Sequence[Weight],
    settings: RetentionSettings,
    now: float,
    disks: Mapping[str, Disk],
    in_use: Callable[[str], bool] = lambda _: False,
) -> list[Doomed]:
    """`videos` oldest first; `disks` by folder, the same object where it is the same disk."""
    total = sum(video.size for video in videos)
    lacking = {id(disk): _lack(disk, settings) for disk in disks.values()}
    doomed = []
    for video in videos:
        disk = id(disks.get(video.folder))
        is_old = settings.max_age is not None and _age(video, now) > settings.max_age
        is_much = settings.max_bytes is not None and total > settings.max_bytes
        reasons = {
            Reason.AGE: is_old,
            Reason.SIZE: is_much,
            Reason.SPACE: lacking.get(disk, 0.0) > 0,
        }
        reason = next((reason for reason, holds in reasons.items() if holds), None)
        if reason is None or video.protected or video.state == WRITING or in_use(video.id):
            continue
        doomed.append(Doomed(video, reason))
        total -= video.size
        lacking[disk] = lacking.get(disk, 0.0) - video.size
    return doomed


class Retention:
    """Does what `decide` says; `throw` takes one video to the trash, `empty` the old trash away."""

    def __init__(
        self,
        store: VideoStore,
        folders: Folders,
        settings: Callable[[], RetentionSettings],
        clock: Clock,
        *,
        tell: Callable[..., object],
        in_use: Callable[[str], bool],
        throw: Callable[[str], object],
        empty: Callable[[], int],
    ) -> None:
        self.deleted: Counter[str] = Counter({str(reason): 0 for reason in Reason})
        self._store = store
        self._folders = folders
        self._settings = settings
        self._clock = clock
        self._tell = tell
        self._in_use = in_use
        self._throw = throw
        self._empty = empty

    def plan(self) -> list[Doomed]:
        """What would go now."""
        settings, now = self._settings(), self._clock.now()
        if settings == RetentionSettings():
            return []
        return decide(self._store.weights(), settings, now, self._disks(), self._in_use)

    def run(self) -> list[Doomed]:
        """Take it to the trash, and what lay there for a day off the disk."""
        self._empty()
        gone = [one for one in self.plan() if self._takes(one)]
        if gone:
            counted = Counter(str(one.reason) for one in gone)
            self.deleted.update(counted)
            why = ", ".join(f"{count} by {reason}" for reason, count in counted.items())
            names = [one.video.name for one in gone[:_MOST_NAMES]]
            said = f"{len(gone)} videos went to the trash: {why}"
            self._tell(Kind.RETENTION, None, said, **counted, names=names)
        return gone

    def _takes(self, one: Doomed) -> bool:
        # Somebody may have protected it a moment ago.
        try:
            self._throw(one.video.id)
        except ApiError:
            return False
        return True

    def _disks(self) -> dict[str, Disk]:
        trash: Counter[str] = Counter()
        for row in self._store.trash():
            trash[row.folder] += row.size
        devices: dict[str, int] = {}
        free: dict[int, int] = {}
        for folder in self._folders:
            try:
                device = folder.root.stat().st_dev
                free[device] = shutil.disk_usage(folder.root).free
            except OSError:
                continue
            devices[folder.key] = device
        coming: Counter[int] = Counter()
        for key, device in devices.items():
            coming[device] += trash[key]
        disks = {device: Disk(free[device], coming[device]) for device in free}
        return {key: disks[device] for key, device in devices.items()}


def _lack(disk: Disk, settings: RetentionSettings) -> float:
    if settings.min_free_bytes is None:
        return 0.0
    return settings.min_free_bytes - disk.free - disk.coming


def _age(video: Weight, now: float) -> float:
    return now - video.start - video.duration
