//! The row of a connection.

use super::Rdp;
use super::negotiation::{self, Response};
use super::settings;
use crate::columns::tables::RdpRow;
use crate::columns::text_lists::TextList;
use crate::proto::dialogue::{Meta, Side, Sink};

/// Write the row; `ends` are client and server.
pub(super) fn write(rdp: &Rdp, first: &Meta, ends: (&Side, &Side), sink: &mut Sink<'_>) {
    let client = rdp.client.as_ref();
    let (chosen, refused) = match rdp.response {
        Some(Response::Chosen(protocol)) => (Some(protocol), None),
        Some(Response::Refused(code)) => (None, Some(code)),
        None => (None, None),
    };
    let none = (String::new(), Vec::new());
    let channels = client.map_or(&none, |client| &client.channels);
    sink.out.rdp.push(&RdpRow {
        flow_uid: first.flow_uid,
        ts: first.ts_ns,
        sender_ip: ends.0.ip,
        receiver_ip: ends.1.ip,
        receiver_port: i32::from(ends.1.port),
        user: rdp.request.user.as_deref(),
        routing_token: rdp.request.routing_token.as_deref(),
        requested_protocols: rdp.request.protocols.map(|(bits, _)| bits.cast_signed()),
        security_protocol: chosen.and_then(negotiation::protocol),
        failure_code: refused.map(u32::cast_signed),
        failure_name: refused.and_then(negotiation::failure),
        is_restricted_admin: rdp.request.protocols.map(|(_, restricted)| restricted),
        client_name: client.and_then(|client| client.name.as_deref()),
        client_build: client.and_then(|client| client.build).map(u32::cast_signed),
        client_product_id: client.and_then(|client| client.product_id.as_deref()),
        keyboard_layout: client
            .and_then(|client| client.keyboard)
            .map(u32::cast_signed),
        desktop_width: client.and_then(|client| client.width).map(i32::from),
        desktop_height: client.and_then(|client| client.height).map(i32::from),
        color_depth: client.and_then(|client| client.depth).map(i32::from),
        channels: TextList {
            text: &channels.0,
            ends: &channels.1,
        },
        encryption_method: rdp.server.method.and_then(settings::method),
        encryption_level: rdp.server.level.and_then(settings::level),
        has_response: rdp.response.is_some() || rdp.server.level.is_some(),
    });
}
