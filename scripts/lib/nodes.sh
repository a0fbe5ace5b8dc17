# Node.js of other majors beside the checkout's own, from the npm package `node`. Sourced after say.sh.

nodes_cache() { printf '%s' "${XDG_CACHE_HOME:-$HOME/.cache}/dstack-local/nodes"; }

# Prints the path of the newest Node.js of that major version that was there when it was fetched; it is fetched once, then kept.
node_of() {
  local major=$1 dir
  dir=$(nodes_cache)/$major
  [ -x "$dir/node" ] || fetch_node "$major" "$dir"
  printf '%s' "$dir/node"
}

# Fetches into a folder beside, of which only the program takes its place, when it is whole.
fetch_node() (
  major=$1 dir=$2
  step "Fetching Node.js $major (from npm, once, into $dir)"
  mkdir -p "${dir%/*}"
  half=$(mktemp -d "$dir.XXXXXX")
  trap 'rm -rf "$half"' EXIT
  log=$half/log
  echo '{"private":true}' >"$half/package.json"
  # no package's scripts run, but those of `node`, which bring its program
  (cd "$half" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error "node@$major" && npm rebuild node --foreground-scripts --loglevel=error) >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; die "Node.js $major could not be fetched"; }
  got=$("$half/node_modules/node/bin/node" --version 2>/dev/null || true)
  case $got in v"$major".*) ;; *) die "npm brings Node.js ${got:-that does not run here}, not $major" ;; esac
  mkdir "$half/bin"
  cp "$half/node_modules/node/bin/node" "$half/bin/node"
  [ -d "$dir" ] || mv "$half/bin" "$dir"
)
