//! Templates evaluated through the public door.

mod cases;
mod run;
