//! Packages of a guest under descriptions of the test's own.

use guildhall_plugin_host::{Description, Package, SigningKey, describe};

use crate::{built, root};

const SETTLED: &str = "tests/guests/settled";

/// The settled guest as the test describes it: one component under any name, version, query and settings.
#[derive(Clone, Debug)]
pub struct Variant {
    pub name: String,
    pub version: String,
    /// The fields of its input query on a customer.
    pub query: String,
    /// The schema of its settings.
    pub settings: String,
    /// What stands in its manifest beside all that, such as `[reads]`.
    pub more: String,
    /// What it adds to the schema, as SDL.
    pub schema: Option<String>,
}

impl Variant {
    /// A version of the plugin `settled` that answers `days` if nobody sets it otherwise.
    pub fn new(version: &str, days: u32) -> Self {
        let settings = format!(
            "{{\"type\":\"object\",\"properties\":{{\"days\":{{\"type\":\"integer\",\"minimum\":0,\"maximum\":60,\"default\":{days}}}}}}}"
        );
        Variant {
            name: "settled".to_owned(),
            version: version.to_owned(),
            query: "name".to_owned(),
            settings,
            more: "[reads]\n\"Customer.name\" = \"Names are named in the reasons.\"\n".to_owned(),
            schema: None,
        }
    }

    /// The package.
    pub fn bytes(&self) -> Vec<u8> {
        let Variant { name, version, .. } = self;
        let schema = if self.schema.is_some() { "schema = \"schema.graphql\"\nprovides = \"1.0.0\"\n" } else { "" };
        let manifest = format!(
            "name = \"{name}\"\nversion = \"{version}\"\ndepartment = \"finance\"\ndescription = \"Answers what it is set to.\"\n\
             contract = \"0.1\"\nmodel = \">=0.1, <0.2\"\nsettings = \"settings.schema.json\"\n{schema}\n\
             [[serves]]\npoint = \"credit.terms\"\nquery = \"credit_terms.graphql\"\n\n{}",
            self.more
        );
        let description = Description {
            manifest,
            queries: vec![("credit.terms".to_owned(), format!("fragment Input on Customer {{ {} }}", self.query))],
            settings: Some(self.settings.clone()),
            schema: self.schema.clone(),
            cases: None,
        };
        describe(&component(), &description)
    }

    /// The package, signed.
    pub fn signed(&self, key: &SigningKey, publisher: &str) -> Vec<u8> {
        let signed = Package::read(&self.bytes()).and_then(|package| key.sign(&package, publisher));
        match signed {
            Ok(package) => package.bytes().to_vec(),
            Err(error) => panic!("the package cannot be signed: {error}"),
        }
    }
}

/// The component alone: the package without what describes it, which stands behind it.
fn component() -> Vec<u8> {
    let read = |path: std::path::PathBuf| match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => panic!("`{}`: {error}", path.display()),
    };
    let text = |name: &str| String::from_utf8_lossy(&read(root().join(SETTLED).join(name))).into_owned();
    let description = Description {
        manifest: text("plugin.toml"),
        queries: vec![("credit.terms".to_owned(), text("credit_terms.graphql"))],
        settings: Some(text("settings.schema.json")),
        ..Description::default()
    };
    let mut package = read(built(SETTLED));
    let described = describe(&[], &description);
    assert!(package.ends_with(&described), "the guest is described otherwise than its folder says");
    package.truncate(package.len() - described.len());
    package
}
