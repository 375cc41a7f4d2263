use expect_test::{Expect, expect};

use super::*;
use crate::package::{Description, describe};

const MANIFEST: &str = r#"
name = "tiny"
version = "0.1.0"
department = "finance"
description = "Nothing."
contract = "0.1"
model = "0.1"
[[serves]]
point = "credit.terms"
query = "credit_terms.graphql"
"#;

fn package() -> Package {
    let queries = vec![("credit.terms".to_owned(), "fragment Input on Customer { name }".to_owned())];
    let description = Description { manifest: MANIFEST.to_owned(), queries, ..Description::default() };
    Package::read(&describe(b"\0asm\x0d\0\x01\0", &description)).unwrap()
}

fn key() -> SigningKey {
    SigningKey::read(&"07".repeat(32)).unwrap()
}

fn signed() -> Package {
    key().sign(&package(), "acme").unwrap()
}

#[track_caller]
fn check(bytes: &[u8], expected: Expect) {
    let result = match Package::read(bytes) {
        Ok(package) => format!("{:?}", package.signature().map(|signature| &signature.publisher)),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&result);
}

#[test]
fn a_signed_package_says_who_published_it() {
    let signed = signed();
    let signature = signed.signature().unwrap();
    assert_eq!((signature.publisher.as_str(), signature.key.as_str()), ("acme", key().public().as_str()));
    assert_ne!(signed.digest(), package().digest());
    assert_eq!(signed.unsigned(), package().bytes());
    check(signed.bytes(), expect![[r#"Some("acme")"#]]);
    check(package().bytes(), expect!["None"]);
}

#[test]
fn a_new_signature_replaces_the_old_one() {
    let other = SigningKey::generate();
    let again = other.sign(&signed(), "other").unwrap();
    assert_eq!(again.bytes(), other.sign(&package(), "other").unwrap().bytes());
    assert_eq!(SigningKey::read(&other.secret()).unwrap().public(), other.public());
}

#[test]
fn no_byte_can_be_changed() {
    let good = signed().bytes().to_vec();
    for place in 0..good.len() {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        let read = Package::read(&bytes);
        // The publisher's name is not signed: whose the key is, only the list of trusted publishers says.
        let kept =
            read.as_ref().is_ok_and(|read| read.signature().is_some_and(|signature| signature.publisher == "acme"));
        assert!(!kept, "byte {place} was changed and nobody noticed");
    }
}

#[test]
fn what_stands_behind_is_noticed() {
    let behind = |name: &str| {
        let section = wasm_encoder::CustomSection { name: name.into(), data: [1, 2, 3][..].into() };
        let mut bytes = signed().bytes().to_vec();
        bytes.push(0);
        wasm_encoder::Encode::encode(&section, &mut bytes);
        bytes
    };
    check(
        &behind("name"),
        expect!["the signature cannot be used: something stands behind it; it has to be the last section of the file"],
    );
    let twice = [signed().bytes(), &signed().bytes()[package().size()..]].concat();
    check(
        &twice,
        expect!["the section `guildhall:signature` occurs twice; build the package with `guildhall plugin build`"],
    );
}

#[test]
fn what_is_no_signature_is_refused() {
    let with = |change: &dyn Fn(&mut Signature)| {
        let mut signature = signed().signature().unwrap().clone();
        change(&mut signature);
        package::signed(package().bytes(), &signature).unwrap()
    };
    check(
        &with(&|signature| signature.publisher = "ACME Inc.".to_owned()),
        expect![
            "the signature cannot be used: the publisher `ACME Inc.` must be kebab-case, such as `acme`, of at most 64 characters"
        ],
    );
    check(
        &with(&|signature| signature.key = SigningKey::generate().public()),
        expect![
            "the signature cannot be used: it does not fit the package: the package was changed after it was signed, or signed with another key"
        ],
    );
    check(
        &with(&|signature| signature.key = "00".repeat(32)),
        expect![
            "the signature cannot be used: it does not fit the package: the package was changed after it was signed, or signed with another key"
        ],
    );
    check(
        &with(&|signature| signature.signature = signature.signature.to_uppercase()),
        expect![[
            r#"the signature cannot be used: it is not `{"publisher", "key", "signature"}` with key and signature in lower-case hex"#
        ]],
    );
    check(
        &with(&|signature| signature.signature.truncate(10)),
        expect![[
            r#"the signature cannot be used: it is not `{"publisher", "key", "signature"}` with key and signature in lower-case hex"#
        ]],
    );
    expect!["this is no signing key: 64 hex digits are expected; make one with `guildhall plugin keygen`"]
        .assert_eq(&SigningKey::read("secret").unwrap_err().to_string());
    assert!(!format!("{:?}", key()).contains("0707"), "a key shows its secret");
}
