# shellcheck shell=bash
# `./dev simulate`: the whole shop from seeds. Needs no server, only a compiler.

# simulate_verb [ARGUMENTS of the simulation...]
simulate_verb() {
  require_cargo
  install_missing look_for_compilers
  (cd "$CHECKOUT" && cargo build --release --locked --quiet -p simulation) ||
    die "the build failed" "read cargo's lines above"
  "${CARGO_TARGET_DIR:-$CHECKOUT/target}/release/simulation" "$@"
}
