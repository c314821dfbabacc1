//! A second opinion: moto, a DynamoDB in Python, which knows less of it.

use std::net::{TcpListener, TcpStream};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use coach_tests::{has, of_python};
use dynamodb::Table;
use futures::FutureExt;

use super::setup::sdk;

/// The clauses that moto does not keep.
const DIFFERENCES: &[&str] = &[];

/// The clauses that it keeps or not, as chance will have it: a transaction of moto that fails puts
/// back what it has changed, and whoever reads meanwhile sees it half done. DynamoDB shows nobody
/// an item of a transaction that is not done.
const RACES: &[&str] = &["of_bindings_made_at_once_one_of_each_side_wins_whole"];

/// Tries each clause, and names those that do not hold.
macro_rules! broken {
    ($module:path, $make:expr; $($clause:ident)*) => {{
        use $module as clauses;
        let (mut broken, mut held) = (Vec::new(), 0);
        $(
            let store = $make.await;
            match AssertUnwindSafe(clauses::$clause(&store)).catch_unwind().await {
                Ok(()) => held += 1,
                Err(_) => broken.push(stringify!($clause)),
            }
        )*
        (broken, held)
    }};
}

#[tokio::test]
async fn moto_keeps_the_contracts_but_for_a_few_clauses() {
    let program = of_python("moto_server");
    if !has(
        "moto_server of tests/python/requirements.txt in target/python",
        program.is_file(),
    ) {
        return;
    }
    let moto = Moto::start(&program);
    let table = moto.table().await;
    let (mut broken, of_messages) =
        ports::message_store_conformance! { broken; async { table.messages() } };
    let (more, of_records) = ports::record_store_conformance! { broken; async { table.records() } };
    broken.extend(more);
    println!(
        "moto keeps {} clauses, and {broken:?} not",
        of_messages + of_records
    );
    broken.retain(|clause| !RACES.contains(clause));
    assert_eq!(broken, DIFFERENCES);
}

struct Moto {
    process: Child,
    port: u16,
}

impl Moto {
    fn start(program: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let process = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, port }
    }

    async fn table(&self) -> Table {
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                let settings = dynamodb::Settings {
                    endpoint: Some(format!("http://127.0.0.1:{}", self.port)),
                    attempt: Duration::from_secs(20),
                    ..dynamodb::Settings::default()
                };
                let table = settings.open(&sdk("eu-central-1"));
                table.create().await.unwrap();
                return table;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("moto does not listen on port {}", self.port);
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
