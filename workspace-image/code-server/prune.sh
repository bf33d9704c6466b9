#!/bin/sh
# Takes out of an installed code-server what a Linux workspace never opens: other platforms' binaries,
# what the native modules' builds left, source maps, type declarations. Run in the folder that holds node_modules.
set -eu

case "$(uname -m)" in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) echo "prune.sh: no rule for $(uname -m)" >&2; exit 1 ;;
esac
cd node_modules
vscode=code-server/lib/vscode
modules=$vscode/node_modules

# Binaries of other platforms; of this one only those for glibc.
find . -type d -name prebuilds -prune | while read -r folder; do
  find "$folder" -mindepth 1 -maxdepth 1 ! -name "linux-$arch" -exec rm -rf {} +
done
find "$modules/@vscode/ripgrep-universal/bin" -mindepth 1 -maxdepth 1 ! -name "linux-$arch" -exec rm -rf {} +
find . -type d \( -path '*/@parcel/watcher-*-musl' -o -name 'musl_*' \) -prune -exec rm -rf {} +
find . -type f \( -name '*musl*.node' -o -name '*win32*.node' -o -name '*.exe' \) -delete
rm -rf "$modules/node-pty/third_party" "$modules"/@microsoft/mxc-sdk/bin

# Copilot, 154 MB: this image's assistant is Claude Code, and workspace/settings.json turns the chat that needs it off.
rm -rf "$modules"/@github/copilot-sdk-linux-* "$vscode/extensions/copilot"

# Left by node-gyp: everything but the modules themselves.
find . -type d -path '*/build/Release' -prune | while read -r folder; do
  find "$folder" -mindepth 1 -maxdepth 1 ! -name '*.node' -exec rm -rf {} +
done
rm -rf "$modules/@vscode/sqlite3/deps" "$modules/@vscode/spdlog/deps"
find . -name '*.node' -exec strip --strip-unneeded {} + 2>/dev/null || true

# Read by debuggers and compilers of code-server itself. TypeScript's own lib.*.d.ts stay: the editor reads them.
find . -name '*.map' -type f -delete
find . -path "./$vscode/extensions/node_modules/typescript" -prune -o \
  \( -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' \) -type f -exec rm -f {} +
find . -depth -type d -empty -delete
