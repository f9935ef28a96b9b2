from pathlib import Path

import pytest

from strategies.kernels.table import KERNELS

PAGE = Path(__file__).resolve().parents[4] / "docs" / "strategies.md"


@pytest.mark.parametrize("name", KERNELS)
def test_every_parameter_is_documented_with_its_default_and_range(name):
    section = PAGE.read_text().partition(f"### {name}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    for p in KERNELS[name].parameters:
        bounds = f"{p.low:g} to {p.high:g}{', whole' if p.integer else ''}"
        assert f"| {p.name} | {p.default:g} | {bounds} | {p.unit} | {p.doc} |" in section


@pytest.mark.parametrize("name", KERNELS)
def test_every_condition_is_documented(name):
    text = PAGE.read_text()
    for condition in KERNELS[name].conditions:
        assert f"{condition.name} ({condition.unit})" in text
