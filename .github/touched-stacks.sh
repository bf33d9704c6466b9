#!/bin/bash
# Prints, as a JSON list, the stacks that a change between two commits can touch: touched-stacks.sh BASE HEAD
set -euo pipefail
base=$1 head=$2

all() { git ls-tree --name-only "$head" stacks/ | sed -nE 's#^stacks/Pulumi\.(.+)\.yaml$#\1#p'; }

touched() {
  git diff --name-only "$base...$head" | while read -r file; do
    case $file in
      stacks/Pulumi.*.yaml) basename "$file" .yaml | cut -d. -f2- ;;
      policy/config/*.json) basename "$file" .json ;;
      # The program, what it is judged by, and what previews it.
      infra/* | components/* | policy/* | local/* | Pulumi.yaml | package.json | package-lock.json) all ;;
      workspace-image/extensions/*) all ;;
    esac
  done
}

# A stack that the change removes has no preview.
comm -12 <(touched | sort -u) <(all | sort) | jq --raw-input --slurp --compact-output 'split("\n") | map(select(. != ""))'
