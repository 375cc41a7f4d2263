//! Runs guests: package, manifest, limits, instance. The only crate with wasmtime.
