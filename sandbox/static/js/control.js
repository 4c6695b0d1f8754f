// Talking to the control API, as the person who is looking.

import { state } from "./state.js";
import { toast } from "./dom.js";

/** Read something. */
export async function read(path, query = {}) {
  const wanted = new URLSearchParams({ user: state.me, ...query });
  return answer(await fetch(`control${path}?${wanted}`));
}

/** Do something; shows why when it cannot be done or the app does not take it. */
export async function act(path, body = {}) {
  const told = JSON.stringify({ user: state.me, ...body });
  const done = await answer(await fetch(`control${path}`, { method: "POST", body: told, headers: { "Content-Type": "application/json" } }));
  if (done.error) toast(done.error, true);
  else if (done.delivery && !done.delivery.ok) toast(trouble(done.delivery), true);
  return done;
}

/** Share files (or only upload them, without a channel). */
export async function upload(files, fields = {}) {
  const form = new FormData();
  form.append("user", state.me);
  for (const [name, value] of Object.entries(fields)) if (value) form.append(name, value);
  for (const file of files) form.append("file", file, file.name);
  const done = await answer(await fetch("control/share", { method: "POST", body: form }));
  if (done.error) toast(done.error, true);
  return done;
}

async function answer(response) {
  try {
    return await response.json();
  } catch {
    return { ok: false, error: `The sandbox answered ${response.status}` };
  }
}

function trouble(delivery) {
  const app = state.workspace.app.name;
  if (delivery.problem === "http_timeout") return `${app} did not answer within 3 seconds`;
  if (delivery.problem === "connection_failed") return `${app} is not reachable`;
  return `${app} answered ${delivery.status}`;
}
