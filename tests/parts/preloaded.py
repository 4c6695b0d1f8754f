"""Imported once by the process that programs are forked from: what each would load at its start."""

from tests.worker import faults
from worker import readiness

assert faults
readiness.load()
