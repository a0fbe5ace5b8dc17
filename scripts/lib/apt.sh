# Packages of the distribution. Sourced after say.sh.

is_debian_like() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }
has_package() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
has_systemd() { [ -d /run/systemd/system ]; }

# Installs those of the packages that are absent, as root. NAME? means: if the distribution has it. Services are started only with SERVICES=yes
# and where there is a systemd to do it.
ensure_packages() {
  local missing=() wanted=() name
  for name in "$@"; do has_package "${name%\?}" || missing+=("$name"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  is_debian_like || die "these programs are needed, and this is not Debian or Ubuntu, where they could be installed: ${missing[*]%\?}"
  [ "$(id -u)" = 0 ] || die "these packages are needed; install them and try again:  sudo apt-get install --no-install-recommends ${missing[*]%\?}"
  step "Installing packages of the distribution: ${missing[*]%\?}"
  local log; log=$(mktemp)
  apt_quietly "$log" update || die_with "$log" 'apt-get update failed'
  for name in "${missing[@]}"; do
    case $name in *\?) is_available "${name%\?}" || continue ;; esac
    wanted+=("${name%\?}")
  done
  without_services apt_quietly "$log" install -y --no-install-recommends "${wanted[@]}" || die_with "$log" "apt-get install ${wanted[*]} failed"
  rm -f "$log"
}

is_available() { apt-cache policy "$1" 2>/dev/null | grep -q '^  Candidate: [^(]'; }
apt_quietly() { local log=$1; shift; DEBIAN_FRONTEND=noninteractive apt-get -q "$@" </dev/null >>"$log" 2>&1; }
die_with() { tail -n 20 "$1" >&2; rm -f "$1"; die "$2"; }

# Package scripts ask /usr/sbin/policy-rc.d whether they may start services; one of the machine's own is left alone.
without_services() {
  local policy=/usr/sbin/policy-rc.d ours='' code=0
  if [ ! -e "$policy" ] && { [ "${SERVICES:-no}" != yes ] || ! has_systemd; }; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  "$@" || code=$?
  [ -z "$ours" ] || rm -f "$policy"
  return $code
}

# git, which takes the snapshots of projects.
ensure_git() { command -v git >/dev/null || ensure_packages git; }
