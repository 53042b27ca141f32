//! Columns of statistics: computed in float64, stored as float32.

use super::builder::{Column, Numbers};

/// A column of statistics: stored as float32, or handed out as computed once [`Self::widen`] was called. All are NULL
/// without a sample, so there is only [`Self::push_opt`].
#[derive(Default)]
pub struct Reals {
    stored: Numbers<f32>,
    wide: Option<Numbers<f64>>,
}

impl Reals {
    /// Hand out float64 from now on; rows must not be waiting.
    pub fn widen(&mut self) {
        self.wide = Some(Numbers::default());
    }

    /// Append a value or NULL.
    #[inline]
    pub fn push_opt(&mut self, value: Option<f64>) {
        match &mut self.wide {
            None => self.stored.push_opt(value.map(narrow)),
            Some(wide) => wide.push_opt(value),
        }
    }

    /// Hand the column over.
    pub fn finish(&mut self, name: &str, nullable: bool) -> Column {
        match &mut self.wide {
            None => self.stored.finish(name, nullable),
            Some(wide) => wide.finish(name, nullable),
        }
    }
}

/// Store a float64 as float32 (relative error below 6e-8).
#[expect(
    clippy::cast_possible_truncation,
    reason = "this is the one place that narrows"
)]
fn narrow(value: f64) -> f32 {
    value as f32
}
