//! Rebuilds the crate when a migration is added: the macro that embeds them sees only those it knew.

#[expect(clippy::print_stdout, reason = "this is how a build script talks to cargo")]
fn main() {
    for folder in ["event_store", "processes", "projections", "relay"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
