use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Url, redirect, retry};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Failure;
use crate::settings::{Settings, SettingsError, is_here};

const VERSION: &str = "2026-07";
/// The longest answer that the index promises to give is 4 MB.
const LARGEST: usize = 8 * 1024 * 1024;
/// For callers that no driver limits.
const CONNECT: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends requests to one index, each once.
pub(crate) struct Client {
    http: reqwest::Client,
    index: Url,
}

impl Client {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        let index = settings.url()?;
        let mut headers = HeaderMap::new();
        headers.insert("api-key", settings.key.0.clone());
        headers.insert("x-pinecone-api-version", HeaderValue::from_static(VERSION));
        // A redirect would take the key to somebody else.
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .https_only(index.scheme() == "https")
            .connect_timeout(CONNECT)
            .read_timeout(PATIENCE);
        // No proxy leads back to this machine.
        let http = if is_here(&index) {
            http.no_proxy()
        } else {
            http
        };
        Ok(Self {
            http: http.build().map_err(SettingsError::Client)?,
            index,
        })
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let body = serde_json::to_vec(body)?;
        answer(
            self.http
                .post(self.at(path))
                .header(CONTENT_TYPE, "application/json")
                .body(body),
        )
        .await
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let mut url = self.at(path);
        url.query_pairs_mut().extend_pairs(query);
        answer(self.http.get(url)).await
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.index.clone();
        url.set_path(path);
        url
    }
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Failure> {
    let mut response = request.send().await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Failure::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    let status = response.status();
    if status.is_success() {
        Ok(serde_json::from_slice(&body)?)
    } else {
        Err(Failure::refused(status, &body))
    }
}
