//! The command line; ../../README.md says what it means.

use std::str::FromStr;

use libp2p::Multiaddr;

pub const USAGE: &str = "usage:
  rust_peer listen --transport TRANSPORT [--address IP] [--port N]
  rust_peer dial --transport TRANSPORT --address MULTIADDR --op OPERATION [--bytes N] [--count N] [--streams K]
                 [--direction up|down] [--each-line]
TRANSPORT is tcp-noise, tcp-tls, quic or ws; OPERATION is throughput, request, connect, handshakes or idle";

#[derive(Clone, Copy, PartialEq)]
pub enum Transport {
    TcpNoise,
    TcpTls,
    Quic,
    Ws,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Operation {
    Throughput,
    Request,
    Connect,
    Handshakes,
    Idle,
}

#[derive(Clone)]
pub struct Options {
    pub listen: bool,
    pub transport: Transport,
    pub ip: String,
    pub port: u16,
    pub target: Option<Multiaddr>,
    pub operation: Operation,
    /// Bytes of a transfer, or the number of requests or connections.
    pub amount: u64,
    pub streams: u64,
    pub download: bool,
    pub each_line: bool,
}

impl Options {
    pub fn listen_address(&self) -> Multiaddr {
        let Options { ip, port, .. } = self;
        let text = match self.transport {
            Transport::TcpNoise | Transport::TcpTls => format!("/ip4/{ip}/tcp/{port}"),
            Transport::Quic => format!("/ip4/{ip}/udp/{port}/quic-v1"),
            Transport::Ws => format!("/ip4/{ip}/tcp/{port}/ws"),
        };
        text.parse().expect("the address is an IPv4 address")
    }

    pub fn read(mut words: impl Iterator<Item = String>) -> Option<Options> {
        let listen = match words.next()?.as_str() {
            "listen" => true,
            "dial" => false,
            _ => return None,
        };
        let mut options = Options {
            listen,
            transport: Transport::TcpNoise,
            ip: "127.0.0.1".to_string(),
            port: 0,
            target: None,
            operation: Operation::Throughput,
            amount: 1,
            streams: 1,
            download: false,
            each_line: false,
        };
        while let Some(flag) = words.next() {
            match flag.as_str() {
                "--each-line" => options.each_line = true,
                name => options.set(name, &words.next()?)?,
            }
        }
        (listen || options.target.is_some()).then_some(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "--transport" => self.transport = transport(value)?,
            "--address" if self.listen => self.ip = value.to_string(),
            "--address" => self.target = Some(number(value)?),
            "--port" => self.port = number(value)?,
            "--op" => self.operation = operation(value)?,
            "--bytes" | "--count" => self.amount = number(value)?,
            "--streams" => self.streams = number(value)?,
            "--direction" => self.download = value == "down",
            _ => return None,
        }
        Some(())
    }
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn transport(name: &str) -> Option<Transport> {
    Some(match name {
        "tcp-noise" => Transport::TcpNoise,
        "tcp-tls" => Transport::TcpTls,
        "quic" => Transport::Quic,
        "ws" => Transport::Ws,
        _ => return None,
    })
}

fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "throughput" => Operation::Throughput,
        "request" => Operation::Request,
        "connect" => Operation::Connect,
        "handshakes" => Operation::Handshakes,
        "idle" => Operation::Idle,
        _ => return None,
    })
}
