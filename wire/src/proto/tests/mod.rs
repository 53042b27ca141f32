//! Tests of the protocol layer: hand-made messages, noise, damage, and real captures where they are at hand.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "tests make small numbers of their own"
)]

mod captures;
mod corpus;
mod dhcp;
mod dhcpv6;
mod dialogues;
mod dns;
mod dtls;
mod frames;
mod ftp;
mod http;
mod icmp;
mod iec104;
mod imap;
mod kerberos;
mod ldap;
mod logins;
mod modbus;
mod ndp;
mod ntp;
mod pop3;
mod quic;
mod rdp;
mod recognition;
mod robust;
mod signatures;
mod small;
mod smb;
mod smb_messages;
mod smtp;
mod snmp;
mod ssh;
mod stream;
mod talk;
mod telnet;
mod tls;
mod walk;
