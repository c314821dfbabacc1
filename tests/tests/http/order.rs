//! What is made one after the other, in one millisecond and by clocks that differ.

use std::time::Duration;

use coach_tests::{Site, conversation_key, work_off};
use domain::router::{self, ProposedMemory};
use domain::{
    Closing, Conversation, ConversationKey, Ending, Finish, JobKind, JobState, Memory, Report,
    RouterDecision, TurnEvent, TurnKey,
};
use ports::{Admission, Admitted, Clock, JobsOf, Kind, MessageStore, Writer, records};
use rehearsal::Scene;
use serde_json::json;

use crate::mind::tell;

#[tokio::test(start_paused = true)]
async fn what_was_made_in_one_millisecond_is_listed_in_the_order_in_which_it_was_made() {
    let site = Site::new(|model| model);
    let sports = [
        "rowing", "running", "cycling", "swimming", "climbing", "boxing", "skiing", "surfing",
        "judo", "tennis", "golf", "squash", "hockey", "rugby", "cricket", "archery", "fencing",
        "diving", "sailing", "yoga",
    ];
    for (place, sport) in sports.iter().enumerate() {
        let memory = json!({ "content": format!("{sport} matters"), "type": "preference" });
        let path = ["/users/ada/memories"][0];
        let client = if place % 2 == 0 {
            site.client()
        } else {
            site.elsewhere()
        };
        assert_eq!(
            client.post(path, &memory).await.status.as_u16(),
            201,
            "{sport}"
        );
    }
    assert_eq!(site.clock.ms(), 0, "all in one millisecond");
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = site
            .elsewhere()
            .get(&format!("/users/ada/memories?limit=7{cursor}"))
            .await
            .json();
        let contents = page["memories"].as_array().unwrap().iter();
        seen.extend(
            contents.map(|memory| memory["content"].as_str().unwrap().replace(" matters", "")),
        );
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    seen.reverse();
    assert_eq!(seen, sports);
}

/// A turn of this id that has ended, and leaves a job.
async fn turn(
    site: &Site,
    key: &ConversationKey,
    id: &str,
    text: &str,
    jobs: Vec<JobKind>,
) -> TurnKey {
    let now = site.clock.now();
    let a = Admission {
        turn: TurnKey {
            conversation: key.clone(),
            turn: id.parse().unwrap(),
        },
        key: format!("key-{id}").parse().unwrap(),
        body: [7; 32],
        user_message: format!("user-{id}").parse().unwrap(),
        assistant_message: format!("assistant-{id}").parse().unwrap(),
        text: text.into(),
        sent: None,
        zone: None,
        now,
        lease_until: now + Duration::from_secs(15),
        over_by: now + Duration::from_secs(150),
        kept_until: now + Duration::from_secs(90_000),
        holds: Vec::new(),
    };
    let Admitted::New(begun) = site.messages.admit(&a).await.unwrap() else {
        panic!("{id} was not admitted")
    };
    let report = Report {
        route: Some(decision(text, &jobs)),
        ..Report::default()
    };
    let closing = Closing {
        ending: Ending::Finished,
        at: now,
        jobs,
        report,
    };
    let place = a.opening(begun.number).place();
    let finish = Finish::of(place, closing, vec![TurnEvent::Started], None);
    site.messages
        .finish(&a.turn, Writer::Holder(begun.fence), &finish)
        .await
        .unwrap();
    a.turn
}

/// Remembers what was said, if there is such a job.
fn decision(text: &str, jobs: &[JobKind]) -> RouterDecision {
    let mut decision = router::fallback(text);
    let memory: ProposedMemory = serde_json::from_value(json!({
        "content": text, "type": "preference", "importance": "medium", "isCoachSpecific": false,
        "tags": [],
    }))
    .unwrap();
    decision.memory_processing.is_memory_request = jobs.contains(&JobKind::Memory);
    decision.memory_processing.memory = jobs.contains(&JobKind::Memory).then_some(memory);
    decision.memory_processing.confidence = 0.9;
    decision
}

const PATH: &str = "/users/ada/coaches/strength/conversations/v";

async fn conversation(site: &Site) -> ConversationKey {
    let key = conversation_key("v");
    let new = Conversation::new(key.clone(), String::new(), site.clock.now());
    site.messages.create_conversation(&new).await.unwrap();
    key
}

fn remembered(site: &Site) -> Vec<String> {
    let all = site
        .records
        .inside()
        .dump()
        .into_iter()
        .filter(|record| record.at.kind == Kind::Memory);
    all.map(|record| records::read::<Memory>(&record).unwrap().content)
        .collect()
}

/// The processes that took in these messages have clocks that differ, so that no id says what was
/// earlier.
#[tokio::test(start_paused = true)]
async fn that_is_what_the_message_before_had_remembered_whatever_the_clocks_of_their_processes_say()
{
    for ids in [["t1", "t2"], ["t2", "t1"], ["zz", "aa"], ["aa", "zz"]] {
        let site = Site::new(|model| model.reply(Scene::saying("Well.")));
        let key = conversation(&site).await;
        for (id, said) in ids.into_iter().zip(["I hate burpees", "I train at dawn"]) {
            let turn = turn(&site, &key, id, said, vec![JobKind::Memory]).await;
            work_off(&site.app.ports, &turn).await;
        }
        tell(&site, PATH, "/forget that").await;
        assert_eq!(remembered(&site), ["I hate burpees"], "{ids:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_wants_to_forget_waits_for_what_an_earlier_message_has_remembered_and_for_no_later_one()
{
    for (ids, waits) in [
        (["t2", "t1"], true),
        (["t1", "t2"], true),
        (["t2", "t1"], false),
        (["t1", "t2"], false),
    ] {
        let site = Site::new(|model| model);
        let key = conversation(&site).await;
        let remember =
            |id: &'static str| turn(&site, &key, id, "I hate burpees", vec![JobKind::Memory]);
        let forget =
            |id: &'static str| turn(&site, &key, id, "/forget burpees", vec![JobKind::Forget]);
        // The job that remembers is held by a process that does not come back.
        let (remember, forget) = if waits {
            let first = remember(ids[0]).await;
            (first, forget(ids[1]).await)
        } else {
            let first = forget(ids[0]).await;
            (remember(ids[1]).await, first)
        };
        let now = site.clock.now();
        let claimed = site
            .messages
            .claim_jobs(
                &JobsOf::Turn(remember),
                now,
                now + Duration::from_secs(60),
                1,
            )
            .await;
        assert_eq!(claimed.unwrap().len(), 1);
        work_off(&site.app.ports, &forget).await;
        let jobs = site.messages.jobs(&JobsOf::Turn(forget)).await.unwrap();
        let has_waited = matches!(jobs[0].state, JobState::Due(_));
        assert_eq!(has_waited, waits, "{ids:?}: {:?}", jobs[0].state);
    }
}

/// What was said last again is what "that" means, however long everything is that was said since.
#[tokio::test(start_paused = true)]
async fn that_is_what_was_remembered_last_also_behind_a_mebibyte_of_what_was_said_since() {
    let site = Site::new(|model| model.reply(Scene::saying("Well.")));
    let key = conversation(&site).await;
    let remember = ["I hate burpees", "I train at dawn", "I hate burpees"];
    for (place, said) in remember.into_iter().enumerate() {
        let later = site.clock.now() + Duration::from_secs(1);
        site.clock.sleep_until(later).await;
        let turn = turn(
            &site,
            &key,
            &format!("t{place}"),
            said,
            vec![JobKind::Memory],
        )
        .await;
        work_off(&site.app.ports, &turn).await;
    }
    for place in 0..10 {
        turn(
            &site,
            &key,
            &format!("long{place}"),
            &"深".repeat(40_000),
            Vec::new(),
        )
        .await;
    }
    tell(&site, PATH, "/forget that").await;
    assert_eq!(remembered(&site), ["I train at dawn"]);
}

/// A summary is made by the job of the last message, also while that of an earlier one is at work,
/// which has read what was said by then.
#[tokio::test(start_paused = true)]
async fn the_last_message_has_a_conversation_summed_up_whatever_the_ids_of_the_turns_say() {
    for ids in [["t1", "t2"], ["t2", "t1"]] {
        let site = Site::new(|model| model);
        let key = conversation(&site).await;
        let first = turn(
            &site,
            &key,
            ids[0],
            "How do I squat?",
            vec![JobKind::Summary],
        )
        .await;
        let last = turn(
            &site,
            &key,
            ids[1],
            "How do I jump?",
            vec![JobKind::Summary],
        )
        .await;
        let now = site.clock.now();
        let of = JobsOf::Turn(first.clone());
        let claimed = site
            .messages
            .claim_jobs(&of, now, now + Duration::from_secs(60), 1)
            .await;
        assert_eq!(claimed.unwrap().len(), 1);
        work_off(&site.app.ports, &last).await;
        assert_eq!(site.model.calls().summaries, 1, "{ids:?}: the last asks");
        site.clock.sleep_until(now + Duration::from_secs(60)).await;
        work_off(&site.app.ports, &first).await;
        let jobs = site.messages.jobs(&JobsOf::Turn(first)).await.unwrap();
        assert!(
            matches!(jobs[0].state, JobState::Refused(_)),
            "{ids:?}: {:?}",
            jobs[0].state
        );
    }
}
