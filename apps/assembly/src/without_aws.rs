//! What a server says that is built without AWS.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::sync::Arc;

use clap::Args;
use ports::{Embedder, LlmStream};

use crate::error::StartError;
use crate::parts::{Part, Stores};

/// There is no SDK that could say too much.
pub(crate) const QUIET: [&str; 0] = [];

#[derive(Debug, Args)]
pub(crate) struct AwsArgs {}

impl AwsArgs {
    pub(crate) fn has_second_model(&self) -> bool {
        false
    }
}

pub(crate) struct Aws<'a>(PhantomData<&'a AwsArgs>);

type Without<T> = Ready<Result<T, StartError>>;

impl<'a> Aws<'a> {
    pub(crate) fn new(_: &'a AwsArgs) -> Self {
        Self(PhantomData)
    }

    pub(crate) fn model(&self) -> Without<Part<Arc<dyn LlmStream>>> {
        without("--llm bedrock (COACH_LLM)")
    }

    pub(crate) fn store(&self) -> Without<Part<Stores>> {
        without("--store dynamodb (COACH_STORE)")
    }

    pub(crate) fn embedder(&self, _: usize) -> Without<Part<Arc<dyn Embedder>>> {
        without("--embedder bedrock (COACH_EMBEDDER)")
    }

    pub(crate) fn secret(&self, _: &str) -> Without<String> {
        without("--pinecone-secret (COACH_PINECONE_KEY_SECRET)")
    }

    pub(crate) fn create_table(&self) -> Without<String> {
        without("--store dynamodb (COACH_STORE)")
    }
}

fn without<T>(chosen: &'static str) -> Without<T> {
    ready(Err(StartError::WithoutAws { chosen }))
}
