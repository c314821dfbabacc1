//! Breaks in how messages are taken in.

use std::collections::BTreeMap;

use domain::Timestamp;
use ports::Hold;

use super::super::allowances::Held;
use super::super::{KeyRow, place};
use super::Break as B;
use super::*;

/// What a store that keeps 64 bits with a sign makes of an amount.
fn signed(amount: u64) -> u64 {
    amount.min(i64::MAX as u64)
}

fn float(amount: u64) -> u64 {
    amount as f64 as u64
}

impl Careless {
    /// What is done in the place of what is sound.
    pub(super) async fn instead_of_admitting(&self, a: &Admission) -> Result<Option<Admitted>> {
        let key = &a.turn.conversation;
        match self.how {
            B::DroppedLocks => self.locked().await?,
            B::TwoBeginAtOnce | B::EqualsBeginAtOnce => self.begin_at_once(a).await,
            B::UnknownMakes => {
                let new = Conversation::new(key.clone(), String::new(), a.now);
                self.sound.create_conversation(&new).await?;
            }
            _ => {}
        }
        let by_key = self.by_a_key_of_elsewhere(a);
        Ok(by_key.or_else(|| self.out_of_order(a)))
    }

    /// Looks, lets others go on, and writes as if nothing had happened meanwhile.
    async fn begin_at_once(&self, a: &Admission) {
        let key = &a.turn.conversation;
        let looked = |t: &mut Tables| {
            let row = t.row(key)?;
            Some((row.head.active.is_some(), row.keys.contains_key(&a.key)))
        };
        let Some((is_busy, is_known)) = self.tables(looked) else {
            return;
        };
        tokio::task::yield_now().await;
        self.tables(|t| {
            let Some(row) = t.row_mut(key) else { return };
            if !is_busy && self.is(B::TwoBeginAtOnce) && !row.keys.contains_key(&a.key) {
                row.head.active = None;
            }
            if !is_known && self.is(B::EqualsBeginAtOnce) {
                row.keys.remove(&a.key);
                row.head.active = None;
            }
        });
    }

    fn by_a_key_of_elsewhere(&self, a: &Admission) -> Option<Admitted> {
        let here = &a.turn.conversation;
        let elsewhere = |key: &ConversationKey| match self.how {
            B::KeysOfUsers => key.user == here.user,
            B::KeysOfNames => key.conversation == here.conversation,
            B::KeysOfAll => true,
            _ => false,
        };
        let refused = self
            .kept()
            .refused
            .iter()
            .rev()
            .find(|refused| {
                refused.key == a.key && refused.turn.conversation == a.turn.conversation
            })
            .cloned();
        if let (B::UnknownKeepsKey, Some(refused)) = (self.how, refused) {
            return (refused.body != a.body).then_some(Admitted::Mismatch);
        }
        if self.is(B::KeysOfCases) {
            return self.tables(|t| {
                let known = &t.row(here)?.keys;
                let is_it = |key: &str| key.eq_ignore_ascii_case(a.key.as_str());
                let (_, known) = known.iter().find(|(key, _)| is_it(key.as_str()))?;
                (known.turn != a.turn.turn).then(|| Admitted::Existing(known.turn.clone()))
            });
        }
        self.tables(|t| {
            let users = t.users.values();
            let rows = users.flat_map(|user| user.conversations.values());
            let mut rows = rows.filter(|row| row.head.key != *here && elsewhere(&row.head.key));
            let known = rows.find_map(|row| row.keys.get(&a.key))?;
            Some(match known.body == a.body {
                true => Admitted::Existing(known.turn.clone()),
                false => Admitted::Mismatch,
            })
        })
    }

    /// Judges what the sound store judges later, or otherwise.
    fn out_of_order(&self, a: &Admission) -> Option<Admitted> {
        let key = &a.turn.conversation;
        if self.is(B::KeysOutlive) {
            let kept = self.kept();
            let gone = kept.rows.iter().find(|row| row.head.key == *key);
            return gone.and_then(|row| row.of_known(a));
        }
        self.tables(|t| {
            let all = |of| {
                let users = t.users.values();
                let held = users.flat_map(|user| user.allowances.held.iter());
                let held = held.filter(move |((_, held), _)| *held == of);
                held.map(|(_, held)| (held.amount, held.until))
            };
            if self.is(B::HoldsOfAll) {
                return a.holds.iter().find_map(|hold| {
                    let until = hold.refused_until(all(hold.of), a.now)?;
                    Some(Admitted::OverLimit { of: hold.of, until })
                });
            }
            let row = t.row(key)?;
            let known = row.keys.get(&a.key);
            let judged = known.is_some_and(|known| known.until > a.now);
            let over = || t.users.get(&key.user)?.allowances.refusal(&a.holds, a.now);
            match self.how {
                B::BusyBeforeKeys => {
                    let active = row.head.active.clone();
                    active
                        .filter(|turn| *turn != a.turn.turn)
                        .map(Admitted::Busy)
                }
                B::HoldsBeforeKeys if known.is_none_or(|known| known.turn != a.turn.turn) => over(),
                B::HoldsBeforeBusy if !judged => over(),
                B::KeysNeverExpire => {
                    let now = Timestamp(0);
                    row.of_known(&Admission { now, ..a.clone() })
                }
                B::KeysExpireLate => {
                    let now = Timestamp(a.now.0.saturating_sub(1));
                    row.of_known(&Admission { now, ..a.clone() })
                }
                _ => None,
            }
        })
    }

    /// What the sound store is asked.
    pub(super) fn before_admitting(&self, a: &Admission) -> Admission {
        let mut a = a.clone();
        let limited = |hold: &mut Hold| match self.how {
            B::HoldsNeverEnd => hold.until = Timestamp(u64::MAX),
            B::HoldsEndLate => hold.until = Timestamp(hold.until.0 + 1),
            B::LimitIsExcluded => hold.limit = hold.limit.saturating_sub(1),
            B::AmountsAreSigned => {
                (hold.amount, hold.limit) = (signed(hold.amount), signed(hold.limit));
            }
            B::AmountsAreFloats => {
                (hold.amount, hold.limit) = (float(hold.amount), float(hold.limit));
            }
            _ => {}
        };
        a.holds.iter_mut().for_each(limited);
        match self.how {
            B::LastHoldIsTold => a.holds.reverse(),
            B::SentIsNow => a.sent = a.sent.or(Some(a.now)),
            B::KeptUntilIsCreated => a.kept_until = a.now,
            _ => {}
        }
        if self.is(B::FencesAreTheSame) {
            self.tables(|t| {
                let row = t.row_mut(&a.turn.conversation);
                let is_known = |row: &&mut Row| row.keys.contains_key(&a.key);
                if let Some(row) = row.filter(|row| !is_known(row)) {
                    row.fence = domain::Fence(0);
                }
            });
        }
        a
    }

    pub(super) async fn after_admitting(
        &self,
        a: &Admission,
        answer: Admitted,
    ) -> Result<Admitted> {
        let is_again = self.kept().admitted.contains(&a.turn);
        match &answer {
            Admitted::New(_) if is_again => return Ok(self.after_asking_again(a, answer)),
            Admitted::New(_) => {
                self.after_a_new_one(a).await;
                self.kept().admitted.push(a.turn.clone());
            }
            Admitted::Busy(_) => self.after_busy(a),
            Admitted::OverLimit { .. } => self.after_over_limit(a),
            Admitted::Mismatch | Admitted::Existing(_) => self.after_a_known_key(a, &answer),
            Admitted::Unknown => self.after_unknown(a),
        }
        Ok(match answer {
            Admitted::Mismatch if self.is(B::BodyIsNotCompared) => {
                let known = |t: &mut Tables| {
                    let row = t.row(&a.turn.conversation)?;
                    Some(row.keys.get(&a.key)?.turn.clone())
                };
                self.tables(known)
                    .map_or(Admitted::Mismatch, Admitted::Existing)
            }
            Admitted::OverLimit { of, .. } if self.is(B::RefusalTellsItsOwnEnd) => {
                let own = a.holds.iter().find(|hold| hold.of == of).unwrap();
                Admitted::OverLimit {
                    of,
                    until: own.until,
                }
            }
            other => other,
        })
    }

    fn after_asking_again(&self, a: &Admission, answer: Admitted) -> Admitted {
        let key = &a.turn.conversation;
        self.tables(|t| {
            let user = t.users.get_mut(&key.user).unwrap();
            match self.how {
                B::AgainHolds => user.allowances.take(&a.turn, &a.holds, a.now),
                B::AgainIsAnotherMessage => {
                    let row = user.row_mut(key).unwrap();
                    row.head.messages += 1;
                    let number = row.head.messages;
                    row.messages.push(a.opening(number).user_message);
                }
                _ => {}
            }
        });
        match answer {
            Admitted::New(mut begun) if self.is(B::AgainIsAnotherFence) => {
                begun.fence.0 += 1;
                Admitted::New(begun)
            }
            _ if self.is(B::AgainIsExisting) => Admitted::Existing(a.turn.turn.clone()),
            other => other,
        }
    }

    async fn after_a_new_one(&self, a: &Admission) {
        let key = &a.turn.conversation;
        if self.is(B::MessageComesLater) {
            let message = self.tables(|t| t.row_mut(key).unwrap().messages.pop());
            tokio::task::yield_now().await;
            self.tables(|t| t.row_mut(key).unwrap().messages.extend(message));
        }
        self.tables(|t| {
            let created = t.row(key).unwrap().head.created;
            match self.how {
                B::AdmissionIsNoActivity => {
                    t.users.get_mut(&key.user).unwrap().touch(key, created);
                }
                B::NumbersHaveGaps => t.row_mut(key).unwrap().head.messages += 1,
                B::StopOutlives => {
                    let row = t.row_mut(key).unwrap();
                    let is_asked = row.turns.values().any(|turn| turn.stop == Stop::Asked);
                    if is_asked {
                        row.turns.get_mut(&a.turn.turn).unwrap().stop = Stop::Asked;
                    }
                }
                _ => {}
            }
        });
    }

    fn after_busy(&self, a: &Admission) {
        match self.how {
            B::BusyKeepsKey => self.keep_key(a, a.kept_until),
            B::BusyKeepsMessage => self.keep_message(a),
            B::BusyKeepsHold => self.keep_holds(a, a.holds.len()),
            B::BusyIsActivity => self.count_as_activity(a),
            _ => {}
        }
    }

    fn after_over_limit(&self, a: &Admission) {
        match self.how {
            B::OverLimitKeepsKey => self.keep_key(a, a.kept_until),
            B::OverLimitKeepsMessage => self.keep_message(a),
            B::OverLimitKeepsHold => self.keep_holds(a, 1),
            B::OverLimitIsActivity => self.count_as_activity(a),
            B::OverLimitIsBusy => self.tables(|t| {
                let row = t.row_mut(&a.turn.conversation).unwrap();
                row.head.active = Some(a.turn.turn.clone());
            }),
            _ => {}
        }
    }

    fn after_a_known_key(&self, a: &Admission, answer: &Admitted) {
        match (self.how, answer) {
            (B::MismatchReplaces, Admitted::Mismatch) => self.tables(|t| {
                let row = t.row_mut(&a.turn.conversation).unwrap();
                row.keys.get_mut(&a.key).unwrap().body = a.body;
            }),
            (B::ExistingProlongs, Admitted::Existing(_)) => self.tables(|t| {
                let row = t.row_mut(&a.turn.conversation).unwrap();
                row.keys.get_mut(&a.key).unwrap().until = a.kept_until;
            }),
            (B::ExistingHolds, Admitted::Existing(_)) => {
                let mut a = a.clone();
                a.holds
                    .iter_mut()
                    .for_each(|hold| hold.until = Timestamp(u64::MAX));
                self.keep_holds(&a, a.holds.len());
            }
            _ => {}
        }
    }

    fn after_unknown(&self, a: &Admission) {
        match self.how {
            B::UnknownKeepsKey => self.kept().refused.push(a.clone()),
            B::UnknownHolds => self.keep_holds(a, a.holds.len()),
            _ => {}
        }
    }

    fn keep_key(&self, a: &Admission, until: Timestamp) {
        let (turn, body) = (a.turn.turn.clone(), a.body);
        self.tables(|t| {
            let row = t.row_mut(&a.turn.conversation).unwrap();
            row.keys.insert(a.key.clone(), KeyRow { turn, body, until });
        });
    }

    fn keep_message(&self, a: &Admission) {
        self.tables(|t| {
            let row = t.row_mut(&a.turn.conversation).unwrap();
            let number = row.head.messages + 1;
            row.messages.push(a.opening(number).user_message);
        });
    }

    fn keep_holds(&self, a: &Admission, count: usize) {
        self.tables(|t| {
            let user = t.users.entry(a.turn.conversation.user.clone()).or_default();
            user.allowances.take(&a.turn, &a.holds[..count], a.now);
        });
    }

    fn count_as_activity(&self, a: &Admission) {
        let key = &a.turn.conversation;
        self.tables(|t| t.users.get_mut(&key.user).unwrap().touch(key, a.now));
    }

    pub(super) async fn settle(&self, turn: &TurnKey, spent: &[(Allowance, u64)]) -> Result<()> {
        let user = &turn.conversation.user;
        let held = |t: &mut Tables| -> BTreeMap<_, Held> {
            let held = t.users.get(user).map(|user| user.allowances.held.clone());
            let held = held.unwrap_or_default().into_iter();
            let of_turn = held.filter(|((of, _), _)| of == turn);
            of_turn.map(|((_, of), held)| (of, held)).collect()
        };
        let held = self.tables(held);
        let mut spent = spent.to_vec();
        for (of, amount) in &mut spent {
            let was = held.get(of).map(|held| held.amount);
            match (self.how, was) {
                (B::SettledIsAtMostHeld, Some(held)) => *amount = held.min(*amount),
                (B::SettledIsAtLeastHeld, Some(held)) => *amount = held.max(*amount),
                (B::SettlingForgets, _) => *amount = 0,
                (B::AmountsAreSigned, _) => *amount = signed(*amount),
                _ => {}
            }
            self.settle_otherwise(turn, *of, *amount, held.get(of));
        }
        self.sound.settle_hold(turn, &spent).await
    }

    fn settle_otherwise(&self, turn: &TurnKey, of: Allowance, amount: u64, held: Option<&Held>) {
        self.tables(|t| {
            if self.is(B::StrangersSettle) {
                for (other, user) in &mut t.users {
                    let mut theirs = turn.clone();
                    theirs.conversation.user = other.clone();
                    user.allowances.settle(&theirs, &[(of, amount)]);
                }
            }
            let Some(user) = t.users.get_mut(&turn.conversation.user) else {
                return;
            };
            let allowances = &mut user.allowances;
            match (self.how, held) {
                (B::SettledTwice, None) => {
                    let known = allowances
                        .spent
                        .iter_mut()
                        .find(|((kind, _), _)| *kind == of);
                    if let Some((_, sum)) = known {
                        *sum = amount;
                    }
                }
                (B::SettlingMakes, None) => {
                    allowances.spent.insert((of, Timestamp(u64::MAX)), amount);
                }
                (B::SettledEndsSooner, Some(held)) => {
                    let key = (turn.clone(), of);
                    let until = Timestamp(held.until.0 - 1);
                    let amount = held.amount;
                    allowances.held.insert(key, Held { amount, until });
                }
                (B::SettledReplaces, Some(held)) => {
                    allowances.spent.remove(&(of, held.until));
                }
                _ => {}
            }
        });
    }

    /// Where a conversation stands in its list.
    pub(super) fn place_of(found: &Conversation) -> Cursor {
        place(found)
    }
}
