use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;

const STREAM: &str = "cus_01900000000070008000000000000001";

/// An entry with everything that is kept beside it.
#[derive(Clone, Debug)]
struct Kept {
    entry: LedgerEntry,
    digest: String,
    previous: Option<String>,
    content: Option<(String, Content)>,
}

fn content(net_days: i32) -> Content {
    Content {
        request: "null".into(),
        verdict: format!("{{\"netDays\":{net_days}}}"),
        parameters: "[]".into(),
        proposals: "{\"underStrategy\":[]}".into(),
        bounds: "[]".into(),
        inputs: "{\"calls\":[]}".into(),
        explanation: "[\"Segment `key` sets netDays to 45.\"]".into(),
        customer_explanation: "[]".into(),
    }
}

fn entry(sequence: i32, commitment: String) -> LedgerEntry {
    let versions = Versions {
        strategy: StrategyVersion { number: 3, digest: "ab".into() },
        point: "cd".into(),
        model: "0.1.0".into(),
        plugins: vec![PluginVersion { name: "credit-rules".into(), version: "1.0.0".into(), digest: "ef".into() }],
    };
    LedgerEntry {
        id: format!("dec_{sequence:032x}"),
        stream: STREAM.into(),
        sequence,
        point: "credit.terms".into(),
        strategy: "str_01900000000070008000000000000001".into(),
        decided_at: "2026-11-22T18:00:00.123Z".parse().unwrap(),
        recorded_by: "ada".into(),
        fallback: false,
        versions: versions.to_text(),
        commitment,
    }
}

fn chain() -> Vec<Kept> {
    let mut chain: Vec<Kept> = Vec::new();
    for sequence in 1..=4 {
        let (salt, content) = (format!("salt {sequence}"), content(40 + sequence));
        let entry = entry(sequence, content.commitment(&salt));
        let previous = chain.last().map(|before| before.digest.clone());
        let digest = entry.digest(previous.as_deref());
        chain.push(Kept { entry, digest, previous, content: Some((salt, content)) });
    }
    chain
}

/// Checks a chain whose end was noted as `head`.
fn verify_to(chain: &[Kept], head: Option<(i32, &str)>) -> Result<(), String> {
    let mut check = ChainCheck::new(STREAM);
    let all = chain.iter().try_for_each(|kept| {
        check.next(Link {
            entry: &kept.entry,
            digest: &kept.digest,
            previous: kept.previous.as_deref(),
            kept: kept.content.as_ref().map(|(salt, content)| (salt.as_str(), content)),
            erased: kept.content.is_none(),
        })
    });
    all.and_then(|()| check.end(head)).map_err(|error| error.to_string())
}

fn verify(changed: &[Kept]) -> Result<(), String> {
    let untouched = chain();
    let last = untouched.last().unwrap();
    verify_to(changed, Some((4, &last.digest)))
}

#[test]
fn digests_do_not_change_from_build_to_build() {
    let content = content(45);
    let commitment = content.commitment("salt");
    expect_test::expect!["f813d354"].assert_eq(&commitment[..8]);
    expect_test::expect!["e2ea864c"].assert_eq(&entry(1, commitment).digest(None)[..8]);
}

#[test]
fn json_has_one_canonical_form() {
    let json: Json =
        serde_json::from_str("{\"b\": [1, {\"d\": null, \"c\": \"\\u00fc\\n\"}], \"a\": \"0.10\", \"B\": true}")
            .unwrap();
    assert_eq!(canonical_json(&json), "{\"B\":true,\"a\":\"0.10\",\"b\":[1,{\"c\":\"ü\\n\",\"d\":null}]}");
}

#[test]
fn an_untouched_chain_is_whole() {
    assert_eq!(verify(&chain()), Ok(()));
    assert_eq!(verify_to(&[], None), Ok(()));
}

#[test]
fn every_field_is_covered() {
    type Change = fn(&mut LedgerEntry);
    let changes: [Change; 8] = [
        |entry| entry.id = "dec_1".into(),
        |entry| entry.point = "credit.check".into(),
        |entry| entry.strategy = "str_2".into(),
        |entry| entry.decided_at = "2026-11-22T18:00:00.124Z".parse().unwrap(),
        |entry| entry.recorded_by = "eve".into(),
        |entry| entry.fallback = true,
        |entry| entry.versions = "{}".into(),
        |entry| entry.commitment = "00".into(),
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut chain = chain();
        change(&mut chain[1].entry);
        assert_eq!(
            verify(&chain).unwrap_err(),
            format!("entry 2 of `{STREAM}` is not what was recorded; its digest is wrong"),
            "{index}"
        );
        // Whoever also repairs the changed entry's digest breaks the next one, if not the content's commitment.
        let before = chain[0].digest.clone();
        chain[1].digest = chain[1].entry.digest(Some(&before));
        let broken = verify(&chain).unwrap_err();
        assert!(broken.starts_with("entry 3") || broken.starts_with("what entry 2"), "{index}: {broken}");
    }
}

#[test]
fn every_text_of_the_content_is_covered() {
    type Change = fn(&mut Content) -> &mut String;
    let texts: [Change; 8] = [
        |content| &mut content.request,
        |content| &mut content.verdict,
        |content| &mut content.parameters,
        |content| &mut content.proposals,
        |content| &mut content.bounds,
        |content| &mut content.inputs,
        |content| &mut content.explanation,
        |content| &mut content.customer_explanation,
    ];
    for (index, text) in texts.iter().enumerate() {
        let mut chain = chain();
        // Not even a blank more, which would say the same.
        text(&mut chain[2].content.as_mut().unwrap().1).push(' ');
        let broken =
            format!("what entry 3 of `{STREAM}` tells is not what was recorded; it does not fit the commitment");
        assert_eq!(verify(&chain).unwrap_err(), broken, "{index}");
    }
}

#[test]
fn an_erased_entry_leaves_the_chain_whole() {
    let mut chain = chain();
    chain[1].content = None;
    chain[3].content = None;
    assert_eq!(verify(&chain), Ok(()));
    let mut check = ChainCheck::new(STREAM);
    let first = &chain[0];
    let link = Link { entry: &first.entry, digest: &first.digest, previous: None, kept: None, erased: false };
    assert!(check.next(link).unwrap_err().to_string().contains("nobody is said to have erased it"));
}

#[test]
fn entries_are_neither_removed_nor_moved() {
    let mut removed = chain();
    removed.remove(1);
    assert_eq!(verify(&removed).unwrap_err(), format!("entry 2 of `{STREAM}` is missing; 3 stands in its place"));
    let mut swapped = chain();
    swapped.swap(1, 2);
    (swapped[1].entry.sequence, swapped[2].entry.sequence) = (2, 3);
    assert_eq!(
        verify(&swapped).unwrap_err(),
        format!("entry 2 of `{STREAM}` is not what was recorded; its digest is wrong")
    );
    let mut moved = chain();
    moved[2].entry.stream = "cus_01900000000070008000000000000002".into();
    assert!(verify(&moved).unwrap_err().starts_with("entry 3 belongs to `cus_01900000000070008000000000000002`"));
}

#[test]
fn a_chain_ends_where_it_was_noted_to_end() {
    let whole = chain();
    assert_eq!(
        verify(&whole[..3]).unwrap_err(),
        format!("the chain of `{STREAM}` ends with entry 3; the last one recorded was 4")
    );
    assert!(verify(&[]).unwrap_err().contains("ends with entry 0; the last one recorded was 4"));
    assert!(verify_to(&whole, None).unwrap_err().contains("is not noted"));
    assert!(verify_to(&whole, Some((4, "other"))).unwrap_err().starts_with("entry 4"));
}

#[test]
fn versions_read_back() {
    let text = entry(1, String::new()).versions;
    assert_eq!(Versions::read(&text).unwrap().to_text(), text);
}

proptest! {
    #[test]
    fn the_order_of_keys_does_not_matter(keys in prop::collection::btree_map("[a-z]{1,4}", any::<i32>(), 0..8)) {
        let forwards: serde_json::Map<_, _> = keys.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        let backwards: serde_json::Map<_, _> = keys.iter().rev().map(|(key, value)| (key.clone(), json!(value))).collect();
        prop_assert_eq!(canonical_json(&Json::Object(forwards)), canonical_json(&Json::Object(backwards)));
    }
}
