"""Dockerfile, compose file and shell scripts as their own linters see them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted(
    [*ROOT.glob("deploy/**/*.sh"), ROOT / "deploy/bin/leitstand"], key=lambda path: path.name
)


def lint(program: str, *arguments: str) -> None:
    """Run a linter that lies beside this interpreter; fails with what it says."""
    command = [str(Path(sys.executable).parent / program), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_is_clean() -> None:
    lint("hadolint", "deploy/Dockerfile")


def test_the_dockerfile_needs_no_buildkit() -> None:
    text = (ROOT / "deploy/Dockerfile").read_text()
    for word in ("<<", "--link", "--mount", "# syntax=", "@sha256"):
        assert word not in text


def test_the_dockerfile_copies_only_what_may_be_sent() -> None:
    lines = (ROOT / "deploy/Dockerfile").read_text().splitlines()
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    copies = [line.split()[1:-1] for line in lines if line.startswith("COPY ")]
    copied = {path for paths in copies for path in paths if not path.startswith(("--", "/"))}
    assert copied == allowed
    assert not [path for path in copied if not (ROOT / path).exists()]


def test_the_compose_file_has_the_shape_of_one() -> None:
    lint("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_are_clean(script: Path) -> None:
    lint("shellcheck", "--external-sources", str(script.relative_to(ROOT)))
