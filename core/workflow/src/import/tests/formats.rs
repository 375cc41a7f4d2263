//! Files in the ways that real systems write them.

use std::io::Write;

use expect_test::expect;

use super::lists::{customers, list};
use super::small::{Given, usual};
use crate::import::{Import, Report};

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

#[tokio::test]
async fn json_lines() {
    let rows = r#"{"nr":1,"name":"A","owner":""}
{"nr":2,"name":"B"}
{"owner":null,"name":" C ","nr":"0003"}

{"nr":4,"name":"D","more":1}
{"nr":5,"nr":6,"name":"E"}
["nr",7]
{"nr":8,"name":"\u0000"}
{"nr":9,"name":
{"nr":9.50,"name":{"a":[1.10]},"owner":true}
{"nr":10,"name":"\u00fc\ud83c\udf7a\n"}
"#;
    let expected = ["0003| C |-", "1|A|", "10|\u{fc}\u{1f37a}\n|-", "2|B|-", "9.50|{\"a\":[1.10]}|true"];
    let report = check("format = 'jsonl'", PLAIN, rows.as_bytes(), &expected).await;
    assert_eq!((report.files[0].rows, report.errors()), (10, 5));
    let expected = ["0003|C|-", "1|A|-", "10|\u{fc}\u{1f37a}|-", "2|B|-", "9.50|{\"a\":[1.10]}|-"];
    check("format = 'jsonl'\ntrim = true\nempty = ['', 'true']", PLAIN, rows.as_bytes(), &expected).await;
    // Numbers have a point, whatever the texts beside them have; they are never floats.
    let numbers = "name = 'name'\nindustry = { expression = 'nr * owner' }";
    let row = br#"{"nr":1.500,"name":"A","owner":"1.000.000.000.000.000,25"}"#;
    check("format = 'jsonl'\ndecimal = ','\ngrouping = '.'", numbers, row, &["1,500|A|1500000000000000,375"]).await;
    check("format = 'jsonl'", PLAIN, b"", &[]).await;
    let columns = "format = 'jsonl'\ncolumns = ['nr', 'name', 'owner', 'more']";
    check(columns, PLAIN, br#"{"name":"A","nr":1}"#, &["1|A|-"]).await;
}

#[tokio::test]
async fn json_lines_that_cannot_be_meant_are_refused() {
    let refused = async |format: &str, content: &str| {
        let given = Given::new().await;
        given.file("people.csv", content);
        let mapping = format!("{}[formats.'people.csv']\n{format}\n", list(&[&customers("people.csv", "")]));
        given.import(&mapping).await.unwrap_err().to_string()
    };
    let told = [
        refused("format = 'xml'", "").await,
        refused("format = 'jsonl'\nseparator = ';'", "").await,
        refused("format = 'jsonl'", "nr,name\n1,A\n").await,
        refused("format = 'jsonl'", "{\"nr\":1}\n").await,
        refused("format = 'jsonl'", "{\"nr\":1,\"name\":\"A\",\"nr\":2}\n").await,
    ];
    expect![[r#"
        the mapping is refused: mapping.toml, line 14: the format `xml` is not known; write `"csv"` or `"jsonl"`
        the mapping is refused: mapping.toml, line 15: `separator` says nothing about JSON Lines; leave it out
        the import is refused: people.csv, line 1: the line is no JSON object: expected ident at line 1 column 2; correct it, or name the keys in the mapping's `columns`
        the mapping is refused: mapping.toml, line 9: there is no column `name` in `people.csv`; the only column is `nr`
        the import is refused: people.csv, line 1: the column `nr` occurs twice; give every column a name of its own"#]]
    .assert_eq(&told.join("\n"));
}

#[tokio::test]
async fn rejected_rows_come_back_whatever_ends_them() {
    for (end, separator) in [("\r", ","), ("&|", "+|")] {
        let given = Given::new().await;
        let rows = |rows: &[&str]| format!("{}{end}", rows.join(end)).replace(',', separator);
        let format = format!("separator = {separator:?}\nterminator = {end:?}");
        given.file("people.csv", rows(&["nr,name", "1,A", "2", "3", "4,D"]));
        let mapping = format!("{}[formats.'people.csv']\n{format}\n", list(&[&customers("people.csv", "")]));
        let report = given.import(&mapping).await.unwrap();
        assert_eq!((report.files[0].created, report.errors()), (2, 2));
        let kept = std::fs::read_to_string(given.path().join("rejects/rows/people.csv")).unwrap();
        assert_eq!(kept, rows(&["nr,name", "2", "3"]));
        std::fs::create_dir(given.path().join("corrected")).unwrap();
        given.file("corrected/people.csv", rows(&["nr,name", "2,B", "3,C"]));
        let (path, corrected) = (given.path().join("mapping.toml"), given.path().join("corrected"));
        let rejects = given.path().join("rejects");
        let again = Import { rows: Some(&corrected), ..usual(&path, given.path(), &rejects) };
        assert_eq!(again.run(given.house(), &mut |_| {}).await.unwrap().files[0].created, 2);
        let ids = given.stored("Customer").await.iter().map(|one| one["externalId"].clone()).collect::<Vec<_>>();
        assert_eq!(ids, ["1", "2", "3", "4"]);
    }
}

#[tokio::test]
async fn times_are_read_in_their_zone() {
    let talks = |file: &str, at: &str| {
        format!(
            "\n[[files]]\nfile = '{file}'\ntype = 'Interaction'\nid = '{file} {{nr}}'\n[files.references]\ncustomer = 'customer'\n\
             [files.fields]\nchannel = {{ constant = 'PHONE' }}\ndirection = {{ constant = 'INBOUND' }}\noccurredAt = {at}\n"
        )
    };
    let mapping = list(&[
        &customers("people.csv", ""),
        &talks("berlin.csv", "'at'"),
        &talks("york.csv", "{ column = 'at', time = '%m/%d/%Y %I:%M %p', zone = 'America/New_York' }"),
        &talks("iso.csv", "'at'"),
        "[formats.'berlin.csv']\nzone = 'Europe/Berlin'\ntime = '%d.%m.%Y %H:%M'\n",
    ]);
    // Summer, winter, the hour that is there twice, the one that is not there, and a day that is none.
    let berlin = ["01.07.2026 12:00", "01.12.2026 12:00", "25.10.2026 02:30", "29.03.2026 02:30", "31.06.2026 12:00"];
    for given in Given::all().await {
        given.file("people.csv", "nr,name\n1,A\n");
        let file = |name: &str, times: &[&str]| {
            let rows = times.iter().enumerate().map(|(nr, at)| format!("{nr},1,{at}\n"));
            given.file(name, format!("nr,customer,at\n{}", rows.collect::<String>()));
        };
        file("berlin.csv", &berlin);
        file("york.csv", &["07/01/2026 08:15 PM", "12/31/2026 08:15 PM"]);
        file("iso.csv", &["2026-07-01T12:00:00.123+02:00", "2026-07-01T12:00:00Z", "2026-07-01 12:00", ""]);
        let report = given.import(&mapping).await.unwrap();
        let counts: Vec<_> = report.files.iter().map(|file| (file.created, file.errors)).collect();
        assert_eq!(counts, [(1, 0), (3, 2), (2, 0), (3, 1)]);
        let talks = given.stored("Interaction").await;
        let at = |talk: &serde_json::Value| {
            format!("{} {}", talk["externalId"].as_str().unwrap(), talk["occurredAt"].as_str().unwrap_or("-"))
        };
        assert_eq!(
            talks.iter().map(at).collect::<Vec<_>>(),
            [
                "berlin.csv 0 2026-07-01T10:00:00.000Z",
                "berlin.csv 1 2026-12-01T11:00:00.000Z",
                "berlin.csv 2 2026-10-25T00:30:00.000Z",
                "iso.csv 0 2026-07-01T10:00:00.123Z",
                "iso.csv 1 2026-07-01T12:00:00.000Z",
                "iso.csv 3 -",
                "york.csv 0 2026-07-02T00:15:00.000Z",
                "york.csv 1 2027-01-01T01:15:00.000Z",
            ]
        );
        let reasons = given.reasons();
        for told in [
            "berlin.csv,5,at,29.03.2026 02:30,`29.03.2026 02:30` is a time that clocks in Europe/Berlin pass over,",
            "berlin.csv,6,at,31.06.2026 12:00,`31.06.2026 12:00` is not a time like",
            "iso.csv,4,at,2026-07-01 12:00,`2026-07-01 12:00` is not a time like `%+`",
        ] {
            assert!(reasons.contains(told), "{told}: {reasons}");
        }
    }
}
