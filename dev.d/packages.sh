# shellcheck shell=bash
# What a fresh Debian or Ubuntu lacks, installed with apt-get, and never a server of the system's left
# running by it: the servers here are private ones.

have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

can_make_venv() { python3 -c 'import venv, ensurepip' 2>/dev/null; }

java_is_new_enough() { # Kafka 3.9 wants Java 11
  local version
  version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1) || return 1
  [[ -n $version ]] && ((version >= 11))
}

MISSING_PACKAGES=()

need() { # need PACKAGE CHECK...: PACKAGE goes on the list unless CHECK succeeds
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || MISSING_PACKAGES+=("$package")
}

look_for_servers() {
  need ca-certificates test -s /etc/ssl/certs/ca-certificates.crt
  need curl have curl
  need openssl have openssl
  need iproute2 have ss
  need procps have ps
  need postgresql postgres_programs
  need redis-server have redis-server
  need default-jre-headless java_is_new_enough
  [[ -d $(kafka_jars) ]] || need maven have mvn
}

look_for_compilers() { # librdkafka is built from source by its crate
  need gcc have cc
  need g++ have c++
  need libc6-dev test -e /usr/include/stdio.h
  need make have make
  need pkg-config have pkg-config
  need zlib1g-dev test -e /usr/include/zlib.h
}

look_for_python() {
  need python3 have python3
  need python3-venv can_make_venv
}

compose_works() { docker-compose version || docker compose version; }
look_for_compose() { need docker-compose compose_works; }
look_for_shellcheck() { need shellcheck have shellcheck; }

# install_missing LOOK-FOR...: nothing missing, nothing done, not even `apt-get update`.
install_missing() {
  local look
  MISSING_PACKAGES=()
  for look in "$@"; do "$look"; done
  ((${#MISSING_PACKAGES[@]} > 0)) || return 0
  have apt-get || die "these are missing: ${MISSING_PACKAGES[*]}" \
    "this machine has no apt-get; install them its own way (these are Debian's names) and run the command again"
  note "installing: ${MISSING_PACKAGES[*]}"
  if ((EUID != 0)); then
    have sudo || die "these are missing: ${MISSING_PACKAGES[*]}; installing needs root, and there is no sudo" \
      "run this as root once: apt-get install --no-install-recommends ${MISSING_PACKAGES[*]}"
    # Asks for the password here, where it can be answered, and not behind a log file.
    sudo true || die "sudo refused" "as root: apt-get install --no-install-recommends ${MISSING_PACKAGES[*]}"
  fi
  quietly "$STATE/log/apt.log" as_root env DEBIAN_FRONTEND=noninteractive apt-get update ||
    die "apt-get update failed" "check the network and /etc/apt/sources.list*, then run the command again"
  ! wants_package postgresql || check_postgresql_offer
  install_packages || die "apt-get could not install: ${MISSING_PACKAGES[*]}" "read the lines above; another apt may be at work"
  local installed=("${MISSING_PACKAGES[@]}")
  MISSING_PACKAGES=()
  for look in "$@"; do "$look"; done
  ((${#MISSING_PACKAGES[@]} == 0)) || die "still missing after installing ${installed[*]}: ${MISSING_PACKAGES[*]}" \
    "PostgreSQL must be $POSTGRES_MAJOR_MIN or newer and Java 11 or newer: see which ones this release of the system offers"
  hash -r
}

wants_package() { [[ " ${MISSING_PACKAGES[*]} " == *" $1 "* ]]; }

check_postgresql_offer() {
  local offered
  offered=$(apt-cache policy postgresql | sed -n 's/^ *Candidate: *\([0-9]*\).*/\1/p')
  ((${offered:-0} >= POSTGRES_MAJOR_MIN)) || die \
    "this system offers PostgreSQL ${offered:-none}; at least $POSTGRES_MAJOR_MIN is needed" \
    "use Debian 12, Ubuntu 24.04 or newer, or add PostgreSQL's own package source and run the command again"
}

# Debian starts every server that it installs, and makes a first PostgreSQL cluster. For the time of the
# installation we say no to both; what stood there before is put back after.
POLICY=/usr/sbin/policy-rc.d
NO_CLUSTER=/etc/postgresql-common/createcluster.d/commerce-dev.conf

# A subshell, so that whatever ends the installation, the policy ends with it.
install_packages() (
  trap stop_quiet_worker INT TERM
  trap release_system_servers EXIT
  keep_system_servers_down
  quietly "$STATE/log/apt.log" as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y \
    --no-install-recommends "${MISSING_PACKAGES[@]}"
)

keep_system_servers_down() {
  REDIS_WAS_MISSING=no
  ! wants_package redis-server || REDIS_WAS_MISSING=yes
  if [[ -e $POLICY && ! -e $POLICY.before-commerce-dev ]]; then as_root mv -- "$POLICY" "$POLICY.before-commerce-dev"; fi
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
  as_root chmod 755 "$POLICY"
  if wants_package postgresql; then
    as_root mkdir -p "$(dirname "$NO_CLUSTER")"
    echo 'create_main_cluster = false' | as_root tee "$NO_CLUSTER" >/dev/null
  fi
}

release_system_servers() {
  as_root rm -f -- "$POLICY" "$NO_CLUSTER"
  [[ ! -e $POLICY.before-commerce-dev ]] || as_root mv -- "$POLICY.before-commerce-dev" "$POLICY"
  # It would start at the next boot, and nobody asked for that. PostgreSQL's service has no cluster to start.
  if [[ ${REDIS_WAS_MISSING:-no} == yes ]]; then
    as_root update-rc.d redis-server disable >/dev/null 2>&1 || true
    ! have systemctl || as_root systemctl disable redis-server >/dev/null 2>&1 || true
  fi
}

require_cargo() {
  local wanted
  # rustup's folder is on the PATH only of shells opened after its installation.
  have cargo || PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
  wanted=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "$CHECKOUT/rust-toolchain.toml" 2>/dev/null || true)
  have cargo || die "Rust is missing (cargo is not on the PATH)" \
    "install it with rustup, as https://www.rust-lang.org/tools/install describes; this needs Rust ${wanted:-1.95} or newer" \
    "then open a new terminal, or run: . \"\$HOME/.cargo/env\""
}
