# shellcheck shell=bash
# A private Redis, with an append-only file, so that the coupon gate's restart behaviour is the real one.

redis_pid() { running_pid "$(run_dir "$1")/redis.pid"; }

redis_says_pong() { # the plain protocol needs no client program
  local reply
  reply=$({ exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'PING\r\n' >&3 && timeout 2 head -n 1 <&3; } 2>/dev/null)
  [[ $reply == +PONG* ]]
}

start_redis() { # start_redis SET
  local set=$1 port home pid_file log
  make_state_folders "$set"
  port=$(port_of "$set" redis)
  pid_file="$(run_dir "$set")/redis.pid"
  log=$(log_file "$set" redis)
  home="$(set_dir "$set")/redis"
  if redis_pid "$set" >/dev/null; then
    [[ $(recorded_port "$set" redis) != "$port" ]] || return 0
    stop_redis "$set"
  fi
  require_free_port "$set" redis
  mkdir -p -- "$home"
  cat >"$home/redis.conf" <<CONF
bind 127.0.0.1
port $port
dir "$home"
appendonly yes
appendfsync everysec
save ""
daemonize no
CONF
  start_detached "$pid_file" "$log" redis-server "$home/redis.conf"
  wait_until "$REDIS_READY_SECONDS" "$pid_file" redis_says_pong "$port" || {
    last_lines "$log"
    die "Redis did not answer on port $port within $REDIS_READY_SECONDS s" "read the lines above, then run the command again"
  }
  record_port "$set" redis "$port"
}

stop_redis() { stop_detached "$(run_dir "$1")/redis.pid" "$SERVER_STOP_SECONDS"; }

redis_url() { printf 'redis://127.0.0.1:%s' "$(port_of "$1" redis)"; }
