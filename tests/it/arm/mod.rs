//! Templates evaluated through the public door.

mod cases;
mod corpus;
mod hostile;
mod run;
mod templates;
