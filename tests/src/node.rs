//! Programs for Node.js that tests run.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::root;

/// The folder of a program in `tests`, its packages installed, or nothing, after saying that `what` is left out and why.
pub fn node_program_or_say_so(name: &str, what: &str) -> Option<PathBuf> {
    let folder = root().join("tests").join(name);
    // Several test processes may want the same packages.
    let locked = File::create(root().join(format!("target/{}.lock", name.replace('/', "-"))))
        .and_then(|lock| lock.lock().map(|()| lock));
    let _lock = match locked {
        Ok(lock) => lock,
        Err(error) => panic!("the lock of `{name}` cannot be had: {error}"),
    };
    if !succeeded(Command::new("node").arg("--version")) || !succeeded(Command::new("npm").arg("--version")) {
        leave_out(what, "it needs Node.js 20 with npm");
        return None;
    }
    let is_current = || {
        let wanted = folder.join("package-lock.json").metadata().ok()?.modified().ok()?;
        let made = folder.join("node_modules/.package-lock.json").metadata().ok()?.modified().ok()?;
        Some(wanted <= made)
    };
    if is_current() != Some(true) {
        let installed = Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder).output();
        if let Some(failed) = installed.ok().filter(|output: &Output| !output.status.success()) {
            let why = format!("npm cannot install its packages: {}", String::from_utf8_lossy(&failed.stderr));
            leave_out(what, &why);
            return None;
        }
    }
    Some(folder)
}

fn succeeded(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn leave_out(what: &str, why: &str) {
    // Written directly, because a test harness keeps what passing tests print.
    let _ = writeln!(std::io::stderr(), "left out: {what}; {why}");
}
