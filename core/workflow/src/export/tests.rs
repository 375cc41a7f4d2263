//! What is written of which records, and what an export leaves when it does not come to its end.

use std::path::Path;

use expect_test::{Expect, expect};
use guildhall_model::Model;
use serde_json::json;
use tempfile::TempDir;

use super::*;

/// Pages made beforehand; what comes after them fails.
struct Prepared(Vec<Page>);

impl Pages for Prepared {
    async fn page(&mut self, _: &Table, _: Option<&str>) -> Result<Page, WorkflowError> {
        if self.0.is_empty() {
            return Err(WorkflowError::BadInput("no page".to_owned()));
        }
        Ok(self.0.remove(0))
    }
}

fn named(names: &[&str]) -> Vec<Table> {
    tables(&Model::core(), &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn payment(id: &str, origin: Option<(&str, &str)>, invoice: Json) -> Json {
    json!({
        "id": id, "source": origin.map(|origin| origin.0), "externalId": origin.map(|origin| origin.1), "receivedOn": "2026-11-22",
        "currency": "EUR", "amount": { "amount": "-12.5025" }, "method": "=cash, mostly",
        "customer": { "id": "cus_1", "source": null, "externalId": null }, "invoice": invoice,
    })
}

fn pages() -> Prepared {
    let invoice = json!({ "id": "inv_1", "source": "shop", "externalId": "-7" });
    Prepared(vec![
        Page { records: vec![payment("pay_1", Some(("shop", "Y1")), invoice)], next: Some("c".to_owned()) },
        Page { records: vec![payment("pay_2", None, Json::Null)], next: None },
    ])
}

async fn check(format: Format, expected: Expect) {
    let mut out = Vec::new();
    let records = export_to_stream(&named(&["Payment"])[0], format, &mut out, &mut pages(), &mut |_| {}).await.unwrap();
    expected.assert_eq(&String::from_utf8(out).unwrap());
    assert_eq!(records, 2);
}

#[tokio::test]
async fn records_are_written_as_csv() {
    check(
        Format::Csv,
        expect![[r#"
            source,externalId,receivedOn,currency,amount,method,customer.source,customer.externalId,invoice.source,invoice.externalId
            shop,Y1,2026-11-22,EUR,-12.5025,"'=cash, mostly",guildhall,cus_1,shop,'-7
            guildhall,pay_2,2026-11-22,EUR,-12.5025,"'=cash, mostly",guildhall,cus_1,,
        "#]],
    )
    .await;
}

#[tokio::test]
async fn records_are_written_as_json_lines() {
    check(
        Format::JsonLines,
        expect![[r#"
            {"source":"shop","externalId":"Y1","receivedOn":"2026-11-22","currency":"EUR","amount":"-12.5025","method":"=cash, mostly","customer.source":"guildhall","customer.externalId":"cus_1","invoice.source":"shop","invoice.externalId":"-7"}
            {"source":"guildhall","externalId":"pay_2","receivedOn":"2026-11-22","currency":"EUR","amount":"-12.5025","method":"=cash, mostly","customer.source":"guildhall","customer.externalId":"cus_1","invoice.source":null,"invoice.externalId":null}
        "#]],
    )
    .await;
}

#[test]
fn the_mapping_names_every_column_parents_first() {
    let expected = expect![[r##"
        # Written by `guildhall export`; `guildhall import mapping.toml .` reads the files beside it back in.
        source = "guildhall"

        [csv]
        unescape = true

        [[files]]
        file = "Product.csv"
        type = "Product"
        source = "{source}"
        id = "{externalId}"
        [files.fields]
        sku = "sku"
        name = "name"
        category = "category"
        supplier = "supplier"
        currency = "currency"
        listPrice = "listPrice"
        unitCost = "unitCost"
        discontinued = "discontinued"

        [[files]]
        file = "Contact.csv"
        type = "Contact"
        source = "{source}"
        id = "{externalId}"
        [files.fields]
        name = "name"
        title = "title"
        email = "email"
        phone = "phone"
        bornOn = "bornOn"
        preferredChannel = "preferredChannel"
        [files.references]
        customer = { template = "{customer.externalId}", source = "{customer.source}" }

        [[files]]
        file = "OrderLine.csv"
        type = "OrderLine"
        source = "{source}"
        id = "{externalId}"
        [files.fields]
        position = "position"
        currency = "currency"
        quantity = "quantity"
        unitPrice = "unitPrice"
        unitCost = "unitCost"
        discount = "discount"
        netAmount = "netAmount"
        confirmedQuantity = "confirmedQuantity"
        confirmedFor = "confirmedFor"
        deliveredQuantity = "deliveredQuantity"
        rejectedQuantity = "rejectedQuantity"
        [files.references]
        order = { template = "{order.externalId}", source = "{order.source}" }
        product = { template = "{product.externalId}", source = "{product.source}" }
    "##]];
    expected.assert_eq(&mapping::text(&named(&["OrderLine", "Product", "Contact", "Product"]), Format::Csv));
    let lines = mapping::text(&named(&["Product"]), Format::JsonLines);
    assert!(lines.contains("\n[csv]\nformat = \"jsonl\"\n\n[[files]]\nfile = \"Product.jsonl\"\n"), "{lines}");
}

#[test]
fn the_mapping_of_everything_is_toml_with_parents_first() {
    let tables = all_tables(&Model::core());
    let read: toml::Table = mapping::text(&tables, Format::Csv).parse().unwrap();
    let types: Vec<_> = read["files"].as_array().unwrap().iter().map(|file| file["type"].as_str().unwrap()).collect();
    assert_eq!(types.len(), tables.len());
    for (place, table) in tables.iter().enumerate() {
        assert_eq!(types[place], table.object.name);
        for reference in &table.references {
            assert!(types[..=place].contains(&reference.target.as_str()), "{}", table.object.name);
        }
    }
}

#[track_caller]
fn check_refused(name: &str, message: &str) {
    let error = tables(&Model::core(), &[name.to_owned()]).unwrap_err().to_string();
    assert!(error.starts_with(message) && error.contains("`Customer`, `Contact`"), "{error}");
}

#[test]
fn other_types_are_refused() {
    check_refused("Custmer", "there is no type `Custmer`; the types that can be exported are ");
    check_refused("Segment", "`Segment` is kept by Guildhall and cannot be exported");
}

/// Exports payments to a folder.
async fn to_folder(dir: &Path, pages: &mut Prepared, force: bool) -> Result<Vec<FileReport>, ExportError> {
    export_to_folder(&named(&["Payment"]), Format::Csv, dir, force, pages, &mut |_| {}).await
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_folder_is_made_and_has_whole_files_only() {
    let parent = TempDir::new().unwrap();
    let dir = parent.path().join("a/b");
    let files = to_folder(&dir, &mut pages(), false).await.unwrap();
    assert_eq!(files, [FileReport { object: "Payment".to_owned(), file: "Payment.csv".to_owned(), records: 2 }]);
    assert_eq!(names(&dir), ["Payment.csv", "mapping.toml"]);
}

#[tokio::test]
async fn an_export_that_fails_leaves_nothing() {
    let parent = TempDir::new().unwrap();
    let mut torn = pages();
    torn.0.truncate(1);
    to_folder(parent.path(), &mut torn, false).await.unwrap_err();
    assert_eq!(names(parent.path()), [] as [&str; 0]);
    let never = parent.path().join("never");
    to_folder(&never, &mut Prepared(Vec::new()), false).await.unwrap_err();
    assert!(!never.exists());
}

#[tokio::test]
async fn files_that_are_there_are_kept_unless_forced() {
    let parent = TempDir::new().unwrap();
    let mapping = parent.path().join(MAPPING);
    std::fs::write(&mapping, "mine").unwrap();
    let refused = to_folder(parent.path(), &mut pages(), false).await.unwrap_err();
    assert!(matches!(&refused, ExportError::Exists(name) if name.ends_with(MAPPING)), "{refused}");
    assert_eq!(
        (names(parent.path()), std::fs::read_to_string(&mapping).unwrap()),
        (vec![MAPPING.to_owned()], "mine".to_owned())
    );
    // Not even an export that was begun replaces anything before it is complete.
    to_folder(parent.path(), &mut Prepared(Vec::new()), true).await.unwrap_err();
    assert_eq!(std::fs::read_to_string(&mapping).unwrap(), "mine");
    to_folder(parent.path(), &mut pages(), true).await.unwrap();
    assert_eq!(names(parent.path()), ["Payment.csv", MAPPING]);
}
