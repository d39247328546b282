"""What an operator copies from deploy/ fits the program and its tools, as far as they run here."""

from __future__ import annotations

import http.client
import http.server
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml

from bot.settings import KNOWN, SECRETS, read_settings

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
ROOT = DEPLOY.parent
NAME = "xst.example.org"


def text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def needs(tool: str) -> str:
    found = shutil.which(tool) or shutil.which(tool, path="/usr/sbin:/sbin")
    if not found:
        pytest.skip(f"{tool} is not installed here")
    return found


# Settings


def test_the_environment_file_explains_every_variable_and_no_other():
    explained = re.findall(r"^#?(XST_\w+)=", text("xst.env.example"), re.M)
    assert sorted(explained) == sorted({*KNOWN, *SECRETS})
    for block in text("xst.env.example").split("\n#XST_")[:-1]:
        assert block.rstrip().splitlines()[-1].startswith("#"), "a variable without a word on it"


def test_the_example_of_the_configuration_is_read_with_every_part_on(tmp_path):
    lines = text("xst.example.toml").splitlines()
    # Every commented line that is TOML: 「# name = …」 or 「# [part]」.
    on = [re.sub(r"^# (?=\[\w+\]$|\w+ = )", "", line) for line in lines]
    (tmp_path / "xst.toml").write_text("\n".join(on), encoding="utf-8")
    secrets = dict.fromkeys(SECRETS, "a" * 43)
    settings = read_settings({"XST_HOME": str(tmp_path), **secrets})
    assert settings.wechat and settings.telegram and settings.wecom
    assert settings.metrics and settings.url == f"https://{NAME}" and settings.contacts
    (tmp_path / "xst.toml").write_text("\n".join(lines), encoding="utf-8")
    quiet = read_settings({"XST_HOME": str(tmp_path)})
    assert quiet.telegram is None and quiet.wechat is None and not quiet.public


# Containers: never run here, so their form is checked


@pytest.fixture(scope="module")
def compose() -> dict:
    return yaml.safe_load(text("compose.yaml"))


SERVICE_KEYS = {
    *("image", "build", "command", "environment", "env_file", "volumes", "networks", "ports"),
    *("read_only", "tmpfs", "cap_drop", "security_opt", "ulimits", "mem_limit", "memswap_limit"),
    *("restart", "stop_grace_period", "logging", "depends_on", "healthcheck", "shm_size"),
}


def test_every_service_is_of_known_keys_and_refers_to_what_there_is(compose):
    assert set(compose) <= {"name", "services", "volumes", "networks"} | {"x-app"}
    for name, service in compose["services"].items():
        assert set(service) <= SERVICE_KEYS, name
        for other, how in service.get("depends_on", {}).items():
            assert other in compose["services"]
            if how["condition"] == "service_healthy":
                target = compose["services"][other]
                assert "healthcheck" in target or "xieshangtong" in target["image"], other
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./") and source.endswith(".conf"):
                assert (DEPLOY / source).is_file(), source
            elif not source.startswith("./"):
                assert source in compose["volumes"], source
        assert set(service["networks"]) <= set(compose["networks"])


def test_the_replicas_are_alike_and_share_state_library_and_the_key_in_memory(compose):
    app1, app2 = compose["services"]["app1"], compose["services"]["app2"]
    assert app1 == app2
    assert "memory:/run/xieshangtong" in app1["volumes"] and "data:/var/lib/xst" in app1["volumes"]
    options = compose["volumes"]["memory"]["driver_opts"]
    assert options["type"] == "tmpfs" and "uid=10001" in options["o"]
    assert app1["mem_limit"] == app1["memswap_limit"], "swap would write memory to a disk"
    assert app1["ulimits"] == {"core": 0}


def test_the_containers_get_only_variables_that_the_program_knows(compose):
    for name in ("app1", "prepare"):
        assert set(compose["services"][name]["environment"]) <= KNOWN


def test_the_upstream_of_the_containers_names_the_replicas(compose):
    servers = re.findall(r"server (\w+):8000", text("nginx-upstream.compose.conf"))
    assert servers == [s for s in compose["services"] if s.startswith("app")]


def test_no_secret_stands_in_a_file_that_is_copied(compose):
    for path in DEPLOY.iterdir():
        for name, value in re.findall(
            r"^(\w*(?:PASSWORD|TOKEN|SECRET|KEY)\w*)[=:] *(\S+)", path.read_text("utf-8"), re.M
        ):
            assert value.startswith("$"), f"{path.name}: {name}"


def test_the_image_is_not_root_and_is_built_from_what_is_there():
    file = text("Dockerfile")
    assert re.search(r"^USER 10001:10001$", file, re.M)
    assert file.rindex("USER ") < file.index('CMD ["xst"')
    for sources in re.findall(r"^COPY (?!--from)(.+)$", file, re.M):
        for source in sources.split()[:-1]:
            assert (ROOT / source).exists(), source
    allowed = set(re.findall(r"^!(\S+)$", text("Dockerfile.dockerignore"), re.M))
    copied = {s for c in re.findall(r"^COPY (?!--from)(.+)$", file, re.M) for s in c.split()[:-1]}
    assert copied == allowed


def test_a_linter_finds_no_fault_in_the_dockerfile():
    done = subprocess.run(
        [needs("hadolint"), str(DEPLOY / "Dockerfile")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


def test_a_day_begins_at_midnight_in_china():
    assert "\nEnvironment=TZ=CST-8\n" in text("xst.service")
    image = text("Dockerfile").rpartition("\nFROM ")[2]
    assert re.search(r"^ENV (?:.*\\\n)*.*\bTZ=CST-8$", image, re.M)


# systemd


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with a command that exists."""
    program = tmp_path / "xst"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for path in [*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")]:
        said = path.read_text(encoding="utf-8").replace("/opt/xst/bin/xst", str(program))
        (tmp_path / path.name).write_text(said, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("unit", ["xst.service", "xst-backup.service", "xst-backup.timer"])
def test_systemd_accepts_the_units(unit, units):
    done = subprocess.run(
        [needs("systemd-analyze"), "verify", "--man=no", str(units / unit)],
        capture_output=True,
        text=True,
    )
    ours = [line for line in done.stderr.splitlines() if "xst" in line]
    assert (done.returncode, ours) == (0, [])


def test_systemd_rates_the_service_as_well_hardened(units):
    tool = needs("systemd-analyze")
    done = subprocess.run(
        [tool, "security", "--offline=yes", "--threshold=20", str(units / "xst.service")],
        capture_output=True,
        text=True,
    )
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd-analyze rates no files")
    assert done.returncode == 0, done.stdout[-300:]


def test_the_key_in_memory_outlasts_a_restart_and_nothing_in_memory_reaches_a_disk():
    unit = text("xst.service")
    for line in (
        "RuntimeDirectory=xieshangtong",
        "RuntimeDirectoryPreserve=yes",
        "LimitCORE=0",
        "MemorySwapMax=0",
    ):
        assert f"\n{line}\n" in unit
    assert "XST_RUN=/run/xieshangtong" in unit


# nginx


def port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Replica:
    """Stands in for `xst serve`: says its name, remembers what it was sent."""

    def __init__(self, name: str) -> None:
        self.seen: list[http.client.HTTPMessage] = []
        self.stopped = False
        replica = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                if replica.stopped:  # on a connection that was kept open
                    self.close_connection = True
                    return
                replica.seen.append(self.headers)
                self.rfile.read(int(self.headers.get("content-length", 0)))
                body = name.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.stopped = True
        self.server.shutdown()
        self.server.server_close()


class Front:
    """nginx with our files, on ports of its own, before two replicas."""

    def __init__(self, folder: Path, tls: Path) -> None:
        self.folder, self.port, self.plain = folder, port(), port()
        self.replicas = [Replica("one"), Replica("two")]
        upstream = text("nginx-upstream.compose.conf")
        for name, replica in zip(("app1", "app2"), self.replicas, strict=True):
            upstream = upstream.replace(f"{name}:8000", f"127.0.0.1:{replica.port}")
        (folder / "upstream.conf").write_text(upstream)
        site = text("nginx.conf")
        for old, new in (
            ("/etc/nginx/xst-upstream.conf", str(folder / "upstream.conf")),
            ("/etc/ssl/xst", str(tls)),
            ("/var/log/nginx", str(folder)),
            ("listen 443", f"listen 127.0.0.1:{self.port}"),
            ("listen 80", f"listen 127.0.0.1:{self.plain}"),
        ):
            site = site.replace(old, new)
        site = re.sub(r"^ *listen \[::\].*$", "", site, flags=re.M)
        (folder / "site.conf").write_text(site)
        temporary = "\n".join(
            f"{kind}_temp_path {folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        # As packages ship it: with an access log, which our file must switch off.
        (folder / "nginx.conf").write_text(
            f"user root;\ndaemon off;\npid {folder}/pid;\nerror_log {folder}/error.log notice;\n"
            f"events {{}}\nhttp {{\naccess_log {folder}/access.log;\n{temporary}\n"
            f"include {folder}/site.conf;\n}}\n"
        )
        self.tool = needs("nginx")

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self.tool, "-c", str(self.folder / "nginx.conf")], stderr=subprocess.PIPE
        )
        for _ in range(200):
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError("nginx did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=10)
        for replica in self.replicas:
            replica.stop()

    def ask(self, path: str, body: bytes | None = None, name: str = NAME) -> tuple[int, str]:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", self.port), 10) as raw,
            context.wrap_socket(raw, server_hostname=name) as secured,
        ):
            asking = http.client.HTTPConnection(name)
            asking.sock = secured
            asking.request("GET" if body is None else "POST", path, body)
            answer = asking.getresponse()
            return answer.status, answer.read().decode()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate made here."""
    folder = tmp_path_factory.mktemp("tls")
    key, chain = folder / "privkey.pem", folder / "fullchain.pem"
    made = [
        needs("openssl"),
        *["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ]
    made += [*["-nodes", "-days", "2", "-subj"], f"/CN={NAME}", "-keyout", str(key)]
    subprocess.run([*made, "-out", str(chain)], check=True, capture_output=True)
    return folder


@pytest.fixture
def front(tmp_path: Path, tls: Path) -> Iterator[Front]:
    front = Front(tmp_path, tls)
    front.start()
    yield front
    front.stop()


@pytest.mark.parametrize("upstream", ["nginx-upstream.conf", "nginx-upstream.compose.conf"])
def test_nginx_accepts_the_configuration(upstream, tmp_path, tls):
    front = Front(tmp_path, tls)
    said = text(upstream).replace("app1", "127.0.0.1").replace("app2", "127.0.0.2")
    (tmp_path / "upstream.conf").write_text(said)
    done = subprocess.run(
        [front.tool, "-t", "-c", str(tmp_path / "nginx.conf")], capture_output=True, text=True
    )
    for replica in front.replicas:
        replica.stop()
    assert done.returncode == 0 and "warn" not in done.stderr, done.stderr


def test_one_wechat_user_always_meets_the_same_replica(front):
    met = {
        f"o{n}": {front.ask(f"/wechat?signature=s{k}&openid=o{n}", b"<xml/>")[1] for k in range(2)}
        for n in range(12)
    }
    assert all(len(names) == 1 for names in met.values())
    assert {name for names in met.values() for name in names} == {"one", "two"}


def test_a_question_and_the_consent_to_it_meet_the_same_replica(front):
    """The words that wait for consent are in the memory of one replica only."""
    for path in ("/telegram", "/wecom?msg_signature=s{n}", "/"):
        asked = [path.format(n=n) for n in range(6)]
        assert len({front.ask(p, b"{}") for p in asked}) == 1, path


def test_what_a_stopped_replica_cannot_take_goes_to_the_other(front):
    front.replicas[0].stop()
    answers = {front.ask(f"/wechat?openid=o{n}", b"<xml/>") for n in range(10)}
    answers |= {front.ask("/telegram", b"{}") for _ in range(4)}
    assert answers == {(200, "two")}
    front.replicas[0] = Replica("one")  # for the fixture to stop


def test_nothing_that_tells_who_or_what_reaches_a_disk(front):
    """Openid, address and body: not in a log, not in a temporary file, also when it goes wrong."""
    body = "我被欠薪了".encode() * 3000
    front.ask("/wechat?openid=o-secret", body[:60_000])
    front.ask("/?q=o-secret", body[:60_000])
    for replica in front.replicas:
        replica.stop()
    assert front.ask("/wechat?openid=o-secret", b"<xml/>")[0] == 502
    front.ask("/wechat?openid=o-secret", body * 3)
    held = [p for p in front.folder.rglob("*") if p.is_file() and p.suffix != ".conf"]
    assert front.folder / "access.log" in held
    for path in held:
        said = path.read_bytes()
        for secret in (b"o-secret", b"127.0.0.1", "欠薪".encode()):
            assert secret not in said, f"{path.name}: {said[:300]!r}"
    front.replicas = []


def test_the_program_is_told_no_address(front):
    front.ask("/wechat?openid=o1", b"<xml/>")
    front.ask("/")
    (first, *rest) = [h for r in front.replicas for h in r.seen]
    for headers in (first, *rest):
        assert headers["host"] == NAME
        assert not {"x-forwarded-for", "x-real-ip", "forwarded", "via"} & {
            k.lower() for k in headers
        }


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_what_is_for_the_operator_is_hidden_from_the_world(front, path):
    assert front.ask(path)[0] == 404
    assert not any(r.seen for r in front.replicas)


def test_bodies_have_a_limit(front):
    assert front.ask("/wechat?openid=o1", b"x" * 65_537)[0] == 413
    assert front.ask("/telegram", b"x" * 100_000)[0] == 200


def test_another_name_gets_no_certificate(front):
    with pytest.raises(ssl.SSLError):
        front.ask("/", name="somebody.example.com")


def test_plain_http_is_sent_to_tls(front):
    asking = http.client.HTTPConnection("127.0.0.1", front.plain, timeout=10)
    asking.request("GET", "/about")
    answer = asking.getresponse()
    assert (answer.status, answer.getheader("location")) == (301, f"https://{NAME}/about")


# The guide


def test_the_guide_names_every_file_and_no_file_that_is_not_there():
    guide = text("README.md")
    for path in DEPLOY.iterdir():
        if path.name not in ("README.md", "Dockerfile.dockerignore"):
            assert path.name in guide, path.name
    for target in re.findall(r"\]\(([^)#:]+)\)", guide):
        assert (DEPLOY / target).exists(), target


def test_every_command_in_the_guide_is_one_of_the_programs():
    from bot.cli import app

    known = typer.main.get_command(app)
    said = re.findall(
        r"(?:`|^|&& |app1 |bin/)xst ([a-z]+(?: [a-z][a-z-]*)*)", text("README.md"), re.M
    )
    assert len(said) > 15
    for words in said:
        command = known
        for word in words.split():
            if not hasattr(command, "commands"):
                break  # an argument
            assert word in command.commands, f"xst {words}"
            command = command.commands[word]


def test_the_guide_says_what_was_not_run():
    assert "容器没有在这里运行过" in text("README.md")
