# shellcheck shell=bash
# Processes that outlive the command that started them: start, recognise, wait for, stop. A process is
# known by its pid and its start time together, so a pid that the system gave to somebody else since is
# never mistaken for ours, and never signalled.

process_start_time() { # empty when there is no such process, or only its unreaped remains
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  # The command name may hold spaces and brackets; the fields after its last bracket may not.
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  [[ ${1:-Z} == Z ]] || printf '%s' "${20}"
}

running_pid() { # running_pid PIDFILE: prints the pid while that very process lives
  local pid started
  read -r pid started 2>/dev/null <"$1" || return 1
  [[ -n $started && $(process_start_time "$pid") == "$started" ]] || return 1
  printf '%s' "$pid"
}

# start_detached PIDFILE LOG COMMAND...: in a session of its own, with no tie to this terminal or to
# our lock, so that `./dev` may return and a Ctrl-C in it hits only what it should.
start_detached() {
  local pid_file=$1 log=$2 pid
  shift 2
  setsid nohup "$@" </dev/null >>"$log" 2>&1 9>&- &
  pid=$!
  disown "$pid"
  printf '%s %s\n' "$pid" "$(process_start_time "$pid")" >"$pid_file"
}

# stop_detached PIDFILE SECONDS [SIGNAL]: asks, waits, and only then insists.
stop_detached() {
  local pid_file=$1 limit=$2 signal=${3:-TERM} pid waited=0
  if pid=$(running_pid "$pid_file"); then
    kill -s "$signal" "$pid" 2>/dev/null || true
    while running_pid "$pid_file" >/dev/null; do
      if ((waited >= limit * 10)); then
        note "process $pid did not end within $limit s of SIG$signal; sending SIGKILL"
        kill -s KILL "$pid" 2>/dev/null || true
        limit=$((limit + 5))
      fi
      sleep 0.1
      waited=$((waited + 1))
    done
  fi
  rm -f -- "$pid_file"
}

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# http_ready PORT: whether /health/ready says 200 (degraded is still 200: the service goes on).
http_ready() {
  [[ $(curl -s -o /dev/null -m 3 -w '%{http_code}' "http://127.0.0.1:$1/health/ready" || true) == 200 ]]
}

# wait_until SECONDS PIDFILE CHECK...: polls CHECK; gives up early when the process itself has died.
wait_until() {
  local limit=$1 pid_file=$2 deadline
  shift 2
  deadline=$((SECONDS + limit))
  until "$@"; do
    running_pid "$pid_file" >/dev/null || return 1
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

who_listens_on() { # "pid 812 (redis-server *:6379)", or as much of it as this user may see
  local pid command
  pid=$(ss -Hltnp "sport = :$1" 2>/dev/null | grep -o 'pid=[0-9]*' | head -n 1 | cut -d = -f 2 || true)
  if [[ -n $pid ]]; then
    command=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | cut -c 1-80 || true)
    printf 'pid %s (%s)' "$pid" "${command% }"
  else
    printf 'a process of another user'
  fi
}

# require_free_port SET PART: before we start something, nobody else may be listening there.
require_free_port() {
  local port
  port=$(port_of "$1" "$2")
  ! port_answers "$port" || die "port $port, wanted for ${2//_/ }, is taken by $(who_listens_on "$port")" \
    "end that process, or choose another port: $(port_variable "$1" "$2")=$((port + 1000)) ./dev …"
}
