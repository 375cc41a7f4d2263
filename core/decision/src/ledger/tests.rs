use proptest::prelude::*;

use super::*;

fn entry(sequence: i32, net_days: i32) -> LedgerEntry {
    LedgerEntry {
        stream: "cus_01900000000070008000000000000001".into(),
        sequence,
        point: "credit.terms".into(),
        strategy: 3,
        decided_at: "2026-11-22T18:00:00.123Z".parse().unwrap(),
        recorded_by: "ada".into(),
        request: Json::Null,
        verdict: json!({"netDays": net_days}),
        fallback: false,
        parameters: json!([{"name": "netDays", "value": net_days}]),
        proposals: json!([{"plugin": "credit-rules", "digest": "ab", "fuel": 4711}]),
        bounds: json!([]),
        inputs: json!({"credit-rules": {"averageDaysLate": 3}}),
        explanation: json!(["Segment `key` sets netDays to 45."]),
    }
}

fn chain() -> Vec<(LedgerEntry, String)> {
    let mut chain: Vec<(LedgerEntry, String)> = Vec::new();
    for sequence in 1..=4 {
        let entry = entry(sequence, 40 + sequence);
        let digest = entry.digest(chain.last().map(|(_, digest)| digest.as_str()));
        chain.push((entry, digest));
    }
    chain
}

fn verify(chain: &[(LedgerEntry, String)]) -> Result<(), String> {
    verify_chain(chain.iter().map(|(entry, digest)| (entry, digest.as_str()))).map_err(|error| error.to_string())
}

#[test]
fn digests_do_not_change_from_build_to_build() {
    expect_test::expect!["f1a20f1b8aeef99301383a159561dac2e438217cb09a4f75646225bb4eff0763"]
        .assert_eq(&entry(1, 45).digest(None));
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
    assert_eq!(verify(&[]), Ok(()));
}

#[test]
fn every_field_is_covered() {
    type Change = fn(&mut LedgerEntry);
    let changes: [Change; 12] = [
        |entry| entry.point = "credit.check".into(),
        |entry| entry.strategy = 4,
        |entry| entry.decided_at = "2026-11-22T18:00:00.124Z".parse().unwrap(),
        |entry| entry.recorded_by = "eve".into(),
        |entry| entry.request = json!({"amount": "1"}),
        |entry| entry.verdict = json!({"netDays": 90}),
        |entry| entry.fallback = true,
        |entry| entry.parameters = json!([]),
        |entry| entry.proposals = json!([]),
        |entry| entry.bounds = json!([1]),
        |entry| entry.inputs = json!({}),
        |entry| entry.explanation = json!([]),
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut chain = chain();
        change(&mut chain[1].0);
        assert_eq!(
            verify(&chain).unwrap_err(),
            "entry 2 of `cus_01900000000070008000000000000001` is not what was recorded; its digest is wrong",
            "{index}"
        );
        // Whoever also repairs the changed entry's digest breaks the next one.
        let before = chain[0].1.clone();
        chain[1].1 = chain[1].0.digest(Some(&before));
        assert!(verify(&chain).unwrap_err().starts_with("entry 3"), "{index}");
    }
}

#[test]
fn entries_are_neither_removed_nor_moved() {
    let mut removed = chain();
    removed.remove(1);
    assert_eq!(
        verify(&removed).unwrap_err(),
        "entry 2 of `cus_01900000000070008000000000000001` is missing; 3 stands in its place"
    );
    let mut moved = chain();
    moved[2].0.stream = "cus_01900000000070008000000000000002".into();
    assert!(verify(&moved).unwrap_err().starts_with("entry 3 belongs to `cus_01900000000070008000000000000002`"));
}

proptest! {
    #[test]
    fn the_order_of_keys_does_not_matter(keys in prop::collection::btree_map("[a-z]{1,4}", any::<i32>(), 0..8)) {
        let forwards: serde_json::Map<_, _> = keys.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        let backwards: serde_json::Map<_, _> = keys.iter().rev().map(|(key, value)| (key.clone(), json!(value))).collect();
        prop_assert_eq!(canonical_json(&Json::Object(forwards)), canonical_json(&Json::Object(backwards)));
    }
}
