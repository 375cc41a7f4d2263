//! The plugin's log.

/// Writes a line to the plugin's log. Little is kept: it is for finding mistakes, not for results.
pub fn log(message: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::guest::log(message);
    #[cfg(not(target_arch = "wasm32"))]
    eprintln!("{message}");
}
