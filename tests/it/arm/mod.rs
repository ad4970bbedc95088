//! Templates evaluated through the public door.

mod cases;
mod corpus;
mod functions;
mod hostile;
mod laws;
mod run;
mod templates;
