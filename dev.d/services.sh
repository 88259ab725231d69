# shellcheck shell=bash
# The servers of a set, together: three, and on the test set the one that speaks for a legacy database.

PARTS=(postgres redis kafka)
parts_of() { # parts_of SET
  printf '%s\n' "${PARTS[@]}"
  [[ $1 != test ]] || echo mariadb
}

# Two `./dev` at once must not both start a server. The lock is file descriptor 9, which every process
# that we leave behind closes, or it would hold the lock for as long as it lives.
with_set_locked() { # with_set_locked SET COMMAND...
  with_locked "$1" lock "${@:2}"
}

with_locked() { # with_locked SET LOCK COMMAND...
  local set=$1 lock=$2
  shift 2
  make_state_folders "$set"
  exec 9>"$(run_dir "$set")/$lock"
  flock -w 300 9 || die "another ./dev has been busy with the $set servers for five minutes" "wait for it, or end it"
  "$@"
  exec 9>&-
}

start_part() { # start_part SET PART
  local started=$SECONDS
  "start_$2" "$1"
  note "$2: port $(port_of "$1" "$2"), $((SECONDS - started)) s"
}

start_all_parts() {
  local part
  for part in $(parts_of "$1"); do start_part "$1" "$part"; done
}

stop_all_parts() {
  local part
  # Kafka first: it takes longest to finish, and nothing depends on it.
  for part in kafka $(parts_of "$1" | grep -v kafka); do
    "stop_$part" "$1"
    forget_port "$1" "$part"
  done
  forget_port "$1" kafka_controller
}

start_services() { with_set_locked "$1" start_all_parts "$1"; }
stop_services() { with_set_locked "$1" stop_all_parts "$1"; }

any_service_runs() {
  local part
  for part in $(parts_of "$1"); do
    if "${part}_pid" "$1" >/dev/null; then return 0; fi
  done
  return 1
}

wipe_set() { # the data of a stopped set
  local set=$1 home
  ! any_service_runs "$set" || die "the $set servers are running; their data stays" "stop them first"
  home="$(set_dir "$set")/postgres"
  home=$(readlink -f -- "$home" 2>/dev/null || printf '%s' "$home")
  rm -rf -- "$(gateway_ledger "$set")" "$(dirname -- "$home")/mariadb" "$home" "$(set_dir "$set")/postgres" "$(set_dir "$set")/redis" "$(set_dir "$set")/kafka"
}

services_env() { # services_env SET: as `export` lines
  local set=$1
  if [[ $set == test ]]; then
    printf 'export TEST_POSTGRES_URL=%q\n' "$(postgres_url test)"
    printf 'export TEST_REDIS_URL=%q\n' "$(redis_url test)"
    printf 'export TEST_KAFKA_BROKERS=%q\n' "$(kafka_brokers test)"
    printf 'export TEST_MARIADB_URL=%q\n' "$(mariadb_url test)"
    printf 'export TEST_POSTGRES_CONTROL=%q\n' "$ROOM/control/postgres"
    printf 'export TEST_REDIS_CONTROL=%q\n' "$ROOM/control/redis"
    printf 'export TEST_KAFKA_CONTROL=%q\n' "$ROOM/control/kafka"
    if [[ -n ${DEV_STATE:-} ]]; then printf 'export DEV_STATE=%q\n' "$STATE"; fi
  else
    program_env | sed 's/^/export /'
  fi
}

# What a test calls through TEST_KAFKA_CONTROL and its sisters, and the chaos run for its own set.
control_part() { # control_part PART start|stop|stop-immediate|pid [SET]; control_part disk fill|free SET
  local part=$1 verb=${2:-} set=${3:-test}
  if [[ $part == disk ]]; then
    control_disk "$verb" "$set"
    return
  fi
  case "$verb" in
    # A lock a part: a broker that takes long to start must not keep the database away.
    start) with_locked "$set" "$part.lock" "start_$part" "$set" ;;
    stop) with_locked "$set" "$part.lock" "stop_$part" "$set" ;;
    stop-immediate) with_locked "$set" "$part.lock" crash_part "$set" "$part" ;;
    pid) "${part}_pid" "$set" ;;
    *) die "unknown verb '$verb' for $part" "one of: start, stop, stop-immediate, pid" ;;
  esac
}

crash_part() { # crash_part SET PART
  case "$2" in
    postgres) stop_postgres "$1" immediate ;;
    *) stop_detached "$(run_dir "$1")/$2.pid" "$SERVER_STOP_SECONDS" KILL ;;
  esac
}

services_verb() {
  local verb=${1:-} set=${2:-up}
  [[ $set == up || $set == test || ($set == chaos && $verb != env) ]] ||
    die "there is no set of servers called '$set'" "one of: up, test, chaos"
  case "$verb" in
    up)
      begin_steps 2
      step "installing what is missing"
      local looks=(look_for_servers)
      [[ $set != test ]] || looks+=(look_for_mariadb)
      install_missing "${looks[@]}"
      step "starting the servers of the $set set"
      start_services "$set"
      ;;
    down) stop_services "$set" ;;
    wipe) if [[ $set == chaos ]]; then wipe_chaos_servers; else wipe_set "$set"; fi ;;
    env) services_env "$set" ;;
    *) die "services: unknown verb '$verb'" "./dev services up|down|env|wipe [up|test]" ;;
  esac
}
