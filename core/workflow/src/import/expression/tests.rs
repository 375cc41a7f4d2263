use std::sync::Arc;

use super::*;
use crate::import::format::Format;
use crate::import::rows::Rows;

#[track_caller]
fn check(expression: &str, expected: &str) {
    let text = "UnitPrice,Quantity,Discount,Unit price,Empty,Id,Zip\n14.35,12,0.15,9.8,,17850.0,01581\n";
    let format = Arc::new(Format::default());
    let mut rows = Rows::read(Box::new(std::io::Cursor::new(text)), "A.csv", Arc::clone(&format)).unwrap();
    let row = rows.next_row().unwrap().unwrap().unwrap();
    let scope = Scope { row: &row, notation: &format.notation, tables: None, positions: &[("Id".to_owned(), 3)] };
    let found = Expression::parse(expression, &mut Vec::new())
        .and_then(|parsed| scope.text(&parsed).map(|text| text.into_owned()))
        .unwrap_or_else(|fault| fault.reason);
    assert_eq!(found, expected, "{expression}");
}

#[test]
fn arithmetic_is_exact() {
    check("UnitPrice * Quantity * (1 - Discount)", "146.37");
    check("1 + 2 * 3 - -4", "11");
    check("2 - 1 - 1", "0");
    check("\"Unit price\" * 2", "19.6");
    check("0.1 + 0.2", "0.3");
    check("0.000 * 5.00", "0");
    check("round(UnitPrice * 0.5, 2)", "7.18");
    check("round(-0.125, 2)", "-0.13");
    check("abs(3 - Quantity) + length(Zip)", "14");
    check("position(Id) + 1", "4");
}

#[test]
fn texts_are_cut_and_joined() {
    check("before(Id, '.0')", "17850");
    check("after(Id, '.')", "0");
    check("before(Id, 'x')", "17850.0");
    check("after(Id, 'x')", "");
    check("concat(Zip, '-', Quantity, '''')", "01581-12'");
    check("upper(lower('ÄB')) ", "ÄB");
    check("trim('  a ')", "a");
    check("replace(Id, '.', ',')", "17850,0");
    check("replace(Id, '', 'x')", "17850.0");
    check("pad_left(Quantity, 5, '0')", "00012");
    check("Zip", "01581");
}

#[test]
fn conditions_compare_numbers_with_numbers_and_texts_with_texts() {
    check("Quantity > 2", "true");
    check("Quantity > '2'", "false");
    check("Zip = '01581' and not Empty <> ''", "true");
    check("Zip in ('1581', '01581') or 1 > 2", "true");
    check("Zip not in ('1581')", "true");
    check("starts_with(Id, '17') and ends_with(Id, '.0') and contains(Id, '85')", "true");
    check("if(Empty = '', 'none', Empty)", "none");
    check("if(Quantity >= 12, UnitPrice * 2, 0)", "28.7");
}

#[test]
fn what_does_not_fit_is_refused_not_rounded() {
    check("0.00000000000001 * 0.0000000000000001", "the result has more than 28 digits");
    check("7922816251426433759354395033 * 7922816251426433759354395033", "the result has more than 28 digits");
    check("7922816251426433759354395033 + 0.01", "the result has more than 28 digits");
    check("Empty + 1", "the value is empty and an expression needs it");
    check("Zip < lower('A') and Id * 1 > 0 and Empty * 1 > 0", "the value is empty and an expression needs it");
    check("pad_left('x', 70000, 'ab')", "an expression makes a text of more than 65536 bytes");
}

#[test]
fn files_are_looked_into_by_a_column() {
    let mut tables = Vec::new();
    let parse = |text: &str, tables: &mut Vec<Table>| Expression::parse(text, tables).unwrap();
    parse("sum(A from F.csv by K) + sum(B from F.csv by K) + sum(A from F.csv by K = Own)", &mut tables);
    assert_eq!(tables.len(), 2);
    let found = parse("lookup(concat(First, ' ', Last) from \"my file.csv\" by Id = Owner)", &mut tables);
    assert_eq!(found.columns(), ["Owner"]);
    assert_eq!(found.tables(), [2]);
    assert!(!found.is_number() && parse("count(from F.csv by K)", &mut tables).is_number());
}

#[test]
fn broken_expressions_are_refused() {
    check("", "the expression ends where a value, a column or `(` is expected");
    check("1 +", "the expression ends where a value, a column or `(` is expected");
    check("1 2", "`2` stands in the expression where its end is expected");
    check("(1", "the expression ends where `)` is expected");
    check("1 / 2", "`/` does not belong in an expression");
    check("1..2", "`1..2` is not a number");
    check("\"Unit", "a quote in the expression is not closed");
    check("'Unit", "a quote in the expression is not closed");
    check("sum(A by K)", "`by` stands in the expression where `from` is expected");
    check("sum(sum(A from F by K) from G by K)", "a file is looked into from within another one");
    check("nothing(1)", "there is no function `nothing`");
    check("round(1)", "`round` has 1 arguments");
    check("if(1 > 2, 3)", "`if` has 2 arguments where it takes a condition and two values");
    check("if(1 > 2, 3, 1 > 2)", "one side of an `if` is a condition and the other is a value");
    check("Zip and 1 > 2", "a value stands where a condition is expected");
    check("(1 > 2) + 1", "a condition stands where a value is expected");
    check(&format!("{}1{}", "(".repeat(100), ")".repeat(100)), "the expression is nested more than 32 deep");
    check(&"-".repeat(100), "the expression is nested more than 32 deep");
    check(&"not ".repeat(100), "the expression is nested more than 32 deep");
    check(&format!("1{}", "+1".repeat(1100)), "the expression is longer than 2000 characters");
}
