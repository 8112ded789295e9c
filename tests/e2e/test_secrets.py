"""What is secret stays so: planted in every answer and setting, found in no output."""

from __future__ import annotations

from pathlib import Path

import bcrypt
import requests
import yaml

from leitstand.demo.cast import SECRET_MARK
from leitstand.demo.mediamtx import DemoMediaMTX, Fault
from tests.running import eventually, leitstand, process

PASSWORD = f"{SECRET_MARK}-password"
PAGES = ("/", "/metrics", "/snapshot", "/-/healthy", "/-/ready", "/nowhere")


def test_no_secret_in_any_output_at_any_level(tmp_path: Path) -> None:
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    (tmp_path / "password").write_text(PASSWORD)
    with DemoMediaMTX(username="monitor", password=PASSWORD) as demo:
        demo.wrong_password_delay = 0
        servers = [
            {"name": "good", "url": demo.url, "username": "monitor", "password_file": "password"},
            {"name": "wrong", "url": demo.url, "username": "monitor", "password": f"x{PASSWORD}"},
            {"name": "token", "url": demo.url, "token": f"monitor:{PASSWORD}"},
            {"name": "gone", "url": "http://127.0.0.1:9", "token": PASSWORD},
        ]
        users = {"ops": hashed}
        exporter = {"listen": "127.0.0.1:0", "users": users, "poll_interval": "200ms"}
        file = tmp_path / "leitstand.yml"
        file.write_text(yaml.safe_dump({"exporter": exporter, "mediamtx": servers}))
        command = leitstand("exporter", "--log-level", "debug", "--config", str(file))
        with process(command) as child:
            url = child.find(r"exporter .* at (http://\S+)")
            said = []
            for fault in (Fault.NONE, Fault.GARBAGE, Fault.UNAUTHORIZED, Fault.NONE):
                demo.fault = fault
                before = demo.requests["/v3/info"]
                eventually(lambda before=before: demo.requests["/v3/info"] > before + 6)
                said += [ask(url + page) for page in PAGES]
            assert 'mediamtx_up{server="good"} 1.0' in "\n".join(said)
            assert 'mediamtx_up{server="token"} 1.0' in "\n".join(said)
            assert 'mediamtx_up{server="wrong"} 0.0' in "\n".join(said)
        for command in ("snapshot", "doctor", "check-config"):
            with process(leitstand(command, "--config", str(file))) as child:
                child.wait()
                said.append(child.output)
        everything = "\n".join([*said, child.output, *child.lines])
    assert "rtspSource" in everything
    for secret in (SECRET_MARK, hashed, "192.0.2.", "backup.example", "live.example"):
        assert secret not in everything


def ask(url: str) -> str:
    answer = requests.get(url, auth=("ops", PASSWORD), timeout=10)
    return answer.text + str(answer.headers)
