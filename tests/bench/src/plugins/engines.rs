//! Engines: other programs that decide the same by the shipped credit check, as `tests/bench/engines/rules` has it in their languages.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::Calls;
use crate::Fallible;
use crate::process::Folder;

const NAMES: [&str; 3] = ["zen-expression", "regorus", "regorus, its virtual machine"];

/// An engine with the calls it decides.
pub(super) struct Engine {
    pub name: &'static str,
    program: PathBuf,
    lines: String,
}

/// All of them, after their outputs were found equal to the native function's.
pub(super) fn all(files: &Folder, calls: &Calls) -> Fallible<Vec<Engine>> {
    let program =
        files.engines().join("release").join(format!("guildhall-bench-engines{}", std::env::consts::EXE_SUFFIX));
    if !program.is_file() {
        return Err(
            format!("`{}` is not there; run `make bench BENCH=--plugins`, which builds it", program.display()).into()
        );
    }
    let ours = calls.answers()?;
    let engine = |name| {
        let engine = Engine { name, program: program.clone(), lines: calls.lines() };
        let (answers, _) = engine.run(Duration::ZERO)?;
        if answers.len() != ours.len() {
            return Err(format!("{name} gave {} answers to {} calls", answers.len(), ours.len()).into());
        }
        match answers.iter().zip(&ours).find(|(theirs, ours)| theirs != ours) {
            Some((theirs, ours)) => Err(format!("{name} answers {theirs}, the native function {ours}").into()),
            None => Ok(engine),
        }
    };
    NAMES.into_iter().map(engine).collect()
}

impl Engine {
    /// Nanoseconds for each decision.
    pub(super) fn measure(&self, length: Duration) -> Fallible<f64> {
        Ok(self.run(length)?.1)
    }

    fn run(&self, length: Duration) -> Fallible<(Vec<Value>, f64)> {
        let mut child = Command::new(&self.program)
            .args([self.name, &length.as_millis().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        // It reads all of it before it writes.
        child.stdin.take().ok_or("the engine takes no input")?.write_all(self.lines.as_bytes())?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            return Err(format!("{}: {}", self.name, output.status).into());
        }
        let text = String::from_utf8(output.stdout)?;
        let (answers, nanoseconds) = text.trim_end().rsplit_once('\n').ok_or("the engine said too little")?;
        let answers = answers.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok((answers, nanoseconds.parse()?))
    }
}
