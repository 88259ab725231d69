# shellcheck shell=bash
# Where things are kept and on which ports they listen. Three sets of servers exist, `up`, `test`
# and `chaos`, which share nothing but Kafka's jars, so that tests never meet the data of a running `./dev up`.

CHECKOUT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
ROOM="$CHECKOUT/dev.d"
STATE=${DEV_STATE:-$CHECKOUT/.dev}
# An absolute path, since the servers are started from another working directory.
[[ $STATE == /* ]] || STATE="$PWD/$STATE"

POSTGRES_MAJOR_MIN=15
KAFKA_VERSION=3.9.1
KAFKA_HEAP_MB=512

# The bounds of every wait below, so that nothing hangs in silence.
POSTGRES_READY_SECONDS=60
REDIS_READY_SECONDS=30
KAFKA_READY_SECONDS=90
MARIADB_READY_SECONDS=60
PROGRAM_READY_SECONDS=60
# `commerce` promises to finish what it took within 10 s of a SIGTERM.
PROGRAM_STOP_SECONDS=15
SERVER_STOP_SECONDS=40

declare -A DEFAULT_PORT=(
  [up.postgres]=15432 [up.redis]=16379 [up.kafka]=19092 [up.kafka_controller]=19093
  [up.command_api]=8080 [up.read_api]=8081 [up.mock_gateway]=8090
  [test.postgres]=25432 [test.redis]=26379 [test.kafka]=29092 [test.kafka_controller]=29093
  [test.mariadb]=25306
  [chaos.postgres]=24432 [chaos.redis]=24379 [chaos.kafka]=24092 [chaos.kafka_controller]=24093
)

set_dir() { printf '%s/%s' "$STATE" "$1"; }
gateway_ledger() { printf '%s/%s/gateway-ledger.jsonl' "$STATE" "$1"; } # what the mock gateway did
run_dir() { printf '%s/%s/run' "$STATE" "$1"; }
log_file() { printf '%s/%s/log/%s.log' "$STATE" "$1" "$2"; } # log_file SET PART

# The environment variable that moves a part to another port: DEV_REDIS_PORT, TEST_REDIS_PORT, ….
port_variable() {
  local prefix=${1^^}
  [[ $1 != up ]] || prefix=DEV
  printf '%s_%s_PORT' "$prefix" "${2^^}"
}

# The port of a part: what the environment says, else where it was last started (a second terminal
# need not repeat the variable), else the default.
port_of() {
  local variable recorded
  variable=$(port_variable "$1" "$2")
  recorded="$(run_dir "$1")/$2.port"
  if [[ -n ${!variable:-} ]]; then
    printf '%s' "${!variable}"
  elif [[ -s $recorded ]]; then
    cat -- "$recorded"
  else
    printf '%s' "${DEFAULT_PORT[$1.$2]}"
  fi
}

recorded_port() { cat -- "$(run_dir "$1")/$2.port" 2>/dev/null || true; }
record_port() { printf '%s\n' "$3" >"$(run_dir "$1")/$2.port"; }
forget_port() { rm -f -- "$(run_dir "$1")/$2.port"; }

make_state_folders() {
  mkdir -p -- "$(run_dir "$1")" "$STATE/$1/log"
}
