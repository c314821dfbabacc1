//! The real thing, where there is an account: `COACH_LIVE_BEDROCK=1`, with region and credentials
//! as the SDK finds them.

use aws_config::BehaviorVersion;
use bedrock::{Bedrock, Settings, TitanEmbedder, TitanSettings};
use domain::{Delivery, Prompt, StopReason, router};
use ports::{Bill, Embedder, ModelCall};

use super::{answered, form, named, prose};

#[tokio::test]
async fn the_live_service_does_what_the_peer_does() {
    if std::env::var_os("COACH_LIVE_BEDROCK").is_none() {
        eprintln!("SKIPPED: a test that needs COACH_LIVE_BEDROCK=1 and an account");
        return;
    }
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let (model, titan) = (
        Bedrock::new(&config, Settings::default()),
        TitanEmbedder::new(&config, TitanSettings::default()),
    );
    let mut wrong = model.check(named, &[]).await.troubles;
    wrong.extend(titan.check("TITAN").await);
    assert!(wrong.is_empty(), "{wrong:#?}");
    for delivery in [Delivery::Streamed, Delivery::Whole] {
        let (text, end) = answered(&model, prose(delivery)).await;
        assert!(
            !text.trim().is_empty() && matches!(end, Ok(StopReason::Complete | StopReason::Length)),
            "{text}: {end:?}"
        );
        let question = ModelCall {
            prompt: router::question("How deep do I squat?", &[], true, &[]).prompt,
            max_tokens: 1_000,
            ..form(delivery)
        };
        let (text, end) = answered(&model, question).await;
        assert_eq!(end, Ok(StopReason::Complete));
        router::parse(&text, "What now?", true, &[]).unwrap();
        let endless = ModelCall {
            prompt: Prompt::question("Count.", "Count to a thousand."),
            max_tokens: 20,
            ..prose(delivery)
        };
        assert_eq!(answered(&model, endless).await.1, Ok(StopReason::Length));
    }
    let texts = [
        "heavy back squats",
        "squatting with a heavy bar",
        "a recipe for pancakes",
    ]
    .map(str::to_owned);
    let vectors = titan.embed(&texts, &Bill::default()).await.unwrap();
    let near = |a: usize, b: usize| {
        vectors[a]
            .iter()
            .zip(&vectors[b])
            .map(|(a, b)| a * b)
            .sum::<f32>()
    };
    assert!((near(0, 0) - 1.0).abs() < 1e-3 && near(0, 1) > near(0, 2));
}
