//! Who signed a package, as this deployment sees it.

use guildhall_plugin_host::Package;
use guildhall_store::publisher::Publisher;
use serde_json::{Value, json};

use crate::Unsigned;

/// Who signed a package. That a signature is right was checked when the package was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signed {
    /// Nobody.
    Not,
    /// A publisher that is trusted.
    By { name: String, key: String },
    /// A key nobody here trusts. Whose it is, only the package says.
    Unknown { claimed: String, key: String },
}

impl Signed {
    pub(crate) fn of(package: &Package, trusted: &[Publisher]) -> Self {
        let Some(signature) = package.signature() else { return Signed::Not };
        let key = signature.key.clone();
        match trusted.iter().find(|publisher| publisher.key == key) {
            Some(publisher) => Signed::By { name: publisher.name.clone(), key },
            None => Signed::Unknown { claimed: signature.publisher.clone(), key },
        }
    }

    /// Why the package is not installed, if that is so.
    pub(crate) fn objection(&self, unsigned: Unsigned) -> Option<String> {
        let refused = match (self, unsigned) {
            (Signed::By { .. }, _) | (_, Unsigned::Allow) => return None,
            (Signed::Not, Unsigned::Refuse) => "it is not signed".to_owned(),
            (Signed::Unknown { key, .. }, Unsigned::Refuse) => {
                format!("it is signed with the key {key}, which is not trusted")
            }
        };
        Some(format!(
            "{refused}, and only packages of trusted publishers are installed here; trust its publisher with `guildhall publisher trust`, or set `plugins.unsigned = \"allow\"`"
        ))
    }

    /// The trusted publisher's name.
    pub fn publisher(&self) -> Option<&str> {
        if let Signed::By { name, .. } = self { Some(name) } else { None }
    }

    /// The key, trusted or not.
    pub fn key(&self) -> Option<&str> {
        match self {
            Signed::Not => None,
            Signed::By { key, .. } | Signed::Unknown { key, .. } => Some(key),
        }
    }

    /// In a sentence without a subject.
    pub fn text(&self) -> String {
        match self {
            Signed::Not => "NOT SIGNED: nobody vouches for where it comes from".to_owned(),
            Signed::By { name, key } => format!("signed by `{name}`, who is trusted (ed25519 {key})"),
            Signed::Unknown { claimed, key } => {
                format!("signed with a key that is NOT TRUSTED (ed25519 {key}); the package says it is of `{claimed}`")
            }
        }
    }

    pub(crate) fn json(&self) -> Value {
        let claimed = if let Signed::Unknown { claimed, .. } = self { Some(claimed) } else { None };
        json!({ "trusted": self.publisher().is_some(), "name": self.publisher(), "claimed": claimed, "key": self.key() })
    }
}
