//! `guildhall plugin build`.

use std::path::PathBuf;

use guildhall_plugin_host::build::{build, pack};

use crate::failure::Failure;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The plugin's folder, with plugin.toml and Cargo.toml
    dir: PathBuf,
    /// WebAssembly that another compiler made of the folder's source: a component, or a core module that exports `decide`
    #[arg(long, value_name = "FILE", requires = "output")]
    module: Option<PathBuf>,
    /// Where the package goes [default: plugins/<name>.wasm in cargo's target folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    if let (Some(module), Some(output)) = (&options.module, &options.output) {
        let package = pack(&options.dir, module, output).map_err(Failure::bad_input)?;
        println!("{} ({} bytes, sha256 {})", output.display(), package.size(), package.digest());
        return Ok(());
    }
    let built = build(&options.dir, options.output.as_deref()).map_err(Failure::bad_input)?;
    println!("{} ({} bytes, sha256 {})", built.path.display(), built.package.size(), built.package.digest());
    Ok(())
}
