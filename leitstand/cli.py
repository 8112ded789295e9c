"""The `leitstand` command: one function a subcommand, each only parses and calls."""

from __future__ import annotations

import functools
import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from leitstand import __version__, descriptors, logs
from leitstand.errors import ConfigError
from leitstand.places import PLACES
from leitstand.signals import stop_event

_CONFIG_ERROR = 2

app = typer.Typer(
    help="The control room for MediaMTX and OBS Studio. Begin with `leitstand up`.",
    epilog="Any key of the configuration can come from the environment instead, as in "
    "LEITSTAND_MEDIAMTX__0__URL=http://127.0.0.1:9997. What is wrong with it is said in one line, "
    "with exit code 2.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help=f"Configuration. Default: {PLACES[0]}, then {PLACES[1]}.",
    ),
]
LogLevelOption = Annotated[
    str,
    typer.Option("--log-level", metavar="LEVEL", help=f"One of {', '.join(logs.LEVELS)}."),
]


def guarded(group: typer.Typer) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A subcommand whose configuration errors are one line on stderr and exit code 2."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def guarding(*args: Any, **kwargs: Any) -> None:
            try:
                function(*args, **kwargs)
            except ConfigError as error:
                typer.echo(f"leitstand: {error}", err=True)
                raise typer.Exit(_CONFIG_ERROR) from None

        return group.command(name=function.__name__.removesuffix("_").replace("_", "-"))(guarding)

    return register


command = guarded(app)


def _set_up_logs(level: str) -> None:
    if level not in logs.LEVELS:
        raise ConfigError(f"--log-level: {level!r} is not one of {', '.join(logs.LEVELS)}")
    logs.set_up(level)


@command
def up_(
    config_file: ConfigOption = None,
    demo: Annotated[
        bool,
        typer.Option("--demo", help="Watch a MediaMTX and an OBS that are made up; needs nothing."),
    ] = False,
    with_prometheus: Annotated[
        bool,
        typer.Option("--with-prometheus", help="Run Prometheus and Alertmanager too."),
    ] = False,
    log_level: LogLevelOption = "info",
) -> None:
    """Run everything, until Ctrl-C.

    Watches what the configuration names. Without one it looks for MediaMTX (:9997) and OBS (:4455)
    on this machine; if neither is there, it shows the demo.
    """
    from leitstand import up

    _set_up_logs(log_level)
    stop = stop_event()
    plan = up.make_plan(config_file, demo=demo)
    code = up.run(plan, log_level, stop, Console(), with_prometheus=with_prometheus)
    raise typer.Exit(code)


def _spare_the_collector() -> None:
    """Have Python look for cycles less often: a poll makes many objects, and cycles of none."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@command
def exporter(config_file: ConfigOption = None, log_level: LogLevelOption = "info") -> None:
    """Run the exporter: MediaMTX and host as Prometheus metrics."""
    from exporter.service import Exporter
    from leitstand import config, watchdog

    _set_up_logs(log_level)
    descriptors.raise_limit()
    stop = stop_event()
    service = Exporter(config.load(config_file))
    _spare_the_collector()
    service.start()
    logs.announce(f"exporter {__version__} at {service.url}")
    with watchdog.told(lambda: service.is_alive):
        stop.wait()
    service.stop()


@command
def api(config_file: ConfigOption = None, log_level: LogLevelOption = "info") -> None:
    """Run the control API: recordings, schedules, videos and clips."""
    from control_api import startup
    from leitstand import config, watchdog

    _set_up_logs(log_level)
    descriptors.raise_limit()
    stop = stop_event()
    service = startup.started(config.load(config_file), stop)
    if service is None:
        return
    logs.announce(f"control API {__version__} at {service.url}")
    with watchdog.told(lambda: service.is_alive):
        stop.wait()
    service.stop()


@command
def recorder(config_file: ConfigOption = None, log_level: LogLevelOption = "info") -> None:
    """Run the recorder: it has every studio record when it should, whatever else breaks."""
    from control_api.recorder.service import Recorder
    from leitstand import config, watchdog

    _set_up_logs(log_level)
    descriptors.raise_limit()
    stop = stop_event()
    service = Recorder(config.load(config_file, any_folder=True))
    service.start()
    logs.announce(f"recorder {__version__} at {service.address}")
    with watchdog.told(lambda: service.is_alive):
        stop.wait()
    service.stop()


token = typer.Typer(help="Tokens of the control API.", no_args_is_help=True)
app.add_typer(token, name="token")


@guarded(token)
def list_(config_file: ConfigOption = None) -> None:
    """Show all tokens; of each only a hash is kept."""
    from control_api.auth.command import list_tokens
    from leitstand import config

    typer.echo(list_tokens(config.load(config_file)))


@guarded(token)
def create(
    name: Annotated[str, typer.Argument(help="Whose it is; shown in the audit log.")],
    role: Annotated[str, typer.Option(help="viewer, operator or admin.")] = "viewer",
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write it there instead; one that is there is kept."),
    ] = None,
    config_file: ConfigOption = None,
) -> None:
    """Make a token and print it, this once."""
    from control_api.auth.command import create_token, keep_token
    from leitstand import config

    settings = config.load(config_file)
    if output is not None:
        typer.echo(keep_token(settings, name, role, output))
    else:
        typer.echo(create_token(settings, name, role))


@guarded(token)
def revoke(
    id: Annotated[int, typer.Argument(help="As `leitstand token list` shows it.")],
    config_file: ConfigOption = None,
) -> None:
    """End a token, and every login that was made with it."""
    from control_api.auth.command import revoke_token
    from leitstand import config

    typer.echo(revoke_token(config.load(config_file), id))


library = typer.Typer(help="The videos' folders.", no_args_is_help=True)
app.add_typer(library, name="library")


@guarded(library)
def scan(
    as_json: Annotated[bool, typer.Option("--json", help="Print only the counts.")] = False,
    config_file: ConfigOption = None,
) -> None:
    """Look once for new, changed and vanished videos, beside a running service or without one."""
    from control_api.library.command import scan as look
    from leitstand import config

    _set_up_logs("warning")
    settings = config.load(config_file)
    typer.echo(look(settings, stop_event(), Console(stderr=True), as_json=as_json))


@command
def clip_(
    file: Annotated[Path, typer.Argument(help="The recording.")],
    start: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Seconds or HH:MM:SS.mmm.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="T", help="The first moment left out.")
    ] = None,
    *,
    last: Annotated[
        str | None,
        typer.Option(metavar="T", help="So much up to the end, also of a running recording."),
    ] = None,
    mode: Annotated[str, typer.Option(help="exact, copy or reencode.")] = "exact",
    output: Annotated[
        Path | None,
        typer.Option(metavar="CLIP", help="Default: FILE-clip.mp4 beside it; .m4a: sound alone."),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Kept in the clip as metadata.")] = None,
    height: Annotated[int | None, typer.Option(help="Pixels; with --mode reencode.")] = None,
    fade_in: Annotated[float, typer.Option(help="Seconds; with --mode reencode.")] = 0.0,
    fade_out: Annotated[float, typer.Option(help="Seconds; with --mode reencode.")] = 0.0,
    logo: Annotated[
        Path | None, typer.Option(metavar="PNG", help="In a corner; with --mode reencode.")
    ] = None,
) -> None:
    """Cut [from, to) out of a recording, exact to the frame, at the cost of a copy."""
    from leitstand import clip

    _set_up_logs("warning")
    wish = clip.Wish(
        *(file, start, end, mode, output),
        last=last,
        title=title,
        height=height,
        fade_in=fade_in,
        fade_out=fade_out,
        logo=logo,
    )
    typer.echo(clip.run(wish, stop_event(), Console(stderr=True)))


@command
def snapshot(config_file: ConfigOption = None, log_level: LogLevelOption = "warning") -> None:
    """Ask every source once and print what they said, as JSON."""
    from exporter import once
    from leitstand import config

    _set_up_logs(log_level)
    json.dump(once.ask(config.load(config_file)), sys.stdout, indent=2)
    typer.echo()


@command
def doctor_(config_file: ConfigOption = None) -> None:
    """Say, check by check, what works and what to do about what does not."""
    from leitstand import config, doctor

    _set_up_logs("error")
    findings = doctor.examine(config.load(config_file))
    raise typer.Exit(doctor.report(findings, Console()))


@command
def check_config(config_file: ConfigOption = None) -> None:
    """Only read the configuration and say what it amounts to."""
    from leitstand import config
    from leitstand.config.load import find

    settings = config.load(config_file)
    file = find(config_file)
    servers = ", ".join(f"{s.name} at {s.url}" for s in settings.mediamtx) or "none"
    typer.echo(f"{file or 'no file, defaults and variables'}: good")
    studios = ", ".join(f"{s.name} at {s.host}:{s.port}" for s in settings.obs) or "none"
    typer.echo(f"exporter at {settings.exporter.listen}, MediaMTX: {servers}, OBS: {studios}")


@command
def alertmanager_config(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where Alertmanager reads it.")
    ],
    template: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Instead of the shipped alertmanager/.")
    ] = None,
    config_file: ConfigOption = None,
) -> None:
    """Write alertmanager.yml for `notify:`, and its secrets into files beside it."""
    from leitstand import config
    from leitstand.notify import command as notifying

    file = notifying.write_config(config.load(config_file), output, template)
    typer.echo(f"alertmanager --config.file={file}")


@command
def notify(
    test: Annotated[
        bool, typer.Option("--test", help="Send one test message to every receiver.")
    ] = False,
    config_file: ConfigOption = None,
) -> None:
    """Say whether messages arrive: exit code 1 and the way out if one does not."""
    from leitstand import config
    from leitstand.notify import command as notifying

    settings = config.load(config_file)
    if not test:
        raise ConfigError("--test: is all there is; say it, as a message is sent")
    raise typer.Exit(notifying.test(settings, typer.echo))


@command
def demo_mediamtx_(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")
    ] = 9997,
    paths: Annotated[
        int, typer.Option(min=0, help="This many live paths instead of the demo's.")
    ] = 0,
    readers: Annotated[int, typer.Option(min=0, help="With --paths: this many readers.")] = 0,
    idle: Annotated[
        int, typer.Option(min=0, help="This many idle paths instead of the demo's.")
    ] = 0,
) -> None:
    """Run only the demo MediaMTX, which speaks the real API."""
    from leitstand.demo import mediamtx as demo_mediamtx

    try:
        demo_mediamtx.serve(port=port, paths=paths, readers=readers, idle=idle)
    except OSError as error:
        raise ConfigError(f"--port: {port} cannot be listened on ({error.strerror})") from None


@command
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    app(prog_name="leitstand")
