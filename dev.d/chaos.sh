# shellcheck shell=bash
# `./dev chaos`: the whole shop in real processes on servers of its own, broken on purpose.

CHAOS_DISK_SIZE=6G
CHAOS_RUNS_KEPT=5

chaos_program() { printf '%s/chaos/bin/%s' "$STATE" "$1"; }

# With the fail points, which no other build has. The copies are the run's own: a build beside it must not
# replace a program that is started over and over.
build_chaos() { # build_chaos debug|release
  local built="${CARGO_TARGET_DIR:-$CHECKOUT/target}/$1" program options=()
  [[ $1 == debug ]] || options=(--release)
  (cd "$CHECKOUT" && cargo build "${options[@]}" --locked -p commerce -p chaos --features commerce/failpoints) ||
    die "the build failed" "read cargo's lines above"
  mkdir -p -- "$STATE/chaos/bin"
  for program in commerce chaos; do
    cp -- "$built/$program" "$(chaos_program "$program").new"
    mv -- "$(chaos_program "$program").new" "$(chaos_program "$program")"
  done
}

# A file system of its own for PostgreSQL's data, so that its disk can be filled without filling everybody's.
mount_small_disk() { # mount_small_disk SET
  local home image
  home=$(postgres_home "$1")
  image="$(set_dir "$1")/postgres.img"
  ! mountpoint -q -- "$home" || return 0
  rm -f -- "$image"
  # Every byte of it is there from the start: a file with holes would run out when the disk beneath it does.
  if fallocate -l "$CHAOS_DISK_SIZE" "$image" && mkfs.ext4 -q -m 0 -E nodiscard "$image" &&
    mount_quietly "$image" "$home"; then
    ((EUID != 0)) || chown postgres: "$home"
    chmod 700 "$home"
  else
    rm -f -- "$image"
    printf '%snot injected:%s no room for %s, or nothing may be mounted here, so the disk will never be full\n' \
      "$RED" "$PLAIN" "$CHAOS_DISK_SIZE"
  fi
}

mount_quietly() {
  if ((EUID == 0)); then mount -o loop -- "$1" "$2" 2>/dev/null; else sudo -n mount -o loop -- "$1" "$2" 2>/dev/null; fi
}

unmount_small_disk() { # unmount_small_disk SET
  local home
  home=$(readlink -f -- "$(set_dir "$1")/postgres" 2>/dev/null) || return 0
  ! mountpoint -q -- "$home" || as_root umount -- "$home" || die "$home cannot be unmounted" "see who uses it: fuser -vm $home"
  rm -f -- "$(set_dir "$1")/postgres.img"
}

# control_disk fill|free SET: takes every byte of the small disk that is left, and gives them back.
control_disk() {
  local home
  home=$(readlink -f -- "$(set_dir "$2")/postgres")
  mountpoint -q -- "$home" || die "PostgreSQL's data of the $2 set have no disk of their own" "./dev chaos mounts one"
  case "$1" in
    fill)
      # Nearly all at once, and then byte by byte until there is none: this write must fail.
      as_postgres fallocate -l "$(df --output=avail -B1 "$home" | tail -n 1 | awk '{printf "%d", $1 * 0.99}')" "$home/ballast"
      ! as_postgres dd if=/dev/zero bs=64K oflag=append conv=notrunc of="$home/ballast" 2>/dev/null ||
        die "the disk of $home has no end" "df $home"
      ;;
    # Only the next commit of the file system's journal gives the room back. The first sync may tell of pages that
    # could not be written while the disk was full (told once; PostgreSQL writes them again from its WAL): the second
    # tells of the room.
    free) rm -f -- "$home/ballast" && { sync -f "$home" 2>/dev/null || sync -f "$home"; } ;;
    *) die "unknown verb '$1' for the disk" "one of: fill, free" ;;
  esac
}

wipe_chaos_servers() {
  stop_services chaos
  unmount_small_disk chaos
  wipe_set chaos
}

forget_old_runs() {
  find "$STATE/chaos/runs" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' 2>/dev/null | sort -rn |
    tail -n "+$((CHAOS_RUNS_KEPT + 1))" | cut -d ' ' -f 2- | while read -r run; do rm -rf -- "$run"; done
}

run_chaos() {
  CHAOS_POSTGRES_URL=$(postgres_url chaos) CHAOS_REDIS_URL=$(redis_url chaos) CHAOS_KAFKA_BROKERS=$(kafka_brokers chaos) \
    CHAOS_SERVERS="$CHECKOUT/dev" CHAOS_PROGRAM=$(chaos_program commerce) CHAOS_RUNS="$STATE/chaos/runs" \
    "$(chaos_program chaos)" "$@"
}

# chaos_verb [--release] [--minutes N] [--seed S] [ARGUMENTS of the program...], in any order
chaos_verb() {
  local status=0 build=debug argument options=()
  for argument in "$@"; do
    if [[ $argument == --release ]]; then build=release; else options+=("$argument"); fi
  done
  set -- "${options[@]}"
  begin_steps 5
  step "installing what is missing"
  require_cargo
  install_missing look_for_servers look_for_compilers
  step "building commerce with its fail points"
  build_chaos "$build"
  step "starting PostgreSQL, Redis and Kafka (chaos set) from nothing"
  wipe_chaos_servers
  trap wipe_chaos_servers EXIT
  make_state_folders chaos
  mount_small_disk chaos
  start_services chaos
  step "chaos $*"
  run_chaos "$@" || status=$?
  step "stopping what was started"
  forget_old_runs
  return "$status"
}
