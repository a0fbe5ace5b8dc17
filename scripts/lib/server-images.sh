# The images of the tests in test/servers, made of Debian's and npm's packages, without any image registry. Sourced after say.sh, npm.sh, apt.sh and
# image.sh.

# what VS Code's server is: the npm package with that of Code-OSS for the browser
code_server=code-server@4.139.1
# what this machine trusts, its images trust: where a network has authorities of its own, pip in a container reaches its index
authorities=/etc/ssl/certs/ca-certificates.crt
# another recipe, Node.js or trust makes other images
server_images_recipe() { cat "$root/scripts/lib/server-images.sh" "$root/node_modules/node/package.json" "$authorities" | sha256sum | cut -c 1-16; }
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
  ensure_packages mmdebstrap debian-archive-keyring ca-certificates
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 '/debian/\?$') ||
    die 'apt of this machine names no Debian archive, which the images of the server tests are made from'
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

# install_debian DIR MIRROR: first what python.tar has, then, in the same file system, the rest. Of JupyterLab what its server needs: its package also wants
# 500 of JavaScript, with which its pages were built.
install_debian() {
  local without option=()
  for without in share/doc share/man share/info share/locale lib/libtorch-test include; do option+=(--dpkgopt="path-exclude=/usr/$without/*"); done
  # for the hooks; of TMPDIR, mmdebstrap keeps them ignorant
  export TMPDIR=$1 half=$1 authorities
  local as_python='rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED && ln -sf python3 "$1/usr/bin/python" &&
    cp "$authorities" "$1$authorities" && tar -C "$1" --one-file-system --exclude="./var/cache/apt/*" --exclude="./var/lib/apt/lists/*" -cf "$half/python.tar" .'
  local servers='export DEBIAN_FRONTEND=noninteractive && apt-get install -y -q --no-install-recommends jupyter-notebook python3-torch python3-ipykernel python3-async-lru \
    python3-jupyter-server python3-jupyterlab-server python3-notebook-shim && cd /tmp && apt-get download -q jupyterlab && dpkg --force-depends -i jupyterlab_*.deb && rm jupyterlab_*.deb'
  local complete='rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED && cp -a "$half/code-server" "$1/opt/" && ln -s /opt/code-server/bin/code-server "$1/usr/local/bin/"'
  mmdebstrap --mode=root --format=tar --variant=minbase --include=python3,python3-pip,python3-venv,ca-certificates,git,bash "${option[@]}" --dpkgopt=force-unsafe-io \
    --customize-hook="$as_python" --customize-hook="chroot \"\$1\" sh -c '$servers'" --customize-hook="$complete" \
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
