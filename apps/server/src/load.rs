//! Loading what all users find.

use std::path::PathBuf;
use std::sync::Arc;

use assembly::{Assembly, IndexKind, Own, PartsArgs, StartError};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use pinecone::Shared;
use ports::Clock;
use system_clock::SystemClock;

#[derive(Debug, Args)]
pub(crate) struct MethodologyArgs {
    /// The folder: every *.md below it. What the index held of others is removed.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) parts: PartsArgs,
}

/// Loads a folder into the index that all users share; what it has done.
pub(crate) async fn methodology(args: &MethodologyArgs) -> Result<String, StartError> {
    match args.parts.index {
        IndexKind::Pinecone => {}
        IndexKind::Lexical => {
            return Err(StartError::Unsuited(
                "--index lexical (COACH_INDEX) does not last: `index methodology` is for --index \
                pinecone, and a server with --index lexical reads a folder at each start \
                (--methodology, COACH_METHODOLOGY)",
            ));
        }
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let own = Own::default();
    let index = Assembly::new(&args.parts, &clock, &own).pinecone().await?;
    let entries = methodology::read(&args.folder)?;
    if let Some(trouble) = index.check.await.troubles.into_iter().next() {
        return Err(StartError::Index(trouble));
    }
    let bar = ProgressBar::new(0).with_style(style());
    let loaded = index.ports.share(&entries, |progress| {
        bar.set_length(progress.of as u64);
        bar.set_position(progress.done as u64);
    });
    let loaded = loaded.await;
    bar.finish_and_clear();
    let Shared {
        kept,
        added,
        removed,
    } = loaded.map_err(StartError::Load)?;
    Ok(format!(
        "{} pieces are shared: {added} new, {kept} as before; {removed} were removed",
        kept + added
    ))
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} pieces, {eta} left");
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}
