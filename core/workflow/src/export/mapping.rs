//! The mapping by which an import reads back what was exported.

use std::fmt::Write;

use super::{Format, Table, file_name};
use crate::business_data::HERE;

/// The mapping of these types. Names in it are the model's: nothing to escape.
pub(super) fn text(tables: &[Table], format: Format) -> String {
    let written = match format {
        Format::Csv => "unescape = true",
        Format::JsonLines => "format = \"jsonl\"",
    };
    let mut out = format!(
        "# Written by `guildhall export`; `guildhall import mapping.toml .` reads the files beside it back in.\n\
         source = \"{HERE}\"\n\n[csv]\n{written}\n"
    );
    for table in tables {
        // Writing to a text cannot fail.
        let _ = entry(table, format, &mut out);
    }
    out
}

fn entry(table: &Table, format: Format, out: &mut String) -> std::fmt::Result {
    writeln!(out, "\n[[files]]\nfile = \"{}\"", file_name(table, format))?;
    writeln!(out, "type = \"{}\"\nsource = \"{{source}}\"\nid = \"{{externalId}}\"", table.object.name)?;
    writeln!(out, "[files.fields]")?;
    for field in &table.fields {
        writeln!(out, "{0} = \"{0}\"", field.name)?;
    }
    if !table.references.is_empty() {
        writeln!(out, "[files.references]")?;
    }
    for reference in &table.references {
        let name = &reference.name;
        writeln!(out, "{name} = {{ template = \"{{{name}.externalId}}\", source = \"{{{name}.source}}\" }}")?;
    }
    Ok(())
}
