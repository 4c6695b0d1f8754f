"""Leads over HTTP: find, read, change and delete them; the suppression list; saved mappings."""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType

from bot.api import problem
from bot.api.endpoint import Answer, Call, Dialect, Endpoint, Refused
from bot.api.failures import InvalidRequest
from bot.dialects.leads import cursors, requests, wire
from core import edits, ids, intake, keys, leads, looking, saved_mappings, suppressions
from core.edits import Asked, IdentifierOwned
from core.errors import ImportFailure, NotFound
from core.identifiers import Kind
from core.leads import Found

_STATUS = MappingProxyType(
    {
        "version_conflict": 412,
        "identifier_owned": 409,
        "opt_out_kept": 409,
        "last_identifier": 409,
    }
)


def refuse(failure: ImportFailure) -> Refused:
    """A problem; of an identifier that another lead owns it names both."""
    if isinstance(failure, IdentifierOwned):
        kind, value = failure.key
        owner = ids.show("lead", failure.lead_id)
        return problem.refused(failure, _STATUS, lead_id=owner, kind=kind, value=value)
    return problem.refused(failure, _STATUS)


# ---- leads -------------------------------------------------------------------------------------


def list_leads(call: Call) -> Answer:
    """List leads, or look for some.

    The newest come first. `next_cursor` is null on the last page. Looking for a text, a tag or
    what was updated goes through a bounded number of leads at a time: a page may then be short, or
    empty, and still have a next one.
    """
    query, account_id = call.query, call.caller.account_id
    if query.kind and not query.value:
        raise InvalidRequest("kind needs a value.", {"value": "is required with kind"})
    wanted = looking.Wanted(
        batch=_id("job", query.batch, "There is no such import.") if query.batch else None,
        tag=query.tag or "",
        text=query.q or "",
        updated_since=requests.milliseconds(query.updated_since),
    )
    before = cursors.lead(query.cursor)
    with call.office.database.reading() as session:
        if query.value:
            key = leads.key_of(session, account_id, query.kind or Kind.EMAIL, query.value)
            wanted = replace(wanted, key=key)
        page = looking.page(session, account_id, wanted, before=before, limit=query.limit)
    return Answer(wire.lead_page(page))


def get_lead(call: Call) -> Answer:
    """Read a lead. Its version is the ETag."""
    with call.office.database.reading() as session:
        return _lead(leads.get(session, call.caller.account_id, _lead_id(call)))


def change_lead(call: Call) -> Answer:
    """Change a lead; what is not mentioned stays.

    A field set to null is cleared; `email`, `phone`, `external_id`, `social` and `cookie` are
    identifiers as well, which come and go with their fields. With `If-Match`, only the version
    that was seen is changed (412 otherwise). An identifier that another lead owns is refused with
    409, which names that lead; an opt-out is only taken back with `resubscribe`.
    """
    asked, versions = requests.asked(call.body), requests.versions(call.headers)
    return _lead(_change(call, _lead_id(call), asked, versions))


def delete_lead(call: Call) -> Answer:
    """Delete a lead and its identifiers.

    Undoing an import counts the lead as gone. Where the person opted out, the identifiers are put
    on the suppression list unless `suppress=false`: the next import would bring them back.
    """
    lead_id, versions = _lead_id(call), requests.versions(call.headers)
    suppressed = call.office.database.transact(
        lambda session: edits.delete(
            session, call.caller.account_id, lead_id,
            versions=versions, suppress=call.query.suppress,
        )
    )  # fmt: skip
    shown = ids.show("lead", lead_id)
    return Answer(wire.Deleted(lead_id=shown, deleted=True, suppressed=suppressed))


# ---- by alias ----------------------------------------------------------------------------------


def get_lead_by_alias(call: Call) -> Answer:
    """Read the lead that owns an identifier, an email by default (Lp-4)."""
    return _alias(_by_alias(call))


def change_lead_by_alias(call: Call) -> Answer:
    """Change fields of the lead that owns an identifier; null clears one (Lp-4)."""
    asked, versions = Asked(call.body.metadata), requests.versions(call.headers)
    return _alias(_change(call, _by_alias(call).id, asked, versions))


def _by_alias(call: Call) -> Found:
    account_id = call.caller.account_id
    with call.office.database.reading() as session:
        key = leads.key_of(session, account_id, call.query.kind, call.query.value)
        return leads.by_key(session, account_id, key)


# ---- the suppression list ----------------------------------------------------------------------


def list_suppressions(call: Call) -> Answer:
    """List the identifiers whose rows no import takes in."""
    query, after = call.query, cursors.key(call.query.cursor)
    with call.office.database.reading() as session:
        found = suppressions.listed(
            session, call.caller.account_id, after=after, limit=query.limit + 1
        )
    return Answer(wire.suppression_page(found, query.limit))


def put_suppressions(call: Call) -> Answer:
    """Put identifiers on the suppression list.

    What is on it stays as it is. Entries that are no identifiers are named and the others taken.
    """
    account_id, entries = call.caller.account_id, requests.entries(call.body)
    changed = call.office.database.transact(
        lambda session: suppressions.suppress(
            session, account_id, entries,
            reason=call.body.reason, region=intake.region_of(session, account_id),
        )
    )  # fmt: skip
    return Answer(wire.suppressions_put(changed))


def delete_suppression(call: Call) -> Answer:
    """Take one identifier off the suppression list."""
    account_id, entry = call.caller.account_id, (call.query.kind, call.query.value)
    changed = call.office.database.transact(
        lambda session: suppressions.unsuppress(
            session, account_id, [entry], region=intake.region_of(session, account_id)
        )
    )
    if not changed.changed:
        raise NotFound("There is no such entry.")
    return Answer(wire.Removed(removed=changed.changed))


# ---- saved mappings ----------------------------------------------------------------------------


def list_mappings(call: Call) -> Answer:
    """List the saved mappings; a file with one of these headers gets its mapping again."""
    query, account_id = call.query, call.caller.account_id
    with call.office.database.reading() as session:
        found = saved_mappings.listed(
            session, account_id, after=query.cursor or "", limit=query.limit + 1
        )
    return Answer(wire.mapping_page(found, query.limit))


def delete_mapping(call: Call) -> Answer:
    """Forget a saved mapping: columns of such files are guessed anew."""
    account_id, mapping_id = call.caller.account_id, call.path["mapping_id"]
    if not re.fullmatch("[0-9a-f]{64}", mapping_id):
        raise NotFound(saved_mappings.NONE)
    call.office.database.transact(
        lambda session: saved_mappings.forget(session, account_id, mapping_id)
    )
    return Answer(wire.Removed(removed=1))


# ---- what they share ---------------------------------------------------------------------------


def _change(call: Call, lead_id: int, asked: Asked, versions: list[int] | None) -> Found:
    account_id = call.caller.account_id
    return call.office.database.transact(
        lambda session: edits.change(session, account_id, lead_id, asked, versions=versions)
    )


def _lead(found: Found) -> Answer:
    return Answer(wire.lead(found), headers=_etag(found))


def _alias(found: Found) -> Answer:
    return Answer(wire.alias(found), headers=_etag(found))


def _etag(found: Found) -> dict[str, str]:
    return {"ETag": f'"{found.version}"'}


def _lead_id(call: Call) -> int:
    return _id("lead", call.path["lead_id"], leads.NO_LEAD)


def _id(prefix: str, shown: str, words: str) -> int:
    """The id behind its public form. Raises NotFound: what cannot be one is none of anybody's."""
    number = ids.read(prefix, shown)
    if number is None:
        raise NotFound(words)
    return number


_LEAD, _ALIAS = {200: wire.LeadAnswer}, {200: wire.AliasAnswer}
_LIST, _MAPPINGS = "/leads/suppressions", "/leads/import/mappings"

LEADS = Dialect(
    "leads",
    (
        Endpoint("GET", "/leads", list_leads, keys.READ, {200: wire.LeadPage},
                 query=requests.LeadQuery),
        Endpoint("GET", _LIST, list_suppressions, keys.READ, {200: wire.SuppressionPage},
                 query=requests.PageQuery),
        Endpoint("PUT", _LIST, put_suppressions, keys.WRITE, {200: wire.SuppressionsPut},
                 body=requests.SuppressionPut),
        Endpoint("DELETE", _LIST, delete_suppression, keys.WRITE, {200: wire.Removed},
                 query=requests.AliasQuery),
        Endpoint("GET", _MAPPINGS, list_mappings, keys.READ, {200: wire.MappingPage},
                 query=requests.PageQuery),
        Endpoint("DELETE", _MAPPINGS + "/{mapping_id}", delete_mapping, keys.WRITE,
                 {200: wire.Removed}),
        Endpoint("GET", "/leads/{lead_id}", get_lead, keys.READ, _LEAD),
        Endpoint("PATCH", "/leads/{lead_id}", change_lead, keys.WRITE, _LEAD,
                 body=requests.LeadChange, refusals=(409, 412)),
        Endpoint("DELETE", "/leads/{lead_id}", delete_lead, keys.WRITE, {200: wire.Deleted},
                 query=requests.DeleteQuery, refusals=(412,)),
        Endpoint("GET", "/lead/by-alias", get_lead_by_alias, keys.READ, _ALIAS,
                 query=requests.AliasQuery),
        Endpoint("PATCH", "/lead/by-alias/metadata", change_lead_by_alias, keys.WRITE, _ALIAS,
                 query=requests.AliasQuery, body=requests.MetadataChange, refusals=(409, 412)),
    ),
    refuse,
    error=problem.Problem,
)  # fmt: skip
LEADS_KENBUN = replace(LEADS, name="leads_kenbun", prefix="/kenbun")
