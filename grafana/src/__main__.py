"""`python -m grafana.src`: writes grafana/dashboards/*.json anew."""

from __future__ import annotations

import os

from grafana.src.dashboards import FOLDER, pages


def main() -> None:
    """Each is written beside and renamed: a Grafana that reads them never sees a half one."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages():
        beside = FOLDER / f".{name}.new"
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, FOLDER / name)


if __name__ == "__main__":
    main()
