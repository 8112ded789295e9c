"""A real OBS Studio for tests: in a home, on a display and on a port of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal

import psutil

from tests.obs_home import Profile, Scene, make_media, standard, write_config
from tests.running import eventually, free_port

COMMAND = (
    "obs",
    "--multi",
    "--minimize-to-tray",
    "--disable-missing-files-check",
    *("--collection", "Test"),
    *("--profile", "Test"),
)

PROMPT = "cluster_time_limit=300"
"""A setting of the muxer: without it six seconds go by until a recording is seen to grow."""

SETTLED_SECONDS = 1.0
"""OBS 29 often crashes or hangs when it is asked to exit while its window is new, hardly ever
after a second; nothing that it says or does tells when that is over."""


class Display:
    """An Xvfb on a display number that it chose itself."""

    def __init__(self, folder: Path) -> None:
        self._number = folder / "display"
        self._log = folder / "xvfb.log"
        with self._number.open("w") as number, self._log.open("w") as log:
            # Without -noreset it would start over when an OBS is killed, just as the next comes.
            self._child = subprocess.Popen(
                ("Xvfb", "-displayfd", str(number.fileno()), "-noreset", "-nolisten", "tcp"),
                pass_fds=(number.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self.name = f":{eventually(self._chosen)}"
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        # Only when it is asked to end does it take its lock and socket under /tmp away.
        self._child.terminate()
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _chosen(self) -> str:
        assert self._child.poll() is None, f"Xvfb ended:\n{self._log.read_text()}"
        return self._number.read_text().strip()


class RealObs:
    """Made: its files are written. Started: it answers. All of it is gone after `end`.

    Started again after `kill` or `stop` it has the same port and finds what it last saved.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        folder: Path,
        *,
        password: str | None = None,
        port: int | None = None,
        fps: int = 15,
        size: tuple[int, int] = (320, 240),
        record_format: str = "mkv",
        quality: Literal["Small", "Stream"] = "Stream",
        muxer: str = "",
        advanced: Mapping[str, object] | None = None,
        media: Path | None = None,
        scenes: Sequence[Scene] | None = None,
    ) -> None:
        self.folder = folder
        self.password = password
        self.port = port or free_port()
        self.recordings = folder / "recordings"
        self._home = folder / "home"
        self._starts = 0
        self._listens_since = 0.0
        self._display: Display | None = None
        self._child: subprocess.Popen[bytes] | None = None

        for directory in (self.recordings, self._home):
            directory.mkdir(parents=True)
        self._home.chmod(0o700)
        if scenes is None:
            scenes = standard(media or make_media(folder / "media"), size)
        profile = Profile(
            fps=fps,
            size=size,
            record_format=record_format,
            quality=quality,
            muxer=muxer,
            advanced=advanced,
        )
        write_config(
            self._home, self.recordings, profile, scenes, port=self.port, password=password
        )

    @property
    def pid(self) -> int:
        assert self._child is not None, "never started"
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def log(self) -> str:
        """What OBS wrote since its last start."""
        return self._log.read_text(errors="replace")

    def start(self) -> None:
        """Returns when this OBS, and no other, listens on the port."""
        assert not self.running, "already started"
        self._starts += 1
        try:
            if self._display is None:
                self._display = Display(self.folder)
            with self._log.open("wb") as log:
                self._child = subprocess.Popen(
                    COMMAND,
                    cwd=self.folder,
                    env=self._environment(self._display.name),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            eventually(self._listens, within=30)
            self._listens_since = time.monotonic()
        except BaseException:
            self.end()
            raise

    def stop(self, within: float = 10.0) -> None:
        """Ask OBS to exit, let it finish its files, then end what is left.

        OBS waits 5 s for a client that is connected and does not read.
        """
        for process in self._family():
            _send(process, signal.SIGCONT)
        if self.running:
            time.sleep(max(0.0, self._listens_since + SETTLED_SECONDS - time.monotonic()))
            os.kill(self.pid, signal.SIGINT)
        psutil.wait_procs(self._family(), within)
        self.end()

    def end(self) -> None:
        """End everything at once, frozen or not."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
        # Again until there are none: what ends now may just have started another.
        while family := self._family():
            _kill(family)
        if self._display is not None:
            self._display.end()
            self._display = None

    def kill(self) -> None:
        """Only OBS: its muxer sees the end of the pipe and finishes the file."""
        assert self._child is not None
        self._child.kill()
        self._child.wait()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)
        eventually(lambda: psutil.Process(self.pid).status() == psutil.STATUS_STOPPED)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def muxers(self) -> list[psutil.Process]:
        """The programs that write its files, also those that outlived it."""
        return self._family("obs-ffmpeg-mux")

    def kill_muxer(self) -> None:
        _kill(eventually(self.muxers))

    def stop_muxer(self) -> None:
        for process in eventually(self.muxers):
            _send(process, signal.SIGSTOP)
        eventually(lambda: all(one.status() == psutil.STATUS_STOPPED for one in self.muxers()))

    def cont_muxer(self) -> None:
        for process in self.muxers():
            _send(process, signal.SIGCONT)

    def __enter__(self) -> RealObs:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def _log(self) -> Path:
        return self.folder / f"obs-{self._starts}.log"

    def _environment(self, display: str) -> dict[str, str]:
        home = str(self._home)
        return {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "XDG_CACHE_HOME": home,
            "XDG_RUNTIME_DIR": home,
            "DISPLAY": display,
            "LC_ALL": "C.UTF-8",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "QT_QPA_PLATFORM": "xcb",
            # OBS looks for news of streaming services; the discard port keeps that on the machine.
            "https_proxy": "http://127.0.0.1:9",
        }

    def _listens(self) -> bool:
        assert self.running, f"OBS ended:\n{self.log}"
        # It would run on without a server, and whoever has the port would be taken for it.
        assert "Listen failed" not in self.log, f"port {self.port} is taken"
        with contextlib.suppress(psutil.NoSuchProcess):
            return any(
                socket.status == psutil.CONN_LISTEN and socket.laddr.port == self.port
                for socket in psutil.Process(self.pid).net_connections("tcp")
            )
        return False

    def _family(self, name: str = "") -> list[psutil.Process]:
        """OBS and what it started. Its muxer is no longer its child once OBS is gone, and what
        is recorded where can change; the home in the environment stays."""
        family = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("HOME") == str(self._home):
                    family += [process] if name in ("", process.name()) else []
        return family


def _kill(processes: Sequence[psutil.Process]) -> None:
    for process in processes:
        _send(process, signal.SIGKILL)
    eventually(lambda: all(map(_gone, processes)))


def _gone(process: psutil.Process) -> bool:
    try:
        # Whose parent does not ask for its exit code stays as one.
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _send(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
