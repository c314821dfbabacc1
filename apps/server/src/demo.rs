use std::net::SocketAddr;
use std::time::Duration;

use assembly::StartError;
use domain::{Conversation, ConversationKey, UserId, UserScope};
use http_adapter::App;

/// How long a token on the page and in the printed command is valid.
pub(crate) const TOKEN: Duration = Duration::from_secs(24 * 3_600);

/// Who can try the server out at once, and where.
pub(crate) struct Demo {
    pub(crate) user: UserId,
    pub(crate) token: String,
    path: String,
}

impl Demo {
    /// Makes a conversation with the first coach; nothing if there is no coach.
    pub(crate) async fn set_up(
        app: &App,
        token: impl FnOnce(&UserId) -> Result<String, StartError>,
    ) -> Result<Option<Self>, StartError> {
        let coach = app.settings.coaches.first().map(|coach| coach.id.clone());
        let (Ok(user), Some(coach), Ok(conversation)) =
            ("athlete".parse::<UserId>(), coach, "first".parse())
        else {
            return Ok(None);
        };
        let token = token(&user)?;
        let path = format!("/users/{user}/coaches/{coach}/conversations/{conversation}");
        let created = app.ports.clock.now();
        // The process that makes this user's token is the one that would verify it.
        let key = ConversationKey {
            user: UserScope::verified(user.clone()),
            coach,
            conversation,
        };
        app.ports
            .messages
            .create_conversation(&Conversation::new(key, String::new(), created))
            .await?;
        Ok(Some(Self { user, token, path }))
    }

    /// A command that works when pasted.
    pub(crate) fn command(&self, address: SocketAddr) -> String {
        let Self { token, path, .. } = self;
        format!(
            "curl -N http://{address}{path}/stream -H 'Authorization: Bearer {token}' \\\n  \
             -H 'Content-Type: application/json' -d '{{\"userResponse\":\"How should I warm up for \
             squats?\"}}'"
        )
    }
}
