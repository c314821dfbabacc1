use super::*;

#[test]
fn models_that_take_cache_points_are_known_by_their_ids() {
    for model in [
        "us.anthropic.claude-sonnet-4-20250514-v1:0",
        "eu.anthropic.claude-3-7-sonnet-20250219-v1:0",
        "us.amazon.nova-micro-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/\
         us.anthropic.claude-opus-4-20250514-v1:0",
    ] {
        assert!(Capabilities::known(model).cache, "{model}");
    }
    for model in [
        "anthropic.claude-3-haiku-20240307-v1:0",
        "anthropic.claude-3-5-sonnet-20240620-v1:0",
        "mistral.mistral-large-2402-v1:0",
        "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdef",
    ] {
        assert!(!Capabilities::known(model).cache, "{model}");
    }
}

/// A model; whether it takes a temperature, how a form, whether an effort, whether prompts are kept
/// for an hour, and from how many tokens on.
type Family = (&'static str, bool, Forms, bool, bool, Option<u64>);

const FAMILIES: [Family; 15] = [
    (
        "global.anthropic.claude-sonnet-4-6",
        true,
        Forms::ForcedTool,
        false,
        true,
        Some(2_048),
    ),
    (
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        true,
        Forms::ForcedTool,
        false,
        true,
        Some(1_024),
    ),
    (
        "us.anthropic.claude-sonnet-4-20250514-v1:0",
        true,
        Forms::ForcedTool,
        false,
        false,
        Some(1_024),
    ),
    (
        "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        true,
        Forms::ForcedTool,
        false,
        true,
        Some(4_096),
    ),
    (
        "us.anthropic.claude-opus-4-6-v1",
        true,
        Forms::ForcedTool,
        false,
        true,
        Some(4_096),
    ),
    (
        "us.anthropic.claude-opus-4-7",
        false,
        Forms::ForcedTool,
        true,
        true,
        None,
    ),
    (
        "us.anthropic.claude-sonnet-5",
        false,
        Forms::Schema,
        true,
        true,
        None,
    ),
    (
        "global.anthropic.claude-sonnet-5-5",
        false,
        Forms::Schema,
        true,
        true,
        None,
    ),
    (
        "us.anthropic.claude-opus-5-5",
        false,
        Forms::Schema,
        true,
        true,
        None,
    ),
    (
        "us.anthropic.claude-haiku-5-5",
        false,
        Forms::ForcedTool,
        true,
        true,
        None,
    ),
    (
        "us.anthropic.claude-sonnet-6",
        false,
        Forms::Schema,
        true,
        true,
        None,
    ),
    (
        "us.amazon.nova-micro-v1:0",
        true,
        Forms::ForcedTool,
        false,
        false,
        Some(1_536),
    ),
    (
        "eu.amazon.nova-pro-v1:0",
        true,
        Forms::ForcedTool,
        false,
        false,
        Some(1_024),
    ),
    (
        "us.amazon.nova-2-lite-v1:0",
        true,
        Forms::ForcedTool,
        false,
        false,
        None,
    ),
    (
        "mistral.mistral-large-2402-v1:0",
        true,
        Forms::ForcedTool,
        false,
        false,
        None,
    ),
];

#[test]
fn what_each_known_family_takes_is_a_row_of_the_table() {
    for (model, temperature, forms, effort, hour, smallest) in FAMILIES {
        let known = Capabilities::known(model);
        let told = (
            known.temperature,
            known.forms,
            known.effort,
            known.cache_hour,
            known.smallest_prefix,
        );
        assert_eq!(
            told,
            (temperature, forms, effort, hour, smallest),
            "{model}"
        );
    }
}

#[test]
fn settings_stand_over_the_table_and_what_a_model_has_said_over_both() {
    let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/mine";
    let takes = "like:anthropic.claude-sonnet-5-5,temperature:yes,cache:3000"
        .parse()
        .unwrap();
    let settings = Settings {
        models: [(profile.to_owned(), takes)].into(),
        ..Settings::default()
    };
    let set = Capabilities::set(&settings, profile, Tier::Reply);
    assert_eq!(
        (set.temperature, set.forms, set.effort),
        (true, Forms::Schema, true)
    );
    assert_eq!(
        (set.cache, set.cache_hour, set.smallest_prefix),
        (true, true, Some(3_000))
    );
    let after = set.after(&[Lesson::Temperature, Lesson::Schema, Lesson::CacheHour].into());
    assert_eq!(
        (after.temperature, after.forms, after.cache_hour),
        (false, Forms::ChosenTool, false)
    );
    let untold = Capabilities::set(&Settings::default(), profile, Tier::Reply);
    assert_eq!(untold, Capabilities::UNKNOWN);
}

#[test]
fn a_form_is_asked_for_in_the_next_way_until_there_is_none() {
    let forms = |lessons: &[Lesson]| {
        Capabilities::UNKNOWN
            .after(&lessons.iter().copied().collect())
            .forms
    };
    assert_eq!(forms(&[]), Forms::ForcedTool);
    assert_eq!(forms(&[Lesson::ForcedTool]), Forms::Schema);
    assert_eq!(
        forms(&[Lesson::ForcedTool, Lesson::Schema]),
        Forms::ChosenTool
    );
}

const OF_A_FORM: [(&str, &[Lesson]); 11] = [
    (
        "temperature is deprecated for this model",
        &[Lesson::Temperature],
    ),
    (
        "`temperature`: Extra inputs are not permitted",
        &[Lesson::Temperature],
    ),
    (
        "tool_choice: forced tool use is not supported for this model",
        &[Lesson::ForcedTool],
    ),
    (
        "This model doesn't support the toolConfig.toolChoice.tool field.",
        &[Lesson::ForcedTool],
    ),
    (
        "Thinking may not be enabled when tool_choice forces tool use.",
        &[Lesson::ForcedTool],
    ),
    (
        "This model doesn't support tool use.",
        &[Lesson::ForcedTool],
    ),
    ("output_config.effort: unsupported value", &[Lesson::Effort]),
    (
        "temperature and toolChoice are not supported",
        &[Lesson::Temperature, Lesson::ForcedTool],
    ),
    ("cachePoint is not supported", &[]),
    ("messages: roles must alternate", &[]),
    ("Throttled, try again", &[]),
];

const OF_WHAT_IS_KEPT: [(&str, &[Lesson]); 4] = [
    ("cachePoint.ttl: 1h is not supported", &[Lesson::CacheHour]),
    (
        "You invoked an unsupported model or your request did not allow prompt caching.",
        &[Lesson::CachePoints],
    ),
    (
        "serviceTier flex is not available for this model",
        &[Lesson::ServiceTier],
    ),
    (
        "The maximum tokens you requested exceeds the model limit of 4096",
        &[Lesson::Room],
    ),
];

const OF_TEXT: [(&str, &[Lesson]); 3] = [
    (
        "outputConfig.textFormat is not supported by this model",
        &[Lesson::Schema],
    ),
    (
        "The JSON schema has too many optional properties",
        &[Lesson::Schema],
    ),
    (
        "outputConfig.effort is not supported by this model",
        &[Lesson::Effort],
    ),
];

#[test]
fn what_a_refusal_names_is_learned_if_it_was_sent_and_nothing_else_is() {
    let form = Sent {
        temperature: true,
        effort: true,
        forms: Some(Forms::ForcedTool),
        ..Sent::default()
    };
    let cached = Sent {
        cache: true,
        cache_hour: true,
        service_tier: true,
        room: true,
        ..Sent::default()
    };
    let text = Sent {
        forms: Some(Forms::Schema),
        effort: true,
        ..Sent::default()
    };
    for (message, lessons) in OF_A_FORM {
        assert_eq!(form.refused(message), lessons, "{message}");
    }
    for (message, lessons) in OF_WHAT_IS_KEPT {
        assert_eq!(cached.refused(message), lessons, "{message}");
    }
    for (message, lessons) in OF_TEXT {
        assert_eq!(text.refused(message), lessons, "{message}");
    }
    let unsent = Sent::default().refused("temperature is deprecated for this model");
    assert_eq!(unsent, []);
}

#[test]
fn what_settings_say_of_a_model_is_read_or_refused_with_what_is_wrong() {
    let takes: Takes =
        "temperature:no, forms:choice, effort:yes, thinks:no, cache:no, cache-hour:yes"
            .parse()
            .unwrap();
    let told = (
        takes.temperature,
        takes.forms,
        takes.effort,
        takes.thinks,
        takes.cache,
        takes.cache_hour,
    );
    assert_eq!(
        told,
        (
            Some(false),
            Some(Forms::ChosenTool),
            Some(true),
            Some(false),
            Some(false),
            Some(true)
        )
    );
    let like: Takes = "like:us.amazon.nova-micro-v1:0".parse().unwrap();
    assert_eq!(like.like.as_deref(), Some("us.amazon.nova-micro-v1:0"));
    for (text, wrong) in [
        ("temperature", "temperature is no name with a value"),
        ("temperature:maybe", "maybe is neither yes nor no"),
        ("forms:any", "any is none of: tool, schema, choice"),
        ("cache:-1", "-1 is neither yes nor no"),
        ("warmth:yes", "warmth is none of: like, temperature"),
    ] {
        let error = text.parse::<Takes>().unwrap_err();
        assert!(error.starts_with(wrong), "{error}");
    }
}

#[test]
fn what_was_learned_is_asked_for_no_more_and_all_else_as_before() {
    type Change = fn(&mut Capabilities);
    let all = Capabilities {
        effort: true,
        cache: true,
        cache_hour: true,
        ..Capabilities::UNKNOWN
    };
    let changes: [(Lesson, Change); 9] = [
        (Lesson::Temperature, |takes| takes.temperature = false),
        (Lesson::Effort, |takes| takes.effort = false),
        (Lesson::ForcedTool, |takes| takes.forms = Forms::Schema),
        (Lesson::Schema, |_| {}),
        (Lesson::CachePoints, |takes| takes.cache = false),
        (Lesson::CacheHour, |takes| takes.cache_hour = false),
        (Lesson::ServiceTier, |takes| takes.service_tier = false),
        (Lesson::Room, |takes| takes.room = false),
        (Lesson::Thinks, |takes| takes.thinks = true),
    ];
    for (lesson, change) in changes {
        let mut expected = all;
        change(&mut expected);
        assert_eq!(all.after(&[lesson].into()), expected, "{lesson:?}");
    }
}
