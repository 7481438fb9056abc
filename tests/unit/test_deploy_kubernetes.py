"""deploy/kubernetes: what Kubernetes' own schemas say of the manifests, and that they fit each other and the program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from kubernetes_validate.utils import all_versions

from app.services.operations.observer import BYTES
from app.settings import Settings
from app.web.wire.calls import CALLS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
BASE, OVERLAY = FOLDER / "base", FOLDER / "overlays" / "example"
VERSIONS = [each for each in all_versions() if tuple(map(int, each.split(".")[:2])) >= (1, 29)]
AMAZONS = {"AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
NAME = {"app.kubernetes.io/name": "droppr"}


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


MANIFESTS = {
    str(path.relative_to(FOLDER)): read(path)
    for path in sorted(FOLDER.rglob("*.yaml"))
    if path.name != "kustomization.yaml"
}
DEPLOYMENT = MANIFESTS["base/deployment.yaml"]
POD: dict[str, Any] = DEPLOYMENT["spec"]["template"]["spec"]
[NODE] = POD["containers"]
[MIGRATE] = POD["initContainers"]
SETTINGS: dict[str, str] = {
    **MANIFESTS["base/configmap.yaml"]["data"],
    **MANIFESTS["overlays/example/settings.yaml"]["data"],
}
SECRETS = dict(
    line.split("=", 1) for line in (OVERLAY / "secret.env.example").read_text().splitlines() if line[:1].isupper()
)


@pytest.mark.parametrize("name", MANIFESTS)
def test_kubernetes_takes_each_manifest_in_its_oldest_and_its_newest_version(name: str) -> None:
    assert len(VERSIONS) > 1
    for version in (VERSIONS[0], VERSIONS[-1]):
        kubernetes_validate.validate(MANIFESTS[name], version, strict=True)


def test_a_manifest_that_is_wrong_is_noticed() -> None:
    wrong = {**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "replica": 3}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_kustomize_finds_what_it_names_and_nothing_is_left_out() -> None:
    base, overlay = read(BASE / "kustomization.yaml"), read(OVERLAY / "kustomization.yaml")
    assert sorted(base["resources"]) == sorted(
        path.name for path in BASE.glob("*.yaml") if path.name != "kustomization.yaml"
    )
    assert all((OVERLAY / each).exists() for each in overlay["resources"])
    assert (OVERLAY / overlay["resources"][0]).resolve() == BASE
    text = (OVERLAY / "kustomization.yaml").read_text()
    patches = [each["path"] for each in overlay["patches"]]
    for path in OVERLAY.glob("*.yaml"):
        assert path.name == "kustomization.yaml" or path.name in patches or f"- {path.name}" in text, path.name
    kept = {(each["kind"], each["metadata"]["name"]) for name, each in MANIFESTS.items() if name.startswith("base/")}
    for patch in patches:
        changed = read(OVERLAY / patch)
        assert (changed["kind"], changed["metadata"]["name"]) in kept, "a patch of something that is there"
    assert {each["name"] for each in overlay["images"]} == {NODE["image"], MIGRATE["image"]}
    [secret] = overlay["secretGenerator"]
    assert (OVERLAY / f"{secret['envs'][0]}.example").exists()
    assert "/deploy/kubernetes/overlays/*/secret.env" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_parts_name_each_other() -> None:
    assert DEPLOYMENT["spec"]["template"]["metadata"]["labels"] == NAME
    assert DEPLOYMENT["spec"]["selector"] == {"matchLabels": NAME}
    assert POD["topologySpreadConstraints"][0]["labelSelector"] == {"matchLabels": NAME}
    assert MANIFESTS["base/poddisruptionbudget.yaml"]["spec"]["selector"] == {"matchLabels": NAME}
    service = MANIFESTS["base/service.yaml"]
    assert service["spec"]["selector"] == NAME
    [port], [inner] = service["spec"]["ports"], NODE["ports"]
    assert port["targetPort"] == inner["name"]
    assert inner["containerPort"] == Settings.model_fields["port"].default
    [rule] = MANIFESTS["overlays/example/ingress.yaml"]["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert (backend["name"], backend["port"]["name"]) == (service["metadata"]["name"], port["name"])
    assert SETTINGS["DROPPR_PUBLIC_URL"] == f"https://{rule['host']}"
    target = MANIFESTS["overlays/example/autoscaler.yaml"]["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == (DEPLOYMENT["kind"], DEPLOYMENT["metadata"]["name"])
    assert POD["serviceAccountName"] == MANIFESTS["base/serviceaccount.yaml"]["metadata"]["name"]
    given = {next(iter(each)): next(iter(each.values()))["name"] for each in NODE["envFrom"]}
    [secret] = read(OVERLAY / "kustomization.yaml")["secretGenerator"]
    assert given == {"configMapRef": MANIFESTS["base/configmap.yaml"]["metadata"]["name"], "secretRef": secret["name"]}
    assert {each["name"] for each in NODE["volumeMounts"]} == {each["name"] for each in POD["volumes"]}
    assert all("emptyDir" in each and each["emptyDir"]["sizeLimit"] for each in POD["volumes"])


def test_what_nodes_are_given_are_settings_and_make_a_node() -> None:
    names = {f"DROPPR_{field.upper()}" for field in Settings.model_fields}
    given = {**SETTINGS, **SECRETS}
    assert set(given) - AMAZONS <= names
    assert set(SETTINGS).isdisjoint(SECRETS)
    assert not [name for name, value in SECRETS.items() if value and "PASSWORD" not in value], "no secret lies here"
    known: dict[str, Any] = {
        name.removeprefix("DROPPR_").lower(): value or "filled-in-0123456789"
        for name, value in given.items()
        if name.startswith("DROPPR_")
    }
    settings = Settings(_env_file=None, **known)  # type: ignore[call-arg]
    assert settings.store == "s3://my-bucket/droppr"
    assert str(settings.data_dir) in {each["mountPath"] for each in NODE["volumeMounts"]}


def test_probes_ask_what_the_program_answers() -> None:
    paths = {f"/{str(call.path).lstrip('/')}" for call in CALLS}
    probes = {kind: NODE[kind]["httpGet"] for kind in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert {probe["path"] for probe in probes.values()} <= paths
    assert probes["readinessProbe"]["path"] == "/readyz"
    # A new start would mend neither the database nor the store.
    assert probes["livenessProbe"]["path"] == probes["startupProbe"]["path"] == "/healthz"
    assert {probe["port"] for probe in probes.values()} == {NODE["ports"][0]["name"]}


def test_a_node_that_ends_is_out_before_it_closes_and_has_the_time_that_it_takes() -> None:
    probe = NODE["readinessProbe"]
    drain = int(SETTINGS["DROPPR_DRAIN_SECONDS"])
    assert drain > probe["periodSeconds"] * probe["failureThreshold"]
    patience = re.search(r"^graceful_timeout = (\d+)$", (ROOT / "media-server" / "gunicorn.conf.py").read_text(), re.M)
    assert patience
    assert POD["terminationGracePeriodSeconds"] > drain + int(patience[1])
    assert DEPLOYMENT["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert MANIFESTS["base/poddisruptionbudget.yaml"]["spec"]["maxUnavailable"] == 1


def test_a_pod_may_do_no_more_than_it_needs() -> None:
    dockerfile = (ROOT / "media-server" / "Dockerfile").read_text()
    user = POD["securityContext"]["runAsUser"]
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert f"USER {user}:{user}" in dockerfile
    assert POD["securityContext"]["fsGroup"] == user
    assert POD["automountServiceAccountToken"] is False
    for container in (NODE, MIGRATE):
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert {"/data", "/tmp"} == {each["mountPath"] for each in container["volumeMounts"]}
        assert container["resources"]["requests"]
        assert container["resources"]["limits"]["memory"]


def test_the_step_before_a_node_is_a_command_and_the_image_has_the_drivers() -> None:
    program, command = MIGRATE["args"]
    assert program == "droppr"
    # Which another test holds to what the program takes.
    assert f"### droppr {command}" in (ROOT / "docs" / "cli.md").read_text()
    lock = (ROOT / "media-server" / "requirements-remotes.lock").read_text()
    assert "\npsycopg==" in lock
    assert "boto3==" in lock
    assert "REQUIREMENTS=-remotes" in (OVERLAY / "kustomization.yaml").read_text()


def test_the_autoscaler_goes_by_a_number_that_the_program_tells() -> None:
    text = (OVERLAY / "autoscaler.yaml").read_text()
    assert "was not run" in text
    [told] = re.findall(r"seriesQuery: '(\w+)\{", text)
    assert told == f"{BYTES._name}_total"
    [metric] = MANIFESTS["overlays/example/autoscaler.yaml"]["spec"]["metrics"]
    assert f'as: "{metric["pods"]["metric"]["name"]}"' in text
