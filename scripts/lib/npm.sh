# The checkout's npm packages, among them the Node that runs everything. Sourced after say.sh; $root is the checkout.

# Installs them when they are absent or older than the lock file.
ensure_npm() {
  local done=$root/node_modules/.package-lock.json
  if [ -x "$root/node_modules/.bin/node" ] && [ -e "$done" ] && ! [ "$root/package-lock.json" -nt "$done" ]; then return; fi
  command -v npm >/dev/null || die 'npm is not installed: install Node.js 20 or newer, which brings it, and try again'
  step 'Installing the npm packages (npm ci)'
  (cd "$root" && npm ci --no-audit --no-fund --loglevel=error) >&2 || die 'npm ci failed, see above'
}

# Runs a TypeScript file, or anything else, under the checkout's own Node.
own_node() { "$root/node_modules/.bin/node" "$@"; }
