"""A caller of LeadVibe's API, or of kenbun's, which is the same below another path."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import col, select

from core import ids
from core.models import Identifier, Lead
from tests.api.conftest import Customer

FIXTURES = Path(__file__).parent / "fixtures"
EMAIL = {"column": "Email", "kind": "email"}


@dataclass
class Caller:
    """Sends what the document says, with the key of a customer."""

    customer: Customer
    prefix: str = ""

    @property
    def http(self) -> httpx.Client:
        return self.customer.http

    def send(self, content: bytes, name: str = "leads.csv", kind: str = "text/csv") -> Any:
        """The preview of a file."""
        answer = self.try_to_send(content, name, kind)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def try_to_send(
        self, content: bytes, name: str = "leads.csv", kind: str = "text/csv"
    ) -> httpx.Response:
        files = {"file": (name, content, kind)}
        return self.http.post(f"{self.prefix}/leads/import/preview", files=files)

    def start(self, file_id: str, **more: Any) -> Any:
        """The answer to an import that is started."""
        answer = self.try_to_start(file_id=file_id, **more)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def try_to_start(self, **body: Any) -> httpx.Response:
        body = {"primary_identifier": EMAIL, **body}
        return self.http.post(f"{self.prefix}/leads/import/start", json=body)

    def job(self, job_id: str) -> Any:
        answer = self.http.get(f"{self.prefix}/leads/import/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def jobs(self, **query: Any) -> Any:
        answer = self.http.get(f"{self.prefix}/leads/import/jobs", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def run(self, content: bytes, **more: Any) -> Any:
        """Send, start, let a worker do it, and look."""
        started = self.start(self.send(content)["file_id"], **more)
        self.customer.api.work()
        return self.job(started["job_id"])

    def leads(self) -> dict[str, dict[str, Any]]:
        """The fields and identifiers of every lead of the account, by their primary email."""
        mine = self.customer.account_id
        with self.customer.api.station.database.reading() as session:
            found = session.exec(select(Lead).where(col(Lead.account_id) == mine)).all()
            owned = session.exec(select(Identifier).where(col(Identifier.account_id) == mine)).all()
        keys: dict[int, set[str]] = {lead.id: set() for lead in found}
        for one in owned:
            keys[one.lead_id].add(f"{one.kind}:{one.value}")
        named = {lead.id: lead.fields.get("email") or ids.show("lead", lead.id) for lead in found}
        return {
            named[lead.id]: {**lead.fields, "identifiers": keys[lead.id], "tags": lead.tags}
            for lead in found
        }


def example(dialect: str, name: str) -> Any:
    """What the document shows."""
    return json.loads((FIXTURES / dialect / f"{name}.json").read_text(encoding="utf-8"))
