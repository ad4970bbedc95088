//! Progress of a long run, on standard error: only where a person watches, and only after a second.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::cli::arguments::CheckArguments;
use crate::cli::output::Outputs;
use crate::input::Progress;

/// Runs shorter than this show nothing.
const QUIET: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(150);

/// Erases the line the cursor is in.
const CLEAR: &str = "\r\x1b[2K";

/// Shows progress until it is dropped.
pub(crate) struct Watch {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Whether a person watches: never in a hook, in a pipeline, or when the output is for programs.
pub(crate) fn is_watched(arguments: &CheckArguments, outputs: &Outputs) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let scope = &arguments.scope;
    let wanted = !scope.no_progress && !scope.changed && outputs.is_text_alone();
    let in_pipeline = ["CI", "TF_BUILD", "PRE_COMMIT"].into_iter().any(is_set);
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    wanted && !in_pipeline && !dumb && io::stderr().is_terminal()
}

impl Watch {
    /// Begins to watch.
    pub(crate) fn start(progress: Arc<Progress>) -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        // Without a thread nothing is shown.
        let thread = thread::Builder::new().spawn(move || {
            let mut wait = QUIET;
            let mut shown = false;
            while stopped.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                draw(&format!("{CLEAR}{}", line(progress.counts())));
                (wait, shown) = (STEP, true);
            }
            if shown {
                draw(CLEAR);
            }
        });
        Self { stop: Some(stop), thread: thread.ok() }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A thread that failed has nothing more to show.
        let _failed = self.thread.take().map(JoinHandle::join);
    }
}

fn draw(text: &str) {
    let mut out = anstream::stderr().lock();
    // Nobody is left to tell when standard error is gone.
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn line((found, read): (usize, usize)) -> String {
    match (found, read) {
        (0, _) => "looking for files".to_owned(),
        (found, read) if read < found => format!("read {read} of {found} files"),
        (found, _) => format!("judging {found} files"),
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn what_is_done_is_told() {
        assert_eq!(line((0, 0)), "looking for files");
        assert_eq!(line((312, 120)), "read 120 of 312 files");
        assert_eq!(line((312, 312)), "judging 312 files");
    }
}
