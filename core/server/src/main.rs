use std::process::ExitCode;

fn main() -> ExitCode {
    guildhall_server::run()
}
