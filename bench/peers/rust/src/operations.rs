//! What a dialer does and how long it takes.

use std::{io, time::Instant};

use futures::{AsyncReadExt, AsyncWriteExt, future::try_join_all};
use libp2p::{Multiaddr, PeerId, multiaddr::Protocol};

use crate::{
    node::Node,
    options::{Operation, Options},
    serve::{ECHO, ECHO_SIZE, PERF, receive, send},
};

pub struct Dialer {
    options: Options,
    address: Multiaddr,
    peer: PeerId,
    node: Node,
    /// Those that hold idle connections.
    idle: Vec<Node>,
}

impl Dialer {
    pub async fn start(options: Options) -> io::Result<Dialer> {
        let address = options.target.clone().expect("a dialer has a target");
        let peer = match address.iter().last() {
            Some(Protocol::P2p(peer)) => peer,
            _ => return Err(io::Error::other("the address has no /p2p")),
        };
        let node = Node::start(options.transport).map_err(io::Error::other)?;
        if matches!(
            options.operation,
            Operation::Throughput | Operation::Request
        ) {
            node.connect(&address).await?;
        }
        Ok(Dialer {
            options,
            address,
            peer,
            node,
            idle: Vec::new(),
        })
    }

    /// Runs the operation once and returns the line that reports it.
    pub async fn run(&mut self, amount: u64) -> io::Result<String> {
        let start = Instant::now();
        let mut times = match self.options.operation {
            Operation::Throughput => self.transfer(amount).await?,
            Operation::Request => self.request(amount).await?,
            Operation::Connect => self.connect(amount, true).await?,
            Operation::Handshakes => self.connect(amount, false).await?,
            Operation::Idle => self.open_idle(amount).await?,
        };
        let wall = start.elapsed().as_nanos();
        times.sort();
        let quantile = |part: usize| times.get(times.len() * part / 100).unwrap_or(&0);
        let (p50, p99) = (quantile(50), quantile(99));
        Ok(format!(
            "{{\"amount\":{amount},\"wall_ns\":{wall},\"p50_ns\":{p50},\"p99_ns\":{p99}}}"
        ))
    }

    async fn transfer(&self, bytes: u64) -> io::Result<Vec<u128>> {
        let streams = self.options.streams;
        let part = |i: u64| bytes / streams + u64::from(i < bytes % streams);
        try_join_all((0..streams).map(|i| {
            spawn(transfer(
                self.node.clone(),
                self.peer,
                part(i),
                self.options.download,
            ))
        }))
        .await?;
        Ok(Vec::new())
    }

    async fn request(&self, count: u64) -> io::Result<Vec<u128>> {
        let streams = self.options.streams;
        let part = |i: u64| count / streams + u64::from(i < count % streams);
        let times = try_join_all(
            (0..streams).map(|i| spawn(requests(self.node.clone(), self.peer, part(i)))),
        )
        .await?;
        Ok(times.concat())
    }

    async fn connect(&self, count: u64, first_byte: bool) -> io::Result<Vec<u128>> {
        let mut times = Vec::new();
        for _ in 0..count {
            let start = Instant::now();
            self.node.connect(&self.address).await?;
            if first_byte {
                echo(&self.node, self.peer).await?;
            }
            times.push(start.elapsed().as_nanos());
            self.node.disconnect(self.peer).await?;
        }
        Ok(times)
    }

    async fn open_idle(&mut self, count: u64) -> io::Result<Vec<u128>> {
        while (self.idle.len() as u64) < count {
            let node = Node::start(self.options.transport).map_err(io::Error::other)?;
            node.connect(&self.address).await?;
            self.idle.push(node);
        }
        Ok(Vec::new())
    }
}

async fn spawn<T: Send + 'static>(
    work: impl Future<Output = io::Result<T>> + Send + 'static,
) -> io::Result<T> {
    tokio::spawn(work).await.map_err(io::Error::other)?
}

async fn transfer(node: Node, peer: PeerId, bytes: u64, download: bool) -> io::Result<()> {
    let mut stream = node.open(peer, PERF).await?;
    let (up, down) = if download { (0, bytes) } else { (bytes, 0) };
    stream.write_all(&down.to_be_bytes()).await?;
    send(&mut stream, up).await?;
    match receive(&mut stream).await? {
        got if got == down => Ok(()),
        got => Err(io::Error::other(format!("{got} bytes came, not {down}"))),
    }
}

async fn requests(node: Node, peer: PeerId, count: u64) -> io::Result<Vec<u128>> {
    let mut times = Vec::new();
    for _ in 0..count {
        let start = Instant::now();
        echo(&node, peer).await?;
        times.push(start.elapsed().as_nanos());
    }
    Ok(times)
}

async fn echo(node: &Node, peer: PeerId) -> io::Result<()> {
    let mut stream = node.open(peer, ECHO).await?;
    let mut message = [7; ECHO_SIZE];
    stream.write_all(&message).await?;
    stream.close().await?;
    stream.read_exact(&mut message).await
}
