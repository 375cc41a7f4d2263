//! `guildhall export`.

use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use guildhall_graph::{Api, RecordPages};
use guildhall_model::Role;
use guildhall_workflow::Actor;
use guildhall_workflow::export::{
    FileReport, Format, MAPPING, Progress, Table, all_tables, export_to_folder, export_to_stream, tables,
};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::opening;
use crate::settings::Settings;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// What to export: `Customer`, `Order`, ...
    #[arg(value_name = "TYPE", conflicts_with = "all")]
    types: Vec<String>,
    /// Export every type
    #[arg(long)]
    all: bool,
    /// The folder to write to, or `-` for standard output and one type
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How records are written
    #[arg(long, value_enum, default_value_t = Form::Csv)]
    format: Form,
    /// Only the records that fulfil this: the API's filter of that type as JSON
    #[arg(long, value_name = "JSON", conflicts_with = "all")]
    filter: Option<String>,
    /// Replace files that are there already
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// A header line and a row for each record
    Csv,
    /// One JSON object a line
    Jsonl,
}

pub(crate) async fn run(settings: &Settings, options: &Options) -> Result<(), Failure> {
    if options.types.is_empty() && !options.all {
        return Err(Failure::bad_input("name the types to export, or say `--all`"));
    }
    let filter = options.filter.as_deref().map(read_filter).transpose()?;
    let house = opening::open(settings).await?;
    let tables = if options.all { all_tables(&house.model) } else { tables(&house.model, &options.types)? };
    if filter.is_some() && tables.len() != 1 {
        return Err(Failure::bad_input("`--filter` is for one type; export the others by themselves"));
    }
    let api = Api::new(house).await?;
    let actor = Actor::new("operator", &api.house().model, Role::Admin);
    let mut pages = RecordPages::new(&api, &actor, filter);
    let shown = std::io::stderr().is_terminal();
    let mut progress = |progress: Progress<'_>| {
        if shown {
            eprint!("\r{}: {} records\x1b[K", progress.object, progress.records);
            let _ = std::io::stderr().flush();
        }
    };
    let format = match options.format {
        Form::Csv => Format::Csv,
        Form::Jsonl => Format::JsonLines,
    };
    let done = if options.out == Path::new("-") {
        let stdout = BufWriter::new(std::io::stdout());
        export_to_stream(only(&tables, options)?, format, stdout, &mut pages, &mut progress).await.map(|_| None)
    } else {
        export_to_folder(&tables, format, &options.out, options.force, &mut pages, &mut progress).await.map(Some)
    };
    if shown {
        eprint!("\r\x1b[K");
    }
    if let Some(files) = done? {
        print(&files, options.json);
    }
    Ok(api.house().database.close().await?)
}

fn read_filter(text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| {
        let form = r#"write it like `{"country":{"eq":"Germany"}}`"#;
        Failure::BadInput(format!("the filter is not JSON: {error}; {form}"))
    })
}

/// The type whose records go to standard output.
fn only<'t>(tables: &'t [Table], options: &Options) -> Result<&'t Table, Failure> {
    match tables {
        [table] if !options.json => Ok(table),
        [_] => Err(Failure::bad_input("`--json` prints a report where the records go; leave it out with `--out -`")),
        _ => Err(Failure::bad_input("`--out -` is for one type; name a folder for several")),
    }
}

fn print(files: &[FileReport], as_json: bool) {
    if as_json {
        let files = files.iter().map(|file| json!({ "file": file.file, "type": file.object, "records": file.records }));
        println!("{}", json!({ "files": files.collect::<Vec<_>>(), "mapping": MAPPING }));
        return;
    }
    println!("{:<24} {:<14} {:>8}", "file", "type", "records");
    for file in files {
        println!("{:<24} {:<14} {:>8}", file.file, file.object, file.records);
    }
    println!("{MAPPING} reads them back in");
}
