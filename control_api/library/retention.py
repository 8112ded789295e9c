"""What is to go, and why: by age, by total size, by free space; oldest first.

Protected videos stay, and those that are written or used. The decision is a pure function. Where
space is short the trash is emptied first, and only deleting for good makes space.
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
from control_api.library.portrait import TRASHED, WRITING
from control_api.library.store import VideoStore, Weight
from control_api.settings.model import RetentionSettings

_MOST_NAMES = 100


class Reason(enum.StrEnum):
    """Which limit a video is beyond."""

    AGE = "age"
    SIZE = "size"
    SPACE = "space"


@dataclass(frozen=True, slots=True)
class Disk:
    """`free` are bytes that can be written now: what lies in the trash is not free."""

    free: float


@dataclass(frozen=True, slots=True)
class Doomed:
    """A video that is to go: `for_good`, since its disk is short of space, or to the trash."""

    video: Weight
    reason: Reason
    for_good: bool

    @property
    def is_trashed(self) -> bool:
        return self.video.state == TRASHED


def decide(
    videos: Sequence[Weight],
    settings: RetentionSettings,
    now: float,
    disks: Mapping[str, Disk],
    in_use: Callable[[str], bool] = lambda _: False,
) -> list[Doomed]:
    """`videos` in the order in which they are to go: the trash, then the rest, oldest first.

    `disks` by folder, the same object where it is the same disk.
    """
    total = sum(video.size for video in videos if video.state != TRASHED)
    lacking = {id(disk): _lack(disk, settings) for disk in disks.values()}
    doomed = []
    for video in videos:
        disk = id(disks.get(video.folder))
        is_short = lacking.get(disk, 0.0) > 0
        reason = _reason(video, settings, now, total, is_short)
        if reason is None or video.protected or video.state == WRITING or in_use(video.id):
            continue
        doomed.append(Doomed(video, reason, for_good=is_short))
        total -= video.size if video.state != TRASHED else 0
        lacking[disk] = lacking.get(disk, 0.0) - (video.size if is_short else 0)
    return doomed


def _reason(
    video: Weight, settings: RetentionSettings, now: float, total: int, is_short: bool
) -> Reason | None:
    if video.state != TRASHED:
        if settings.max_age is not None and _age(video, now) > settings.max_age:
            return Reason.AGE
        if settings.max_bytes is not None and total > settings.max_bytes:
            return Reason.SIZE
    return Reason.SPACE if is_short else None


class Retention:
    """Does what `decide` says.

    `throw` takes a video to the trash, `delete` off the disk, `empty` deletes the old trash.
    """

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
        delete: Callable[[str], object],
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
        self._delete = delete
        self._empty = empty

    def plan(self) -> list[Doomed]:
        """What would go now, in the order in which it goes."""
        settings, now = self._settings(), self._clock.now()
        if settings == RetentionSettings():
            return []
        videos = [*self._store.trash_weights(), *self._store.weights()]
        return decide(videos, settings, now, self._disks(), self._in_use)

    def run(self) -> list[Doomed]:
        """Do it, after what has lain in the trash for a day is deleted."""
        self._empty()
        gone = [one for one in self.plan() if self._takes(one)]
        if gone:
            taken = [one for one in gone if not one.is_trashed]
            counted = Counter(str(one.reason) for one in taken)
            self.deleted.update(counted)
            names = [one.video.name for one in gone[:_MOST_NAMES]]
            self._tell(Kind.RETENTION, None, _summary(gone), **counted, names=names)
        return gone

    def _takes(self, one: Doomed) -> bool:
        # Somebody may have protected it a moment ago.
        try:
            (self._delete if one.for_good else self._throw)(one.video.id)
        except ApiError:
            return False
        return True

    def _disks(self) -> dict[str, Disk]:
        devices: dict[str, int] = {}
        disks: dict[int, Disk] = {}
        for folder in self._folders:
            try:
                device = folder.root.stat().st_dev
                disks[device] = Disk(shutil.disk_usage(folder.root).free)
            except OSError:
                continue
            devices[folder.key] = device
        return {key: disks[device] for key, device in devices.items()}


def _summary(gone: Sequence[Doomed]) -> str:
    """What happened, for people."""
    emptied = sum(one.is_trashed for one in gone)
    deleted = [one for one in gone if one.for_good and not one.is_trashed]
    thrown = [one for one in gone if not one.for_good]
    parts = []
    if emptied:
        parts.append(f"{emptied} videos were deleted from the trash, as space is short")
    if deleted:
        parts.append(f"{len(deleted)} videos were deleted for good: {_reasons(deleted)}")
    if thrown:
        parts.append(f"{len(thrown)} videos went to the trash: {_reasons(thrown)}")
    return "; ".join(parts)


def _reasons(gone: Sequence[Doomed]) -> str:
    counted = Counter(str(one.reason) for one in gone)
    return ", ".join(f"{count} by {reason}" for reason, count in counted.items())


def _lack(disk: Disk, settings: RetentionSettings) -> float:
    return 0.0 if settings.min_free_bytes is None else settings.min_free_bytes - disk.free


def _age(video: Weight, now: float) -> float:
    return now - video.start - video.duration
