"""deploy/compose holds together: what its parts say of each other and of the program, as far as reading them can tell."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.settings import Settings
from tests.support.balancer import CONFIG, NODES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "compose"
TEXT = (FOLDER / "compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
ONE_MACHINE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EQUAL = [SERVICES[name] for name in ("node-1", "node-2", "node-3")]
SETTINGS: dict[str, str] = SERVICES["node-1"]["environment"]
BALANCER = CONFIG.read_text()


def test_the_nodes_are_equal_but_for_their_address_and_their_disk() -> None:
    for node in EQUAL:
        assert {**node, "networks": 0, "volumes": 0} == {**EQUAL[0], "networks": 0, "volumes": 0}
    assert len({str(node["volumes"]) for node in EQUAL}) == 3
    used = {volume.split(":")[0] for each in SERVICES.values() for volume in each.get("volumes", [])}
    assert used - {"./balancer.conf"} == set(COMPOSE["volumes"])


def test_the_settings_exist_and_together_make_a_node() -> None:
    amazons = {"AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert amazons == set(SETTINGS) - {name for name in SETTINGS if name.startswith("DROPPR_")}
    assert set(SETTINGS) - amazons <= {f"DROPPR_{field.upper()}" for field in Settings.model_fields}
    # What stands there is what a server takes, the unknown filled in.
    given = {
        name: re.sub(r"\$\{(\w+)(:[?-][^}]*)?\}", "filled-in-0123456789", value) for name, value in SETTINGS.items()
    }
    chosen = ("DROPPR_STORE", "DROPPR_DATABASE_URL", "DROPPR_ADMIN_TOKEN", "DROPPR_TRUSTED_PROXIES")
    known: dict[str, Any] = {name.removeprefix("DROPPR_").lower(): given[name] for name in chosen}
    settings = Settings(_env_file=None, **known)  # type: ignore[call-arg]
    assert settings.store == "s3://droppr/files"
    assert settings.database_url
    assert settings.database_url.startswith("postgresql://droppr:filled-in")


def test_the_balancer_asks_the_nodes_where_they_are_and_they_believe_it_alone() -> None:
    port = Settings.model_fields["port"].default
    assert tuple(f"{node['networks']['nodes']['ipv4_address']}:{port}" for node in EQUAL) == NODES
    assert re.findall(r"^ *server (\S+) max_fails=0;$", BALANCER, re.M) == list(NODES)
    balancer = SERVICES["balancer"]
    assert SETTINGS["DROPPR_TRUSTED_PROXIES"] == balancer["networks"]["nodes"]["ipv4_address"]
    subnet = COMPOSE["networks"]["nodes"]["ipam"]["config"][0]["subnet"]
    assert all(
        address.startswith(subnet.removesuffix("0/24")) for address in (SETTINGS["DROPPR_TRUSTED_PROXIES"], *NODES)
    )
    assert "./balancer.conf:/etc/droppr/balancer.conf:ro" in balancer["volumes"]
    assert "/etc/droppr/balancer.conf" in balancer["command"]
    assert balancer["ports"][0].endswith(":8080")
    assert "listen 8080 " in BALANCER
    largest = {int(each) for each in re.findall(r"client_max_body_size (\d+)m;", BALANCER)} - {1}
    assert largest == {Settings.model_fields["max_chunk_size_mb"].default * 5 // 4}
    source = (ROOT / "media-server" / "gunicorn.conf.py").read_text()
    kept = re.search(r"^keepalive = (\d+)$", source, re.M)
    assert kept
    assert int(kept[1]) > 60
    assert "keepalive_timeout 60s;" in BALANCER


def test_what_containers_write_to_is_their_users() -> None:
    """A new volume takes the owner of the folder that it is mounted on, and is root's where the image has none."""
    for service in (SERVICES["balancer"], *EQUAL):
        dockerfile = (ROOT / service["build"]["dockerfile"]).read_text()
        made = re.search(r"install --directory --owner=droppr --group=droppr --mode=700 (.*)", dockerfile)
        assert made
        volumes = [each.split(":") for each in service["volumes"]]
        assert {each[1] for each in volumes if each[0] in COMPOSE["volumes"]} <= set(made[1].split())
    assert "client_body_temp_path /var/spool/balancer;" in BALANCER
    in_memory = {each.split(":")[0] for each in SERVICES["balancer"]["tmpfs"]}
    assert set(re.findall(r"(?:pid|_path) +(/run/\w+)/", BALANCER)) <= in_memory


def test_nodes_end_within_the_time_they_are_given() -> None:
    source = (ROOT / "media-server" / "gunicorn.conf.py").read_text()
    patience = re.search(r"^graceful_timeout = (\d+)$", source, re.M)
    assert patience
    for node in EQUAL:
        assert int(node["stop_grace_period"].removesuffix("s")) > int(patience[1]) + int(
            node["environment"].get("DROPPR_DRAIN_SECONDS", 0)
        )


def test_the_nodes_wait_for_bucket_and_schema_and_these_for_what_they_need() -> None:
    assert all(node["depends_on"] == {"prepare": {"condition": "service_completed_successfully"}} for node in EQUAL)
    prepare = SERVICES["prepare"]
    assert prepare["depends_on"]["postgresql"] == {"condition": "service_healthy"}
    assert prepare["environment"] == SETTINGS
    assert prepare["command"][-1].rstrip().endswith("exec droppr migrate")
    assert "/readyz" in EQUAL[0]["healthcheck"]["test"][-1]


def test_the_store_keeps_to_itself() -> None:
    store = SERVICES["store"]
    words = dict(word.lstrip("-").partition("=")[::2] for word in store["command"])
    assert words["master.telemetry"] == "false"
    assert "ports" not in store
    assert [name for name, each in SERVICES.items() if "ports" in each] == ["balancer"]
    assert f"http://store:{words['s3.port']}" == SETTINGS["AWS_ENDPOINT_URL_S3"]
    assert {name: store["environment"][name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")} == {
        name: SETTINGS[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    }


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_has_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert service["mem_limit"]
    assert service["pids_limit"]
    if name != "postgresql":
        assert service["cap_drop"] == ["ALL"]
    if "build" in service:
        assert service["read_only"] is True
        assert service["user"] == "10001:10001"
        assert service["build"]["context"] == "../.."
        assert (ROOT / service["build"]["dockerfile"]).exists()
        same = {key: str(value) for key, value in COMPOSE["x-images"].items()}
        assert same == ONE_MACHINE["x-images"]
    else:
        assert re.fullmatch(r"\$\{\w+:-[\w/]+:\d+\.\d+[\w.-]*\}", service["image"]), (
            "a full tag, and a name to change it"
        )


def test_all_that_is_asked_for_is_in_the_example_and_no_secret_is() -> None:
    example = (FOLDER / ".env.example").read_text()
    for name in re.findall(r"\$\{(\w+):\?", TEXT):
        assert re.search(rf"^{name}=$", example, re.M), f"{name} is empty there"
    told = (ROOT / "docs" / "many-nodes.md").read_text() + (ROOT / "docs" / "operations.md").read_text()
    told += (ROOT / "docs" / "configuration.md").read_text()
    for name in re.findall(r"\$\{(\w+):-", TEXT):
        assert f"`{name}`" in told, name
