//! The one PostgreSQL of all test processes.
//!
//! Under a folder in the system's temporary one stand: `users/<pid>`, one file per process that may use the server;
//! `state`, the address of the running server; `lock`, held while one is started; and the server's own folder. A shell
//! script, the keeper, is the server's parent and stops it when no user is left. A process registers as a user *before*
//! it reads `state`, the keeper removes `state` *before* it looks for users a last time: so none is cut off.

use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};

use crate::binaries;

const KEEPER: &str = include_str!("keeper.sh");
const PATIENCE: Duration = Duration::from_secs(60);

/// The address of a running server, started if need be; nothing where PostgreSQL is not installed.
pub(crate) async fn url() -> io::Result<Option<String>> {
    if let Some(given) = std::env::var("GUILDHALL_TEST_POSTGRES").ok().filter(|url| !url.is_empty()) {
        return Ok(Some(given));
    }
    let Some(binaries) = binaries::find() else { return Ok(None) };
    let home = home()?;
    if let Some(url) = running(&home).await {
        return Ok(Some(url));
    }
    let lock = File::create(home.join("lock"))?;
    let _held = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await.map_err(io::Error::other)??;
    // Somebody else may have started it while this process waited.
    if let Some(url) = running(&home).await {
        return Ok(Some(url));
    }
    start(&home, &binaries).await.map(Some)
}

/// The shared folder, with this process registered as a user of what runs there.
fn home() -> io::Result<PathBuf> {
    let probe = tempfile::tempfile()?;
    let home = std::env::temp_dir().join(format!("guildhall-postgres-{}", probe.metadata()?.uid()));
    fs::create_dir_all(home.join("users"))?;
    // The server may run as another user, who must be able to pass through.
    fs::set_permissions(&home, fs::Permissions::from_mode(0o711))?;
    File::create(home.join("users").join(std::process::id().to_string()))?;
    Ok(home)
}

/// The address in `state`, if something answers there and its keeper lives.
async fn running(home: &Path) -> Option<String> {
    let state = fs::read_to_string(home.join("state")).ok()?;
    let mut lines = state.lines();
    let (folder, url) = (lines.next()?, lines.next()?.to_owned());
    (is_kept(Path::new(folder)) && connects(&url).await.is_ok()).then_some(url)
}

/// The keeper leaves a mark every two seconds. A server without one would run for ever.
fn is_kept(folder: &Path) -> bool {
    let age = fs::metadata(folder.join("kept")).and_then(|mark| mark.modified()).map(|time| time.elapsed());
    // A mark from the future is a clock that was set back.
    age.is_ok_and(|age| age.unwrap_or_default() < PATIENCE)
}

/// Stops and removes what keepers that were killed left behind. The caller holds the lock, so nothing here is just
/// starting.
fn sweep(home: &Path) -> io::Result<()> {
    for folder in fs::read_dir(home)?.flatten().map(|entry| entry.path()) {
        let is_server = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("server-"));
        if !is_server || is_kept(&folder) {
            continue;
        }
        let server = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
        if let Some(id) = server.lines().next().filter(|id| runs_in(id, &folder)) {
            Command::new("kill").args(["-QUIT", id]).stderr(Stdio::null()).status()?;
        }
        // Its keeper may be removing it at this moment.
        let _ = fs::remove_dir_all(folder);
    }
    Ok(())
}

/// Whether the process is still the server of this folder: numbers of processes are used again.
fn runs_in(id: &str, folder: &Path) -> bool {
    let output = Command::new("ps").args(["-o", "args=", "-p", id]).stderr(Stdio::null()).output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(&*folder.to_string_lossy()))
}

async fn connects(url: &str) -> Result<(), sqlx::Error> {
    PgConnection::connect(url).await?.close().await
}

async fn start(home: &Path, binaries: &Path) -> io::Result<String> {
    sweep(home)?;
    let folder = home.join(format!("server-{:016x}", random()));
    fs::create_dir(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
    let password = format!("{:016x}{:016x}", random(), random());
    fs::write(folder.join("password"), &password)?;
    fs::write(folder.join("log"), "")?;
    let user = other_user(&folder)?;
    if let Some(user) = &user {
        for path in [folder.clone(), folder.join("password"), folder.join("log")] {
            chown(path, Some(user.uid), Some(user.gid))?;
        }
    }
    initialise(&folder, binaries, user.as_ref())?;
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let url = format!("postgres://guildhall:{password}@127.0.0.1:{port}/postgres?sslmode=disable");
    keep(home, &folder, binaries, port, user.as_ref())?;
    let begun = Instant::now();
    while let Err(error) = connects(&url).await {
        if begun.elapsed() > PATIENCE || folder.join("gone").exists() {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            return Err(io::Error::other(format!("{error}; its log says:\n{log}")));
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    // Renamed into place, so that nobody reads half of it.
    let draft = home.join(format!("state-{:016x}", random()));
    fs::write(&draft, format!("{}\n{url}\n", folder.display()))?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o600))?;
    fs::rename(draft, home.join("state"))?;
    Ok(url)
}

/// Who the server runs as when this process is root, which PostgreSQL refuses to be.
struct User {
    uid: u32,
    gid: u32,
    /// The command that runs another one as this user.
    becoming: Vec<String>,
}

fn other_user(folder: &Path) -> io::Result<Option<User>> {
    if fs::metadata(folder)?.uid() != 0 {
        return Ok(None);
    }
    let id = |flag: &str, name: &str| -> Option<u32> {
        let output = Command::new("id").args([flag, name]).stderr(Stdio::null()).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    let found = ["postgres", "nobody"].into_iter().find_map(|name| Some((name, id("-u", name)?, id("-g", name)?)));
    let Some((name, uid, gid)) = found else {
        return Err(io::Error::other("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`"));
    };
    let ways = [
        ["setpriv".to_owned(), format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()]
            .to_vec(),
        ["runuser", "-u", name, "--"].map(str::to_owned).to_vec(),
    ];
    let works = |way: &&Vec<String>| {
        let Some((program, arguments)) = way.split_first() else { return false };
        Command::new(program)
            .args(arguments)
            .arg("true")
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|done| done.success())
    };
    match ways.iter().find(works) {
        Some(way) => Ok(Some(User { uid, gid, becoming: way.clone() })),
        None => Err(io::Error::other("PostgreSQL does not run as root, and neither `setpriv` nor `runuser` works")),
    }
}

fn initialise(folder: &Path, binaries: &Path, user: Option<&User>) -> io::Result<()> {
    let mut words = user.map(|user| user.becoming.clone()).unwrap_or_default();
    words.push(binaries.join("initdb").display().to_string());
    let Some((program, arguments)) = words.split_first() else { return Ok(()) };
    let output = Command::new(program)
        .args(arguments)
        .arg(format!("--pgdata={}", folder.join("data").display()))
        .arg(format!("--pwfile={}", folder.join("password").display()))
        .args(["--username=guildhall", "--auth=password", "--encoding=UTF8", "--locale=C", "--no-sync"])
        .current_dir("/")
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("initdb failed: {}", String::from_utf8_lossy(&output.stderr))))
}

/// Starts the keeper, which starts the server. It must not hold this process's output open, and an interrupt at the
/// terminal must not reach it: it has to outlive this process.
fn keep(home: &Path, folder: &Path, binaries: &Path, port: u16, user: Option<&User>) -> io::Result<()> {
    Command::new("sh")
        .arg("-c")
        .arg(KEEPER)
        .arg("guildhall-postgres-keeper")
        .args([home, folder])
        .arg(port.to_string())
        .args(user.map(|user| user.becoming.clone()).unwrap_or_default())
        .arg(binaries.join("postgres"))
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map(drop)
}

/// `url` with another database.
pub(crate) fn with_database(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, None), |(address, options)| (address, Some(options)));
    let server = match address.split_once("://") {
        Some((_, rest)) => {
            let path = rest.find('/').map_or(address.len(), |at| address.len() - rest.len() + at);
            address.get(..path).unwrap_or(address)
        }
        None => address,
    };
    options.map_or_else(|| format!("{server}/{name}"), |options| format!("{server}/{name}?{options}"))
}

/// A number nobody else has. The standard library seeds its hash maps with randomness of the system.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_in_an_address_is_replaced() {
        assert_eq!(
            with_database("postgres://a:b@h:1/postgres?sslmode=disable", "t"),
            "postgres://a:b@h:1/t?sslmode=disable"
        );
        assert_eq!(with_database("postgres://h", "t"), "postgres://h/t");
    }
}
