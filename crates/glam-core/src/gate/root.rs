//! The root's gate: no decision, one slot for the whole space.

use super::Gate;
use crate::wire::Writer;

pub(super) const TAG: u8 = 0;

#[derive(Debug)]
pub(crate) struct Root;

impl Gate for Root {
    fn depth(&self) -> u8 {
        0
    }

    fn path(&self, _z: &[f32]) -> u32 {
        0
    }

    fn tag(&self) -> u8 {
        TAG
    }

    fn encode(&self, _writer: &mut Writer) {}
}
