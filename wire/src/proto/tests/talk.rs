//! A conversation played into an [`App`], and its rows read back as text.

use crate::proto::{App, Context, Hint, IcmpHead, Records};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use std::collections::BTreeMap;
use std::fmt::Write;

/// One row: column name to text, NULL as `-`.
pub type Row = BTreeMap<String, String>;

/// IPv4 address in mapped form.
pub fn ip(last: u8) -> [u8; 16] {
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, last]
}

/// Hexadecimal as the rows show it.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// Bytes of a hexadecimal literal, spaces allowed.
pub fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// A flow between client 10.0.0.1 and server 10.0.0.2.
pub struct Talk {
    pub app: App,
    pub out: Records,
    pub proto: u8,
    pub ethertype: u16,
    pub client_port: u16,
    pub server_port: u16,
    /// Next sequence numbers of client and server.
    pub seq: [u32; 2],
    pub frame: u64,
    /// Header of the ICMP messages that are sent.
    pub icmp: Option<IcmpHead>,
}

impl Talk {
    /// TCP to a port.
    pub fn tcp(server_port: u16) -> Self {
        Self {
            app: App::default(),
            out: Records::default(),
            proto: 6,
            ethertype: 0,
            client_port: 40000,
            server_port,
            seq: [1000, u32::MAX - 5],
            frame: 0,
            icmp: None,
        }
    }

    /// UDP to a port.
    pub fn udp(client_port: u16, server_port: u16) -> Self {
        Self {
            proto: 17,
            client_port,
            ..Self::tcp(server_port)
        }
    }

    /// Client sends; the sequence number moves on.
    pub fn ask(&mut self, data: &[u8]) -> Hint {
        self.send(true, data)
    }

    /// Server sends.
    pub fn answer(&mut self, data: &[u8]) -> Hint {
        self.send(false, data)
    }

    /// Each sends what it has to say, the client where the flag is true.
    pub fn played(mut self, messages: &[(bool, Vec<u8>)]) -> Self {
        for (client, data) in messages {
            self.send(*client, data);
        }
        self
    }

    /// Client asks and server answers, line by line.
    pub fn lines(&mut self, lines: &[(&str, &str)]) {
        for (ask, answer) in lines {
            self.ask(format!("{ask}\r\n").as_bytes());
            self.answer(format!("{answer}\r\n").as_bytes());
        }
    }

    /// Either sends in order.
    pub fn send(&mut self, from_client: bool, data: &[u8]) -> Hint {
        let seq = self.seq[usize::from(!from_client)];
        self.seq[usize::from(!from_client)] = seq.wrapping_add(data.len() as u32);
        self.raw(from_client, seq, data, data.len() as u32)
    }

    /// A segment with everything given; the client is the lower key end.
    pub fn raw(&mut self, from_client: bool, seq: u32, data: &[u8], wire_len: u32) -> Hint {
        let ends = [(ip(1), self.client_port), (ip(2), self.server_port)];
        let (sender, receiver) = if from_client {
            (ends[0], ends[1])
        } else {
            (ends[1], ends[0])
        };
        self.frame += 1;
        let ctx = Context {
            flow_uid: [7; 16],
            ts_ns: self.frame as i64 * 1_000_000,
            frame_no: self.frame,
            proto: self.proto,
            ethertype: self.ethertype,
            from_lo: from_client,
            sender_ip: sender.0,
            receiver_ip: receiver.0,
            sender_port: sender.1,
            receiver_port: receiver.1,
            sender_mac: Some([if from_client { 1 } else { 2 }; 6]),
            seq: (self.proto == 6).then_some(seq),
            begin: None,
            peer_begin: None,
            payload: data,
            payload_len: wire_len,
            icmp: self.icmp,
        };
        self.app.on_payload(&ctx, &mut self.out)
    }

    /// End the flow.
    pub fn end(&mut self) -> &mut Self {
        let ts = self.frame as i64 * 1_000_000;
        self.app.on_end(ts, &mut self.out);
        self
    }

    /// Codes of the weird rows so far, in order; takes them out.
    pub fn weird(&mut self) -> Vec<String> {
        rows(&self.out.weird.finish().unwrap())
            .into_iter()
            .map(|row| row["code"].clone())
            .collect()
    }
}

/// Rows of a batch as text.
pub fn rows(batch: &RecordBatch) -> Vec<Row> {
    let schema = batch.schema();
    (0..batch.num_rows())
        .map(|at| {
            let named = schema.fields().iter().zip(batch.columns());
            named
                .map(|(field, column)| (field.name().clone(), cell(column, at)))
                .collect()
        })
        .collect()
}

fn cell(column: &dyn Array, at: usize) -> String {
    if column.is_null(at) {
        return "-".into();
    }
    match column.data_type() {
        DataType::Boolean => column.as_boolean().value(at).to_string(),
        DataType::Int16 => column.as_primitive::<Int16Type>().value(at).to_string(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(at).to_string(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(at).to_string(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(at).to_string(),
        DataType::Timestamp(..) => column
            .as_primitive::<TimestampMicrosecondType>()
            .value(at)
            .to_string(),
        DataType::Utf8 => column.as_string::<i32>().value(at).to_owned(),
        DataType::FixedSizeBinary(_) => hex(column.as_fixed_size_binary().value(at)),
        DataType::Dictionary(..) => {
            let dictionary = column.as_dictionary::<Int32Type>();
            let key = usize::try_from(dictionary.keys().value(at)).unwrap();
            dictionary.values().as_string::<i32>().value(key).to_owned()
        }
        DataType::List(_) => {
            let list = column.as_list::<i32>().value(at);
            let items = (0..list.len()).map(|at| cell(list.as_ref(), at));
            items.collect::<Vec<_>>().join(",")
        }
        other => panic!("no text for {other}"),
    }
}

/// Pick columns of all rows, joined by `|`.
pub fn pick(batch: &RecordBatch, columns: &[&str]) -> Vec<String> {
    rows(batch)
        .iter()
        .map(|row| {
            columns
                .iter()
                .map(|name| row[*name].as_str())
                .collect::<Vec<_>>()
                .join("|")
        })
        .collect()
}
