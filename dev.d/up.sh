# shellcheck shell=bash
# `./dev up`, `down`, `status`, `logs`, `tour`: the backend running on this machine.

up_verb() {
  begin_steps 7
  step "installing what is missing"
  require_cargo
  install_missing look_for_servers look_for_compilers
  step "starting PostgreSQL, Redis and Kafka"
  start_services up
  step "building commerce (release)"
  build_program
  with_set_locked up bring_program_up
  step "seeding a small catalogue"
  quietly "$(log_file up seed)" commerce seed || die "commerce seed failed" "./dev logs serve says what the server thought of it"
  first_order
  where_to_look
}

bring_program_up() {
  step "keys, database and migrations"
  make_jwt_keys
  write_program_env
  if program_is_current; then
    note "this build is serving already"
  else
    stop_program
    migrate
  fi
  step "starting commerce serve and the mock gateway"
  if program_is_current; then
    await_role serve both_apis_ready
  else
    start_program
  fi
}

first_order() {
  local shown
  shown="$(set_dir up)/tour-shown"
  if [[ -e $shown ]]; then
    step "the guided first order was shown before: ./dev tour shows it again"
    return 0
  fi
  step "a guided first order"
  tour_verb
  touch "$shown"
}

require_running() {
  program_pid serve >/dev/null || die "commerce is not running" "./dev up"
}

tour_verb() {
  require_running
  commerce tour || die "the guided order did not come through" "./dev logs serve and ./dev logs mock-gateway say why"
}

commerce_verb() {
  [[ -x $PROGRAM && -s $(program_env_file) ]] || die "there is nothing built here yet" "./dev up"
  commerce "$@"
}

where_to_look() {
  local command read
  command="http://127.0.0.1:$(port_of up command_api)"
  read="http://127.0.0.1:$(port_of up read_api)"
  cat <<TEXT

${BOLD}commerce is up${PLAIN} ($(elapsed))
  commands       $command/docs       (POST /api/v1/orders, …)
  queries        $read/docs       (GET /api/v1/orders, …)
  health         $command/health/ready   $read/health/ready
  figures        $command/metrics   $read/metrics
  a token        ./dev commerce token --role customer      (or operator, service)
  the log        curl -H "Authorization: Bearer \$(./dev commerce token --role operator)" $read/api/v1/events
  what runs      ./dev status
  what it says   ./dev logs   ./dev logs kafka
  its settings   $(program_env_file)
  more           ./dev tour   ./dev replay --weeks 1   ./dev down
TEXT
}

down_verb() {
  local wipe=no
  case "${1:-}" in
    '') ;;
    --wipe) wipe=yes ;;
    *) die "down: unknown option '$1'" "./dev down [--wipe]" ;;
  esac
  begin_steps 2
  step "stopping commerce"
  with_set_locked up stop_program
  forget_program_ports
  step "stopping Kafka, Redis and PostgreSQL"
  stop_services up
  if [[ $wipe == yes ]]; then
    wipe_set up
    rm -f -- "$(set_dir up)/tour-shown"
    note "their data is gone; keys and passwords stay"
  else
    note "their data stays; ./dev down --wipe deletes it"
  fi
  ! any_service_runs test || note "the test servers run on: ./dev services down test"
}

status_line() { # status_line PART PORT PID STATE
  printf '  %-16s %-7s %-9s %s\n' "$@"
}

health_of() { # health_of PORT: the first words of the readiness answer
  local answer
  answer=$(curl -s -m 3 "http://127.0.0.1:$1/health/ready" | cut -c 1-160 || true)
  printf '%s' "${answer:-does not answer}"
}

server_status() { # server_status SET
  local part pid
  for part in $(parts_of "$1"); do
    if pid=$("${part}_pid" "$1"); then
      status_line "$part" "$(port_of "$1" "$part")" "$pid" "up for $(ps -o etime= -p "$pid" | tr -d ' ')"
    else
      status_line "$part" - - stopped
    fi
  done
}

status_verb() {
  local pid
  printf '%sthe up set%s\n' "$BOLD" "$PLAIN"
  status_line part port pid state
  if pid=$(program_pid serve); then
    status_line command-api "$(port_of up command_api)" "$pid" "$(health_of "$(port_of up command_api)")"
    status_line read-api "$(port_of up read_api)" "$pid" "$(health_of "$(port_of up read_api)")"
  else
    status_line "commerce serve" - - stopped
  fi
  if pid=$(program_pid mock-gateway); then
    status_line mock-gateway "$(port_of up mock_gateway)" "$pid" "up for $(ps -o etime= -p "$pid" | tr -d ' ')"
  else
    status_line mock-gateway - - stopped
  fi
  server_status up
  printf '%sthe test set%s\n' "$BOLD" "$PLAIN"
  server_status test
}

logs_verb() {
  local part=${1:-serve} file names follow=()
  names=$(find "$(set_dir up)/log" -name '*.log' -printf '%f\n' 2>/dev/null | sed 's/\.log$//' | sort | tr '\n' ' ') || true
  [[ -n $names ]] || die "nothing has run here yet, so there are no logs" "./dev up"
  file=$(log_file up "$part")
  [[ -e $file ]] || die "there is no log of '$part'" "one of: $names"
  # A person follows; a pipe gets what there is.
  [[ ! -t 1 ]] || follow=(-F)
  exec tail -n 60 "${follow[@]}" -- "$file"
}
