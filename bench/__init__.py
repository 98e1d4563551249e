"""Measures the figures of docs/performance.md: `python bench/run.py`."""
