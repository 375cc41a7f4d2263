//! Whatever a guest does, its host goes on and its neighbours have their answers.

use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use guildhall_plugin_host::cases::swayed;
use guildhall_plugin_host::{Budget, Call, FailureCode, Limits};

use crate::fixture::{AT, ask, hostile, limits, line, misbehaving};

/// Asks once for a behaviour, alone.
#[track_caller]
fn check(behaviour: &str, expected: Expect) {
    let guest = hostile(limits());
    let batch = ask(&guest, &[behaviour]);
    expected.assert_eq(&line(&batch.answers[0]));
    assert_eq!(batch.guest_calls, 1);
    assert_eq!(line(&ask(&guest, &["nothing"]).answers[0]), GOOD, "the host must go on");
}

const GOOD: &str = r#"{"netDays":7,"note":""} ["as asked"]"#;

#[test]
fn who_behaves_is_heard() {
    check("nothing", expect![[r#"{"netDays":7,"note":""} ["as asked"]"#]]);
}

#[test]
fn an_endless_loop_runs_out_of_fuel() {
    check("loop", expect!["OUT_OF_FUEL: the plugin used up its 10000000 units of fuel"]);
}

#[test]
fn a_panic_is_a_failure_that_tells_nothing_of_the_host() {
    check("panic", expect!["TRAPPED: the plugin panicked or aborted"]);
    check("abort", expect!["TRAPPED: the plugin panicked or aborted"]);
}

#[test]
fn memory_has_an_end() {
    check("memory", expect!["OUT_OF_MEMORY: the plugin wanted more than the 16777216 bytes of memory it may have"]);
    let guest = hostile(limits());
    let batch = ask(&guest, &["memory"]);
    assert!(batch.memory_peak <= Limits::default().memory, "{}", batch.memory_peak);
}

#[test]
fn the_stack_has_an_end() {
    check("deep", expect!["TRAPPED: the plugin reached outside its memory, or its stack did"]);
}

#[test]
fn nobody_writes_outside_his_memory() {
    check("write_everywhere", expect!["TRAPPED: the plugin reached outside its memory, or its stack did"]);
}

#[test]
fn answers_have_a_size() {
    check("flood", expect!["OUTPUT_TOO_LARGE: the answer has 30057 bytes; 20480 are allowed"]);
    check("giant", expect!["OUTPUT_TOO_LARGE: the plugin handed over more than 262144 bytes at a time"]);
}

#[test]
fn answers_have_a_form() {
    check(
        "malformed",
        expect![
            "MALFORMED_ANSWER: the answer is not as the contract says: EOF while parsing a value at line 1 column 21"
        ],
    );
    check(
        "not_utf8",
        expect![
            "MALFORMED_ANSWER: the answer is not as the contract says: invalid unicode code point at line 1 column 17"
        ],
    );
    check(
        "nan",
        expect!["MALFORMED_ANSWER: the answer is not as the contract says: expected value at line 1 column 23"],
    );
    check(
        "twice",
        expect!["MALFORMED_ANSWER: the answer is not as the contract says: `netDays` occurs twice at line 1 column 32"],
    );
    check(
        "array",
        expect![
            "MALFORMED_ANSWER: the answer is not as the contract says: `output` must be an object at line 1 column 14"
        ],
    );
    check(
        "unknown_member",
        expect![
            "MALFORMED_ANSWER: the answer is not as the contract says: unknown field `verdict`, expected `output` or `reasons` at line 1 column 22"
        ],
    );
    check("many_reasons", expect!["MALFORMED_ANSWER: the answer has 21 reasons; 20 are read"]);
    check(
        "long_reason",
        expect![
            "MALFORMED_ANSWER: the answer is not as the contract says: a reason has 501 characters; 500 are read at line 1 column 527"
        ],
    );
    check(
        "nested",
        expect![
            "MALFORMED_ANSWER: the answer is not as the contract says: recursion limit exceeded at line 1 column 141"
        ],
    );
}

#[test]
fn every_question_has_one_answer() {
    check("too_few", expect!["WRONG_COUNT: the plugin was asked 1 questions and gave 0 answers"]);
    check("too_many", expect!["WRONG_COUNT: the plugin was asked 1 questions and gave 2 answers"]);
}

#[test]
fn a_refusal_is_bounded_and_harmless() {
    let batch = ask(&hostile(limits()), &["refuse"]);
    let failure = batch.answers[0].clone().unwrap_err();
    assert_eq!(failure.code, FailureCode::RefusedByGuest);
    assert!(failure.message.starts_with("no, because zzz"));
    assert!(failure.message.chars().count() <= 501);
    assert!(!failure.message.chars().any(char::is_control));
}

#[test]
fn the_log_is_bounded_and_harmless() {
    let guest = hostile(limits());
    let batch = ask(&guest, &["log"]);
    assert_eq!(line(&batch.answers[0]), GOOD);
    assert!(batch.log[0].starts_with("line 0 xxx"));
    assert!(batch.log.iter().map(String::len).sum::<usize>() <= 1_100);
    assert!(!batch.log.iter().any(|line| line.chars().any(char::is_control)));
    check("log_forever", expect!["OUT_OF_FUEL: the plugin used up its 10000000 units of fuel"]);
    check("log_giant", expect!["OUTPUT_TOO_LARGE: the plugin handed over more than 262144 bytes at a time"]);
}

#[test]
fn an_instance_is_fresh() {
    let guest = hostile(limits());
    for _ in 0..3 {
        assert_eq!(line(&ask(&guest, &["count"]).answers[0]), r#"{"netDays":7,"note":"0"} ["as asked"]"#);
    }
}

#[test]
fn an_input_that_is_too_large_is_not_asked() {
    let guest = hostile(limits());
    let large = vec![b' '; Limits::default().input + 1];
    let calls = [Call { parameters: b"{}", input: &large }, Call { parameters: b"{}", input: b"{}" }];
    let batch = guest.decide("credit.terms", AT, &calls);
    expect!["INPUT_TOO_LARGE: parameters and input have 131075 bytes; 131072 are allowed"]
        .assert_eq(&line(&batch.answers[0]));
    assert_eq!(line(&batch.answers[1]), GOOD);
}

/// Twenty subjects, one of them poison: its neighbours get what they would get alone.
#[track_caller]
fn check_poison(poison: &str, code: FailureCode) {
    let guest = hostile(limits());
    for place in [0, 7, 19] {
        let mut behaviours = ["nothing"; 20];
        behaviours[place] = poison;
        let batch = ask(&guest, &behaviours);
        for (index, answer) in batch.answers.iter().enumerate() {
            match answer {
                Err(failure) => assert_eq!((index, failure.code), (place, code)),
                Ok(_) => assert_eq!(line(answer), GOOD, "{poison} at {place}, subject {index}"),
            }
        }
        assert!(batch.answers[place].is_err(), "{poison} at {place}");
        assert!(batch.guest_calls <= 11, "{poison} took {} calls", batch.guest_calls);
    }
}

#[test]
fn one_guilty_subject_stands_alone() {
    check_poison("panic", FailureCode::Trapped);
    check_poison("loop", FailureCode::OutOfFuel);
    check_poison("memory", FailureCode::OutOfMemory);
    check_poison("deep", FailureCode::Trapped);
    check_poison("giant", FailureCode::OutputTooLarge);
    check_poison("flood", FailureCode::OutputTooLarge);
    check_poison("malformed", FailureCode::MalformedAnswer);
    check_poison("too_few", FailureCode::WrongCount);
}

#[test]
fn however_many_are_guilty_the_others_are_answered() {
    let guest = hostile(limits());
    let every_sixth: Vec<_> = (0..250).map(|place| if place % 6 == 0 { "panic" } else { "nothing" }).collect();
    let batch = ask(&guest, &every_sixth);
    for (place, answer) in batch.answers.iter().enumerate() {
        match place % 6 {
            0 => assert!(answer.as_ref().is_err_and(|failure| failure.code == FailureCode::Trapped)),
            _ => assert_eq!(line(answer), GOOD, "{place}"),
        }
    }
    // All are: each stands alone in the end.
    let batch = ask(&guest, &["panic"; 64]);
    assert_eq!(batch.guest_calls, 127);
}

#[test]
fn finding_the_guilty_has_an_end() {
    let guest = hostile(Limits { wall_batch: Duration::ZERO, ..limits() });
    expect![
        "GAVE_UP: a batch of 64 failed (TIMED_OUT) and finding out for whom took too long; ask about this subject alone"
    ]
    .assert_eq(&line(&ask(&guest, &["panic"; 64]).answers[63]));
}

#[test]
fn who_keeps_something_from_one_to_the_next_is_found_by_golden_cases() {
    let guest = hostile(limits());
    for (behaviour, expected) in [("tell", &[0, 1][..]), ("nothing", &[])] {
        let cases = [misbehaving(behaviour), misbehaving(behaviour)];
        let alone = cases.each_ref().map(|case| case.ask(&guest).0);
        assert_eq!(swayed(&cases.each_ref(), &alone.each_ref(), &guest), expected, "{behaviour}");
    }
}

#[test]
fn large_batches_are_divided_before_anything_fails() {
    let guest = hostile(limits());
    let batch = ask(&guest, &["nothing"; 600]);
    assert!(batch.answers.iter().all(|answer| line(answer) == GOOD));
    assert_eq!(batch.guest_calls, 3);
}

#[test]
fn the_clock_ends_what_fuel_does_not() {
    let limits = Limits { fuel: u64::MAX / 2, wall_single: Duration::from_millis(50), ..Limits::default() };
    let guest = hostile(limits);
    ask(&guest, &["nothing"]);
    let started = Instant::now();
    let batch = ask(&guest, &["loop"]);
    expect!["TIMED_OUT: the plugin took too long"].assert_eq(&line(&batch.answers[0]));
    assert!(started.elapsed() >= Duration::from_millis(50));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn a_batch_has_a_clock_of_its_own() {
    let limits = Limits { fuel: u64::MAX / 2, wall_batch: Duration::from_millis(300), ..Limits::default() };
    let guest = hostile(limits);
    ask(&guest, &["nothing"]);
    let started = Instant::now();
    let batch = ask(&guest, &["loop"; 64]);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let ended = [FailureCode::TimedOut, FailureCode::GaveUp];
    assert!(batch.answers.iter().all(|answer| answer.as_ref().is_err_and(|failure| ended.contains(&failure.code))));
}

#[test]
fn declared_lists_raise_fuel_input_and_output() {
    let plain = hostile(limits());
    let guest = plain.scaled([("credit.terms", 100), ("credit.check", 49)]);
    assert_eq!((guest.limits("credit.check"), guest.limits("credit.terms").fuel), (&limits(), 30_000_000));
    expect!["OUT_OF_FUEL: the plugin used up its 30000000 units of fuel"]
        .assert_eq(&line(&ask(&guest, &["loop"]).answers[0]));
    assert!(ask(&plain, &["flood"]).answers[0].is_err() && ask(&guest, &["flood"]).answers[0].is_ok());
    let large = vec![b' '; Limits::default().input * 2];
    let call = Call { parameters: b"{}", input: &large };
    let asked = |guest: &guildhall_plugin_host::Guest| line(&guest.decide("credit.terms", AT, &[call]).answers[0]);
    expect!["INPUT_TOO_LARGE: parameters and input have 262146 bytes; 131072 are allowed"].assert_eq(&asked(&plain));
    assert_eq!(asked(&guest), GOOD);
}

#[test]
fn the_budget_of_a_request_ends_what_each_alone_may() {
    let guest = hostile(limits());
    let call = Call { parameters: b"{}", input: b"{\"subject\":{}}" };
    let alone = guest.decide("credit.terms", AT, &[call]).fuel;
    let budget = Budget::of(&Limits { request_fuel: alone + 1, request_wall: Duration::from_secs(60), ..limits() }, 1);
    let asked = || line(&guest.decide_within("credit.terms", AT, &[call], &budget).answers[0]);
    assert_eq!([asked(), asked()], [GOOD, GOOD], "a call that is begun has all its own limits");
    assert!(budget.is_spent(guest.name()));
    let spent = "BUDGET_SPENT: the plugin has spent its share of what plugins may spend on this request; ask for less at a time";
    assert_eq!([asked(), asked()], [spent, spent]);
    // Dividing a batch is at the request's expense, too.
    let budget = Budget::of(&Limits { request_fuel: 25_000_000, request_wall: Duration::from_secs(60), ..limits() }, 1);
    let parameters = b"{\"misbehave\":\"loop\"}";
    let batch = guest.decide_within("credit.terms", AT, &[Call { parameters, ..call }; 64], &budget);
    assert_eq!(batch.guest_calls, 3);
    assert!(batch.answers.iter().all(|answer| line(answer) == spent));
}

#[test]
fn the_same_call_gives_the_same_bytes_and_the_same_fuel() {
    let guest = hostile(limits());
    for behaviours in [&["nothing"][..], &["nothing"; 20], &["loop"], &["panic", "nothing", "memory"]] {
        let (first, second) = (ask(&guest, behaviours), ask(&guest, behaviours));
        assert_eq!(first.answers, second.answers);
        assert_eq!((first.fuel, first.memory_peak, first.log), (second.fuel, second.memory_peak, second.log));
    }
}

#[test]
fn many_threads_ask_at_once() {
    let limits = Limits { concurrency: 2, concurrency_per_plugin: 2, patience: Duration::from_secs(60), ..limits() };
    let guest = hostile(limits);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let guest = guest.clone();
            scope.spawn(move || {
                for _ in 0..20 {
                    let poison = if thread % 2 == 0 { "panic" } else { "nothing" };
                    let batch = ask(&guest, &["nothing", poison, "nothing"]);
                    assert_eq!(line(&batch.answers[0]), GOOD);
                    assert_eq!(batch.answers[1].is_err(), thread % 2 == 0);
                    assert_eq!(line(&batch.answers[2]), GOOD);
                }
            });
        }
    });
}

#[test]
fn who_does_not_get_a_turn_is_told() {
    let limits = Limits {
        concurrency_per_plugin: 1,
        patience: Duration::from_millis(10),
        fuel: u64::MAX / 2,
        wall_single: Duration::from_secs(2),
        ..Limits::default()
    };
    let guest = hostile(limits);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| ask(&guest, &["loop"]));
        std::thread::sleep(Duration::from_millis(500));
        let batch = ask(&guest, &["nothing"]);
        expect!["BUSY: too many plugin calls are running; try again"].assert_eq(&line(&batch.answers[0]));
        slow.join().unwrap();
    });
}
