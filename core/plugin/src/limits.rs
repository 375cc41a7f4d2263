//! Limits: what one guest call may use.

use std::time::Duration;

/// What one guest call may use. Every limit ends the call, never the host.
///
/// Fuel is the limit that counts: it is the same wherever and whenever a call runs. A call with several subjects gets no
/// more fuel, memory and data than a call with one, so that a subject that would be too much alone cannot hide among
/// neighbours; a batch that needs more is divided. What a plugin's input query declares does raise them: see
/// [`Limits::scaled`].
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Fuel of one guest call; roughly a unit per instruction.
    pub fuel: u64,
    /// How long a guest call about one subject may take. A backstop: fuel ends earlier what computes.
    pub wall_single: Duration,
    /// How long the guest calls for one chunk of a batch may take together, with all dividing.
    pub wall_batch: Duration,
    /// Bytes of all memories and tables together.
    pub memory: usize,
    /// Bytes of stack.
    pub stack: usize,
    /// Bytes that a guest call may hand to the host at a time: an answer or a log line.
    pub host_data: usize,
    /// Bytes of parameters and input of one subject.
    pub input: usize,
    /// Bytes of the answer about one subject.
    pub output: usize,
    /// Bytes of log that are kept of one guest call.
    pub log: usize,
    /// Core module instances of one guest call; a component of Rust needs 4.
    pub instances: usize,
    /// How many subjects go into one guest call.
    pub batch: usize,
    /// How many guest calls run at a time in this host.
    pub concurrency: usize,
    /// How many guest calls of one plugin run at a time.
    pub concurrency_per_plugin: usize,
    /// How long a call waits for its turn.
    pub patience: Duration,
    /// Fuel that all plugins together may spend on one request, in equal shares.
    pub request_fuel: u64,
    /// How long all plugins of one request together may take, in equal shares.
    pub request_wall: Duration,
}

/// How many list entries an input query declares before its limits are raised, and by how many they are each time.
const SCALE_STEP: u32 = 50;

/// How many times as much there is at most.
const SCALE_MOST: u32 = 5;

impl Limits {
    /// The limits at a decision point whose input query declares so many list entries for one subject: fuel, input and output are
    /// `1 + entries / 50` times as much, rounded down, and at most five times. All else stays.
    ///
    /// It depends on the package alone and never on what the lists hold, so that a call that is answered once is answered
    /// everywhere.
    #[must_use]
    pub fn scaled(&self, entries: u32) -> Limits {
        let times = (1 + entries / SCALE_STEP).min(SCALE_MOST);
        let bytes = |limit: usize| limit.saturating_mul(usize::try_from(times).unwrap_or(usize::MAX));
        Limits {
            fuel: self.fuel.saturating_mul(u64::from(times)),
            input: bytes(self.input),
            output: bytes(self.output),
            ..self.clone()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            fuel: 10_000_000,
            wall_single: Duration::from_millis(50),
            wall_batch: Duration::from_secs(1),
            memory: 16 << 20,
            stack: 512 << 10,
            host_data: 256 << 10,
            input: 128 << 10,
            output: 20 << 10,
            log: 1 << 10,
            instances: 16,
            batch: 256,
            concurrency: 64,
            concurrency_per_plugin: 16,
            patience: Duration::from_secs(2),
            request_fuel: 500_000_000,
            request_wall: Duration::from_secs(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The limits of a point whose input query declares so many entries: fuel, input, output.
    #[track_caller]
    fn check(entries: u32, expected: (u64, usize, usize)) {
        let limits = Limits::default().scaled(entries);
        assert_eq!((limits.fuel, limits.input, limits.output), expected, "{entries}");
        let rest = Limits { fuel: 10_000_000, input: 128 << 10, output: 20 << 10, ..limits };
        assert_eq!(rest, Limits::default(), "nothing else is raised");
    }

    #[test]
    fn lists_raise_fuel_input_and_output() {
        check(0, (10_000_000, 131_072, 20_480));
        check(49, (10_000_000, 131_072, 20_480));
        check(50, (20_000_000, 262_144, 40_960));
        check(100, (30_000_000, 393_216, 61_440));
        check(200, (50_000_000, 655_360, 102_400));
        check(u32::MAX, (50_000_000, 655_360, 102_400));
    }

    #[test]
    fn an_answer_fits_what_a_call_may_hand_over() {
        let limits = Limits::default().scaled(u32::MAX);
        assert!(limits.output < limits.host_data && limits.input < limits.memory / 4);
    }
}
