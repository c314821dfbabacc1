//! Bedrock, as all that are measured ask it: a process of its own, whose replies are as it is told.

use std::error::Error;
use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use peers::bedrock::{Answers, Bedrock, Request, Script, Step};

use crate::tokens;

/// How its replies are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manner {
    /// How many tokens each has.
    pub(crate) tokens: u32,
    /// How long it takes from one to the next.
    pub(crate) pace: Duration,
}

impl Manner {
    /// As one line, for the process.
    pub(crate) fn line(self) -> String {
        format!("{} {}\n", self.tokens, self.pace.as_micros())
    }

    fn read(line: &str) -> Option<Self> {
        let (tokens, pace) = line.trim().split_once(' ')?;
        Some(Self {
            tokens: tokens.parse().ok()?,
            pace: Duration::from_micros(pace.parse().ok()?),
        })
    }
}

/// Runs it: tells where it is, then takes a line for each change of manner and answers it with an
/// empty one, until there are no more.
pub(crate) async fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    let manner = Arc::new(Mutex::new(Manner {
        tokens: 1,
        pace: Duration::ZERO,
    }));
    let replies = AtomicU64::new(1);
    let answers = Answers::plausible();
    let current = manner.clone();
    let peer = Bedrock::start(move |request| {
        let manner = *current.lock().unwrap_or_else(PoisonError::into_inner);
        answer(&answers, request, || {
            (manner, replies.fetch_add(1, Ordering::Relaxed))
        })
    })
    .await?;
    println!("{}", peer.url());
    tokio::task::spawn_blocking(move || obey(&manner)).await?
}

fn answer(answers: &Answers, request: &Request, next: impl Fn() -> (Manner, u64)) -> Script {
    if request.form().is_some() {
        return answers.script(request);
    }
    let (manner, reply) = next();
    let mut steps = Vec::new();
    for number in 0..manner.tokens {
        if !manner.pace.is_zero() {
            steps.push(Step::Pause(manner.pace));
        }
        steps.push(Step::Timed(tokens::token(reply, number)));
    }
    steps.extend([
        Step::Stop("end_turn"),
        Step::Usage([100, manner.tokens, 0, 0]),
    ]);
    Script::Play(steps)
}

fn obey(manner: &Mutex<Manner>) -> Result<(), Box<dyn Error + Send + Sync>> {
    for line in std::io::stdin().lock().lines() {
        let told = Manner::read(&line?).ok_or("a manner is two numbers")?;
        *manner.lock().unwrap_or_else(PoisonError::into_inner) = told;
        println!();
        std::io::stdout().flush()?;
    }
    Ok(())
}
