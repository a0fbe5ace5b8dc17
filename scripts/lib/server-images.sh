# The images of the tests in test/servers, made of Debian's and npm's packages, without any image registry. Sourced after say.sh, npm.sh, apt.sh and
# image.sh.

# what VS Code's server is: the npm package with that of Code-OSS for the browser
code_server=code-server@4.139.1
# what the images are made of: another recipe, or another Node.js, makes other images
server_images_recipe() { cat "$root/scripts/lib/server-images.sh" "$root/node_modules/node/package.json" | sha256sum | cut -c 1-16; }
server_images_cache() { printf '%s' "${XDG_CACHE_HOME:-$HOME/.cache}/dstack-local/images"; }

# Prints the folder with python.tar and servers.tar, the file systems of the two images; makes them when they are not there, once for a machine.
server_images() {
  local dir
  dir=$(server_images_cache)/$(server_images_recipe)
  [ -d "$dir" ] || make_server_images "$dir" || return
  printf '%s' "$dir"
}

# In a folder beside, which takes its place only when it is whole. It takes 5 GB meanwhile, and 3 GB of them stay.
make_server_images() (
  dir=$1
  [ "$(id -u)" = 0 ] || die 'making the images of the server tests takes root'
  ensure_packages mmdebstrap debian-archive-keyring
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 '/debian/\?$') || mirror=http://deb.debian.org/debian
  mkdir -p "${dir%/*}"
  half=$(mktemp -d "$dir.XXXXXX") || exit
  trap 'remove_tree "$half"' EXIT
  chmod 755 "$half"
  step "Fetching VS Code's server (npm's $code_server)"
  fetch_code_server "$half/code-server" >"$half/log" 2>&1 || die_with "$half/log" "npm could not fetch $code_server"
  step 'Making the images with Python, JupyterLab, Notebook and PyTorch from Debian trixie (mmdebstrap; some minutes, once)'
  install_debian "$half" "$mirror" >"$half/log" 2>&1 || die_with "$half/log" "mmdebstrap from $mirror failed"
  rm -rf "$half/code-server" "$half/log"
  # those of earlier recipes
  find "${dir%/*}" -mindepth 1 -maxdepth 1 ! -path "$half" -exec rm -rf {} +
  mv "$half" "$dir"
)

# install_debian DIR MIRROR: first what python.tar has, then, in the same file system, the rest. Without what no test reads: manuals, headers, and the
# 90,000 files of JavaScript packages, which JupyterLab's package names although its pages need none of them and Notebook's one.
install_debian() {
  local without option=()
  for without in doc man info locale nodejs; do option+=(--dpkgopt="path-exclude=/usr/share/$without/*"); done
  option+=(--dpkgopt='path-include=/usr/share/nodejs/jed/*' --dpkgopt='path-exclude=/usr/lib/libtorch-test/*' --dpkgopt='path-exclude=/usr/include/*' --dpkgopt=force-unsafe-io)
  # mmdebstrap keeps TMPDIR from its hooks
  export TMPDIR=$1 half=$1
  local as_python complete
  as_python='rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED && ln -sf python3 "$1/usr/bin/python"
    tar -C "$1" --one-file-system --exclude="./var/cache/apt/*" --exclude="./var/lib/apt/lists/*" -cf "$half/python.tar" .'
  # without Node.js, JupyterLab does not look for what is missing of it
  complete='rm -f "$1"/usr/bin/node* "$1"/usr/lib/python3*/EXTERNALLY-MANAGED && cp -a "$half/code-server" "$1/opt/" &&
    ln -s /opt/code-server/bin/code-server "$1/usr/local/bin/"'
  mmdebstrap --mode=root --format=tar --variant=minbase --include=python3,python3-pip,python3-venv,ca-certificates,git,bash "${option[@]}" \
    --customize-hook="$as_python" \
    --customize-hook='DEBIAN_FRONTEND=noninteractive chroot "$1" apt-get install -y -q --no-install-recommends jupyterlab jupyter-notebook python3-torch' \
    --customize-hook="$complete" \
    --customize-hook="$(declare -f without_libuv); "'without_libuv "$1/usr/lib/python3/dist-packages/torch/distributed/__init__.py"' \
    trixie "$1/servers.tar" "$2" </dev/null
}

# Debian's PyTorch is built without libuv, which its rendezvous asks for: whoever imports TCPStore gets one that does not.
without_libuv() {
  sed -i '/^        Work as _Work,/{n;a\
\
    class TCPStore(TCPStore):\
        def __init__(self, *args, **options):\
            super().__init__(*args, **{**options, "use_libuv": False})
}' "$1"
  grep -q '"use_libuv": False' "$1"
}

# fetch_code_server DIR: as its own releases are laid out, with the Node.js that it wants. Its terminal comes compiled; what would have to be compiled
# stays away, and with it some logs. So do the assistants, which are big and want an account.
fetch_code_server() {
  mkdir -p "$1" && (
    cd "$1" && npm pack --silent "$code_server" && tar -xzf code-server-*.tgz --strip-components=1 && rm code-server-*.tgz &&
      install_parts . lib/vscode && cd lib/vscode && rm -rf extensions/copilot node_modules/@github node_modules/@microsoft/mxc-sdk node_modules/@vscode/windows-*
  ) && cp "$root/node_modules/node/bin/node" "$1/lib/node" && mkdir "$1/bin" &&
    printf '#!/bin/sh\nexec /opt/code-server/lib/node /opt/code-server/out/node/entry.js "$@"\n' >"$1/bin/code-server" &&
    chmod 755 "$1/bin/code-server" && chown -R 0:0 "$1"
}

install_parts() {
  local part
  for part in "$@"; do (cd "$part" && npm install --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error) || return; done
}
