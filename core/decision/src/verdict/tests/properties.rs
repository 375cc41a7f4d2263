//! What holds for every verdict, whatever plugins and rules there are.

use proptest::prelude::*;
use proptest::sample::Index;
// `Strategy` is the document here.
use proptest::strategy::Strategy as Generator;

use super::*;
use crate::{Effect, Limit, Strategy};

const RULES: &str = r#"
[[ground_rules]]
id = "A"
name = "n"
reason = "r"
point = "credit.terms"
when = "verdict.discount > 0.02"
clamp = { field = "netDays", max = 40 }
[[ground_rules]]
id = "B"
name = "n"
reason = "r"
point = "credit.terms"
clamp = { field = "netDays", min = 5, max = 50 }
[[ground_rules]]
id = "C"
name = "n"
reason = "r"
point = "credit.terms"
when = "verdict.netDays > 30"
clamp = { field = "discount", max = 0.03 }
[[ground_rules]]
id = "D"
name = "n"
reason = "r"
point = "credit.terms"
when = "verdict.discountDays > verdict.netDays"
force = { discountDays = 0 }
[[ground_rules]]
id = "E"
name = "n"
reason = "r"
point = "credit.terms"
when = "verdict.discount == 0"
force = { discountDays = 1, netDays = 7 }
"#;

fn strategy() -> Strategy {
    read(&format!("{DEMO}\n{RULES}")).unwrap()
}

fn proposals(size: std::ops::Range<usize>) -> impl Generator<Value = Vec<Proposal>> {
    let one = (0i32..120, 0i64..6, 0i32..60, prop::bool::weighted(0.05), "[a-c]");
    prop::collection::vec(one, size).prop_map(|all| {
        all.into_iter()
            .map(|(net, discount, days, fails, name)| match fails {
                true => failed(&name, "d", "trapped"),
                false => proposal(&name, "d", terms(net, &format!("0.0{discount}"), days), &["why"]),
            })
            .collect()
    })
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

fn number(verdict: &Verdict, field: &str) -> Datum {
    point("credit.terms").output(field).unwrap().data_type.read_json(&verdict.output[field]).unwrap()
}

proptest! {
    #[test]
    fn neither_the_order_of_plugins_nor_of_rules_matters(all in proposals(0..5), seed in prop::collection::vec(any::<Index>(), 8)) {
        let strategy = strategy();
        let verdict = ask_terms(&strategy, Some("core"), all.clone());
        let other_plugins = ask_terms(&strategy, Some("core"), shuffled(&all, &seed));
        prop_assert_eq!(bytes(&verdict), bytes(&other_plugins));
        let ground_rules = shuffled(&strategy.ground_rules, &seed);
        let other_rules = ask_terms(&Strategy { ground_rules, ..strategy }, Some("core"), all);
        prop_assert_eq!(bytes(&verdict), bytes(&other_rules));
    }

    #[test]
    fn the_same_input_gives_the_same_bytes(all in proposals(0..5)) {
        let verdict = ask_terms(&strategy(), Some("core"), all.clone());
        prop_assert_eq!(bytes(&verdict), bytes(&ask_terms(&strategy(), Some("core"), all)));
    }

    #[test]
    fn another_plugin_never_loosens_a_bound(all in proposals(1..4), added in proposals(1..2)) {
        // All fields of the point are combined by MIN. Conditions of rules may look at the answer, so only rules without.
        let mut strategy = strategy();
        strategy.ground_rules.retain(|rule| rule.when.is_none());
        let fewer = ask_terms(&strategy, Some("core"), all.clone());
        let more = ask_terms(&strategy, Some("core"), [all, added].concat());
        for field in ["netDays", "discount", "discountDays"] {
            prop_assert!(number(&more, field) <= number(&fewer, field), "{field}");
        }
    }

    #[test]
    fn a_ground_rule_always_holds(all in proposals(0..5)) {
        let strategy = strategy();
        let verdict = ask_terms(&strategy, Some("core"), all.clone());
        let unbound = ask_terms(&Strategy { ground_rules: Vec::new(), ..strategy.clone() }, Some("core"), all);
        let before = Json::Object(unbound.output);
        let bindings = crate::Bindings { subject: &Json::Null, request: &Json::Null, verdict: &before };
        for rule in &strategy.ground_rules {
            if rule.when.as_ref().is_some_and(|when| when.evaluate(&bindings) == Some(false)) || rule.point != "credit.terms" {
                continue;
            }
            match rule.effect.clone() {
                Effect::Clamp { field, min, max } => {
                    let value = number(&verdict, &field);
                    let given = |limit| match limit { Limit::Value(value) => value, Limit::Formula(_) => panic!("none here") };
                    prop_assert!(min.map(given).is_none_or(|min| value >= min), "{}", rule.id);
                    prop_assert!(max.map(given).is_none_or(|max| value <= max), "{}", rule.id);
                }
                Effect::Keep(_) | Effect::Reserve { .. } => panic!("none here"),
                // Two rules may force one field; all combine by MIN, so the lesser is the stricter.
                Effect::Force(fields) => for (field, value) in fields {
                    prop_assert!(number(&verdict, &field) <= value, "{}", rule.id);
                },
            }
        }
    }

    #[test]
    fn a_change_of_a_rule_is_in_the_trace(all in proposals(0..5)) {
        let strategy = strategy();
        let verdict = ask_terms(&strategy, Some("core"), all.clone());
        let unbound = ask_terms(&Strategy { ground_rules: Vec::new(), ..strategy }, Some("core"), all);
        for (field, value) in &verdict.output {
            let traced = verdict.bounds.iter().any(|bound| bound.field == *field && bound.before != bound.after);
            prop_assert_eq!(unbound.output[field] != *value, traced, "{}", field);
        }
    }

    #[test]
    fn what_a_rule_sets_is_in_the_trace_whoever_else_says_so(all in proposals(0..5)) {
        let strategy = strategy();
        let verdict = ask_terms(&strategy, Some("core"), all.clone());
        let unbound = ask_terms(&Strategy { ground_rules: Vec::new(), ..strategy.clone() }, Some("core"), all);
        let before = Json::Object(unbound.output);
        let bindings = crate::Bindings { subject: &Json::Null, request: &Json::Null, verdict: &before };
        for rule in strategy.rules("credit.terms") {
            let Effect::Force(fields) = &rule.effect else { continue };
            let holds = rule.when.as_ref().is_none_or(|when| when.evaluate(&bindings) != Some(false));
            for field in fields.keys() {
                let traced = verdict.bounds.iter().any(|bound| bound.rule == rule.id && bound.field == *field);
                prop_assert_eq!(traced, holds, "{} {}", rule.id, field);
            }
        }
    }

    #[test]
    fn a_customer_is_told_nothing_of_the_inside(
        all in proposals(0..5),
        secret in "[q-z]{12}",
        segment in prop::option::of(prop::sample::select(vec!["key", "core", "small"])),
    ) {
        // Whatever plugins, departments and reasons are called, and whatever the rules say of themselves.
        let all = all.into_iter().map(|proposal| {
            let plugin = format!("{secret}-{}", proposal.plugin);
            let result = match proposal.result {
                Ok(proposed) => Ok(ProposedOutput { reasons: vec![secret.clone()], ..proposed }),
                Err(_) => Err(ProposalFailure { code: secret.clone(), message: secret.clone() }),
            };
            Proposal { plugin, department: secret.clone(), digest: secret.clone(), result, ..proposal }
        });
        let mut strategy = strategy();
        for rule in &mut strategy.ground_rules {
            (rule.name, rule.reason, rule.id) = (secret.clone(), secret.clone(), format!("{secret}{}", rule.id));
        }
        let verdict = ask_terms(&strategy, segment, all.collect());
        let told = verdict.customer_explanation.join("\n");
        prop_assert!(!told.contains(&secret), "{}", told);
        for segment in &strategy.segments {
            prop_assert!(!told.contains(&format!("`{}`", segment.key)) && !told.contains(&segment.name), "{}", told);
        }
        prop_assert!(told.contains("Our answer is"));
    }
}
