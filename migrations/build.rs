//! Rebuilds the crate when a migration is added: the macro that embeds them sees only those it knew.

fn main() {
    for folder in [
        "event_store",
        "main",
        "payment",
        "processes",
        "projections",
        "relay",
    ] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
