//! Hand-made messages of SMB, NTLM and remote calls.

use super::talk::bytes;

pub const SHARE: &str = "\\\\srv\\IPC$";

pub fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

pub fn framed(message: &[u8]) -> Vec<u8> {
    let mut frame = (message.len() as u32).to_be_bytes().to_vec();
    frame.extend(message);
    frame
}

/// An SMB2 message without its frame: command, message number, status of an answer, body.
pub fn two(command: u16, id: u64, status: Option<u32>, body: &[u8]) -> Vec<u8> {
    let mut message = bytes("fe534d42 4000 0000");
    message.extend(status.unwrap_or(0).to_le_bytes());
    message.extend(command.to_le_bytes());
    message.extend([1, 0]);
    message.extend(u32::from(status.is_some()).to_le_bytes());
    message.extend(0_u32.to_le_bytes());
    message.extend(id.to_le_bytes());
    message.extend([0; 4]);
    message.extend(5_u32.to_le_bytes());
    message.extend(9_u64.to_le_bytes());
    message.extend([0; 16]);
    message.extend(body);
    message
}

pub fn ask(command: u16, id: u64, body: &[u8]) -> (bool, Vec<u8>) {
    (true, framed(&two(command, id, None, body)))
}

pub fn answer(command: u16, id: u64, status: u32, body: &[u8]) -> (bool, Vec<u8>) {
    (false, framed(&two(command, id, Some(status), body)))
}

/// NTLM challenge of a server called SRV, with an empty item before the end.
pub fn challenge() -> Vec<u8> {
    let items = [
        bytes("0100 0600"),
        wide("SRV"),
        bytes("0300 0000 0000 0000"),
    ]
    .concat();
    let mut message = b"NTLMSSP\0\x02\0\0\0".to_vec();
    message.extend(bytes(
        "0000 0000 38000000 01000002 0102030405060708 0000000000000000",
    ));
    let length = (items.len() as u16).to_le_bytes();
    message.extend([&length[..], &length, &56_u32.to_le_bytes()].concat());
    message.extend(bytes("0a00 6345 0000000f"));
    message.extend(items);
    message
}

/// NTLM answer of a user, with a response of `nt` octets.
pub fn authenticate(user: &str, nt: usize) -> Vec<u8> {
    let (user, domain, host) = (wide(user), wide("DOM"), wide("WS\u{202e}"));
    let mut message = b"NTLMSSP\0\x03\0\0\0".to_vec();
    let mut at = 72;
    let mut field = |length: usize| {
        let length16 = (length as u16).to_le_bytes();
        let field = [&length16[..], &length16, &(at as u32).to_le_bytes()].concat();
        at += length;
        field
    };
    let fields = [0, nt, domain.len(), user.len(), host.len(), 0].map(&mut field);
    message.extend(fields.concat());
    message.extend(bytes("01000002 0a00 6345 0000000f"));
    message.extend(vec![7; nt]);
    message.extend([domain, user, host].concat());
    message
}

pub fn setup(token: &[u8]) -> Vec<u8> {
    let mut body = bytes("1900 00 01 00000000 00000000 5800");
    body.extend((token.len() as u16).to_le_bytes());
    body.extend([0; 8]);
    body.extend(token);
    body
}

pub fn was_set_up(token: &[u8]) -> Vec<u8> {
    let mut body = bytes("0900 0000 4800");
    body.extend((token.len() as u16).to_le_bytes());
    body.extend(token);
    body
}

pub fn connect(share: &str) -> Vec<u8> {
    let path = wide(share);
    let mut body = bytes("0900 0000 4800");
    body.extend((path.len() as u16).to_le_bytes());
    body.extend(path);
    body
}

pub fn create(name: &str) -> Vec<u8> {
    let name = wide(name);
    let mut body = bytes("3900 00 00 02000000");
    body.extend([0; 16]);
    body.extend(bytes("89001200 00000000 07000000 01000000 00000000 7800"));
    body.extend((name.len() as u16).to_le_bytes());
    body.extend([0; 8]);
    body.extend(name);
    body
}

pub fn created(file: u8) -> Vec<u8> {
    let mut body = bytes("5900 00 00 01000000");
    body.extend([0; 40]);
    body.extend(23_u64.to_le_bytes());
    body.extend([0; 8]);
    body.extend([file; 16]);
    body.extend([0; 8]);
    body
}

pub fn write(file: u8, data: &[u8]) -> Vec<u8> {
    let mut body = bytes("3100 7000");
    body.extend((data.len() as u32).to_le_bytes());
    body.extend([0; 8]);
    body.extend([file; 16]);
    body.extend([0; 16]);
    body.extend(data);
    body
}

pub fn read(file: u8) -> Vec<u8> {
    let mut body = bytes("3100 00 00 00100000 0000000000000000");
    body.extend([file; 16]);
    body.extend([0; 17]);
    body
}

pub fn was_read(data: &[u8]) -> Vec<u8> {
    let mut body = bytes("1100 50 00");
    body.extend((data.len() as u32).to_le_bytes());
    body.extend([0; 8]);
    body.extend(data);
    body
}

pub fn was_written(count: u32) -> Vec<u8> {
    [&bytes("1100 0000")[..], &count.to_le_bytes(), &[0; 8]].concat()
}

pub fn close(file: u8) -> Vec<u8> {
    [&bytes("1800 0000 00000000")[..], &[file; 16]].concat()
}

/// A unit of a remote call: kind, call number, what follows the header.
pub fn unit(kind: u8, call: u32, rest: &[u8]) -> Vec<u8> {
    let mut unit = vec![5, 0, kind, 3, 0x10, 0, 0, 0];
    unit.extend((16 + rest.len() as u16).to_le_bytes());
    unit.extend([0, 0]);
    unit.extend(call.to_le_bytes());
    unit.extend(rest);
    unit
}

pub const SVCCTL: &str = "81bb7a36 4498 f135 ad32 98f038001003 02000000";
pub const MAPPER: &str = "0883afe1 1f5d c911 91a4 08002b14a0fa 03000000";

/// A bind of one interface.
pub fn bind(interface: &str) -> Vec<u8> {
    let mut rest = bytes("b810 b810 00000000 01000000 0000 01 00");
    rest.extend(bytes(interface));
    rest.extend(bytes("045d888a eb1c c911 9fe8 08002b104860 02000000"));
    unit(11, 1, &rest)
}

pub fn bind_ack(result: u16) -> Vec<u8> {
    let mut rest = bytes("b810 b810 00000000 0400 31333500 0000 01000000");
    rest.extend(result.to_le_bytes());
    rest.extend([2; 2]);
    rest.extend([0; 20]);
    unit(12, 1, &rest)
}

pub fn request(call: u32, opnum: u16, stub: usize) -> Vec<u8> {
    let mut rest = bytes("00000000 0000");
    rest.extend(opnum.to_le_bytes());
    rest.extend(vec![1; stub]);
    unit(0, call, &rest)
}

pub fn response(call: u32, stub: &[u8]) -> Vec<u8> {
    unit(2, call, &[&bytes("00000000 0000 00 00")[..], stub].concat())
}

/// A login, a pipe on which a service is created, and its end; small enough for a fuzzing seed.
pub fn sample() -> Vec<(bool, Vec<u8>)> {
    vec![
        ask(0, 0, &bytes("2400 0100 0100 0000 00000000")),
        answer(0, 0, 0, &bytes("4100 0300 1103 0000")),
        ask(1, 1, &setup(b"NTLMSSP\0\x01\0\0\0")),
        answer(1, 1, 0xc000_0016, &was_set_up(&challenge())),
        ask(1, 2, &setup(&authenticate("bob", 32))),
        answer(1, 2, 0, &was_set_up(b"")),
        ask(3, 3, &connect(SHARE)),
        answer(3, 3, 0, &bytes("1000 02 00 30000000 00000000 ff011f00")),
        ask(5, 4, &create("svcctl")),
        answer(5, 4, 0, &created(8)),
        ask(9, 5, &write(8, &bind(SVCCTL))),
        answer(9, 5, 0, &was_written(72)),
        ask(8, 6, &read(8)),
        answer(8, 6, 0x103, &bytes("0900 0000 00000000")),
        answer(8, 6, 0, &was_read(&bind_ack(0))),
        ask(9, 7, &write(8, &request(2, 12, 40))),
        answer(9, 7, 0, &was_written(64)),
        ask(8, 8, &read(8)),
        answer(8, 8, 0, &was_read(&response(2, &[0; 4]))),
    ]
}

/// The same over TCP: a bind, a mapped endpoint, a fault.
pub fn calls() -> Vec<(bool, Vec<u8>)> {
    let floors = [
        bytes("0500 1300 0d"),
        bytes("81bb7a36 4498 f135 ad32 98f038001003 0200"),
        bytes("0200 0000 0100 07 0200 c003"),
    ]
    .concat();
    let mut stub = vec![0; 20];
    stub.extend(bytes("01000000 01000000 00000000 01000000 03000000"));
    stub.extend((floors.len() as u32).to_le_bytes());
    stub.extend((floors.len() as u32).to_le_bytes());
    stub.extend(floors);
    vec![
        (true, bind(MAPPER)),
        (false, bind_ack(0)),
        (true, request(2, 3, 60)),
        (false, response(2, &stub)),
        (true, request(3, 9, 4)),
        (
            false,
            unit(3, 3, &bytes("00000000 0000 00 00 0600011c 00000000")),
        ),
    ]
}
