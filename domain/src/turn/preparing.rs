//! Loading and preparing: from the history to all that the reply needs.

use std::mem;

use super::Turn;
use super::asked::Effect;
use super::given::{Gathered, Loaded};
use super::phase::{Looking, Open, Phase, Preparing, Replying, Routing, Waiting};
use crate::call::{CallKind, CallOutcome, OpenCall, Tries, Usage};
use crate::conversation::PartKind;
use crate::memory::{Known, Settled};
use crate::prompt::Prompt;
use crate::router::{self, RouterDecision, Source};
use crate::{Care, Fault, Language, reply};

impl Turn {
    pub(super) fn loaded(&mut self, decision: Option<RouterDecision>, loaded: Loaded) -> Phase {
        self.report.timings.load = self.elapsed();
        let mut loaded = loaded.of(&self.task.opening.turn.conversation);
        let earlier = router::earlier(&loaded.history, &loaded.forgotten);
        self.written_in = self
            .written_in
            .or_else(|| Language::of_conversation(&loaded.history));
        let memories = mem::replace(&mut loaded.memories, Ok(Vec::new()));
        let known = Known::of(
            memories,
            mem::take(&mut loaded.before),
            loaded.forgotten.clone(),
            &loaded.history,
        );
        match &known.memories {
            Ok(memories) => loaded.safety.join(memories),
            // Among them are those that were kept before anybody looked for safety facts.
            Err(_) => loaded.safety.is_missing_some = true,
        }
        let loaded = loaded.without_forgotten();
        // "ok" may answer what was asked.
        let chosen = known.chosen(&self.task.opening, self.language());
        let settled = chosen.or_else(|| {
            let decision = self.in_its_language(decision?);
            Some(known.settle(decision, &self.task.opening))
        });
        let decision = settled.map(|settled| self.settled(settled));
        let mut candidates = Vec::new();
        let summary = loaded.summary.as_ref();
        self.summed_up = Some(summary.map_or(0, |summary| summary.through));
        self.report.route.clone_from(&decision);
        let routing = match decision {
            Some(decision) => Routing::Decided(decision),
            None => {
                let text = self.task.opening.text();
                candidates = known.candidates(&self.task.opening);
                let form = router::question(text, &earlier, self.is_first(), &candidates);
                let call = OpenCall::asked(CallKind::Router, self.now, &form.prompt);
                self.perform(Effect::Route(form));
                Routing::Asked(call)
            }
        };
        // While nobody has decided, whatever may be wanted is looked up.
        let looking = match &routing {
            Routing::Decided(decision) if !decision.wants_gathering() => Looking::NotWanted,
            Routing::Decided(_) | Routing::Asked(_) => {
                self.perform(Effect::Gather(reply::wanted(&self.task.opening)));
                Looking::UnderWay
            }
        };
        self.prepared(Preparing {
            loaded,
            known,
            candidates,
            routing,
            looking,
        })
    }

    /// Keeps what is to be told, and returns the decision.
    fn settled(&mut self, settled: Settled) -> RouterDecision {
        self.words = settled.words;
        settled.decision
    }

    pub(super) fn routed(
        &mut self,
        p: Preparing,
        answer: Result<(String, Usage), Fault>,
        tries: Tries,
    ) -> Phase {
        let Preparing {
            loaded,
            known,
            candidates,
            routing: Routing::Asked(mut call),
            looking,
        } = p
        else {
            return Phase::Open(Open::Preparing(p));
        };
        let text = self.task.opening.text();
        let (read, outcome, usage) = match answer {
            Ok((answer, usage)) => match router::parse(&answer, text, self.is_first(), &candidates)
            {
                Ok(decision) => (Some(decision), CallOutcome::Ok, Some(usage)),
                Err(_) => (None, CallOutcome::Malformed, Some(usage)),
            },
            Err(fault) => (None, CallOutcome::Failed(fault), None),
        };
        let decision = read.unwrap_or_else(|| router::fallback(text));
        let mut decision = self.in_its_language(decision);
        // Once it was asked by the effect itself.
        call.tries.asked += tries.asked.saturating_sub(1);
        call.tries.spent.extend(tries.spent);
        let took = self.close(call, outcome, usage);
        if decision.router_metadata.source != Source::Rule {
            decision.router_metadata.processing_time_ms = took;
        }
        let decision = self.settled(known.settle(decision, &self.task.opening));
        self.report.timings.route = self.elapsed();
        self.report.route = Some(decision.clone());
        if decision.care != Care::floor(self.task.opening.text()) {
            self.tell_help(decision.care, decision.language);
        }
        for update in decision.updates() {
            let text = format!("{}\n\n", update.text);
            self.say(PartKind::Contextual, Some(update.stage), text);
        }
        self.prepared(Preparing {
            loaded,
            known,
            candidates,
            routing: Routing::Decided(decision),
            looking,
        })
    }

    fn in_its_language(&self, decision: RouterDecision) -> RouterDecision {
        RouterDecision {
            language: self.language(),
            ..decision
        }
    }

    pub(super) fn gathered(&mut self, p: Preparing, answer: Result<Gathered, Fault>) -> Phase {
        let Looking::UnderWay = p.looking else {
            return Phase::Open(Open::Preparing(p));
        };
        self.report.timings.gather = self.elapsed();
        let looking = match answer {
            Ok(mut gathered) => {
                self.report.calls.append(&mut gathered.calls);
                gathered.memories = p.known.memories.clone().unwrap_or_default();
                let coach = &self.task.opening.turn.conversation.coach;
                let chosen = gathered.chosen(coach, self.now);
                Looking::Over(chosen.without(&p.loaded.forgotten))
            }
            Err(_) => Looking::Failed,
        };
        self.prepared(Preparing { looking, ..p })
    }

    /// Nothing waits any more for what was looked up, but it has cost what it has cost.
    pub(super) fn gathered_late(&mut self, r: Replying, answer: Result<Gathered, Fault>) -> Phase {
        if let (true, Ok(gathered)) = (r.is_looking, answer) {
            self.report.calls.extend(gathered.calls);
        }
        Phase::Open(Open::Replying(Replying {
            is_looking: false,
            ..r
        }))
    }

    /// Moves on once all that the reply needs is here.
    pub(super) fn prepared(&mut self, p: Preparing) -> Phase {
        let Routing::Decided(decision) = &p.routing else {
            return Phase::Open(Open::Preparing(p));
        };
        let gathered = match &p.looking {
            _ if !decision.wants_gathering() => None,
            Looking::UnderWay => return Phase::Open(Open::Preparing(p)),
            Looking::Over(gathered) => Some(gathered),
            Looking::NotWanted | Looking::Failed => None,
        };
        let (coach, opening) = (&self.task.coach, &self.task.opening);
        let (prompt, context) = Prompt::reply(coach, &p.loaded, gathered, decision, opening);
        self.report.context = Some(context);
        self.ask(Replying {
            call: OpenCall::new(CallKind::Reply, self.now, &prompt),
            prompt,
            retries: 0,
            waiting: Waiting::ToAsk,
            alarm: self.now,
            is_adjusted: false,
            blank: String::new(),
            is_looking: matches!(p.looking, Looking::UnderWay),
        })
    }
}
