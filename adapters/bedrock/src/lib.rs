//! Language models and embeddings of Amazon Bedrock, by ConverseStream, Converse and InvokeModel.

#![warn(missing_docs)]
