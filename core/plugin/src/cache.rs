//! Cache: compiled code on disk, so that a start need not compile.
//!
//! Compiled code is run as it is; whoever can write it can do anything. It is therefore kept under an HMAC with a key that
//! is made here, lies in the cache folder, is readable by this user alone and never leaves. Compiled code is never accepted
//! from anywhere else.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use rand::TryRngCore;
use sha2::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

const KEY_FILE: &str = "key";
/// A whole block of SHA-256, so that the HMAC uses it as it is.
const KEY_SIZE: usize = 64;
const TAG_SIZE: usize = 32;

/// Compiled code that is larger than this was not made from a package.
const CODE_LIMIT: u64 = 64 << 20;

pub(crate) struct CodeCache {
    folder: PathBuf,
    key: [u8; KEY_SIZE],
    /// Version and settings of the engine: code of another is not found.
    engine: String,
}

/// Why a cache folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error("the cache folder `{}` cannot be used: {error}; make it writable or name another", path.display())]
    Folder { path: PathBuf, error: io::Error },
    #[error("there is no randomness for the cache's key: {0}")]
    Randomness(String),
}

impl CodeCache {
    pub(crate) fn open(folder: PathBuf, engine: &Engine) -> Result<Self, CacheError> {
        let failed = |error| CacheError::Folder { path: folder.clone(), error };
        create_folder(&folder).map_err(failed)?;
        let key = match read_key(&folder.join(KEY_FILE)).map_err(failed)? {
            Some(key) => key,
            None => new_key(&folder)?,
        };
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let engine = format!("{:016x}", hasher.finish());
        Ok(CodeCache { folder, key, engine })
    }

    /// The code of a package, if it is there and nobody has touched it.
    pub(crate) fn load(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let bytes = read_file(&self.path(digest))?;
        let component = self.verified(digest, &bytes).and_then(|code| deserialize(engine, code));
        if component.is_none() {
            tracing::warn!(digest, "compiled code in the cache is damaged or not ours; compiling anew");
        }
        component
    }

    /// Keeps the code of a package. A cache that cannot be written costs time and nothing else.
    pub(crate) fn store(&self, component: &Component, digest: &str) {
        let kept = component.serialize().map_err(io::Error::other).and_then(|code| self.write(digest, &code));
        if let Err(error) = kept {
            tracing::warn!(digest, %error, "compiled code cannot be kept in the cache");
        }
    }

    fn write(&self, digest: &str, code: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&self.mac(digest, code).finalize().into_bytes())?;
        file.write_all(code)?;
        file.persist(self.path(digest)).map_err(|error| error.error)?;
        Ok(())
    }

    fn verified<'a>(&self, digest: &str, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let (tag, code) = bytes.split_at_checked(TAG_SIZE)?;
        self.mac(digest, code).verify_slice(tag).ok()?;
        Some(code)
    }

    /// Over the code and over what it is the code of, so that files cannot be exchanged.
    fn mac(&self, digest: &str, code: &[u8]) -> Hmac<Sha256> {
        let mut mac = <Hmac<Sha256> as Mac>::new(&self.key.into());
        for part in ["guildhall-code-1", digest, &self.engine] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        mac.update(code);
        mac
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}-{}.code", self.engine))
    }
}

#[expect(unsafe_code, reason = "wasmtime cannot check compiled code; the HMAC does")]
fn deserialize(engine: &Engine, code: &[u8]) -> Option<Component> {
    // SAFETY: `code` was written by `Component::serialize` in a process with our key, and nobody changed it since:
    // `CodeCache::verified` is the only source of what gets here. wasmtime itself checks that it fits this engine.
    unsafe { Component::deserialize(engine, code) }.ok()
}

/// The bytes of a plain file of bounded size. A link is not followed: it may lead to what never ends.
fn read_file(path: &Path) -> Option<Vec<u8>> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let bounded = metadata.is_file() && metadata.len() <= CODE_LIMIT;
    let mut bytes = Vec::new();
    // It may have become another file since.
    fs::File::open(path).ok().filter(|_| bounded)?.take(CODE_LIMIT).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The key, unless there is none or others could have read it.
fn read_key(path: &Path) -> io::Result<Option<[u8; KEY_SIZE]>> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let plain = is_private(&metadata) && metadata.len() == KEY_SIZE as u64;
    let key = if plain { <[u8; KEY_SIZE]>::try_from(fs::read(path)?).ok() } else { None };
    if key.is_none() {
        tracing::warn!("the cache's key is damaged or readable by others; making a new one and compiling anew");
        fs::remove_file(path)?;
    }
    Ok(key)
}

#[cfg(unix)]
fn is_private(metadata: &fs::Metadata) -> bool {
    metadata.is_file() && std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 == 0
}

#[cfg(not(unix))]
fn is_private(metadata: &fs::Metadata) -> bool {
    metadata.is_file()
}

/// Makes a key. Of several processes that do so at once, the first one's key counts for all.
fn new_key(folder: &Path) -> Result<[u8; KEY_SIZE], CacheError> {
    let path = folder.join(KEY_FILE);
    let failed = |error| CacheError::Folder { path: folder.to_owned(), error };
    let mut key = [0; KEY_SIZE];
    rand::rngs::OsRng.try_fill_bytes(&mut key).map_err(|error| CacheError::Randomness(error.to_string()))?;
    // `NamedTempFile` is created with 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(&key).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(key),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            let lost = || failed(io::Error::other("the key in it is not readable by this user alone"));
            read_key(&path).map_err(failed)?.ok_or_else(lost)
        }
        Err(error) => Err(failed(error.error)),
    }
}
