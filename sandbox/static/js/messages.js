// Messages, and keeping a list of them on the page in step with what is known.

import { blocks } from "./blocks.js";
import { ask } from "./confirm.js";
import { act } from "./control.js";
import { avatar, clock, h, icon, iconButton } from "./dom.js";
import { deleteFile, fileCard } from "./files.js";
import { mrkdwn } from "./mrkdwn.js";
import { myself, shown, state, userById } from "./state.js";
import { openThread } from "./thread.js";
import { valuesOf } from "./values.js";

const GROUP_SECONDS = 300;

function message(one, { follows, inThread, isNew }) {
  const user = userById(one.user);
  const cls = ["message", follows && "follows", one.ephemeral && "whisper", isNew && "new"].filter(Boolean).join(" ");
  const props = { class: cls, "data-ts": one.ts, "data-channel": one.channel, "data-user": user.name, "data-ephemeral": one.ephemeral || undefined };
  return h("article", { ...props, "aria-label": `Message from ${user.name}` },
    avatar(user), h("span", { class: "gutter-time" }, clock(one.ts)),
    h("div", { class: "who" }, h("strong", {}, user.real_name), user.is_bot ? h("span", { class: "app-tag" }, "APP") : null, h("time", {}, clock(one.ts))),
    h("div", { class: "body" }, body(one), inThread ? null : threadLink(one)),
    toolsBar(one, inThread));
}

function body(one) {
  const edited = one.edited ? h("span", { class: "edited" }, " (edited)") : null;
  const words = one.text && !one.blocks?.length ? h("div", { class: "text" }, mrkdwn(one.text), edited) : null;
  const place = { key: one.ts, place: { channel: one.channel, ts: one.ts }, values: valuesOf(one.ts) };
  const card = one.blocks?.length ? blocks(one.blocks, place) : null;
  return [words, card, (one.files || []).map(fileCard)];
}

function threadLink(one) {
  const replies = shown(one.ts).filter((reply) => reply.ts !== one.ts);
  if (!replies.length) return null;
  const people = [...new Set(replies.map((reply) => reply.user))].map((id) => avatar(userById(id), true));
  const count = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  return h("button", { type: "button", class: "thread-link", "data-open-thread": one.ts, onclick: () => openThread(one.ts) },
    people, count, h("small", {}, `Last reply at ${clock(replies.at(-1).ts)}`));
}

function toolsBar(one, inThread) {
  if (one.ephemeral) return h("div", { class: "tools-bar" }, iconButton("close", "Dismiss", () => act("/delete_message", { channel: one.channel, ts: one.ts })));
  return h("div", { class: "tools-bar" },
    inThread ? null : iconButton("reply", "Reply in thread", () => openThread(one.thread_ts || one.ts)),
    iconButton("more", "More actions", (event) => toggleMenu(event.currentTarget.parentElement, one), { "aria-haspopup": "menu" }));
}

function toggleMenu(bar, one) {
  const open = bar.querySelector(".menu");
  if (open) return open.remove();
  const close = () => bar.querySelector(".menu")?.remove();
  const entry = (label, sign, run, cls) => h("button", { type: "button", role: "menuitem", class: cls, onclick: () => { close(); run(); } }, icon(sign), label);
  const place = { channel: one.channel, ts: one.ts };
  const shortcuts = state.workspace.shortcuts.map((shortcut) => entry(shortcut.name, "bolt", () => act("/shortcut", { ...place, callback_id: shortcut.callback_id })));
  const mine = one.user === myself().id || myself().is_admin;
  const files = (one.files || []).filter((file) => file.mode !== "tombstone" && mine);
  const menu = h("div", { class: "menu", role: "menu" },
    h("div", { class: "side-title" }, state.workspace.app.name), shortcuts,
    entry("Copy message id", "hash", () => navigator.clipboard?.writeText(one.ts)),
    files.map((file) => entry(`Delete ${file.name}`, "trash", () => sure("Delete this file?", () => deleteFile(file.id)), "danger")),
    mine ? entry("Delete message", "trash", () => sure("Delete this message?", () => act("/delete_message", place)), "danger") : null);
  bar.append(menu);
  menu.querySelector("button").focus();
  menu.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  setTimeout(() => document.addEventListener("click", (event) => { if (!menu.contains(event.target)) close(); }, { once: true }));
  return undefined;
}

async function sure(question, run) {
  const words = (text) => ({ type: "plain_text", text });
  const dialog = { title: words(question), text: words("This cannot be undone."), confirm: words("Delete"), deny: words("Keep"), style: "danger" };
  if (await ask(dialog)) run();
}

/** A list that redraws only the messages that changed. */
export function messageList(container, { inThread = false } = {}) {
  const drawn = new Map(); // ts -> [what it was drawn from, node]
  return (messages) => {
    const nodes = [];
    let before = null;
    for (const one of messages) {
      const divider = daysApart(before, one) && !inThread ? dayDivider(one, drawn) : null;
      if (divider) nodes.push(divider);
      nodes.push(current(one, follows(before, one, divider)));
      if (inThread && one.ts === state.threadTs) nodes.push(replyCount(messages.length - 1));
      before = one;
    }
    patch(container, nodes);
  };

  function current(one, following) {
    const replies = inThread ? 0 : shown(one.ts).map((reply) => reply.ts).join();
    const look = JSON.stringify([one, following, replies, state.me]);
    const known = drawn.get(one.ts);
    if (known?.[0] === look) return known[1];
    const node = message(one, { follows: following, inThread, isNew: !known });
    drawn.set(one.ts, [look, node]);
    return node;
  }
}

const replyCount = (count) => h("div", { class: "thread-count" }, count === 1 ? "1 reply" : `${count} replies`);
const day = (one) => new Date(Number(one.ts) * 1000).toDateString();
const daysApart = (before, one) => !before || day(before) !== day(one);

function dayDivider(one, drawn) {
  const key = `day ${day(one)}`;
  if (!drawn.has(key)) {
    const words = day(one) === new Date().toDateString() ? "Today" : new Date(Number(one.ts) * 1000).toLocaleDateString([], { weekday: "long", month: "long", day: "numeric" });
    drawn.set(key, [key, h("div", { class: "day" }, h("span", {}, words))]);
  }
  return drawn.get(key)[1];
}

function follows(before, one, divider) {
  return Boolean(before) && !divider && before.user === one.user && !before.ephemeral && !one.ephemeral
    && before.ts !== state.threadTs && Number(one.ts) - Number(before.ts) < GROUP_SECONDS && !one.blocks?.length && !before.blocks?.length;
}

/** Make a node's children these, moving as little as possible so that focus stays where it is. */
function patch(container, nodes) {
  let cursor = container.firstChild;
  for (const node of nodes) {
    if (node === cursor) cursor = cursor.nextSibling;
    else container.insertBefore(node, cursor);
  }
  while (cursor) {
    const next = cursor.nextSibling;
    cursor.remove();
    cursor = next;
  }
}
