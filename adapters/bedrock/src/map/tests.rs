use aws_sdk_bedrockruntime::types::{
    ContentBlockDelta, ContentBlockDeltaEvent, ContentBlockStart, ContentBlockStartEvent,
    ConverseStreamMetadataEvent, ConverseStreamOutput, MessageStopEvent,
    ReasoningContentBlockDelta, TokenUsage, ToolUseBlockDelta, ToolUseBlockStart,
};
use domain::prompt::Block::CachePoint;
use domain::{Delivery, Fault, Prompt, StopReason, Usage};
use ports::Piece;

use super::*;
use crate::faults::Failure;

fn call(tier: Tier, answer: Answer) -> ModelCall {
    let prompt = Prompt::question("instruct", "ask");
    ModelCall {
        tier,
        model: None,
        prompt,
        answer,
        delivery: Delivery::Streamed,
        max_tokens: 10,
        temperature: 0.5,
    }
}

fn tool(schema: Value) -> Answer {
    Answer::Tool {
        name: "route",
        schema: Arc::new(schema),
    }
}

/// A call to models of which nothing was learned.
fn asked(settings: &Settings, call: &ModelCall) -> Result<Question, BuildError> {
    Question::new(settings, &Learned::default(), call)
}

fn text(text: &str) -> Block {
    Block::Text(text.into())
}

fn delta(index: i32, delta: ContentBlockDelta) -> ConverseStreamOutput {
    let event = ContentBlockDeltaEvent::builder()
        .content_block_index(index)
        .delta(delta);
    ConverseStreamOutput::ContentBlockDelta(event.build().unwrap())
}

fn word(word: &str) -> ConverseStreamOutput {
    delta(0, ContentBlockDelta::Text(word.to_owned()))
}

fn begun(index: i32, name: &str) -> ConverseStreamOutput {
    let call = ToolUseBlockStart::builder()
        .tool_use_id("1")
        .name(name)
        .build()
        .unwrap();
    let event = ContentBlockStartEvent::builder()
        .content_block_index(index)
        .start(ContentBlockStart::ToolUse(call));
    ConverseStreamOutput::ContentBlockStart(event.build().unwrap())
}

fn input(index: i32, input: &str) -> ConverseStreamOutput {
    delta(
        index,
        ContentBlockDelta::ToolUse(ToolUseBlockDelta::builder().input(input).build().unwrap()),
    )
}

fn stop(reason: &str) -> ConverseStreamOutput {
    ConverseStreamOutput::MessageStop(
        MessageStopEvent::builder()
            .stop_reason(reason.into())
            .build()
            .unwrap(),
    )
}

fn cost() -> ConverseStreamOutput {
    let usage = TokenUsage::builder()
        .input_tokens(10)
        .output_tokens(5)
        .total_tokens(22);
    let usage = usage
        .cache_read_input_tokens(4)
        .cache_write_input_tokens(3)
        .build()
        .unwrap();
    ConverseStreamOutput::Metadata(ConverseStreamMetadataEvent::builder().usage(usage).build())
}

/// The text of these events, and how they end.
fn heard(
    answer: Answer,
    events: impl IntoIterator<Item = ConverseStreamOutput>,
) -> (String, Result<Piece, Fault>) {
    let mut hearing = Hearing::new(&call(Tier::Reply, answer), "m", Sent::default());
    let mut text = String::new();
    for event in events {
        match hearing.hear(event) {
            Heard::Text(more) => text += &more,
            Heard::Nothing | Heard::Thinking => {}
            Heard::Last => break,
        }
    }
    (text, hearing.end().map_err(|failure| failure.fault))
}

fn ending(reason: StopReason) -> Result<StopReason, Fault> {
    Ok(reason)
}

fn reason((_, end): (String, Result<Piece, Fault>)) -> Result<StopReason, Fault> {
    end.map(|piece| match piece {
        Piece::End { reason, .. } => reason,
        Piece::Text(_) | Piece::Thinking | Piece::Spent(_) => panic!("{piece:?} is no ending"),
    })
}

#[test]
fn a_prompt_keeps_its_order_and_its_cache_points_where_the_model_takes_them() {
    let mut call = call(Tier::Reply, Answer::Prose);
    let said = |speaker, blocks: &[Block]| ChatMessage {
        speaker,
        blocks: blocks.to_vec(),
    };
    call.prompt.messages = vec![
        said(Speaker::User, &[text("a")]),
        said(Speaker::Coach, &[text("b"), CachePoint]),
        said(Speaker::User, &[text("c"), text("d")]),
    ];
    let shape = |question: &Question| {
        let blocks = |message: &Message| {
            let blocks = message.content.iter();
            let texts = blocks
                .map(|block| block.as_text().map_or("|", String::as_str))
                .collect::<String>();
            format!("{}:{texts}", message.role.as_str())
        };
        let system: String = question
            .system
            .iter()
            .map(|block| block.as_text().map_or("|", String::as_str))
            .collect();
        (
            system,
            question.messages.iter().map(blocks).collect::<Vec<_>>(),
        )
    };
    let kept = (
        "instruct|".to_owned(),
        ["user:a", "assistant:b|", "user:cd"]
            .map(str::to_owned)
            .to_vec(),
    );
    let bare = (
        "instruct".to_owned(),
        ["user:a", "assistant:b", "user:cd"]
            .map(str::to_owned)
            .to_vec(),
    );
    let settings = Settings::default();
    assert_eq!(shape(&asked(&settings, &call).unwrap()), kept);
    let never = Settings {
        cache_points: Some(false),
        ..settings.clone()
    };
    assert_eq!(shape(&asked(&never, &call).unwrap()), bare);
    call.model = Some("meta.llama3-70b-instruct-v1:0".to_owned());
    assert_eq!(shape(&asked(&settings, &call).unwrap()), bare);
    let always = Settings {
        cache_points: Some(true),
        ..settings
    };
    assert_eq!(shape(&asked(&always, &call).unwrap()), kept);
}

#[test]
fn a_call_is_asked_of_the_model_of_its_tier_unless_the_coach_wants_another() {
    let settings = Settings {
        reply: "big".to_owned(),
        second_reply: Some("other".to_owned()),
        fast: "small".to_owned(),
        ..Settings::default()
    };
    let alone = Settings {
        second_reply: None,
        ..settings.clone()
    };
    let asked = |settings: &Settings, tier, wanted: Option<&str>| {
        let call = ModelCall {
            model: wanted.map(str::to_owned),
            ..call(tier, Answer::Prose)
        };
        Question::new(settings, &Learned::default(), &call)
            .unwrap()
            .model
    };
    assert_eq!(
        [Tier::Reply, Tier::SecondReply, Tier::Fast].map(|tier| asked(&settings, tier, None)),
        ["big", "other", "small"]
    );
    assert_eq!(asked(&alone, Tier::SecondReply, None), "big");
    assert_eq!(asked(&settings, Tier::Reply, Some("mine")), "mine");
}

#[test]
fn parameters_are_what_every_model_takes() {
    let asked = |max_tokens, temperature| {
        let call = ModelCall {
            max_tokens,
            temperature,
            ..call(Tier::Reply, Answer::Prose)
        };
        let inference = Question::new(&Settings::default(), &Learned::default(), &call)
            .unwrap()
            .inference;
        (
            inference.max_tokens.unwrap(),
            inference.temperature.unwrap(),
        )
    };
    assert_eq!(
        [asked(2_000, 0.0), asked(7, 3.0), asked(u32::MAX, 0.25)],
        [(2_000, 0.0), (7, 1.0), (i32::MAX, 0.25)]
    );
}

#[test]
fn a_schema_goes_out_in_the_order_of_its_fields() {
    let schema = json!({
        "type": "object",
        "properties": { "zulu": {}, "alpha": {}, "mike": {} },
        "required": ["zulu"],
    });
    let call = call(Tier::Fast, tool(schema.clone()));
    let question = Question::new(&Settings::default(), &Learned::default(), &call).unwrap();
    let tools = question.tools.unwrap();
    assert!(matches!(tools.tool_choice, Some(ToolChoice::Tool(choice)) if choice.name == "route"));
    assert_eq!(tools.tools.len(), 1);
    let body = |schema: &str| {
        let tool = format!(r#"{{"inputSchema":{{"json":{schema}}},"name":"route"}}"#);
        format!(r#"{{"toolConfig":{{"tools":[{{"toolSpec":{tool}}}]}},"z":1,"a":2}}"#)
    };
    let without = body("{}");
    let with = with_schema(without.as_bytes(), &question.schema.unwrap()).unwrap();
    assert_eq!(String::from_utf8(with).unwrap(), body(&schema.to_string()));
    assert_eq!(with_schema(b"{}", &schema), None);
}

#[test]
fn only_text_is_text_and_the_end_waits_for_what_it_cost() {
    let reasoning =
        ContentBlockDelta::ReasoningContent(ReasoningContentBlockDelta::Text("hmm".to_owned()));
    let events = [
        delta(0, reasoning),
        word("Sit "),
        word(""),
        input(1, "{}"),
        word("down."),
        stop("end_turn"),
        cost(),
        word("!"),
    ];
    let usage = Usage {
        model: Some("m".into()),
        input_tokens: 10,
        output_tokens: 5,
        cache_read_tokens: 4,
        cache_write_tokens: 3,
        reasoning_tokens: 2,
        estimated: false,
    };
    let end = Ok(Piece::End {
        reason: StopReason::Complete,
        usage,
    });
    assert_eq!(heard(Answer::Prose, events), ("Sit down.".to_owned(), end));
}

#[test]
fn a_form_is_the_input_of_the_first_call_of_its_tool() {
    let events = [
        word("Let me see."),
        begun(1, "other"),
        input(1, "no"),
        begun(2, "route"),
        input(2, "{\"a\""),
        input(2, ":1}"),
        begun(3, "route"),
        input(3, "{}"),
        stop("tool_use"),
        cost(),
    ];
    let heard = heard(tool(json!({})), events);
    assert_eq!(heard.0, "{\"a\":1}");
    assert_eq!(reason(heard), ending(StopReason::Complete));
}

#[test]
fn an_answer_without_a_stop_reason_or_without_words_has_failed() {
    let prose = |events: Vec<_>| reason(heard(Answer::Prose, events));
    assert_eq!(prose(vec![word("Sit")]), Err(Fault::Truncated));
    assert_eq!(prose(vec![]), Err(Fault::Truncated));
    assert_eq!(prose(vec![word("Sit"), cost()]), Err(Fault::Truncated));
    assert_eq!(
        prose(vec![word(" \n"), stop("end_turn"), cost()]),
        Err(Fault::Truncated)
    );
    assert_eq!(prose(vec![stop("max_tokens")]), Err(Fault::Truncated));
    assert_eq!(
        reason(heard(tool(json!({})), [word("Sure!"), stop("end_turn")])),
        Err(Fault::Truncated)
    );
    assert_eq!(
        prose(vec![stop("guardrail_intervened")]),
        ending(StopReason::Filtered)
    );
}

#[test]
fn what_a_stop_reason_means_can_depend_on_what_was_said() {
    let prose = |events: Vec<_>| reason(heard(Answer::Prose, events));
    assert_eq!(
        prose(vec![stop("model_context_window_exceeded")]),
        Err(Fault::TooLong)
    );
    assert_eq!(
        prose(vec![word("Sit"), stop("model_context_window_exceeded")]),
        ending(StopReason::Length)
    );
    assert_eq!(
        prose(vec![word("Sit"), stop("tool_use")]),
        Err(Fault::Truncated)
    );
    assert_eq!(
        prose(vec![word("Sit"), stop("tired")]),
        Err(Fault::Truncated)
    );
}

#[test]
fn an_answer_that_was_complete_is_not_spoilt_by_what_follows() {
    let mut hearing = Hearing::new(&call(Tier::Reply, Answer::Prose), "m", Sent::default());
    hearing.hear(word("Sit down."));
    let cut = || Failure::new(Fault::Truncated, "cut");
    assert_eq!(hearing.broke_off(cut()), Err(cut()));
    hearing.hear(stop("end_turn"));
    let usage = Usage {
        model: Some("m".into()),
        input_tokens: 3,
        output_tokens: 3,
        estimated: true,
        ..Usage::default()
    };
    assert_eq!(
        hearing.broke_off(cut()),
        Ok(Piece::End {
            reason: StopReason::Complete,
            usage
        })
    );
}

#[test]
fn an_embedded_text_is_cut_between_two_characters() {
    let sent = |text: &str| {
        let body: Value = serde_json::from_slice(&embedding_request(embedded(text), 512)).unwrap();
        assert_eq!(
            (body["dimensions"].as_u64(), body["normalize"].as_bool()),
            (Some(512), Some(true))
        );
        body["inputText"].as_str().unwrap().to_owned()
    };
    assert_eq!(sent("heavy squats"), "heavy squats");
    assert_eq!(sent(&"€".repeat(4_000)), "€".repeat(2_666));
}

#[test]
fn a_vector_has_the_length_that_was_asked_for() {
    let vector = |body: &str| embedding_answer(body.as_bytes()).vector(2);
    assert_eq!(
        vector(r#"{"embedding":[0.6,0.8],"inputTextTokenCount":3}"#),
        Some(vec![0.6, 0.8])
    );
    for body in [
        r#"{"embedding":[1.0]}"#,
        r#"{"embedding":["a","b"]}"#,
        "{}",
        "no",
    ] {
        assert_eq!(vector(body), None, "{body}");
    }
}
