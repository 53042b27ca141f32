"""Detectors, scoring and correlation: pure functions from Arrow tables to alerts and incidents."""
