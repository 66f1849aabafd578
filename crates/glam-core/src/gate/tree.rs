//! One half-space a node of a binary tree, its threshold among the rows that reach the node.

use super::halfspace::HalfSpaces;
use super::{Draw, Gate, Sample, Walk};
use crate::config::MAX_DEPTH;
use crate::error::Result;
use crate::rng::Rng;
use crate::wire::{Reader, Writer};

pub(super) const TAG: u8 = 2;

/// A complete tree of 2^depth - 1 half-spaces in heap order: node 0 is the root, the children of
/// node i are 2i + 1 and 2i + 2.
#[derive(Debug, PartialEq)]
pub(super) struct Tree {
    depth: u8,
    nodes: HalfSpaces,
}

fn node_count(depth: u8) -> usize {
    (1 << depth) - 1
}

impl Draw for Tree {
    fn draw(inputs: u32, depth: u8, view: &[u32], sample: Sample<'_>, rng: &mut Rng) -> Self {
        let mut nodes = HalfSpaces::on(inputs, view);
        let mut pool = view.to_vec();
        // The rows of the nodes of one level, and after each of them the rows of the next.
        let mut level: Vec<Vec<usize>> = vec![(0..sample.len()).collect()];
        for _ in 0..depth {
            let mut next = Vec::with_capacity(2 * level.len());
            for rows in level {
                let sides = nodes.draw(&mut pool, sample, rows.iter().copied(), rng);
                let (mut left, mut right) = (Vec::new(), Vec::new());
                for (&row, is_right) in rows.iter().zip(sides) {
                    if is_right { right.push(row) } else { left.push(row) }
                }
                // A node that no row reaches will be reached by later ones: it borrows its
                // sibling's, which lie just across the parent's threshold.
                let borrowed = |own: &Vec<usize>, other: &Vec<usize>| {
                    if own.is_empty() { other.clone() } else { own.clone() }
                };
                next.push(borrowed(&left, &right));
                next.push(borrowed(&right, &left));
            }
            level = next;
        }
        Self { depth, nodes }
    }

    fn decode(reader: &mut Reader<'_>, inputs: usize) -> Result<Self> {
        let depth = reader.u8()?;
        if depth > MAX_DEPTH {
            return Err(reader.damaged("a gate is too deep"));
        }
        Ok(Self { depth, nodes: HalfSpaces::decode(reader, inputs, node_count(depth))? })
    }

    fn numbers(inputs: u32, depth: u8, view: usize) -> usize {
        HalfSpaces::numbers(inputs, view, node_count(depth))
    }
}

impl Gate for Tree {
    fn depth(&self) -> u8 {
        self.depth
    }

    #[inline]
    fn path(&self, z: &[f32]) -> u32 {
        let mut path = 0;
        for level in 0..self.depth {
            let node = node_count(level) + path as usize;
            path = path << 1 | self.nodes.decide(node, z);
        }
        path
    }

    fn walk(&self) -> Option<Walk<'_>> {
        Some(Walk { depth: self.depth, is_tree: true, half_spaces: &self.nodes })
    }

    fn tag(&self) -> u8 {
        TAG
    }

    fn encode(&self, writer: &mut Writer) {
        writer.u8(self.depth);
        self.nodes.encode(writer);
    }
}
