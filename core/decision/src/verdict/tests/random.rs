//! What holds for every verdict at points nobody wrote: random fields, rules, bounds, layers and proposals.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::Strategy as Generator;

use super::*;
use crate::strategy::tests::MODEL;
use crate::{Agreement, CombineRule, CustomerKey, Effect, GroundRule, Limit, Strategy, Treatment};

/// Types with the rules that combine them, as SDL; the last combines by the first.
const RULES: [(&str, &str, &str); 9] = [
    ("Int!", "rule: MIN", "3"),
    ("Int!", "rule: MAX", "3"),
    ("Int!", "rule: SUM", "3"),
    ("Decimal!", "rule: MIN", "0.5"),
    ("Boolean!", "rule: ALL", "false"),
    ("Boolean!", "rule: ANY", "true"),
    ("Grade!", "rule: MOST_RESTRICTIVE, order: [\"B\", \"C\", \"A\"]", "A"),
    ("[String!]!", "rule: UNION", "[]"),
    ("String!", "rule: BEST_OF, by: \"weight\"", "none"),
];

fn sdl(fields: &[usize], fail: &str) -> String {
    let mut text = format!(
        "\"P.\" type P @point(name: \"acme.p\", subject: \"Customer\", field: \"p\", mode: INDEPENDENT, fail: {fail}) {{\n\
         \"Weight.\" weight: Int! @combine(rule: MAX) @default(value: \"0\")\n"
    );
    for (place, kind) in fields.iter().enumerate() {
        let (ty, rule, default) = RULES[*kind];
        text.push_str(&format!("\"F.\" f{place}: {ty} @combine({rule}) @default(value: {default:?})\n"));
    }
    text.push_str("}\n");
    if fields.iter().any(|kind| RULES[*kind].0 == "Grade!") {
        text.push_str("\"Grade.\" enum Grade { \"A.\" A \"B.\" B \"C.\" C }\n");
    }
    text.push_str("\"Set.\" input PParameters {\n");
    for place in 0..fields.len() {
        text.push_str(&format!("\"S.\" s{place}: Int! = 0\n"));
    }
    text.push('}');
    text
}

fn value(kind: usize, seed: i32) -> Json {
    match RULES[kind].0 {
        "Int!" => json!(seed % 50),
        "Decimal!" => json!(format!("0.{:02}", seed.unsigned_abs() % 100)),
        "Boolean!" => json!(seed % 2 == 0),
        "Grade!" => json!(["A", "B", "C"][seed.unsigned_abs() as usize % 3]),
        "[String!]!" => json!([format!("t{}", seed % 3), format!("t{}", seed % 5)]),
        _ => json!(format!("from {}", seed % 7)),
    }
}

#[derive(Clone, Debug)]
struct World {
    point: DecisionPoint,
    strategy: Strategy,
    proposals: Vec<Proposal>,
}

fn world() -> impl Generator<Value = World> {
    let fields = prop::collection::vec(0usize..RULES.len(), 1..5);
    let fail = prop::sample::select(vec!["DENY", "DEFAULT", "SKIP"]);
    let seeds = prop::collection::vec((prop::collection::vec(0i32..1_000, 5), prop::bool::weighted(0.1)), 0..5);
    let bounds = prop::collection::vec((any::<Index>(), -20i32..60, 0i32..30, any::<bool>()), 0..5);
    let layers = prop::collection::vec(prop::collection::vec(prop::option::of(0i32..100), 5), 4);
    (fields, fail, seeds, bounds, layers).prop_map(|(fields, fail, seeds, bounds, layers)| {
        let point = crate::read_points(&sdl(&fields, fail)).unwrap().remove(0);
        let proposals = seeds.iter().enumerate().map(|(plugin, (seeds, fails))| {
            let name = format!("plugin-{plugin}");
            if *fails {
                return failed(&name, "d", "trapped");
            }
            let mut output = serde_json::Map::from_iter([("weight".to_owned(), json!(seeds[4] % 3))]);
            output.extend(
                fields
                    .iter()
                    .zip(seeds)
                    .enumerate()
                    .map(|(place, (kind, seed))| (format!("f{place}"), value(*kind, *seed))),
            );
            proposal(&name, "d", Json::Object(output), &[])
        });
        let mut strategy = demo();
        strategy.ground_rules = rules(&point, &fields, &bounds);
        layer(&mut strategy, &layers, fields.len());
        World { strategy, proposals: proposals.collect(), point }
    })
}

/// Clamps that leave a common range, and forced values of enums and truths.
fn rules(point: &DecisionPoint, fields: &[usize], bounds: &[(Index, i32, i32, bool)]) -> Vec<GroundRule> {
    let rules = bounds.iter().enumerate().map(|(number, (index, low, width, always))| {
        let place = index.index(fields.len());
        let field = format!("f{place}");
        let declared = point.output(&field).unwrap();
        let effect = match RULES[fields[place]].0 {
            "Int!" | "Decimal!" => {
                let datum = |number: i32| match RULES[fields[place]].0 {
                    "Int!" => Limit::Value(Datum::Int(number)),
                    _ => Limit::Value(Datum::Decimal(rust_decimal::Decimal::new(i64::from(number), 2))),
                };
                // All ranges have 20 to 25 in common.
                Effect::Clamp { field, min: Some(datum((*low).min(20))), max: Some(datum(25 + width)) }
            }
            _ => {
                let strict = match &declared.combine {
                    CombineRule::MostRestrictive(order) => Datum::Text(order[2].clone()),
                    CombineRule::All => Datum::Bool(false),
                    CombineRule::Any => Datum::Bool(true),
                    _ => declared.default.clone().unwrap(),
                };
                Effect::Force(BTreeMap::from([(field, strict)]))
            }
        };
        let text = if *always { "true" } else { "verdict.weight >= 1" };
        let when = crate::Condition::compile(text, &crate::Scope::ground_rule(&MODEL, point)).unwrap();
        let (id, words) = (format!("R{number}"), || "w".to_owned());
        GroundRule { id, name: words(), reason: words(), point: point.name.clone(), when: Some(when), effect }
    });
    rules.collect()
}

/// What segment, subsegment, exception and contract set.
fn layer(strategy: &mut Strategy, layers: &[Vec<Option<i32>>], count: usize) {
    let set = |layer: usize| -> BTreeMap<String, Datum> {
        let all = layers[layer].iter().take(count).enumerate();
        all.filter_map(|(place, value)| Some((format!("s{place}"), Datum::Int((*value)?)))).collect()
    };
    for (layer, segment) in ["key", "key-cinemas"].into_iter().enumerate() {
        strategy.treatments.push(Treatment { segment: segment.into(), point: "acme.p".into(), parameters: set(layer) });
    }
    let agreement = |layer| Agreement {
        customer: CustomerKey::Id("cus_1".into()),
        point: "acme.p".into(),
        parameters: set(layer),
        expires: chrono::NaiveDate::from_ymd_opt(2030, 1, 1).unwrap(),
        reason: "r".into(),
    };
    strategy.exceptions.push(agreement(2));
    strategy.contracts.push(agreement(3));
}

fn ask(world: &World, proposals: Vec<Proposal>) -> Verdict {
    let World { point, strategy, .. } = world;
    let subject =
        Subject { id: "cus_1", source: None, external_id: None, segment: Some("key-cinemas"), facts: &Json::Null };
    let at = "2026-11-22T12:00:00Z".parse().unwrap();
    let question = Question { strategy, point, subject, request: &Json::Null, at };
    decide(&question, &resolve(&question), proposals.clone(), Some(proposals))
}

fn shuffled<T: Clone>(items: &[T], seed: &[Index]) -> Vec<T> {
    let mut items = items.to_vec();
    for (place, other) in seed.iter().enumerate().take(items.len()) {
        let other = other.index(items.len());
        items.swap(place, other);
    }
    items
}

fn bytes(verdict: &Verdict) -> String {
    serde_json::to_string(verdict).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_order_matters_and_the_same_input_gives_the_same_bytes(world in world(), seed in prop::collection::vec(any::<Index>(), 8)) {
        let verdict = bytes(&ask(&world, world.proposals.clone()));
        prop_assert_eq!(&verdict, &bytes(&ask(&world, world.proposals.clone())));
        prop_assert_eq!(&verdict, &bytes(&ask(&world, shuffled(&world.proposals, &seed))));
        let mut other = world.clone();
        other.strategy.ground_rules = shuffled(&world.strategy.ground_rules, &seed);
        other.strategy.treatments = shuffled(&world.strategy.treatments, &seed);
        prop_assert_eq!(&verdict, &bytes(&ask(&other, world.proposals.clone())));
    }

    #[test]
    fn every_ground_rule_holds(world in world()) {
        let verdict = ask(&world, world.proposals.clone());
        let mut unbound = world.clone();
        unbound.strategy.ground_rules.clear();
        let before = Json::Object(ask(&unbound, world.proposals.clone()).output);
        let bindings = crate::Bindings { subject: &Json::Null, request: &Json::Null, verdict: &before };
        let typed = |field: &str| world.point.output(field).unwrap().data_type.read_json(&verdict.output[field]).unwrap();
        for rule in &world.strategy.ground_rules {
            if rule.when.as_ref().unwrap().evaluate(&bindings) == Some(false) {
                continue;
            }
            match &rule.effect {
                Effect::Clamp { field, min: Some(Limit::Value(min)), max: Some(Limit::Value(max)) } => {
                    let value = typed(field);
                    prop_assert!(value >= *min && value <= *max, "{} {field}: {value}", rule.id);
                }
                Effect::Force(fields) => {
                    for (field, value) in fields {
                        prop_assert_eq!(&typed(field), value, "{}", rule.id);
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn another_plugin_never_loosens(world in world()) {
        // Conditions of rules may look at the answer, so rules without.
        let mut world = world;
        world.strategy.ground_rules.retain(|rule| rule.when.as_ref().is_some_and(|when| when.text() == "true"));
        let Some((_, others)) = world.proposals.split_last() else { return Ok(()) };
        let (fewer, all) = (ask(&world, others.to_vec()), ask(&world, world.proposals.clone()));
        // Where nobody answered the defaults did, and they are nobody's proposal.
        if fewer.fallback || all.fallback {
            return Ok(());
        }
        for field in world.point.outputs.iter().filter(|field| field.combine.is_bound()) {
            let value = |verdict: &Verdict| field.data_type.read_json(&verdict.output[&field.name]).unwrap();
            let (few, many) = (value(&fewer), value(&all));
            prop_assert_eq!(field.combine.combine([&few, &many].into_iter()), Some(many.clone()), "{}", field.name);
        }
    }

    #[test]
    fn the_strongest_layer_wins_field_by_field(world in world()) {
        let verdict = ask(&world, Vec::new());
        let strategy = &world.strategy;
        let treatment = |segment| strategy.treatment(segment, "acme.p").map(|one| &one.parameters);
        let layers = [Some(&strategy.contracts.last().unwrap().parameters), Some(&strategy.exceptions.last().unwrap().parameters), treatment("key-cinemas"), treatment("key")];
        for resolved in &verdict.parameters {
            let strongest = layers.iter().flatten().find_map(|layer| layer.get(&resolved.name)).cloned();
            prop_assert_eq!(resolved.value.clone(), strongest.or(Some(Datum::Int(0))), "{}", resolved.name);
        }
    }
}
