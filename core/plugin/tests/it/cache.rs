//! Compiled code is used again only if nobody has touched it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use guildhall_plugin_host::{Host, HostConfig};

use crate::fixture::{ask, limits, line, package};

fn host(folder: &Path) -> Host {
    Host::new(HostConfig { cache: Some(folder.to_owned()), limits: limits(), ..HostConfig::default() }).unwrap()
}

fn code_in(folder: &Path) -> PathBuf {
    let mut paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.find(|path| path.extension().is_some_and(|extension| extension == "code")).unwrap()
}

/// Loads the hostile guest, shows that it answers, and gives the time that loading took.
fn load(folder: &Path) -> Duration {
    let (host, package) = (host(folder), package("tests/guests/hostile"));
    let started = Instant::now();
    let guest = host.load(&package).unwrap();
    let elapsed = started.elapsed();
    assert_eq!(line(&ask(&guest, &["nothing"]).answers[0]), r#"{"netDays":7,"note":""} ["as asked"]"#);
    elapsed
}

#[test]
fn code_is_compiled_once() {
    let folder = tempfile::tempdir().unwrap();
    let compiled = load(folder.path());
    let cached = load(folder.path());
    assert!(cached * 3 < compiled, "compiled in {compiled:?}, taken from the cache in {cached:?}");
}

#[test]
fn code_that_was_changed_is_compiled_anew() {
    let folder = tempfile::tempdir().unwrap();
    load(folder.path());
    let path = code_in(folder.path());
    let good = fs::read(&path).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let mut forged = good.clone();
    forged[..32].fill(0);
    for bad in [flipped, forged, good[..good.len() - 1].to_vec(), good[..16].to_vec(), Vec::new(), good[32..].to_vec()]
    {
        fs::write(&path, &bad).unwrap();
        load(folder.path());
        assert_eq!(fs::read(&path).unwrap(), good, "the damaged code has to be replaced");
    }
}

#[test]
fn code_of_another_key_or_another_plugin_is_not_used() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    load(ours.path());
    load(theirs.path());
    let (our_code, their_code) = (code_in(ours.path()), code_in(theirs.path()));
    let good = fs::read(&our_code).unwrap();
    fs::copy(&their_code, &our_code).unwrap();
    load(ours.path());
    assert_eq!(fs::read(&our_code).unwrap(), good);
    // The right key, but the code of another package.
    host(ours.path()).load(&package("plugins/credit-rules")).unwrap();
    for entry in fs::read_dir(ours.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "code") && path != our_code {
            fs::copy(path, &our_code).unwrap();
        }
    }
    load(ours.path());
    assert_eq!(fs::read(&our_code).unwrap(), good);
}

#[cfg(unix)]
#[test]
fn the_key_is_for_us_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("cache");
    load(&folder);
    let key = folder.join("key");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(&key)), (0o700, 0o600));
    // A key that others could have read is replaced, and the code under it is not used.
    let known = fs::read(&key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    load(&folder);
    assert_ne!(fs::read(&key).unwrap(), known);
    assert_eq!(mode(&key), 0o600);
    // A folder that was open to others is not any more.
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    load(&folder);
    assert_eq!(mode(&folder), 0o700);
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let config = HostConfig { cache: Some(file.path().join("cache")), ..HostConfig::default() };
    let message = Host::new(config).unwrap_err().to_string();
    assert!(message.contains("cannot be used") && message.contains("make it writable"), "{message}");
}

/// The digests whose code is there.
fn kept(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| Some(name.strip_suffix(".code")?.split('-').next()?.to_owned())).collect()
}

#[test]
fn the_code_that_nobody_used_for_longest_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second, third) =
        (package("tests/guests/hostile"), package("tests/guests/moody"), package("plugins/credit-rules"));
    let ages = |digest: &str, age: u64| {
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(digest);
        let path = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).find(name).unwrap();
        let file = fs::File::open(&path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        file.metadata().unwrap().len()
    };
    host(folder.path()).load(&first).unwrap();
    host(folder.path()).load(&second).unwrap();
    ages(first.digest(), 1_000);
    let size = ages(second.digest(), 500);
    // The first is older, but used now; so is what another program left an hour ago and never finished.
    host(folder.path()).load(&first).unwrap();
    let unfinished = folder.path().join(".tmpleft");
    fs::write(&unfinished, b"half").unwrap();
    fs::File::open(&unfinished).unwrap().set_modified(SystemTime::now() - Duration::from_secs(4_000)).unwrap();
    // Too little room for three: the second goes, and if that is not enough the first.
    let sizes: u64 = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    let config = HostConfig {
        cache: Some(folder.path().to_owned()),
        cache_limit: sizes + size / 2,
        limits: limits(),
        ..HostConfig::default()
    };
    Host::new(config).unwrap().load(&third).unwrap();
    let kept_now = kept(folder.path());
    assert!(!kept_now.iter().any(|digest| digest == second.digest()), "{kept_now:?}");
    assert!(kept_now.iter().any(|digest| digest == third.digest()), "what was just compiled stays");
    assert!(!unfinished.exists());
    // With room for nothing the newest still stays, so that the next start need not compile it.
    let config = HostConfig { cache: Some(folder.path().to_owned()), cache_limit: 0, ..HostConfig::default() };
    Host::new(config).unwrap().load(&second).unwrap();
    assert_eq!(kept(folder.path()), [second.digest()]);
}
