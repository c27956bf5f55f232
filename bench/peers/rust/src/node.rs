//! A libp2p node with stock settings, and the task that drives it.

use std::{collections::HashMap, error::Error, io, time::Duration};

use futures::{StreamExt, channel::oneshot};
use libp2p::{
    Multiaddr, PeerId, Stream, StreamProtocol, Swarm, Transport as _, identify,
    multiaddr::Protocol,
    noise,
    swarm::{ConnectionId, NetworkBehaviour, SwarmEvent, dial_opts::DialOpts},
    tcp, tls, websocket, yamux,
};
use tokio::sync::mpsc;

use crate::{
    options::Transport,
    streams::{Behaviour, Reply},
};

const FOREVER: Duration = Duration::from_secs(24 * 3600);

type Failure = Box<dyn Error + Send + Sync>;

#[derive(NetworkBehaviour)]
struct Behaviours {
    identify: identify::Behaviour,
    streams: Behaviour,
}

enum Command {
    Connect(Multiaddr, oneshot::Sender<io::Result<()>>),
    Open(PeerId, StreamProtocol, Reply),
    Disconnect(PeerId, oneshot::Sender<()>),
    Listen(Multiaddr, oneshot::Sender<Multiaddr>),
    Count(oneshot::Sender<usize>),
}

/// A handle to the node; the node ends with its last handle.
#[derive(Clone)]
pub struct Node(mpsc::UnboundedSender<Command>);

impl Node {
    pub fn start(transport: Transport) -> Result<Node, Failure> {
        let swarm = make_swarm(transport)?;
        let (sender, commands) = mpsc::unbounded_channel();
        tokio::spawn(Driver::new(swarm).run(commands));
        Ok(Node(sender))
    }

    /// The address with its real port and our PeerID.
    pub async fn listen(&self, address: Multiaddr) -> io::Result<Multiaddr> {
        self.ask(|reply| Command::Listen(address, reply)).await
    }

    /// Until the connection is secured and multiplexed.
    pub async fn connect(&self, address: &Multiaddr) -> io::Result<()> {
        self.ask(|reply| Command::Connect(address.clone(), reply))
            .await?
    }

    pub async fn open(&self, peer: PeerId, protocol: StreamProtocol) -> io::Result<Stream> {
        self.ask(|reply| Command::Open(peer, protocol, reply))
            .await?
    }

    /// Until the connection is closed.
    pub async fn disconnect(&self, peer: PeerId) -> io::Result<()> {
        self.ask(|reply| Command::Disconnect(peer, reply)).await
    }

    pub async fn connections(&self) -> io::Result<usize> {
        self.ask(Command::Count).await
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> io::Result<T> {
        let (reply, answer) = oneshot::channel();
        self.0.send(command(reply)).map_err(io::Error::other)?;
        answer.await.map_err(io::Error::other)
    }
}

fn make_swarm(transport: Transport) -> Result<Swarm<Behaviours>, Failure> {
    let builder = libp2p::SwarmBuilder::with_new_identity().with_tokio();
    // Each step of the builder has a type of its own, so the rest of them stands here four times.
    macro_rules! finish {
        ($builder:expr) => {
            $builder
                .with_behaviour(|key| Behaviours {
                    identify: identify::Behaviour::new(identify::Config::new(
                        "bench/1.0.0".to_string(),
                        key.public(),
                    )),
                    streams: Behaviour::default(),
                })?
                .with_swarm_config(|config| {
                    config
                        .with_idle_connection_timeout(FOREVER)
                        .with_max_negotiating_inbound_streams(1024)
                })
                .build()
        };
    }
    let config = tcp::Config::default;
    Ok(match transport {
        Transport::TcpNoise => {
            finish!(builder.with_tcp(config(), noise::Config::new, yamux::Config::default)?)
        }
        Transport::TcpTls => {
            finish!(builder.with_tcp(config(), tls::Config::new, yamux::Config::default)?)
        }
        Transport::Quic => finish!(builder.with_quic()),
        Transport::Ws => finish!(builder.with_other_transport(|key| {
            let security = noise::Config::new(key)?;
            Ok::<_, Failure>(
                websocket::Config::new(tcp::tokio::Transport::new(config()))
                    .upgrade(libp2p::core::upgrade::Version::V1Lazy)
                    .authenticate(security)
                    .multiplex(yamux::Config::default()),
            )
        })?),
    })
}

/// Whoever asked may not want to know any more.
fn tell<T>(reply: oneshot::Sender<T>, answer: T) {
    let _ = reply.send(answer);
}

struct Driver {
    swarm: Swarm<Behaviours>,
    dialing: HashMap<ConnectionId, oneshot::Sender<io::Result<()>>>,
    closing: HashMap<PeerId, oneshot::Sender<()>>,
    listening: Option<oneshot::Sender<Multiaddr>>,
}

impl Driver {
    fn new(swarm: Swarm<Behaviours>) -> Self {
        Driver {
            swarm,
            dialing: HashMap::new(),
            closing: HashMap::new(),
            listening: None,
        }
    }

    async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                event = self.swarm.select_next_some() => self.note(event),
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Connect(address, reply) => {
                let options = DialOpts::from(address);
                let id = options.connection_id();
                match self.swarm.dial(options) {
                    Ok(()) => drop(self.dialing.insert(id, reply)),
                    Err(error) => tell(reply, Err(io::Error::other(error))),
                }
            }
            Command::Open(peer, protocol, reply) => {
                self.swarm
                    .behaviour_mut()
                    .streams
                    .open(peer, protocol, reply);
            }
            Command::Disconnect(peer, reply) => match self.swarm.disconnect_peer_id(peer) {
                Ok(()) => drop(self.closing.insert(peer, reply)),
                Err(()) => tell(reply, ()),
            },
            Command::Listen(address, reply) => {
                self.listening = Some(reply);
                if let Err(error) = self.swarm.listen_on(address) {
                    eprintln!("rust_peer: {error}");
                    self.listening = None;
                }
            }
            Command::Count(reply) => {
                let count = self.swarm.network_info().num_peers();
                tell(reply, count);
            }
        }
    }

    fn note(&mut self, event: SwarmEvent<BehavioursEvent>) {
        match event {
            SwarmEvent::NewListenAddr { address, .. } => {
                if let Some(reply) = self.listening.take() {
                    let peer = *self.swarm.local_peer_id();
                    tell(reply, address.with(Protocol::P2p(peer)));
                }
            }
            SwarmEvent::ConnectionEstablished { connection_id, .. } => {
                if let Some(reply) = self.dialing.remove(&connection_id) {
                    tell(reply, Ok(()));
                }
            }
            SwarmEvent::OutgoingConnectionError {
                connection_id,
                error,
                ..
            } => {
                if let Some(reply) = self.dialing.remove(&connection_id) {
                    tell(reply, Err(io::Error::other(error)));
                }
            }
            SwarmEvent::ConnectionClosed {
                peer_id,
                num_established: 0,
                ..
            } => {
                if let Some(reply) = self.closing.remove(&peer_id) {
                    tell(reply, ());
                }
            }
            _ => {}
        }
    }
}
