// The thread pane.

import { composer } from "./composer.js";
import { h, iconButton, sticksToEnd } from "./dom.js";
import { shareFiles, takesDrops } from "./files.js";
import { messageList } from "./messages.js";
import { remember, room, shown, state } from "./state.js";

const pane = () => document.getElementById("thread");
let draw = () => {};

/** Show a thread. */
export function openThread(ts) {
  state.threadTs = ts;
  remember();
  build();
}

/** Put the thread pane away. */
export function closeThread() {
  state.threadTs = null;
  remember();
  build();
}

/** Build the pane for the thread that is open, if one is. */
export function build() {
  const side = pane();
  side.hidden = !state.threadTs;
  if (side.hidden) return side.replaceChildren();
  const list = h("div", { class: "stack" });
  const scroll = h("div", { class: "scroll", "data-thread": state.threadTs }, list);
  const place = room();
  side.replaceChildren(
    h("header", { class: "head" }, h("h2", {}, "Thread"), h("p", {}, place.kind === "im" ? "" : `#${place.name}`), h("span", { class: "spacer" }), iconButton("close", "Close thread", closeThread)),
    scroll, composer({ threadTs: state.threadTs, placeholder: "Reply…" }));
  const threadTs = state.threadTs;
  takesDrops(side, "Drop to share in this thread", (files) => shareFiles(files, { threadTs }));
  const sync = messageList(list, { inThread: true });
  const follow = sticksToEnd(scroll);
  draw = () => { sync(shown(threadTs)); follow(); };
  draw();
  return undefined;
}

/** Bring the pane up to date. */
export const refresh = () => { if (state.threadTs) draw(); };
