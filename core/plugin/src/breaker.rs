//! Breaker: whether a plugin is asked at all, after it failed too often.
//!
//! A plugin that traps or loops for everybody costs every request its limits. When at least half of the subjects it was asked about in
//! the last ten seconds broke the call, and at least five different ones did, it is not asked for five seconds; its points' fail policies
//! answer. Then one call about one subject decides: if it is answered all goes on, if it breaks again the pause is twice as long, up to a
//! minute. One subject that a plugin cannot bear never does this, however often it is asked about.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::failure::{Failure, FailureCode};
use crate::tally::Tally;

/// How many different subjects have to break a plugin's calls before it is not asked any more.
const SUBJECTS: usize = 5;

/// Failures are looked at over two of these: the one that is under way and the one before.
const SPAN: Duration = Duration::from_secs(5);

/// How long a plugin is not asked at first, and at most.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Decides whether a plugin is asked. Of this process, and of one package: another version begins anew.
#[derive(Debug)]
pub struct Breaker {
    plugin: String,
    tally: Arc<Tally>,
    state: Mutex<State>,
}

/// Whether the plugin is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// It is asked.
    Closed,
    /// It is not asked.
    Open,
    /// One call finds out whether it will be.
    HalfOpen,
}

/// What is to be done about a number of subjects.
#[derive(Debug)]
pub enum Admission<'a> {
    /// Ask about all of them, and report.
    Ask,
    /// Ask about one of them: what comes of it decides about the others.
    Probe(Probe<'a>),
    /// Ask about none.
    Refuse,
}

/// What became of one subject's turn.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'s> {
    subject: &'s str,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// It was heard, be its answer yes, no or nonsense.
    Heard,
    /// The call broke: that costs as much as a call may cost.
    Broke,
    /// It says nothing about the plugin.
    Neither,
}

impl<'s> Turn<'s> {
    /// What an answer or a failure about a subject says about the plugin.
    pub fn of(subject: &'s str, answer: &Result<Answer, Failure>) -> Self {
        let outcome = match answer.as_ref().err().map(|failure| failure.code) {
            None | Some(FailureCode::RefusedByGuest | FailureCode::MalformedAnswer) => Outcome::Heard,
            Some(
                FailureCode::Trapped
                | FailureCode::OutOfFuel
                | FailureCode::TimedOut
                | FailureCode::OutOfMemory
                | FailureCode::OutputTooLarge
                | FailureCode::WrongCount,
            ) => Outcome::Broke,
            Some(
                FailureCode::GaveUp
                | FailureCode::InputTooLarge
                | FailureCode::Busy
                | FailureCode::Internal
                | FailureCode::CircuitOpen
                | FailureCode::BudgetSpent,
            ) => Outcome::Neither,
        };
        Turn { subject, outcome }
    }

    /// Whether the plugin was heard.
    pub fn is_heard(&self) -> bool {
        self.outcome == Outcome::Heard
    }
}

#[derive(Debug)]
struct State {
    /// The span under way and the one before.
    spans: [Span; 2],
    pause: Option<Pause>,
}

#[derive(Clone, Debug)]
struct Span {
    since: Instant,
    heard: u64,
    broke: u64,
    /// Who broke it; no more of them than are needed.
    guilty: BTreeSet<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Pause {
    until: Instant,
    length: Duration,
    /// Whether one is finding out.
    probing: bool,
}

impl Span {
    fn new(since: Instant) -> Self {
        Span { since, heard: 0, broke: 0, guilty: BTreeSet::new() }
    }

    fn count(&mut self, turn: Turn<'_>) {
        match turn.outcome {
            Outcome::Heard => self.heard = self.heard.saturating_add(1),
            Outcome::Broke => {
                self.broke = self.broke.saturating_add(1);
                if self.guilty.len() < SUBJECTS {
                    let mut hasher = DefaultHasher::new();
                    turn.subject.hash(&mut hasher);
                    self.guilty.insert(hasher.finish());
                }
            }
            Outcome::Neither => {}
        }
    }
}

impl State {
    fn new(now: Instant) -> Self {
        State { spans: [Span::new(now), Span::new(now)], pause: None }
    }

    /// Lets go of what is too long ago.
    fn turn_to(&mut self, now: Instant) {
        let [current, previous] = &mut self.spans;
        let passed = now.saturating_duration_since(current.since);
        if passed >= SPAN * 2 {
            *previous = Span::new(now);
            *current = Span::new(now);
        } else if passed >= SPAN {
            *previous = std::mem::replace(current, Span::new(now));
        }
    }

    fn fails_too_often(&self) -> Option<(u64, u64)> {
        let [current, previous] = &self.spans;
        let (heard, broke) = (current.heard + previous.heard, current.broke + previous.broke);
        let guilty = current.guilty.union(&previous.guilty).count();
        (guilty >= SUBJECTS && broke >= heard).then_some((broke, heard))
    }
}

impl Breaker {
    pub(crate) fn new(plugin: &str, tally: Arc<Tally>) -> Self {
        Breaker { plugin: plugin.to_owned(), tally, state: Mutex::new(State::new(Instant::now())) }
    }

    /// What is to be done now.
    pub fn admit(&self, now: Instant) -> Admission<'_> {
        match &mut self.lock().pause {
            None => Admission::Ask,
            Some(pause) if now < pause.until || pause.probing => Admission::Refuse,
            Some(pause) => {
                pause.probing = true;
                Admission::Probe(Probe { breaker: self, ended: false })
            }
        }
    }

    /// Takes note of what became of subjects the plugin was asked about.
    pub fn report<'s>(&self, now: Instant, turns: impl IntoIterator<Item = Turn<'s>>) {
        let mut state = self.lock();
        if state.pause.is_some() {
            // They were under way when it was decided.
            return;
        }
        state.turn_to(now);
        let [current, _] = &mut state.spans;
        turns.into_iter().for_each(|turn| current.count(turn));
        if let Some((broke, heard)) = state.fails_too_often() {
            *state =
                State { pause: Some(Pause { until: now + PAUSE, length: PAUSE, probing: false }), ..State::new(now) };
            drop(state);
            self.tally.open();
            tracing::warn!(
                plugin = self.plugin,
                broke,
                heard,
                seconds = PAUSE.as_secs(),
                "a plugin fails for too many subjects and is not asked for a while; its decision points' fail policies answer"
            );
        }
    }

    pub fn circuit(&self, now: Instant) -> Circuit {
        match self.lock().pause {
            None => Circuit::Closed,
            Some(pause) if pause.probing || now >= pause.until => Circuit::HalfOpen,
            Some(_) => Circuit::Open,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held; were it so, the counts would still be good enough.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one call that decides whether a plugin is asked again. One that never came to an end leaves that to the next.
#[derive(Debug)]
pub struct Probe<'a> {
    breaker: &'a Breaker,
    ended: bool,
}

impl Probe<'_> {
    /// Says what became of it. A turn that says nothing about the plugin leaves the decision to the next call.
    pub fn end(mut self, now: Instant, turn: Turn<'_>) {
        let mut state = self.breaker.lock();
        match (turn.outcome, &mut state.pause) {
            (Outcome::Heard, _) => {
                *state = State::new(now);
                tracing::info!(plugin = self.breaker.plugin, "a plugin answers again");
            }
            (Outcome::Broke, Some(pause)) => {
                let length = (pause.length * 2).min(LONGEST_PAUSE);
                *pause = Pause { until: now + length, length, probing: false };
                tracing::warn!(plugin = self.breaker.plugin, seconds = length.as_secs(), "a plugin still fails");
            }
            (_, Some(pause)) => pause.probing = false,
            (_, None) => {}
        }
        self.ended = true;
    }
}

impl Drop for Probe<'_> {
    fn drop(&mut self) {
        if !self.ended
            && let Some(pause) = &mut self.breaker.lock().pause
        {
            pause.probing = false;
        }
    }
}

#[cfg(test)]
mod tests;
