// Preview, start, watch and undo an import with Node 18 or newer and nothing else.
//
//   export LEADPORT_URL=http://127.0.0.1:3000 LEADPORT_KEY=lp_live_...
//   node import_leads.mjs ../tradeshow.csv [--undo]

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const url = process.env.LEADPORT_URL ?? "http://127.0.0.1:3000";
const identifiers = ["email", "phone", "cookie", "external_id", "social"];
const [path, option] = process.argv.slice(2);

async function call(method, address, { body, headers = {} } = {}) {
  const key = { Authorization: `Bearer ${process.env.LEADPORT_KEY}` };
  const response = await fetch(url + address, { method, body, headers: { ...key, ...headers } });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return response.json();
}

/** The mapping that the preview suggests. */
function mapped({ file_id, columns }) {
  const kinds = identifiers.flatMap((kind) => columns.filter((each) => each.target === kind));
  const primary = kinds[0];
  const body = {
    file_id,
    primary_identifier: { column: primary.name, kind: primary.target },
    field_mappings: {},
    alias_mappings: {},
  };
  for (const { name, target } of columns) {
    if (target === "skip" || name === primary.name) continue;
    const kind = target.replace(/^alias_/, "");
    if (identifiers.includes(kind)) body.alias_mappings[name] = `_alias_${kind}`;
    else body.field_mappings[name] = target;
  }
  return body;
}

async function watch(jobId, running) {
  for (;;) {
    const job = await call("GET", `/leads/import/jobs/${jobId}`);
    if (!running(job)) return job;
    await wait(500);
  }
}

const form = new FormData();
form.append("file", new Blob([await readFile(path)]), basename(path));
const preview = await call("POST", "/leads/import/preview", { body: form });
console.log(`${preview.file_name}: ${preview.row_count} rows`);

const started = await call("POST", "/leads/import/start", {
  body: JSON.stringify(mapped(preview)),
  // Safe to send again after a connection that broke: the same key starts one job.
  headers: { "Content-Type": "application/json", "Idempotency-Key": randomUUID() },
});
const job = await watch(started.job_id, ({ status }) => ["queued", "in_progress"].includes(status));
const counts = ["created", "updated", "skipped", "failed", "unprocessed"]
  .map((name) => `${job[`${name}_count`]} ${name}`);
// Rows that were right already are among the updated ones.
console.log(`${job.status}: ${job.total_rows} rows = ${counts.join(" + ")}`);
console.log(`  ${job.unchanged_count} of the updated ones brought nothing new`);

if (option === "--undo") {
  await call("POST", `/leads/import/jobs/${job.job_id}/undo`);
  const { undo } = await watch(job.job_id, ({ undo: { state } }) => state === "undoing");
  console.log(`undone: ${undo.deleted} leads deleted, ${undo.restored} restored`);
}
