//! Changes of inputs: a few at random places, of bytes, of pieces, and of words that the reader knows.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use fastrand::Rng;

/// The longest input that is made, in bytes.
const INPUT_BYTES_MAX: usize = 64 * 1024;

/// Bytes at which readers decide something.
const BYTES: [u8; 16] = [
    0, 1, 9, 10, 13, b' ', b'"', b',', b'<', b'{', b'=', b'-', b'9', 0x7f, 0x80, 0xff,
];

/// Makes inputs of others.
pub(crate) struct Mutator {
    random: Rng,
    words: &'static [&'static str],
}

impl Mutator {
    pub(crate) fn new(random: Rng, words: &'static [&'static str]) -> Self {
        Self { random, words }
    }

    /// A changed input; there is at least one to change.
    pub(crate) fn change(&mut self, kept: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.any(kept).to_vec();
        for _ in 0..=self.random.usize(..5) {
            self.change_once(&mut input, kept);
        }
        input.truncate(INPUT_BYTES_MAX);
        input
    }

    fn any<'a>(&mut self, kept: &'a [Vec<u8>]) -> &'a [u8] {
        let at = self.random.usize(..kept.len().max(1));
        kept.get(at).map_or(&[], Vec::as_slice)
    }

    fn change_once(&mut self, input: &mut Vec<u8>, kept: &[Vec<u8>]) {
        let at = self.random.usize(..=input.len());
        let longest = self.longest();
        let length = self.random.usize(..=longest);
        let end = at.saturating_add(length).min(input.len());
        match self.random.u8(..13) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.random.u8(..8);
                }
            }
            1 => {
                let byte = self.random.choice(BYTES).unwrap_or_default();
                input.splice(at..end.min(at.saturating_add(1)), [byte]);
            }
            2 => drop(input.drain(at..end)),
            3 => {
                let piece = input.get(at..end).unwrap_or_default().to_vec();
                let times = self.random.usize(1..4);
                input.splice(at..at, piece.repeat(times));
            }
            4 => {
                let other = self.any(kept).to_vec();
                let from = self.random.usize(..=other.len());
                let to = from.saturating_add(self.longest()).min(other.len());
                let piece = other.get(from..to).unwrap_or_default().to_vec();
                input.splice(at..end, piece);
            }
            5 | 6 => {
                let word = self.random.choice(self.words).unwrap_or(&"");
                let replaced = if self.random.bool() { end } else { at };
                input.splice(at..replaced, word.bytes());
            }
            7 => {
                let number = self.number();
                input.splice(at..end, number.into_bytes());
            }
            8..=11 => self.change_word(input, at),
            _ => {
                let number = self.random.u64(..) >> self.random.u32(..64);
                let bytes = number.to_be_bytes();
                let bytes = bytes.into_iter().skip(self.random.usize(..8));
                input.splice(at..end, bytes);
            }
        }
    }

    /// Puts another word, or a number, in the place of one, so that what stands around it keeps its form.
    fn change_word(&mut self, input: &mut Vec<u8>, at: usize) {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte >= 0x80;
        let (before, behind) = input.split_at(at);
        let back = before.iter().rev().take_while(|byte| is_part(byte)).count();
        let on = behind.iter().take_while(|byte| is_part(byte)).count();
        let (start, end) = (at.saturating_sub(back), at.saturating_add(on));
        let is_word = |word: &&&str| word.bytes().all(|byte| is_part(&byte));
        let words: Vec<_> = self.words.iter().filter(is_word).collect();
        let word = match self.random.choice(words) {
            Some(word) if self.random.bool() => (*word).to_owned(),
            _ => self.number(),
        };
        input.splice(start..end, word.into_bytes());
    }

    fn longest(&mut self) -> usize {
        1 << self.random.u32(..9)
    }

    fn number(&mut self) -> String {
        let number = self.random.i128(..) >> self.random.u32(..128);
        match self.random.u8(..4) {
            0 => format!("{number}.{}", self.random.u16(..)),
            1 => format!("{number}e{}", self.random.i16(..)),
            _ => number.to_string(),
        }
    }
}

/// A short name of an input.
pub(crate) fn digest(input: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
