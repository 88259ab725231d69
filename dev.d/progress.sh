# shellcheck shell=bash
# What the person at the terminal sees: numbered steps with the time so far, notes, and failures that
# say what to do next.

STEP_NUMBER=0
STEP_TOTAL=0
STARTED_AT_SECONDS=$SECONDS
# How often a long, silent step shows that it is still alive.
STILL_WORKING_EVERY_SECONDS=10

if [[ -t 1 ]]; then
  BOLD=$'\e[1m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
  BOLD='' RED='' PLAIN=''
fi

minutes_and_seconds() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

elapsed() { minutes_and_seconds $((SECONDS - STARTED_AT_SECONDS)); }

begin_steps() {
  STEP_NUMBER=0
  STEP_TOTAL=$1
  STARTED_AT_SECONDS=$SECONDS
}

step() {
  STEP_NUMBER=$((STEP_NUMBER + 1))
  printf '%s[%d of %d, %s]%s %s\n' "$BOLD" "$STEP_NUMBER" "$STEP_TOTAL" "$(elapsed)" "$PLAIN" "$*"
}

note() { printf '    %s\n' "$*"; }

# die WHAT-FAILED [WHAT-TO-DO...]: one line for the failure, one for each remedy.
die() {
  printf '%sfailed:%s %s\n' "$RED" "$PLAIN" "$1" >&2
  shift
  local remedy
  for remedy in "$@"; do printf '  what to do: %s\n' "$remedy" >&2; done
  exit 1
}

last_lines() { # last_lines FILE: what the part itself said before it failed
  [[ -s $1 ]] || return 0
  printf '  the last lines of %s:\n' "$1" >&2
  tail -n 15 -- "$1" | sed 's/^/    | /' >&2
}

# A background child of a script does not hear Ctrl-C; we do, and pass it on.
QUIET_WORKER=''
stop_quiet_worker() {
  [[ -z $QUIET_WORKER ]] || kill "$QUIET_WORKER" 2>/dev/null || true
  exit 130
}

# quietly LOG COMMAND...: runs a talkative command with its output in LOG; prints a sign of life while
# it runs and the end of LOG if it fails. Returns the command's own status.
quietly() {
  local log=$1 status=0 started=$SECONDS next worker
  shift
  mkdir -p -- "$(dirname -- "$log")"
  "$@" >"$log" 2>&1 </dev/null &
  worker=$!
  QUIET_WORKER=$worker
  next=$STILL_WORKING_EVERY_SECONDS
  while kill -0 "$worker" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - started >= next)); then
      note "… $((SECONDS - started)) s: $(tail -n 1 -- "$log" | cut -c 1-90)"
      next=$((next + STILL_WORKING_EVERY_SECONDS))
    fi
  done
  wait "$worker" || status=$?
  QUIET_WORKER=''
  ((status == 0)) || last_lines "$log"
  return "$status"
}
