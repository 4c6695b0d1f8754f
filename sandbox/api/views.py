"""views.*: modals opened with a trigger, updated, pushed; the Home tab published."""

from sandbox.api.calls import Call
from sandbox.blocks.kit import HOME, MODAL
from sandbox.blocks.surfaces import check_view
from sandbox.errors import Json, SlackError
from sandbox.triggers import Trigger
from sandbox.views import View


def _modal(call: Call) -> Json:
    return check_view(call.value("view") or {}, MODAL, call.workspace.refused_blocks)


def _trigger(call: Call) -> Trigger:
    return call.workspace.triggers.redeem(call.need("trigger_id"))


def show(call: Call, view: View) -> Json:
    """Tell the page of a view, and the app what became of it."""
    call.workspace.feed.tell("views", only_for=view.user, user=view.user)
    return {"view": view.as_slack()}


async def open_view(call: Call) -> Json:
    """`views.open`. The view is checked first: a refused view leaves the trigger unspent."""
    told = _modal(call)
    trigger = _trigger(call)
    return show(call, call.workspace.views.open(trigger.user, told))


async def push(call: Call) -> Json:
    """`views.push`: only with a trigger that was born in a modal."""
    told = _modal(call)
    trigger = _trigger(call)
    if trigger.view_id is None:
        raise SlackError("invalid_trigger_id")
    return show(call, call.workspace.views.push(trigger.user, told))


async def update(call: Call) -> Json:
    """`views.update`, by view_id or external_id, guarded by `hash` if one is given."""
    views = call.workspace.views
    told = _modal(call)
    view = views.find(call.text("view_id"), call.text("external_id"))
    return show(call, views.update(view, told, call.text("hash")))


async def publish(call: Call) -> Json:
    """`views.publish`: the Home tab of one person."""
    told = check_view(call.value("view") or {}, HOME, call.workspace.refused_blocks)
    user = call.workspace.people.find(call.need("user_id"))
    if user is None:
        raise SlackError("user_not_found")
    return show(call, call.workspace.views.publish(user.id, told, call.text("hash")))
