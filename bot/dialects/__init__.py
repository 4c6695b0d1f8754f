"""The HTTP APIs that Leadport speaks, each in the words of its own document."""

from __future__ import annotations

from bot.api.endpoint import Dialect
from bot.dialects.leads.routes import LEADS, LEADS_KENBUN
from bot.dialects.leadvibe.additions import (
    LEADPORT,
    LEADPORT_KENBUN,
    LEADPORT_KENBUN_HOST,
)
from bot.dialects.leadvibe.routes import KENBUN, KENBUN_HOST, LEADVIBE
from bot.dialects.naturalead.routes import NATURALEAD
from bot.dialects.sendkit.routes import SENDKIT
from bot.dialects.webhooks.routes import WEBHOOKS

#: Served in this order; where two take the same path, the first one answers.
DIALECTS: tuple[Dialect, ...] = (
    KENBUN_HOST,
    LEADPORT_KENBUN_HOST,
    LEADVIBE,
    LEADPORT,
    KENBUN,
    LEADPORT_KENBUN,
    LEADS,
    LEADS_KENBUN,
    NATURALEAD,
    SENDKIT,
    WEBHOOKS,
)
