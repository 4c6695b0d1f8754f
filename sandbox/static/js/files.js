// Files as cards, and dropping files onto a channel or thread.

import { act, upload } from "./control.js";
import { bytes, h, icon } from "./dom.js";
import { room } from "./state.js";

const HUES = { csv: "#0b7a55", tsv: "#0b7a55", xlsx: "#1d7044", pdf: "#c4314b", json: "#8a5a00" };

/** A shared file. */
export function fileCard(file) {
  if (file.mode === "tombstone") return h("div", { class: "file gone", "data-file": file.id }, icon("trash"), h("span", {}, "This file was deleted"));
  return h("a", { class: "file", href: `control/files/${file.id}`, download: file.name, "data-file": file.id, title: `Download ${file.name}` },
    h("span", { class: "kind", style: `--file-hue:${HUES[file.filetype] || "#6b7280"}` }, file.filetype.slice(0, 4)),
    h("span", {}, h("strong", {}, file.title), h("small", {}, `${file.pretty_type} · ${bytes(file.size)}`)),
    icon("download"));
}

/** Share files into the channel on screen, or into a thread of it. */
export async function shareFiles(files, { threadTs = null, text = "" } = {}) {
  if (files.length) await upload(files, { channel: room().id, thread_ts: threadTs, text });
}

/** Delete a file for good. */
export const deleteFile = (id) => act("/delete_file", { file: id });

/** Let files be dropped on a part of the page. */
export function takesDrops(zone, label, onfiles) {
  let depth = 0;
  const holdsFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  const veil = h("div", { class: "drop-veil", "aria-hidden": "true" }, icon("upload"), h("div", {}, label));
  zone.append(veil);
  const toggle = (event, by) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = Math.max(0, depth + by);
    zone.classList.toggle("dropping", depth > 0);
  };
  zone.ondragenter = (event) => toggle(event, 1);
  zone.ondragleave = (event) => toggle(event, -1);
  zone.ondragover = (event) => toggle(event, 0);
  zone.ondrop = (event) => {
    toggle(event, -depth);
    onfiles([...event.dataTransfer.files]);
  };
}
