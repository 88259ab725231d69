# shellcheck shell=bash
# `commerce` itself on the `up` set: its secrets, its environment, its two processes.

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
