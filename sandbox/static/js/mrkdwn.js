// Slack's mrkdwn as DOM nodes: nothing an app sends is ever read as HTML.

import { h } from "./dom.js";
import { emoji, isEmoji } from "./emoji.js";
import { state, userById } from "./state.js";

const unescape = (words) => words.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A text object of Block Kit, plain or mrkdwn. */
export function textObject(object, cls = "text") {
  if (!object) return null;
  const words = typeof object === "string" ? object : object.text;
  const plain = typeof object === "string" || object.type === "plain_text";
  return h("div", { class: cls }, plain ? plainNodes(words) : mrkdwn(words));
}

/** Plain text: emoji shortcodes only. */
export function plainNodes(words) {
  return words.split(/(:[a-z0-9_+-]+:)/).map((part) => emojiNode(part) || part);
}

function emojiNode(part) {
  const name = /^:([a-z0-9_+-]+):$/.exec(part)?.[1];
  return name && isEmoji(name) ? h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " ") }, emoji(name)) : null;
}

/** mrkdwn: code blocks first, then quoted lines, then what is inside a line. */
export function mrkdwn(words) {
  return words.split(/```/).flatMap((part, index) => (index % 2 ? [h("pre", {}, unescape(part.replace(/^\n|\n$/g, "")))] : lines(part)));
}

function lines(words) {
  const nodes = [];
  let quote = null;
  words.split("\n").forEach((line, index, all) => {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quoted) {
      if (!quote) nodes.push((quote = h("blockquote", {})));
      quote.append(...(quote.childNodes.length ? ["\n"] : []), ...inline(quoted[1]));
      return;
    }
    quote = null;
    nodes.push(...inline(line), ...(index < all.length - 1 ? ["\n"] : []));
  });
  return nodes;
}

const INLINE = /(`[^`\n]+`)|(<[^<>\n]+>)|(:[a-z0-9_+-]+:)|(?<![\w*])\*(?=\S)([^*\n]*?\S)\*(?![\w*])|(?<![\w_])_(?=\S)([^_\n]*?\S)_(?![\w_])|(?<![\w~])~(?=\S)([^~\n]*?\S)~(?![\w~])/g;

function inline(words) {
  const nodes = [];
  let at = 0;
  for (const match of words.matchAll(INLINE)) {
    nodes.push(unescape(words.slice(at, match.index)), inlineNode(match));
    at = match.index + match[0].length;
  }
  return [...nodes, unescape(words.slice(at))];
}

function inlineNode([whole, code, angle, shortcode, bold, italic, struck]) {
  if (code) return h("code", {}, unescape(code.slice(1, -1)));
  if (angle) return angled(angle.slice(1, -1));
  if (shortcode) return emojiNode(shortcode) || whole;
  if (bold) return h("strong", {}, inline(bold));
  if (italic) return h("em", {}, inline(italic));
  return h("s", {}, inline(struck));
}

function angled(inside) {
  const [target, label] = inside.split(/\|(.*)/s);
  if (target.startsWith("@")) return mention(target.slice(1), label);
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (target.startsWith("!date^")) return dateNode(target, label);
  if (target.startsWith("!")) return h("span", { class: "mention" }, `@${label || target.slice(1)}`);
  return link(unescape(target), unescape(label || target));
}

/** A link; addresses that are not http, https, mailto or tel stay words. */
export function link(url, label) {
  if (!/^(https?|mailto|tel):/i.test(url)) return label;
  return h("a", { href: url, target: "_blank", rel: "noreferrer" }, label);
}

/** A person's name. */
export const mention = (id, label) => h("span", { class: "mention" }, `@${label || userById(id).name}`);

/** A channel's name. */
export function channelMention(id, label) {
  const channel = state.workspace.channels.find((one) => one.id === id);
  return h("span", { class: "mention" }, `#${label || channel?.name || id}`);
}

function dateNode(target, label) {
  const [, stamp, form] = target.split("^");
  const date = new Date(Number(stamp) * 1000);
  if (Number.isNaN(date.getTime())) return label || "";
  const day = date.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" });
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
  return h("time", { datetime: date.toISOString() }, form.replace(/\{date[a-z_]*\}/g, day).replace(/\{time[a-z_]*\}/g, time));
}
