# The checkout's npm packages, among them the Node that runs everything. Sourced after say.sh; $root is the checkout.

# Installs them when they are absent or older than the lock file.
ensure_npm() {
  if own_node --version >/dev/null 2>&1 && ! [ "$root/package-lock.json" -nt "$root/node_modules/.package-lock.json" ]; then return; fi
  command -v npm >/dev/null || die 'npm is not installed: install Node.js 20 or newer, which brings it, and try again'
  step 'Installing the npm packages (npm ci)'
  install_npm >&2 || die 'npm ci failed, see above'
}

# Some packages have native parts, which npm would compile although they bring them ready made, or are optional: that takes a compiler, which a
# fresh machine lacks. So no package's scripts run, but those of `node`, which fetch its binary.
install_npm() {
  (cd "$root" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && npm rebuild node --foreground-scripts --loglevel=error) || return
}

# Runs a TypeScript file, or anything else, under the checkout's own Node.
own_node() { "$root/node_modules/.bin/node" "$@"; }
