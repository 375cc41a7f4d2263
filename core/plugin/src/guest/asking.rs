//! Asking: from many calls to one answer or failure each.
//!
//! Calls go to the guest in chunks. A chunk that fails is halved until the guilty subject stands alone and all others have
//! their answers; how much may be spent on that is bounded. A part has the same limits as the whole, so that every subject
//! that is answered in a batch would be answered alone too.

use std::time::{Duration, Instant};

use super::{Batch, Call, Loaded};
use crate::answer::{self, Answer};
use crate::budget::Budget;
use crate::failure::{Failure, FailureCode};
use crate::limits::Limits;

/// Log lines that are kept of one batch.
const LOG_LINES: usize = 50;

/// Bytes of parameters and input that go into one guest call, so that they fit its memory several times.
const CHUNK_BYTES: usize = 1 << 20;

pub(super) fn ask(
    loaded: &Loaded,
    limits: &Limits,
    point: &str,
    at: &str,
    calls: &[Call<'_>],
    budget: &Budget,
) -> Batch {
    let batch = Batch { answers: Vec::new(), fuel: 0, guest_calls: 0, memory_peak: 0, output_peak: 0, log: Vec::new() };
    let mut asking = Asking { loaded, limits, point, at, calls, budget, answers: vec![None; calls.len()], batch };
    for chunk in asking.chunks() {
        asking.solve(&chunk);
    }
    asking.finish()
}

struct Asking<'a> {
    loaded: &'a Loaded,
    limits: &'a Limits,
    budget: &'a Budget,
    point: &'a str,
    at: &'a str,
    calls: &'a [Call<'a>],
    answers: Vec<Option<Result<Answer, Failure>>>,
    batch: Batch,
}

/// A call with its place among all calls.
type Placed<'a> = (usize, Call<'a>);

impl<'a> Asking<'a> {
    /// The calls in the portions in which the guest gets them. What is too large to ask is answered here.
    fn chunks(&mut self) -> Vec<Vec<Placed<'a>>> {
        let limits = self.limits;
        let mut chunks: Vec<Vec<Placed<'a>>> = Vec::new();
        let mut room = 0_usize;
        let portion = self.portion();
        for (place, call) in self.calls.iter().enumerate() {
            let size = call.parameters.len().saturating_add(call.input.len());
            if size > limits.input {
                let message = format!("parameters and input have {size} bytes; {} are allowed", limits.input);
                self.put(place, Err(Failure::new(FailureCode::InputTooLarge, message)));
                continue;
            }
            match chunks.last_mut() {
                Some(chunk) if chunk.len() < portion && size <= room => chunk.push((place, *call)),
                _ => {
                    chunks.push(vec![(place, *call)]);
                    room = CHUNK_BYTES;
                }
            }
            room = room.saturating_sub(size);
        }
        chunks
    }

    /// How many calls go to the guest together: as many as fit its fuel as far as one knows, in portions of about one size.
    fn portion(&self) -> usize {
        let most = self.loaded.experience.portion(self.point, self.limits.fuel).min(self.limits.batch).max(1);
        self.calls.len().div_ceil(self.calls.len().div_ceil(most).max(1))
    }

    /// Answers every call of a chunk.
    fn solve(&mut self, chunk: &[Placed<'a>]) {
        let limits = self.limits;
        let until = Instant::now() + limits.wall_batch;
        let mut open = vec![chunk];
        let mut last = None;
        while let Some(group) = open.pop() {
            if self.budget.is_spent(&self.loaded.name) {
                self.spent(group);
                continue;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.give_up(group, chunk.len(), last.as_ref());
                continue;
            }
            let Err(failure) = self.try_together(group, wall(limits, group.len(), chunk.len(), left)) else { continue };
            match group {
                [(place, _)] => self.put(*place, Err(failure)),
                _ => {
                    // Of the parts it may be one subject that runs out; of the whole one cannot tell, and they count alike.
                    if failure.code == FailureCode::OutOfFuel && group.len() == chunk.len() {
                        self.loaded.experience.learn(self.point, limits.fuel, group.len());
                    }
                    let (first, second) = group.split_at(group.len() / 2);
                    open.push(second);
                    open.push(first);
                    last = Some(failure.code);
                }
            }
        }
    }

    /// One guest call about all of a group.
    fn try_together(&mut self, group: &[Placed<'a>], wall: Duration) -> Result<(), Failure> {
        let limits = self.limits;
        let calls: Vec<_> = group.iter().map(|(_, call)| *call).collect();
        let begun = Instant::now();
        let ran = self.loaded.program.run(limits, wall, self.point, self.at, &calls);
        self.budget.spend(&self.loaded.name, ran.fuel, begun.elapsed());
        self.batch.guest_calls += 1;
        self.batch.fuel = self.batch.fuel.saturating_add(ran.fuel);
        self.batch.memory_peak = self.batch.memory_peak.max(ran.memory);
        let room = LOG_LINES.saturating_sub(self.batch.log.len());
        self.batch.log.extend(ran.log.into_iter().take(room));
        let outcomes = ran.outcomes?;
        // One alone may be the exception.
        if group.len() > 1 {
            self.loaded.experience.learn(self.point, ran.fuel, group.len());
        }
        if outcomes.len() != group.len() {
            let message = format!("the plugin was asked {} questions and gave {} answers", group.len(), outcomes.len());
            return Err(Failure::new(FailureCode::WrongCount, message));
        }
        for ((place, _), outcome) in group.iter().zip(outcomes) {
            self.batch.output_peak = self.batch.output_peak.max(outcome.as_ref().map_or(0, Vec::len));
            self.put(*place, answer::read(outcome, limits));
        }
        Ok(())
    }

    fn give_up(&mut self, group: &[Placed<'a>], batch: usize, last: Option<&FailureCode>) {
        let why = last.map_or("TIMED_OUT", |code| code.as_str());
        let message = format!(
            "a batch of {batch} failed ({why}) and finding out for whom took too long; ask about this subject alone"
        );
        for (place, _) in group {
            self.put(*place, Err(Failure::new(FailureCode::GaveUp, message.clone())));
        }
    }

    fn spent(&mut self, group: &[Placed<'a>]) {
        for (place, _) in group {
            self.put(*place, Err(self::spent()));
        }
    }

    fn put(&mut self, place: usize, answer: Result<Answer, Failure>) {
        if let Some(slot) = self.answers.get_mut(place) {
            *slot = Some(answer);
        }
    }

    fn finish(self) -> Batch {
        // INVARIANT: every place was put. Were one not, its subject gets a failure and never someone else's answer.
        let lost = || Err(Failure::new(FailureCode::Internal, "the answer was lost"));
        let answers = self.answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect();
        Batch { answers, ..self.batch }
    }
}

/// Why a subject is not asked about any more.
pub(super) fn spent() -> Failure {
    let message = "the plugin has spent its share of what plugins may spend on this request; ask for less at a time";
    Failure::new(FailureCode::BudgetSpent, message)
}

/// How long a guest call may take. Part of a batch leaves time to divide it.
fn wall(limits: &Limits, group: usize, chunk: usize, left: Duration) -> Duration {
    match (group, chunk) {
        (1, 1) => limits.wall_single,
        (1, _) => limits.wall_single.min(left),
        _ => left / 2,
    }
}
