//! Whether a chain is as it was recorded.

use super::{Content, LedgerEntry};

/// One entry as it is stored, with what is stored beside it.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    pub entry: &'a LedgerEntry,
    pub digest: &'a str,
    pub previous: Option<&'a str>,
    /// Salt and content; nothing once they are erased.
    pub kept: Option<(&'a str, &'a Content)>,
    /// Whether it is said to be erased.
    pub erased: bool,
}

/// Checks a stream from its first entry, one entry after the other, without keeping them.
#[derive(Clone, Debug)]
pub struct ChainCheck {
    stream: String,
    last: Option<(i32, String)>,
}

/// Where a chain is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("entry {expected} of `{stream}` is missing; {found} stands in its place")]
    Gap { stream: String, expected: i32, found: i32 },
    #[error("entry {sequence} belongs to `{found}`, not to `{expected}`")]
    OtherStream { sequence: i32, expected: String, found: String },
    #[error("entry {sequence} of `{stream}` is not what was recorded; its digest is wrong")]
    Changed { stream: String, sequence: i32 },
    #[error("what entry {sequence} of `{stream}` tells is not what was recorded; it does not fit the commitment")]
    ContentChanged { stream: String, sequence: i32 },
    #[error("what entry {sequence} of `{stream}` tells is gone, and nobody is said to have erased it")]
    ContentLost { stream: String, sequence: i32 },
    #[error("the chain of `{stream}` ends with entry {found}; the last one recorded was {recorded}")]
    Cut { stream: String, found: i32, recorded: i32 },
    #[error("the end of the chain of `{stream}` is not noted; its last entry is {found}")]
    NoHead { stream: String, found: i32 },
}

impl ChainCheck {
    pub fn new(stream: impl Into<String>) -> Self {
        ChainCheck { stream: stream.into(), last: None }
    }

    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// Checks the entry that stands next in the chain.
    pub fn next(&mut self, link: Link<'_>) -> Result<(), ChainError> {
        let Link { entry, digest, previous, kept, erased } = link;
        let (stream, sequence) = (self.stream.clone(), entry.sequence);
        if entry.stream != stream {
            return Err(ChainError::OtherStream { sequence, expected: stream, found: entry.stream.clone() });
        }
        let expected = self.last.as_ref().map_or(1, |(last, _)| last.saturating_add(1));
        if sequence != expected {
            return Err(ChainError::Gap { stream, expected, found: sequence });
        }
        let before = self.last.as_ref().map(|(_, digest)| digest.as_str());
        if previous != before || entry.digest(before) != digest {
            return Err(ChainError::Changed { stream, sequence });
        }
        match kept {
            Some((salt, content)) if erased || content.commitment(salt) != entry.commitment => {
                return Err(ChainError::ContentChanged { stream, sequence });
            }
            None if !erased => return Err(ChainError::ContentLost { stream, sequence }),
            _ => {}
        }
        self.last = Some((sequence, digest.to_owned()));
        Ok(())
    }

    /// Checks that the chain ends where it did when its last entry was recorded: place and digest of that entry.
    pub fn end(&self, head: Option<(i32, &str)>) -> Result<(), ChainError> {
        let stream = self.stream.clone();
        let (found, digest) = self.last.as_ref().map_or((0, ""), |(sequence, digest)| (*sequence, digest.as_str()));
        match head {
            None if found > 0 => Err(ChainError::NoHead { stream, found }),
            Some((recorded, _)) if recorded != found => Err(ChainError::Cut { stream, found, recorded }),
            Some((sequence, recorded)) if recorded != digest => Err(ChainError::Changed { stream, sequence }),
            _ => Ok(()),
        }
    }
}
