"""From one scene to the next by a fade, with all the events on the way."""

from __future__ import annotations

import asyncio

from leitstand.demo.obs.protocol import Emit, Intent
from leitstand.demo.obs.stage import Stage

NAME = "Fade"
SHOW_SECONDS, FADE_SECONDS, END_SECONDS = 0.03, 0.27, 0.02


class Transition:
    def __init__(self, stage: Stage, emit: Emit) -> None:
        self._stage, self._emit = stage, emit
        self._task: asyncio.Task[None] | None = None

    def to(self, scene: str) -> None:
        """The scene is the current one at once, the events follow."""
        if scene != self._stage.scene(scene).name or scene == self._stage.current:
            return
        self.exit()
        self._stage.current = scene
        self._task = asyncio.get_running_loop().create_task(self._fade(scene))

    def settle(self) -> None:
        """Inputs that are to be seen and are not, and those that are and should not."""
        self.show()
        self.hide()

    def show(self) -> None:
        self._set(self._stage.wanted() - self._stage.active, True)

    def hide(self) -> None:
        self._set(self._stage.active - self._stage.wanted(), False)

    def exit(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _fade(self, scene: str) -> None:
        self._tell("SceneTransitionStarted")
        await asyncio.sleep(SHOW_SECONDS)
        self.show()
        await asyncio.sleep(FADE_SECONDS)
        self._tell("SceneTransitionVideoEnded")
        self._emit(Intent.SCENES, "CurrentProgramSceneChanged", {"sceneName": scene})
        await asyncio.sleep(END_SECONDS)
        self._tell("SceneTransitionEnded")
        await asyncio.sleep(SHOW_SECONDS)
        self.hide()

    def _tell(self, event: str) -> None:
        self._emit(Intent.TRANSITIONS, event, {"transitionName": NAME})

    def _set(self, names: set[str], on: bool) -> None:
        for name in (name for name in self._stage.inputs if name in names):
            data = {"inputName": name}
            self._emit(Intent.INPUT_SHOW, "InputShowStateChanged", data | {"videoShowing": on})
            self._emit(Intent.INPUT_ACTIVE, "InputActiveStateChanged", data | {"videoActive": on})
        (self._stage.active.update if on else self._stage.active.difference_update)(names)
