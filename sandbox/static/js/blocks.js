// Block Kit: one function for each block type.

import { chart } from "./charts.js";
import { element, ELEMENTS } from "./elements.js";
import { h, icon } from "./dom.js";
import { plainNodes, textObject } from "./mrkdwn.js";
import { markdown, richText } from "./richtext.js";
import { dataTable, table } from "./tables.js";

function section(ctx, block) {
  const fields = block.fields ? h("div", { class: "fields" }, block.fields.map((one) => textObject(one))) : null;
  const accessory = block.accessory ? h("div", { class: "accessory" }, element(ctx, block, block.accessory)) : null;
  return h("div", { class: "section" }, h("div", {}, textObject(block.text), fields), accessory);
}

function context(ctx, block) {
  return h("div", { class: "context" }, block.elements.map((part) => (part.type === "image" ? h("img", { src: part.image_url, alt: part.alt_text }) : textObject(part))));
}

function actions(ctx, block) {
  return h("div", { class: "actions" }, block.elements.map((part) => element(ctx, block, part)));
}

let labels = 0;

function input(ctx, block) {
  const error = ctx.errors[block.block_id];
  const id = `label-${++labels}`;
  const control = element(ctx, block, block.element);
  const target = control.matches("input, select, textarea") ? control : control.querySelector("input, summary");
  target?.setAttribute("aria-labelledby", id);
  if (error) target?.setAttribute("aria-invalid", "true");
  const hint = block.hint ? h("div", { class: "hint" }, textObject(block.hint)) : null;
  return h("div", { class: error ? "field wrong" : "field" },
    h("div", { class: "label", id }, plainNodes(block.label.text), block.optional ? h("span", { class: "optional" }, " (optional)") : null),
    control, hint,
    error ? h("div", { class: "error", role: "alert", "data-error": block.block_id }, icon("warning"), error) : null);
}

function image(ctx, block) {
  const caption = block.title ? h("figcaption", {}, block.title.text) : null;
  return h("figure", { class: "image" }, caption, h("img", { src: block.image_url, alt: block.alt_text }));
}

const ALERT_ICONS = { success: "check", error: "warning", warning: "warning" };

function alert(ctx, block) {
  const level = block.level || "default";
  return h("div", { class: `alert ${level}`, role: level === "error" ? "alert" : "note" }, icon(ALERT_ICONS[level] || "info"), textObject(block.text));
}

function container(ctx, block) {
  const title = block.rich_text_title ? richText(block.rich_text_title) : plainNodes(block.title.text);
  const head = [title, block.subtitle ? h("small", {}, block.subtitle.text) : null];
  const inside = h("div", { class: "blocks" }, block.child_blocks.map((child) => draw(ctx, child)));
  if (!block.is_collapsible) return h("div", { class: "container" }, h("div", { class: "container-head" }, head), inside);
  return h("details", { class: "container", open: !block.default_collapsed }, h("summary", {}, head), inside);
}

const MARKS = { complete: "check", error: "cross" };

function task(one, alone = false) {
  const mark = h("span", { class: "mark", "aria-label": one.status.replace("_", " "), role: "img" }, MARKS[one.status] ? icon(MARKS[one.status]) : null);
  const more = [one.details, one.output].filter(Boolean).map((text) => h("div", { class: "more" }, richText(text)));
  const tag = alone ? "div" : "li";
  return h(tag, { class: `task ${one.status}${alone ? " alone" : ""}`, "data-task": one.task_id }, mark, h("span", {}, plainNodes(one.title)), more);
}

function plan(ctx, block) {
  return h("div", { class: "plan" }, h("h4", {}, plainNodes(block.title)), h("ol", {}, block.tasks.map((one) => task(one))));
}

function card(ctx, block) {
  const buttons = (block.actions || []).map((part) => (ELEMENTS[part.type] ? element(ctx, block, part) : null));
  return h("div", { class: "card" }, h("strong", {}, textObject(block.title)), textObject(block.subtitle), textObject(block.body),
    buttons.length ? h("div", { class: "actions" }, buttons) : null);
}

const BLOCKS = {
  section, context, actions, input, image, alert, container, plan, card,
  carousel: (ctx, block) => h("div", { class: "carousel" }, block.elements.map((one) => card(ctx, one))),
  header: (ctx, block) => h("h3", { class: "header" }, plainNodes(block.text.text)),
  divider: () => h("hr", { class: "divider" }),
  rich_text: (ctx, block) => richText(block),
  markdown: (ctx, block) => markdown(block.text),
  table: (ctx, block) => table(block),
  data_table: (ctx, block) => dataTable(block),
  data_visualization: (ctx, block) => chart(block),
  task_card: (ctx, block) => task(block, true),
};

function draw(ctx, block) {
  const one = BLOCKS[block.type];
  const node = one ? one(ctx, block) : h("div", { class: "unknown" }, `A ${block.type} block`);
  if (!node.dataset.blockId) node.dataset.blockId = block.block_id;
  node.dataset.blockType = block.type;
  return node;
}

/**
 * Draw blocks. `place` says where they are for the control API, `values` keeps what is filled in,
 * `errors` go beside inputs.
 */
export function blocks(list, { key, place, values, errors = {} }) {
  const ctx = {
    key, place, values, errors,
    blocks: list,
    dispatches: (block) => block.type !== "input" || block.dispatch_action === true,
    optional: (block) => block.optional === true,
    labelOf: (block, part) => block.label?.text || part.placeholder?.text || block.text?.text || part.action_id,
  };
  return h("div", { class: "blocks" }, list.map((block) => draw(ctx, block)));
}
