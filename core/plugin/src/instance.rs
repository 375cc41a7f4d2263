//! Instance: one guest call in a fresh instance that is thrown away after it.
//!
//! Fuel is what ends a guest, and the same call ends at the same instruction everywhere. The clock is behind it: a guest has a
//! stack of its own, comes back after every [`SLICE`] of fuel, and goes on if there is time left.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use wasmtime::component::{ComponentExportIndex, ComponentType, InstancePre, Lower, WasmStr};
use wasmtime::{Engine, PoolConcurrencyLimitError, ResourceLimiter, Store, StoreContextMut, Trap};

use crate::failure::{Failure, FailureCode, shown};
use crate::guest::Call;
use crate::limits::Limits;

/// Fuel between two looks at the clock: some tens of microseconds' work, and a few milliseconds' at the worst.
const SLICE: u64 = 500_000;

/// Fuel of a log line, beside one per byte: it is the host that works for it.
const LOG_FUEL: u64 = 1_000;

/// Log lines that are kept of one guest call.
const LOG_LINES: usize = 20;

/// Parameters of the contract's `decide`.
pub(crate) type Parameters<'a> = (&'a str, &'a str, &'a [WireCall<'a>]);

/// The contract's `outcome`, one for each call.
pub(crate) type Outcomes = Vec<Result<Vec<u8>, String>>;

/// What the contract's `decide` returns.
pub(crate) type Returned = (Outcomes,);

/// The contract's `call`.
#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct WireCall<'a> {
    parameters: &'a [u8],
    input: &'a [u8],
}

/// What belongs to one instance.
pub(crate) struct State {
    meter: Meter,
    log: Vec<String>,
    log_left: usize,
}

/// Counts memories and tables together; wasmtime's own limits are per memory.
struct Meter {
    used: usize,
    limit: usize,
    instances: usize,
    /// Whether more was asked for than there is.
    denied: bool,
}

/// One guest call, done.
pub(crate) struct Ran {
    pub outcomes: Result<Outcomes, Failure>,
    pub fuel: u64,
    pub memory: usize,
    pub log: Vec<String>,
}

/// What stays the same from call to call.
pub(crate) struct Program {
    pub engine: Engine,
    pub instance: InstancePre<State>,
    pub decide: ComponentExportIndex,
}

impl Program {
    /// Calls `decide` in a fresh instance.
    pub(crate) fn run(&self, limits: &Limits, wall: Duration, point: &str, at: &str, calls: &[Call<'_>]) -> Ran {
        let until = Instant::now() + wall;
        let mut store = Store::new(&self.engine, State::new(limits));
        let called = {
            let mut call = pin!(self.call(&mut store, limits, point, at, calls));
            let mut context = Context::from_waker(Waker::noop());
            loop {
                match call.as_mut().poll(&mut context) {
                    Poll::Ready(called) => break called,
                    Poll::Pending if Instant::now() < until => {}
                    Poll::Pending => break Err((Trap::Interrupt.into(), Phase::Call)),
                }
            }
        };
        let outcomes = called.map_err(|(error, phase)| failure(&error, phase, store.data().meter.denied, limits));
        let left = store.get_fuel().unwrap_or(0);
        let state = store.into_data();
        Ran { outcomes, fuel: limits.fuel.saturating_sub(left), memory: state.meter.used, log: state.log }
    }

    async fn call(
        &self,
        store: &mut Store<State>,
        limits: &Limits,
        point: &str,
        at: &str,
        calls: &[Call<'_>],
    ) -> Result<Outcomes, (wasmtime::Error, Phase)> {
        let start = |error| (error, Phase::Start);
        store.limiter(|state| &mut state.meter);
        store.set_fuel(limits.fuel).map_err(start)?;
        store.fuel_async_yield_interval(Some(SLICE)).map_err(start)?;
        store.set_hostcall_fuel(limits.host_data);
        let instance = self.instance.instantiate_async(&mut *store).await.map_err(start)?;
        let decide = instance.get_typed_func::<Parameters<'_>, Returned>(&mut *store, self.decide).map_err(start)?;
        let calls: Vec<_> =
            calls.iter().map(|call| WireCall { parameters: call.parameters, input: call.input }).collect();
        let called = decide.call_async(&mut *store, (point, at, &calls)).await;
        let (outcomes,) = called.map_err(|error| (error, Phase::Call))?;
        Ok(outcomes)
    }
}

/// The contract's `log`, as the linker takes it.
pub(crate) fn log(mut store: StoreContextMut<'_, State>, (message,): (WasmStr,)) -> wasmtime::Result<()> {
    // The text still lies in the guest's memory. It is charged before it is looked at, and copied only as far as it is kept.
    let (text, length) = {
        let text = message.to_str(&store)?;
        (shown(&text, store.data().log_left), text.len())
    };
    let cost = LOG_FUEL.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
    let left = store.get_fuel()?.checked_sub(cost).ok_or(Trap::OutOfFuel)?;
    store.set_fuel(left)?;
    let state = store.data_mut();
    if state.log_left > 0 && state.log.len() < LOG_LINES {
        state.log_left = state.log_left.saturating_sub(text.len());
        state.log.push(text);
    }
    Ok(())
}

impl State {
    fn new(limits: &Limits) -> Self {
        let meter = Meter { used: 0, limit: limits.memory, instances: limits.instances, denied: false };
        State { meter, log: Vec::new(), log_left: limits.log }
    }
}

impl Meter {
    fn grow(&mut self, by: usize) -> bool {
        match self.used.checked_add(by) {
            Some(used) if used <= self.limit => {
                self.used = used;
                true
            }
            _ => {
                self.denied = true;
                false
            }
        }
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current).saturating_mul(size_of::<usize>())))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.denied = true;
        Ok(())
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.denied = true;
        Ok(())
    }

    fn instances(&self) -> usize {
        self.instances
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Start,
    Call,
}

/// What an error of wasmtime says about the guest. Its own text stays here: it may name places on this machine.
fn failure(error: &wasmtime::Error, phase: Phase, denied: bool, limits: &Limits) -> Failure {
    let trap = error.downcast_ref::<Trap>().copied();
    match trap {
        Some(Trap::OutOfFuel) => {
            return Failure::new(
                FailureCode::OutOfFuel,
                format!("the plugin used up its {} units of fuel", limits.fuel),
            );
        }
        Some(Trap::Interrupt) => return Failure::new(FailureCode::TimedOut, "the plugin took too long"),
        _ => {}
    }
    if denied {
        let message = format!("the plugin wanted more than the {} bytes of memory it may have", limits.memory);
        return Failure::new(FailureCode::OutOfMemory, message);
    }
    if let Some(trap) = trap {
        return Failure::new(FailureCode::Trapped, trapped(trap));
    }
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return Failure::new(FailureCode::Busy, "too many plugin calls are running; try again");
    }
    // The type of this error is private to wasmtime; a test holds its text.
    if error.chain().any(|cause| cause.to_string().contains("fuel allocated for hostcalls")) {
        let message = format!("the plugin handed over more than {} bytes at a time", limits.host_data);
        return Failure::new(FailureCode::OutputTooLarge, message);
    }
    if phase == Phase::Call {
        return Failure::new(FailureCode::Trapped, "the plugin broke the rules of the component model");
    }
    tracing::error!(error = ?error, "a guest could not be started");
    Failure::new(FailureCode::Internal, "the plugin could not be started")
}

fn trapped(trap: Trap) -> String {
    let what = match trap {
        Trap::StackOverflow => "overflowed its stack",
        Trap::UnreachableCodeReached => "panicked or aborted",
        // A guest's compiler keeps a stack of its own at the beginning of the memory.
        Trap::MemoryOutOfBounds => "reached outside its memory, or its stack did",
        Trap::IntegerDivisionByZero | Trap::IntegerOverflow | Trap::BadConversionToInteger => {
            "calculated the impossible"
        }
        _ => "did what is not allowed",
    };
    format!("the plugin {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_and_tables_share_one_limit() {
        let limits = Limits { memory: 1 << 20, ..Limits::default() };
        let mut meter = State::new(&limits).meter;
        assert!(meter.memory_growing(0, 512 << 10, None).unwrap());
        // A second memory, and a table whose elements are as large as pointers.
        assert!(meter.memory_growing(0, 256 << 10, None).unwrap());
        assert!(meter.table_growing(0, (128 << 10) / size_of::<usize>(), None).unwrap());
        assert!(!meter.denied);
        assert!(!meter.table_growing(0, (256 << 10) / size_of::<usize>(), None).unwrap());
        assert!(!meter.memory_growing(512 << 10, 1 << 20, None).unwrap());
        assert!(meter.denied);
        assert_eq!(meter.used, 896 << 10, "what is denied is not counted");
        assert!(!meter.memory_growing(0, usize::MAX, None).unwrap());
    }
}
