//! `guildhall import` as a process: killed, at once with another, and on files that are meant to harm it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use guildhall_tests::{Place, Ran, memory, places, sqlite_place};
use serde_json::Value;

use crate::lists::PEOPLE;

/// The most memory an import may take, however large its files are.
const MEMORY: u64 = 200 << 20;
const POLL: Duration = Duration::from_millis(5);

/// Customers with parents, the products of orders, and orders: records in all the ways in which they come.
const SHOP: &str = r#"
source = "shop"
as_of = 2026-06-30

[[files]]
file = "customers.csv"
type = "Customer"
id = "{id}"
fields = { name = "name", kind = { constant = "ORGANIZATION" }, status = { column = "status", map = { "a" = "ACTIVE", "p" = "PROSPECT" } }, currency = { constant = "EUR" } }
references = { parent = "parent" }

[[files]]
file = "orders.csv"
type = "Product"
id = "{sku}"
once = true
fields = { sku = "sku", name = "sku", currency = { constant = "EUR" }, listPrice = { constant = "1.50" }, discontinued = { constant = false } }

[[files]]
file = "orders.csv"
type = "Order"
id = "{number}"
where = "sku <> 'S7'"
fields = { number = "number", status = { constant = "OPEN" }, orderedOn = "ordered", currency = { constant = "EUR" }, grossTotal = "total", netTotal = "total", freight = { column = "freight", invalid = "empty" } }
references = { customer = "customer" }
"#;

/// Starts the import of the folder `files`, with what it prints kept for later.
fn start(place: &Place, arguments: &[&str]) -> Child {
    let mut command = place.program();
    command.args(["import", "mapping.toml", "files", "--json", "--batch", "1000"]).args(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for its end. Gives the most memory it took, too, where the system tells.
fn ended(mut child: Child) -> (Ran, Option<u64>) {
    let mut peak = None;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(memory(child.id()).map(|memory| memory.peak));
        std::thread::sleep(POLL);
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }, peak)
}

#[track_caller]
fn check_memory(peak: Option<u64>) {
    assert!(peak.is_none_or(|peak| peak < MEMORY), "{peak:?}");
}

/// Counts of the report's entries.
fn counts<const N: usize>(ran: &Ran, names: [&str; N]) -> Vec<[u64; N]> {
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let count = |entry: &Value| names.map(|name| entry[name].as_u64().unwrap());
    report["files"].as_array().unwrap().iter().map(count).collect()
}

/// All records as an export writes them, in an order of their own: the lines of each file.
fn exported(place: &Place) -> BTreeMap<String, Vec<String>> {
    place.done(&["export", "--all", "--out", "out", "--force"]);
    let mut files = texts(&place.folder().join("out"));
    files.remove("mapping.toml");
    let sorted = |text: String| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    files.into_iter().map(|(name, text)| (name, sorted(text))).collect()
}

/// The files of a folder by name.
fn texts(folder: &Path) -> BTreeMap<String, String> {
    let files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    files.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Writes the files of [`SHOP`]: `size` customers and twice as many orders. Where they are not `clean`, some rows are broken,
/// repeat an id, or lead to what is not there.
fn shop(place: &Place, size: usize, clean: bool) {
    let every = |index: usize, nth: usize| !clean && index % nth == nth - 1;
    let mut customers = "id,name,status,parent\n".to_owned();
    for index in 0..size {
        let row = match index {
            index if every(index, 97) => format!("C{index},too,many,,columns"),
            index if every(index, 101) => format!("C{},The same again,a,", index - 1),
            index if every(index, 103) => format!("C{index},No such status,?,"),
            index if every(index, 1009) => format!("C{index},\"Never closed,a,"),
            index if index % 10 == 0 => format!("C{index},Head {index},p,"),
            index => format!("C{index},\"Company {index}, Ltd.\",a,C{}", index / 10 * 10),
        };
        writeln!(customers, "{row}").unwrap();
    }
    let mut orders = "number,customer,sku,ordered,total,freight\n".to_owned();
    for index in 0..2 * size {
        let day = if every(index, 89) { 31 } else { 1 + index % 28 };
        let number = if every(index, 211) { index - 1 } else { index };
        let freight = if every(index, 83) { "free" } else { "2.50" };
        let (customer, sku) = (index * 7 % size, index % 50);
        writeln!(orders, "O{number},C{customer},S{sku},2026-02-{day:02},{index}.25,{freight}").unwrap();
    }
    place.file("mapping.toml", SHOP);
    place.file("files/customers.csv", customers);
    place.file("files/orders.csv", orders);
}

/// Imports with a kill after each pause, until it ends by itself. Says how often it was killed.
fn killed(place: &Place, pauses: &[u64]) -> (Ran, usize) {
    let (mut kills, mut resume) = (0, false);
    let mut pauses = pauses.iter();
    loop {
        let mut arguments = vec!["--rejects", "rejects"];
        arguments.extend(resume.then_some("--resume"));
        let mut child = start(place, &arguments);
        if let Some(pause) = pauses.next() {
            std::thread::sleep(Duration::from_millis(*pause));
            if child.try_wait().unwrap().is_none() {
                child.kill().unwrap();
                child.wait().unwrap();
                kills += 1;
                resume = true;
                continue;
            }
        }
        let (ran, _) = ended(child);
        if ran.code == Some(2) && ran.stderr.contains("there is nothing to go on with: this mapping was never run") {
            assert!(resume, "{ran:?}");
            resume = false;
            continue;
        }
        return (ran, kills);
    }
}

#[tokio::test]
async fn an_import_that_is_killed_again_and_again_ends_as_one_that_is_not() {
    for (place, other) in places().await.into_iter().zip(places().await) {
        for place in [&place, &other] {
            shop(place, 7_000, false);
        }
        let (calm, _) = ended(start(&other, &["--rejects", "rejects"]));
        assert_eq!(calm.code, Some(4), "{calm:?}");
        let (ran, kills) = killed(&place, &[20, 90, 200, 330, 130, 450, 270, 600, 160, 390]);
        assert!(kills >= 5, "{kills}");
        assert_eq!(ran.code, Some(4), "{ran:?}");
        const NAMES: [&str; 8] =
            ["rows", "created", "updated", "unchanged", "merged", "skipped", "errors", "leftEmpty"];
        assert_eq!(counts(&ran, NAMES), counts(&calm, NAMES));
        for folder in ["rejects", "rejects/rows"] {
            assert!(texts(&place.folder().join(folder)) == texts(&other.folder().join(folder)), "{folder}");
        }
        assert!(exported(&place) == exported(&other), "the records differ");
    }
}

#[tokio::test]
async fn what_was_never_begun_or_has_ended_cannot_be_resumed() {
    for place in places().await {
        shop(&place, 10, true);
        let (never, _) = ended(start(&place, &["--resume"]));
        assert_eq!(never.code, Some(2), "{never:?}");
        assert!(never.stderr.contains("there is nothing to go on with: this mapping was never run"), "{never:?}");
        let (ran, _) = ended(start(&place, &[]));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let (done, _) = ended(start(&place, &["--resume"]));
        assert_eq!(done.code, Some(2), "{done:?}");
        assert!(done.stderr.contains("its last run came to its end"), "{done:?}");
    }
}

#[tokio::test]
async fn two_imports_at_once_make_every_record_once() {
    for place in places().await {
        shop(&place, 3_000, true);
        let children = [start(&place, &[]), start(&place, &[])];
        let both = children.map(|child| ended(child).0);
        let made: u64 = both.iter().flat_map(|ran| counts(ran, ["created"])).flatten().sum();
        assert_eq!(both.each_ref().map(|ran| ran.code), [Some(0); 2], "{both:?}");
        // One order in fifty is skipped, and there are fifty products. Each file has its header.
        let files = exported(&place);
        let lines = ["Customer.csv", "Product.csv", "Order.csv"].map(|file| files[file].len());
        assert_eq!(lines, [3_001, 51, 5_881]);
        assert_eq!(made, 3_000 + 50 + 5_880);
    }
}

#[tokio::test]
async fn a_large_packed_file_takes_little_memory() {
    for place in places().await {
        place.file("mapping.toml", PEOPLE);
        place.file("files/people.csv", "");
        let file = File::create(place.folder().join("files/people.csv")).unwrap();
        let mut rows = BufWriter::new(GzEncoder::new(file, Compression::fast()));
        writeln!(rows, "nr,name,note").unwrap();
        let note = "a long note that nobody will ever read, ".repeat(14);
        for index in 0..100_000 {
            writeln!(rows, "{index},Company {index},\"{}{note}\"", index * 7919).unwrap();
        }
        rows.into_inner().unwrap().finish().unwrap();
        let (ran, peak) = ended(start(&place, &[]));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(counts(&ran, ["created"]), [[100_000]]);
        check_memory(peak);
    }
}

#[tokio::test]
async fn long_texts_that_are_looked_up_take_little_memory() {
    for place in places().await {
        let named = "name = { expression = \"lookup(text from texts.csv by key = name)\" }";
        place.file("mapping.toml", PEOPLE.replace("name = \"name\"", named));
        // The first are shown.
        let rows: String = (0..12_000).map(|nr| format!("{nr},{}\n", if nr < 3 { "b" } else { "a" })).collect();
        place.file("files/people.csv", format!("nr,name\n{rows}"));
        place.file("files/texts.csv", format!("key,text\na,{}\nb,short\n", "x".repeat(30_000)));
        let (ran, peak) = ended(start(&place, &["--dry-run"]));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(counts(&ran, ["created"]), [[12_000]]);
        check_memory(peak);
    }
}

#[tokio::test]
async fn a_line_of_100_megabytes_is_one_rejected_row_and_takes_little_memory() {
    for place in places().await {
        place.file("mapping.toml", PEOPLE);
        place.file("files/people.csv", "nr,name\n1,before\n");
        let file = File::options().append(true).open(place.folder().join("files/people.csv")).unwrap();
        let mut rows = BufWriter::new(file);
        for _ in 0..100 {
            rows.write_all(&[b'x'; 1_000_000]).unwrap();
        }
        rows.write_all(b"\n2,after\n").unwrap();
        rows.flush().unwrap();
        let (ran, peak) = ended(start(&place, &["--rejects", "rejects"]));
        assert_eq!(ran.code, Some(4), "{ran:?}");
        assert_eq!(counts(&ran, ["rows", "created", "errors"]), [[3, 2, 1]]);
        let errors = std::fs::read_to_string(place.folder().join("rejects/errors.csv")).unwrap();
        assert!(errors.contains("\npeople.csv,3,,,the row is longer than 1048576 bytes,"), "{errors}");
        check_memory(peak);
    }
}

#[test]
fn a_gzip_bomb_is_told_and_takes_little_memory() {
    let place = sqlite_place();
    place.file("mapping.toml", PEOPLE);
    // Packed pieces one after the other are one file: 1 GiB of blank lines.
    let lines = packed(&vec![b'\n'; 16 << 20]);
    place.file("files/people.csv", [packed(b"nr,name\n1,before\n"), lines.repeat(64)].concat());
    let begun = Instant::now();
    let (ran, peak) = ended(start(&place, &[]));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(ran.stderr.contains("it unpacks to more than 200 times its size"), "{ran:?}");
    check_memory(peak);
}

#[test]
fn a_file_outside_of_the_folder_is_refused() {
    let place = sqlite_place();
    place.file("secret.csv", "nr,name\n1,secret\n");
    place.file("files/other.csv", "nr,name\n");
    place.file("mapping.toml", PEOPLE.replace("people.csv", "../secret.csv"));
    let (ran, _) = ended(start(&place, &[]));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("../secret.csv"), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_out_of_the_folder_is_refused() {
    let place = sqlite_place();
    let secret = place.file("secret.csv", "nr,name\n1,secret\n");
    place.file("files/other.csv", "nr,name\n");
    std::os::unix::fs::symlink(secret, place.folder().join("files/people.csv")).unwrap();
    place.file("mapping.toml", PEOPLE);
    let (ran, _) = ended(start(&place, &[]));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("the file is a link that leads out of the folder"), "{ran:?}");
}

#[tokio::test]
async fn cells_that_look_like_formulas_come_in_as_texts_and_go_out_escaped() {
    const FORMULAS: [&str; 5] = ["=1+1", "+1", "-2+3", "@SUM(A1)", "=cmd|' /C calc'!A0"];
    for place in places().await {
        place.file("mapping.toml", PEOPLE);
        let rows: Vec<_> = FORMULAS.iter().enumerate().map(|(id, text)| format!("{id},{text}\n")).collect();
        place.file("files/people.csv", format!("nr,name\n{}", rows.concat()));
        let (ran, _) = ended(start(&place, &[]));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let written = place.done(&["export", "Customer", "--out", "-", "--format", "jsonl"]);
        let names = written.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].take());
        assert_eq!(names.collect::<Vec<_>>(), FORMULAS);
        let written = place.done(&["export", "Customer", "--out", "-"]);
        let mut rows = csv::Reader::from_reader(written.as_bytes());
        let name = rows.headers().unwrap().iter().position(|column| column == "name").unwrap();
        let names = rows.records().map(|row| row.unwrap()[name].to_owned());
        assert_eq!(names.collect::<Vec<_>>(), FORMULAS.map(|text| format!("'{text}")));
    }
}

#[test]
fn a_dry_run_makes_no_database() {
    let place = sqlite_place();
    place.file("mapping.toml", PEOPLE);
    place.file("files/people.csv", "nr,name\n1,Ann\n");
    let mut command = place.program();
    command.args(["import", "mapping.toml", "files", "--json", "--dry-run", "--database", "new.db"]);
    let (ran, _) = ended(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(counts(&ran, ["rows", "created"]), [[1, 1]]);
    let left = place.folder().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(left.filter(|name| name.starts_with("new.db")).collect::<Vec<_>>(), Vec::<String>::new());
}
