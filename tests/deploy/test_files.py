"""The files of deploy/ against the program that they start; no container engine is needed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import typer
import yaml

import lipwright.jobs.metrics
import lipwright.jobs.pressure
from lipwright.api.metrics import FleetMetrics
from lipwright.cli.app import app
from lipwright.jobs.metrics import REGISTRY
from lipwright.jobs.metrics_fleet import Fleet
from lipwright.settings import ENV_PREFIX, Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
FLEET = Fleet(
    tasks={"submitted": 0},
    items={},
    oldest_waiting_s=0,
    started_again=0,
    leases={"worker": 0},
    deliveries={"pending": 0},
    oldest_delivery_s=0,
    work_per_video_s=1.0,
)


def load(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


def objects() -> dict[tuple[str, str], Any]:
    """Every Kubernetes object by kind and name."""
    found = {}
    for path in MANIFESTS:
        for made in yaml.safe_load_all(path.read_text()):
            if made["kind"] != "Kustomization":
                found[made["kind"], made["metadata"]["name"]] = made
    return found


def container(name: str) -> Any:
    return objects()["Deployment", name]["spec"]["template"]["spec"]["containers"][0]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's lines: instruction and the rest."""
    text = (DEPLOY / "Dockerfile").read_text()
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines if line.strip()]


def metric_names() -> set[str]:
    """Every sample's name, those of histograms included."""
    families = [
        *REGISTRY.collect(),
        *lipwright.jobs.pressure.REGISTRY.collect(),
        *FleetMetrics(FLEET).collect(),
    ]
    names = set()
    for family in families:
        match family.type:
            case "counter":
                names.add(f"{family.name}_total")
            case "histogram":
                names |= {f"{family.name}_{end}" for end in ("bucket", "count", "sum")}
            case _:
                names.add(family.name)
    return names


def queries() -> list[str]:
    board = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
    found = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    found += [rule["expr"] for group in load("alerts.yaml")["groups"] for rule in group["rules"]]
    for (kind, _), made in objects().items():
        if kind == "ScaledObject":
            found += [trigger["metadata"]["query"] for trigger in made["spec"]["triggers"]]
    return found


def test_every_setting_that_is_named_exists() -> None:
    known = {ENV_PREFIX + name.upper() for name in Settings.model_fields}
    named = {
        name for path in FILES for name in re.findall(r"LIPWRIGHT_[A-Z_]+[A-Z]", path.read_text())
    }
    assert named
    assert named <= known


def test_settings_have_values_that_they_can_have(monkeypatch: pytest.MonkeyPatch) -> None:
    values = dict(objects()["ConfigMap", "lipwright"]["data"])
    for name in ("lipwright-api", "lipwright-worker"):
        values |= {entry["name"]: entry["value"] for entry in container(name).get("env", ())}
    for service in load("compose.yaml")["services"].values():
        for name, value in (service.get("environment") or {}).items():
            values[name] = re.sub(r"\$\{[^}]*\}", "0123456789abcdef", str(value))
    values["LIPWRIGHT_PUBLIC_URL"] = "http://127.0.0.1:8000"
    for name, value in values.items():
        assert isinstance(value, str), name
        if name.startswith(ENV_PREFIX):
            monkeypatch.setenv(name, value)
    assert Settings(_env_file=None).worker_metrics_port == 9464  # type: ignore[call-arg]


def test_every_command_that_is_started_exists() -> None:
    compose = load("compose.yaml")["services"]
    started = [made["command"] for made in compose.values() if "dockerfile" in str(made)]
    assert len(started) == 4
    started += [
        made["spec"]["template"]["spec"]["containers"][0]["args"]
        for (kind, _), made in objects().items()
        if kind in ("Deployment", "Job")
    ]
    assert len(started) == 8
    [default] = [json.loads(rest) for word, rest in instructions() if word == "CMD"]
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, *arguments in [*started, default]:
        command = commands[name]
        command.make_context(name, list(arguments))  # refuses what it does not know


@pytest.mark.parametrize("query", queries())
def test_every_query_asks_for_what_is_told(query: str) -> None:
    bare = re.sub(r'"[^"]*"', "", query)
    asked = set(re.findall(r"\b(?:lipwright|process)_[a-z_]+", bare))
    known = metric_names() | {"process_resident_memory_bytes"}
    assert asked
    assert asked <= known
    assert query.count("(") == query.count(")")


def test_every_metric_of_the_page_is_told_and_the_other_way_round() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    written = set(re.findall(r"`(lipwright_[a-z_]+)", page))
    told = {re.sub(r"_(bucket|count|sum)$", "", name) for name in metric_names()}
    assert written == {name for name in told if name.startswith("lipwright_")}


def test_the_image_is_made_of_files_that_are_there_and_not_run_by_root() -> None:
    lines = instructions()
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().split("\n")
    for word, rest in lines:
        if word == "COPY" and "--from" not in rest:
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source}" in ignored, source
    last_stage = max(index for index, (word, _) in enumerate(lines) if word == "FROM")
    [user] = [rest for word, rest in lines[last_stage:] if word == "USER"]
    assert int(user) > 0
    made = " ".join(rest for word, rest in lines[last_stage:] if word == "RUN")
    assert f"--uid {user} " in made
    for name in ("lipwright-api", "lipwright-worker"):
        pod = objects()["Deployment", name]["spec"]["template"]["spec"]
        assert str(pod["securityContext"]["runAsUser"]) == user
        assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_the_steps_of_the_image_are_shell() -> None:
    steps = [rest for word, rest in instructions() if word == "RUN"]
    assert len(steps) >= 4
    for step in steps:
        done = subprocess.run(["sh", "-n", "-c", step], capture_output=True, text=True)
        assert done.returncode == 0, (step, done.stderr)


def test_the_image_builds_the_version_it_is_told(tmp_path: Path) -> None:
    """The step that installs lipwright, from exactly the files that are copied."""
    source = tmp_path / "build"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    skipped = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", source / "src", ignore=skipped)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    done = subprocess.run(
        [*command, str(source)],
        capture_output=True,
        text=True,
        env=os.environ | {"SETUPTOOLS_SCM_PRETEND_VERSION": "7.8.9"},
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lipwright-7.8.9-py3-none-any.whl").exists()


def test_ports_probes_and_labels_agree() -> None:
    found = objects()
    for (kind, name), made in found.items():
        if kind == "Deployment":
            template = made["spec"]["template"]
            assert made["spec"]["selector"]["matchLabels"] == template["metadata"]["labels"]
            ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
            for key, probe in template["spec"]["containers"][0].items():
                if key.endswith("Probe"):
                    assert probe["httpGet"]["port"] in ports, (name, key)
    pods = {
        name: found["Deployment", name]["spec"]["template"]["metadata"]["labels"]
        for name in ("lipwright-api", "lipwright-worker")
    }
    assert found["Service", "lipwright-api"]["spec"]["selector"] == pods["lipwright-api"]
    service = found["Service", "lipwright-api"]["metadata"]["labels"]
    monitored = found["ServiceMonitor", "lipwright-api"]["spec"]["selector"]["matchLabels"]
    assert monitored.items() <= service.items()
    watched = found["PodMonitor", "lipwright-worker"]["spec"]["selector"]
    [among] = watched["matchExpressions"]
    for name in ("lipwright-worker", "lipwright-worker-gpu"):
        labels = found["Deployment", name]["spec"]["template"]["metadata"]["labels"]
        assert watched["matchLabels"].items() <= labels.items()
        assert labels[among["key"]] in among["values"]
        assert found["ScaledObject", name]["spec"]["scaleTargetRef"]["name"] == name


def test_the_probes_ask_for_what_is_served() -> None:
    source = (ROOT / "src/lipwright/api/ready.py").read_text()
    source += (ROOT / "src/lipwright/api/metrics.py").read_text()
    paths = {
        probe["httpGet"]["path"]
        for name in ("lipwright-api", "lipwright-worker")
        for key, probe in container(name).items()
        if key.endswith("Probe")
    }
    assert paths == {"/livez", "/readyz", "/metrics"}
    for path in paths:
        assert f'@router.get("{path}"' in source


def test_a_pod_has_the_memory_that_its_children_may_use() -> None:
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    children = {
        "lipwright-api": settings.identify_concurrency,
        "lipwright-worker": settings.worker_concurrency,
        "lipwright-worker-gpu": settings.worker_concurrency,
    }
    for name, count in children.items():
        limit = container(name)["resources"]["limits"]["memory"]
        assert int(limit.removesuffix("Gi")) * 2**30 > count * settings.child_memory_mb * 1_000_000


def test_kustomize_lists_every_manifest() -> None:
    listed = load("kubernetes/kustomization.yaml")["resources"]
    assert sorted([*listed, "kustomization.yaml"]) == [path.name for path in MANIFESTS]


def test_compose_hangs_together() -> None:
    made = load("compose.yaml")
    services = made["services"]
    assert set(services) == {
        "migrate", "api", "worker", "worker-gpu", "database", "storage", "bucket", "prometheus",
    }  # fmt: skip
    assert services["worker"]["deploy"]["replicas"] == 2
    volumes = set(made["volumes"])
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= set(services)
        for volume in service.get("volumes", ()):
            if volume.startswith("./"):
                assert (DEPLOY / volume.split(":")[0]).exists()
            elif not volume.startswith("/"):
                assert volume.split(":")[0] in volumes
        image = service["image"]
        assert ":" in image, name
        assert not image.endswith(":latest"), name
    examples = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / "example.env").read_text(), re.M))
    wanted = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text()))
    assert wanted == examples
    jobs = {job["job_name"]: job for job in load("prometheus.yaml")["scrape_configs"]}
    for job in jobs.values():
        for found in job["dns_sd_configs"]:
            assert set(found["names"]) <= set(services)


@pytest.fixture
def bucket() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A server that notes who asks it for what, and has nothing."""
    seen: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            seen.append((self.path, self.headers.get("Authorization", "")))
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_storages_variables_reach_the_storage(
    bucket: tuple[str, list[tuple[str, str]]],
) -> None:
    endpoint, seen = bucket
    settings = load("compose.yaml")["x-settings"]
    environment = {name: value for name, value in settings.items() if name.startswith("AWS_")}
    environment |= {"AWS_ENDPOINT": endpoint, "AWS_SECRET_ACCESS_KEY": "secret"}
    program = (
        "from lipwright.store.objects import ObjectStore;"
        f"ObjectStore({settings['LIPWRIGHT_STORAGE_URL']!r}).check()"
    )
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        [sys.executable, "-c", program], env=clean | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    [(path, authorization)] = seen
    assert path.startswith("/lipwright/files/")
    assert "Credential=lipwright/" in authorization
    assert f"/{environment['AWS_REGION']}/s3/" in authorization


def test_the_dashboard_has_no_two_panels_in_one_place() -> None:
    board = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(places)) == len(places) == len(set(ids)) > 10
