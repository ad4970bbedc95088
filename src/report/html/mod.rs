//! A page that stands alone: the matrix of flows and placements, the path of each flow, the findings with their excerpts.

mod finding;
mod guide;
mod page;
mod placement;
#[cfg(test)]
mod tests;

pub(crate) use page::write;
