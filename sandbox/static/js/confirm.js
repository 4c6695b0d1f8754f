// Confirm dialogs, of apps and of the page itself.

import { h } from "./dom.js";
import { textObject } from "./mrkdwn.js";

/** Ask; resolves to true for yes. `dialog` is Block Kit's confirm object. */
export function ask(dialog) {
  return new Promise((resolve) => {
    const danger = dialog.style === "danger";
    const box = h("dialog", { class: "confirm", "aria-labelledby": "confirm-title", "data-confirm": true, onclose: () => { resolve(box.returnValue === "yes"); box.remove(); } },
      h("h2", { id: "confirm-title" }, dialog.title.text),
      textObject(dialog.text),
      h("div", { class: "foot" },
        h("button", { type: "button", class: "button", "data-deny": true, onclick: () => box.close("no") }, dialog.deny.text),
        h("button", { type: "button", class: danger ? "button danger solid" : "button primary", "data-accept": true, autofocus: true, onclick: () => box.close("yes") }, dialog.confirm.text)));
    document.body.append(box);
    box.showModal();
  });
}
