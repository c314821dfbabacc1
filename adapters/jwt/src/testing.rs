//! Keys, a clock and an endpoint for the tests.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Timestamp;
use ports::Clock;
use serde_json::{Value, json};

use crate::issuer::public_parts;

pub(crate) const NOW: Timestamp = Timestamp(1_795_200_000_000);

pub(crate) static KEY: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
pub(crate) static OTHER: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

pub(crate) fn jwk(kid: &str, key: &RsaKeyPair) -> Value {
    let (n, e) = public_parts(key);
    json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e})
}

/// Signs whatever it is given, proper or not.
pub(crate) fn sign(key: &RsaKeyPair, signed: &str) -> String {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A clock that is moved by hand.
pub(crate) struct HandClock(AtomicU64);

impl HandClock {
    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.set(self.now() + time);
    }
}

impl Default for HandClock {
    fn default() -> Self {
        Self(AtomicU64::new(NOW.0))
    }
}

#[async_trait]
impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    async fn sleep_until(&self, _deadline: Timestamp) {
        std::future::pending().await
    }
}

pub(crate) fn response(status: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// An HTTP server on loopback that answers its nth request with what the script says for n.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    asked: Arc<AtomicUsize>,
}

impl Endpoint {
    pub(crate) fn new(script: impl Fn(usize) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let mut socket = BufReader::new(socket.unwrap());
                let mut line = String::new();
                while socket.read_line(&mut line).unwrap_or(0) > 2 {
                    line.clear();
                }
                if line == "\r\n" {
                    let answer = script(count.fetch_add(1, Ordering::SeqCst));
                    // The client may have hung up: it does, on what is too long.
                    _ = socket.get_mut().write_all(&answer);
                }
            }
        });
        Self { url, asked }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
