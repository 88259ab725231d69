# shellcheck shell=bash
# `./dev bench`: figures beside the peers, and the peers themselves. They are installed into .dev/bench from
# the lock files of bench/peers; one that cannot be had is reported as missing, with the reason.

bench_dir() { printf '%s/bench' "$STATE"; }

# The benchmarks have databases of their own on the test set, so their numbers never land in the data of
# `./dev up`.
bench_verb() {
  local ours=no status=0
  begin_steps 5
  step "installing what is missing"
  require_cargo
  install_missing look_for_servers look_for_mariadb look_for_compilers
  step "installing the peers"
  install_peers
  step "cargo build --release"
  (cd "$CHECKOUT" && cargo build --release --locked -p bench -p commerce) ||
    die "the build failed" "read cargo's lines above"
  step "starting the servers of the test set"
  any_service_runs test || ours=yes
  [[ $ours == no ]] || trap 'stop_services test' EXIT
  start_services test
  export_test_env
  export_bench_env release
  step "bench $*"
  (cd "$CHECKOUT" && "${CARGO_TARGET_DIR:-$CHECKOUT/target}/release/bench" "$@") || status=$?
  return "$status"
}

export_bench_env() { # export_bench_env debug|release
  BENCH_PEERS="$(bench_dir)"
  COMMERCE_BIN="${CARGO_TARGET_DIR:-$CHECKOUT/target}/$1/commerce"
  export BENCH_PEERS COMMERCE_BIN
}

# For `./dev test`: every scenario that needs no peer, at a tiny size. It fails when a row is lost or
# doubled, never because of a figure.
bench_smoke() (
  export_bench_env debug
  unset BENCH_PEERS
  exec "${CARGO_TARGET_DIR:-$CHECKOUT/target}/debug/bench" --smoke
)

install_peers() {
  mkdir -p -- "$(bench_dir)"
  install_peer node install_node_peers
  install_peer disintegrate install_disintegrate
}

install_peer() { # install_peer NAME INSTALLER: what it wrote is kept as the reason when it failed
  local name=$1 reason log
  reason="$(bench_dir)/$name.missing"
  log="$(bench_dir)/$name.log"
  rm -f -- "$reason"
  if quietly "$log" "$2"; then return 0; fi
  tail -n 1 -- "$log" | cut -c 1-200 >"$reason"
  [[ -s $reason ]] || echo "its installation failed" >"$reason"
  note "missing: $name: $(cat "$reason")"
}

install_node_peers() {
  local from="$CHECKOUT/bench/peers/node" to
  to="$(bench_dir)/node"
  mkdir -p -- "$to"
  if cmp -s "$from/package-lock.json" "$to/installed.json"; then
    cp -- "$from/emmett.js" "$to/"
    return 0
  fi
  have npm || { echo "npm is not installed" && return 1; }
  cp -- "$from"/package.json "$from"/package-lock.json "$from"/emmett.js "$to/"
  (cd "$to" && npm ci --no-audit --no-fund) || return 1
  # Written last: when it is there, all of it is.
  cp -- "$from/package-lock.json" "$to/installed.json"
}

install_disintegrate() {
  local to target
  to="$(bench_dir)/disintegrate"
  target="$(bench_dir)/target"
  mkdir -p -- "$to"
  (cd "$CHECKOUT/bench/peers/disintegrate" && CARGO_TARGET_DIR="$target" cargo build --release --locked) || return 1
  cp -- "$target/release/disintegrate-peer" "$to/peer"
}
