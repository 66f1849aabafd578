//! One half-space a node of a binary tree, its threshold among the rows that reach the node.

use std::sync::Arc;

use super::halfspace::{HalfSpaces, Work};
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

/// Goes through the nodes in heap order: `place` is given a node's number and its rows, and leaves in
/// [`Work`] what says to which side each goes.
fn each_node(depth: u8, sample: Sample<'_>, mut place: impl FnMut(usize, Rows<'_>, &mut Work)) {
    let (mut number, mut work) = (0, Work::default());
    // The rows of the nodes of one level, each node's a range of them.
    let mut rows: Vec<u32> = (0..sample.len() as u32).collect();
    let mut level = Vec::with_capacity(1 << depth);
    level.push(0..rows.len());
    let (mut rows_below, mut below, mut right) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..depth {
        rows_below.clear();
        below.clear();
        for node in level.drain(..) {
            let rows = &rows[node];
            place(number, Rows(rows.iter()), &mut work);
            number += 1;
            let first = rows_below.len();
            rows_below.resize(first + rows.len(), 0);
            right.resize(rows.len(), 0);
            // Each row goes to the end of both sides and stays on one: which one cannot be foreseen,
            // and a branch would be taken wrongly half of the time.
            let (mut middle, mut rights) = (first, 0);
            for (&row, &value) in rows.iter().zip(&work.values) {
                let is_right = value > work.threshold;
                (rows_below[middle], right[rights]) = (row, row);
                middle += usize::from(!is_right);
                rights += usize::from(is_right);
            }
            rows_below.truncate(middle);
            rows_below.extend_from_slice(&right[..rights]);
            let [left, right] = [first..middle, middle..rows_below.len()];
            // A node that no row reaches will be reached by later ones: it borrows its
            // sibling's, which lie just across the parent's threshold.
            below.push(if left.is_empty() { right.clone() } else { left.clone() });
            below.push(if right.is_empty() { left } else { right });
        }
        std::mem::swap(&mut rows, &mut rows_below);
        std::mem::swap(&mut level, &mut below);
    }
}

/// The rows of a node.
struct Rows<'a>(std::slice::Iter<'a, u32>);

impl Iterator for Rows<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        self.0.next().map(|&row| row as usize)
    }

    #[inline(always)]
    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl Draw for Tree {
    fn draw(inputs: u32, depth: u8, view: &[u32], sample: Sample<'_>, rng: &mut Rng) -> Self {
        let mut nodes = HalfSpaces::on(inputs, view, node_count(depth));
        let mut pool = view.to_vec();
        each_node(depth, sample, |_, rows, work| nodes.draw(&mut pool, sample, rows, rng, work));
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

    fn placed_again(&self, sample: Sample<'_>, rng: &mut Rng) -> Option<Arc<dyn Gate>> {
        let mut nodes = self.nodes.clone();
        each_node(self.depth, sample, |node, rows, work| {
            nodes.place_again(node, sample, rows, rng, work);
        });
        Some(Arc::new(Self { depth: self.depth, nodes }))
    }

    fn evened(&self, sample: Sample<'_>) -> Option<Arc<dyn Gate>> {
        let mut nodes = self.nodes.clone();
        each_node(self.depth, sample, |node, rows, work| nodes.halve(node, sample, rows, work));
        Some(Arc::new(Self { depth: self.depth, nodes }))
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
