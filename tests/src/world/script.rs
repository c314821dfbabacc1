//! What happens in one world, decided before it happens.

use std::time::Duration;

use domain::{Delivery, Fault, Limits, StopReason, Timestamp};

use super::chance::Chance;
use super::words::{Kind, TEXTS, Words};

/// A message, the limits, and what the world does, in order.
#[derive(Debug, Clone)]
pub struct Script {
    pub seed: u64,
    pub text: &'static str,
    /// The message's number; 1 is the first of its conversation.
    pub number: u64,
    pub asked: Timestamp,
    pub deadline: Timestamp,
    pub limits: Limits,
    pub moves: Vec<Move>,
}

/// What the world does next. A move that does not apply is skipped, so any of them can be left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Move {
    /// Answers one of the effects that wait for an answer.
    Answer(usize, How),
    /// The model says something.
    Hear(Words),
    /// The model thinks.
    Think,
    /// The model stops.
    End(StopReason),
    /// The reply breaks off; the number is what that has cost, if it is told.
    BreakOff(Fault, Option<usize>),
    /// An old answer comes once more.
    Echo(usize),
    /// A write that was answered with a fault is done after all.
    Land(usize),
    /// Somebody asks this process to stop the turn.
    Stop,
    /// Somebody asks another process to; the next checkpoint's answer says so.
    StopElsewhere,
    /// The process is to end: the turn has only so many milliseconds left.
    HurryUp(u64),
    /// Somebody takes the lease away.
    Reap,
    /// The next alarm goes off.
    Wake,
    /// Time passes, and the turn is told.
    Pass(u64),
    /// Time passes, and the turn is not told.
    Skip(u64),
    /// The clock is set back.
    Back(u64),
}

/// How an effect is answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum How {
    /// As it should be; the number chooses among the good answers.
    Good(usize),
    /// With nothing in it.
    Empty,
    /// With something that cannot be used.
    Malformed(usize),
    /// With somebody else's records.
    Foreign,
    /// Not done.
    Fails(Fault),
    /// Done, but the answer is a fault.
    Applied(Fault),
    /// The answer is a fault; it may be done later.
    Late(Fault),
}

impl Script {
    pub fn new(seed: u64) -> Self {
        let chance = &mut Chance::new(seed);
        let mood = Mood::new(chance);
        let asked = Timestamp(1_795_200_000_000 + chance.below(1_000));
        let patience = chance.weighted(
            &[(2, 2_000), (2, 6_000), (2, 20_000), (4, 120_000)],
            120_000,
        );
        let mut moves: Vec<Move> = (0..chance.below(90)).map(|_| mood.next(chance)).collect();
        if chance.percent(60) {
            moves.extend(mood.kind_end(chance));
        }
        Self {
            seed,
            text: chance.weighted(TEXTS, ""),
            number: chance.pick(1, &[7]),
            asked,
            deadline: asked + Duration::from_millis(patience),
            limits: limits(chance),
            moves,
        }
    }
}

fn limits(chance: &mut Chance) -> Limits {
    let usual = Limits::default();
    Limits {
        delivery: chance.pick(Delivery::Streamed, &[Delivery::Streamed, Delivery::Whole]),
        second_model: chance.percent(50),
        reply_bytes: chance.weighted(
            &[(5, usual.reply_bytes), (2, 12_000), (1, 5_001), (1, 300)],
            300,
        ),
        ..usual
    }
}

/// How kind a world is: faults in all of them would leave few turns that get far.
#[derive(Debug)]
struct Mood {
    /// Of a hundred answers.
    faults: u64,
    /// Of a thousand moves.
    interruptions: u64,
    /// Of a hundred replies that might break off: the model is to be asked otherwise.
    adjusts: u64,
    /// Of a hundred deltas.
    large: u64,
    blank: u64,
    /// In milliseconds.
    pause: u64,
}

impl Mood {
    fn new(chance: &mut Chance) -> Self {
        Self {
            faults: chance.weighted(&[(4, 0), (3, 8), (2, 30), (1, 70)], 0),
            interruptions: chance.weighted(&[(5, 0), (3, 8), (2, 40)], 0),
            adjusts: chance.weighted(&[(7, 0), (1, 30), (1, 90)], 0),
            large: chance.weighted(&[(6, 3), (2, 20), (1, 60)], 0),
            blank: chance.weighted(&[(6, 4), (2, 40), (1, 90)], 0),
            pause: chance.weighted(&[(5, 300), (3, 1_500), (2, 12_000), (1, 40_000)], 0),
        }
    }

    fn next(&self, chance: &mut Chance) -> Move {
        if chance.below(1_000) < self.interruptions {
            let hurry = Move::HurryUp(chance.below(30_000));
            return chance.pick(Move::Stop, &[Move::StopElsewhere, Move::Reap, hurry]);
        }
        let ends = if self.blank > 50 { 4 } else { 2 };
        match chance.below(30) {
            0..10 => Move::Answer(chance.index(), self.how(chance)),
            18..20 if chance.percent(self.adjusts) => Move::BreakOff(Fault::Adjusted, None),
            10..20 => Move::Hear(self.words(chance)),
            20 if chance.percent(ends * 25) => Move::End(stop_reason(chance)),
            20 if chance.percent(50) => Move::Think,
            21 if chance.percent(self.faults) => {
                let fault = fault(chance);
                let spent = chance.percent(50).then(|| chance.index());
                Move::BreakOff(fault, spent)
            }
            22 => Move::Echo(chance.index()),
            23 => Move::Land(chance.index()),
            24 | 25 => Move::Wake,
            26 | 27 => Move::Pass(chance.below(self.pause)),
            28 => Move::Skip(chance.below(self.pause)),
            29 if chance.percent(20) => Move::Back(chance.below(3_000)),
            _ => Move::Answer(chance.index(), self.how(chance)),
        }
    }

    /// Answers to all that still waits for one; without them many a turn would never be told its
    /// end.
    fn kind_end(&self, chance: &mut Chance) -> Vec<Move> {
        let answer = Move::Answer(0, How::Good(chance.index()));
        let reply = [
            Move::Hear(self.words(chance)),
            Move::End(stop_reason(chance)),
        ];
        [
            &[answer, answer, Move::Wake].repeat(3),
            &reply[..],
            &[answer; 2],
        ]
        .concat()
        .repeat(2)
    }

    fn how(&self, chance: &mut Chance) -> How {
        if !chance.percent(self.faults) {
            return How::Good(chance.index());
        }
        let fault = fault(chance);
        let how = [
            How::Fails(fault),
            How::Applied(fault),
            How::Late(fault),
            How::Malformed(chance.index()),
            How::Foreign,
        ];
        chance.pick(How::Empty, &how)
    }

    fn words(&self, chance: &mut Chance) -> Words {
        let salt = chance.index();
        if chance.percent(self.blank) {
            return Words {
                kind: Kind::Blank,
                salt,
                length: size(chance, &[(1, 0), (9, 4), (1, 400)]),
            };
        }
        let kind = chance.pick(Kind::Plain, &[Kind::Plain, Kind::Wide, Kind::Led]);
        let length = if chance.percent(self.large) {
            size(chance, &[(5, 1_500), (4, 4_096), (4, 9_000), (1, 140_000)])
        } else {
            size(chance, &[(8, 12), (3, 90), (1, 300)])
        };
        Words { kind, salt, length }
    }
}

/// Somewhere between nothing and the drawn length, and often just that.
fn size(chance: &mut Chance, lengths: &[(u64, usize)]) -> usize {
    let longest = chance.weighted(lengths, 0);
    if chance.percent(30) {
        longest
    } else {
        longest * chance.index() / (1 << 16)
    }
}

fn stop_reason(chance: &mut Chance) -> StopReason {
    chance.pick(
        StopReason::Complete,
        &[
            StopReason::Complete,
            StopReason::Length,
            StopReason::Filtered,
        ],
    )
}

fn fault(chance: &mut Chance) -> Fault {
    let others = [
        Fault::Unavailable,
        Fault::TimedOut,
        Fault::Truncated,
        Fault::Rejected,
        Fault::TooLong,
        Fault::Adjusted,
    ];
    chance.pick(Fault::Throttled, &others)
}
