//! Limits: what one guest call may use.

use std::time::Duration;

/// What one guest call may use. Every limit ends the call, never the host.
///
/// Fuel is the limit that counts: it is the same wherever and whenever a call runs. A call with several subjects gets no
/// more fuel, memory and data than a call with one, so that a subject that would be too much alone cannot hide among
/// neighbours; a batch that needs more is divided.
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
    /// How many guest calls may be spent on one chunk of a batch, to find out who is guilty.
    pub tries: u32,
    /// How many guest calls run at a time in this host.
    pub concurrency: usize,
    /// How many guest calls of one plugin run at a time.
    pub concurrency_per_plugin: usize,
    /// How long a call waits for its turn.
    pub patience: Duration,
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
            tries: 64,
            concurrency: 64,
            concurrency_per_plugin: 16,
            patience: Duration::from_secs(2),
        }
    }
}
