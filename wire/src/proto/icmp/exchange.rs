//! Requests and replies of one flow segment in one row: how many, how large, and whether the replies give back what was asked.

use super::kinds::{self, Kind};
use crate::columns::tables::IcmpRow;
use crate::proto::dialogue::{Meta, Sink};
use crate::proto::{Context, IcmpHead};
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// Requests that may wait for their replies: at one a second eight seconds' worth, more than any round trip (range 4 .. 64).
const MAX_WAITING: usize = 8;

/// A request that waits.
#[derive(Clone, Copy)]
struct Asked {
    seq: u16,
    ts_ns: i64,
    payload_len: u32,
    /// Of the payload; `None` when the snap length cut it.
    digest: Option<u64>,
}

/// What went to and fro in one flow segment.
pub(super) struct Exchange {
    meta: Meta,
    ip_proto: u8,
    kind: Kind,
    head: IcmpHead,
    /// Who asks, and whom.
    ends: ([u8; 16], [u8; 16]),
    requests: i64,
    replies: i64,
    /// Largest payloads.
    request_len: Option<u32>,
    reply_len: Option<u32>,
    rtt_ns: Option<i64>,
    differs: Option<bool>,
    waiting: [Option<Asked>; MAX_WAITING],
    next: usize,
}

impl Exchange {
    /// Begin with its first packet, which is not counted yet.
    pub(super) fn begin(ctx: &Context<'_>, head: IcmpHead, kind: Kind) -> Self {
        let ends = if kind == Kind::Reply {
            (ctx.receiver_ip, ctx.sender_ip)
        } else {
            (ctx.sender_ip, ctx.receiver_ip)
        };
        Self {
            meta: Meta::of(ctx),
            ip_proto: ctx.proto,
            kind,
            head,
            ends,
            requests: 0,
            replies: 0,
            request_len: None,
            reply_len: None,
            rtt_ns: None,
            differs: None,
            waiting: [None; MAX_WAITING],
            next: 0,
        }
    }

    /// The packet belongs into the same row: same segment and same question (one key may hold several kinds of them), asked by the
    /// same side.
    pub(super) fn has_room_for(&self, ctx: &Context<'_>, head: IcmpHead) -> bool {
        let asked = |head: IcmpHead| kinds::asked(ctx.proto, head.kind);
        let (one, other) = self.ends;
        let asker = match kinds::kind(ctx.proto, head.kind) {
            Kind::Reply => ctx.receiver_ip,
            _ => ctx.sender_ip,
        };
        self.meta.flow_uid == ctx.flow_uid
            && asked(self.head) == asked(head)
            && (asker == one || (self.kind == Kind::Other && asker == other))
    }

    /// Count a packet.
    pub(super) fn add(&mut self, ctx: &Context<'_>, head: IcmpHead, kind: Kind) {
        let [_, _, high, low] = head.rest;
        let seq = u16::from_be_bytes([high, low]);
        if kind == Kind::Reply {
            self.replies += 1;
            self.reply_len = self.reply_len.max(Some(ctx.payload_len));
            self.match_reply(ctx, seq);
            return;
        }
        self.requests += 1;
        self.request_len = self.request_len.max(Some(ctx.payload_len));
        if kind == Kind::Request {
            let asked = Asked {
                seq,
                ts_ns: ctx.ts_ns,
                payload_len: ctx.payload_len,
                digest: digest(ctx),
            };
            if let Some(place) = self.waiting.get_mut(self.next) {
                *place = Some(asked);
            }
            self.next = (self.next + 1) % MAX_WAITING;
        }
    }

    /// Compare a reply with its request. Replies of timestamp and mask requests differ by nature.
    fn match_reply(&mut self, ctx: &Context<'_>, seq: u16) {
        let is_it = |asked: &Option<Asked>| asked.is_some_and(|asked| asked.seq == seq);
        let Some(asked) = self
            .waiting
            .iter_mut()
            .find(|asked| is_it(asked))
            .and_then(Option::take)
        else {
            return;
        };
        self.rtt_ns = self.rtt_ns.or(Some(ctx.ts_ns - asked.ts_ns));
        if kinds::name(self.ip_proto, self.head.kind) != "echo" {
            return;
        }
        let same = if asked.payload_len == ctx.payload_len {
            asked
                .digest
                .zip(digest(ctx))
                .map(|(one, other)| one == other)
        } else {
            Some(false)
        };
        if let Some(same) = same {
            self.differs = Some(self.differs.unwrap_or(false) || !same);
        }
    }

    /// Write the row.
    pub(super) fn write(&self, sink: &mut Sink<'_>) {
        let [high, low, _, _] = self.head.rest;
        let length = |bytes: Option<u32>| bytes.and_then(|bytes| i32::try_from(bytes).ok());
        let is_pair = self.kind != Kind::Other;
        sink.out.icmp.push(&IcmpRow {
            flow_uid: self.meta.flow_uid,
            ts: self.meta.ts_ns,
            sender_ip: self.ends.0,
            receiver_ip: self.ends.1,
            icmp_type: i16::from(kinds::asked(self.ip_proto, self.head.kind)),
            icmp_code: i16::from(self.head.code),
            icmp_name: kinds::name(self.ip_proto, self.head.kind),
            requests: Some(self.requests),
            replies: is_pair.then_some(self.replies),
            echo_id: is_pair.then(|| i32::from(u16::from_be_bytes([high, low]))),
            payload_len: length(self.request_len),
            reply_len: length(self.reply_len),
            payload_differs: self.differs,
            rtt_ns: self.rtt_ns,
            quoted_proto: None,
            quoted_src_ip: None,
            quoted_dst_ip: None,
            quoted_src_port: None,
            quoted_dst_port: None,
            gateway_ip: None,
            mtu: None,
        });
    }
}

/// A number for a payload that was captured whole.
fn digest(ctx: &Context<'_>) -> Option<u64> {
    if ctx.payload.len() < ctx.payload_len as usize {
        return None;
    }
    let mut hasher = SipHasher24::new();
    hasher.write(ctx.payload);
    Some(hasher.finish())
}
