"""What a configuration amounts to: defaults, the file, paths that count from it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from pydantic import ValidationError

from leitstand import config
from leitstand.config import ConfigError
from leitstand.config.load import find

HASH = "$2b$04$5Tq7YYkB/kLzvcIGAlNbCe1UmmsL7y1FgAPjTWAsnU1aNijbXpmwm"


def load(folder: Path, content: Any, env: dict[str, str] | None = None) -> config.Config:
    file = folder / "leitstand.yml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return config.load(file, env or {})


def test_without_file_it_is_the_mediamtx_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = config.load(None, {})
    assert [(s.name, s.url) for s in found.mediamtx] == [("main", "http://127.0.0.1:9997")]
    assert str(found.exporter.listen) == "127.0.0.1:9896"
    assert (found.exporter.poll_interval, found.host.mounts) == (2.0, ["/"])


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    text = """
exporter:
  listen: "[::1]:9896"
  poll_interval: 500ms
  users: {anna: %s}
host: {mounts: [/, /srv/recordings, /], devices: [eth0]}
mediamtx:
  - name: main
    url: http://127.0.0.1:9997/
    username: monitor
    password_file: password
    expected_paths: [stage, "cam/*"]
  - {name: other, url: "https://media.example:443", token: abc.def}
"""
    found = load(tmp_path, text % HASH)
    main, other = found.mediamtx
    assert (main.url, main.expected_paths) == ("http://127.0.0.1:9997", ["stage", "cam/*"])
    assert main.authorization() == "Basic bW9uaXRvcjpodW50ZXIy"
    assert other.authorization() == "Bearer abc.def"
    assert found.exporter.url == "http://[::1]:9896"
    assert found.host.mounts == ["/", "/srv/recordings"]


@pytest.mark.parametrize("text", ["", "# nothing but comments\n", "{}", "mediamtx:\n"])
def test_an_empty_file_watches_no_server(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text).mediamtx == []


def test_a_section_whose_keys_are_all_comments_has_its_defaults(tmp_path: Path) -> None:
    found = load(tmp_path, "exporter:\n#  listen: 0.0.0.0:1\nhost:\n  mounts:\n")
    assert found == load(tmp_path, "{}")


def test_anchors_and_merge_keys_work(tmp_path: Path) -> None:
    text = """
mediamtx:
  - &one {name: one, username: monitor, password: hunter2}
  - {<<: *one, name: two}
"""
    one, two = load(tmp_path, text).mediamtx
    assert (one.name, two.name) == ("one", "two")
    assert one.authorization() == two.authorization()


def test_relative_paths_count_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    folder = tmp_path / "etc"
    (folder / "keys").mkdir(parents=True)
    certificate.cert_chain_pems[0].write_to_path(folder / "keys" / "cert.pem")
    certificate.private_key_pem.write_to_path(folder / "keys" / "key.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    content = {
        "exporter": {"tls": {"cert": "keys/cert.pem", "key": "keys/key.pem"}},
        "mediamtx": [{"ca_file": "ca.pem"}],
    }
    load(folder, content)
    monkeypatch.chdir(tmp_path)
    found = config.load(Path("etc/leitstand.yml"), {})
    assert found.exporter.tls is not None
    assert found.exporter.tls.cert.samefile(folder / "keys" / "cert.pem")
    assert found.mediamtx[0].ca_file == folder / "ca.pem"
    assert found.exporter.url == "https://127.0.0.1:9896"


def test_the_first_place_that_has_a_file_is_read(tmp_path: Path) -> None:
    places = (tmp_path / "leitstand.yml", tmp_path / "etc" / "leitstand.yml")
    assert find(None, places) is None
    places[1].parent.mkdir()
    places[1].touch()
    assert find(None, places) == places[1]
    places[0].touch()
    assert find(None, places) == places[0]
    assert find(Path("given.yml"), places) == Path("given.yml")


def test_a_place_that_cannot_be_looked_into_is_not_passed_over(tmp_path: Path) -> None:
    # Docker makes a folder of a file that is not there to be mounted.
    (tmp_path / "leitstand.yml").mkdir()
    assert find(None, [tmp_path / "leitstand.yml"]) == tmp_path / "leitstand.yml"
    endless = tmp_path / "endless"
    os.symlink(endless, endless)
    assert find(None, [endless / "leitstand.yml"]) is not None


def test_it_is_frozen(tmp_path: Path) -> None:
    found = load(tmp_path, {})
    with pytest.raises(ValidationError):
        found.exporter.poll_interval = 1.0  # type: ignore[misc]


def test_no_secret_is_in_a_repr_or_an_error(tmp_path: Path) -> None:
    server = {"username": "monitor", "password": "hunter2"}
    content = {"exporter": {"users": {"anna": HASH}}, "mediamtx": [server]}
    found = load(tmp_path, content)
    shown = f"{found!r} {found} {found.model_dump()} {found.mediamtx[0].authorization}"
    assert "monitor" in shown
    assert "hunter2" not in shown
    assert HASH not in shown
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, {"mediamtx": [server | {"token": "hunter3"}]})
    assert "hunter" not in repr(raised.value)
    assert raised.value.__suppress_context__
