"""What `leitstand alertmanager-config` and `leitstand notify` do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from leitstand import shipped
from leitstand.config import Config
from leitstand.notify import render, trial

Say = Callable[[str], object]


def write_config(config: Config, folder: Path, template: Path | None = None) -> Path:
    """Alertmanager's configuration and its secrets into a folder; answers the file.

    Raises ConfigError.
    """
    origin = template or shipped.folder("alertmanager", "--template")
    return render.write(render.files(origin, config, folder), folder)


def test(config: Config, say: Say) -> int:
    """A test message to every receiver, told line by line. 0 if all arrived."""
    notify = config.notify
    outcomes = []
    try:
        for outcome in trial.run(notify):
            outcomes.append(outcome)
            say(str(outcome))
    except trial.Unreachable as error:
        say(f"Alertmanager at {notify.alertmanager} {error}; start it, or see notify.alertmanager")
        return 1
    if not outcomes:
        say("nobody would be told: give notify.email or notify.slack, then write its file anew")
        return 1
    failed = sum(outcome.trouble is not None for outcome in outcomes)
    say(f"{len(outcomes) - failed} of {len(outcomes)} delivered")
    return 1 if failed else 0
