"""What every test process does first. The fixtures are in ``tests/parts/fixtures.py``."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Iterator

import pytest

from tests.parts import order

OURS = ("LEADPORT_", "SLACK_", "DATABASE_URL", "REDIS_URL", "PORT")


def pytest_configure(config: pytest.Config) -> None:
    """Whatever the developer's shell points at is not for tests to write to."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        del os.environ[name]
    if config.getoption("hypothesis_profile"):  # Hypothesis itself looks for it next
        _register_profiles()
    if not _leaves_the_tests_to_others(config):
        config.pluginmanager.import_plugin("tests.parts.fixtures")


def pytest_sessionstart(session: pytest.Session) -> None:
    """With --reruns every test is noted by the process that started this one, in two messages of
    which the second would wait for a delayed acknowledgement of the first: 17 ms a test."""
    notes = getattr(session.config, "failures_db", None)
    if hasattr(notes, "sock"):
        notes.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _leaves_the_tests_to_others(config: pytest.Config) -> bool:
    """Whether this process starts test processes. They wait for it: so it imports nothing."""
    distributes = config.getoption("dist", "no") != "no" and not config.option.collectonly
    return distributes and not hasattr(config, "workerinput")


def _register_profiles() -> None:
    """How often a property is tried (tests/parts/examples.py)."""
    from hypothesis import settings

    settings.register_profile("long", max_examples=1_000)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[object]:
    """What importing and collecting makes stays to the end. To look through it for garbage again
    and again costs an eighth of the collection, and a test in twenty afterwards."""
    gc.disable()
    try:
        if not _leaves_the_tests_to_others(session.config):
            from tests.parts import beginning

            beginning.make_ready(session.config)
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests begin early."""
    order.slow_first(items)
