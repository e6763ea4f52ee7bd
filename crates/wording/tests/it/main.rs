//! The shipped wording held against its own rules, and the loading of wording with faults.

#[cfg(test)]
mod editions;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod house;
#[cfg(test)]
mod support;
