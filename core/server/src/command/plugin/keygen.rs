//! `guildhall plugin keygen`.

use std::io::Write;
use std::path::PathBuf;

use guildhall_plugin_host::SigningKey;

use crate::failure::Failure;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Where the secret key goes; nobody else may read the file
    #[arg(short, long, value_name = "FILE", default_value = "publisher.key")]
    output: PathBuf,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let key = SigningKey::generate();
    let path = options.output.display();
    let mut file = std::fs::OpenOptions::new();
    // A key that is there is never overwritten: what it signed would have no key any more.
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    let mut file = file.open(&options.output).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::BadInput(format!("`{path}` is there already; name another file with `--output`"))
        }
        _ => Failure::BadInput(format!("`{path}`: {error}")),
    })?;
    writeln!(file, "{}", key.secret()).map_err(Failure::failed)?;
    println!("{path}: keep it secret, and keep a copy where it cannot be lost");
    println!("public key {}", key.public());
    Ok(())
}
