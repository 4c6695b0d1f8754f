// table and data_table as real tables.

import { h, iconButton } from "./dom.js";
import { plainNodes } from "./mrkdwn.js";
import { richText } from "./richtext.js";

const content = (cell) => (cell.type === "rich_text" ? richText(cell) : plainNodes(cell.text));
const styleOf = (setting) => [setting?.align, setting?.is_wrapped ? "wrap" : null].filter(Boolean).join(" ") || undefined;

/** A table block: its first row is the header by convention only. */
export function table(block) {
  const settings = block.column_settings || [];
  const rows = block.rows.map((row, index) =>
    h("tr", { class: index ? undefined : "first" }, row.map((cell, column) => h("td", { class: styleOf(settings[column]) }, content(cell)))));
  return h("div", { class: "sheet" }, h("div", { class: "wide", tabindex: "0" }, h("table", {}, h("tbody", {}, rows))));
}

/** A data_table block: caption, header, pages, and sorting by column. */
export function dataTable(block) {
  const [header, ...rows] = block.rows;
  const size = block.page_size ?? 5;
  const look = { page: 0, column: null, down: false };
  const body = h("tbody", {});
  const heads = header.map((cell, column) => h("th", { scope: "col", class: numeric(rows, column) ? "right" : undefined },
    h("button", { type: "button", onclick: () => sort(column) }, cell.text)));
  const count = h("span", {});
  const pages = h("div", { class: "pages", hidden: rows.length <= size }, count,
    iconButton("back", "Previous rows", () => turn(-1)), iconButton("next", "Next rows", () => turn(1)));
  const last = () => Math.max(0, Math.ceil(rows.length / size) - 1);

  function turn(by) { look.page = Math.min(last(), Math.max(0, look.page + by)); draw(); }
  function sort(column) { look.down = look.column === column && !look.down; look.column = column; look.page = 0; draw(); }
  function draw() {
    const ordered = look.column === null ? rows : [...rows].sort((a, b) => compare(a[look.column], b[look.column]) * (look.down ? -1 : 1));
    const start = look.page * size;
    body.replaceChildren(...ordered.slice(start, start + size).map((row) => dataRow(row, rows, block.row_header_column_index ?? 0)));
    heads.forEach((head, column) => head.setAttribute("aria-sort", column === look.column ? (look.down ? "descending" : "ascending") : "none"));
    count.textContent = `Rows ${start + 1}–${Math.min(rows.length, start + size)} of ${rows.length}`;
  }
  draw();
  return h("div", { class: "sheet" }, h("div", { class: "wide", tabindex: "0" },
    h("table", {}, h("caption", {}, block.caption), h("thead", {}, h("tr", {}, heads)), body)), pages);
}

const numeric = (rows, column) => rows.length > 0 && rows.every((row) => row[column].type === "raw_number");
const compare = (a, b) => (a.type === "raw_number" && b.type === "raw_number" ? a.value - b.value : plain(a).localeCompare(plain(b)));
const plain = (cell) => cell.text || JSON.stringify(cell.elements || "");

function dataRow(row, rows, headerColumn) {
  return h("tr", {}, row.map((cell, column) => {
    const props = { class: numeric(rows, column) ? "right" : undefined };
    return column === headerColumn ? h("th", { ...props, scope: "row" }, content(cell)) : h("td", props, content(cell));
  }));
}
