//! What an operator is told of a Bedrock that does not answer.

use std::sync::Arc;

use domain::{Delivery, Prompt, Tier};
use futures::stream::{self, StreamExt};
use ports::{Answer, ModelCall};
use serde_json::json;

use crate::Bedrock;
use crate::faults::Failure;
use crate::map::model;

impl Bedrock {
    /// What keeps its models from answering, a sentence each. Each of them is asked for a word as turns ask it.
    pub async fn check(&self) -> Vec<String> {
        let second = self.settings.second_reply.as_ref().map(|_| Tier::SecondReply);
        let tiers = [Some(Tier::Reply), second, Some(Tier::Fast)];
        stream::iter(tiers.into_iter().flatten()).filter_map(|tier| self.trouble(tier)).collect().await
    }

    async fn trouble(&self, tier: Tier) -> Option<String> {
        let call = greeting(tier);
        let model = model(&self.settings, &call).to_owned();
        let mut pieces = self.clone().ask(call);
        while let Some(piece) = pieces.next().await {
            if let Err(failure) = piece {
                return Some(failure.advice(&model));
            }
        }
        None
    }
}

impl Failure {
    /// What to do about it, when it is this model's.
    pub(crate) fn advice(&self, model: &str) -> String {
        match (self.what, self.status) {
            ("AccessDeniedException", _) => format!(
                "the model {model} may not be asked: allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream \
                 for it, and request access to it in the Bedrock console"
            ),
            ("ResourceNotFoundException", _) => format!("there is no model {model} in this region"),
            ("ValidationException", _) => format!(
                "the model {model} does not take the call: most models want the id of an inference profile of the \
                 region, such as us.… or eu.…; or it knows no tools, no cache points, or not this guardrail"
            ),
            ("ThrottlingException" | "ServiceQuotaExceededException", _) => {
                format!("the model {model} has no quota left: see Service Quotas")
            }
            (_, Some(status @ (401 | 403))) => {
                format!("the model {model} was not asked: the credentials are not valid (status {status})")
            }
            (what, Some(status)) => format!("the model {model} did not answer: {what} (status {status})"),
            (what, None) => format!("the model {model} did not answer: {what}"),
        }
    }
}

fn greeting(tier: Tier) -> ModelCall {
    let (answer, delivery) = match tier {
        Tier::Reply | Tier::SecondReply => (Answer::Prose, Delivery::Streamed),
        Tier::Fast => {
            let schema =
                json!({ "type": "object", "properties": { "word": { "type": "string" } }, "required": ["word"] });
            (Answer::Tool { name: "greet", schema: Arc::new(schema) }, Delivery::Whole)
        }
    };
    let prompt = Prompt::question("Answer with one word.", "Hello");
    ModelCall { tier, model: None, prompt, answer, delivery, max_tokens: 50, temperature: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Fault;

    #[test]
    fn each_trouble_has_a_sentence_that_names_the_model_and_what_to_do() {
        let failure = |what, status| Failure { status, ..Failure::new(Fault::Rejected, what) };
        for (what, status, says) in [
            ("AccessDeniedException", Some(403), "bedrock:InvokeModelWithResponseStream"),
            ("ResourceNotFoundException", Some(404), "no model nova in this region"),
            ("ValidationException", Some(400), "inference profile"),
            ("ThrottlingException", Some(429), "quota"),
            ("an error without a known name", Some(403), "credentials are not valid"),
            ("InternalServerException", Some(500), "InternalServerException (status 500)"),
            ("the connection failed", None, "did not answer: the connection failed"),
        ] {
            let advice = failure(what, status).advice("nova");
            assert!(advice.contains("the model nova") || advice.contains("no model nova"), "{advice}");
            assert!(advice.contains(says), "{advice}");
        }
    }
}
