//! The exact difference of two sides of one place: which packets fare otherwise on the head than on the base, as boxes, with
//! the lines that decide on both sides.
//!
//! Both sides are compiled to lists of lines over one table of symbols (`lines`). Lines that both have, in one order,
//! decide alike (`align`): only packets that some other line takes are sent through both sides (`sent`), and what fares
//! otherwise is put into few boxes (`boxes`) and said to be sure or not (`sure`).

mod align;
mod boxes;
mod compare;
mod compared;
mod lines;
mod sent;
mod sure;

pub use boxes::{Change, End, Traffic, Turn};
pub use compare::{Difference, FirewallSide, firewall_difference, scene_difference};
pub use compared::Names;
pub use lines::{Fate, FileNames};
