"""The version of cevents, said here and nowhere else."""

__version__ = "0.1.0"
