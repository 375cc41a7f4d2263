//! `guildhall plugin test`: the golden cases, as WebAssembly in the sandbox.

use std::path::{Path, PathBuf};

use guildhall_decision::shown;
use guildhall_plugin_host::Package;
use guildhall_plugin_host::build::build;
use guildhall_plugin_host::cases::{Case, swayed};
use serde_json::{Value, json};

use super::difference::differences;
use super::read_package;
use super::sandbox::Sandbox;
use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// A plugin's folder, which is built first, or a package
    plugin: PathBuf,
    /// Write what is answered into the cases that differ; look at what changed before you commit it
    #[arg(long)]
    update: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Characters of a problem that are shown: it quotes what a guest answered.
const PROBLEM: usize = 2_000;

/// What is kept from one subject to the next, by a `static` for instance, must not be heard in an answer.
const SWAYED: &str = "its answer depends on who else is asked about: alone it is another";

/// A case that was asked.
struct Asked {
    name: String,
    point: String,
    /// The case's file, if it stands in a folder.
    file: Option<PathBuf>,
    answered: Value,
    /// What is wrong; nothing if the case holds.
    problems: Vec<String>,
    fuel: u64,
}

pub(super) fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    let is_folder = options.plugin.is_dir();
    if options.update && !is_folder {
        return Err(Failure::BadInput("`--update` needs the plugin's folder: a package is not changed".to_owned()));
    }
    let (package, cases) = if is_folder {
        let package = build(&options.plugin, None).map_err(Failure::bad_input)?.package;
        (package, in_folder(&options.plugin.join("cases"))?)
    } else {
        let package = read_package(&options.plugin)?;
        let cases = package.cases().iter().map(|case| (None, case.clone())).collect();
        (package, cases)
    };
    if cases.is_empty() {
        let what = "has no golden cases; write questions with the expected answers into `cases/*.json`";
        return Err(Failure::BadInput(format!("`{}` {what}", options.plugin.display())));
    }
    let workshop = opening::open_workshop(settings)?;
    let sandbox = Sandbox::new(&workshop, &package)?;
    let mut asked: Vec<_> = cases.iter().map(|(file, case)| ask(&sandbox, file.clone(), case)).collect();
    for place in in_company(&sandbox, &cases, &asked) {
        if let Some(asked) = asked.get_mut(place) {
            asked.problems.push(SWAYED.to_owned());
        }
    }
    let updated = if options.update { update(&asked)? } else { 0 };
    let unasked = unasked(&package, &cases);
    if options.json {
        println!("{}", report(&package, &asked, &unasked));
    } else {
        print(&asked, &unasked);
    }
    let failed = asked.iter().filter(|asked| !asked.problems.is_empty()).count();
    match (failed, updated) {
        (0, _) => Ok(()),
        (failed, updated) if failed == updated => {
            if !options.json {
                println!("{updated} updated; look at what changed before you commit it");
            }
            Ok(())
        }
        (failed, _) => Err(Failure::Failed(format!("{failed} of {} golden cases do not hold", asked.len()))),
    }
}

fn in_folder(folder: &Path) -> Result<Vec<(Option<PathBuf>, Case)>, Failure> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let cases = Case::read_files(folder).map_err(Failure::bad_input)?;
    Ok(cases.into_iter().map(|(path, case)| (Some(path), case)).collect())
}

fn ask(sandbox: &Sandbox, file: Option<PathBuf>, case: &Case) -> Asked {
    let (answered, fuel) = case.ask(&sandbox.guest);
    let mut problems = differences(&case.expected, &answered);
    // A case may expect what no decision point takes; the department would learn it from its customers.
    if let Some(output) = answered.get("output").and_then(Value::as_object)
        && let Some(misfit) = sandbox.misfit(&case.point, case.input.get().as_bytes(), output)
    {
        problems.push(format!("this is no answer to `{}`: {misfit}", case.point));
    }
    Asked { name: case.name.clone(), point: case.point.clone(), file, answered, problems, fuel }
}

/// The cases that are answered otherwise when all are asked together.
fn in_company(sandbox: &Sandbox, cases: &[(Option<PathBuf>, Case)], asked: &[Asked]) -> Vec<usize> {
    let cases: Vec<_> = cases.iter().map(|(_, case)| case).collect();
    let alone: Vec<_> = asked.iter().map(|asked| &asked.answered).collect();
    swayed(&cases, &alone, &sandbox.guest)
}

/// The decision points that are served and asked by no case.
fn unasked(package: &Package, cases: &[(Option<PathBuf>, Case)]) -> Vec<String> {
    let points = package.queries().map(|(point, _)| point);
    points.filter(|point| !cases.iter().any(|(_, case)| case.point == *point)).map(str::to_owned).collect()
}

/// Writes the answers into the files of the cases that differ. An answer that is none is not written.
fn update(asked: &[Asked]) -> Result<usize, Failure> {
    let mut updated = 0;
    for asked in asked.iter().filter(|asked| !asked.problems.is_empty()) {
        let is_answer = asked.answered.get("failed").is_none() && !asked.answered.is_null();
        let fits = !asked.problems.iter().any(|problem| problem.starts_with("this is no answer") || problem == SWAYED);
        if let Some(file) = asked.file.as_deref().filter(|_| is_answer && fits) {
            let text = super::read_text(file)?;
            let text = Case::with_expected(&text, &asked.answered)
                .map_err(|error| Failure::BadInput(format!("`{}`: {error}", file.display())))?;
            std::fs::write(file, text).map_err(|error| Failure::Failed(format!("`{}`: {error}", file.display())))?;
            updated += 1;
        }
    }
    Ok(updated)
}

fn print(asked: &[Asked], unasked: &[String]) {
    for Asked { name, point, file, problems, fuel, .. } in asked {
        let place = file.as_ref().map(|file| format!(" ({})", file.display())).unwrap_or_default();
        match problems.is_empty() {
            true => println!("holds   {point}: {name}, {fuel} fuel"),
            false => println!("differs {point}: {name}{place}"),
        }
        for problem in problems {
            println!("          {}", shown(problem, PROBLEM));
        }
    }
    for point in unasked {
        println!("no case asks at {point}");
    }
}

fn report(package: &Package, asked: &[Asked], unasked: &[String]) -> Value {
    let cases = asked.iter().map(|asked| {
        json!({ "name": asked.name, "point": asked.point, "file": asked.file.as_ref().map(|file| file.display().to_string()),
            "holds": asked.problems.is_empty(), "problems": asked.problems, "answered": asked.answered, "fuel": asked.fuel })
    });
    json!({ "plugin": package.manifest().name, "digest": package.digest(), "cases": cases.collect::<Vec<_>>(),
        "pointsWithoutCases": unasked })
}
