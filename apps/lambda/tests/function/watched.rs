//! The same function under a Runtime API that is not ours.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use coach_tests::{has, of_python};
use peers::bedrock::Answers;
use serde_json::json;

use crate::function::{Function, events, json_of, last, plausible, sent, text, until};

/// cargo-lambda, ended by its id.
struct Watch {
    process: Child,
    url: String,
}

impl Drop for Watch {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

impl Watch {
    /// Starts what stands for Lambda in cargo-lambda; nothing if that is not there.
    async fn start() -> Option<Self> {
        let program = of_python("cargo-lambda");
        if !has("cargo-lambda", program.exists()) {
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let process = Command::new(program)
            .args([
                "lambda",
                "watch",
                "--only-lambda-apis",
                "--invoke-address",
                "127.0.0.1",
            ])
            .args(["--invoke-port", &port.to_string()])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let listens = || async {
            tokio::net::TcpStream::connect(("127.0.0.1", port))
                .await
                .is_ok()
        };
        until(listens).await;
        Some(Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_stream_under_the_runtime_api_of_cargo_lambda_too() {
    let Some(watch) = Watch::start().await else {
        return;
    };
    let answers = Answers {
        pace: Duration::from_millis(20),
        ..plausible()
    };
    let mut function = Function::prepared(answers).await;
    function.run(&[
        ("AWS_LAMBDA_RUNTIME_API", &format!("{}/.rt", watch.url)),
        ("AWS_LAMBDA_FUNCTION_NAME", "_"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "4096"),
        // Its requests are none of a Function URL, as far as they tell.
        ("COACH_RESPONSES", "stream"),
    ]);
    function.url = watch.url.clone();
    let conversation = function.conversation().await;
    let answer = function
        .say(&conversation, "How should I warm up for squats?")
        .await;
    assert_eq!(answer.status(), 200, "{}", function.log());
    let turn = answer.headers()["x-turn-id"].to_str().unwrap().to_owned();
    let told = events(answer).await;
    for (at, event) in &told {
        println!(
            "{:>6} ms  {}",
            at.as_millis(),
            event["type"].as_str().unwrap()
        );
    }
    assert_eq!(last(&told)["type"], "complete", "{}", last(&told));
    let times: BTreeSet<_> = told.iter().map(|(at, _)| *at).collect();
    assert!(
        times.len() > told.len() / 2,
        "most came together: {times:?}"
    );
    assert_eq!(last(&told)["aiMessage"]["content"], text(&told));

    let resume = function.request("GET", &format!("{conversation}/stream?turnId={turn}"));
    let resumed = events(resume.send().await.unwrap()).await;
    assert_eq!(text(&resumed), text(&told));
    let stop = function.request("POST", &format!("{conversation}/turns/{turn}/stop"));
    let stopped = json_of(stop.send().await.unwrap()).await;
    assert_eq!(stopped["status"], "alreadyFinished", "{stopped}");
    let send = function.request("POST", &format!("{conversation}/send-message"));
    let said = json_of(sent(send, &json!({ "userResponse": "And lunges?" })).await).await;
    assert_eq!(said["status"], "finished", "{said}");
    let nothing = function.request("GET", "/nowhere").send().await.unwrap();
    assert_eq!(nothing.status(), 404);
    assert_eq!(json_of(nothing).await["code"], "NOT_FOUND");
    let nobody = reqwest::Client::builder().no_proxy().build().unwrap();
    let nobody = nobody
        .get(format!("{}/users/athlete/memories", watch.url))
        .send()
        .await
        .unwrap();
    assert_eq!(nobody.status(), 401);
}
