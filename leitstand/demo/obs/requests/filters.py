"""Requests about the filters of an input: kept and told, without any effect."""

from __future__ import annotations

from leitstand.demo.obs.fields import Fields
from leitstand.demo.obs.protocol import Json, Refused, Status
from leitstand.demo.obs.requests.general import Handler
from leitstand.demo.obs.studio import Studio

MOST = 1_000


def _filters(studio: Studio, fields: Fields) -> list[Json]:
    return studio.stage.input(fields.text("sourceName")).filters


def _filter(studio: Studio, fields: Fields) -> Json:
    name = fields.text("filterName")
    for one in _filters(studio, fields):
        if one["filterName"] == name:
            return one
    comment = f"No filter was found in the source `{fields.text('sourceName')}` with the name"
    raise Refused(Status.NOT_FOUND, f"{comment} `{name}`.")


def get_source_filter_list(studio: Studio, fields: Fields) -> Json:
    filters = enumerate(_filters(studio, fields))
    return {"filters": [one | {"filterIndex": index} for index, one in filters]}


def create_source_filter(studio: Studio, fields: Fields) -> None:
    filters, name = _filters(studio, fields), fields.text("filterName")
    if any(one["filterName"] == name for one in filters):
        raise Refused(Status.ALREADY_EXISTS, "A filter already exists by that name.")
    settings = fields.object("filterSettings") if fields.has("filterSettings") else {}
    created = {"filterEnabled": True, "filterKind": fields.text("filterKind")}
    filters.append(created | {"filterName": name, "filterSettings": settings})


def set_source_filter_enabled(studio: Studio, fields: Fields) -> None:
    _filter(studio, fields)["filterEnabled"] = fields.flag("filterEnabled")


def set_source_filter_index(studio: Studio, fields: Fields) -> None:
    filters, moved = _filters(studio, fields), _filter(studio, fields)
    filters.remove(moved)
    filters.insert(int(fields.number("filterIndex", 0, MOST)), moved)


REQUESTS: dict[str, Handler] = {
    "GetSourceFilterList": get_source_filter_list,
    "CreateSourceFilter": create_source_filter,
    "SetSourceFilterEnabled": set_source_filter_enabled,
    "SetSourceFilterIndex": set_source_filter_index,
}
