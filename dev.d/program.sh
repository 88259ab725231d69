# shellcheck shell=bash
# `commerce` itself on the `up` set: its secrets, its environment, its two processes.

PROGRAM="${CARGO_TARGET_DIR:-$CHECKOUT/target}/release/commerce"
JWT_ISSUER=commerce-dev
JWT_AUDIENCE=commerce

# secret_of SET NAME: a password made once and kept, readable by its owner alone.
secret_of() {
  local file
  file="$(set_dir "$1")/secrets/$2"
  if [[ ! -s $file ]]; then
    mkdir -p -- "$(dirname -- "$file")"
    chmod 700 "$(dirname -- "$file")"
    (umask 077 && openssl rand -hex 16 >"$file")
  fi
  cat -- "$file"
}

make_jwt_keys() {
  local keys
  keys="$(set_dir up)/keys"
  [[ ! -s $keys/public.pem ]] || return 0
  mkdir -p -- "$keys"
  chmod 700 "$keys"
  (umask 077 && openssl genpkey -algorithm ed25519 -out "$keys/private.pem")
  # Written last and by rename: when it is there, the pair is whole.
  openssl pkey -in "$keys/private.pem" -pubout -out "$keys/public.pem.new"
  mv -- "$keys/public.pem.new" "$keys/public.pem"
}

# program_env: everything that `commerce` reads, as NAME='value' lines.
program_env() {
  local host database
  host=127.0.0.1
  database="$host:$(port_of up postgres)/commerce"
  printf "%s='%s'\n" \
    OWNER_DATABASE_URL "$(postgres_url up commerce)" \
    DATABASE_URL "postgres://commerce_app:$(secret_of up commerce_app)@$database" \
    READ_DATABASE_URL "postgres://commerce_read:$(secret_of up commerce_read)@$database" \
    PAYMENT_DATABASE_URL "postgres://payment_service:$(secret_of up payment_service)@$database" \
    PAYMENT_METHOD_KEYS "dev:$(secret_of up payment_method_key | tr -d '\n' | base64)" \
    MAIN_SERVICE_DATABASE_URL "postgres://main_service:$(secret_of up main_service)@$database" \
    REDIS_URL "$(redis_url up)" \
    KAFKA_BROKERS "$(kafka_brokers up)" \
    COMMAND_API_ADDR "$host:$(port_of up command_api)" \
    READ_API_ADDR "$host:$(port_of up read_api)" \
    COMMAND_API_URL "http://$host:$(port_of up command_api)" \
    READ_API_URL "http://$host:$(port_of up read_api)" \
    MOCK_GATEWAY_ADDR "$host:$(port_of up mock_gateway)" \
    MOCK_GATEWAY_URL "http://$host:$(port_of up mock_gateway)" \
    MOCK_GATEWAY_LEDGER_FILE "$(gateway_ledger up)" \
    TOSS_URL "http://$host:$(port_of up mock_gateway)/toss" \
    TOSS_SECRET_KEY test_sk_mock \
    NICE_URL "http://$host:$(port_of up mock_gateway)/nice" \
    NICE_CLIENT_ID mock \
    NICE_SECRET_KEY test_nice_secret_key \
    JWT_PUBLIC_KEY_FILE "$(set_dir up)/keys/public.pem" \
    JWT_PRIVATE_KEY_FILE "$(set_dir up)/keys/private.pem" \
    JWT_ALGORITHM EdDSA \
    JWT_ISSUER "$JWT_ISSUER" \
    JWT_AUDIENCE "$JWT_AUDIENCE"
}

program_env_file() { printf '%s/env' "$(set_dir up)"; }

write_program_env() {
  local file
  file=$(program_env_file)
  (umask 077 && program_env >"$file.new")
  mv -- "$file.new" "$file"
}

# commerce ARGUMENTS...: the program, by hand, as an operator of this installation.
commerce() (
  set -a
  # shellcheck source=/dev/null
  source "$(program_env_file)"
  set +a
  exec "$PROGRAM" "$@"
)

build_program() {
  (cd "$CHECKOUT" && cargo build --release --locked -p commerce) ||
    die "the build failed" "read cargo's lines above; after a change of Cargo.toml run cargo build once without --locked"
}

make_database() {
  local exists
  exists=$(run_sql up postgres "SELECT 1 FROM pg_database WHERE datname = 'commerce'")
  [[ $exists == 1 ]] || run_sql up postgres "CREATE DATABASE commerce"
}

migrate() {
  make_database
  quietly "$(log_file up migrate)" commerce migrate ||
    die "commerce migrate failed" "read the lines above (all of them are in $(log_file up migrate))" \
      "if an unreleased migration was edited since this database was made: './dev down --wipe', './dev up'"
}

program_pid() { running_pid "$(run_dir up)/$1.pid"; } # program_pid serve|mock-gateway

# What a running process was started from: the binary and its environment.
program_identity() { sha256sum "$PROGRAM" "$(program_env_file)" 2>/dev/null | cut -c 1-64 | tr -d '\n'; }

program_is_current() {
  program_pid serve >/dev/null && program_pid mock-gateway >/dev/null &&
    [[ $(cat "$(run_dir up)/program.identity" 2>/dev/null) == "$(program_identity)" ]]
}

stop_program() {
  stop_detached "$(run_dir up)/serve.pid" "$PROGRAM_STOP_SECONDS"
  stop_detached "$(run_dir up)/mock-gateway.pid" "$PROGRAM_STOP_SECONDS"
}

# start_role NAME COMMAND...: without the owner's database and without the key that signs tokens, since
# neither process needs them.
start_role() {
  local name=$1
  shift
  (
    set -a
    # shellcheck source=/dev/null
    source "$(program_env_file)"
    set +a
    unset OWNER_DATABASE_URL JWT_PRIVATE_KEY_FILE
    start_detached "$(run_dir up)/$name.pid" "$(log_file up "$name")" "$PROGRAM" "$@"
  )
}

both_apis_ready() { http_ready "$(port_of up command_api)" && http_ready "$(port_of up read_api)"; }

await_role() { # await_role NAME CHECK...
  local name=$1
  shift
  wait_until "$PROGRAM_READY_SECONDS" "$(run_dir up)/$name.pid" "$@" || {
    last_lines "$(log_file up "$name")"
    if program_pid "$name" >/dev/null; then
      die "commerce $name runs but was not ready within $PROGRAM_READY_SECONDS s" "./dev status shows what is missing, ./dev logs $name says why"
    fi
    die "commerce $name ended at once" "read the lines above (all of them are in $(log_file up "$name"))"
  }
}

start_program() {
  local part
  for part in command_api read_api mock_gateway; do require_free_port up "$part"; done
  start_role mock-gateway mock-gateway
  await_role mock-gateway port_answers "$(port_of up mock_gateway)"
  start_role serve serve
  await_role serve both_apis_ready
  program_identity >"$(run_dir up)/program.identity"
  for part in command_api read_api mock_gateway; do record_port up "$part" "$(port_of up "$part")"; done
}

forget_program_ports() {
  local part
  for part in command_api read_api mock_gateway; do forget_port up "$part"; done
}
