//! What holds for every verdict about a set.

use proptest::prelude::*;
use proptest::strategy::Strategy as Generator;

use super::*;
use crate::{Effect, Strategy};

type Line = (usize, i64, i64, i32, Option<i64>);

fn lines() -> impl Generator<Value = Vec<Line>> {
    let one = (0usize..4, 0i64..200, 0i64..250, 0i32..4, prop::option::of(0i64..60));
    prop::collection::vec(one, 1..10)
}

fn request(supply: i64, lines: &[(usize, Line)]) -> Json {
    let claims = lines.iter().map(|(place, (segment, requested, confirmed, _, hours))| {
        json!({"line": format!("L{place}"), "segment": SEGMENTS[*segment], "requested": requested.to_string(),
               "confirmed": confirmed.to_string(), "hoursToShipment": hours.map(|hours| hours.to_string())})
    });
    json!({"supply": supply.to_string(), "claims": claims.collect::<Vec<_>>()})
}

const SEGMENTS: [&str; 4] = ["key", "key-cinemas", "core", "small"];

fn allocated(strategy: &Strategy, supply: i64, lines: &[(usize, Line)]) -> SetVerdict {
    let shares = lines.iter().map(|(place, (_, _, proposed, standing, _))| {
        json!({"line": format!("L{place}"), "confirmed": proposed.to_string(), "standing": standing})
    });
    let output = json!({"shares": shares.collect::<Vec<_>>()});
    let keys: Vec<_> = lines.iter().map(|(place, line)| (format!("L{place}"), SEGMENTS[line.0])).collect();
    let segments: Vec<_> = keys.iter().map(|(key, segment)| (key.as_str(), *segment)).collect();
    let proposals = vec![proposal("f", "fulfillment", output, &[])];
    ask(strategy, "fulfillment.allocate", request(supply, lines), &segments, &Json::Null, proposals).unwrap()
}

fn confirmed(verdict: &SetVerdict, place: usize) -> i64 {
    let member = verdict.members.iter().find(|member| member.key == format!("L{place}")).unwrap();
    member.output["confirmed"].as_str().unwrap().parse().unwrap()
}

/// Two reserves, one inside the other, and frozen lines.
fn reserving(small: u32, key: u32, cinemas: u32) -> Strategy {
    let mut strategy = demo();
    strategy.ground_rules.retain(|rule| rule.id != "GR4");
    let freezing = strategy.ground_rules.iter().find(|rule| rule.id == "GR5").unwrap().clone();
    for (id, segment, percent) in [("R1", "small", small), ("R2", "key", key), ("R3", "key-cinemas", cinemas)] {
        let effect = Effect::Reserve { segment: segment.into(), share: Decimal::new(i64::from(percent), 2) };
        strategy.ground_rules.push(crate::GroundRule { id: id.into(), when: None, effect, ..freezing.clone() });
    }
    strategy
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_is_given_away_twice_and_every_reserve_holds(
        supply in 0i64..800, lines in lines(), small in 0u32..40, key in 0u32..40, cinemas in 0u32..20,
    ) {
        let strategy = reserving(small, key, cinemas);
        let lines: Vec<_> = lines.into_iter().enumerate().collect();
        let verdict = allocated(&strategy, supply, &lines);
        let frozen = |line: &Line| line.4.is_none_or(|hours| hours < 24);
        let total: i64 = lines.iter().map(|(place, _)| confirmed(&verdict, *place)).sum();
        let fixed: i64 = lines.iter().filter(|(_, line)| frozen(line)).map(|(_, line)| line.2).sum();
        prop_assert!(total <= supply.max(fixed), "{total} of {supply}");
        prop_assert_eq!(verdict.failures.iter().any(|failure| failure.code == "OVER_COMMITTED"), total > supply);
        for (place, line) in &lines {
            let got = confirmed(&verdict, *place);
            if frozen(line) {
                prop_assert_eq!(got, line.2);
            } else {
                prop_assert!((0..=line.1).contains(&got), "{got} of {}", line.1);
            }
        }
        // A reserve is filled as far as it is wanted, and as far as what is frozen leaves anything.
        for (inside, percent) in [(vec![3], small), (vec![0, 1], key), (vec![1], cinemas)] {
            let of: Vec<_> = lines.iter().filter(|(_, line)| inside.contains(&line.0)).collect();
            let got: i64 = of.iter().map(|(place, _)| confirmed(&verdict, *place)).sum();
            let wanted: i64 = of.iter().map(|(_, line)| if frozen(line) { line.2 } else { line.1 }).sum();
            let kept = (supply * i64::from(percent) + 99) / 100;
            prop_assert!(got >= kept.min(wanted) || fixed > 0 && total >= supply, "{got} of {kept}, {wanted} wanted");
        }
    }

    #[test]
    fn neither_order_nor_repetition_matters(
        supply in 0i64..800, lines in lines(), seed in prop::collection::vec(any::<prop::sample::Index>(), 10),
    ) {
        let strategy = demo();
        let lines: Vec<_> = lines.into_iter().enumerate().collect();
        let mut shuffled = lines.clone();
        for (place, other) in seed.iter().enumerate().take(lines.len()) {
            shuffled.swap(place, other.index(lines.len()));
        }
        let bytes = |verdict: &SetVerdict| {
            let members = serde_json::to_string(&verdict.members).unwrap();
            (members, verdict.explanation.clone(), verdict.failures.clone())
        };
        let first = bytes(&allocated(&strategy, supply, &lines));
        prop_assert_eq!(&first, &bytes(&allocated(&strategy, supply, &lines)));
        prop_assert_eq!(&first, &bytes(&allocated(&strategy, supply, &shuffled)));
        let mut other_rules = strategy;
        other_rules.ground_rules.reverse();
        prop_assert_eq!(&first, &bytes(&allocated(&other_rules, supply, &lines)));
    }

    #[test]
    fn parts_are_whole_and_nobody_is_a_unit_off(total in 0i128..5_000, weights in prop::collection::vec(0i128..900, 1..12)) {
        let sum: i128 = weights.iter().sum();
        let total = total.min(sum);
        let parts = crate::verdict::ration::apportion(total, &weights);
        prop_assert_eq!(parts.iter().sum::<i128>(), total);
        for (part, weight) in parts.iter().zip(&weights) {
            prop_assert!(part <= weight);
            prop_assert!((part * sum - total * weight).abs() < sum.max(1), "{part} of {weight}");
        }
        // Who wants more never gets less.
        for (one, other) in weights.iter().zip(&parts).zip(weights.iter().zip(&parts).skip(1)) {
            prop_assert!(one.0 <= other.0 || one.1 >= other.1);
        }
    }

    #[test]
    fn another_plugin_never_lets_more_out(
        scores in prop::collection::vec((0i32..9, any::<bool>(), any::<bool>(), 0i32..9, any::<bool>(), any::<bool>()), 1..6),
        used in 0i32..4,
    ) {
        let strategy = demo();
        let keys: Vec<_> = (0..scores.len()).map(|place| format!("W{place}")).collect();
        let wishes: Vec<_> = keys.iter().map(|wish| json!({"wish": wish, "kind": "SERVICE", "consent": true})).collect();
        let answer = |second: bool| {
            let all = keys.iter().zip(&scores).map(|(wish, (score, allowed, exempt, other, other_allowed, other_exempt))| {
                let (score, allowed, exempt) = if second { (other, other_allowed, other_exempt) } else { (score, allowed, exempt) };
                json!({"wish": wish, "score": score.to_string(), "allowed": allowed, "exempt": exempt})
            });
            json!({"contacts": all.collect::<Vec<_>>()})
        };
        let segments: Vec<_> = keys.iter().map(|key| (key.as_str(), "core")).collect();
        let request = json!({"used": used, "wishes": wishes});
        let sent = |proposals| {
            let verdict = ask(&strategy, "marketing.contact", request.clone(), &segments, &Json::Null, proposals).unwrap();
            verdict.members.into_iter().filter(|member| member.output["send"] == json!(true)).count()
        };
        let one = proposal("a", "marketing", answer(false), &[]);
        let alone = sent(vec![one.clone()]);
        let other = proposal("b", "service", answer(true), &[]);
        let both = sent(vec![one.clone(), other.clone()]);
        prop_assert!(both <= alone, "{both} instead of {alone}");
        prop_assert_eq!(both, sent(vec![other, one]));
    }
}
