// The channel on screen, and the app's Home tab.

import { blocks } from "./blocks.js";
import { composer } from "./composer.js";
import { act, read } from "./control.js";
import { h, icon, sticksToEnd } from "./dom.js";
import { shareFiles, takesDrops } from "./files.js";
import { messageList } from "./messages.js";
import { room, shown, state } from "./state.js";
import { valuesOf } from "./values.js";

const main = () => document.getElementById("room");
let draw = () => {};

/** Load and show the channel. */
export async function enter() {
  const place = room();
  state.unread.delete(place.id);
  const told = await read("/messages", { channel: place.id });
  state.messages = new Map((told.messages || []).map((one) => [one.ts, one]));
  build();
}

/** Build the frame of the channel. */
export function build() {
  const place = room();
  const isHome = place.kind === "im" && state.tab === "home";
  main().replaceChildren(head(place), ...(isHome ? [home()] : conversation(place)));
  if (!isHome) takesDrops(main(), place.kind === "im" ? `Drop to share with ${state.workspace.app.name}` : `Drop to share in #${place.name}`, (files) => shareFiles(files, { text: main().querySelector(".composer").takeText() }));
}

function head(place) {
  const app = state.workspace.app;
  if (place.kind === "im") return h("header", { class: "head" }, h("h1", {}, app.name), tabs());
  const inside = place.app_is_member;
  const change = () => act("/members", { channel: place.id, app: !inside });
  return h("header", { class: "head" }, icon(place.kind === "group" ? "lock" : "hash"), h("h1", {}, place.name), h("p", {}, place.topic), h("span", { class: "spacer" }),
    h("button", { type: "button", class: inside ? "chip" : "chip off", onclick: change, title: inside ? `Remove ${app.name} from this channel` : `Add ${app.name} to this channel` },
      h("i", {}), inside ? `${app.name} is in this channel` : `Add ${app.name}`));
}

function tabs() {
  const tab = (name, label) => h("button", { type: "button", role: "tab", "aria-selected": String(state.tab === name), onclick: () => { state.tab = name; build(); act("/home", { tab: name }); } }, label);
  return h("div", { class: "tabs", role: "tablist" }, tab("home", "Home"), tab("messages", "Messages"));
}

function conversation(place) {
  const list = h("div", {});
  const scroll = h("div", { class: "scroll", "data-channel": place.id }, h("div", { class: "stack" }, beginning(place), list));
  const sync = messageList(list);
  const follow = sticksToEnd(scroll);
  draw = () => { sync(shown()); follow(); };
  draw();
  const target = place.kind === "im" ? state.workspace.app.name : `#${place.name}`;
  return [scroll, composer({ placeholder: `Message ${target}` })];
}

function beginning(place) {
  const name = place.kind === "im" ? state.workspace.app.name : `#${place.name}`;
  const empty = !shown().length;
  const well = h("div", { class: "well" }, icon("upload"), h("div", {}, h("strong", {}, "Drop a CSV file here"), " to share it"), h("small", {}, "Everything stays on this machine: this workspace lives in one process."));
  return h("div", { class: "start" }, h("h2", {}, name), h("p", {}, place.topic || (place.kind === "im" ? `Between you and ${name}: nobody else sees this.` : `This is the very beginning of ${name}.`)), empty ? well : null);
}

function home() {
  const view = state.home;
  const empty = h("div", { class: "empty" }, `${state.workspace.app.name} has not published a Home tab for you yet.`);
  const body = view ? blocks(view.blocks, { key: view.id, place: { view_id: view.id }, values: valuesOf(view.id, view.state?.values) }) : empty;
  return h("div", { class: "scroll", "data-home": true }, h("div", { class: "home" }, body));
}

/** Bring the channel up to date. */
export function refresh() {
  if (room().kind === "im" && state.tab === "home") return build();
  if (shown().length && main().querySelector(".well")) return build();
  return draw();
}
