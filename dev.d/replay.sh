# shellcheck shell=bash
# `./dev replay`: real input.

# replay_verb [--weeks N] [ARGUMENTS of commerce replay...]
replay_verb() {
  local weeks=4 rest=() file python
  while (($# > 0)); do
    case "$1" in
      --weeks) weeks=${2:?--weeks needs a number} && shift 2 ;;
      --weeks=*) weeks=${1#*=} && shift ;;
      *) rest+=("$1") && shift ;;
    esac
  done
  [[ $weeks =~ ^([1-9]|[1-4][0-9]|5[0-3])$ ]] || die "--weeks is a number from 1 to 53, not '$weeks'" "./dev replay --weeks 4"
  require_running
  begin_steps 3
  step "a Python environment with the data ($BASKETS_PACKAGE)"
  install_missing look_for_python
  make_venv "$STATE/replay/venv" "$BASKETS_PACKAGE"
  python="$STATE/replay/venv/bin/python"
  file="$STATE/replay/weeks-$weeks.jsonl"
  step "exporting weeks 1 to $weeks to $file"
  if [[ $file -nt $ROOM/export_baskets.py ]]; then
    note "exported before"
  else
    "$python" "$ROOM/export_baskets.py" --weeks "$weeks" --output "$file" || die "the export failed" "read the lines above"
  fi
  step "commerce replay"
  commerce replay "$file" "${rest[@]}" || die "the replay did not end well" "read the lines above; ./dev logs serve has the server's side"
}
