use serde_json::Map;

use super::*;

fn breaker() -> (Breaker, Arc<Tally>, Instant) {
    let tally = Arc::new(Tally::default());
    (Breaker::new("acme-scores", Arc::clone(&tally)), tally, Instant::now())
}

fn good() -> Result<Answer, Failure> {
    Ok(Answer { output: Map::new(), reasons: Vec::new() })
}

fn bad(code: FailureCode) -> Result<Answer, Failure> {
    Err(Failure::new(code, "as planned"))
}

/// Reports an answer about each of `subjects`.
fn report(breaker: &Breaker, now: Instant, subjects: std::ops::Range<u32>, answer: &Result<Answer, Failure>) {
    let names: Vec<_> = subjects.map(|subject| format!("cus_{subject}")).collect();
    breaker.report(now, names.iter().map(|name| Turn::of(name, answer)));
}

/// A breaker that has just opened.
fn opened() -> (Breaker, Arc<Tally>, Instant) {
    let (breaker, tally, now) = breaker();
    report(&breaker, now, 0..5, &bad(FailureCode::Trapped));
    assert_eq!(breaker.circuit(now), Circuit::Open);
    (breaker, tally, now)
}

fn probe(breaker: &Breaker, now: Instant) -> Probe<'_> {
    match breaker.admit(now) {
        Admission::Probe(probe) => probe,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_breaks_for_everybody_is_not_asked_any_more() {
    for code in [
        FailureCode::Trapped,
        FailureCode::OutOfFuel,
        FailureCode::TimedOut,
        FailureCode::OutOfMemory,
        FailureCode::OutputTooLarge,
        FailureCode::WrongCount,
    ] {
        let (breaker, tally, now) = breaker();
        report(&breaker, now, 0..4, &bad(code));
        assert!(matches!(breaker.admit(now), Admission::Ask));
        report(&breaker, now, 4..5, &bad(code));
        assert!(matches!(breaker.admit(now), Admission::Refuse), "{code}");
        assert_eq!((breaker.circuit(now), tally.opened()), (Circuit::Open, 1));
    }
}

#[test]
fn a_refusal_or_nonsense_is_no_breakdown_and_a_full_house_says_nothing() {
    for code in [
        FailureCode::RefusedByGuest,
        FailureCode::MalformedAnswer,
        FailureCode::GaveUp,
        FailureCode::Busy,
        FailureCode::InputTooLarge,
        FailureCode::Internal,
        FailureCode::BudgetSpent,
        FailureCode::CircuitOpen,
    ] {
        let (breaker, _, now) = breaker();
        report(&breaker, now, 0..1_000, &bad(code));
        assert!(matches!(breaker.admit(now), Admission::Ask), "{code}");
    }
}

#[test]
fn one_of_a_thousand_does_not_switch_a_plugin_off() {
    let (breaker, _, now) = breaker();
    for round in 0..100 {
        report(&breaker, now, 1..1_000, &good());
        report(&breaker, now, 0..1, &bad(FailureCode::Trapped));
        assert!(matches!(breaker.admit(now), Admission::Ask), "{round}");
    }
}

#[test]
fn one_subject_does_not_do_so_however_often_it_is_asked_about() {
    let (breaker, _, now) = breaker();
    for _ in 0..1_000 {
        report(&breaker, now, 0..1, &bad(FailureCode::OutOfFuel));
        assert!(matches!(breaker.admit(now), Admission::Ask));
    }
    // Four more, and it is no longer the subject.
    report(&breaker, now, 1..5, &bad(FailureCode::OutOfFuel));
    assert!(matches!(breaker.admit(now), Admission::Refuse));
}

#[test]
fn less_than_half_is_borne() {
    let (breaker, _, now) = breaker();
    report(&breaker, now, 0..101, &good());
    report(&breaker, now, 200..300, &bad(FailureCode::Trapped));
    assert!(matches!(breaker.admit(now), Admission::Ask));
    report(&breaker, now, 300..301, &bad(FailureCode::Trapped));
    assert!(matches!(breaker.admit(now), Admission::Refuse));
}

#[test]
fn what_is_long_ago_does_not_count() {
    let (breaker, _, now) = breaker();
    report(&breaker, now, 0..4, &bad(FailureCode::Trapped));
    let later = now + SPAN * 2;
    report(&breaker, later, 4..8, &bad(FailureCode::Trapped));
    assert!(matches!(breaker.admit(later), Admission::Ask));
    // The span before the one under way does.
    let soon = later + SPAN;
    report(&breaker, soon, 8..9, &bad(FailureCode::Trapped));
    assert!(matches!(breaker.admit(soon), Admission::Refuse));
}

#[test]
fn after_the_pause_one_call_decides() {
    let (breaker, tally, now) = opened();
    assert!(matches!(breaker.admit(now + PAUSE - Duration::from_millis(1)), Admission::Refuse));
    let later = now + PAUSE;
    let first = probe(&breaker, later);
    assert_eq!(breaker.circuit(later), Circuit::HalfOpen);
    assert!(matches!(breaker.admit(later), Admission::Refuse), "one at a time");
    first.end(later, Turn::of("cus_9", &good()));
    assert!(matches!(breaker.admit(later), Admission::Ask));
    // It begins anew.
    report(&breaker, later, 0..4, &bad(FailureCode::Trapped));
    assert_eq!((breaker.circuit(later), tally.opened()), (Circuit::Closed, 1));
}

#[test]
fn each_pause_is_twice_as_long_up_to_a_minute() {
    let (breaker, _, mut now) = opened();
    for seconds in [5, 10, 20, 40, 60, 60] {
        let length = Duration::from_secs(seconds);
        assert!(matches!(breaker.admit(now + length - Duration::from_millis(1)), Admission::Refuse), "{seconds}");
        now += length;
        probe(&breaker, now).end(now, Turn::of("cus_9", &bad(FailureCode::TimedOut)));
    }
}

#[test]
fn a_probe_that_says_nothing_or_never_ends_leaves_it_to_the_next() {
    let (breaker, _, now) = opened();
    let later = now + PAUSE;
    probe(&breaker, later).end(later, Turn::of("cus_9", &bad(FailureCode::Busy)));
    drop(probe(&breaker, later));
    probe(&breaker, later).end(later, Turn::of("cus_9", &bad(FailureCode::RefusedByGuest)));
    assert_eq!(breaker.circuit(later), Circuit::Closed);
}

#[test]
fn what_was_under_way_when_it_opened_changes_nothing() {
    let (breaker, tally, now) = opened();
    report(&breaker, now, 0..100, &good());
    report(&breaker, now, 0..100, &bad(FailureCode::Trapped));
    assert!(matches!(breaker.admit(now), Admission::Refuse));
    assert_eq!(tally.opened(), 1);
}
