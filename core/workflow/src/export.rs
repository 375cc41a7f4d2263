//! Exports records to files, as CSV or as JSON Lines, with a mapping by which an import reads them back.
//!
//! The way of a record: [`Pages`], which the API lends, reads it; its type's [`Table`] says which columns it has; [`cell`]
//! writes its values; [`folder`] keeps unfinished files apart. One page is in memory at a time. docs/export.md describes what
//! comes out.

mod cell;
mod error;
mod folder;
mod mapping;
mod table;

#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::Path;

use guildhall_model::Model;
use serde_json::Value as Json;

use crate::WorkflowError;
use crate::business_data::types;
pub use error::ExportError;
use folder::Folder;
pub use table::Table;

/// The file that says how an import reads the others.
pub const MAPPING: &str = "mapping.toml";

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    JsonLines,
}

/// Records, page by page in the order of their ids. Who reads them is above this crate, so the API lends it.
pub trait Pages {
    /// The page that begins after the cursor `after`. Each record has its `id`, `source` and `externalId`, the table's fields,
    /// and its references with the same three.
    fn page(&mut self, table: &Table, after: Option<&str>) -> impl Future<Output = Result<Page, WorkflowError>> + Send;
}

#[derive(Clone, Debug, Default)]
pub struct Page {
    pub records: Vec<Json>,
    /// The cursor after which the next page begins; nothing at the end.
    pub next: Option<String>,
}

/// How far an export is, told after every page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    pub object: &'a str,
    pub records: u64,
}

/// What became of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    pub object: String,
    pub file: String,
    pub records: u64,
}

/// Everything that can be exported, what is referred to before what refers to it.
pub fn all_tables(model: &Model) -> Vec<Table> {
    types(model).map(|object| Table::of(model, object)).collect()
}

/// The types of these names, each once, what is referred to before what refers to it.
pub fn tables(model: &Model, names: &[String]) -> Result<Vec<Table>, ExportError> {
    let mut tables = all_tables(model);
    for name in names {
        if !tables.iter().any(|table| table.object.name == *name) {
            let kept = model.object(name).is_some();
            return Err(ExportError::unknown_type(name, kept, &tables));
        }
    }
    tables.retain(|table| names.contains(&table.object.name));
    Ok(tables)
}

/// Exports to files in the folder `dir`, one for each type, and the mapping. They get their names when all of them
/// are complete; those that are there already are replaced only with `force`.
pub async fn export_to_folder(
    tables: &[Table],
    format: Format,
    dir: &Path,
    force: bool,
    pages: &mut impl Pages,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Vec<FileReport>, ExportError> {
    let mut names: Vec<_> = tables.iter().map(|table| file_name(table, format)).collect();
    names.push(MAPPING.to_owned());
    let mut folder = Folder::new(dir);
    if !force {
        folder.has_none_of(&names)?;
    }
    let mut files = Vec::with_capacity(tables.len());
    for table in tables {
        let file = file_name(table, format);
        let records = write(table, format, pages, progress, || folder.begin(&file)).await?;
        files.push(FileReport { object: table.object.name.clone(), file, records });
    }
    let mut out = folder.begin(MAPPING)?;
    out.put(&mapping::text(tables, format))?;
    out.end()?;
    folder.finish()?;
    Ok(files)
}

/// Exports one type to a stream, and says how many records there were.
pub async fn export_to_stream(
    table: &Table,
    format: Format,
    stream: impl Write,
    pages: &mut impl Pages,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<u64, ExportError> {
    write(table, format, pages, progress, || Ok(Out { name: "standard output".to_owned(), writer: stream })).await
}

fn file_name(table: &Table, format: Format) -> String {
    let end = match format {
        Format::Csv => "csv",
        Format::JsonLines => "jsonl",
    };
    format!("{}.{end}", table.object.name)
}

/// Where text goes, by the name that people know it by.
struct Out<W> {
    name: String,
    writer: W,
}

impl<W: Write> Out<W> {
    fn put(&mut self, text: &str) -> Result<(), ExportError> {
        self.writer.write_all(text.as_bytes()).map_err(|error| ExportError::write(&self.name, error))
    }

    fn end(mut self) -> Result<(), ExportError> {
        self.writer.flush().map_err(|error| ExportError::write(&self.name, error))
    }
}

/// Writes all records of a type. The first page is read before anything is opened: a filter that is refused leaves nothing.
async fn write<W: Write>(
    table: &Table,
    format: Format,
    pages: &mut impl Pages,
    progress: &mut dyn FnMut(Progress<'_>),
    open: impl FnOnce() -> Result<Out<W>, ExportError>,
) -> Result<u64, ExportError> {
    let mut page = pages.page(table, None).await?;
    let mut out = open()?;
    let mut text = String::new();
    if format == Format::Csv {
        table.write_header(&mut text);
    }
    let mut records = 0;
    loop {
        for record in &page.records {
            match format {
                Format::Csv => table.write_csv(record, &mut text)?,
                Format::JsonLines => table.write_json(record, &mut text)?,
            }
            records += 1;
        }
        out.put(&text)?;
        text.clear();
        progress(Progress { object: &table.object.name, records });
        let Some(after) = page.next else { break };
        page = pages.page(table, Some(&after)).await?;
    }
    out.end()?;
    Ok(records)
}
