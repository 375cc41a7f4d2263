//! `guildhall plugin sign`.

use std::path::PathBuf;

use guildhall_plugin_host::{SigningKey, build};

use super::read_package;
use crate::command::read_text;
use crate::failure::Failure;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    package: PathBuf,
    /// The secret key, as `guildhall plugin keygen` made it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Who publishes the package, kebab-case
    #[arg(long, value_name = "NAME")]
    publisher: String,
    /// Where the signed package goes [default: in place of the package]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let package = read_package(&options.package)?;
    let key = SigningKey::read(&read_text(&options.key)?)
        .map_err(|error| Failure::BadInput(format!("`{}`: {error}", options.key.display())))?;
    let before = package.signature().map(|signature| signature.publisher.clone());
    let signed = key.sign(&package, &options.publisher).map_err(Failure::bad_input)?;
    let output = options.output.as_deref().unwrap_or(&options.package);
    build::write(output, signed.bytes()).map_err(Failure::failed)?;
    println!("{} (sha256 {})", output.display(), signed.digest());
    println!("signed by {} with the key {}", options.publisher, key.public());
    if let Some(before) = before {
        println!("the signature of {before} was replaced");
    }
    Ok(())
}
