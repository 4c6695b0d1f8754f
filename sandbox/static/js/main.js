// The page: loads the workspace, listens to what happens, draws.

import { act, read } from "./control.js";
import { refreshLog } from "./log.js";
import { refreshViews } from "./modal.js";
import { build, enter, refresh as refreshRoom } from "./room.js";
import { drawSidebar } from "./sidebar.js";
import { remember, room, state } from "./state.js";
import { build as buildThread, closeThread, refresh as refreshThread } from "./thread.js";

let stream = null;
let wanted = 0; // counts the people chosen; the newest is the one to show
let turn = Promise.resolve();

async function load() {
  const told = await read("/workspace");
  if (!told.ok) { state.me = "ana"; return load(); }
  state.workspace = told;
  document.title = `${room().kind === "im" ? told.app.name : `#${room().name}`} · Sandbox`;
  return undefined;
}

async function start() {
  await load();
  remember();
  await listen(); // first, so that nothing that happens while the rest is read is missed
  await enter();
  sidebar();
  buildThread();
  await refreshViews();
}

/** Show the workspace as `state.me` sees it, unless somebody else was chosen meanwhile. */
async function show(mine) {
  if (mine !== wanted) return;
  await start();
  if (mine === wanted) document.body.dataset.ready = "true";
}

const sidebar = () => drawSidebar(go, become);

async function go(place) {
  state.channel = place.id;
  state.tab = place.kind === "im" ? "home" : "messages";
  if (state.threadTs) closeThread();
  remember();
  await enter();
  sidebar();
  if (place.kind === "im") act("/home");
}

/** Be somebody else, once whoever was chosen before is shown: two at a time would mix. */
function become(name) {
  const mine = ++wanted;
  delete document.body.dataset.ready;
  turn = turn.catch(() => {}).then(() => {
    state.me = name;
    state.threadTs = null;
    stream?.close();
    return show(mine);
  });
}

/** Hear what happens from now on; resolves once the stream is open. */
function listen() {
  stream = new EventSource(`control/stream?user=${encodeURIComponent(state.me)}`);
  stream.onmessage = (event) => hear(JSON.parse(event.data));
  let broken = false;
  stream.onerror = () => { broken = true; };
  return new Promise((resolve) => {
    stream.onopen = () => {
      resolve();
      if (broken) catchUp();
      broken = false;
    };
  });
}

/** What was missed while the stream was broken is read anew. */
async function catchUp() {
  await load();
  await enter();
  redraw();
  await refreshViews();
}

function redraw() {
  refreshRoom();
  refreshThread();
  sidebar();
}

function put(message) {
  if (message.channel === room().id) {
    state.messages.set(message.ts, message);
    redraw();
  } else if (!state.unread.has(message.channel)) {
    state.unread.add(message.channel);
    sidebar();
  }
}

let logTimer = 0;

function logSoon() {
  clearTimeout(logTimer);
  logTimer = setTimeout(refreshLog, 150);
}

const HEAR = {
  message: ({ message }) => put(message),
  changed: ({ message }) => { if (message.channel === room().id) put(message); },
  deleted: ({ channel, ts }) => { if (channel === room().id) { state.messages.delete(ts); redraw(); } },
  views: async () => { await refreshViews(); if (room().kind === "im") build(); },
  channels: async () => { await load(); build(); sidebar(); },
  delivery: logSoon,
  call: logSoon,
  reset: () => location.reload(),
};

const hear = (told) => HEAR[told.kind]?.(told);

turn = show(wanted);
