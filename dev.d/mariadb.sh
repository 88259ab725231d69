# shellcheck shell=bash
# A private MariaDB, which speaks for the legacy shop's MySQL 8 in the tests of `commerce migrate-legacy`:
# its own data, its own port on loopback, a socket in its own data folder. Only the packages without a service
# are installed, and the machine's configuration files are not read, so that no other server is ever touched.

look_for_mariadb() {
  need mariadb-server-core have mariadbd
  need mariadb-client-core have my_print_defaults
}

mariadb_pid() { running_pid "$(run_dir "$1")/mariadb.pid"; }

# Beside PostgreSQL's home, which is where the account postgres can go. That account runs this one too when
# we are root: neither server should be root's.
mariadb_home() {
  local home
  home="$(dirname -- "$(postgres_home "$1")")/mariadb"
  if [[ ! -d $home ]]; then
    mkdir -p -- "$home"
    ((EUID != 0)) || chown postgres: "$home"
    chmod 700 "$home"
  fi
  printf '%s' "$home"
}

create_mariadb_data() { # create_mariadb_data SET HOME
  rm -rf -- "$2/data.new"
  # Loopback and a root without a password, as the test set's PostgreSQL trusts loopback.
  quietly "$(log_file "$1" mariadb-install)" as_postgres mariadb-install-db --no-defaults --datadir="$2/data.new" \
    --auth-root-authentication-method=normal --skip-test-db ||
    die "MariaDB could not create its data folder $2/data" "read the lines above; is the disk full?"
  mv -- "$2/data.new" "$2/data"
}

mariadb_answers() {
  mariadb --no-defaults --protocol=tcp -h 127.0.0.1 -P "$1" -u root -e 'SELECT 1' >/dev/null 2>&1
}

start_mariadb() { # start_mariadb SET
  local set=$1 port home pid_file log account=()
  make_state_folders "$set"
  port=$(port_of "$set" mariadb)
  pid_file="$(run_dir "$set")/mariadb.pid"
  log=$(log_file "$set" mariadb)
  if mariadb_pid "$set" >/dev/null; then
    [[ $(recorded_port "$set" mariadb) != "$port" ]] || return 0
    stop_mariadb "$set"
  fi
  require_free_port "$set" mariadb
  home=$(mariadb_home "$set")
  [[ -d $home/data ]] || create_mariadb_data "$set" "$home"
  ((EUID != 0)) || account=(--user=postgres)
  # The socket's path is relative to the data folder: a long checkout's path would not fit into one.
  start_detached "$pid_file" "$log" mariadbd --no-defaults "${account[@]}" --datadir="$home/data" \
    --socket=mariadb.sock --pid-file="$home/data/mariadb.pid" --bind-address=127.0.0.1 --port="$port" \
    --character-set-server=utf8mb4 --innodb-buffer-pool-size=256M --innodb-log-file-size=256M --skip-log-bin
  wait_until "$MARIADB_READY_SECONDS" "$pid_file" mariadb_answers "$port" || {
    last_lines "$log"
    die "MariaDB did not answer on port $port within $MARIADB_READY_SECONDS s" "read the lines above, then run the command again"
  }
  record_port "$set" mariadb "$port"
}

stop_mariadb() { stop_detached "$(run_dir "$1")/mariadb.pid" "$SERVER_STOP_SECONDS"; }

mariadb_url() { printf 'mysql://root@127.0.0.1:%s' "$(port_of "$1" mariadb)"; }
