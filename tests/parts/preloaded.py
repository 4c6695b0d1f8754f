"""Imported once by the process that programs are forked from: what each would load at its start."""

import gc

gc.disable()  # of what is loaded nothing is garbage

from tests.worker import faults  # noqa: E402
from worker import readiness  # noqa: E402

assert faults
readiness.load()
gc.freeze()  # else every worker would look through all of it before it forks, and so copy it
gc.enable()
