// Menus that the browser does not have: several choices, options from the app, files.

import { marks, report, suggestions } from "./elements.js";
import { upload } from "./control.js";
import { h, icon } from "./dom.js";

const isMany = (element) => element.type.startsWith("multi_");

/** A menu in which several options can be ticked. */
export function picker(ctx, block, element) {
  const groups = element.option_groups || [{ options: element.options || [] }];
  const options = groups.flatMap((group) => group.options);
  const chosen = new Set(ctx.values.get(block, element) || []);
  const pills = h("summary", { class: "control", "aria-label": ctx.labelOf(block, element) });
  const draw = () => {
    const names = options.filter((option) => chosen.has(option.value)).map((option) => h("span", { class: "pill" }, option.text.text));
    pills.replaceChildren(...(names.length ? names : [h("span", { class: "none" }, element.placeholder?.text || "Choose…")]));
  };
  const tick = (option) => (event) => {
    chosen[event.target.checked ? "add" : "delete"](option.value);
    ctx.values.set(block, element, [...chosen]);
    draw();
  };
  const boxes = options.map((option) => h("label", {}, h("input", { type: "checkbox", value: option.value, checked: chosen.has(option.value), onchange: tick(option) }), option.text.text));
  const menu = h("details", { class: "picker", ...marks(block, element) }, pills, h("div", { class: "list choices" }, boxes));
  menu.addEventListener("toggle", () => { if (!menu.open && ctx.dispatches(block)) report(ctx, block, element, [...chosen]); });
  closesOutside(menu);
  draw();
  return menu;
}

function closesOutside(menu) {
  document.addEventListener("click", (event) => { if (menu.open && !menu.contains(event.target)) menu.open = false; });
}

/** A menu whose options the app gives while the person types. */
export function externalMenu(ctx, block, element) {
  const many = isMany(element);
  const input = h("input", { class: "control", role: "combobox", "aria-expanded": "false", "aria-label": ctx.labelOf(block, element), placeholder: element.placeholder?.text || "Type to search…", autocomplete: "off", ...marks(block, element) });
  const list = h("div", { class: "list", role: "listbox", hidden: true });
  const first = element.initial_option || element.initial_options?.[0];
  input.value = first && ctx.values.get(block, element) ? first.text.text : "";
  const choose = (option) => {
    const before = many ? ctx.values.get(block, element) || [] : [];
    ctx.values.set(block, element, many ? [...before, option.value] : option.value);
    input.value = option.text.text;
    list.hidden = true;
    if (ctx.dispatches(block)) report(ctx, block, element, ctx.values.get(block, element));
  };
  const search = async () => {
    if (input.value.length < (element.min_query_length ?? 3)) { list.hidden = true; return; }
    const options = await suggestions(ctx, block, element, input.value);
    const found = options.map((option) => h("button", { type: "button", role: "option", "data-value": option.value, onclick: () => choose(option) }, option.text.text));
    list.replaceChildren(...(found.length ? found : [h("div", { class: "none" }, "No results")]));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  };
  let waiting = 0;
  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 200); });
  input.addEventListener("focus", search);
  return h("div", { class: "picker" }, input, list);
}

/** A file input: files go up at once, the modal keeps their ids. */
export function fileBox(ctx, block, element) {
  const told = h("div", {}, element.filetypes?.length ? `${element.filetypes.join(", ").toUpperCase()} files` : "Any file");
  const accept = (element.filetypes || []).map((ending) => `.${ending}`).join(",");
  const input = h("input", { type: "file", accept: accept || undefined, multiple: (element.max_files ?? 10) > 1, "aria-label": ctx.labelOf(block, element), ...marks(block, element), onchange: async () => {
    const done = await upload([...input.files]);
    ctx.values.set(block, element, (done.files || []).map((file) => file.id));
    if (done.files) told.textContent = `Uploaded: ${done.files.map((file) => file.name).join(", ")}`;
  } });
  return h("div", { class: "file-box" }, icon("upload"), told, input);
}
