#!/bin/bash
# Fails where a stack's cluster is not what its file says: drift.sh STACK
# Says nothing of a cluster that a deployment changes meanwhile, and never holds one up: a preview takes no lock.
set -euo pipefail
stack=$1

deployments() {
  gh api "repos/$GITHUB_REPOSITORY/actions/workflows/deploy.yml/runs?per_page=100" \
    --jq '.workflow_runs[] | "\(.status) \(.id) \(.run_attempt) \(.updated_at)"'
}
unsaid() { echo "::notice::$stack is not checked for drift, since $1. Start this workflow again, or await the next night."; }

before=$(deployments)
# One that is `waiting` waits for its reviewers, maybe for days, and changes nothing until they approve.
if grep -vE '^(completed|waiting) |^$' <<<"$before"; then
  unsaid 'a deployment is under way'
  exit
fi
make preview "STACK=$stack" DRIFT=1 && exit
status=$?
after=$(deployments)
[ "$after" = "$before" ] || { unsaid 'a deployment ran beside the check'; exit 0; }
exit $status
