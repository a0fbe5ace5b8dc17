# A base image with Python: pulled, or built from the distribution's own packages. Sourced after say.sh and apt.sh.

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

# Pulls an image. Where no registry has begun to send it after some seconds, none can be reached: gives up, returns 1, and says why.
pull_image() {
  local image=$1 patience=${2:-20} log pid began=$SECONDS code=0
  log=$(mktemp)
  docker pull "$image" </dev/null >"$log" 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    if ! grep -q 'Pulling fs layer' "$log" && [ $((SECONDS - began)) -ge "$patience" ]; then
      kill "$pid" 2>/dev/null || true
      echo "no answer within $patience seconds" >>"$log"
    fi
    sleep 0.2
  done
  wait "$pid" || code=1
  [ $code = 0 ] || say "    not to be had: $(tail -n 1 "$log" | cut -c 1-200)"
  rm -f "$log"
  return $code
}

# The tag of the newest image that build_image has made; fails when there is none.
built_image() { docker images --format '{{.Repository}}:{{.Tag}}' dstack-local/python | head -n 1 | grep .; }

# Builds dstack-local/python:VERSION from the packages of the distribution that runs here, and prints its name.
build_image() {
  [ "$(id -u)" = 0 ] || die "building an image from the distribution's packages takes root:  sudo $0   (or pull or load an image with Python, and name it in config.yaml)"
  is_debian_like || die 'no image can be built here: this is not Debian or Ubuntu. Load an image with Python (docker load) and name it in config.yaml'
  ensure_packages debootstrap
  step 'Building an image with Python from the packages of this distribution (debootstrap; a minute or so)'
  local codename mirror dir log version
  codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
  # the mirror that this machine's apt uses for it
  mirror=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' | sed -n "s/^$codename //p" | head -n 1)
  dir=$(mktemp -d) log=$(mktemp)
  trap 'remove_tree "$dir"' EXIT
  local packages=python3,python3-pip,python3-venv,ca-certificates,git components=main
  [ "$(. /etc/os-release && printf '%s' "$ID")" != ubuntu ] || components=main,universe
  debootstrap --variant=minbase --components="$components" --include="$packages" "$codename" "$dir" ${mirror:+"$mirror"} </dev/null >"$log" 2>&1 ||
    die_with "$log" 'debootstrap failed'
  ln -sf python3 "$dir/usr/bin/python"
  # as in an image made for Python: pip installs into the system
  rm -f "$dir"/usr/lib/python3*/EXTERNALLY-MANAGED "$log"
  rm -rf "$dir"/var/cache/apt/archives/*.deb "$dir"/var/lib/apt/lists/*
  version=$(chroot "$dir" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  tar -C "$dir" --one-file-system -c . | docker import -c 'CMD ["python3"]' -c 'ENV PIP_ROOT_USER_ACTION=ignore' - "dstack-local/python:$version" >/dev/null
  remove_tree "$dir"
  trap - EXIT
  printf 'dstack-local/python:%s\n' "$version"
}

# debootstrap mounts file systems in the folder: nothing is deleted through them.
remove_tree() {
  local point
  awk -v dir="$1/" 'index($2, dir) == 1 { print $2 }' /proc/mounts | sort -r | while read -r point; do umount "$point" 2>/dev/null || umount -l "$point"; done
  rm -rf --one-file-system "$1"
}
