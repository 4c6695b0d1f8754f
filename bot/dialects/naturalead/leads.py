"""Naturalead's endpoints for leads: list those of an import, look for some, read and delete one."""

from __future__ import annotations

from bot.api.endpoint import Answer, Call, Endpoint
from bot.dialects.naturalead import wire
from core import edits, ids, keys, leads, looking, numbered
from core.errors import NotFound
from core.looking import Wanted

_LEAD = "/api/leads/{id}"


def list_leads(call: Call) -> Answer:
    """List leads, the newest first; with `importBatchId` those of an import."""
    query, batch = call.query, None
    if query.import_batch_id is not None:
        batch = ids.read("job", query.import_batch_id) or 0
    with call.office.database.reading() as session:
        found, total = numbered.numbered(
            session, call.caller.account_id, batch=batch, skip=query.skip, limit=query.limit
        )
    data = [wire.lead(one) for one in found]
    return Answer(wire.Leads(data=data, total=total, skip=query.skip, limit=query.limit))


def search_leads(call: Call) -> Answer:
    """Look for leads by a text in their name, company, email or phone.

    Of an account with very many leads the newest ones are looked through.
    """
    with call.office.database.reading() as session:
        wanted = Wanted(text=call.query.q)
        page = looking.page(session, call.caller.account_id, wanted, limit=call.query.limit)
    found = [wire.lead(one) for one in page.leads]
    return Answer(wire.Hits(leads=found, total=len(found)))


def get_lead(call: Call) -> Answer:
    """Read a lead."""
    with call.office.database.reading() as session:
        return Answer(wire.lead(leads.get(session, call.caller.account_id, _lead_id(call))))


def delete_lead(call: Call) -> Answer:
    """Delete a lead.

    To take back a whole import, roll it back: that restores the leads that were there before.
    """
    lead_id = _lead_id(call)
    call.office.database.transact(
        lambda session: edits.delete(session, call.caller.account_id, lead_id)
    )
    return Answer(wire.Deleted(id=ids.show("lead", lead_id), deleted=True))


def _lead_id(call: Call) -> int:
    """The lead that the path names. Raises NotFound."""
    lead_id = ids.read("lead", call.path["id"])
    if lead_id is None:
        raise NotFound(leads.NO_LEAD)
    return lead_id


LEADS = (
    Endpoint("GET", "/api/leads", list_leads, keys.READ, {200: wire.Leads}, query=wire.LeadSpan),
    Endpoint(
        "GET", "/api/leads/search", search_leads, keys.READ, {200: wire.Hits}, query=wire.Search
    ),
    Endpoint("GET", _LEAD, get_lead, keys.READ, {200: wire.LeadShown}),
    Endpoint("DELETE", _LEAD, delete_lead, keys.WRITE, {200: wire.Deleted}),
)
