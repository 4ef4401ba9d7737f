"""What is shipped for deployment names files, settings, commands and figures that there are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
import typer
import yaml
from prometheus_client import generate_latest

from vantum.calls import Calls
from vantum.cli import app
from vantum.settings import Settings, load_settings
from vantum.telemetry import Metrics, ProviderHealth, RecordsHealth, server_log

ROOT: Final = Path(__file__).resolve().parent.parent
DEPLOY: Final = ROOT / "deploy"
CHART: Final = sorted((DEPLOY / "helm").rglob("*.yaml"))
SETTINGS: Final = {name.upper() for name in Settings.model_fields}
COMMANDS: Final = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
# Settings of others, and of the shell.
OTHERS: Final = {
    "PATH",
    "PYTHONUNBUFFERED",
    "POSTGRES_USER",
    "POSTGRES_PASSWORD",
    "VANTUM_DOMAIN",
    "VANTUM_WORKERS",
}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return found


def unit(name: str) -> dict[str, str]:
    """What the section [Service] of a unit says; each line there has another name."""
    text = (DEPLOY / name).read_text("utf-8")
    section = text.partition("[Service]\n")[2].partition("\n[")[0]
    lines = [line.split("=", 1) for line in section.splitlines() if line and line[0] != "#"]
    found = dict(lines)
    assert len(found) == len(lines)
    return found


def given_by(service: dict[str, str]) -> dict[str, str]:
    return dict(one.split("=", 1) for one in service["Environment"].split())


def template(path: Path) -> list[Any]:
    """A chart's file, with something in the place of each expression."""
    text = path.read_text("utf-8")
    text = re.sub(r"^ *\{\{-? *(with|end|range|include).*\}\}\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\{\{-? *include [^}]*\}\}", "", text)
    return list(yaml.safe_load_all(re.sub(r"\{\{[^}]*\}\}", "5", text)))


def test_compose_starts_our_commands_with_our_settings() -> None:
    services = compose()["services"]
    ours = {name: one for name, one in services.items() if one.get("image") == "vantum"}
    assert {one["command"][0] for one in ours.values()} <= COMMANDS
    for one in services.values():
        assert set(one.get("environment", {})) <= SETTINGS | OTHERS
    drain_s = float(ours["serve"]["environment"]["DRAIN_S"])
    assert float(ours["serve"]["stop_grace_period"].removesuffix("s")) > drain_s


def test_what_the_document_has_typed_for_compose_finds_its_values_and_is_not_overruled() -> None:
    document = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    typed = re.findall(r"^docker compose .*", document, re.MULTILINE)
    assert typed
    assert all(" --env-file .env -f deploy/compose.yaml " in line for line in typed)
    [kept] = re.findall(r"^printf .*>>\.env$", document, re.MULTILINE)
    asked = set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text("utf-8")))
    assert asked == set(re.findall(r"(\w+)=", kept))
    serve = compose()["services"]["serve"]["environment"]
    [told] = re.findall(r"whatever `\.env` says: (.*?)\.", document, re.DOTALL)
    assert set(re.findall(r"`(\w+)`", told)) == set(serve)
    image = (DEPLOY / "Dockerfile").read_text("utf-8")
    assert all(f"{name}={serve[name]}" in image for name in ("HOST", "PORT", "VANTUM_DATA_DIR"))


@pytest.mark.parametrize("name", ["vantum.service", "vantum-worker.service"])
def test_the_units_start_our_commands_with_our_settings(name: str) -> None:
    service = unit(name)
    program, command, *options = service["ExecStart"].split()
    home = service["WorkingDirectory"]
    assert program == f"{home}/.venv/bin/vantum"
    assert command in COMMANDS
    known = typer.main.get_command(app).commands[command].params  # type: ignore[attr-defined]
    assert {one for one in options if one[0] == "-"} <= {opt for one in known for opt in one.opts}
    given = given_by(service)
    assert set(given) <= SETTINGS | OTHERS
    assert set(re.findall(r"\$\{(\w+)\}", service["ExecStart"])) <= set(given)
    folder = f"/var/lib/{service['StateDirectory']}"
    assert load_settings(given).vantum_data_dir == Path(folder)
    document = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    assert f"echo VANTUM_DATA_DIR={folder} >>.env" in document  # commands by hand find the same
    assert f"git clone ... {home} " in document


def test_a_unit_waits_longer_than_calls_may_take_and_tells_one_process_alone() -> None:
    service = unit("vantum.service")
    assert float(service["TimeoutStopSec"]) > float(given_by(service)["DRAIN_S"]) > 0
    assert service["KillMode"] == "mixed"
    assert "KillSignal" not in service  # SIGTERM


def test_behind_the_shipped_proxies_each_caller_has_an_address_of_its_own() -> None:
    composed = compose()
    [within] = composed["networks"]["default"]["ipam"]["config"]
    believed = composed["services"]["serve"]["environment"]["FORWARDED_ALLOW_IPS"]
    assert load_settings({"FORWARDED_ALLOW_IPS": believed}).forwarded_allow_ips == (
        within["subnet"],
    )
    parts = (DEPLOY / "helm" / "templates" / "_parts.tpl").read_text("utf-8")
    assert "FORWARDED_ALLOW_IPS, value: {{ .Values.ingress.networks | quote }}" in parts
    values = yaml.safe_load((DEPLOY / "helm" / "values.yaml").read_text("utf-8"))
    networks = load_settings({"FORWARDED_ALLOW_IPS": values["ingress"]["networks"]})
    assert all(ip_network(one).is_private for one in networks.forwarded_allow_ips)


def test_the_image_holds_what_is_there_and_sets_what_is_read() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    for line in re.findall(r"^COPY (?!--)(.+) \S+$", text, re.MULTILINE):
        for name in line.split():
            assert (ROOT / name).exists(), name
    [names] = re.findall(r"^ENV (PATH=.*(?:\\\n.*)*)", text, re.MULTILINE)
    assert set(re.findall(r"([A-Z_]+)=", names)) <= SETTINGS | OTHERS
    assert json.loads(re.findall(r"^CMD (.*)", text, re.MULTILINE)[0])[0] in COMMANDS
    version = re.search(r"UV_VERSION=(\S+)", (ROOT / "tools" / "uv.sh").read_text("utf-8"))
    assert version is not None
    assert f"uv=={version[1]}" in text


@pytest.mark.parametrize("path", CHART, ids=lambda path: path.name)
def test_the_chart_can_be_read(path: Path) -> None:
    assert all(template(path))


def test_the_chart_starts_our_commands_and_asks_our_doors() -> None:
    texts = {path.name: path.read_text("utf-8") for path in CHART}
    started = {name for text in texts.values() for name in re.findall(r"args: \[(\w+)\]", text)}
    assert started == {"serve", "worker", "migrate"}
    assert started <= COMMANDS
    parts = (DEPLOY / "helm" / "templates" / "_parts.tpl").read_text("utf-8")
    assert set(re.findall(r"name: ([A-Z_]+),", parts)) <= SETTINGS
    assert set(re.findall(r"path: (/\w+)", texts["serve.yaml"])) == {"/ready", "/health"}
    values = yaml.safe_load((DEPLOY / "helm" / "values.yaml").read_text("utf-8"))
    asked = re.findall(r"\.Values\.([\w.]+)", "".join(texts.values()) + parts)
    for name in asked:
        known: Any = values
        for step in name.split("."):
            assert step in known, name
            known = known[step]


def test_alerts_and_dashboard_read_figures_that_there_are() -> None:
    alerts = yaml.safe_load((DEPLOY / "alerts.yaml").read_text("utf-8"))
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    panels = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))["panels"]
    asked = [rule["expr"] for rule in rules]
    asked += [target["expr"] for panel in panels for target in panel["targets"]]
    metrics = Metrics()
    Calls(Settings(), metrics, server_log())
    metrics.registry.register(ProviderHealth({}))
    metrics.registry.register(RecordsHealth(lambda: None))
    page = generate_latest(metrics.registry).decode()
    told = set(re.findall(r"^# TYPE (\S+)", page, re.MULTILINE))
    for expression in asked:
        for name in re.findall(r"vantum_\w+", expression):
            assert name.removesuffix("_bucket") in told, expression
    assert all({"summary", "first"} <= set(rule["annotations"]) for rule in rules)


def test_what_is_told_of_each_server_is_told_of_each_of_its_processes() -> None:
    texts = [(DEPLOY / name).read_text("utf-8") for name in ("alerts.yaml", "grafana.json")]
    groupings = [one for text in texts for one in re.findall(r"by \(([^)]*)\)", text)]
    legends = re.findall(r'"legendFormat": "([^"]*)"', texts[1])
    of_servers = [one for one in groupings + legends if "instance" in one]
    assert of_servers
    assert all("worker" in one for one in of_servers), of_servers


def test_a_released_chart_names_the_image_that_is_pushed(tmp_path: Path) -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))
    steps = workflow["jobs"]["release"]["steps"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    given = {"GITHUB_REF_NAME": f"v{version}", "GITHUB_ENV": str(tmp_path / "env")}

    def run(script: str) -> list[str]:
        """What a step's shell does, with what it hands to helm."""
        script = f"set -e; helm() {{ printf '%s\\n' \"$@\"; }}\n{script}"
        known = given | {"PATH": os.environ["PATH"]}
        done = subprocess.run(
            ["bash", "-c", script], cwd=ROOT, env=known, capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()

    (tmp_path / "env").touch()
    run(next(step["run"] for step in steps if step.get("name") == "The tag is the version"))
    kept = (tmp_path / "env").read_text("utf-8").splitlines()
    given |= dict(line.split("=", 1) for line in kept)
    helm = run(next(step["run"] for step in steps if "helm package" in step.get("run", "")))
    asked = dict(pairwise(helm))
    [tags] = [step["with"]["tags"] for step in steps if "tags" in step.get("with", {})]
    pushed = re.sub(
        r"\$\{\{ (?:env|github)\.(\w+) \}\}",
        lambda found: given.get(found[1], given["GITHUB_REF_NAME"]),
        tags,
    )
    assert asked["--app-version"] == pushed.rpartition(":")[2]
    assert asked["--version"] == version


def test_a_release_is_tested_before_it_is_made() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))
    steps = [step.get("run", step.get("uses", "")) for step in workflow["jobs"]["release"]["steps"]]
    tests = next(number for number, step in enumerate(steps) if step == ".ci/run")
    made = next(number for number, step in enumerate(steps) if "build" in step)
    assert tests < made


def test_what_is_shipped_is_audited_with_every_change_every_week_and_before_a_release() -> None:
    folder = ROOT / ".github" / "workflows"
    assert all("tools/audit.sh" in path.read_text("utf-8") for path in folder.iterdir())
    begins = yaml.safe_load((folder / "ci.yml").read_text("utf-8"))[
        True
    ]  # `on`, as YAML 1.1 has it
    assert {"push", "pull_request", "schedule"} <= set(begins)
    audit = (ROOT / "tools" / "audit.sh").read_text("utf-8")
    assert "--no-dev" in audit  # which keeps the group `local`
    assert "--no-group local" not in audit
