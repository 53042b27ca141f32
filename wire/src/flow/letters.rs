//! Zeek's history letters (flow-semantics.md 5).

use super::history::History;
use super::side::{Side, State};
use super::tcp::{Segment, flag};

/// Bit of a letter in `Side::letters`.
const fn letter_bit(letter: u8) -> u16 {
    match letter {
        b'S' => 1,
        b'H' => 2,
        b'A' => 4,
        b'D' => 8,
        b'F' => 16,
        b'R' => 32,
        b'I' => 64,
        b'Q' => 128,
        _ => 0,
    }
}

fn cased(letter: u8, from_src: bool) -> u8 {
    if from_src {
        letter
    } else {
        letter.to_ascii_lowercase()
    }
}

/// Add a letter unless the direction has it; true when the direction had it already.
#[inline]
pub fn letter_once(me: &mut Side, history: &mut History, from_src: bool, letter: u8) -> bool {
    let bit = letter_bit(letter);
    if me.letters & bit != 0 {
        return true;
    }
    me.letters |= bit;
    history.push(cased(letter, from_src));
    false
}

/// Add a letter at its 1st, 10th, 100th … occurrence.
pub fn scaled_letter(
    me: &mut Side,
    history: &mut History,
    from_src: bool,
    which: usize,
    letter: u8,
) {
    let rare = me.rare();
    if let Some(count) = rare.scaled.get_mut(which) {
        *count = count.saturating_add(1);
        let power = 10_u32.checked_pow(count.ilog10()).unwrap_or(0);
        if *count == power {
            history.push(cased(letter, from_src));
        }
    }
}

/// Add the letters of one segment.
pub(super) fn letters(me: &mut Side, peer: &Side, history: &mut History, seg: &Segment) {
    let from_src = seg.from_src;
    if seg.bad_checksum {
        scaled_letter(me, history, from_src, 0, b'C');
    }
    let (syn, fin, rst) = (seg.has(flag::SYN), seg.has(flag::FIN), seg.has(flag::RST));
    match u8::from(syn) + u8::from(fin) + u8::from(rst) {
        0 => {
            if seg.len > 0 {
                letter_once(me, history, from_src, b'D');
            } else if seg.has(flag::ACK) {
                letter_once(me, history, from_src, b'A');
            }
        }
        1 => {
            let (letter, which, number) = if syn {
                (if seg.has(flag::ACK) { b'H' } else { b'S' }, 0, seg.tcp.seq)
            } else if fin {
                (b'F', 1, seg.tcp.seq.wrapping_add(seg.len))
            } else {
                (b'R', 2, seg.tcp.seq)
            };
            if let Some(mark) = me.marks.get_mut(which) {
                let moved = std::mem::replace(mark, number) != number;
                if letter_once(me, history, from_src, letter) && moved {
                    history.push(cased(letter, from_src));
                }
            }
        }
        _ => {
            let letter = if fin && rst { b'I' } else { b'Q' };
            letter_once(me, history, from_src, letter);
        }
    }
    let zero = seg.tcp.window == 0 && !rst;
    if zero && peer.state != State::Closed && me.state != State::Reset {
        scaled_letter(me, history, from_src, 2, b'W');
    }
}
