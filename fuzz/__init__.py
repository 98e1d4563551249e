"""Fuzzing of every decoder: `python fuzz/run.py SECONDS`."""
