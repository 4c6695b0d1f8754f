// Building the page: elements, icons, avatars, short notices.

const SVG = "http://www.w3.org/2000/svg";

/** An element: h("p", {class: "x", onclick: f, "data-ts": "1"}, "text", child, ...). */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function svg(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" && "value" in node) node.value = value;
    else if (name === "checked") node.checked = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const PATHS = {
  hash: "M5 9h14M4 15h14M10 4 8 20M16 4l-2 16",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  plus: "M12 5v14M5 12h14",
  send: "M4 12 20 4l-6 16-3-7-7-1z",
  close: "M6 6l12 12M18 6 6 18",
  back: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  more: "M4.500 12h1M11.500 12h1M18.500 12h1",
  reply: "M4 5h16v11H11l-5 4v-4H4z",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  upload: "M12 16V5M7 9l5-5 5 5M5 20h14",
  check: "M5 12l5 5 9-10",
  cross: "M7 7l10 10M17 7 7 17",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  bolt: "M13 3 5 14h6l-1 7 8-11h-6z",
  terminal: "M4 6l6 6-6 6M12 19h8",
  info: "M12 8h.01M12 11v6M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18z",
  warning: "M12 4 3 20h18zM12 10v4M12 17h.01",
};

/** A line icon that says nothing to screen readers. */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}

/** A button that is an icon with a name. */
export function iconButton(name, label, onclick, props = {}) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props }, icon(name));
}

const HUES = ["#c2410c", "#0e7490", "#6d28d9", "#be185d", "#4d7c0f", "#1d4ed8"];

/** A person's square: initials on a colour of their own; the app has its own sign. */
export function avatar(user, small = false) {
  const cls = small ? "avatar small" : "avatar";
  if (user.is_bot) {
    const sign = svg("svg", { viewBox: "0 0 24 24", fill: "none", stroke: "#fff", "stroke-width": "2.4", "stroke-linecap": "round", "stroke-linejoin": "round" },
      svg("path", { d: "M4 17c3-2 5-2 8 0s5 2 8 0" }), svg("path", { d: "M7 11l5-6 5 6M12 5v9" }));
    return h("div", { class: cls, style: "--hue:#4b3fd1", "aria-hidden": "true" }, sign);
  }
  const sum = [...user.name].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return h("div", { class: cls, style: `--hue:${HUES[sum % HUES.length]}`, "aria-hidden": "true" }, user.name.slice(0, 2));
}

/** A short notice at the bottom of the page. */
export function toast(words, bad = false) {
  const note = h("div", { class: bad ? "toast bad" : "toast" }, words);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 5000);
}

/** Keep a scrolling part at its end while the reader is there; call the answer after a change. */
export function sticksToEnd(scroll) {
  let atEnd = true;
  const follow = () => { if (atEnd) scroll.scrollTop = scroll.scrollHeight; };
  scroll.addEventListener("scroll", () => { atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80; });
  new ResizeObserver(follow).observe(scroll);
  return follow;
}

/** A clock time from a Slack timestamp or Unix seconds. */
export function clock(ts, withSeconds = false) {
  const style = { hour: "2-digit", minute: "2-digit", hour12: false, ...(withSeconds ? { second: "2-digit" } : {}) };
  return new Date(Number(ts) * 1000).toLocaleTimeString([], style);
}

/** Bytes in words. */
export function bytes(size) {
  if (size < 1000) return `${size} bytes`;
  if (size < 1_000_000) return `${(size / 1000).toFixed(size < 10_000 ? 1 : 0)} kB`;
  return `${(size / 1_000_000).toFixed(1)} MB`;
}
