//! A plugin as WebAssembly text: a component that behaves, with the parts that a case replaces.

use std::borrow::Cow;

use wasm_encoder::{CustomSection, Encode as _};

pub(super) const MANIFEST: &str = "name = \"handmade\"\nversion = \"0.1.0\"\ndepartment = \"mischief\"\ndescription = \"Written by hand.\"\ncontract = \"0.1\"\nmodel = \">=0.1, <0.2\"\n[[serves]]\npoint = \"credit.terms\"\nquery = \"credit_terms.graphql\"\n";

/// Of a component; each is WebAssembly text.
pub(super) struct Parts {
    /// Its memory.
    pub memory: &'static str,
    /// Gives the address of the pair of address and length of the outcomes.
    pub decide: &'static str,
    /// Gives `$size` bytes; `$next` says where the last ones ended.
    pub realloc: &'static str,
    /// Runs when the host has read the outcomes.
    pub after: &'static str,
    /// More fields of the module.
    pub more: String,
    /// More fields of the component, before the module `$m` becomes the instance `$i`.
    pub before: String,
    /// More fields of the component.
    pub beside: String,
}

impl Default for Parts {
    fn default() -> Self {
        Parts {
            memory: "(memory (export \"memory\") 2)",
            decide: "(call $outcomes (i32.const 128) (i32.const 1))",
            realloc: "(local.set $size (i32.add (local.get $size) (i32.const 7)))
                (global.set $next (i32.add (global.get $next) (i32.and (local.get $size) (i32.const -8))))
                (i32.sub (global.get $next) (i32.and (local.get $size) (i32.const -8)))",
            after: "",
            more: String::new(),
            before: String::new(),
            beside: String::new(),
        }
    }
}

impl Parts {
    /// The package. At 256 stands a good answer, at 128 the outcome that is it.
    pub(super) fn package(&self) -> Vec<u8> {
        self.component(
            "(func (export \"decide\") (param \"point\" string) (param \"at\" string) (param \"calls\" (list $call)) (result (list $outcome))
              (canon lift (core func $i \"decide\") (memory (core memory $i \"memory\")) (realloc (core func $i \"realloc\"))
                (post-return (core func $i \"after\"))))",
        )
    }

    /// The package, with another export in the place of `decide`.
    pub(super) fn component(&self, export: &str) -> Vec<u8> {
        let good = r#"{\"output\":{\"netDays\":7,\"discount\":\"0\",\"discountDays\":0}}"#;
        let length = good.replace('\\', "").len();
        let Parts { memory, decide, realloc, after, more, before, beside } = self;
        packed(&format!(
            "(component {before}
              (core module $m {memory}
                (global $next (mut i32) (i32.const 4096))
                (func $outcomes (param $at i32) (param $count i32) (result i32)
                  (i32.store (i32.const 64) (local.get $at)) (i32.store (i32.const 68) (local.get $count)) (i32.const 64))
                (func $spin (export \"spin\") (loop $again (br $again)))
                (func (export \"realloc\") (param $old i32) (param $was i32) (param $align i32) (param $size i32) (result i32) {realloc})
                (func (export \"decide\") (param i32 i32 i32 i32 i32 i32) (result i32) {decide})
                (func (export \"after\") (param i32) {after})
                (data (i32.const 128) \"\\00\\00\\00\\00\\00\\01\\00\\00\\{length:02x}\\00\\00\\00\")
                (data (i32.const 256) \"{good}\") {more})
              (core instance $i (instantiate $m))
              (type $record (record (field \"parameters\" (list u8)) (field \"input\" (list u8))))
              (export $call \"call\" (type $record))
              (type $outcome (result (list u8) (error string)))
              {export} {beside})"
        ))
    }
}

/// A package of a component's text.
pub(super) fn packed(text: &str) -> Vec<u8> {
    let component = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    described(component, MANIFEST)
}

/// A package of a component's bytes.
pub(super) fn described(mut component: Vec<u8>, manifest: &str) -> Vec<u8> {
    section(&mut component, "guildhall:manifest", manifest.as_bytes());
    section(&mut component, "guildhall:query:credit.terms", b"fragment Input on Customer { name }");
    component
}

/// Appends a custom section.
pub(super) fn section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    component.push(0);
    CustomSection { name: Cow::Borrowed(name), data: Cow::Borrowed(data) }.encode(component);
}
