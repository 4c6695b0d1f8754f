"""The doorbell: tell a worker that there is something to do. Never the only record of it.

What is to be done is a row in the database; RQ carries its key and nothing else. Ringing twice is
harmless, because a worker has to claim the row, and a lost ring is found by the sweeper.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Iterable

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, Worker
from rq.serializers import JSONSerializer
from sqlmodel import Session

from core import outbox, parts
from core.outbox import OutboxKey
from core.parts import PartKey

#: Each RQ worker process serves exactly one queue: only then is a job popped without a gap in
#: which a crash would lose it.
QUICK = "leadport-quick"
ROWS = "leadport-rows"

Key = PartKey | OutboxKey

_QUEUE_OF = {"read": QUICK, "forecast": ROWS, "spread": ROWS, "write": ROWS, "undo": ROWS}
#: Seconds after which RQ ends a job by force. Claims are renewed while a job runs, so this is
#: what frees a part from a worker that hangs.
_TIMEOUT = {"read": 1_800, "forecast": 3_600, "spread": 900, "write": 900, "undo": 900}
#: What may bring a large file with it waits among the rows and not before the cards.
_DELIVERY = {"card": (QUICK, 120), "summary": (ROWS, 3_600), "undone": (ROWS, 3_600)}
_RESULT_TTL = 60
_FAILURE_TTL = 7 * 24 * 3_600
#: To say which library it is, redis-py would read the package's metadata for every connection: as
#: much work as all else that a message takes.
UNNAMED: None = None
#: How often it is said that Redis is away.
AWAY_AGAIN_SECONDS = 60.0

log = logging.getLogger(__name__)


def connect(redis_url: str) -> Redis:
    """A client that does not wait long for a Redis that is away."""
    return Redis.from_url(
        redis_url,
        socket_connect_timeout=1,
        socket_timeout=2,
        retry=Retry(NoBackoff(), 1),
        driver_info=UNNAMED,
    )


def rq_queue(name: str, connection: Redis) -> Queue:
    """The RQ queue, with JSON: whoever can write to Redis must not be able to run code here."""
    return Queue(name, connection=connection, serializer=JSONSerializer)


class Bell:
    """Rings after a commit. Never raises because Redis is away: it answers False."""

    def __init__(self, redis_url: str | None) -> None:
        """Without a URL there is nobody to ring, and the sweeper does it all."""
        connection = connect(redis_url) if redis_url else None
        self._say_again_at = 0.0
        self._queues = {n: rq_queue(n, connection) for n in (QUICK, ROWS)} if connection else {}

    def ring_part(self, key: PartKey) -> bool:
        """Tell a worker of a part that is waiting."""
        return self.ring([key])

    def ring_outbox(self, key: OutboxKey) -> bool:
        """Tell a worker of something to be told to the world."""
        return self.ring([key])

    def ring(self, keys: Iterable[Key]) -> bool:
        """Ring for each; False if at least one could not be rung for."""
        try:
            rung = [self._enqueue(key) for key in keys]
        except RedisError as error:
            self._say_away(error)
            return False
        return all(rung)

    def queued(self) -> set[str] | None:
        """The names (``name_of``) that were rung for and not answered; None if Redis is away."""
        try:
            ids = [job_id for queue in self._queues.values() for job_id in queue.job_ids]
        except RedisError as error:
            self._say_away(error)
            return None
        return {job_id.rpartition("-")[0] for job_id in ids} if self._queues else None

    def depths(self) -> dict[str, tuple[int, int]] | None:
        """The jobs rung for and the workers seen, by queue; None if Redis is away."""
        try:
            return {
                name: (len(queue), Worker.count(queue=queue))
                for name, queue in self._queues.items()
            } or None
        except RedisError:
            return None

    def is_up(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(self._queues) and bool(self._queues[QUICK].connection.ping())
        except RedisError:
            return False

    def _say_away(self, error: RedisError) -> None:
        """Once a minute: the sweeper looks every second, and finds the work by itself."""
        if time.monotonic() >= self._say_again_at:
            self._say_again_at = time.monotonic() + AWAY_AGAIN_SECONDS
            log.warning("Redis is away, the sweeper will find the work: %s", error)

    def _enqueue(self, key: Key) -> bool:
        if not self._queues:
            return False
        is_part = isinstance(key, PartKey)
        part = (_QUEUE_OF[key.kind], _TIMEOUT[key.kind]) if is_part else None
        queue, timeout = part or _DELIVERY[key.kind]
        self._queues[queue].enqueue_call(
            "worker.jobs.run_part" if is_part else "worker.jobs.deliver",
            args=tuple(key),
            timeout=timeout,
            result_ttl=_RESULT_TTL,
            failure_ttl=_FAILURE_TTL,
            job_id=f"{name_of(key)}-{secrets.token_hex(8)}",
        )
        return True


def name_of(key: Key) -> str:
    """The key as one word of the characters RQ allows in a job id."""
    return "-".join(str(part) for part in key)


def work_of(session: Session, account_id: int, import_id: int) -> list[Key]:
    """What could be done for an import right now: ring for it after the commit."""
    of = (account_id, import_id)
    return [*outbox.due(session, of=of), *parts.waiting(session, of=of)]
