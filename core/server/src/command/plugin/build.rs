//! `guildhall plugin build`.

use std::path::PathBuf;

use guildhall_plugin_host::build::build;

use crate::failure::Failure;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The plugin's folder, with plugin.toml and Cargo.toml
    dir: PathBuf,
    /// Where the package goes [default: <name>.wasm]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let built = build(&options.dir, options.output.as_deref()).map_err(Failure::bad_input)?;
    println!("{} ({} bytes, sha256 {})", built.path.display(), built.package.size(), built.package.digest());
    Ok(())
}
