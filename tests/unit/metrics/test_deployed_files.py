"""The dashboard and the alerts name what there is."""

import json
import re
from pathlib import Path

import pytest
import yaml

from rosterhold.adapters.metrics import METRICS, Kind

ROOT = Path(__file__).parents[3]
HANDBOOK = ROOT / "docs/operations.md"
DASHBOARD = json.loads((ROOT / "deploy/grafana/rosterhold.json").read_text())
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
EXPRESSIONS = [
    *(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]),
    *(rule["expr"] for rule in RULES),
]
PARTS = {Kind.HISTOGRAM: ("_bucket", "_sum", "_count")}
SERIES = {
    name + part: metric
    for name, metric in METRICS.items()
    for part in PARTS.get(metric.kind, ("",))
}
WORDS = {"instance", "le"}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_names_only_series_and_labels_that_there_are(expression):
    named = re.findall(r"rosterhold_\w+", expression)
    assert named
    assert set(named) <= SERIES.keys()
    labels = {label for name in named for label in SERIES[name].labels} | WORDS
    matched = re.findall(r"(\w+)(?:=~|!~|!=|=)\"", expression)
    grouped = [one for group in re.findall(r"by \(([^)]*)\)", expression) for one in
               group.split(", ")]  # fmt: skip
    assert {*matched, *grouped} <= labels


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_is_whole_and_takes_one_of_several_instances(expression):
    assert all(expression.count(pair[0]) == expression.count(pair[1]) for pair in ("()", "{}"))
    assert "max" in expression or expression.startswith("absent(")


def test_every_metric_is_on_the_dashboard():
    shown = {
        name for expression in EXPRESSIONS for name in re.findall(r"rosterhold_\w+", expression)
    }
    assert {SERIES[name].name for name in shown} == set(METRICS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_leads_to_a_heading_of_the_handbook(rule):
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^#+ (.+)$", HANDBOOK.read_text(), re.MULTILINE)
    assert page.endswith("docs/operations.md")
    assert anchor in {re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in headings}
    assert rule["labels"]["severity"] in {"page", "warn"}


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_the_handbook_describes_every_metric(metric):
    rows = [line for line in HANDBOOK.read_text().splitlines()
            if line.startswith(f"| `{metric.name}` |")]  # fmt: skip
    assert len(rows) == 1
    assert all(f"`{label}`" in rows[0] for label in metric.labels)
