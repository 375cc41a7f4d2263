//! A row of a looked-up file that cannot be read is never left out: what it may be part of is rejected until it is corrected.

use super::lists::{customers, list};
use super::small::{Given, usual};
use crate::import::{Import, Report};

/// Orders worth their lines, then the lines.
const ORDERS: &str = r#"
[[files]]
file = "orders.csv"
type = "Order"
id = "{no}"
[files.fields]
number = "no"
status = { constant = "OPEN" }
orderedOn = { constant = "2026-11-01" }
currency = { constant = "EUR" }
grossTotal = { expression = "sum(price * q from lines.csv by no)" }
netTotal = { expression = "sum(price * q from lines.csv by no)" }
[files.references]
customer = { template = "1" }
"#;

const LINES: &str = r#"
[[files]]
file = "goods.csv"
type = "Product"
id = "{sku}"
fields = { sku = "sku", name = "sku", currency = { constant = "EUR" }, listPrice = { constant = 1 }, discontinued = { constant = false } }
[[files]]
file = "lines.csv"
type = "OrderLine"
id = "{no}-{pos}"
[files.fields]
position = "pos"
currency = { constant = "EUR" }
quantity = "q"
unitPrice = "price"
discount = { constant = 0 }
netAmount = { expression = "price * q" }
[files.references]
order = "no"
product = "sku"
"#;

/// A house with a customer and orders A to D, of 10 each.
async fn orders(given: &Given, lines: impl AsRef<[u8]>) -> Report {
    given.file("people.csv", "nr,name\n1,Ann\n");
    given.file("orders.csv", "no\nA\nB\nC\nD\n");
    given.file("lines.csv", lines);
    given.import(&list(&[&customers("people.csv", ""), ORDERS])).await.unwrap()
}

async fn totals(given: &Given) -> Vec<String> {
    let of = |order: &serde_json::Value| {
        let total = order["netTotal"]["amount"].as_str().unwrap();
        format!("{} {total}", order["number"].as_str().unwrap())
    };
    given.stored("Order").await.iter().map(of).collect()
}

#[tokio::test]
async fn a_torn_row_spoils_what_it_may_be_part_of() {
    let head = "no,pos,q,price\nA,1,1,10\nB,1,1,10\nC,1,1,10\n";
    for (row, spoilt) in [
        (b"B,2,1,10,extra\n".as_slice(), "B"),
        (b"B,2\n", "B"),
        (b"B,2,1\"0,10\n", "B"),
        (b"\"B,2,1,10\n", "B"),
        (b"B,2,\xff,10\n", "B"),
        (b"B 2,1,10\n", "B"),
        // Its key cannot be told, so it may be anybody's.
        (b"\xff,2,1,10\n", "ABCD"),
        (b"B\0,2,1,10\n", "ABCD"),
    ] {
        let given = Given::new().await;
        let report = orders(&given, [head.as_bytes(), row, b"D,1,1,10\n"].concat()).await;
        let expected: Vec<_> = ["A", "B", "C", "D"].into_iter().filter(|order| !spoilt.contains(order)).collect();
        let row = String::from_utf8_lossy(row);
        assert_eq!(
            totals(&given).await,
            expected.iter().map(|order| format!("{order} 10.00")).collect::<Vec<_>>(),
            "{row}"
        );
        assert_eq!(report.errors(), spoilt.len() as u64, "{row}");
        let reasons = given.reasons();
        assert!(reasons.contains("what is looked up in `lines.csv` cannot be used: line 5 may be of "), "{reasons}");
    }
}

#[tokio::test]
async fn a_row_too_long_to_be_read_may_be_of_any_key() {
    let given = Given::new().await;
    let long = format!("no,pos,q,price\nA,1,1,10\nB,{},1,10\n", "2".repeat(2 << 20));
    assert_eq!(orders(&given, long).await.errors(), 4);
}

#[tokio::test]
async fn each_way_of_looking_up_knows_of_torn_rows() {
    let given = Given::new().await;
    given.file("people.csv", "nr,name\n1,Ann\n2,Ben\n3,Cas\n4,Dan\n");
    given.file("trades.csv", "nr,label\n1,Food\n2,\"Wood\n3,Steel\n");
    for (how, errors) in [
        // Of 2 nothing is found; 4 has no row at all. What is found is right.
        ("lookup(label from trades.csv by nr)", ["people.csv,3", "people.csv,5"].as_slice()),
        ("first(label from trades.csv by nr)", &["people.csv,3"]),
        ("concat(count(from trades.csv by nr), '')", &["people.csv,3"]),
    ] {
        let mapping = list(&[&format!("{}industry = {{ expression = \"{how}\" }}\n", customers("people.csv", ""))]);
        let said = given.run(&mapping, |import| Import { dry_run: true, ..import }, |_| {}).await.unwrap();
        let reasons = given.reasons();
        let lines: Vec<&str> = reasons.lines().skip(1).map(|line| &line[..12]).collect();
        assert_eq!((lines.as_slice(), said.errors()), (errors, errors.len() as u64), "{reasons}");
        assert!(reasons.contains("line 3 may be of `2` and cannot be read: a quoted field is not closed"), "{reasons}");
        std::fs::remove_dir_all(given.path().join("rejects")).unwrap();
    }
}

#[tokio::test]
async fn a_row_whose_derived_columns_cannot_be_made_is_not_left_out() {
    let derived = "[formats.\"lines.csv\".derived]\nDouble = \"q * 2\"\nOrder = \"if(pos > 0, no, 'none')\"\n";
    for (row, key, errors) in
        [("B,2,x,10\n", "no", 1), ("B,2,x,10\n", "Order", 1), ("B,x,1,10\n", "Order", 4), ("B,x,1,10\n", "no", 0)]
    {
        let given = Given::new().await;
        given.file("people.csv", "nr,name\n1,Ann\n");
        given.file("orders.csv", "no\nA\nB\nC\nD\n");
        given.file("lines.csv", format!("no,pos,q,price\nA,1,1,10\n{row}"));
        let orders =
            ORDERS.replace("price * q from lines.csv by no", &format!("price * Double from lines.csv by {key} = no"));
        let mapping = list(&[derived, &customers("people.csv", ""), &orders]);
        let report = given.import(&mapping).await.unwrap();
        assert_eq!(report.errors(), errors, "{row} {key} {}", given.reasons());
    }
}

/// Imports the rows that were rejected, as `correct` makes them.
async fn corrected(given: &Given, mapping: &str, correct: &[(&str, &str, &str)]) -> Report {
    let (from, to) = (given.path().join("rejects/rows"), given.path().join("corrected"));
    let _ = std::fs::remove_dir_all(&to);
    std::fs::rename(&from, &to).unwrap();
    std::fs::remove_dir_all(given.path().join("rejects")).unwrap();
    for (file, old, new) in correct {
        let text = std::fs::read_to_string(to.join(file)).unwrap();
        assert!(text.contains(old), "{text}");
        std::fs::write(to.join(file), text.replacen(old, new, 1)).unwrap();
    }
    given.file("mapping.toml", mapping);
    let (path, rejects) = (given.path().join("mapping.toml"), given.path().join("rejects"));
    let again = Import { rows: Some(&to), ..usual(&path, given.path(), &rejects) };
    again.run(given.house(), &mut |_| {}).await.unwrap()
}

#[tokio::test]
async fn torn_rows_that_are_corrected_count_where_they_are_looked_up() {
    let mapping = list(&[&customers("people.csv", ""), ORDERS, LINES]);
    for given in Given::all().await {
        given.file("people.csv", "nr,name\n1,Ann\n");
        given.file("orders.csv", "no\nA\nB\nC\nD\n");
        given.file("goods.csv", "sku\nP\n");
        // Of B one line is torn and one is good; of C one has a price that is none; D's cannot even be told.
        given.file(
            "lines.csv",
            "no,pos,q,price,sku\nA,1,1,10,P\nB,1,1,10,P\nB,2,1,20\nC,1,1,x,P\nC,2,2,5,P\nD,1,\"1,40,P\n",
        );
        let report = given.import(&mapping).await.unwrap();
        assert_eq!(totals(&given).await, ["A 10.00"]);
        assert_eq!(report.files.iter().map(|file| file.errors).collect::<Vec<_>>(), [0, 3, 0, 5]);
        // Only some are corrected: the others' orders stay away.
        let correct = [("lines.csv", "B,2,1,20\n", "B,2,1,20,P\n"), ("lines.csv", "C,1,1,x,", "C,1,1,30,")];
        let report = corrected(&given, &mapping, &correct).await;
        assert_eq!(totals(&given).await, ["A 10.00", "B 30.00", "C 40.00"]);
        assert_eq!(report.files.iter().map(|file| file.errors).collect::<Vec<_>>(), [0, 1, 0, 1]);
        let reasons = given.reasons();
        assert!(
            reasons.contains("orders.csv,4,no,,what is looked up in `lines.csv` cannot be used: line "),
            "{reasons}"
        );
        let report = corrected(&given, &mapping, &[("lines.csv", "\"1,", "1,")]).await;
        assert_eq!((report.errors(), report.rejects), (0, None));
        assert_eq!(totals(&given).await, ["A 10.00", "B 30.00", "C 40.00", "D 40.00"]);
        let lines = given.stored("OrderLine").await;
        assert_eq!(lines.len(), 6);
        // As if all of it had been right from the beginning.
        given.file(
            "lines.csv",
            "no,pos,q,price,sku\nA,1,1,10,P\nB,1,1,10,P\nB,2,1,20,P\nC,1,1,30,P\nC,2,2,5,P\nD,1,1,40,P\n",
        );
        let report = given.import(&mapping).await.unwrap();
        assert!(report.files.iter().all(|file| file.unchanged == file.rows), "{:?}", report.files);
    }
}
