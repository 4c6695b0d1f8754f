// Modals: the top view of the person's stack, in one dialog.

import { blocks } from "./blocks.js";
import { act, read } from "./control.js";
import { avatar, h, iconButton } from "./dom.js";
import { state, userById } from "./state.js";
import { elementsOf, valuesOf } from "./values.js";

let box = null;
let trouble = "";

/** Fetch what is open, and show it. */
export async function refreshViews() {
  const told = await read("/views");
  state.views = told.views || [];
  state.home = told.home;
  draw();
}

function draw() {
  const view = state.views.at(-1);
  if (!view) {
    box?.remove();
    box = null;
    trouble = "";
    return;
  }
  const focused = place(document.activeElement?.closest?.("[data-action-id]"));
  const scrolled = box?.querySelector(".modal-body")?.scrollTop ?? 0;
  const same = box?.dataset.viewId === view.id;
  if (!box) open();
  box.dataset.viewId = view.id;
  box.dataset.callbackId = view.callback_id || "";
  box.replaceChildren(form(view));
  if (same) box.querySelector(".modal-body").scrollTop = scrolled;
  focus(same ? focused : null, view);
}

/** Where an element stands: its ids, and the how-manieth of its action it is. */
function place(element) {
  if (!element || !box?.contains(element)) return null;
  const { actionId, blockId } = element.dataset;
  return { actionId, blockId, index: alike(actionId).indexOf(element) };
}

const alike = (actionId) => [...box.querySelectorAll(`[data-action-id="${CSS.escape(actionId)}"]`)];

/** The same element in what is drawn now; an app may have given its block another id. */
function found({ actionId, blockId, index }) {
  const now = alike(actionId);
  return now.find((element) => element.dataset.blockId === blockId) || now[index];
}

function open() {
  box = h("dialog", { class: "modal", "aria-labelledby": "modal-title" });
  box.addEventListener("cancel", (event) => { event.preventDefault(); dismiss(); });
  document.body.append(box);
  box.showModal();
}

function focus(before, view) {
  const wrong = box.querySelector(".field.wrong :is(input, select, textarea, summary)");
  const wanted = before && found(before);
  const marked = elementsOf(view.blocks).find(([, part]) => part.focus_on_load);
  const first = marked ? box.querySelector(`[data-action-id="${CSS.escape(marked[1].action_id)}"]`) : box.querySelector(".modal-body :is(input, select, textarea)");
  if (!wrong && wanted) wanted.focus({ preventScroll: true });
  else (wrong || first || box.querySelector(".modal-foot button"))?.focus();
}

function form(view) {
  const values = valuesOf(view.id, view.state?.values);
  const app = state.workspace.app;
  const deep = state.views.length > 1;
  const submit = view.submit ? h("button", { type: "submit", class: "button primary", "data-submit": true }, h("span", {}, view.submit.text)) : null;
  return h("form", { class: "modal-form", novalidate: true, onsubmit: (event) => { event.preventDefault(); send(view, values, submit); } },
    h("header", { class: "modal-head" }, deep ? iconButton("back", "Back", dismiss) : null, h("h2", { id: "modal-title" }, view.title.text), iconButton("close", "Close", dismiss, { "data-close": true })),
    h("div", { class: "modal-body" }, blocks(view.blocks, { key: view.id, place: { view_id: view.id }, values, errors: view.errors || {} })),
    trouble ? h("div", { class: "trouble", role: "alert" }, trouble) : null,
    h("footer", { class: "modal-foot" }, h("span", { class: "app-name" }, avatar(userById(app.user), true), app.name),
      h("button", { type: "button", class: "button", onclick: dismiss }, view.close?.text || (submit ? "Cancel" : "Close")), submit));
}

async function send(view, values, submit) {
  if (!submit) return;
  submit.classList.add("busy");
  const done = await act("/submit", { view_id: view.id, values: values.filled(view.blocks) });
  trouble = done.trouble || "";
  await refreshViews();
}

async function dismiss() {
  trouble = "";
  await act("/close", { view_id: state.views.at(-1).id });
  await refreshViews();
}
