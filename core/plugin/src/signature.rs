//! Signature: who published a package, proved by an ed25519 key.
//!
//! It stands in the last section of the file and is over all bytes before that section. Whether its key belongs to a
//! publisher that is trusted is for the deployment to say; that it is right is checked whenever a package is read.

use ed25519_dalek::{Signer, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::manifest::is_kebab;
use crate::package::{self, Package, PackageError};

/// Who published a package. Already verified: the key's owner signed exactly the bytes before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Kebab-case. The signature does not cover it: that the key is this publisher's, only a list of trusted ones says.
    pub publisher: String,
    /// Public key, 64 hex digits.
    pub key: String,
    /// 128 hex digits.
    pub signature: String,
}

/// Why a signature is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("it is not `{{\"publisher\", \"key\", \"signature\"}}` with key and signature in lower-case hex")]
    Malformed,
    #[error("the publisher `{0}` must be kebab-case, such as `acme`, of at most 64 characters")]
    Publisher(String),
    #[error("something stands behind it; it has to be the last section of the file")]
    NotLast,
    #[error("it does not fit the package: the package was changed after it was signed, or signed with another key")]
    Wrong,
}

/// A publisher's secret key.
pub struct SigningKey(ed25519_dalek::SigningKey);

/// Why a key file holds no key.
#[derive(Debug, thiserror::Error)]
#[error("this is no signing key: 64 hex digits are expected; make one with `guildhall plugin keygen`")]
pub struct NotAKey;

impl SigningKey {
    /// A new key, from the operating system's randomness.
    pub fn generate() -> Self {
        SigningKey(ed25519_dalek::SigningKey::from_bytes(&rand::random()))
    }

    /// Reads the text that [`SigningKey::secret`] gives.
    ///
    /// # Errors
    ///
    /// If it is not 64 hex digits. The message does not repeat them.
    pub fn read(text: &str) -> Result<Self, NotAKey> {
        let bytes = fixed::<32>(text.trim()).ok_or(NotAKey)?;
        Ok(SigningKey(ed25519_dalek::SigningKey::from_bytes(&bytes)))
    }

    /// The secret as text: 64 hex digits.
    pub fn secret(&self) -> String {
        hex::encode(self.0.to_bytes())
    }

    /// The public key: 64 hex digits.
    pub fn public(&self) -> String {
        hex::encode(self.0.verifying_key().to_bytes())
    }

    /// The package with this key's signature in place of whatever signature it had.
    ///
    /// # Errors
    ///
    /// If the publisher's name is not kebab-case.
    pub fn sign(&self, package: &Package, publisher: &str) -> Result<Package, PackageError> {
        let bytes = package.unsigned();
        let signature = Signature {
            publisher: publisher.to_owned(),
            key: self.public(),
            signature: hex::encode(self.0.sign(bytes).to_bytes()),
        };
        Package::read(&package::signed(bytes, &signature)?)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SigningKey").field("public", &self.public()).finish_non_exhaustive()
    }
}

impl Signature {
    /// Reads a signature and holds it to the bytes it is over.
    pub(crate) fn verified(text: &str, bytes: &[u8]) -> Result<Self, SignatureError> {
        let read: Signature = serde_json::from_str(text).map_err(|_| SignatureError::Malformed)?;
        if !is_kebab(&read.publisher) {
            return Err(SignatureError::Publisher(crate::failure::shown(&read.publisher, 80)));
        }
        let key = fixed::<32>(&read.key).ok_or(SignatureError::Malformed)?;
        let signature = fixed::<64>(&read.signature).ok_or(SignatureError::Malformed)?;
        // Strictly: no weak keys, and one form of each signature.
        VerifyingKey::from_bytes(&key)
            .and_then(|key| key.verify_strict(bytes, &ed25519_dalek::Signature::from_bytes(&signature)))
            .map_err(|_| SignatureError::Wrong)?;
        Ok(read)
    }
}

/// Whether a text is a public key that signatures can be held to: 64 hex digits in lower case, and no weak key.
pub fn is_public_key(text: &str) -> bool {
    let key = fixed::<32>(text).and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
    key.is_some_and(|key| !key.is_weak())
}

/// Bytes written in lower-case hex, the one form that is taken.
fn fixed<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let lower = text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let mut bytes = [0; LENGTH];
    (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests;
