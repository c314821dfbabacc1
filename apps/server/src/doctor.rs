//! Whether each part that the settings name is there and can be used.

use std::io::Write;
use std::sync::Arc;

use assembly::{Assembly, Found, Own, Part, PartsArgs, StartError, Trust};
use clap::Args;
use ports::Clock;
use system_clock::SystemClock;

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    pub(crate) parts: PartsArgs,
    #[command(flatten)]
    pub(crate) trust: Trust,
}

/// Says of each part whether it is well, and if not what to do. Whether all are.
pub(crate) async fn examine(args: &DoctorArgs, own: &Own) -> bool {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let assembly = Assembly::new(&args.parts, &clock, own);
    let findings = [
        ("model", examined(assembly.model().await).await),
        ("store", examined(assembly.store().await).await),
        ("index", examined(assembly.index().await).await),
        (
            "tokens",
            Finding {
                about: args.trust.about(),
                found: args.trust.check(&clock).await.into(),
            },
        ),
    ];
    let mut said = String::new();
    for (
        name,
        Finding {
            about,
            found: Found { troubles, notes },
        },
    ) in &findings
    {
        said.push_str(&format!(
            "{} {name:<7} {about}\n",
            if troubles.is_empty() {
                "ok   "
            } else {
                "wrong"
            }
        ));
        for sentence in troubles.iter().chain(notes) {
            said.push_str(&format!("              {sentence}\n"));
        }
    }
    _ = std::io::stdout().write_all(said.as_bytes());
    findings
        .iter()
        .all(|(_, finding)| finding.found.troubles.is_empty())
}

struct Finding {
    about: String,
    found: Found,
}

async fn examined<T>(part: Result<Part<T>, StartError>) -> Finding {
    match part {
        Ok(part) => Finding {
            about: part.about,
            found: part.check.await,
        },
        Err(error) => Finding {
            about: "not set up".to_owned(),
            found: vec![error.to_string()].into(),
        },
    }
}
