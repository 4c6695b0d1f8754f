#!/usr/bin/env bash
# Preview, start, watch and undo an import of examples/tradeshow.csv with curl.
#
#   export LEADPORT_URL=http://127.0.0.1:3000 LEADPORT_KEY=lp_live_...
#   examples/clients/import_leads.sh examples/tradeshow.csv [--undo]
set -euo pipefail

url=${LEADPORT_URL:-http://127.0.0.1:3000}
file=$1

call() { # what curl needs for every call: the key, no progress, an error for every refusal
    curl --silent --show-error --fail-with-body -H "Authorization: Bearer $LEADPORT_KEY" "$@"
}

value() { # the first value of a key in a JSON answer, a text or a number
    sed -E "s/.*\"$1\": ?\"?([^\",}]*).*/\1/" <<<"$2"
}

preview=$(call -F "file=@$file" "$url/leads/import/preview")
file_id=$(value file_id "$preview")

# The same Idempotency-Key again, after a connection that broke, starts nothing twice.
started=$(call "$url/leads/import/start" \
    -H "Content-Type: application/json" -H "Idempotency-Key: $file_id" -d @- <<EOM
{
  "file_id": "$file_id",
  "primary_identifier": {"column": "Email", "kind": "email"},
  "field_mappings": {
    "First Name": "first_name",
    "Last Name": "last_name",
    "Company": "company",
    "Job Title": "title",
    "Country": "country",
    "Booth Notes": "notes"
  },
  "alias_mappings": {"Phone": "_alias_phone", "Mobile": "_alias_phone", "Badge ID": "_alias_external_id"}
}
EOM
)
job=$url/leads/import/jobs/$(value job_id "$started")

# Server-sent events: one whenever the counts change, and the last one when the job has ended.
call --no-buffer "$job/events" | sed -n 's/^data: //p'
echo
echo "The rows that failed:"
call "$job/errors.csv"

if [[ ${2:-} == --undo ]]; then
    echo "Undoing would mean:"
    call -X POST "$job/undo?dry_run=true"
    echo
    call -X POST "$job/undo" >/dev/null
    until [[ $(call "$job") != *'"undoing"'* ]]; do sleep 0.5; done
    call "$job/undo.csv" | head -3
fi
