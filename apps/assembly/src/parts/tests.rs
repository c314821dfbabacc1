use clap::Parser;
use system_clock::SystemClock;

use super::*;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    parts: PartsArgs,
}

const KEY: Option<&str> = Some("pcsk_canary");
const HOST: &str = "--pinecone-host=coach-1.svc.pinecone.io";

fn parts(options: &[&str]) -> PartsArgs {
    Line::try_parse_from(["test"].iter().chain(options))
        .unwrap()
        .parts
}

/// What is said to these settings: the first part that cannot be made, or what all parts are.
async fn said(options: &[&str], key: Option<&str>) -> String {
    let args = parts(options);
    let (pinecone_key, clock) = (key.map(str::to_owned), Arc::new(SystemClock));
    let assembly = Assembly {
        args: &args,
        pinecone_key,
        aws: Aws::new(&args.aws),
        clock,
        own: &Own::default(),
    };
    let made = async {
        let (model, store) = (assembly.model().await?.about, assembly.store().await?.about);
        Ok::<_, StartError>(format!(
            "{model} | {store} | {}",
            assembly.index().await?.about
        ))
    };
    made.await.unwrap_or_else(|error| error.to_string())
}

const PINECONE: &str = "--index=pinecone";

const WRONG: &[(&[&str], Option<&str>, &str)] = &[
    (
        &[PINECONE],
        KEY,
        "--index pinecone (COACH_INDEX) needs the host of the index: --pinecone-host, \
            COACH_PINECONE_HOST",
    ),
    (
        &[PINECONE, HOST],
        None,
        "--index pinecone (COACH_INDEX) needs the key of the index, in the environment: \
            COACH_PINECONE_KEY",
    ),
    (
        &[PINECONE, HOST],
        Some(" "),
        "COACH_PINECONE_KEY cannot be used: the index's key is empty, or has characters that a \
            header cannot hold",
    ),
    (
        &[PINECONE, "--pinecone-host=http://coach-1.svc.pinecone.io"],
        KEY,
        "--pinecone-host (COACH_PINECONE_HOST) cannot be used: the index's host must be \
            reached by https; only this machine itself may be without",
    ),
    (
        &[PINECONE, HOST, "--methodology=docs"],
        KEY,
        "--methodology (COACH_METHODOLOGY) is for --index lexical: what Pinecone holds is \
            loaded once, by `coach-server index methodology DIR`",
    ),
    (
        &["--methodology=/none"],
        None,
        "the methodology cannot be used: /none cannot be read: No such file or directory (os \
            error 2)",
    ),
    #[cfg(not(feature = "aws"))]
    (
        &["--llm=bedrock"],
        None,
        "--llm bedrock (COACH_LLM) needs AWS, and this coach-server is built without it: build \
            it with --features aws",
    ),
    #[cfg(not(feature = "aws"))]
    (
        &["--store=dynamodb"],
        None,
        "--store dynamodb (COACH_STORE) needs AWS, and this coach-server is built without it: \
            build it with --features aws",
    ),
    #[cfg(not(feature = "aws"))]
    (
        &[PINECONE, HOST, "--embedder=bedrock"],
        KEY,
        "--embedder bedrock (COACH_EMBEDDER) needs AWS, and this coach-server is built without \
            it: build it with --features aws",
    ),
];

#[tokio::test]
async fn each_wrong_or_missing_setting_is_named_in_one_sentence() {
    for (options, key, sentence) in WRONG {
        assert_eq!(said(options, *key).await, *sentence, "{options:?}");
    }
}

#[tokio::test]
async fn each_part_is_chosen_alone() {
    let offline = "rehearsal: offline, 30 ms a word | memory: gone when the server ends";
    assert_eq!(
        said(&[], None).await,
        format!("{offline} | lexical: gone when the server ends")
    );
    let pinecone = said(
        &["--index=pinecone", HOST, "--embedding-dimensions=256"],
        KEY,
    )
    .await;
    assert_eq!(
        pinecone,
        format!("{offline} | pinecone: coach-1.svc.pinecone.io, vectors by hashing, 256 numbers")
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.md"), "Rest well.").unwrap();
    let methodology = said(&["--methodology", folder.path().to_str().unwrap()], None).await;
    assert_eq!(
        methodology,
        format!("{offline} | lexical: gone when the server ends; 1 pieces of methodology")
    );
}

#[tokio::test]
async fn a_rehearsal_makes_mistakes_only_if_it_is_told_to() {
    for (options, mistaken) in [
        (&[][..], false),
        (&["--rehearsal-mistakes"], true),
        (&["--rehearsal-mistakes=true"], true),
        (&["--rehearsal-mistakes=false"], false),
    ] {
        assert_eq!(
            said(options, None)
                .await
                .contains("a word, with mistakes |"),
            mistaken,
            "{options:?}"
        );
    }
}

#[tokio::test]
async fn a_store_in_memory_has_no_table() {
    let error = create_table(&parts(&[])).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`table create` is for --store dynamodb"),
        "{error}"
    );
}

#[cfg(feature = "aws")]
#[test]
fn a_second_model_is_tried_only_where_there_is_one() {
    let second = "--second-reply-model=m";
    assert!(parts(&["--llm=bedrock", second]).has_second_model());
    assert!(!parts(&["--llm=bedrock"]).has_second_model());
    assert!(!parts(&[second]).has_second_model());
}

#[cfg(feature = "aws")]
#[test]
fn a_guardrail_has_an_id_and_a_version() {
    let guardrail = |text: &str| {
        Line::try_parse_from(["test", "--guardrail", text])
            .ok()?
            .parts
            .aws
            .guardrail
    };
    let found = guardrail("abc:DRAFT").unwrap();
    assert_eq!(
        (found.id.as_str(), found.version.as_str()),
        ("abc", "DRAFT")
    );
    for bad in ["abc", ":1", "abc:"] {
        assert!(guardrail(bad).is_none(), "{bad}");
    }
}

#[test]
fn a_cosine_is_from_0_to_1() {
    assert_eq!(cosine("0.25"), Ok(0.25));
    for bad in ["1.1", "-0.1", "NaN", "inf", "x"] {
        assert!(cosine(bad).is_err(), "{bad}");
    }
}

#[test]
fn no_option_takes_the_key() {
    let help = <Line as clap::CommandFactory>::command()
        .render_long_help()
        .to_string();
    assert!(help.contains(PINECONE_KEY) && !help.contains("--pinecone-key"));
}
