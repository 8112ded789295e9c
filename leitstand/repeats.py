"""Repeated log lines appear once a minute, with their count.

Lines are alike if logger, level, template and the traceback's frames are the same. Of lines that
are alike, each text appears at most once a minute, and at most MOST_TEXTS of them: those about a
second studio are not lost behind the first's, and values that a client chose do not fill the log.
With a traceback only one of them appears, whatever its values are.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType

SECONDS = 60.0
MOST_TEXTS = 20
_MOST_KINDS = 1_000
_LONGEST_TEXT = 1_000

Kind = tuple[object, ...]


@dataclass(slots=True)
class _Window:
    """The lines of one kind since `began`; of each text, how often it was left out."""

    began: float
    sample: logging.LogRecord
    most_texts: int
    left_out: dict[str, int] = field(default_factory=dict)
    others: int = 0

    def admit(self, text: str) -> bool:
        if text in self.left_out:
            self.left_out[text] += 1
        elif len(self.left_out) < self.most_texts:
            self.left_out[text] = 0
            return True
        else:
            self.others += 1
        return False

    def summary(self, now: float) -> list[logging.LogRecord]:
        seconds = max(1, round(now - self.began))
        lines = [
            f"{text} (repeated {count} time{'s'[: count > 1]} in the last {seconds} s)"
            for text, count in self.left_out.items()
            if count
        ]
        if self.others:
            lines.append(f"{self.others} more lines like these in the last {seconds} s")
        return [_like(self.sample, line) for line in lines]

    def next(self, now: float) -> _Window | None:
        """The window after this one; its texts have just appeared in the summary."""
        repeated = {text: 0 for text, count in self.left_out.items() if count}
        if not repeated and not self.others:
            return None
        return _Window(now, self.sample, self.most_texts, repeated)


class Repeats:
    """The filter: decides which records pass, and summarises the others."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: OrderedDict[Kind, _Window] = OrderedDict()

    def admit(self, record: logging.LogRecord) -> bool:
        kind = _kind(record)
        if kind not in self._windows:
            most = 1 if _trace(record) else MOST_TEXTS
            self._windows[kind] = _Window(self._clock(), _like(record, ""), most)
        return self._windows[kind].admit(_text(record))

    def due(self, *, all_of_them: bool = False) -> Iterator[logging.LogRecord]:
        """The summaries of windows that are over, or of all windows."""
        now = self._clock()
        # The oldest comes first.
        while self._windows:
            kind, window = next(iter(self._windows.items()))
            is_over = now - window.began >= SECONDS
            if not is_over and not all_of_them and len(self._windows) <= _MOST_KINDS:
                return
            yield from window.summary(now)
            del self._windows[kind]
            following = window.next(now) if is_over and not all_of_them else None
            if following:
                self._windows[kind] = following

    @property
    def pending(self) -> bool:
        """Whether a summary will be due."""
        return any(
            window.others or any(window.left_out.values()) for window in self._windows.values()
        )


class LimitedHandler(logging.Handler):
    """A handler that passes records on to another one, without repetitions."""

    def __init__(
        self, target: logging.Handler, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._target = target
        self._repeats = Repeats(clock)
        self._timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._sum_up()
            if self._repeats.admit(record):
                self._target.handle(record)
            elif self._timer is None:
                self._wait()
        except Exception:
            # As every handler does: a malformed record must not raise in the code that logs it.
            self.handleError(record)

    def flush(self) -> None:
        self._target.flush()

    def close(self) -> None:
        """Also closes the other handler, after the last summaries."""
        with self._locked():
            if self._timer is not None:
                self._timer.cancel()
            self._sum_up(all_of_them=True)
        self._target.close()
        super().close()

    def _sum_up(self, *, all_of_them: bool = False) -> None:
        for summary in self._repeats.due(all_of_them=all_of_them):
            self._target.handle(summary)

    def _wait(self) -> None:
        """Start the timer that writes a summary even if nothing else is logged."""
        self._timer = threading.Timer(SECONDS, self._wake)
        self._timer.daemon = True
        # Without it the next record brings the summary.
        with contextlib.suppress(RuntimeError):
            self._timer.start()

    def _wake(self) -> None:
        with self._locked():
            self._sum_up()
            self._timer = None
            if self._repeats.pending:
                self._wait()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.acquire()
        try:
            yield
        finally:
            self.release()


def _trace(record: logging.LogRecord) -> TracebackType | None:
    return record.exc_info[2] if record.exc_info else None


def _kind(record: logging.LogRecord) -> Kind:
    frames = tuple((frame.f_code, line) for frame, line in traceback.walk_tb(_trace(record)))
    template = str(record.msg)[:_LONGEST_TEXT]
    # asyncio writes addresses of objects into the lines after the first.
    return record.name, record.levelno, template.partition("\n")[0], frames


def _text(record: logging.LogRecord) -> str:
    text = record.getMessage()[:_LONGEST_TEXT]
    return text.partition("\n")[0] if _trace(record) else text


def _like(sample: logging.LogRecord, text: str) -> logging.LogRecord:
    """A record of now, without its traceback."""
    return logging.LogRecord(
        sample.name, sample.levelno, sample.pathname, sample.lineno, text, None, None
    )
