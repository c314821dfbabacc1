//! How coaches of different kinds talk.

use crate::heard::Topic;

/// The words of one kind of coach.
pub(super) struct Voice {
    /// What it believes in.
    pub(super) beliefs: &'static [&'static str],
    /// What to think of while training.
    pub(super) cues: &'static [&'static str],
    /// What to do next.
    pub(super) steps: &'static [&'static str],
    /// What a plan is made of.
    pub(super) sessions: &'static [&'static str],
    pub(super) farewells: &'static [&'static str],
}

/// Returns the voice that fits the instructions best.
pub(super) fn voice(system: &str) -> &'static Voice {
    let lower = system.to_lowercase();
    let count = |words: &[&str]| {
        words
            .iter()
            .map(|word| lower.matches(word).count())
            .sum::<usize>()
    };
    let voices = [
        (
            count(&[
                "strength",
                "strong",
                "barbell",
                "powerlift",
                "weightlift",
                "hypertrophy",
            ]),
            &STRENGTH,
        ),
        (
            count(&[
                "endurance",
                "runner",
                "running",
                "cycl",
                "triathl",
                "marathon",
                "aerobic",
            ]),
            &ENDURANCE,
        ),
        (
            count(&["mobility", "flexib", "stretch", "yoga", "range", "movement"]),
            &MOBILITY,
        ),
    ];
    let best = voices.into_iter().max_by_key(|(count, _)| *count);
    best.filter(|(count, _)| *count > 0)
        .map_or(&GENERIC, |(_, voice)| voice)
}

/// Returns what a plan for a topic is made of, whoever makes it.
pub(super) fn sessions(voice: &'static Voice, topic: Option<Topic>) -> &'static [&'static str] {
    match topic.map(|topic| topic.discipline) {
        Some("strength") => STRENGTH.sessions,
        Some("cardio") => ENDURANCE.sessions,
        Some("flexibility" | "recovery") => MOBILITY.sessions,
        _ => voice.sessions,
    }
}

static STRENGTH: Voice = Voice {
    beliefs: &[
        "Strength is patient work: add the smallest plate that counts, keep two repetitions in \
         reserve, and let the weeks do the rest.",
        "Numbers first: most of your sets belong between seventy and eighty-five percent, and \
         only a few of them should feel like a fight.",
        "A lift gets better through clean repetitions, not through brave ones, so the bar decides \
         nothing that your technique has not approved.",
    ],
    cues: &[
        "Under the bar think of one thing only: push the floor away, and let the chest follow.",
        "Take a big breath before every repetition, brace as if someone were to poke you, and \
         move the bar fast on the way up.",
        "Keep the bar over the middle of the foot from the first centimetre to the last.",
    ],
    steps: &[
        "Do three sets of five at a weight that leaves two good repetitions in reserve, with \
         three minutes of rest.",
        "Film the last set from the side, and look at nothing but the path of the bar.",
        "Start five percent lighter than you want to, and add the difference back over two weeks.",
    ],
    sessions: &[
        "back squat for four sets of five, Romanian deadlift for three sets of eight, then a \
         plank between two long breaths.",
        "bench press for four sets of six, barbell row for four sets of eight, then loaded \
         carries across the room.",
        "deadlift for three sets of four, overhead press for four sets of six, then pull-ups \
         until they slow down.",
        "front squat for three sets of six, incline press for three sets of eight, then a few \
         easy curls.",
    ],
    farewells: &[
        "The bar will be there, and so will I.",
        "Rest well, the plates can wait.",
    ],
};

static ENDURANCE: Voice = Voice {
    beliefs: &[
        "Most of what makes you faster happens at a pace at which you could tell me about your \
         day, so easy has to stay easy.",
        "Consistency beats heroics: four ordinary weeks at a kind pace carry you further than one \
         that you have to recover from.",
        "The engine grows slowly and the legs grow slower, which is why the distance goes up by a \
         tenth and never by a leap.",
    ],
    cues: &[
        "Let the first kilometre be the slowest; a pace that feels silly at the start feels wise \
         at the end.",
        "Short steps, quiet feet, loose hands: when the pace gets hard, get softer and not \
         stiffer.",
        "Breathe out fully every now and then, because the pace follows the breath more than the \
         watch.",
    ],
    steps: &[
        "Go out for forty minutes at a pace at which you can speak in whole sentences, and turn \
         round at half time.",
        "Put six relaxed strides of twenty seconds behind one easy session, with a full walk back \
         after each.",
        "Look at the heart rate at the end of the first and of the second half, and keep the two \
         close together.",
    ],
    sessions: &[
        "forty minutes at a talking pace on soft ground, with the last five of them a touch \
         quicker than the rest.",
        "six times three minutes at a strong pace that you could hold for half an hour, with two \
         minutes of jogging between.",
        "twenty minutes at a steady pace, comfortably hard, wrapped into a quarter of an hour of \
         easy going on either side.",
        "the long one: seventy minutes at a gentle pace, with a drink on the way and nothing to \
         prove to anybody.",
    ],
    farewells: &["Easy miles until we talk again.", "Keep the pace kind."],
};

static MOBILITY: Voice = Voice {
    beliefs: &[
        "A range that you cannot use is only borrowed, so we make you strong where you are long, \
         one quiet breath at a time.",
        "Stiffness is often just a body that does not trust a position yet, and trust comes from \
         visiting it gently and often.",
        "Ten calm minutes on most days open more doors than one long fight on a Sunday, and they \
         are much kinder to your breath.",
    ],
    cues: &[
        "Picture the joint drawing the largest circle that it can without the rest of you \
         noticing, and give every circle one breath.",
        "Melt into the stretch on the breath out, and on the breath in press back as if the floor \
         were listening.",
        "Stay at a six out of ten, where your face is still soft and your breath still slow.",
    ],
    steps: &[
        "Five slow hip circles to each side before breakfast, as large as they are smooth, and \
         never larger than that.",
        "Sit in the bottom of a supported squat for ten breaths, and let the heels be as heavy as \
         they like.",
        "Reach both arms along the wall for eight breaths, and notice which of the shoulders \
         answers first.",
    ],
    sessions: &[
        "slow rotations for neck, shoulders and hips, then two rounds of the long lunge with \
         eight breaths on each side.",
        "ninety-ninety switches on the mat, then a loaded butterfly for three times ten breaths, \
         then rest on your back.",
        "cat and cow for two minutes, thread the needle for six breaths a side, then hang from \
         something for half a minute.",
        "ankle circles and calf stretches against the wall, then a deep supported squat for five \
         times five breaths.",
    ],
    farewells: &[
        "One long breath out, and off you go.",
        "Be gentle with yourself until then.",
    ],
};

static GENERIC: Voice = Voice {
    beliefs: &[
        "Good training is simple: do something a little hard, recover from it, and come back \
         before you have forgotten how it went.",
        "What you do in most weeks matters more than what you do in your best one, so we build on \
         the weeks that you really have.",
        "Progress hides in small steps, and the art is to make the next one so small that you \
         cannot talk yourself out of it.",
    ],
    cues: &[
        "While you are at it, pay attention to one thing only, and let everything else be as good \
         as it happens to be.",
        "Start slower than you think you should, and finish feeling that you could have done a \
         little more.",
        "Move well first, move often second, and think about moving more only after that.",
    ],
    steps: &[
        "Pick one session that you liked recently, and repeat it with one small thing made a \
         little harder.",
        "Put three appointments with yourself into the calendar for this week, and keep the \
         second one above all.",
        "Spend twenty minutes on the thing that you usually skip, at an effort that lets you \
         smile.",
    ],
    sessions: &[
        "three rounds of squats, push-ups and rows for ten repetitions each, with as much rest as \
         good repetitions need.",
        "thirty minutes of brisk walking, easy cycling or rowing, at an effort at which you could \
         hold a conversation.",
        "a hinge, a press and a carry for four sets each, followed by five minutes of slow \
         stretching on the floor.",
        "ten minutes of skill that you enjoy, then four short and quick efforts, then a calm walk \
         home.",
    ],
    farewells: &[
        "Looking forward to the next one.",
        "Come back whenever you like.",
    ],
};
