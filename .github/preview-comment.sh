#!/bin/bash
# Prints the comment of a pull request: preview-comment.sh FOLDER STACKS URL-OF-THE-RUN
# STACKS is a JSON list of names; FOLDER holds a file preview-NAME.txt of each.
set -euo pipefail
folder=$1 run=$3
jq --exit-status --slurp 'map(type) == ["array"]' <<<"$2" >/dev/null || { echo "not a list of stacks: $2" >&2; exit 1; }
mapfile -t stacks < <(jq --raw-output '.[]' <<<"$2")
# A comment takes 65536 characters.
room=$((58000 / (${#stacks[@]} + 1)))

echo '<!-- previews -->'
echo '## What `up` would change'
echo
# Outside of the fence stands nothing that the pull request could have written as markup.
words() { tr -cd 'A-Za-z0-9 ,:;-' | tail -c 300; }

[ ${#stacks[@]} -gt 0 ] || echo 'No stack is touched.'
for name in "${stacks[@]}"; do
  text=$folder/preview-$name.txt
  stack=$(words <<<"$name")
  # A link could lead to anything that this job may read.
  if [ ! -f "$text" ] || [ -L "$text" ]; then
    echo "**$stack: touched, but its preview is missing.** [The run]($run) says why."
    echo
    continue
  fi
  changes=$(sed -n 's/^Changes: //p' "$text" | tail -n 1 | words)
  policy=$(sed -n 's/^Policy: //p' "$text" | tail -n 1 | words)
  echo "<details><summary><b>$stack</b>: ${changes:-no preview}; policy ${policy:-not asked}</summary>"
  echo
  # Longer than any fence that the text could hold by mistake.
  echo '``````````diff'
  # Lines begin with their sign where GitHub colours them.
  sed -E 's/^( +)([-+~])/\2\1/; s/^~/!/' "$text" | tail -c "$room"
  echo
  echo '``````````'
  echo
  echo '</details>'
done
echo
echo "Whole texts are in [the run's artifacts]($run)."
