//! Evil plugins in the whole house: what comes of each is the last table of `docs/hostile-guests.md`, which is the snapshot:
//! `UPDATE_EXPECT=1` writes it anew. Those that need a host and nothing else are tried in `core/plugin/tests/it/evil`.

mod crowd;
mod house;
mod queries;

use guildhall_tests::root;

/// What comes of one evil thing.
struct Came {
    name: &'static str,
    does: &'static str,
    outcome: String,
}

fn came(name: &'static str, does: &'static str, outcome: impl Into<String>) -> Came {
    Came { name, does, outcome: outcome.into() }
}

/// Where on the page the table of the house begins; before it the tests of the host write.
const HOUSE: &str = "\n## The house\n";

const ABOUT: &str = "
A server with the guest that misbehaves for the customers whose names say how, and input queries that ask for too much.

| case | what it does | outcome |
|---|---|---|
";

#[tokio::test]
async fn what_comes_of_evil_in_the_house_is_written_down() {
    let mut cases = queries::cases();
    cases.extend(house::cases().await);
    let rows = cases.iter().map(|case| format!("| `{}` | {} | `{}` |\n", case.name, case.does, cell(&case.outcome)));
    check_page(&format!("{ABOUT}{}", rows.collect::<String>()));
}

#[track_caller]
fn check_page(expected: &str) {
    let path = root().join("docs/hostile-guests.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (host, ours) = page.split_once(HOUSE).unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, format!("{host}{HOUSE}{expected}")).unwrap();
        return;
    }
    for (written, came) in ours.lines().zip(expected.lines()) {
        assert_eq!(came, written, "docs/hostile-guests.md says otherwise");
    }
    assert_eq!(ours.lines().count(), expected.lines().count(), "docs/hostile-guests.md has other cases");
}

/// Text as a cell of a table.
fn cell(text: &str) -> String {
    assert!(text.chars().count() <= 600, "an outcome of {} characters: {text}", text.chars().count());
    assert!(!text.contains(&*root().to_string_lossy()), "an outcome names the host: {text}");
    text.split('\n').map(str::trim).collect::<Vec<_>>().join(" ").replace('|', "\\|").replace('`', "'")
}
