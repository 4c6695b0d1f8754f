// rich_text blocks, and the standard Markdown of markdown blocks.

import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { channelMention, link, mention } from "./mrkdwn.js";

/** A rich_text block. */
export function richText(block) {
  return h("div", { class: "rich" }, block.elements.map(part));
}

function part(element) {
  const inside = () => element.elements.map(leaf);
  if (element.type === "rich_text_list") {
    const items = element.elements.map((item) => h("li", {}, item.elements.map(leaf)));
    return h(element.style === "ordered" ? "ol" : "ul", { style: `margin-left:${(element.indent || 0) * 22}px` }, items);
  }
  if (element.type === "rich_text_preformatted") return h("pre", {}, inside());
  if (element.type === "rich_text_quote") return h("blockquote", {}, inside());
  return h("p", {}, inside());
}

function leaf(element) {
  const style = element.style || {};
  let node = words(element);
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]]) {
    if (style[name]) node = h(tag, {}, node);
  }
  return node;
}

function words(element) {
  switch (element.type) {
    case "emoji": return h("span", { class: "emoji" }, emoji(element.name));
    case "link": return link(element.url, element.text || element.url);
    case "user": return mention(element.user_id);
    case "channel": return channelMention(element.channel_id);
    case "date": return element.fallback || new Date(element.timestamp * 1000).toLocaleString();
    case "broadcast": return h("span", { class: "mention" }, `@${element.range}`);
    default: return element.text || "";
  }
}

/** A markdown block: headings, lists, tables, quotes, code, emphasis, links. */
export function markdown(text) {
  return h("div", { class: "markdown" }, text.split(/\n{2,}|(?=^```)/m).flatMap(paragraph));
}

function paragraph(chunk) {
  const rows = chunk.split("\n").filter((row) => row.trim());
  if (!rows.length) return [];
  if (rows[0].startsWith("```")) return [h("pre", {}, rows.slice(1).join("\n").replace(/\n?```$/, ""))];
  const heading = /^(#{1,6})\s+(.*)$/.exec(rows[0]);
  if (heading) return [h(`h${Math.min(heading[1].length + 2, 6)}`, {}, spans(heading[2])), ...paragraph(rows.slice(1).join("\n"))];
  if (rows.every((row) => /^\s*[-*+]\s/.test(row))) return [h("ul", {}, rows.map((row) => h("li", {}, spans(row.replace(/^\s*[-*+]\s/, "")))))];
  if (rows.every((row) => /^\s*\d+[.)]\s/.test(row))) return [h("ol", {}, rows.map((row) => h("li", {}, spans(row.replace(/^\s*\d+[.)]\s/, "")))))];
  if (rows.length > 1 && /^\s*\|?\s*:?-+/.test(rows[1]) && rows[0].includes("|")) return [pipeTable(rows)];
  if (rows.every((row) => row.startsWith(">"))) return [h("blockquote", {}, spans(rows.map((row) => row.replace(/^> ?/, "")).join("\n")))];
  return [h("p", { class: "text" }, spans(rows.join("\n")))];
}

function pipeTable([header, , ...rows]) {
  const cells = (row) => row.replace(/^\s*\||\|\s*$/g, "").split("|").map((cell) => cell.trim());
  return h("table", {},
    h("thead", {}, h("tr", {}, cells(header).map((cell) => h("th", {}, spans(cell))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, cells(row).map((cell) => h("td", {}, spans(cell)))))));
}

const SPAN = /`([^`]+)`|\*\*(.+?)\*\*|\*(.+?)\*|_(.+?)_|~~(.+?)~~|\[([^\]]+)\]\(([^)\s]+)\)/g;

function spans(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(SPAN)) {
    const [whole, code, bold, star, under, struck, label, url] = match;
    nodes.push(text.slice(at, match.index));
    if (code) nodes.push(h("code", {}, code));
    else if (bold) nodes.push(h("strong", {}, spans(bold)));
    else if (star || under) nodes.push(h("em", {}, spans(star || under)));
    else if (struck) nodes.push(h("s", {}, spans(struck)));
    else nodes.push(link(url, label));
    at = match.index + whole.length;
  }
  return [...nodes, text.slice(at)];
}
