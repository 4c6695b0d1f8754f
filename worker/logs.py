"""What the processes log: one line an event, with the ids of request, account and job.

Of people's data nothing is logged: no cell, no name, no address. Ids find them in the database.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars
from structlog.typing import EventDict, WrappedLogger


def to_stderr(*, as_json: bool) -> None:
    """Log to stderr, for people or, with ``as_json``, for machines: one object a line."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter(as_json=as_json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    for name in ("worker", "bot", "core"):
        logging.getLogger(name).setLevel(logging.INFO)


def formatter(*, as_json: bool) -> logging.Formatter:
    """How a record becomes a line."""
    own: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        own += [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(sort_keys=True),
        ]
    else:
        own += [structlog.processors.format_exc_info, _plain]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=own,
    )


def _plain(logger: WrappedLogger, method: str, event: EventDict) -> str:
    trace = event.pop("exception", "")
    head = (event.pop("timestamp"), event.pop("level").upper(), event.pop("logger") + ":")
    text = " ".join((*head, str(event.pop("event"))))
    more = "".join(f" {name}={value}" for name, value in sorted(event.items()))
    return text + more + (f"\n{trace}" if trace else "")


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """Add these to every line that is logged in the block, in this thread and what it awaits."""
    with bound_contextvars(**ids):
        yield
