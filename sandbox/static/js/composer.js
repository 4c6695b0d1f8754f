// Writing: messages, slash commands, files.

import { act } from "./control.js";
import { h, icon, iconButton, toast } from "./dom.js";
import { shareFiles } from "./files.js";
import { room, state } from "./state.js";

/** A composer for the channel, or for a thread of it. */
export function composer({ threadTs = null, placeholder }) {
  const send = h("button", { type: "submit", class: "icon-button send", "aria-label": "Send", disabled: true }, icon("send"));
  const area = h("textarea", { rows: "1", placeholder, "aria-label": placeholder, "data-composer": threadTs ? "thread" : "channel" });
  const picker = h("input", { type: "file", multiple: true, class: "visually-hidden", tabindex: "-1", "aria-label": threadTs ? "Share files in this thread" : "Share files", "data-file-input": threadTs ? "thread" : "channel" });
  const hints = h("ul", { class: "suggestions", hidden: true });
  const form = h("form", {}, area, h("div", { class: "tools" },
    iconButton("plus", "Share a file", () => picker.click()), h("span", {}, threadTs ? "" : "Drop a file anywhere, or type / for commands"), h("span", { class: "spacer" }), send));
  const box = h("div", { class: "composer" }, hints, form, picker);

  const take = () => { const words = area.value.trim(); area.value = ""; refresh(); return words; };
  const refresh = () => { send.disabled = !area.value.trim(); suggest(hints, area, threadTs); };
  picker.onchange = async () => { await shareFiles([...picker.files], { threadTs, text: take() }); picker.value = ""; };
  area.oninput = refresh;
  area.onkeydown = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
    if (event.key === "Escape") hints.hidden = true;
  };
  form.onsubmit = (event) => { event.preventDefault(); const words = take(); if (words) say(words, threadTs); };
  box.takeText = take;
  return box;
}

function say(words, threadTs) {
  const [name, ...rest] = words.split(/\s+/);
  if (!name.startsWith("/") || name.length < 2) return act("/say", { channel: room().id, text: words, thread_ts: threadTs });
  if (threadTs) return toast("Slash commands cannot be used in threads", true);
  return act("/command", { channel: room().id, command: name, text: rest.join(" ") });
}

function suggest(hints, area, threadTs) {
  const typed = area.value;
  const fitting = state.workspace.commands.filter((command) => command.name.startsWith(typed.split(" ")[0]));
  hints.hidden = threadTs !== null || !typed.startsWith("/") || typed.includes(" ") || !fitting.length;
  hints.replaceChildren(...fitting.map((command) => h("li", {}, h("button", { type: "button", onclick: () => { area.value = `${command.name} `; hints.hidden = true; area.focus(); } },
    h("strong", {}, command.name), h("span", {}, command.usage_hint), h("small", {}, command.description)))));
}
