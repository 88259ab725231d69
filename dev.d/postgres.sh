# shellcheck shell=bash
# A private PostgreSQL: its own data, its own port, TCP on loopback only (no socket folder, so nothing to
# collide with), full durability, because a benchmark or a kill -9 against anything less proves nothing.

POSTGRES_SETTINGS="
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
shared_buffers = 256MB
fsync = on
full_page_writes = on
synchronous_commit = on
max_wal_size = 4GB
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d '
log_min_duration_statement = 1000
log_lock_waits = on
"

postgres_programs() { # the folder of the newest installed server that is new enough, if any
  local folder newest='' major
  for folder in /usr/lib/postgresql/*/bin; do
    [[ -x $folder/postgres ]] || continue
    major=$(basename -- "$(dirname -- "$folder")")
    ((${major%%.*} >= POSTGRES_MAJOR_MIN)) || continue
    if [[ -z $newest ]] || ((${major%%.*} > ${newest%%.*})); then newest=$major; fi
  done
  [[ -n $newest ]] || return 1
  printf '/usr/lib/postgresql/%s/bin' "$newest"
}

# PostgreSQL refuses to run as root; then the account that the Debian package made runs it. From `/`,
# since that account may not be able to enter our working directory.
as_postgres() (
  cd /
  if ((EUID == 0)); then exec runuser -u postgres -- "$@" 9>&-; else exec "$@" 9>&-; fi
)

# The home of a set's PostgreSQL. A checkout below a closed folder (/root is 700) is out of reach for the
# account postgres: then the data lives in /var/tmp under a name made from the checkout's path, and
# `.dev/SET/postgres` is a link to it.
postgres_home() {
  local home
  home="$(set_dir "$1")/postgres"
  if [[ ! -e $home ]]; then
    rm -f -- "$home" # a link whose target somebody cleared away
    if as_postgres test -x "$(set_dir "$1")"; then
      mkdir -p -- "$home"
    else
      ln -s -- "$(home_in_var_tmp "$1")" "$home"
    fi
    ((EUID != 0)) || chown postgres: "$home/"
    chmod 700 "$home/"
  fi
  readlink -f -- "$home"
}

home_in_var_tmp() {
  local ours home
  ours="/var/tmp/commerce-$(printf '%s' "$STATE" | sha256sum | cut -c 1-12)"
  home="$ours/$1/postgres"
  mkdir -p -- "$ours"
  # /var/tmp is everybody's: a folder that somebody else put there first is not ours to use.
  [[ -O $ours ]] || die "$ours belongs to somebody else" "move it away, or set DEV_STATE to a folder that user postgres can enter"
  [[ ! -e $home/data/postmaster.pid ]] || die "PostgreSQL still runs on $home/data, left by a deleted $STATE" \
    "stop it: runuser -u postgres -- $(postgres_programs)/pg_ctl stop -D $home/data"
  rm -rf -- "$home"
  mkdir -p -- "$home"
  note "the account postgres cannot enter $(set_dir "$1"), so its data goes to $home" >&2
  printf '%s' "$home"
}

postgres_pid() { # postgres_pid SET: the postmaster of exactly this data folder
  local data pid
  data="$(readlink -f -- "$(set_dir "$1")/postgres")/data" 2>/dev/null || return 1
  pid=$(head -n 1 "$data/postmaster.pid" 2>/dev/null) || return 1
  [[ -n $pid && $(readlink "/proc/$pid/cwd" 2>/dev/null) == "$data" ]] || return 1
  printf '%s' "$pid"
}

# A killed postmaster may stay in the process table as an unreaped remain (a container whose first process
# does not reap), and PostgreSQL takes that for a running server. Its children end by themselves.
clear_dead_postmaster() { # clear_dead_postmaster DATA
  local pid
  pid=$(head -n 1 "$1/postmaster.pid" 2>/dev/null) || return 0
  [[ -d /proc/$pid && -z $(process_start_time "$pid") ]] || return 0
  local deadline=$((SECONDS + 10))
  while somebody_works_in "$1"; do
    ((SECONDS < deadline)) || die "a killed PostgreSQL's processes still use $1" "end them: ps -u postgres"
    sleep 0.1
  done
  rm -f -- "$1/postmaster.pid"
}

somebody_works_in() { # any process whose working directory this is
  local process
  for process in /proc/[0-9]*; do
    if [[ $(readlink "$process/cwd" 2>/dev/null) == "$1" ]]; then return 0; fi
  done
  return 1
}

# On the `up` set every role has a password, as in a real installation, so `commerce migrate` must really
# set them. On the `test` set loopback is trusted: tests make roles and databases by the dozen.
create_cluster() {
  local home=$1 set=$2 bin
  bin=$(postgres_programs)
  local auth=trust options=()
  if [[ $set == up ]]; then
    auth=scram-sha-256
    secret_of up postgres | as_postgres tee "$home/password" >/dev/null
    options=(--pwfile="$home/password")
  fi
  rm -rf -- "$home/data.new"
  quietly "$(log_file "$set" initdb)" as_postgres "$bin/initdb" -D "$home/data.new" -U postgres --encoding=UTF8 \
    --locale=C.UTF-8 --data-checksums --auth="$auth" "${options[@]}" ||
    die "PostgreSQL could not create its data folder $home/data" "read the lines above; is the disk full?"
  rm -f -- "$home/password"
  # The rename makes creation all or nothing: a half-made folder is never taken for a finished one.
  mv -- "$home/data.new" "$home/data"
}

start_postgres() { # start_postgres SET
  local set=$1 home port bin log
  make_state_folders "$set"
  home=$(postgres_home "$set")
  port=$(port_of "$set" postgres)
  if postgres_pid "$set" >/dev/null; then
    [[ $(recorded_port "$set" postgres) != "$port" ]] || return 0
    stop_postgres "$set"
  fi
  require_free_port "$set" postgres
  [[ -d $home/data ]] || create_cluster "$home" "$set"
  clear_dead_postmaster "$home/data"
  bin=$(postgres_programs)
  log="$home/postgres.log"
  ln -sfn -- "$log" "$(log_file "$set" postgres)"
  printf '%s\nport = %s\n' "$POSTGRES_SETTINGS" "$port" | as_postgres tee "$home/data/commerce.conf" >/dev/null
  as_postgres grep -qs commerce.conf "$home/data/postgresql.conf" ||
    echo "include 'commerce.conf'" | as_postgres tee -a "$home/data/postgresql.conf" >/dev/null
  as_postgres "$bin/pg_ctl" start -s -w -t "$POSTGRES_READY_SECONDS" -D "$home/data" -l "$log" </dev/null >/dev/null 2>&1 || {
    last_lines "$log"
    die "PostgreSQL did not come up on port $port" "read the lines above, then run the command again"
  }
  record_port "$set" postgres "$port"
}

# stop_postgres SET [fast|immediate]: `immediate` is the crash that tests ask for.
stop_postgres() {
  local set=$1 mode=${2:-fast} data pid waited=0
  pid=$(postgres_pid "$set") || return 0
  data=$(readlink "/proc/$pid/cwd")
  as_postgres "$(postgres_programs)/pg_ctl" stop -s -w -t "$SERVER_STOP_SECONDS" -m "$mode" -D "$data" >/dev/null 2>&1 ||
    die "PostgreSQL (pid $pid) did not stop within $SERVER_STOP_SECONDS s" "look at $(log_file "$set" postgres)"
  # pg_ctl is satisfied when the pid file is gone; the port is free a moment later.
  while [[ -n $(process_start_time "$pid") ]] && ((waited < 100)); do
    sleep 0.1
    waited=$((waited + 1))
  done
}

postgres_url() { # postgres_url SET [DATABASE]: as its superuser
  local user=postgres
  [[ $1 != up ]] || user="postgres:$(secret_of up postgres)"
  printf 'postgres://%s@127.0.0.1:%s/%s' "$user" "$(port_of "$1" postgres)" "${2:-postgres}"
}

run_sql() { # run_sql SET DATABASE SQL
  "$(postgres_programs)/psql" -X -q -A -t -v ON_ERROR_STOP=1 -c "$3" "$(postgres_url "$1" "$2")"
}
