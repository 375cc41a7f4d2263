//! Serving: connections, and how they end.

use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How long a client may take to send a request's head, and how long a connection may wait for its next request: longer
/// than proxies keep idle connections, so that they end them and not we, just as the next request comes.
const HEAD_PATIENCE: Duration = Duration::from_secs(75);
/// How long accepting pauses when the process has no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `ended`. Then no connection is accepted, idle ones are closed, requests under way are finished, and what is
/// not finished after `grace` is cut. Says whether all were finished.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    ended: impl Future<Output = ()>,
    grace: Duration,
) -> bool {
    // The sender's receivers are the connections: it knows when the last one is gone.
    let (ending, watched) = watch::channel(());
    tokio::pin!(ended);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(connection(stream, router.clone(), watched.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            () = &mut ended => break,
        }
    }
    drop(listener);
    drop(watched);
    ending.send_replace(());
    tokio::time::timeout(grace, ending.closed()).await.is_ok()
}

async fn connection(stream: TcpStream, router: Router, mut ending: watch::Receiver<()>) {
    // The last piece of an answer does not wait for the client to acknowledge those before.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let service = TowerToHyperService::new(router);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE);
    let served = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::pin!(served);
    let result = tokio::select! {
        result = &mut served => result,
        _ = ending.changed() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;

    use super::*;

    /// Serves one answer, which takes `work`, and sends `head` to it. Says whether all was finished, and what came back.
    async fn ended_while(head: &str, work: Duration, grace: Duration) -> (bool, String) {
        let router = Router::new().route(
            "/",
            get(move || async move {
                tokio::time::sleep(work).await;
                "done"
            }),
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel::<()>();
        let serving = tokio::spawn(serve(listener, router, async { drop(ended.await) }, grace));
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(head.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        end.send(()).unwrap();
        let finished = serving.await.unwrap();
        let mut answer = String::new();
        if finished {
            client.read_to_string(&mut answer).await.unwrap();
        }
        (finished, answer)
    }

    #[tokio::test]
    async fn a_request_under_way_is_finished() {
        let head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let (finished, answer) = ended_while(head, Duration::from_millis(200), Duration::from_secs(20)).await;
        assert!(finished && answer.ends_with("done"), "{answer}");
    }

    #[tokio::test]
    async fn an_idle_connection_delays_nothing() {
        assert!(ended_while("", Duration::ZERO, Duration::from_secs(20)).await.0);
    }

    #[tokio::test]
    async fn half_a_request_delays_the_end_no_longer_than_the_grace() {
        let (finished, _) = ended_while("GET / HTTP/1.1\r\nHo", Duration::ZERO, Duration::from_millis(100)).await;
        assert!(!finished);
    }
}
