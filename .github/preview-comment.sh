#!/bin/bash
# Prints the comment of a pull request from its previews, a folder a stack: preview-comment.sh FOLDER URL-OF-THE-RUN
set -euo pipefail
folder=$1 run=$2
# A comment takes 65536 characters.
room=$((58000 / ($(find "$folder" -name preview.txt | wc -l) + 1)))

echo '<!-- previews -->'
echo '## What `up` would change'
echo
# Outside of the fence stands nothing that the pull request could have written as markup.
words() { tr -cd 'A-Za-z0-9 ,:;-' | tail -c 300; }

for text in "$folder"/*/preview.txt; do
  [ -f "$text" ] || { echo 'No stack is touched.'; break; }
  stack=$(basename "$(dirname "$text")" | words)
  stack=${stack#preview-}
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
