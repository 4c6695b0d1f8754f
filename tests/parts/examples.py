"""How often a property is tried: a few times in every run, ten times as often when asked for.

``make test ARGS="tests/core --hypothesis-profile=long"`` asks. What is tried differs from run to
run, except in CI, so the few of many runs are many.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

#: Hypothesis's own default number of examples stands for one run.
_USUAL = 100


def often(few: int) -> int:
    """So many tries, or as many more as were asked for."""
    return max(1, few * settings.default.max_examples // _USUAL)


def examples(few: int) -> settings:
    """The settings of a property: so many examples, however long one takes."""
    return settings(max_examples=often(few), deadline=None, suppress_health_check=list(HealthCheck))
