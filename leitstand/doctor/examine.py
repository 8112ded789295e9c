"""All checks, one after the other, and how they are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from rich.console import Console
from rich.markup import escape

from leitstand.config import Config
from leitstand.doctor import exporter, host, mediamtx, obs, recorder
from leitstand.doctor.finding import Finding


def examine(config: Config) -> Iterator[Finding]:
    """All checks; one that fails does not end the others."""
    yield from exporter.check(config.exporter)
    if not config.mediamtx and not config.obs:
        advice = "add a mediamtx: or obs: section if there is one to watch"
        yield Finding("mediamtx", False, "nothing to watch is configured", advice)
    for server in config.mediamtx:
        yield from mediamtx.check(server)
    for studio in config.obs:
        yield from obs.check(studio)
    if config.obs:
        yield from recorder.check(config)
    yield from host.check(config.host)


def report(findings: Iterable[Finding], console: Console) -> int:
    """Print each finding as it comes; 1 if any is bad."""
    say = partial(console.print, highlight=False, soft_wrap=True)
    bad = 0
    for finding in findings:
        sign = "[green]ok [/]" if finding.good else "[red]BAD[/]"
        say(f"{sign} {escape(f'{finding.subject}: {finding.seen}')}")
        if not finding.good:
            bad += 1
            say(f"    -> {escape(finding.advice)}")
    say("everything is well" if not bad else f"{bad} to mend")
    return 1 if bad else 0
