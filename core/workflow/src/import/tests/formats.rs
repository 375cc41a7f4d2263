//! Files in the ways that real systems write them.

use std::io::Write;

use super::small::Given;
use crate::import::Report;

/// Imports customers from one file whose format is `format`, and tells what became of them.
async fn check(format: &str, fields: &str, bytes: &[u8], expected: &[&str]) -> Report {
    let given = Given::new().await;
    given.file("people.csv", bytes);
    let mapping = format!(
        "source = 'list'\n[formats.'people.csv']\n{format}\n[[files]]\nfile = 'people.csv'\ntype = 'Customer'\nid = '{{nr}}'\n\
         [files.fields]\nkind = {{ constant = 'PERSON' }}\nstatus = {{ constant = 'ACTIVE' }}\ncurrency = {{ constant = 'EUR' }}\n{fields}\n"
    );
    let report = given.import(&mapping).await.unwrap();
    let stored = given.stored("Customer").await;
    let text = |customer: &serde_json::Value, field: &str| customer[field].as_str().unwrap_or("-").to_owned();
    let found: Vec<String> = stored
        .iter()
        .map(|customer| ["externalId", "name", "industry"].map(|field| text(customer, field)).join("|"))
        .collect();
    assert_eq!(found, expected, "{}", given.reasons());
    report
}

const PLAIN: &str = "name = 'name'\nindustry = 'owner'";

#[tokio::test]
async fn encodings_and_marks() {
    let text = "nr,name,owner\n1,J\u{fc}rgen,\u{e9}\n";
    let narrow: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
    check("", PLAIN, text.as_bytes(), &["1|J\u{fc}rgen|\u{e9}"]).await;
    check("", PLAIN, format!("\u{feff}{text}").as_bytes(), &["1|J\u{fc}rgen|\u{e9}"]).await;
    check("encoding = 'latin-1'", PLAIN, &narrow, &["1|J\u{fc}rgen|\u{e9}"]).await;
    check("encoding = 'windows-1252'", PLAIN, b"nr,name,owner\n1,\x80,\x93x\x94\n", &["1|\u{20ac}|\u{201c}x\u{201d}"])
        .await;
    // One row in another encoding costs only itself.
    let mixed = [text.as_bytes(), b"2,\xfc,x\n3,y,z\n"].concat();
    let report = check("", PLAIN, &mixed, &["1|J\u{fc}rgen|\u{e9}", "3|y|z"]).await;
    assert_eq!(report.errors(), 1);
}

#[tokio::test]
async fn separators_ends_quotes_and_headers() {
    check("separator = ';'", PLAIN, b"nr;name;owner\r\n0007;\"A; B\";x\r\n", &["0007|A; B|x"]).await;
    check(
        "separator = '+|'\nterminator = \"&|\\n\"\ncolumns = ['nr', 'name', 'owner']",
        PLAIN,
        b"1+|A\nB+|x&|\n2+|C+|+&|\n",
        &["1|A\nB|x", "2|C|+"],
    )
    .await;
    check("separator = ', '", PLAIN, b"nr, name, owner\n1, A, \n", &["1|A|-"]).await;
    check("separator = \"\\t\"\nquote = ''", PLAIN, b"nr\tname\towner\n1\t5\" pipe\t\"\n", &["1|5\" pipe|\""]).await;
    check("trim = true\nempty = ['', 'NULL']", PLAIN, b"nr,name,owner\n1, A ,NULL\n", &["1|A|-"]).await;
    check("unescape = true", PLAIN, b"nr,name,owner\n1,'=1+1,''x\n", &["1|=1+1|'x"]).await;
}

#[tokio::test]
async fn packed_files_are_recognised_by_their_content() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(b"nr,name,owner\n1,A,x\n").unwrap();
    check("", PLAIN, &packed.finish().unwrap(), &["1|A|x"]).await;
}

#[tokio::test]
async fn columns_are_derived_from_columns() {
    let derived = "[formats.'people.csv'.derived]\nfull = \"concat(title, ' ', short)\"\nshort = \"before(name, '.0')\"\ntitle = \"if(owner = 'x', 'Dr', 'Mr')\"";
    check(derived, "name = 'full'\nindustry = 'short'", b"nr,name,owner\n1,17850.0,x\n", &["1|Dr 17850|17850"]).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_left_empty_where_the_mapping_says_so() {
    let fields = "name = 'name'\nindustry = { column = 'owner', map = { a = 'Ann' }, invalid = 'empty' }";
    let report = check("", fields, b"nr,name,owner\n1,A,a\n2,B,q\n", &["1|A|Ann", "2|B|-"]).await;
    assert_eq!((report.files[0].left_empty, report.errors()), (1, 0));
}
