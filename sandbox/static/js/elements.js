// Interactive elements. Each is drawn from Block Kit and reports to `ctx`, the card or modal it is in.

import { ask } from "./confirm.js";
import { act } from "./control.js";
import { h, icon } from "./dom.js";
import { externalMenu, fileBox, picker } from "./pickers.js";
import { plainNodes, textObject } from "./mrkdwn.js";
import { state } from "./state.js";

/** Marks for tests and for the eye that reads the page's source. */
export const marks = (block, element) => ({ "data-action-id": element.action_id, "data-block-id": block.block_id });

/** Tell the app of a click or choice, after the confirm dialog if there is one. */
export async function report(ctx, block, element, value, node) {
  if (element.confirm && !(await ask(element.confirm))) return;
  node?.classList.add("busy");
  try {
    const told = { action_id: element.action_id, block_id: block.block_id, value, confirmed: true };
    await act("/click", { ...ctx.place, ...told, values: ctx.values.filled(ctx.blocks) });
  } finally {
    node?.classList.remove("busy");
  }
}

function button(ctx, block, element) {
  const style = element.style ? ` ${element.style}` : "";
  const props = { type: "button", class: `button${style}`, "aria-label": element.accessibility_label, ...marks(block, element) };
  const node = h("button", { ...props, onclick: () => {
    if (element.url) window.open(element.url, "_blank", "noreferrer");
    report(ctx, block, element, element.value, node);
  } }, h("span", {}, plainNodes(element.text.text)));
  return node;
}

function overflow(ctx, block, element) {
  const close = () => menu.removeAttribute("open");
  const items = element.options.map((option) =>
    h("button", { type: "button", "data-value": option.value, onclick: () => { close(); report(ctx, block, element, option.value); } }, plainNodes(option.text.text)));
  const menu = h("details", { class: "picker", ...marks(block, element) },
    h("summary", { class: "icon-button", "aria-label": "More actions" }, icon("more")), h("div", { class: "list" }, items));
  return menu;
}

function staticSelect(ctx, block, element) {
  const current = ctx.values.get(block, element);
  const asOption = (option) => h("option", { value: option.value, selected: option.value === current }, option.text.text);
  const groups = (element.option_groups || []).map((group) => h("optgroup", { label: group.label.text }, group.options.map(asOption)));
  const empty = h("option", { value: "", disabled: !ctx.optional?.(block) && current !== null, hidden: current !== null && !ctx.optional?.(block), selected: current === null }, element.placeholder?.text || "Choose…");
  return change(ctx, block, element, h("select", { class: "control" }, empty, (element.options || []).map(asOption), groups));
}

/** An element whose `change` event carries its value. */
function change(ctx, block, element, node, valueOf = (target) => target.value || null) {
  for (const [name, value] of Object.entries(marks(block, element))) node.setAttribute(name, value);
  node.setAttribute("aria-label", ctx.labelOf(block, element));
  const keep = () => ctx.values.set(block, element, valueOf(node));
  node.addEventListener("input", keep);
  node.addEventListener("change", () => { keep(); if (ctx.dispatches(block)) report(ctx, block, element, valueOf(node), node); });
  return node;
}

function known(kind) {
  const entries = {
    users: state.workspace.users.map((user) => [user.id, `@${user.name}`]),
    conversations: state.workspace.channels.map((room) => [room.id, room.kind === "im" ? state.workspace.app.name : `#${room.name}`]),
    channels: state.workspace.channels.filter((room) => room.kind === "channel").map((room) => [room.id, `#${room.name}`]),
  };
  return entries[kind].map(([value, text]) => ({ value, text: { type: "plain_text", text } }));
}

const fromWorkspace = (kind) => (ctx, block, element) => staticSelect(ctx, block, { ...element, options: known(kind) });
const manyFromWorkspace = (kind) => (ctx, block, element) => picker(ctx, block, { ...element, options: known(kind) });

function choices(kind) {
  return (ctx, block, element) => {
    const chosen = [ctx.values.get(block, element)].flat();
    const name = `${ctx.key}-${block.block_id}-${element.action_id}`;
    const group = h("div", { class: "choices", role: kind === "radio" ? "radiogroup" : "group" }, element.options.map((option) =>
      h("label", {},
        h("input", { type: kind, name, value: option.value, checked: chosen.includes(option.value) }),
        h("span", {}, textObject(option.text), option.description ? h("small", {}, option.description.text) : null))));
    const ticked = () => [...group.querySelectorAll("input:checked")].map((input) => input.value);
    return change(ctx, block, element, group, () => (kind === "radio" ? ticked()[0] || null : ticked()));
  };
}

const field = (type) => (ctx, block, element) => {
  const props = { class: "control", placeholder: element.placeholder?.text, value: ctx.values.get(block, element) ?? "" };
  const tag = element.multiline || element.type === "rich_text_input" ? "textarea" : "input";
  const limits = { maxlength: element.max_length, step: element.is_decimal_allowed ? "any" : undefined };
  const node = h(tag, { ...props, ...limits, ...(tag === "input" ? { type } : {}) });
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && tag === "input" && ctx.dispatches(block)) { event.preventDefault(); node.blur(); }
  });
  return change(ctx, block, element, node, (target) => (type === "datetime-local" ? Date.parse(target.value) / 1000 : target.value || null));
};

function image(ctx, block, element) {
  return h("img", { src: element.image_url, alt: element.alt_text });
}

export const ELEMENTS = {
  button, overflow, image,
  static_select: staticSelect,
  external_select: externalMenu,
  multi_external_select: externalMenu,
  users_select: fromWorkspace("users"),
  conversations_select: fromWorkspace("conversations"),
  channels_select: fromWorkspace("channels"),
  multi_static_select: picker,
  multi_users_select: manyFromWorkspace("users"),
  multi_conversations_select: manyFromWorkspace("conversations"),
  multi_channels_select: manyFromWorkspace("channels"),
  checkboxes: choices("checkbox"),
  radio_buttons: choices("radio"),
  plain_text_input: field("text"),
  rich_text_input: field("text"),
  email_text_input: field("email"),
  url_text_input: field("url"),
  number_input: field("number"),
  datepicker: field("date"),
  timepicker: field("time"),
  datetimepicker: field("datetime-local"),
  file_input: fileBox,
};

/** Draw one element. */
export function element(ctx, block, part) {
  const draw = ELEMENTS[part.type];
  return draw ? draw(ctx, block, part) : h("span", { class: "unknown" }, part.type);
}

/** The options of an external menu for what was typed so far. */
export async function suggestions(ctx, block, part, query) {
  const asked = { ...ctx.place, action_id: part.action_id, block_id: block.block_id, query };
  return (await act("/suggest", asked)).options || [];
}

