# A Docker Engine on this machine: found, or installed and started. Sourced after say.sh and apt.sh.

engine_answers() { timeout 15 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# Makes sure that `docker` reaches an engine, or says exactly what to do.
ensure_engine() {
  if [ -n "${DOCKER_HOST:-}" ]; then
    ensure_docker_client
    engine_answers || die "no Docker Engine answers at DOCKER_HOST=$DOCKER_HOST: $(engine_problem)"
  elif ! command -v docker >/dev/null || ! engine_answers; then
    bring_up_engine
  fi
  say "    Docker Engine $(docker version --format '{{.Server.Version}}') at $(engine_address)"
}

engine_address() { printf '%s' "${DOCKER_HOST:-$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || echo unix:///var/run/docker.sock)}"; }
engine_problem() { timeout 15 docker version 2>&1 >/dev/null | grep -v '^WARNING' | head -n 1 || true; }

# The newer distributions have Docker's command line in a package of its own.
ensure_docker_client() {
  command -v docker >/dev/null && return
  step 'Installing the docker command'
  if is_debian_like && [ "$(id -u)" = 0 ]; then ensure_packages 'docker-cli?'; fi
  command -v docker >/dev/null || ensure_packages docker.io
}

bring_up_engine() {
  if command -v docker >/dev/null && engine_problem | grep -qi 'permission denied'; then
    die "you may not use the Docker Engine of this machine. Run  sudo $0  or let your user in (which is as much as root on this machine), log in again and retry:  sudo usermod -aG docker $(id -un)"
  fi
  if ! command -v dockerd >/dev/null && ! [ -x /usr/sbin/dockerd ]; then
    is_debian_like || die 'there is no Docker Engine here, and this is not Debian or Ubuntu, where it could be installed: install Docker Engine as your distribution describes it, start it, and try again'
    [ "$(id -u)" = 0 ] || die "there is no Docker Engine here, and installing it takes root:  sudo $0   (or set DOCKER_HOST to an engine elsewhere)"
    SERVICES=yes ensure_packages docker.io iptables 'docker-cli?'
  fi
  engine_answers || start_engine
}

start_engine() {
  if has_systemd; then
    [ "$(id -u)" = 0 ] || die 'the Docker Engine is not running:  sudo systemctl start docker'
    step 'Starting the Docker Engine (systemctl start docker)'
    systemctl start docker || die 'it did not start:  systemctl status docker  says why'
  else
    [ "$(id -u)" = 0 ] || die "the Docker Engine is not running, and starting it takes root:  sudo $0"
    local log=/var/log/dockerd.log
    step "Starting the Docker Engine (dockerd, log in $log)"
    PATH=$PATH:/usr/sbin:/sbin setsid dockerd </dev/null >>"$log" 2>&1 &
    local pid=$!
  fi
  local _
  for _ in $(seq 150); do
    engine_answers && return
    if [ -n "${pid:-}" ] && ! kill -0 "$pid" 2>/dev/null; then
      grep -E 'level=(error|fatal)|^failed|^unable' "$log" | tail -n 5 >&2 || true
      die "dockerd ended at its start; $log says why"
    fi
    sleep 0.2
  done
  die "the Docker Engine was started and does not answer: $(engine_problem)"
}
