// The sidebar: channels, the app, who is looking, the developer log.

import { avatar, h, icon } from "./dom.js";
import { findRoom, myself, room, state } from "./state.js";
import { toggleLog } from "./log.js";

/** Draw the sidebar. `go` opens a channel, `become` switches the person. */
export function drawSidebar(go, become) {
  const { channels, app, users } = state.workspace;
  const bot = users.find((user) => user.id === app.user);
  const rooms = channels.filter((one) => one.kind !== "im");
  const talk = findRoom("dm");
  document.getElementById("sidebar").replaceChildren(
    h("div", { class: "team" }, h("img", { src: "static/icon.svg", alt: "" }), h("span", {}, state.workspace.team.name, h("small", {}, "a local workspace"))),
    h("h2", { class: "side-title" }, "Channels"),
    h("ul", { class: "side-list" }, rooms.map((one) => item(one, icon(one.kind === "group" ? "lock" : "hash"), one.name, go))),
    h("h2", { class: "side-title" }, "Apps"),
    h("ul", { class: "side-list" }, talk ? item(talk, avatar(bot, true), app.name, go) : null),
    h("div", { class: "side-foot" },
      h("button", { type: "button", class: "button", onclick: () => toggleLog(), "data-toggle-log": true }, icon("terminal"), h("span", { class: "label" }, "Developer log")),
      personSwitch(become)));
}

function item(one, sign, name, go) {
  const current = one.id === room().id;
  const unread = state.unread.has(one.id) && !current;
  return h("li", {}, h("button", { type: "button", class: unread ? "side-item unread" : "side-item", "aria-current": current ? "page" : undefined, "data-channel": one.id, "data-channel-name": one.name, onclick: () => go(one) },
    h("span", { class: "hash" }, sign), h("span", { class: "label" }, name), unread ? h("span", { class: "dot", role: "img", "aria-label": "unread" }) : null));
}

function personSwitch(become) {
  const me = myself();
  const people = state.workspace.users.filter((user) => !user.is_bot);
  return h("div", { class: "person-switch" }, avatar(me), h("div", {}, h("strong", {}, me.real_name), h("small", {}, me.profile.title)), icon("more"),
    h("select", { "aria-label": "Switch person", "data-person": true, onchange: (event) => become(event.target.value) },
      people.map((user) => h("option", { value: user.name, selected: user.name === me.name }, `${user.real_name} · ${user.profile.title}`))));
}
