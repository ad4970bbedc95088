//! The one test binary.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod faults;
