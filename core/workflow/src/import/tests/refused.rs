//! Broken mappings and files that cannot be meant: each is named with its place, its reason and a remedy, and changes
//! nothing. Broken rows are rejected, and cost no others.

use expect_test::{Expect, expect};

use super::small::{Given, SHOP, shop};

/// The messages of imports that were refused, one line each.
#[derive(Default)]
struct Refused {
    messages: String,
}

impl Refused {
    /// Imports the shop with one file changed.
    async fn file(&mut self, file: &str, content: impl AsRef<[u8]>) {
        let given = shop().await;
        given.file(file, content);
        self.import(&given, SHOP).await;
    }

    /// Imports the shop with one piece of the mapping replaced.
    async fn mapping(&mut self, piece: &str, replacement: &str) {
        assert!(SHOP.contains(piece), "{piece}");
        self.import(&shop().await, &SHOP.replacen(piece, replacement, 1)).await;
    }

    async fn import(&mut self, given: &Given, mapping: &str) {
        let error = given.import(mapping).await.unwrap_err();
        assert!(given.stored("Customer").await.is_empty(), "something was imported in spite of {error}");
        self.messages.push_str(&format!("{error}\n"));
    }

    fn check(self, expected: Expect) {
        expected.assert_eq(&self.messages);
    }
}

/// The reasons of rows that were rejected, each from an import of the shop with one file changed.
#[derive(Default)]
struct Rejected {
    reasons: String,
}

impl Rejected {
    async fn file(&mut self, file: &str, content: impl AsRef<[u8]>) {
        let given = shop().await;
        given.file(file, content);
        let report = given.import(SHOP).await.unwrap();
        assert!(report.errors() > 0, "nothing was rejected");
        for file in &report.files {
            let sum = file.created + file.updated + file.unchanged + file.merged + file.skipped + file.errors;
            assert_eq!(sum, file.rows, "{file:?}");
        }
        self.reasons.extend(given.reasons().lines().skip(1).map(|line| format!("{line}\n")));
    }

    fn check(self, expected: Expect) {
        expected.assert_eq(&self.reasons);
    }
}

#[tokio::test]
async fn broken_values_are_rejected() {
    let mut refused = Rejected::default();
    let orders = |row: &str| format!("nr;customer;ordered;shipped;freight\n1;0007;01.11.2026;;4,90\n{row}\n");
    refused.file("orders.csv", orders("2;0007;31.11.2026;;")).await;
    refused.file("orders.csv", orders("2;0007;11/20/2026;;")).await;
    refused.file("orders.csv", orders("2;0007;20.11.26;;")).await;
    refused.file("orders.csv", orders("2;0007;;;")).await;
    refused.file("orders.csv", orders("2;0007;20.11.2026;;4.90")).await;
    refused.file("orders.csv", orders("2;0007;20.11.2026;;0,00001")).await;
    refused.file("orders.csv", orders("2;0007;20.11.2026;;99999999999999999")).await;
    refused.file("orders.csv", orders("2;0010;20.11.2026;;")).await;
    refused.file("orders.csv", orders("2;;20.11.2026;;")).await;
    refused.file("orders.csv", orders("1;0007;20.11.2026;;")).await;
    refused.file("orders.csv", orders(";0007;20.11.2026;;")).await;
    refused.file("orders.csv", orders("2;0007;20.11.2026")).await;
    refused.file("customers.csv", "nr;company;legal form;state;owner\n7;Heron;;q;\n").await;
    refused.file("customers.csv", "nr;company;legal form;state;owner\n7;Heron;;a;3\n").await;
    refused.file("lines.csv", "order;price;quantity;discount %\n1;;3;5\n").await;
    refused.file("staff.csv", "id;first;last\n2;A;B\n2;C;D\n").await;
    refused.file("customers.csv", b"nr;company;legal form;state;owner\n7;Caf\xe9;;a;\n").await;
    refused.file("customers.csv", b"nr;company;legal form;state;owner\n7;Caf\0;;a;\n").await;
    refused.file("customers.csv", "nr;company;legal form;state;owner\n7;\"Heron;;a;\n").await;
    let long = format!("nr;company;legal form;state;owner\n{};Heron;;a;\n", "7".repeat(201));
    refused.file("customers.csv", long).await;
    refused.check(expect![[r#"
        orders.csv,3,ordered,31.11.2026,`31.11.2026` is not a date like `%d.%m.%Y`,"correct the value, or the date format in the mapping"
        orders.csv,3,ordered,11/20/2026,`11/20/2026` is not a date like `%d.%m.%Y`,"correct the value, or the date format in the mapping"
        orders.csv,3,ordered,20.11.26,`20.11.26` is not a date like `%d.%m.%Y`,"correct the value, or the date format in the mapping"
        orders.csv,3,ordered,,the value is empty and `orderedOn` always has one,"fill it in, or give the field a `default` in the mapping"
        orders.csv,3,freight,4.90,"`4.90` is not a decimal number like `1234,50`","correct the value, or `decimal` and `grouping` in the mapping"
        orders.csv,3,freight,"0,00001",`0.00001` has more than 4 decimal places or is too large for `freight`,correct the value or the expression; nothing is rounded silently
        orders.csv,3,freight,99999999999999999,`99999999999999999` has more than 4 decimal places or is too large for `freight`,correct the value or the expression; nothing is rounded silently
        orders.csv,3,customer,0010,there is no `Customer` with the id `0010`,"add it to its file, and let the mapping import `Customer` first"
        orders.csv,3,customer,,the row names no `Customer`,fill in the column
        orders.csv,3,,1,the id `1` was on line 2 already,"remove one of the rows, add a column to the mapping's `id`, or write `once = true`"
        orders.csv,3,nr,,the column is part of the id and is empty,give every row an id
        orders.csv,3,,,the row has 3 columns where the header has 5,"add the missing separators, or put fields that contain one in quotes"
        customers.csv,2,state,q,`q` is not in the `map` of `status`,correct the value or add it to the mapping
        orders.csv,2,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
        orders.csv,3,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
        customers.csv,2,owner,3,`3` has no row in `staff.csv`,correct the value or add the row there
        orders.csv,2,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
        orders.csv,3,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
        orders.csv,2,nr,,what is looked up in `lines.csv` cannot be used: line 2: the value is empty and an expression needs it,correct it there
        customers.csv,2,owner,,what is looked up in `staff.csv` cannot be used: line 3: the key `2` occurs more than once,correct it there
        orders.csv,2,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
        orders.csv,3,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
        customers.csv,2,,Caf�,the value is not UTF-8 at its byte 4,"save the file in UTF-8, or say in the mapping's `encoding` how it is written"
        orders.csv,2,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
        orders.csv,3,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
        customers.csv,2,,Caf�,the value has a NUL byte,save the file as plain text
        orders.csv,2,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
        orders.csv,3,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
        customers.csv,2,,,a quoted field is not closed,"close it, and double every quote inside it"
        orders.csv,2,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
        orders.csv,3,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
        customers.csv,2,,7777777777777777777777777777777777777777777777777777777777777777…,the id `7777777777777777777777777777777777777777777777777777777777777777…` is longer than 200 bytes,use columns that hold a short key
        orders.csv,2,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
        orders.csv,3,customer,0007,there is no `Customer` with the id `0007`,"add it to its file, and let the mapping import `Customer` first"
    "#]]);
}

#[tokio::test]
async fn broken_files_are_refused() {
    let mut refused = Refused::default();
    refused.file("customers.csv", "").await;
    refused.file("customers.csv", "nr;company;legal form;state\n7;Heron;;a\n").await;
    refused.file("lines.csv", "order;price;quantity;rebate\n").await;
    refused.check(expect![[r#"
        the import is refused: customers.csv: the file is empty; it needs a line with column names
        the mapping is refused: mapping.toml, line 19: there is no column `owner` in `customers.csv`; the columns are `nr`, `company`, `legal form`, `state`
        the mapping is refused: mapping.toml: there is no column `discount %` in `lines.csv`; the columns are `order`, `price`, `quantity`, `rebate`
    "#]]);
}

#[tokio::test]
async fn broken_mappings_are_refused() {
    let mut refused = Refused::default();
    refused.mapping("separator", "separater").await;
    refused.mapping("separator = \";\"", "separator = \";;\"").await;
    refused.mapping("%d.%m.%Y", "%d.%m.%Q").await;
    refused.mapping("%d.%m.%Y", "%m.%Y").await;
    refused.mapping("decimal = \",\"", "decimal = \"'\"").await;
    refused.mapping("as_of = 2026-11-22", "as_of = 2026-11-22T10:00:00Z").await;
    refused.mapping("source = \"shop\"", "source = \"\"").await;
    refused.mapping("type = \"Customer\"", "type = \"Client\"").await;
    refused.mapping("type = \"Customer\"", "type = \"Decision\"").await;
    refused.mapping("id = \"{nr}\"", "id = \"{nr\"").await;
    refused.mapping("id = \"{nr}\"", "id = \"all\"").await;
    refused.mapping("freight = \"freight\"", "freihgt = \"freight\"").await;
    refused.mapping("freight = \"freight\"", "customer = \"freight\"").await;
    refused.mapping("freight = \"freight\"", "externalId = \"freight\"").await;
    refused.mapping("industry = ", "revenue12m = ").await;
    refused.mapping("freight = \"freight\"", "freight = \"porto\"").await;
    refused.mapping("freight = \"freight\"", "freight = { constant = 4.9 }").await;
    refused.mapping("freight = \"freight\"", "freight = { constant = \"4,9\" }").await;
    refused.mapping("freight = \"freight\"", "freight = { colum = \"freight\" }").await;
    refused.mapping("freight = \"freight\"", "freight = { column = \"freight\", constant = 1 }").await;
    refused.mapping("freight = \"freight\"", "freight = { constant = 1, default = 2 }").await;
    refused.mapping("freight = \"freight\"", "freight = { column = \"freight\", zone = \"UTC\" }").await;
    refused.mapping("number = { template", "number = { invalid = \"empty\", template").await;
    refused.mapping("freight = \"freight\"", "freight = { expression = \"nr / 2\" }").await;
    refused.mapping("company <> ''", "company").await;
    refused.mapping("separator = \";\"", "separator = \"ab\"").await;
    refused.mapping("separator = \";\"", "quote = \";\"\nseparator = \";\"").await;
    refused.mapping("separator = \";\"", "separator = \";\"\nencoding = \"ebcdic\"").await;
    refused.mapping("separator = \";\"", "separator = \";\"\ngrouping = \",\"").await;
    refused.mapping("separator = \";\"", "separator = \";\"\nzone = \"Mars\"").await;
    refused.mapping("separator = \";\"", "separator = \";\"\ntime = \"%Y\"").await;
    refused.mapping("separator = \";\"", "separator = \";\"\ncolumns = [\"a\"]").await;
    refused.mapping("[[files]]", "[formats.\"customers.csv\".derived]\na = \"b\"\nb = \"a\"\n[[files]]").await;
    refused.mapping("[[files]]", "[formats.\"customers.csv\".derived]\nnr = \"owner\"\n[[files]]").await;
    refused.mapping("[[files]]", "[formats.\"staff.csv\".derived]\nfirst = \"position(id)\"\n[[files]]").await;
    refused.mapping("[[files]]", "[formats.\"orders.csv\".derived]\nnobodys = \"porto\"\n[[files]]").await;
    refused.mapping("[[files]]", "[formats.\"lines.csv\".derived]\nnobodys = \"porto\"\n[[files]]").await;
    refused
        .mapping("[[files]]", "[formats.\"orders.csv\".derived]\na = \"count(from sales.csv by nr)\"\n[[files]]")
        .await;
    refused.mapping("[[files]]", "[formats.\"sales.csv\"]\nseparator = \",\"\n[[files]]").await;
    refused.mapping("customer = \"customer\"\n", "customer = { column = \"customer\", missing = \"empty\" }\n").await;
    refused.mapping("number = { template = \"S-{nr}\" }\n", "").await;
    refused.mapping("customer = \"customer\"\n", "").await;
    refused.mapping("customer = \"customer\"\n", "client = \"customer\"\n").await;
    refused.mapping("customer = \"customer\"\n", "customer = {}\n").await;
    refused.mapping("[[files]]", "[[files").await;
    refused.check(expect![[r#"
        the mapping is refused: mapping.toml, line 6: unknown field `separater`, expected one of `format`, `separator`, `terminator`, `quote`, `encoding`, `trim`, `unescape`, `empty`, `date`, `time`, `zone`, `decimal`, `grouping`, `columns`, `derived`; docs/import.md shows what a mapping may say
        the mapping is refused: mapping.toml, line 11: there is no column `nr` in `customers.csv`; the only column is `nr;company;legal form;state;owner`; is the separator `;`?
        the mapping is refused: mapping.toml, line 7: `%d.%m.%Q` is not a date format; write year, month and day as in `%m/%d/%Y`, `%d.%m.%Y` or `%Y-%m-%d`
        the mapping is refused: mapping.toml, line 7: `%m.%Y` is not a date format; write year, month and day as in `%m/%d/%Y`, `%d.%m.%Y` or `%Y-%m-%d`
        the mapping is refused: mapping.toml, line 8: `decimal` is neither a point nor a comma; write `decimal = ","`
        the mapping is refused: mapping.toml, line 3: `2026-11-22T10:00:00Z` is not a day; write it like `as_of = 1998-05-06`
        the mapping is refused: mapping.toml, line 2: `source` is empty or too long; name the system the files come from in up to 64 letters
        the mapping is refused: mapping.toml, line 12: there is no type `Client`; the types that can be imported are `User`, `Territory`, `TerritoryAssignment`, `Team`, `TeamMember`, `Topic`, `Campaign`, `Product`, `Supply`, `CreditGroup`, `Customer`, `Contact`, `ContactPoint`, `Address`, `Consent`, `TopicSubscription`, `Opportunity`, `Order`, `Invoice`, `CreditNote`, `OrderLine`, `CreditNoteLine`, `Quote`, `QuoteLine`, `QuoteDiscount`, `Shipment`, `Payment`, `PaymentAllocation`, `CreditAccount`, `CampaignMember`, …
        the mapping is refused: mapping.toml, line 12: `Decision` is kept by Guildhall and cannot be imported; the types that can be imported are `User`, `Territory`, `TerritoryAssignment`, `Team`, `TeamMember`, `Topic`, `Campaign`, `Product`, `Supply`, `CreditGroup`, `Customer`, `Contact`, `ContactPoint`, `Address`, `Consent`, `TopicSubscription`, `Opportunity`, `Order`, `Invoice`, `CreditNote`, `OrderLine`, `CreditNoteLine`, `Quote`, `QuoteLine`, `QuoteDiscount`, `Shipment`, `Payment`, `PaymentAllocation`, `CreditAccount`, `CampaignMember`, …
        the mapping is refused: mapping.toml, line 13: `{nr` is not a template; write columns in braces, as in `{First} {Last}`, and a brace itself twice
        the mapping is refused: mapping.toml, line 13: the id has no column in it; write columns in braces, as in `id = "{OrderID}-{ProductID}"`
        the mapping is refused: mapping.toml, line 34: `Order` has no field `freihgt`; its fields are `number`, `status`, `orderedOn`, `requiredOn`, `shippedOn`, `currency`, `grossTotal`, `netTotal`, `taxTotal`, `total`, `costTotal`, `freight`, `shipToName`, `shipToCity`, `shipToCountry`, `takenBy`
        the mapping is refused: mapping.toml, line 34: `customer` of `Order` is a relation, not a field; move it under `references`
        the mapping is refused: mapping.toml, line 34: `externalId` is set by the mapping's `id` and `source`; leave it out here
        the mapping is refused: mapping.toml, line 19: `revenue12m` of `Customer` is computed by Guildhall; its fields are `name`, `kind`, `status`, `industry`, `country`, `phone`, `preferredChannel`, `currency`
        the mapping is refused: mapping.toml, line 34: there is no column `porto` in `orders.csv`; the columns are `nr`, `customer`, `ordered`, `shipped`, `freight`
        the mapping is refused: mapping.toml, line 34: invalid type: floating point `4.9`, expected a text in quotes, a whole number, `true` or `false` (decimals stand in quotes); docs/import.md shows what a mapping may say
        the mapping is refused: mapping.toml, line 34: `4,9` does not fit `freight`: `4,9` is not a decimal number like `1234.50`; correct the value in the mapping
        the mapping is refused: mapping.toml, line 34: unknown field `colum`, expected one of `column`, `template`, `constant`, `expression`, `map`, `default`, `date`, `time`, `zone`, `invalid`; docs/import.md shows what a mapping may say
        the mapping is refused: mapping.toml, line 34: `freight` needs one origin; say exactly one of `column`, `template`, `constant` and `expression`
        the mapping is refused: mapping.toml, line 34: `freight` has `map`, `default` or `invalid` without a text to read; they belong to `column`, `template` and `expression`
        the mapping is refused: mapping.toml, line 34: `freight` is no time; leave out `time` and `zone`
        the mapping is refused: mapping.toml, line 27: `number` always has a value, so what cannot be read cannot be left empty; leave out `invalid`, or give the field a `default`
        the mapping is refused: mapping.toml, line 34: `/` does not belong in an expression; write something like `UnitPrice * Quantity * (1 - Discount)`; names with other letters stand in double quotes; docs/import.md shows the notation
        the mapping is refused: mapping.toml, line 14: `where` is no condition; compare something, as in `where = "Country = 'Norway'"`
        the mapping is refused: mapping.toml, line 6: `separator` is not one to eight separating characters; write something like `separator = ";"`
        the mapping is refused: mapping.toml, line 9: `quote` is part of what separates; write `quote = ""` if the file has no quotes
        the mapping is refused: mapping.toml, line 7: the encoding `ebcdic` is not known; write one of `utf-8`, `latin-1`, `windows-1252`
        the mapping is refused: mapping.toml, line 7: `grouping` and `decimal` are the same mark; say which one the files use for which
        the mapping is refused: mapping.toml, line 7: the time zone `Mars` is not known; write one like `Europe/Berlin` or `UTC`
        the mapping is refused: mapping.toml, line 7: `%Y` is not a time format; write day, hour and minute as in `%Y-%m-%d %H:%M` or `%Y-%m-%dT%H:%M:%S%:z`
        the mapping is refused: mapping.toml, line 7: `columns` holds for one file; write it under `[formats."file.csv"]`
        the mapping is refused: mapping.toml, line 11: the derived columns `a`, `b` are made of each other; begin with a column of the file
        the import is refused: customers.csv, line 1: the column `nr` occurs twice; give every column a name of its own
        the mapping is refused: mapping.toml: what is looked up in `staff.csv` looks into files or counts rows itself; look up one thing after the other, each in a derived column of the file that is imported
        the mapping is refused: mapping.toml, line 11: there is no column `porto` in `orders.csv`; the columns are `nr`, `customer`, `ordered`, `shipped`, `freight`, `nobodys`
        the mapping is refused: mapping.toml, line 11: there is no column `porto` in `lines.csv`; the columns are `order`, `price`, `quantity`, `discount %`, `nobodys`
        the mapping is refused: sales.csv: the file cannot be read: No such file or directory (os error 2); check the file name in the mapping and the folder
        the mapping is refused: mapping.toml, line 10: nothing is read from `sales.csv`, which has a format; correct the name, or leave the format out
        the mapping is refused: mapping.toml, line 36: `customer` of `Order` always leads to a record, so it cannot be left empty; leave out `missing`, or write `missing = "skip"`
        the mapping is refused: mapping.toml, line 23: every `Order` needs `number`; add them under `fields`, from a column or as a `constant`
        the mapping is refused: mapping.toml, line 23: every `Order` needs `customer`; add them under `references`, with the column that holds the id
        the mapping is refused: mapping.toml, line 36: `Order` has no reference `client` to import; its references are `customer`
        the mapping is refused: mapping.toml, line 36: `customer` needs either `column` or `template`; write `customer = "CustomerID"`, with the column that holds the id
        the mapping is refused: mapping.toml, line 10: unclosed array table, expected `]]`; docs/import.md shows what a mapping may say
    "#]]);
}

#[tokio::test]
async fn files_outside_the_folder_are_refused() {
    let mut refused = Refused::default();
    refused.mapping("customers.csv", "../customers.csv").await;
    refused.mapping("customers.csv", "/etc/passwd").await;
    refused.mapping("staff.csv", "../staff.csv").await;
    refused.mapping("from lines.csv", "from \\\"../lines.csv\\\"").await;
    refused.mapping("customers.csv", ".").await;
    refused.check(expect![[r#"
        the mapping is refused: mapping.toml, line 11: the file `../customers.csv` lies outside the folder; name a file in the imported folder, without `..` and without a leading `/`
        the mapping is refused: mapping.toml, line 11: the file `/etc/passwd` lies outside the folder; name a file in the imported folder, without `..` and without a leading `/`
        the mapping is refused: mapping.toml, line 19: `.` does not belong in an expression; write something like `UnitPrice * Quantity * (1 - Discount)`; names with other letters stand in double quotes; docs/import.md shows the notation
        the mapping is refused: mapping.toml, line 32: the file `../lines.csv` lies outside the folder; name a file in the imported folder, without `..` and without a leading `/`
        the mapping is refused: mapping.toml, line 11: the file `.` lies outside the folder; name a file in the imported folder, without `..` and without a leading `/`
    "#]]);
}

#[tokio::test]
async fn a_missing_file_is_refused() {
    let mut refused = Refused::default();
    refused.mapping("orders.csv", "sales.csv").await;
    refused.check(expect![[r#"
        the import is refused: sales.csv: the file cannot be read: No such file or directory (os error 2); check the file name in the mapping and the folder
    "#]]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_out_of_the_folder_is_refused() {
    let mut refused = Refused::default();
    let given = shop().await;
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    std::fs::remove_file(given.path().join("customers.csv")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), given.path().join("customers.csv")).unwrap();
    refused.import(&given, SHOP).await;
    refused.check(expect![[r#"
        the import is refused: customers.csv: the file is a link that leads out of the folder; put the file itself there
    "#]]);
}
