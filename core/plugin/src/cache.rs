//! Cache: compiled code on disk, so that a start need not compile.
//!
//! Compiled code is run as it is; whoever can write it can do anything. It is therefore kept under an HMAC with a key that
//! is made here, lies in the cache folder, is readable by this user alone and never leaves. Compiled code is never accepted
//! from anywhere else.
//!
//! A file of code is the code and then its tag, so that the code can be run from the file itself: it takes no memory of this process
//! that the system could not take back. The folder has a bound; the code that nobody used for longest makes room.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hmac::{Hmac, Mac};
use rand::TryRngCore;
use sha2::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::compile::CODE_LIMIT;

const KEY_FILE: &str = "key";
/// A whole block of SHA-256, so that the HMAC uses it as it is.
const KEY_SIZE: usize = 64;
const TAG_SIZE: u64 = 32;

/// Ending of the files of code.
const CODE: &str = "code";

/// After this time a file that was never finished is nobody's.
const LEFT_OVER: Duration = Duration::from_secs(3_600);

pub(crate) struct CodeCache {
    folder: PathBuf,
    key: [u8; KEY_SIZE],
    /// Version and settings of the engine: code of another is not found.
    engine: String,
    /// Bytes of code that are kept.
    limit: u64,
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
    pub(crate) fn open(folder: PathBuf, engine: &Engine, limit: u64) -> Result<Self, CacheError> {
        let failed = |error| CacheError::Folder { path: folder.clone(), error };
        create_folder(&folder).map_err(failed)?;
        let key = match read_key(&folder.join(KEY_FILE)).map_err(failed)? {
            Some(key) => key,
            None => new_key(&folder)?,
        };
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let engine = format!("{:016x}", hasher.finish());
        Ok(CodeCache { folder, key, engine, limit })
    }

    /// The code of a package, if it is there and nobody has touched it. Code that is found counts as used.
    pub(crate) fn load(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let path = self.path(digest);
        let file = plain_file(&path)?;
        if !self.is_ours(digest, &file).unwrap_or(false) {
            tracing::warn!(digest, "compiled code in the cache is damaged or not ours; compiling anew");
            return None;
        }
        let component = map(engine, &path);
        if component.is_none() {
            tracing::warn!(digest, "compiled code in the cache cannot be used; compiling anew");
        } else if let Err(error) = file.set_modified(SystemTime::now()) {
            tracing::warn!(digest, %error, "the use of compiled code cannot be noted");
        }
        component
    }

    /// Keeps the code of a package. A cache that cannot be written costs time and nothing else.
    pub(crate) fn store(&self, code: &[u8], digest: &str) {
        if let Err(error) = self.write(digest, code).and_then(|()| self.prune(digest)) {
            tracing::warn!(digest, %error, "compiled code cannot be kept in the cache");
        }
    }

    fn write(&self, digest: &str, code: &[u8]) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(code)?;
        file.write_all(&self.mac(digest, code)?.finalize().into_bytes())?;
        file.persist(self.path(digest)).map_err(|error| error.error)?;
        Ok(())
    }

    /// Removes the code that was not used for longest until all of it is within the bound, and what was never finished. The code
    /// of `kept` stays.
    fn prune(&self, kept: &str) -> io::Result<()> {
        let kept = self.path(kept);
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            // Another process may have removed it.
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            let used = metadata.modified()?;
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with(".tmp") && used.elapsed().is_ok_and(|age| age > LEFT_OVER) {
                let _ = fs::remove_file(&path);
            } else if path.extension().is_some_and(|extension| extension == CODE) {
                all.push((used, metadata.len(), path));
            }
        }
        let mut size: u64 = all.iter().map(|(_, size, _)| size).sum();
        all.sort();
        for (_, bytes, path) in all {
            if size <= self.limit {
                break;
            }
            if path != kept {
                fs::remove_file(&path).or_else(is_gone)?;
                size = size.saturating_sub(bytes);
            }
        }
        Ok(())
    }

    /// Whether the file is code and its tag, as this cache writes them.
    fn is_ours(&self, digest: &str, file: &fs::File) -> io::Result<bool> {
        let size = file.metadata()?.len();
        let Some(code) = size.checked_sub(TAG_SIZE) else { return Ok(false) };
        if code > CODE_LIMIT {
            return Ok(false);
        }
        let mac = self.mac(digest, file.take(code))?;
        let mut tag = Vec::new();
        file.take(TAG_SIZE).read_to_end(&mut tag)?;
        Ok(mac.verify_slice(&tag).is_ok())
    }

    /// Over the code and over what it is the code of, so that files cannot be exchanged.
    fn mac(&self, digest: &str, mut code: impl io::Read) -> io::Result<Hmac<Sha256>> {
        let mut mac = <Hmac<Sha256> as Mac>::new(&self.key.into());
        for part in ["guildhall-code-2", digest, &self.engine] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        let mut portion = vec![0; 64 << 10];
        loop {
            match code.read(&mut portion)? {
                0 => return Ok(mac),
                read => mac.update(portion.get(..read).unwrap_or_default()),
            }
        }
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}-{}.{CODE}", self.engine))
    }
}

fn is_gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Code in a file of the cache, run from there.
#[expect(unsafe_code, reason = "wasmtime cannot check compiled code; the HMAC does")]
fn map(engine: &Engine, path: &Path) -> Option<Component> {
    // SAFETY: the file was written by `CodeCache::write` in a process with our key and nobody changed it since: `is_ours` has just
    // read it. Files of the cache are replaced and removed as a whole and never written into; nobody else may write into the folder.
    // wasmtime itself checks that the code fits this engine.
    unsafe { Component::deserialize_file(engine, path) }.ok()
}

/// Code as it was compiled, in memory.
#[expect(unsafe_code, reason = "wasmtime cannot check compiled code; it comes from our own compiler")]
pub(crate) fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `code` comes from `Engine::precompile_component`, called by this process or by its worker, which is this program and
    // writes to nobody else. wasmtime itself checks that it fits this engine.
    unsafe { Component::deserialize(engine, code) }
}

/// A plain file. A link is not followed: it may lead to what never ends.
fn plain_file(path: &Path) -> Option<fs::File> {
    let is_plain = fs::symlink_metadata(path).ok()?.is_file();
    is_plain.then(|| fs::File::open(path).ok()).flatten()
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    // One that was there already may have been open to others.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
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
