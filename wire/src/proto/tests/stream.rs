//! Reassembly: order, overlap, loss, bounds.

use crate::proto::dialogue::Meta;
use crate::proto::stream::{Step, Stream};

fn meta(frame_no: u64) -> Meta {
    Meta {
        frame_no,
        ts_ns: frame_no as i64,
        ..Meta::default()
    }
}

/// Read all that is ready; a gap shows as `#`.
fn drain(stream: &mut Stream) -> String {
    let mut text = String::new();
    while let Some(step) = stream.step() {
        match step {
            Step::Gap => text.push('#'),
            Step::Data => {
                text.push_str(&String::from_utf8_lossy(stream.data()));
                let all = stream.data().len();
                stream.consume(all);
            }
        }
    }
    text
}

/// Play segments (sequence, bytes, wire length) and return what came out.
fn play(segments: &[(u32, &str, u32)]) -> String {
    let mut stream = Stream::default();
    let mut text = String::new();
    for (at, (seq, data, wire)) in segments.iter().enumerate() {
        let wire = (*wire).max(data.len() as u32);
        stream.push(meta(at as u64), *seq, data.as_bytes(), wire);
        text += &drain(&mut stream);
    }
    stream.close();
    text + &drain(&mut stream)
}

/// Order is restored, also across the wrap of sequence numbers.
#[test]
fn puts_segments_in_order() {
    assert_eq!(
        play(&[(10, "ab", 0), (14, "ef", 0), (12, "cd", 0)]),
        "abcdef"
    );
    let near = u32::MAX - 1;
    assert_eq!(
        play(&[(near, "ab", 0), (2, "ef", 0), (0, "cd", 0)]),
        "abcdef"
    );
}

/// Retransmissions and keep-alives add nothing; of two different copies the first wins.
#[test]
fn first_copy_wins() {
    assert_eq!(
        play(&[
            (10, "abcd", 0),
            (10, "XXXX", 0),
            (12, "YYef", 0),
            (15, "?", 0)
        ]),
        "abcdef"
    );
    assert_eq!(
        play(&[(10, "a", 0), (12, "cd", 0), (11, "bXXe", 0)]),
        "abcde"
    );
    assert_eq!(
        play(&[(10, "a", 0), (13, "d", 0), (12, "cXe", 0), (11, "b", 0)]),
        "abcde"
    );
}

/// A hole that is never filled is one gap, at the end of the flow at the latest.
#[test]
fn unfilled_hole_is_a_gap() {
    assert_eq!(play(&[(10, "ab", 0), (14, "ef", 0)]), "ab#ef");
    let late: Vec<(u32, &str, u32)> = vec![
        (10, "a", 0),
        (12, "c", 0),
        (14, "e", 0),
        (16, "g", 0),
        (18, "i", 0),
        (20, "k", 0),
    ];
    assert_eq!(play(&late), "a#c#e#g#i#k");
}

/// A hole older than the limit is given up when the next segment comes.
#[test]
fn old_hole_is_given_up() {
    let mut stream = Stream::default();
    stream.push(meta(0), 10, b"a", 1);
    stream.push(meta(1), 12, b"c", 1);
    assert_eq!(drain(&mut stream), "a");
    stream.push(meta(5_000_000_000), 13, b"d", 1);
    assert_eq!(drain(&mut stream), "#cd");
}

/// A hole that is filled piece by piece is waited for, however long the whole takes.
#[test]
fn hole_that_shrinks_is_waited_for() {
    let mut stream = Stream::default();
    stream.begin(10);
    let mut text = String::new();
    for (second, seq, data) in [(0, 14, "ef"), (3, 10, "ab"), (6, 12, "c"), (9, 13, "d")] {
        stream.push(
            meta(second * 1_000_000_000),
            seq,
            data.as_bytes(),
            data.len() as u32,
        );
        text += &drain(&mut stream);
    }
    assert_eq!(text, "abcdef");
}

/// Bytes cut by the snap length are a gap; the next segment goes on behind them.
#[test]
fn snap_length_is_a_gap() {
    assert_eq!(play(&[(10, "ab", 4), (14, "ef", 0)]), "ab#ef");
    assert_eq!(
        play(&[(10, "a", 0), (12, "c", 3), (11, "b", 0), (15, "f", 0)]),
        "abc#f"
    );
}

/// A capture that starts out of order loses nothing that is adjacent.
#[test]
fn late_start_is_read() {
    assert_eq!(
        play(&[(12, "cd", 0), (10, "ab", 0), (14, "ef", 0)]),
        "cdabef"
    );
}

/// A sequence number far away starts anew.
#[test]
fn far_jump_restarts() {
    assert_eq!(
        play(&[(10, "ab", 0), (10_000_000, "cd", 0), (10_000_002, "ef", 0)]),
        "ab#cdef"
    );
}

/// Data nobody consumes is dropped at the bound, not kept.
#[test]
fn waiting_is_bounded() {
    let mut stream = Stream::default();
    let block = [b'x'; 1000];
    let mut gaps = 0;
    for at in 0..100_u32 {
        stream.push(meta(u64::from(at)), at * 1000, &block, 1000);
        while let Some(step) = stream.step() {
            gaps += u32::from(step == Step::Gap);
        }
        assert!(stream.data().len() <= 8192);
    }
    assert_eq!(gaps, 11);
}

/// The packet of a message is the one its first byte came in.
#[test]
fn message_keeps_its_packet() {
    let mut stream = Stream::default();
    stream.push(meta(1), 0, b"abc", 3);
    assert_eq!(stream.step(), Some(Step::Data));
    stream.consume(2);
    stream.push(meta(2), 3, b"def", 3);
    assert_eq!(stream.step(), Some(Step::Data));
    assert_eq!((stream.data(), stream.meta().frame_no), (&b"cdef"[..], 1));
    stream.consume(1);
    assert_eq!(stream.meta().frame_no, 2);
}
