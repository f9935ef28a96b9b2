"""Dashboards as code: built with Grafana's SDK, checked in as JSON, provisioned from there."""
