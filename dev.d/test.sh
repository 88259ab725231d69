# shellcheck shell=bash
# `./dev test`: everything that CI runs. Each check runs even if an earlier one failed; the last line
# counts them all.

PASSED=0
FAILED=0
FAILURES=()
TEST_SERVICES_ARE_OURS=no
TEST_SUMMARY_PENDING=no

passed() {
  PASSED=$((PASSED + 1))
}

failed() { # failed WHAT
  FAILED=$((FAILED + 1))
  FAILURES+=("$1")
}

# check NAME COMMAND...: one step that counts as one passed or one failed.
check() {
  local name=$1
  shift
  step "$name"
  if (cd "$CHECKOUT" && "$@"); then passed; else failed "$name"; fi
}

# At the end, however it comes: stop what we started, say what failed, and count in the very last line.
finish_tests() {
  local status=$?
  trap - EXIT
  [[ $TEST_SUMMARY_PENDING == yes ]] || exit "$status"
  if [[ $TEST_SERVICES_ARE_OURS == yes ]]; then
    stop_services test || failed "stopping the test servers"
  fi
  # An early end (a server that does not start, Ctrl-C) must not look like success.
  ((status == 0)) || failed "the run itself ended early"
  local failure
  for failure in "${FAILURES[@]}"; do printf '%sfailed:%s %s\n' "$RED" "$PLAIN" "$failure"; done
  printf 'took %s\n' "$(elapsed)"
  printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
  ((FAILED == 0)) || exit 1
  exit 0
}

start_test_services() {
  if any_service_runs test; then
    note "the test servers run already; they stay as they are"
  else
    # From empty data each time, so that no run leans on another's leftovers.
    wipe_set test
    TEST_SERVICES_ARE_OURS=yes
  fi
  start_services test
}

export_test_env() {
  # shellcheck source=/dev/null
  source <(services_env test)
  export E2E_PYTHON="$STATE/test/venv/bin/python"
  export COMMERCE_BIN="${CARGO_TARGET_DIR:-$CHECKOUT/target}/debug/commerce"
}

# The very targets that `cargo test` will run are built here, so that its time is the tests' time, and
# with them the program that the end-to-end tests start.
build_tests() { cargo build --workspace --lib --bins --tests --locked; }

# The failed tests by name, and the first lines of what each said: where only the end of a run is kept, a name
# alone tells too little.
failed_tests() { # failed_tests LOG
  sed -n 's/^test \(.*\) \.\.\. FAILED.*/  \1/p' "$1" | sort -u
  awk '/^---- .* stdout ----$/ {left = 13}
    /^failures:$/ {left = 0}
    left > 0 && NF > 0 {print "  | " substr($0, 1, 400)}
    {left -= 1}' "$1"
}

# cargo_tests NAME LOG ARGS…: sums cargo's own "test result" lines. A crate that does not build, or a test
# process that dies, writes none: then cargo's status is the failure.
cargo_tests() {
  local name=$1 log status=0 ok bad
  log=$(log_file test "$2")
  shift 2
  step "$name"
  (cd "$CHECKOUT" && cargo test --locked --no-fail-fast "$@") 2>&1 | tee "$log" || status=$?
  read -r ok bad < <(awk '/^test result: /{ok += $4; bad += $6} END {print ok + 0, bad + 0}' "$log")
  PASSED=$((PASSED + ok))
  FAILED=$((FAILED + bad))
  if ((bad > 0)); then
    FAILURES+=("$bad of the cargo tests; all of their output is in $log:")
    mapfile -t -O "${#FAILURES[@]}" FAILURES < <(failed_tests "$log")
  elif ((status == 0 && ok == 0)); then
    failed "$name: no test ran"
  elif ((status != 0)); then
    failed "cargo test (status $status without a failed test: it did not build, or a test process died; see $log)"
  fi
}

# Tests that take a whole server away from everybody, or fill it, so nothing runs beside them. By their
# modules, so that no other ignored test slips in. The ignored ones that are left (gap_safety's writers, the
# killed mock) are processes of the tests beside them, which start them by name.
tests_that_run_alone() {
  cargo_tests "tests that run alone: lists on a million rows" cargo-test-plans \
    -p read-api --lib -- --ignored --test-threads 1 plans::
  cargo_tests "tests that run alone: servers that go away" cargo-test-outages \
    -p projections --test it -- --ignored --test-threads 1 outages::
  cargo_tests "tests that run alone: a million legacy payments, there and back" cargo-test-legacy \
    -p e2e --test it -- --ignored --test-threads 1 legacy::rehearsal::
  # Last, since a failure may leave the server waiting for its standby.
  cargo_tests "tests that run alone: a standby that is not there" cargo-test-standbys \
    -p event-store --test it -- --ignored --test-threads 1 standbys::
}

# As many as 10 000 seeds, each with its hundred faults: minutes in a release build.
simulate_seeds() {
  cargo build --release --locked -p simulation &&
    "${CARGO_TARGET_DIR:-$CHECKOUT/target}/release/simulation" --seeds 10000
}

exporter_rules() { (cd "$ROOM" && PYTHONDONTWRITEBYTECODE=1 python3 -m unittest -q test_export_baskets); }

compose_is_valid() {
  if docker-compose version >/dev/null 2>&1; then
    docker-compose -f compose.yaml config -q
  else
    docker compose -f compose.yaml config -q
  fi
}

shell_scripts_are_clean() { shellcheck -x dev .ci/run dev.d/*.sh dev.d/control/*; }

optional_check() { # optional_check PROGRAM NAME COMMAND...: skipped, and said so, where PROGRAM is not installed
  local program=$1
  shift
  if have "$program"; then check "$@"; else step "$1: skipped, $program is not installed"; fi
}

test_verb() {
  begin_steps 19
  TEST_SUMMARY_PENDING=yes
  trap finish_tests EXIT
  step "installing what is missing"
  require_cargo
  install_missing look_for_servers look_for_mariadb look_for_compilers look_for_python look_for_compose look_for_shellcheck
  step "starting PostgreSQL, Redis, Kafka and MariaDB (test set)"
  start_test_services
  step "a Python environment with a stock client of the stream"
  make_venv "$STATE/test/venv" "$STREAM_CLIENT"
  export_test_env
  check "formatting (cargo fmt --check)" cargo fmt --all --check
  check "lints (cargo clippy, warnings denied)" cargo clippy --workspace --all-targets --locked -- -D warnings
  check "building the program and the tests" build_tests
  cargo_tests "cargo test: unit, integration and end-to-end" cargo-test --workspace
  tests_that_run_alone
  check "the bench still works (no figure of it means anything)" bench_smoke
  check "the simulation: 10 000 seeds" simulate_seeds
  check "the rules of the basket exporter" exporter_rules
  check "compose.yaml is valid" compose_is_valid
  check "shell scripts (shellcheck)" shell_scripts_are_clean
  check "two minutes of chaos" ./dev chaos
  optional_check cargo-deny "dependencies (cargo deny)" cargo deny check
  step "stopping what was started"
}
