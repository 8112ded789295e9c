"""README's tables of settings, reasons and metrics, made from the code. `make docs` writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from exporter import collectors
from leitstand.config.keys import section_of
from leitstand.config.schema import Config
from tests import reason_words

README = Path(__file__).parent.parent / "README.md"


def settings() -> str:
    """One row a key, in the order of the schema."""
    rows = ["| key | default | meaning |", "|---|---|---|"]
    for key, field in _fields(Config, ""):
        rows.append(f"| `{key}` | {_default(field)} | {field.description} |")
    return "\n".join(rows)


def _fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        inner = section_of(field.annotation)
        listed = "[]" if "list[" in str(field.annotation) and inner else ""
        key = f"{prefix}{name}{listed}"
        if inner is None:
            secret = "SecretStr" in str(field.annotation) and "dict" not in str(field.annotation)
            yield f"{key}`, `{key}_file" if secret else key, field
        else:
            yield from _fields(inner, f"{key}.")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if isinstance(field.json_schema_extra, dict):
        # What the code finds out may differ from machine to machine.
        return f"`{field.json_schema_extra['default']}`"
    value = field.get_default(call_default_factory=True)
    if value is None or value == [] or value == {} or isinstance(value, SecretStr):
        return ""
    if isinstance(value, list):
        return f"`[{', '.join(value)}]`"
    return f"`{value:g} s`" if isinstance(value, float) else f"`{value}`"


def metrics() -> str:
    """One row a family, in the order of the page."""
    rows = ["| family | labels | meaning |", "|---|---|---|"]
    for family in collectors.FAMILIES:
        labels = ", ".join(family.labels)
        rows.append(f"| `{family.name}` | {labels} | {family.help.replace('|', ' or ')} |")
    return "\n".join(rows)


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings,
    "reasons": reason_words.table,
    "metrics": metrics,
}


def filled(text: str) -> str:
    """The README with each table between its marks made anew."""
    for name, table in TABLES.items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text, found = marks.subn(lambda m, t=table: f"{m[1]}{t()}\n{m[2]}", text)  # type: ignore[misc]
        assert found == 1, f"README has no marks for {name}"
    return text


def main() -> None:
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
    for file, text in reason_words.files().items():
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
