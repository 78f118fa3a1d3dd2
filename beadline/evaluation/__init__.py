"""Hole cases, metrics and baselines: what is measured is what is served. Knows no editor."""
