//! Connections by hand: requests that are sent in pieces, or never whole.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::server::Server;

/// Longer than anything that is waited for here.
const PATIENCE: Duration = Duration::from_secs(60);

/// One connection to a server.
pub(crate) struct Wire(BufReader<TcpStream>);

impl Wire {
    pub(crate) fn to(server: &Server) -> Self {
        let stream = TcpStream::connect(server.base.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    /// Sends these bytes. Whether somebody took them is told by what is read.
    pub(crate) fn send(&mut self, text: &str) {
        _ = self.0.get_mut().write_all(text.as_bytes());
    }

    /// Asks for something and reads the whole answer, on a connection that goes on: its status.
    pub(crate) fn get(&mut self, path: &str) -> u16 {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"));
        let (status, length) = self.head();
        self.0.read_exact(&mut vec![0; length]).unwrap();
        status
    }

    /// Reads the head of an answer: its status, and how long its body is.
    fn head(&mut self) -> (u16, usize) {
        let (mut status, mut length, mut line) = (0, 0, String::new());
        while self.0.read_line(&mut line).unwrap() > 2 {
            let words: Vec<&str> = line.split_whitespace().collect();
            match (words[0], words.get(1)) {
                ("HTTP/1.1", Some(code)) => status = code.parse().unwrap(),
                ("content-length:", Some(bytes)) => length = bytes.parse().unwrap(),
                _ => {}
            }
            line.clear();
        }
        (status, length)
    }

    /// Reads on until these words have come.
    pub(crate) fn until(&mut self, words: &str) -> String {
        let mut text = String::new();
        while !text.contains(words) {
            assert!(
                self.0.read_line(&mut text).unwrap() > 0,
                "it ended before {words}: {text}"
            );
        }
        text
    }

    /// Everything that comes until the connection is closed by the server.
    pub(crate) fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        // A reset closes it, too; what came before is what counts.
        _ = self.0.read_to_end(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    /// Says no more.
    pub(crate) fn hang_up(&self) {
        self.0.get_ref().shutdown(Shutdown::Both).unwrap();
    }
}

/// Holds an answer against what one is told for whom there is no place.
pub(crate) fn assert_is_overloaded(answer: &str) {
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {answer:?}"));
    assert!(head.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(
        head.contains("retry-after: ") && head.contains("x-request-id: "),
        "{answer}"
    );
    let body: Value =
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
    assert_eq!(body["code"], Value::from("OVERLOADED"));
}
