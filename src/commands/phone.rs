//! `strowger phone`: see module `phone`.

use crate::cli::EXIT_USAGE;
use crate::phone::{self, PhoneArgs};
use crate::say;
use crate::serve::{runtime, start_log};
use std::process::ExitCode;

pub(crate) fn run(args: PhoneArgs) -> Result<ExitCode, String> {
    let options = args.options().and_then(|options| {
        options.check_files()?;
        Ok(options)
    });
    let options = match options {
        Ok(options) => options,
        Err(error) => {
            say::err(&format!("strowger phone: {error}; `strowger phone --help` shows how"));
            return Ok(ExitCode::from(EXIT_USAGE));
        }
    };
    // What the phone has to say it says on stdout; its log is for those who set RUST_LOG.
    start_log(&std::env::var("RUST_LOG").unwrap_or_else(|_| "error".into()), false)?;
    let outcome = runtime()?.block_on(phone::run(options));
    Ok(ExitCode::from(outcome.exit_code()))
}
