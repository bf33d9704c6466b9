# Starts one of our plugins, by its path below local/: as pack.ts packed it or, where a source is newer, from its source.
# Wants $root, the checkout.
start() {
  program=$1
  shift
  export NODE_COMPILE_CACHE="${VIBECODE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vibecode}/node"
  node="$root/node_modules/.bin/node"
  packed="$root/node_modules/.cache/vibecode$root/$program.cjs"
  if [ -f "$packed" ]; then
    newer=$(find "$root/local" "$root/node_modules/.package-lock.json" \
      \( -name '*.ts' -o -name .package-lock.json \) -newer "$packed" -print -quit)
    [ -n "$newer" ] || exec "$node" "$packed" "$@"
  fi
  exec "$node" --require "$root/node_modules/tsx/dist/cjs/index.cjs" "$root/local/$program.ts" "$@"
}
