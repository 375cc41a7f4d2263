//! Packages: the file an author sends.

use std::borrow::Cow;

use guildhall_plugin_host::Package;
use wasm_encoder::{Component, CustomSection};

use crate::{Target, harmless, planted};

pub(crate) const TARGET: Target = Target { name: "package", run, seeds };

/// Before texts that become the sections of a component; what begins otherwise is the file itself.
const SECTIONS: u8 = b'=';
/// Between the texts: a byte that is in no text.
const BETWEEN: u8 = 0xff;

fn run(data: &[u8]) {
    let bytes = match data.split_first() {
        Some((&SECTIONS, rest)) => component(rest),
        _ => data.to_vec(),
    };
    let package = match Package::read(&bytes) {
        Ok(package) => package,
        Err(error) => return harmless(&error.to_string()),
    };
    assert_eq!(package.bytes(), bytes);
    assert_eq!(package.digest().len(), 64);
    let served: Vec<_> = package.manifest().serves.iter().map(|serves| serves.point.as_str()).collect();
    assert_eq!(package.queries().count(), served.len());
    assert!(served.iter().all(|point| package.query(point).is_some()));
    if planted() {
        // Takes every letter for one byte.
        package.queries().for_each(|(_, query)| assert!(query.is_ascii(), "planted"));
    }
}

/// A component with custom sections: name, text, name, text.
fn component(texts: &[u8]) -> Vec<u8> {
    let mut component = Component::new();
    let mut parts = texts.split(|byte| *byte == BETWEEN);
    while let (Some(name), Some(text)) = (parts.next(), parts.next()) {
        let name = format!("guildhall:{}", String::from_utf8_lossy(name));
        component.section(&CustomSection { name: Cow::Owned(name), data: Cow::Borrowed(text) });
    }
    component.finish()
}

fn seeds() -> Vec<Vec<u8>> {
    let manifest = include_str!("../../../plugins/credit-rules/plugin.toml");
    let (terms, check) = (
        include_str!("../../../plugins/credit-rules/credit_terms.graphql"),
        include_str!("../../../plugins/credit-rules/credit_check.graphql"),
    );
    let hostile = include_str!("../../guests/hostile/plugin.toml");
    let hostile_query = include_str!("../../guests/hostile/credit_terms.graphql");
    let rules = ["manifest", manifest, "query:credit.terms", terms, "query:credit.check", check];
    let small = ["manifest", hostile, "query:credit.terms", hostile_query];
    [&rules[..], &small[..]]
        .into_iter()
        .flat_map(|texts| {
            let joined = texts.iter().map(|text| text.as_bytes()).collect::<Vec<_>>().join(&BETWEEN);
            [component(&joined), [&[SECTIONS], joined.as_slice()].concat()]
        })
        .collect()
}
