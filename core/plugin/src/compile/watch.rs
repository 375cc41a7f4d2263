//! Watches a process: feeds it, hears it, and ends it at its deadline.

use std::io::{self, Read, Write as _};
use std::process::{Child, ExitStatus};
use std::thread::{Builder, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

/// How often it is looked whether the process has ended.
const LOOK: Duration = Duration::from_millis(2);

/// A process that has ended.
pub(super) struct Ended {
    /// Nothing if it was killed at its deadline.
    pub status: Option<ExitStatus>,
    /// At most a byte more than was asked for.
    pub output: Vec<u8>,
    pub said: Vec<u8>,
}

/// Gives the process its input and takes up to so many bytes of its output and of what it says, until it ends or the time is over.
/// It never outlives this call.
pub(super) fn watch(child: Child, input: &[u8], output: u64, said: u64, wall: Duration) -> io::Result<Ended> {
    let until = Instant::now() + wall;
    let mut running = Running(child);
    let (stdin, stdout, stderr) = (running.0.stdin.take(), running.0.stdout.take(), running.0.stderr.take());
    std::thread::scope(|scope| {
        let feeding = Builder::new().name("compile-input".to_owned()).spawn_scoped(scope, move || {
            // A process that ended early reads no further; how it ended says why.
            stdin.map(|mut stdin| stdin.write_all(input))
        });
        let output = hear(scope, stdout, output);
        let said = hear(scope, stderr, said);
        // Whatever happens, the process ends before its pipes are waited for.
        let status = match (&feeding, &output, &said) {
            (Ok(_), Ok(_), Ok(_)) => running.wait(until),
            _ => Ok(None),
        };
        running.end();
        let heard =
            |thread: io::Result<ScopedJoinHandle<'_, Vec<u8>>>| thread.map(|thread| thread.join().unwrap_or_default());
        let ended = Ended { status: status?, output: heard(output)?, said: heard(said)? };
        feeding.map(|_| ended)
    })
}

/// Reads to the end or a byte beyond the limit.
fn hear<'scope>(
    scope: &'scope Scope<'scope, '_>,
    pipe: Option<impl Read + Send + 'scope>,
    limit: u64,
) -> io::Result<ScopedJoinHandle<'scope, Vec<u8>>> {
    Builder::new().name("compile-output".to_owned()).spawn_scoped(scope, move || {
        let mut heard = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before an error is kept: the status says how the process ended.
            let _ = pipe.take(limit.saturating_add(1)).read_to_end(&mut heard);
        }
        heard
    })
}

/// A process that is killed when it is let go.
struct Running(Child);

impl Running {
    /// How it ended, or nothing if it had not by then.
    fn wait(&mut self, until: Instant) -> io::Result<Option<ExitStatus>> {
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            std::thread::sleep(LOOK);
        }
    }

    fn end(&mut self) {
        // Both fail only for a process that has ended and was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
