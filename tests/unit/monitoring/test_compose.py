"""docker-compose.yml: loopback only, no default password, retention by name."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

MONITORING = Path(__file__).parents[3] / "monitoring"


@pytest.fixture
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((MONITORING / "docker-compose.yml").read_text())
    return document


def test_it_keeps_to_the_compose_schema(tmp_path: Path) -> None:
    file = MONITORING / "docker-compose.yml"
    assert problems_of(file) == ""
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(file.read_text().replace("network_mode:", "network_mod:", 1))
    assert "network_mod" in problems_of(wrong)


def problems_of(file: Path) -> str:
    """Return what the Compose specification has against a file."""
    words = ("-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file))
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_every_service_listens_on_the_loopback_only(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert all(service["network_mode"] == "host" for service in services.values())
    assert not any("ports" in service for service in services.values())
    assert "--web.listen-address=127.0.0.1:9090" in services["prometheus"]["command"]
    assert services["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert "--web.listen-address=127.0.0.1:9093" in services["alertmanager"]["command"][0]


def test_grafana_does_not_start_without_a_password_of_the_operators_own(compose: dict[str, Any]) -> None:
    settings = compose["services"]["grafana"]["environment"]
    assert settings["GF_SECURITY_ADMIN_PASSWORD"].startswith("${GRAFANA_PASSWORD:?")
    assert settings["GF_SECURITY_ADMIN_USER"] != "admin"
    assert settings["GF_AUTH_ANONYMOUS_ENABLED"] == "false"


def test_retention_comes_from_the_environment(compose: dict[str, Any]) -> None:
    command = compose["services"]["prometheus"]["command"]
    assert "--storage.tsdb.retention.time=${PROMETHEUS_RETENTION:-200h}" in command


def test_images_are_pinned_and_mounted_files_exist(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        name, _, version = service["image"].rpartition(":")
        assert name
        assert version not in ("", "latest")
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            assert not source.startswith("./") or (MONITORING / source).exists(), source


def test_no_file_holds_a_secret() -> None:
    for path in (*MONITORING.glob("*.yml"), *MONITORING.rglob("provisioning/**/*.yml")):
        text = path.read_text()
        assert re.search(r"\bbot_token: *\S", text) is None, path
        assert "password: " not in text.lower() or "${GRAFANA_PASSWORD" in text, path
