"""The configuration of Prometheus and Alertmanager, checked by their own tools."""

import subprocess
from typing import Any

import pytest

pytestmark = pytest.mark.service


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_promtool_accepts_configuration_and_rules(require: Any, monitoring: Any) -> None:
    said = run(require("promtool"), "check", "config", str(monitoring / "prometheus.yml"))
    assert "is valid prometheus config file syntax" in said
    run(require("promtool"), "check", "rules", *map(str, (monitoring / "rules").glob("[ar]*.yml")))


def test_the_rules_pass_their_own_unit_tests(require: Any, monitoring: Any) -> None:
    assert "SUCCESS" in run(require("promtool"), "test", "rules", str(monitoring / "rules/tests.yml"))


def test_amtool_accepts_the_alertmanager_configuration(
    require: Any, alertmanager_config: Any, tmp_path: Any
) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(alertmanager_config("http://127.0.0.1:1"))
    assert "SUCCESS" in run(require("amtool"), "check-config", str(path))
