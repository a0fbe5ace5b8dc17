# What scripts/test-gpu needs on a machine that has a GPU and little else. Sourced after say.sh, npm.sh, apt.sh and engines.sh.

lab_place=/opt/dstack-lab

# pack_lab DIR: engine.tar.xz (Docker Engine and git) and modules.tar.xz (the npm packages that the tests load, Node.js among them).
pack_lab() (
  mkdir -p "$1"
  out=$(realpath "$1") dir=$(mktemp -d)
  trap 'rm -rf "$dir"' EXIT
  step 'Fetching Docker Engine 26.1 and git from Debian'
  mkdir "$dir/new" "$dir/old" "$dir/bin"
  fetch_packages trixie "$dir/new" docker.io docker-cli containerd runc tini
  # of an older release, so that it runs with the libraries of either
  fetch_packages bookworm "$dir/old" git
  (cd "$dir/new/x/usr" && mv sbin/dockerd sbin/runc bin/docker bin/containerd bin/containerd-shim-runc-v2 "$dir/bin")
  mv "$dir/new/x/usr/bin/tini-static" "$dir/bin/docker-init"
  mv "$dir/old/x/usr/bin/git" "$dir/bin/git"
  step 'Packing'
  tar -C "$dir/bin" -c . | xz -6 -T0 >"$out/engine.tar.xz"
  # what the published form has in its bundles is among the packages of development here
  (cd "$root" && npm query "$(query commander pino tar-fs tar-stream vitest ws yaml zod), #node, .prod" 2>/dev/null) | own_node -e \
    'for (const p of JSON.parse(fs.readFileSync(0))) if (p.location && !p.name.includes("esbuild")) console.log(p.location)' >"$dir/packages"
  # what only compiling them would need stays here
  tar -C "$root" -c --no-recursion node_modules node_modules/.bin/node node_modules/.package-lock.json -T <(within "$dir/packages") | xz -6 -T0 >"$out/modules.tar.xz"
  ls -l "$out" >&2
)

# Those packages, and what they depend on.
query() { local each; for each in "$@"; do printf '%s#%s, #%s *' "${sep-}" "$each" "$each"; local sep=', '; done; }

# The files of those packages, without the sources of native parts and the maps of compiled ones.
within() {
  local package
  while read -r package; do
    find "$root/$package" \( -path '*/better-sqlite3/deps' -o -path '*/better-sqlite3/src' -o -path "$root/$package/node_modules" \) -prune -o \
      ! -name '*.map' ! -name '*.d.ts' ! -name '*.md' -printf "$package/%P\n"
  done <"$1"
}

# start_lab DIR: unpacks what is there (the engine and the packages may come one after the other), starts the engine, makes the image host:1.
start_lab() {
  local from=$1 _
  [ "$(id -u)" = 0 ] || die '--lab needs root'
  mkdir -p "$lab_place/bin"
  export PATH=$PATH:$lab_place/bin:/usr/sbin:/sbin DOCKER_HOST=unix://$lab_place/docker.sock
  unpack_once "$from/engine.tar.xz" "$lab_place/bin" "$lab_place/bin/dockerd"
  unpack_once "$from/modules.tar.xz" "$root" "$root/node_modules/node/bin/node"
  if ! docker version >/dev/null 2>&1; then
    own_node "$root/test/gpu/lab/configure.ts" "$lab_place"
    step 'Starting the Docker Engine'
    # one that was killed leaves it, and its number may belong to another process by now
    rm -f "$lab_place/pid"
    setsid dockerd --config-file "$lab_place/daemon.json" -H "$DOCKER_HOST" --data-root "$lab_place/data" --exec-root "$lab_place/run" -p "$lab_place/pid" \
      --bridge=none --iptables=false --ip6tables=false </dev/null >"$lab_place/log" 2>&1 &
    for _ in $(seq 300); do docker version >/dev/null 2>&1 && break; sleep 0.1; done
    docker version >/dev/null 2>&1 || { tail -n 20 "$lab_place/log" >&2; die "the Docker Engine does not start; $lab_place/log says why"; }
  fi
  docker image inspect host:1 >/dev/null 2>&1 || import_system
  image=${image:-host:1} python=${python:-/opt/torch/.venv/bin/python3} mounts=${mounts:-/opt/torch:/opt/torch:ro}
  say "    Docker Engine $(docker version --format '{{.Server.Version}}'), storage driver $(docker info --format '{{.Driver}}'), image $image"
}

# unpack_once ARCHIVE DIR FILE: unless FILE is there. A bare machine may have no xz; Python brings its own.
unpack_once() {
  local archive=$1 dir=$2 sign=$3
  [ ! -x "$sign" ] || return 0
  [ -s "$archive" ] || die "$archive is missing; scripts/test-gpu --pack makes it"
  step "Unpacking ${archive##*/}"
  if xz --version >/dev/null 2>&1; then
    tar -C "$dir" -xJf "$archive"
  else
    python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$archive" "$dir"
  fi
}

# The system of this machine as an image: what PyTorch wants of it, without what is big and not needed.
import_system() {
  step "Making the image host:1 of this machine's system"
  tar -C / --one-file-system --exclude='usr/local/*' --exclude='usr/src/*' --exclude='usr/share/*' --exclude='usr/lib/gcc/*' --exclude='*cuda*' \
    -c usr etc $(cd / && ls -d bin sbin lib lib64 2>/dev/null) 2>/dev/null |
    docker import -c 'ENV LD_LIBRARY_PATH=/usr/local/nvidia/lib64' -c 'ENV PATH=/usr/local/nvidia/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' - host:1 >/dev/null ||
    docker image inspect host:1 >/dev/null || die 'the image could not be made'
}
