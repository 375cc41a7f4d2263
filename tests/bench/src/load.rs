//! Load: requests over kept connections, as fast as they are answered.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Fallible;
use crate::request::Random;

/// A server, what it is asked, and what it has to answer.
#[derive(Clone)]
pub(crate) struct Side {
    address: SocketAddr,
    /// As they go over the wire.
    requests: Arc<[Vec<u8>]>,
    /// The body for each request.
    expected: Arc<[Vec<u8>]>,
}

/// What came of a round.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Round {
    pub responses: u64,
    /// How many of them were not the expected ones, byte by byte.
    pub errors: u64,
    elapsed: Duration,
}

impl Round {
    /// A round of something else than responses.
    pub(crate) fn of(count: u64, elapsed: Duration) -> Self {
        Round { responses: count, errors: 0, elapsed }
    }

    /// Right responses per second.
    pub(crate) fn rate(&self) -> f64 {
        self.responses.saturating_sub(self.errors) as f64 / self.elapsed.as_secs_f64()
    }
}

impl Side {
    pub(crate) fn new(address: SocketAddr, requests: Vec<Vec<u8>>) -> Self {
        Side { address, requests: requests.into(), expected: Arc::new([]) }
    }

    pub(crate) fn expecting(self, answers: Vec<Vec<u8>>) -> Self {
        Side { expected: answers.into(), ..self }
    }

    pub(crate) fn expected(&self) -> &[Vec<u8>] {
        &self.expected
    }

    /// The body for each request, asked once, one after the other.
    pub(crate) async fn answers(&self) -> Fallible<Vec<Vec<u8>>> {
        let mut connection = Connection::open(self.address).await?;
        let mut answers = Vec::with_capacity(self.requests.len());
        for request in self.requests.iter() {
            answers.push(connection.exchange(request).await?.to_vec());
        }
        Ok(answers)
    }

    /// Asks at random for `length` over so many connections.
    pub(crate) async fn round(&self, connections: usize, length: Duration) -> Round {
        let begun = Instant::now();
        let mut asking = JoinSet::new();
        for _ in 0..connections {
            asking.spawn(self.clone().ask(Random::new(), begun + length));
        }
        let mut round = Round::default();
        while let Some(asked) = asking.join_next().await {
            match asked {
                Ok(asked) => {
                    round.responses += asked.responses;
                    round.errors += asked.errors;
                }
                Err(_) => round.errors += 1,
            }
        }
        round.elapsed = begun.elapsed();
        round
    }

    async fn ask(self, mut random: Random, until: Instant) -> Round {
        let mut round = Round::default();
        let mut connection = None;
        while Instant::now() < until {
            let index = random.below(self.requests.len());
            let (Some(request), Some(expected)) = (self.requests.get(index), self.expected.get(index)) else { break };
            let is_right = is_right(self.address, &mut connection, request, expected).await.unwrap_or(false);
            round.responses += 1;
            if !is_right {
                round.errors += 1;
                // A connection that failed is not to be read from again.
                connection = None;
            }
        }
        round
    }
}

async fn is_right(
    address: SocketAddr,
    connection: &mut Option<Connection>,
    request: &[u8],
    expected: &[u8],
) -> io::Result<bool> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(Connection::open(address).await?),
    };
    Ok(connection.exchange(request).await? == expected)
}

/// HTTP/1.1 as far as both servers speak it: a head, and a body of the length it says.
struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, received: Vec::with_capacity(64 * 1024) })
    }

    /// The body that answers a request. Another status than 200 is an error.
    async fn exchange(&mut self, request: &[u8]) -> io::Result<&[u8]> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let (start, end) = loop {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(body) = body_of(&self.received)? {
                break body;
            }
        };
        while self.received.len() < end {
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.received.get(start..end).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// Where the body begins and ends, once the head is there.
fn body_of(received: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let Some(end) = memchr::memmem::find(received, b"\r\n\r\n") else { return Ok(None) };
    let head = received.get(..end).and_then(|head| std::str::from_utf8(head).ok()).unwrap_or_default();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse::<usize>().ok());
    match length {
        Some(length) if head.starts_with("HTTP/1.1 200 ") => Ok(Some((end + 4, end + 4 + length))),
        _ => Err(io::Error::other(String::from_utf8_lossy(received).into_owned())),
    }
}
