"""Scenarios: files that tell a story on a cluster, and what reads and performs them (docs/scenarios.md)."""
