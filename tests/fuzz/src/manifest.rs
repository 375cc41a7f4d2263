//! Manifests: `plugin.toml`.

use guildhall_plugin_host::Manifest;

use crate::{Target, harmless, planted};

pub(crate) const TARGET: Target = Target { name: "manifest", run, seeds };

fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let manifest = match Manifest::read(text) {
        Ok(manifest) => manifest,
        Err(error) => return harmless(&error.to_string()),
    };
    for name in [&manifest.name, &manifest.department] {
        assert!(
            name.len() <= 64
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        );
    }
    harmless(&manifest.description);
    assert!((1..=16).contains(&manifest.serves.len()));
    for serves in &manifest.serves {
        assert!(!serves.query.contains(['/', '\\', ':']) && !serves.query.starts_with('.'), "{}", serves.query);
        assert!(serves.point.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)));
    }
    manifest.reads.values().for_each(|reason| harmless(reason));
    assert_eq!(Manifest::read(text).ok().as_ref(), Some(&manifest));
    if planted() {
        // Takes every letter for one byte.
        assert!(manifest.description.is_ascii(), "planted");
    }
}

fn seeds() -> Vec<Vec<u8>> {
    [
        include_str!("../../../plugins/credit-rules/plugin.toml"),
        include_str!("../../guests/hostile/plugin.toml"),
        include_str!("../../guests/moody/plugin.toml"),
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
