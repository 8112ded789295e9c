"""The log says the same once a minute, with its number, and nothing that matters is left out."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import pytest

from leitstand.repeats import MOST_TEXTS, SECONDS, LimitedHandler, Repeats

logger = logging.getLogger("tests.repeats")


@dataclass
class Log:
    """A logger whose lines go through a limited handler, on a clock of the test's own."""

    now: float = 0.0
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        target = logging.Handler()
        target.emit = self._keep  # type: ignore[method-assign]
        self.handler = LimitedHandler(target, lambda: self.now)

    def _keep(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage() + (" +trace" if record.exc_info else ""))

    def taken(self) -> list[str]:
        lines, self.lines[:] = list(self.lines), []
        return lines


@pytest.fixture
def log() -> Log:
    log = Log()
    logger.handlers = [log.handler]
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    return log


def test_a_line_is_repeated_once_a_minute_with_its_number(log: Log) -> None:
    for _ in range(38):
        logger.warning("%s: away", "stage")
    assert log.taken() == ["stage: away"]
    log.now = SECONDS
    logger.info("something else")
    repeated = "stage: away (repeated 37 times in the last 60 s)"
    assert log.taken() == [repeated, "something else"]
    # That was this minute's line.
    for _ in range(2):
        logger.warning("%s: away", "stage")
    assert log.taken() == []
    log.now = 2 * SECONDS
    logger.info("something else")
    assert log.taken()[0] == "stage: away (repeated 2 times in the last 60 s)"
    # Nothing came in that minute, so the next one is news.
    log.now = 4 * SECONDS
    logger.warning("%s: away", "stage")
    assert log.taken() == ["stage: away"]


def test_lines_that_differ_are_all_there(log: Log) -> None:
    logger.warning("%s: away", "stage")
    logger.warning("%s: away", "foyer")
    logger.error("%s: away", "stage")
    logger.warning("%s: is away", "stage")
    assert log.taken() == ["stage: away", "foyer: away", "stage: away", "stage: is away"]


def test_values_that_always_differ_do_not_fill_the_log(log: Log) -> None:
    for number in range(1_000):
        logger.warning("from %d", number)
    assert log.taken() == [f"from {number}" for number in range(MOST_TEXTS)]
    log.handler.close()
    assert log.taken() == [f"{1_000 - MOST_TEXTS} more lines like these in the last 1 s"]


def fail(how: str) -> None:
    raise ValueError(how)


def fail_elsewhere(how: str) -> None:
    raise ValueError(how)


def test_tracebacks_of_one_place_are_one_line(log: Log) -> None:
    for number in range(5):
        for failing in (fail, fail_elsewhere):
            try:
                failing(str(number))
            except ValueError:
                logger.exception("job %d failed\nat %s", number, object())
    first, second = log.taken()
    assert first.startswith("job 0 failed")
    assert second.startswith("job 0 failed")
    assert first.endswith("+trace")


def test_a_summary_comes_though_nothing_else_is_logged(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = []

    class Timer:
        daemon = False

        def __init__(self, seconds: float, function: object) -> None:
            waiting.append(function)

        def start(self) -> None:
            pass

        def cancel(self) -> None:
            pass

    monkeypatch.setattr("threading.Timer", Timer)
    for _ in range(3):
        logger.warning("away")
    log.now = SECONDS
    (wake,) = waiting
    wake()  # type: ignore[operator]
    assert log.taken() == ["away", "away (repeated 2 times in the last 60 s)"]


def test_the_last_summary_comes_at_the_end(log: Log) -> None:
    logger.warning("away")
    logger.warning("away")
    log.now = 12
    log.handler.close()
    assert log.taken() == ["away", "away (repeated 1 time in the last 12 s)"]


def test_a_line_with_too_few_values_ends_nobody(
    log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    log.handler.handle(logging.LogRecord("x", 30, "", 1, "%s %s", ("one",), None))
    assert "not enough arguments" in capsys.readouterr().err


def test_what_is_remembered_is_bounded() -> None:
    repeats = Repeats(lambda: 0.0)
    for number in range(5_000):
        list(repeats.due())
        repeats.admit(logging.LogRecord(f"{number}", 30, "", 1, "text", None, None))
    assert len(repeats._windows) < 1_100
