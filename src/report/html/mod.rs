//! A page that stands alone: the matrix of flows and placements, the path of each flow, the findings with their excerpts.

mod excerpt;
mod finding;
mod guide;
mod markup;
mod matrix;
mod page;
mod path;
mod placement;
mod standing;
#[cfg(test)]
mod tests;

pub(crate) use page::write;
