// The developer log: what was sent to the app, what the app called, and what can be broken.

import { act, read } from "./control.js";
import { clock, h, iconButton, toast } from "./dom.js";
import { state } from "./state.js";

const SHOWN = 150;
const panel = () => document.getElementById("log");
const look = { tab: "deliveries", drawn: new Map() };

/** Open or close the log. */
export function toggleLog() {
  panel().hidden = !panel().hidden;
  if (!panel().hidden) build();
}

function build() {
  const { app, socket_mode } = state.workspace;
  const tab = (name, label) => h("button", { type: "button", role: "tab", "aria-selected": String(look.tab === name), onclick: () => { look.tab = name; build(); } }, label);
  look.drawn = new Map();
  panel().replaceChildren(
    h("header", { class: "head" }, h("h2", {}, "Developer log"),
      h("div", { class: "tabs", role: "tablist" }, tab("deliveries", `Sent to ${app.name}`), tab("calls", `Called by ${app.name}`), tab("breaks", "Break something")),
      h("span", { class: "spacer" }), h("p", {}, socket_mode ? "Socket Mode" : app.url), iconButton("close", "Close the log", toggleLog)),
    h("div", { class: "rows" }));
  refreshLog();
}

/** Bring the log up to date if it is open. Entries that are open stay open. */
export async function refreshLog() {
  if (panel().hidden) return;
  const tab = look.tab;
  const entries = await TABS[tab]();
  if (tab === look.tab) panel().querySelector(".rows").replaceChildren(...entries.map(([key, draw]) => kept(key, draw)));
}

function kept(key, draw) {
  if (!look.drawn.has(key)) look.drawn.set(key, draw());
  return look.drawn.get(key);
}

async function deliveries() {
  const { deliveries: all } = await read("/deliveries");
  return all.length ? all.reverse().slice(0, SHOWN).map((one) => [one.id, () => delivery(one)]) : [none("Nothing has been sent yet.")];
}

function delivery(one) {
  const again = (more, label) => h("button", { type: "button", class: "button", onclick: () => act("/redeliver", { delivery: one.id, ...more }) }, label);
  const retry = one.attempt ? `retry ${one.attempt}` : one.kind;
  return entry(one.at, retry, one.what, `${one.milliseconds} ms`, one.ok ? String(one.status) : one.problem, one.ok, () => [
    h("div", { class: "again" }, again({}, "Send again"), again({ times: 4, together: true }, "Send four at once"), again({ signature: "wrong" }, "With a wrong signature"), again({ signature: "stale" }, "With a stale timestamp")),
    h("pre", {}, pretty(one.body)), one.answer ? h("pre", {}, pretty(one.answer)) : null]);
}

async function calls() {
  const { calls: all } = await read("/calls");
  return all.length ? all.reverse().slice(0, SHOWN).map((one) => [`${one.at} ${one.method}`, () => call(one)]) : [none("The app has called nothing yet.")];
}

function call(one) {
  return entry(one.at, "call", one.method, "", one.error || "ok", !one.error, () => [h("pre", {}, JSON.stringify(one.arguments, null, 2))]);
}

function entry(at, kind, what, ms, status, ok, more) {
  const details = h("details", { class: "entry" }, h("summary", {}, h("time", {}, clock(at, true)), h("span", { class: "kind" }, kind), h("span", { class: "what" }, what), h("span", { class: "ms" }, ms), h("span", { class: ok ? "pill-status" : "pill-status bad" }, status)));
  details.addEventListener("toggle", () => { if (details.open && details.children.length === 1) details.append(...more().filter(Boolean)); });
  return details;
}

function pretty(body) {
  const form = body.startsWith("{") ? null : new URLSearchParams(body);
  const words = form?.get("payload") ?? (form ? JSON.stringify(Object.fromEntries(form)) : body);
  try { return JSON.stringify(JSON.parse(words), null, 2); } catch { return words; }
}

const none = (words) => [words, () => h("div", { class: "none" }, words)];

const BREAKS = [
  ["The next message edit is rate-limited for 5 s", { method: "chat.update", kind: "ratelimited", retry_after: 5 }],
  ["The next post is taken, but its answer is lost", { method: "chat.postMessage", kind: "accept_then_500" }],
  ["The next three calls fail with internal_error", { method: "*", kind: "error", times: 3 }],
  ["The next modal is opened too late", { method: "views.open", kind: "error", error: "expired_trigger_id" }],
  ["The next upload is refused", { method: "files.completeUploadExternal", kind: "error", error: "file_upload_size_restricted" }],
  ["The next user lookup fails", { method: "users.info", kind: "error", error: "user_not_found" }],
];

async function breaks() {
  const lay = (words, fault) => h("div", { class: "item" }, h("span", {}, words), h("button", { type: "button", class: "button", onclick: async () => { await act("/faults", fault); toast("Done: it happens once."); } }, "Break"));
  const app = state.workspace.app;
  const more = [
    h("div", { class: "item" }, h("span", {}, "Take all of these back"), h("button", { type: "button", class: "button", onclick: () => act("/clear_faults") }, "Mend")),
    h("div", { class: "item" }, h("span", {}, `Uninstall ${app.name}`), h("button", { type: "button", class: "button danger", onclick: () => act("/uninstall") }, "Uninstall")),
    h("div", { class: "item" }, h("span", {}, "Forget everything and start over"), h("button", { type: "button", class: "button danger", onclick: () => act("/reset") }, "Reset")),
  ];
  return [["breaks", () => h("div", { class: "breaks" }, BREAKS.map(([words, fault]) => lay(words, fault)), more)]];
}

const TABS = { deliveries, calls, breaks };
