"""``/metrics`` for Prometheus: jobs, rows, seconds, queue depth, Slack's answers, our own.

What the database knows is asked there at every scrape, so it is right whichever process did it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlmodel import Session, col

from core import tally
from core.db import Database
from core.models import Import, ImportPart, Outbox
from core.parts import OPEN
from worker.counts import Counts
from worker.queue import Bell

#: Seconds; a caller notices from a tenth on, Slack gives up after three.
_OUTCOMES = (*tally.COUNTS, "unprocessed")
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


@dataclass(frozen=True)
class Numbers(Collector):
    """Asks database and queue whenever somebody scrapes."""

    database: Database
    bell: Bell
    counts: Counts

    def collect(self) -> Iterable[Metric]:
        """Every number there is."""
        with self.database.reading() as session:
            yield from _imports(session)
            yield _waiting(session)
            yield _messages(session)
        yield from self._queue()
        yield self._slack()

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: registering asks neither database nor queue."""
        return ()

    def _queue(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("leadport_queue_jobs", "Jobs rung for.", labels=["queue"])
        workers = GaugeMetricFamily("leadport_workers", "Workers seen.", labels=["queue"])
        depths = self.bell.depths()
        for name, (waiting, seen) in (depths or {}).items():
            jobs.add_metric([name], waiting)
            workers.add_metric([name], seen)
        up = GaugeMetricFamily("leadport_queue_up", "Whether Redis answers.")
        up.add_metric([], depths is not None)
        yield from (jobs, workers, up)

    def _slack(self) -> Metric:
        calls = CounterMetricFamily(
            "leadport_slack_calls",
            "Calls of Slack by outcome: ok, Slack's error (ratelimited is its 429), unreachable.",
            labels=["method", "outcome"],
        )
        for names, count in self.counts.all().items():
            if names[0] == "slack" and len(names) == 3:
                calls.add_metric(names[1:], count)
        return calls


def _imports(session: Session) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("leadport_jobs", "Imports by status.", labels=["status"])
    rows = CounterMetricFamily("leadport_rows", "Rows by what became of them.", labels=["outcome"])
    seconds = CounterMetricFamily("leadport_import_seconds", "Seconds that imports have taken.")
    counted = func.count(), *(func.sum(col(getattr(Import, name))) for name in _OUTCOMES)
    took = func.sum(col(Import.completed_at) - col(Import.started_at))
    statement = select(col(Import.status), took, *counted).group_by(col(Import.status))
    sums: list[Any] = [0] * len(_OUTCOMES)
    spent = 0
    for status, took_ms, number, *of_status in session.execute(statement):
        jobs.add_metric([status], number)
        spent += took_ms or 0
        sums = [before + (more or 0) for before, more in zip(sums, of_status, strict=True)]
    for name, total in zip(_OUTCOMES, sums, strict=True):
        rows.add_metric([name], total)
    seconds.add_metric([], spent / 1000)
    yield from (jobs, rows, seconds)


def _waiting(session: Session) -> Metric:
    waiting = GaugeMetricFamily("leadport_parts_open", "Work not done yet.", labels=["kind"])
    statement = (
        select(col(ImportPart.kind), func.count())
        .where(col(ImportPart.state).in_(OPEN))
        .group_by(col(ImportPart.kind))
    )
    for kind, number in session.execute(statement):
        waiting.add_metric([kind], number)
    return waiting


def _messages(session: Session) -> Metric:
    found = GaugeMetricFamily("leadport_messages", "Messages by state.", labels=["state"])
    statement = select(col(Outbox.state), func.count()).group_by(col(Outbox.state))
    for state, number in session.execute(statement):
        found.add_metric([state], number)
    return found


@dataclass(frozen=True)
class Metrics:
    """What one web process measures."""

    registry: CollectorRegistry
    answers: Histogram  #: seconds, by operation and status


def metrics(database: Database, bell: Bell, counts: Counts) -> Metrics:
    """The registry of a web process; nothing of it is global."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Numbers(database, bell, counts))
    answers = Histogram(
        "leadport_http_seconds", "Seconds to answer a request of the API.",
        ["operation", "status"], buckets=_BUCKETS, registry=registry,
    )  # fmt: skip
    return Metrics(registry, answers)
