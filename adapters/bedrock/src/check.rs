//! What an operator is told of Bedrock's models.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{Delivery, Fault, Prompt, Tier};
use futures::stream::StreamExt;
use ports::{Answer, ModelCall};
use serde_json::json;

use crate::capabilities::{Capabilities, Forms};
use crate::faults::{BY_PROFILE, Failure, LEGACY, UNKNOWN, WITHDRAWN};
use crate::lifecycle::Lifecycle;
use crate::{Bedrock, Effort};

/// What is said of the models, a sentence each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// What keeps turns from being answered, and what to set.
    pub troubles: Vec<String>,
    /// What is worth knowing.
    pub notes: Vec<String>,
}

/// The standing instructions of a coach, as far as they matter to a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whose they are.
    pub coach: String,
    /// The model that this coach wants, if it wants one of its own.
    pub model: Option<String>,
    /// How many tokens they have, more or less.
    pub tokens: u64,
}

/// A model that turns or jobs ask, and the name of the setting that says so.
struct Asked {
    tier: Tier,
    own: Option<String>,
    model: String,
    setting: String,
}

impl Bedrock {
    /// Returns how it is with each of the models: every one is asked for a word, as turns ask it.
    /// `setting` names what has a model chosen.
    pub async fn check(&self, setting: fn(Tier) -> &'static str, coaches: &[Standing]) -> Findings {
        let mut findings = Findings::default();
        for asked in self.all(setting, coaches) {
            self.examine(&asked, &mut findings).await;
        }
        for coach in coaches {
            findings.notes.extend(self.too_short(coach));
        }
        findings
    }

    fn all(&self, setting: fn(Tier) -> &'static str, coaches: &[Standing]) -> Vec<Asked> {
        let configured = [
            (Tier::Reply, Some(&self.settings.reply)),
            (Tier::SecondReply, self.settings.second_reply.as_ref()),
            (Tier::Fast, Some(&self.settings.fast)),
        ];
        let configured = configured.into_iter().filter_map(|(tier, model)| {
            Some(Asked {
                tier,
                own: None,
                model: model?.clone(),
                setting: setting(tier).to_owned(),
            })
        });
        let of_coaches = coaches.iter().filter_map(|coach| {
            let model = coach.model.clone()?;
            let setting = format!("the reply model of the coach {}", coach.coach);
            Some(Asked {
                tier: Tier::Reply,
                own: Some(model.clone()),
                model,
                setting,
            })
        });
        let mut known = BTreeSet::new();
        let all = configured.chain(of_coaches);
        all.filter(|asked| asked.own.is_none() || known.insert(asked.model.clone()))
            .collect()
    }

    async fn examine(&self, asked: &Asked, findings: &mut Findings) {
        let Asked { model, setting, .. } = asked;
        let trouble = self.trouble(asked).await;
        let is_there = trouble.is_none();
        findings
            .troubles
            .extend(trouble.map(|failure| failure.advice(model, setting)));
        let (name, lifecycle) = self.lifecycle(model).await;
        match lifecycle {
            Lifecycle::Active => {}
            Lifecycle::Legacy(until) => {
                let until = until.map_or_else(String::new, |day| {
                    format!(" and will be withdrawn on {day}")
                });
                findings.notes.push(format!(
                    "the model {model} is legacy{until}: set {setting} to a newer one"
                ));
            }
            Lifecycle::Missing if is_there => {}
            Lifecycle::Missing => findings
                .notes
                .push(format!("Bedrock knows no model {name} in this region")),
            Lifecycle::Untold(why) => findings.notes.push(format!(
                "how long {model} will be there is not known: {why}"
            )),
        }
        findings.notes.push(self.manner(asked));
        if is_there
            && name != *model
            && model.contains(":application-inference-profile/")
            && !self.knows(model)
        {
            findings.notes.push(format!(
                "the id of {model} does not say what it is: set what it takes to like:{name}, and \
                 it is asked so"
            ));
        }
    }

    fn knows(&self, model: &str) -> bool {
        self.settings.models.contains_key(model)
    }

    /// Returns why it does not answer. What it refuses of a request is learned on the way.
    async fn trouble(&self, asked: &Asked) -> Option<Failure> {
        let mut failed = None;
        for _ in 0..ADJUSTMENTS {
            failed = self.asked_once(asked).await;
            if failed
                .as_ref()
                .is_none_or(|failure| failure.fault != Fault::Adjusted)
            {
                break;
            }
        }
        failed
    }

    async fn asked_once(&self, asked: &Asked) -> Option<Failure> {
        let mut pieces = self.clone().ask(greeting(asked.tier, asked.own.clone()));
        while let Some(piece) = pieces.next().await {
            if let Err(failure) = piece {
                return Some(failure);
            }
        }
        None
    }

    fn takes(&self, model: &str, tier: Tier) -> Capabilities {
        Capabilities::set(&self.settings, model, tier).after(&self.learned.of(model))
    }

    /// Returns how it is asked, and what it has shown.
    fn manner(&self, asked: &Asked) -> String {
        let Asked { tier, model, .. } = asked;
        let takes = self.takes(model, *tier);
        let forms = match (tier, takes.forms) {
            (Tier::Reply | Tier::SecondReply, _) => None,
            (Tier::Fast, Forms::ForcedTool) => Some("forms by a tool that it must call"),
            (Tier::Fast, Forms::Schema) => Some("forms as text by a schema"),
            (Tier::Fast, Forms::ChosenTool) => Some("forms by a tool that it may call"),
        };
        let temperature = if takes.temperature {
            "with a temperature"
        } else {
            "without a temperature"
        };
        let mut manner = format!("{model} is asked {temperature}");
        if takes.effort {
            let effort = self.settings.efforts.of(*tier).unwrap_or(Effort::Low);
            manner += &format!(", effort {}", effort.as_str());
        }
        if let Some(forms) = forms {
            manner += &format!(", {forms}");
        }
        manner += &format!(", {}", kept(takes));
        for lesson in self.learned.of(model) {
            manner += &format!("; {}", lesson.in_words());
        }
        manner
    }

    /// A coach whose instructions are never kept by themselves.
    fn too_short(&self, coach: &Standing) -> Option<String> {
        let model = coach.model.as_ref().unwrap_or(&self.settings.reply);
        let takes = self.takes(model, Tier::Reply);
        let smallest = takes
            .smallest_prefix
            .filter(|smallest| takes.cache && coach.tokens < *smallest)?;
        Some(format!(
            "the instructions of the coach {} have about {} tokens, and {model} keeps no \
             beginning of a prompt that is shorter than {smallest}: they are kept only together \
             with a history",
            coach.coach, coach.tokens
        ))
    }
}

/// How many things a model may refuse before it is given up.
const ADJUSTMENTS: usize = 6;

fn kept(takes: Capabilities) -> String {
    let hour = if takes.cache_hour {
        ", instructions for an hour"
    } else {
        ""
    };
    match takes.smallest_prefix {
        _ if !takes.cache => "prompts not kept".to_owned(),
        Some(smallest) => format!("prompts kept from {smallest} tokens on{hour}"),
        None => format!("prompts kept{hour}"),
    }
}

impl Failure {
    /// Returns what to do about it, when it is this model's, which this setting has chosen.
    pub(crate) fn advice(&self, model: &str, setting: &str) -> String {
        match (self.what, self.status) {
            (WITHDRAWN, _) => {
                format!("the model {model} has been withdrawn: set {setting} to another")
            }
            (LEGACY, _) => format!(
                "the model {model} is legacy, and no longer for accounts that have not used it \
                 lately: set {setting} to a newer one"
            ),
            (UNKNOWN, _) => format!(
                "the model {model} is not there, or has been withdrawn: set {setting} to a model \
                 or an inference profile of this region"
            ),
            (BY_PROFILE, _) => format!(
                "the model {model} can only be asked by an inference profile: set {setting} to \
                 the id of one, such as us.…, eu.… or global.…"
            ),
            ("AccessDeniedException", _) => format!(
                "the model {model} may not be asked: allow bedrock:InvokeModel and \
                 bedrock:InvokeModelWithResponseStream for it and request access to it in the \
                 Bedrock console, or set {setting} to another"
            ),
            ("ResourceNotFoundException", _) => {
                format!(
                    "there is no model {model} in this region: set {setting} to one that is there"
                )
            }
            ("ValidationException", _) => format!(
                "the model {model} does not take the call: most models want the id of an \
                 inference profile of the region, such as us.… or eu.…; or it knows no tools, no \
                 cache points, or not this guardrail"
            ),
            ("ThrottlingException" | "ServiceQuotaExceededException", _) => {
                format!("the model {model} has no quota left: see Service Quotas")
            }
            (_, Some(status @ (401 | 403))) => {
                format!(
                    "the model {model} was not asked: the credentials are not valid (status \
                     {status})"
                )
            }
            (what, Some(status)) => {
                format!("the model {model} did not answer: {what} (status {status})")
            }
            (what, None) => format!("the model {model} did not answer: {what}"),
        }
    }
}

fn greeting(tier: Tier, model: Option<String>) -> ModelCall {
    let (answer, delivery) = match tier {
        Tier::Reply | Tier::SecondReply => (Answer::Prose, Delivery::Streamed),
        Tier::Fast => {
            let schema = json!({
                "type": "object",
                "properties": { "word": { "type": "string" } },
                "required": ["word"],
            });
            (
                Answer::Tool {
                    name: "greet",
                    schema: Arc::new(schema),
                },
                Delivery::Whole,
            )
        }
    };
    let prompt = Prompt::question("Answer with one word.", "Hello");
    ModelCall {
        tier,
        model,
        prompt,
        answer,
        delivery,
        max_tokens: 50,
        temperature: 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Fault;

    #[test]
    fn each_trouble_has_a_sentence_that_names_the_model_and_what_to_do() {
        let failure = |what, status| Failure {
            status,
            ..Failure::new(Fault::Rejected, what)
        };
        for (what, status, says) in [
            (
                "AccessDeniedException",
                Some(403),
                "bedrock:InvokeModelWithResponseStream",
            ),
            (
                "ResourceNotFoundException",
                Some(404),
                "no model nova in this region",
            ),
            ("ValidationException", Some(400), "inference profile"),
            (WITHDRAWN, Some(404), "set --fast-model to another"),
            (LEGACY, Some(404), "set --fast-model to a newer one"),
            (
                UNKNOWN,
                Some(400),
                "set --fast-model to a model or an inference profile",
            ),
            (BY_PROFILE, Some(400), "set --fast-model to the id of one"),
            ("ThrottlingException", Some(429), "quota"),
            (
                "an error without a known name",
                Some(403),
                "credentials are not valid",
            ),
            (
                "InternalServerException",
                Some(500),
                "InternalServerException (status 500)",
            ),
            (
                "the connection failed",
                None,
                "did not answer: the connection failed",
            ),
        ] {
            let advice = failure(what, status).advice("nova", "--fast-model");
            assert!(
                advice.contains("the model nova") || advice.contains("no model nova"),
                "{advice}"
            );
            assert!(advice.contains(says), "{advice}");
        }
    }
}
