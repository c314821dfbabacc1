//! The tokens of a reply, which say whose they are, which one, and when they were sent.
//!
//! A token is `reply:number:word:time` and a space. Whoever listens knows of each whether it is the
//! next one of this reply, and whole.

use std::fmt;

/// Words that a careless encoder or decoder breaks.
const WORDS: [&str; 6] = ["squat", "5×5", "\"deep\"", "\\", "naïve", "👩‍👩‍👧\n"];

/// What a token says before its time.
pub(crate) fn token(reply: u64, number: u32) -> String {
    format!("{reply:x}:{number}:{}:", word(number))
}

fn word(number: u32) -> &'static str {
    let at = usize::try_from(number).unwrap_or_default() % WORDS.len();
    WORDS.get(at).copied().unwrap_or_default()
}

/// What is wrong with a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong(String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

/// Hears one reply, and every token of it.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    reply: Option<u64>,
    /// How many tokens have come.
    heard: u32,
    /// The beginning of a token whose end has not come yet.
    begun: String,
}

impl Listener {
    /// Takes some text of the reply; the times at which its tokens were sent.
    pub(crate) fn hear(&mut self, text: &str) -> Result<Vec<u64>, Wrong> {
        self.begun.push_str(text);
        let mut sent = Vec::new();
        let mut rest = self.begun.as_str();
        while let Some((token, behind)) = rest.split_once(' ') {
            let (reply, at) = self.is_next(token)?;
            self.reply = Some(reply);
            self.heard += 1;
            sent.push(at);
            rest = behind;
        }
        self.begun = rest.to_owned();
        Ok(sent)
    }

    /// How many tokens have come.
    pub(crate) fn heard(&self) -> u32 {
        self.heard
    }

    /// Which reply it was, if all of it has come.
    pub(crate) fn end(self, tokens: u32) -> Result<u64, Wrong> {
        let is_whole = self.heard == tokens && self.begun.is_empty();
        let reply = self.reply.filter(|_| is_whole);
        reply.ok_or_else(|| {
            Wrong(format!(
                "{} of {tokens} tokens, then {:?}",
                self.heard, self.begun
            ))
        })
    }

    /// The reply and the time of this token, if it is the next one.
    fn is_next(&self, token: &str) -> Result<(u64, u64), Wrong> {
        let number = self.heard;
        let read = || {
            let (reply, rest) = token.split_once(':')?;
            let (said, time) = rest.rsplit_once(':')?;
            let is_next = said.split_once(':') == Some((&*number.to_string(), word(number)));
            let reply = u64::from_str_radix(reply, 16).ok()?;
            let time = u64::from_str_radix(time, 16).ok()?;
            let is_same = self.reply.is_none_or(|same| same == reply);
            (is_next && is_same).then_some((reply, time))
        };
        read().ok_or_else(|| Wrong(format!("{token:?} where token {number} should be")))
    }
}

#[cfg(test)]
mod tests {
    use peers::bedrock::Step;

    use super::*;

    fn said(reply: u64, number: u32) -> String {
        Step::timed(&token(reply, number), 1_000 + u64::from(number))
    }

    fn reply(tokens: u32) -> String {
        (0..tokens).map(|number| said(7, number)).collect()
    }

    #[test]
    fn a_reply_is_heard_whole_wherever_it_is_cut() {
        let text = reply(8);
        for (cut, _) in text.char_indices() {
            let mut listener = Listener::default();
            let (first, second) = text.split_at(cut);
            let mut sent = listener.hear(first).unwrap();
            sent.extend(listener.hear(second).unwrap());
            assert_eq!(sent, (1_000..1_008).collect::<Vec<_>>());
            assert_eq!(listener.end(8), Ok(7));
        }
    }

    #[test]
    fn a_token_that_is_missing_doubled_altered_or_of_another_reply_is_noticed() {
        for (trouble, second) in [
            ("missing", String::new()),
            ("doubled", said(7, 1) + &said(7, 1)),
            ("altered", said(7, 1).replace('×', "x")),
            ("without a time", token(7, 1) + " "),
            ("of another reply", said(8, 1)),
            ("behind the next", said(7, 2) + &said(7, 1)),
        ] {
            let mut listener = Listener::default();
            let text = said(7, 0) + &second + &said(7, 2);
            assert!(listener.hear(&text).is_err(), "{trouble}");
        }
    }

    #[test]
    fn a_reply_without_its_end_or_with_more_behind_it_is_not_whole() {
        let whole = reply(3);
        let (cut, too_long) = (&whole[..whole.len() - 1], format!("{whole}7:3:"));
        for (short, tokens) in [(&*whole, 4), (cut, 3), (&*too_long, 3), ("", 0)] {
            let mut listener = Listener::default();
            listener.hear(short).unwrap();
            assert!(listener.end(tokens).is_err(), "{short:?}");
        }
    }
}
