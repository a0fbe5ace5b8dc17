# Docker Engines of other versions beside the installed one, from the packages of other Debian releases; nothing of the system is changed.
# Sourced after say.sh and apt.sh.

# VERSION RELEASE TINI: which release has it, and the package there with a static tini, which dockerd runs as docker-init
engine_releases='20.10 bookworm tini
26.1 trixie tini
28.5 sid tini-static'

require_known_engine() { awk -v v="$1" '$1 == v { known = 1 } END { exit !known }' <<<"$engine_releases" || die "no engine $1 is known; known are $(known_engines)"; }
known_engines() { awk '{ printf "%s%s", sep, $1; sep = ", " }' <<<"$engine_releases"; }
engines_cache() { printf '%s' "${XDG_CACHE_HOME:-$HOME/.cache}/dstack-local/engines"; }
installed_engine() { PATH=$PATH:/usr/sbin:/sbin dockerd --version 2>/dev/null | sed -n 's/^Docker version \([0-9.]*\).*/\1/p'; }

# Prints the folder with dockerd of that version (20.10, …) and what it starts; nothing when it is the installed one. Fetched once, then kept.
engine_folder() {
  local version=$1 release tini dir
  require_known_engine "$version"
  read -r release tini < <(awk -v v="$version" '$1 == v { print $2, $3 }' <<<"$engine_releases")
  case $(installed_engine) in "$version".*) return ;; esac
  dir=$(engines_cache)/$version
  [ -x "$dir/dockerd" ] || fetch_engine "$version" "$release" "$tini" "$dir"
  printf '%s' "$dir"
}

# Fetches into a folder beside, which takes its place only when it is whole.
fetch_engine() (
  version=$1 release=$2 tini=$3 dir=$4
  step "Fetching Docker Engine $version and what it starts (from Debian $release, once, into $dir)"
  mkdir -p "${dir%/*}"
  half=$(mktemp -d "$dir.XXXXXX")
  trap 'rm -rf "$half"' EXIT
  fetch_packages "$release" "$half" docker.io containerd runc "$tini"
  got=$("$half/x/usr/sbin/dockerd" --version 2>/dev/null | sed -n 's/^Docker version \([0-9.]*\).*/\1/p')
  case $got in "$version".*) ;; *) die "Debian $release has Docker Engine ${got:-that does not run here} now, not $version" ;; esac
  mkdir "$half/bin"
  find "$half/x/usr/bin" "$half/x/usr/sbin" -type f \( -name 'dockerd' -o -name 'docker-proxy' -o -name 'containerd*' -o -name runc \) -exec mv -t "$half/bin" {} +
  mv "$half/x/usr/bin/tini-static" "$half/bin/docker-init"
  # its runc wants the C library of its own release: where that is newer than this machine's, the installed runc does
  "$half/bin/runc" --version >/dev/null 2>&1 || rm "$half/bin/runc"
  [ -d "$dir" ] || mv "$half/bin" "$dir"
)

# fetch_packages RELEASE DIR PACKAGE…: downloads them with lists of our own, from the mirror that apt uses, and unpacks them into DIR/x.
fetch_packages() {
  local release=$1 dir=$2 mirror package log=$2/log
  shift 2
  is_debian_like || die "packages of Debian $release are needed, and this is not Debian"
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep -m 1 '/debian/\?$') || die "packages of Debian $release are needed, and apt has no mirror of Debian here"
  mkdir -p "$dir/lists/partial" "$dir/archives/partial" "$dir/x"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >"$dir/sources.list"
  local options=(-o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir" -o Acquire::Languages=none
    -o APT::Sandbox::User="$(id -un)")
  apt_quietly "$log" update "${options[@]}" || die_with "$log" "apt-get update from $mirror $release failed"
  (cd "$dir" && apt_quietly "$log" download "${options[@]}" "${@/%//$release}") || die_with "$log" "apt-get download $* from $mirror $release failed"
  for package in "$dir"/*.deb; do dpkg -x "$package" "$dir/x"; done
}
