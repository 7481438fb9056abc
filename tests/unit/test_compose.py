"""docker-compose.yml and the Dockerfiles hold together, as far as reading them can tell."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings
from tests.support.acme import KEEP
from tests.support.nginx import HTTPS, RENDER, TEMPLATE

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILES = ["media-server/Dockerfile", "nginx/Dockerfile", "nginx/certbot.Dockerfile"]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
WITH_HTTPS: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.https.yml").read_text())
ADDED: dict[str, Any] = WITH_HTTPS["services"]["nginx"]
"""What docker-compose.https.yml adds to nginx."""
SERVICES: dict[str, dict[str, Any]] = {**COMPOSE["services"], "certificate": WITH_HTTPS["services"]["certificate"]}
LASTING = ["media-server", "nginx", "certificate"]


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """Folder in the container → volume."""
    return {volume.split(":")[1]: volume.split(":")[0] for volume in service["volumes"]}


def dockerfile(name: str) -> str:
    """Its instructions, one a line."""
    lines = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def environment(name: str) -> dict[str, str]:
    return dict(re.findall(r"(?:^ENV|\s)\s*([A-Z_]+)=(\S+)", "\n".join(re.findall(r"^ENV.*", dockerfile(name), re.M))))


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_locked_down(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == "10001:10001"
    assert any(mount.startswith("/tmp") for mount in service["tmpfs"])
    assert "privileged" not in service


@pytest.mark.parametrize("name", LASTING)
def test_what_runs_all_the_time_is_restarted_and_watched(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] == "CMD"
    assert "profiles" not in service


def test_every_volume_is_declared_and_used() -> None:
    used = {volume for service in COMPOSE["services"].values() for volume in mounts(service).values()}
    assert used == set(COMPOSE["volumes"])
    added = {volume for service in WITH_HTTPS["services"].values() for volume in mounts(service).values()}
    assert added == set(WITH_HTTPS["volumes"])


def test_nginx_and_gunicorn_share_the_socket_and_the_data() -> None:
    server, nginx = SERVICES["media-server"], SERVICES["nginx"]
    assert mounts(nginx) == mounts(server)
    assert "data:/data" in nginx["volumes"]
    socket = server["environment"]["DROPPR_UNIX_SOCKET"]
    assert str(Path(socket).parent) in mounts(server)
    assert environment("nginx/Dockerfile")["DROPPR_UNIX_SOCKET"] == socket
    assert environment("nginx/Dockerfile")["DROPPR_DATA_DIR"] == server["environment"]["DROPPR_DATA_DIR"]
    assert socket in server["healthcheck"]["test"][-1]


def test_only_nginx_is_published_and_only_to_this_machine() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
    assert SERVICES["nginx"]["ports"] == ["${DROPPR_PUBLISH:-127.0.0.1:8080}:8080"]
    assert environment("nginx/Dockerfile")["DROPPR_NGINX_LISTEN"] == "8080"


def test_https_adds_to_nginx_alone_and_publishes_what_nginx_listens_at() -> None:
    assert set(WITH_HTTPS["services"]) == {"nginx", "certificate"}
    assert set(ADDED) == {"environment", "ports", "volumes"}, "all else stays as it is without"
    assert [port.split(":-")[1] for port in ADDED["ports"]] == ["80}:8080", "443}:8443"]
    assert ADDED["environment"]["DROPPR_NGINX_HTTPS"] == "8443"
    assert ADDED["environment"]["DROPPR_PUBLIC_URL"].startswith("${DROPPR_PUBLIC_URL:?"), "nothing goes without it"


def test_the_certificate_is_written_by_one_container_and_read_by_the_other() -> None:
    certificate = SERVICES["certificate"]
    assert ADDED["volumes"] == ["tls:/tls:ro"]
    assert certificate["volumes"] == ["tls:/tls"], "no file and no secret of Droppr's"
    for name in ("nginx/Dockerfile", "nginx/certbot.Dockerfile"):
        assert environment(name)["DROPPR_TLS_DIR"] == "/tls"
        assert re.search(r"install --directory --owner=droppr .*/tls", dockerfile(name)), "whose a new volume is"
    assert "/tls/certificate.pem" in certificate["healthcheck"]["test"]
    assert certificate["depends_on"] == {"nginx": {"condition": "service_healthy"}}, "it shows the proof"
    read = set(re.findall(r"\$\{(DROPPR_\w+)", KEEP.read_text()))
    assert read == set(certificate["environment"]) | {"DROPPR_TLS_DIR"}


def test_the_purge_can_be_run_by_hand_on_the_same_data() -> None:
    cleanup = SERVICES["cleanup"]
    assert cleanup["command"] == ["droppr", "cleanup"]
    assert cleanup["image"] == SERVICES["media-server"]["image"]
    assert mounts(cleanup)["/data"] == mounts(SERVICES["media-server"])["/data"]


def test_the_settings_that_compose_sets_exist() -> None:
    names = {f"DROPPR_{field.upper()}" for field in Settings.model_fields}
    assert set(SERVICES["media-server"]["environment"]) <= names
    assert {name for name in environment("media-server/Dockerfile") if name.startswith("DROPPR_")} <= names


def taken_over() -> set[str]:
    """What scripts/render-nginx-conf takes over from the server's settings, where it is set."""
    names = set(re.findall(r'(?:number|limit|networks|origins?|path|header|is_on)\("(DROPPR_\w+)"', RENDER.read_text()))
    assert len(names) > 3
    return names


def test_nginx_is_given_what_it_takes_over_from_the_servers_settings() -> None:
    given = SERVICES["nginx"]["environment"]
    for name in taken_over():
        assert given[name] == f"${{{name}:-}}"
        assert name in TEMPLATE.read_text(), "explained at the head of the file"
    settings = {f"DROPPR_{field.upper()}" for field in Settings.model_fields}
    assert {name for name in taken_over() if not name.startswith("DROPPR_NGINX_")} <= settings


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_takes_all_of_the_machine(name: str) -> None:
    service = SERVICES[name]
    assert all("size=" in mount for mount in service["tmpfs"]), "memory, as much as is written to it"
    for limit in ("mem_limit", "pids_limit", "cpus"):
        assert re.fullmatch(r"\$\{DROPPR_\w+:-\d+[mg]?\}", service[limit]), "with a default, and a name to change it"
    assert service["ulimits"]["nofile"] >= 20_000
    assert "size=" in COMPOSE["volumes"]["socket"]["driver_opts"]["o"]


def test_all_that_compose_takes_from_the_environment_is_explained() -> None:
    text = (ROOT / "docs" / "operations.md").read_text() + (ROOT / "docs" / "configuration.md").read_text()
    compose = (ROOT / "docker-compose.yml").read_text() + (ROOT / "docker-compose.https.yml").read_text()
    for name in re.findall(r"\$\{(DROPPR_\w+):[-?]", compose):
        assert f"`{name}`" in text, name


def test_the_image_fills_in_every_placeholder_of_nginx_conf() -> None:
    placeholders = set(re.findall(r"\$\{(DROPPR_\w+)\}", TEMPLATE.read_text() + HTTPS.read_text()))
    given = set(environment("nginx/Dockerfile")) | set(SERVICES["nginx"]["environment"])
    optional = taken_over()
    for_https = set(ADDED["environment"])
    assert all(f'given("{name}", "")' in RENDER.read_text() for name in for_https)
    assert placeholders == {name for name in given if name.startswith("DROPPR_")} - optional
    assert all(f"#   {name} " in TEMPLATE.read_text() for name in placeholders | for_https), (
        "explained at the head of the file"
    )


@pytest.mark.parametrize("name", DOCKERFILES)
def test_every_dockerfile_is_built_as_one_ordinary_user(name: str) -> None:
    wanted = {"context": ".", "dockerfile": name}
    assert any(service["build"].items() >= wanted.items() for service in SERVICES.values())
    assert re.findall(r"^USER (.*)", dockerfile(name), re.M) == ["10001:10001"]
    assert "useradd --uid 10001" in dockerfile(name)


def test_the_image_is_built_from_the_package_with_all_that_the_package_takes() -> None:
    text = dockerfile("media-server/Dockerfile")
    copied = " ".join(re.findall(r"^COPY (.*) \S+$", text, re.M)).split()
    shipped = re.search(r"^SHIPPED = \((.*?)^\)", (ROOT / "setup.py").read_text(), re.M | re.S)
    assert shipped
    wanted = set(re.findall(r'"(.+?)"', shipped[1])) - {"nginx/dist"}
    assert wanted
    assert wanted | {"setup.cfg", "setup.py", "pyproject.toml", "LICENSE"} <= set(copied)
    assert "COPY --from=pages /build/dist nginx/dist" in text
    assert "pip wheel --no-index --no-deps --no-build-isolation" in text
    assert "--editable" not in text


def test_the_image_serves_by_itself_where_it_is_not_told_of_a_socket() -> None:
    given = environment("media-server/Dockerfile")
    assert given == {"PYTHONUNBUFFERED": "1", "DROPPR_DATA_DIR": "/data", "DROPPR_HOST": "0.0.0.0"}
    assert re.search(r"^EXPOSE 8000$", dockerfile("media-server/Dockerfile"), re.M)
    assert Settings.model_fields["port"].default == 8000


@pytest.mark.parametrize("name", DOCKERFILES)
def test_everything_a_dockerfile_copies_exists_and_is_sent_to_the_builder(name: str) -> None:
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    sources = re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile(name), re.M)
    assert sources
    for source in " ".join(sources).split():
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source, pattern) for pattern in sent), f"{source} is in .dockerignore"


@pytest.mark.parametrize("name", DOCKERFILES)
def test_images_are_named_by_their_full_tag_in_one_place(name: str) -> None:
    given = {key: str(value) for key, value in COMPOSE["x-images"].items()}
    defaults = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)", dockerfile(name), re.M))
    sources = re.findall(r"^FROM (\S+)", dockerfile(name), re.M)
    stages = re.findall(r"^FROM \S+ AS (\w+)", dockerfile(name), re.M)
    used = [source[2:-1] for source in sources if source not in stages]
    assert sorted(used) == sorted(defaults)
    for image in used:
        assert re.search(r":\d+\.\d+[.\d]*-", defaults[image])
        assert given[image] == f"${{DROPPR_{image}:-{defaults[image]}}}"
    built = [each["build"]["args"] for each in SERVICES.values() if each["build"]["dockerfile"] == name]
    assert built
    assert all(args.items() >= {image: given[image] for image in used}.items() for args in built)
    assert all(args[image] == given[image] for args in built for image in set(args) & set(given))
