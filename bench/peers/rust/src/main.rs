//! A rust-libp2p node for the benchmarks; flags and output are those of ../../README.md.

mod node;
mod operations;
mod options;
mod serve;
mod streams;

use std::io::{self, Write};

use options::Options;
use tokio::io::{AsyncBufReadExt, BufReader};

#[tokio::main]
async fn main() {
    let Some(options) = Options::read(std::env::args().skip(1)) else {
        eprintln!("{}", options::USAGE);
        std::process::exit(2);
    };
    // The main thread would not be one of the runtime's own.
    let work = tokio::spawn(async move {
        match options.listen {
            true => listen(options).await,
            false => dial(options).await,
        }
    });
    if let Err(error) = work.await.map_err(io::Error::other).and_then(|done| done) {
        eprintln!("rust_peer: {error}");
        std::process::exit(1);
    }
}

fn say(line: &str) -> io::Result<()> {
    println!("{line}");
    io::stdout().flush()
}

async fn listen(options: Options) -> io::Result<()> {
    let node = node::Node::start(options.transport).map_err(io::Error::other)?;
    let address = node.listen(options.listen_address()).await?;
    say(&format!("{{\"address\":\"{address}\"}}"))?;
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while lines.next_line().await?.is_some() {
        say(&format!(
            "{{\"connections\":{}}}",
            node.connections().await?
        ))?;
    }
    Ok(())
}

async fn dial(options: Options) -> io::Result<()> {
    let (amount, each_line) = (options.amount, options.each_line);
    let mut dialer = operations::Dialer::start(options).await?;
    if !each_line {
        return say(&dialer.run(amount).await?);
    }
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let amount = line.trim().parse().map_err(io::Error::other)?;
        say(&dialer.run(amount).await?)?;
    }
    Ok(())
}
