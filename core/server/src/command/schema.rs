//! `guildhall schema`.

use guildhall_model::Model;

use crate::failure::Failure;

pub(crate) fn run() -> Result<(), Failure> {
    print!("{}", guildhall_graph::model_sdl(&Model::core())?);
    Ok(())
}
