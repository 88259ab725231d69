//! Chance, from the run's seed: a stream of choices for each who chooses, so that one more choice of one of them
//! leaves all others as they were.

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use sha2::{Digest as _, Sha256};

/// The choices of this name.
pub(crate) fn stream(seed: u64, name: &str) -> StdRng {
    let digest = Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(name)
        .finalize();
    StdRng::from_seed(digest.into())
}

#[cfg(test)]
mod tests {
    use rand::Rng as _;

    use super::*;

    #[test]
    fn each_name_and_each_seed_has_choices_of_its_own_and_always_the_same() {
        let first = |seed, name| stream(seed, name).random::<u64>();
        assert_eq!(first(7, "kills"), first(7, "kills"));
        assert_ne!(first(7, "kills"), first(7, "gateway"));
        assert_ne!(first(7, "kills"), first(8, "kills"));
    }
}
