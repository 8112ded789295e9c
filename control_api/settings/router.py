"""/api/settings: what may be changed while the service runs."""

from __future__ import annotations

from datetime import tzinfo
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path

from control_api.auth.access import Admin, Viewer
from control_api.clock import local
from control_api.envelope import Answer, Failure
from control_api.provide import provided
from control_api.settings.service import Setting, SettingsService
from control_api.settings.shapes import Changes, FixedShape, SettingShape, SettingsShape

Service = Annotated[SettingsService, Depends(provided(SettingsService))]

router = APIRouter(prefix="/settings", tags=["settings"])


@router.get("")
def read_settings(service: Service, caller: Viewer) -> Answer[SettingsShape]:
    """Every setting with its value, and what was fixed at start."""
    settings = [_shown(each, service.zone) for each in service.all()]
    fixed = [
        FixedShape(key=one.key, value=one.value, description=one.description, variable=one.variable)
        for one in service.fixed
    ]
    return Answer(data=SettingsShape(settings=settings, fixed=fixed))


@router.patch("")
def change_settings(
    changes: Annotated[Changes, Body()], service: Service, caller: Admin
) -> Answer[list[SettingShape]]:
    """Set one or more, effective at once; if one is wrong none is set."""
    changed = service.change(changes, caller.name)
    return Answer(data=[_shown(each, service.zone) for each in changed], message="settings changed")


@router.delete("/{key}", responses={404: {"model": Failure}})
def reset_setting(
    key: Annotated[str, Path(max_length=200)], service: Service, caller: Admin
) -> Answer[SettingShape]:
    """Back to the default."""
    setting = service.reset(key, caller.name)
    return Answer(data=_shown(setting, service.zone), message=f"{setting.key} has its default")


def _shown(setting: Setting, zone: tzinfo) -> SettingShape:
    changed_at = setting.changed_at
    return SettingShape(
        key=setting.key,
        value=setting.value,
        default=setting.default,
        description=setting.description,
        changed_at=None if changed_at is None else local(changed_at, zone),
        changed_by=setting.changed_by,
    )
