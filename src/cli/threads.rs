//! The threads that a run is made with.

use rayon::ThreadPoolBuilder;

/// The stack of a thread, as large as that of a process.
const STACK: usize = 8 << 20;

/// Runs with as many threads as were asked for and the system gives; with the one there is, if need be.
pub(crate) fn with_threads<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let asked = std::env::var("RAYON_NUM_THREADS").ok().and_then(|number| number.parse().ok());
    let asked = asked.filter(|number| *number > 0).unwrap_or(cores);
    // More only wait for each other, and take their stacks from what there is to work with.
    let mut number = asked.min(cores * 4);
    loop {
        match ThreadPoolBuilder::new().num_threads(number).stack_size(STACK).build() {
            Ok(pool) => return pool.install(work),
            Err(_) if number > 1 => number /= 2,
            Err(_) => break,
        }
    }
    // The pool of this thread alone; it lives until the work is done.
    let _pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
    work()
}
