//! How far reading is, for whoever watches it.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many files there are, and how many of them are read. Counts only grow.
#[derive(Debug, Default)]
pub struct Progress {
    found: AtomicUsize,
    read: AtomicUsize,
}

impl Progress {
    /// How many files were found, 0 while they are looked for, and how many of them are read.
    pub fn counts(&self) -> (usize, usize) {
        (self.found.load(Ordering::Relaxed), self.read.load(Ordering::Relaxed))
    }

    pub(crate) fn found(&self, files: usize) {
        self.found.fetch_add(files, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) {
        self.read.fetch_add(1, Ordering::Relaxed);
    }
}
