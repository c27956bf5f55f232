//! What a listener answers: perf, and echoes of 64 bytes.

use std::io;

use futures::{AsyncReadExt, AsyncWriteExt};
use libp2p::{Stream, StreamProtocol};

pub const PERF: StreamProtocol = StreamProtocol::new("/perf/1.0.0");
pub const ECHO: StreamProtocol = StreamProtocol::new("/bench/echo/1.0.0");
pub const PROTOCOLS: [StreamProtocol; 2] = [PERF, ECHO];

pub const CHUNK: usize = 64 * 1024;
pub const ECHO_SIZE: usize = 64;

/// A stream that fails is dropped, and so reset.
pub async fn serve(protocol: StreamProtocol, stream: Stream) {
    let _ = if protocol == PERF {
        serve_perf(stream).await
    } else {
        serve_echo(stream).await
    };
}

async fn serve_perf(mut stream: Stream) -> io::Result<()> {
    let mut header = [0; 8];
    stream.read_exact(&mut header).await?;
    receive(&mut stream).await?;
    send(&mut stream, u64::from_be_bytes(header)).await
}

async fn serve_echo(mut stream: Stream) -> io::Result<()> {
    let mut message = [0; ECHO_SIZE];
    stream.read_exact(&mut message).await?;
    stream.write_all(&message).await?;
    stream.close().await
}

/// Sends zeros and ends our half.
pub async fn send(stream: &mut Stream, mut count: u64) -> io::Result<()> {
    let zeros = vec![0; CHUNK];
    while count > 0 {
        let size = count.min(CHUNK as u64);
        stream.write_all(&zeros[..size as usize]).await?;
        count -= size;
    }
    stream.close().await
}

/// Reads to the end and says how much there was.
pub async fn receive(stream: &mut Stream) -> io::Result<u64> {
    let mut buffer = vec![0; CHUNK];
    let mut got = 0;
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(got),
            size => got += size as u64,
        }
    }
}
