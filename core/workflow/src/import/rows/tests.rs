//! Rows of files, whole and broken.

use super::*;

fn read(bytes: &[u8], format: Format) -> Result<Vec<String>, String> {
    let input = Box::new(io::Cursor::new(bytes.to_vec()));
    let mut rows = Rows::read(input, "A.csv", Arc::new(format)).map_err(|refusal| refusal.to_string())?;
    let mut all = Vec::new();
    while let Some(row) = rows.next_row().map_err(|refusal| refusal.to_string())? {
        all.push(match row {
            Ok(row) => format!("{} {}", row.line, row.fields.join("|")),
            Err(broken) => format!("{} !{}", broken.line, broken.fault.reason),
        });
    }
    Ok(all)
}

#[track_caller]
fn check_format(bytes: impl AsRef<[u8]>, format: Format, expected: &[&str]) {
    assert_eq!(read(bytes.as_ref(), format).unwrap(), expected);
}

#[track_caller]
fn check(bytes: impl AsRef<[u8]>, expected: &[&str]) {
    check_format(bytes, Format::default(), expected);
}

#[track_caller]
fn refuse(bytes: &[u8], format: Format, message: &str) {
    assert_eq!(read(bytes, format).unwrap_err(), message);
}

fn format(separator: &str, terminator: &str) -> Format {
    Format { separator: separator.to_owned(), terminator: terminator.to_owned(), ..Format::default() }
}

#[test]
fn rows_name_the_line_they_begin_on() {
    check("a,b\n1,2\n3,4\n", &["2 1|2", "3 3|4"]);
    check("a,b\r\n1,2\r\n\r\n3,4", &["2 1|2", "4 3|4"]);
    check("\u{feff}a,b\n\"x\ny\",\"q\"\"q\"\n,\n", &["2 x\ny|q\"q", "4 |"]);
    check("a\n\"\"\n1\n", &["2 ", "3 1"]);
    check("\n\r\na\n\n\r\r\n\r1\n\n\r\n", &["6 \r1"]);
    let blank = "\n".repeat(200_000);
    check(format!("a\n1\n{blank}2\n{blank}"), &["2 1", "200003 2"]);
}

#[test]
fn separators_and_ends_may_have_several_letters() {
    check_format("a+|b&|\n1+|x\ny&|\n2+|+&|\n", format("+|", "&|\n"), &["2 1|x\ny", "4 2|+"]);
    check_format("a, b\n1, , \n", format(", ", "\n"), &["2 !the row has 3 columns where the header has 2"]);
    check_format("a\tb\n1\t\"x\ty\"\n", format("\t", "\n"), &["2 1|x\ty"]);
    check_format("a;b\r1;2\r", format(";", "\r"), &["2 1|2"]);
}

#[test]
fn files_without_header_or_quotes_are_read_as_said() {
    let columns = Some(vec!["a".to_owned(), "b".to_owned()]);
    check_format("1,2\n", Format { columns, ..Format::default() }, &["1 1|2"]);
    check_format("a,b\n5\" pipe,\"x\n", Format { quote: None, ..Format::default() }, &["2 5\" pipe|\"x"]);
}

#[test]
fn a_broken_row_costs_no_other() {
    check("a,b\n1\n1,2\n", &["2 !the row has 1 columns where the header has 2", "3 1|2"]);
    check("a\n\u{0}\n1\n", &["2 !the value has a NUL byte", "3 1"]);
    check(b"a\n\xff\n1\n", &["2 !the value is not UTF-8 at its byte 1", "3 1"]);
    check("a\n5\" pipe\n1\n2\n", &["2 !a quoted field is not closed", "3 1", "4 2"]);
    check("a\n\"x\n1\n", &["2 !a quoted field is not closed", "3 1"]);
    check("a\n\"x\n1\n\"y\n2\n", &["2 !`y` follows a closing quote", "3 1", "4 !a quoted field is not closed", "5 2"]);
    check("a\n\"x\"y\n1\n", &["2 !`y` follows a closing quote", "3 1"]);
    check("a\nx\"y\"z\n1\n", &["2 !a quote stands inside the unquoted field `x\"y\"z`", "3 1"]);
}

#[test]
fn rows_fields_and_columns_are_bounded_and_the_next_row_is_read() {
    let field = format!("a\n{}\n1\n", "x".repeat(MAX_FIELD_BYTES + 1));
    assert!(read(field.as_bytes(), Format::default()).unwrap()[0].contains("is longer than 65536 bytes"));
    let endless = format!("a\n{}\n1\n", "x".repeat(5 * MAX_ROW_BYTES));
    check(endless, &["2 !the row is longer than 1048576 bytes", "3 1"]);
    let unclosed = format!("a\n\"{}", "x\n".repeat(MAX_ROW_BYTES));
    let rows = read(unclosed.as_bytes(), Format::default()).unwrap();
    assert_eq!((rows.len(), rows[0].as_str()), (MAX_ROW_BYTES, "2 !a quoted field is not closed"));
    let wide = format!("a\n{}\n", ",".repeat(MAX_COLUMNS));
    check(wide, &["2 !the row has more than 1024 columns"]);
}

#[test]
fn an_unclosed_quote_costs_no_row_before_one_that_is_too_long() {
    let endless = "y".repeat(3 * MAX_ROW_BYTES);
    let rows = format!("a\n\"x\n1\n{endless}\n2\n{endless}\",\n3\n");
    let too_long = "!the row is longer than 1048576 bytes";
    let fifth = format!("4 {too_long}");
    let expected = ["2 !a quoted field is not closed", "3 1", &fifth, "5 2", &format!("6 {too_long}"), "7 3"];
    check(rows, &expected);
}

#[test]
fn unclosed_quotes_cost_their_own_lines_however_many_there_are() {
    // Each reads on as far as a row may reach.
    let good = format!("{}\n", "x".repeat(MAX_FIELD_BYTES)).repeat(MAX_ROW_BYTES / MAX_FIELD_BYTES);
    let text = format!("\"open\n{good}").repeat(70);
    let format = Format { columns: Some(vec!["a".to_owned()]), ..Format::default() };
    let mut rows = Rows::read(Box::new(io::Cursor::new(text)), "A.csv", Arc::new(format)).unwrap();
    let mut read = [0, 0];
    while let Some(row) = rows.next_row().unwrap() {
        read[usize::from(row.is_err())] += 1;
    }
    assert_eq!(read, [70 * MAX_ROW_BYTES / MAX_FIELD_BYTES, 70]);
}

#[test]
fn columns_without_a_name_may_be_many() {
    check("a,,b,\n1,2,3,4\n", &["2 1|2|3|4"]);
    let rows = Rows::read(Box::new(io::Cursor::new("a,,\n")), "A.csv", Arc::default()).unwrap();
    assert!(rows.header().has("a") && !rows.header().has(""));
}

#[test]
fn files_that_cannot_be_meant_are_refused() {
    let plain = Format::default;
    refuse(b"", plain(), "A.csv: the file is empty; it needs a line with column names");
    refuse(b"a,a\n", plain(), "A.csv, line 1: the column `a` occurs twice; give every column a name of its own");
    refuse(b"\xff\xfea\0", plain(), "A.csv: the file is UTF-16; save it in UTF-8");
    refuse(
        b"\xef\xbb\xbfa\n",
        Format { encoding: Encoding::Latin1, ..plain() },
        "A.csv: the file says that it is UTF-8 and the mapping that it is latin-1; write `encoding = \"utf-8\"` in the mapping",
    );
}

#[test]
fn a_header_in_one_piece_hints_at_the_separator() {
    let rows = Rows::read(Box::new(io::Cursor::new("a;b\n")), "A.csv", Arc::default()).unwrap();
    assert_eq!(rows.header().unknown("a").remedy, "the only column is `a;b`; is the separator `;`?");
}
