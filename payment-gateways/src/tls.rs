//! Encryption on the way to a real company, in builds that have it.

/// Chooses the implementation of TLS for this process: to be called before the first HTTP client is made, whoever
/// makes it. Without the feature `tls` it does nothing, and no `https` address is taken.
pub fn prepare_tls() {
    #[cfg(feature = "tls")]
    // An error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
