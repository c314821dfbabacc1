-- Times are milliseconds since 1970. Whatever belongs to a conversation is read only together with
-- it, so that nothing of one that is gone can be seen.

CREATE TABLE conversations (
    user TEXT NOT NULL,
    coach TEXT NOT NULL,
    conversation TEXT NOT NULL,
    title TEXT NOT NULL,
    tags TEXT NOT NULL, -- JSON
    created INTEGER NOT NULL,
    activity INTEGER NOT NULL,
    messages INTEGER NOT NULL, -- how many there are
    active TEXT, -- the turn that runs in it
    fence INTEGER NOT NULL,
    PRIMARY KEY (user, coach, conversation)
) STRICT;
CREATE INDEX conversations_by_activity ON conversations (user, coach, activity, conversation);

-- Conversations that are not made again.
CREATE TABLE deleted (
    user TEXT NOT NULL,
    coach TEXT NOT NULL,
    conversation TEXT NOT NULL,
    PRIMARY KEY (user, coach, conversation)
) STRICT;

CREATE TABLE messages (
    user TEXT NOT NULL,
    coach TEXT NOT NULL,
    conversation TEXT NOT NULL,
    number INTEGER NOT NULL,
    id TEXT NOT NULL,
    turn TEXT NOT NULL,
    created INTEGER NOT NULL,
    author TEXT NOT NULL, -- user or assistant
    text TEXT NOT NULL,
    sent INTEGER, -- of a user: when, by their own clock
    zone TEXT, -- of a user: where
    ending TEXT, -- of an assistant: JSON
    pieces TEXT, -- of an assistant: JSON, what the text was told in
    PRIMARY KEY (user, coach, conversation, number)
) STRICT;

-- Requests by their idempotency keys.
CREATE TABLE requests (
    user TEXT NOT NULL,
    coach TEXT NOT NULL,
    conversation TEXT NOT NULL,
    key TEXT NOT NULL,
    turn TEXT NOT NULL,
    body BLOB NOT NULL, -- a hash
    until INTEGER NOT NULL,
    PRIMARY KEY (user, coach, conversation, key)
) STRICT;
CREATE INDEX requests_by_end ON requests (until);

CREATE TABLE turns (
    user TEXT NOT NULL,
    coach TEXT NOT NULL,
    conversation TEXT NOT NULL,
    turn TEXT NOT NULL,
    fence INTEGER NOT NULL,
    lease INTEGER NOT NULL,
    holder TEXT NOT NULL, -- the process that wrote for it last
    over_by INTEGER NOT NULL,
    number INTEGER NOT NULL, -- of the message that began it
    assistant TEXT NOT NULL, -- the id of the reply
    created INTEGER NOT NULL,
    until INTEGER NOT NULL,
    stop INTEGER NOT NULL, -- 1 if somebody asked for it
    kept INTEGER NOT NULL, -- how many events
    started INTEGER NOT NULL, -- 1 if it has ended, and its events begin with the first
    closing TEXT, -- JSON, once it has ended
    forget INTEGER, -- when it may be let go of, once it has ended
    PRIMARY KEY (user, coach, conversation, turn)
) STRICT;
CREATE INDEX turns_that_run ON turns (over_by) WHERE closing IS NULL;
CREATE INDEX turns_by_end ON turns (forget) WHERE forget IS NOT NULL;

-- What turns have said that run.
CREATE TABLE events (
    user TEXT NOT NULL,
    coach TEXT NOT NULL,
    conversation TEXT NOT NULL,
    turn TEXT NOT NULL,
    number INTEGER NOT NULL, -- of the first
    through INTEGER NOT NULL, -- the number behind the last
    started INTEGER NOT NULL, -- 1 if they begin with the first of the turn
    text TEXT NOT NULL,
    pieces TEXT NOT NULL, -- JSON
    PRIMARY KEY (user, coach, conversation, turn, number)
) STRICT;

CREATE TABLE jobs (
    user TEXT NOT NULL,
    coach TEXT NOT NULL,
    conversation TEXT NOT NULL,
    turn TEXT NOT NULL,
    kind TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due INTEGER, -- from when on it may be claimed; none once it is settled
    state TEXT NOT NULL, -- JSON
    calls TEXT NOT NULL, -- JSON
    PRIMARY KEY (user, coach, conversation, turn, kind)
) STRICT;
CREATE INDEX jobs_of_user ON jobs (user, due) WHERE due IS NOT NULL;
CREATE INDEX jobs_of_anyone ON jobs (due) WHERE due IS NOT NULL;

-- What turns hold of their user's allowances, and what was spent of them until the same end.
CREATE TABLE holds (
    user TEXT NOT NULL,
    coach TEXT NOT NULL,
    conversation TEXT NOT NULL,
    turn TEXT NOT NULL,
    allowance TEXT NOT NULL,
    amount INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (user, coach, conversation, turn, allowance)
) STRICT;
CREATE TABLE spent (
    user TEXT NOT NULL,
    allowance TEXT NOT NULL,
    until INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (user, allowance, until)
) STRICT;

CREATE TABLE records (
    user TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    body ANY NOT NULL, -- text, or bytes that are none
    version INTEGER NOT NULL,
    until INTEGER, -- from when on it may be let go of
    PRIMARY KEY (user, kind, id)
) STRICT;
CREATE INDEX records_by_end ON records (until) WHERE until IS NOT NULL;

CREATE TABLE bindings (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user TEXT NOT NULL UNIQUE,
    PRIMARY KEY (issuer, subject)
) STRICT;

-- Users of whom nothing is made any more.
CREATE TABLE erased (
    user TEXT NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL
) STRICT;

-- What may be recalled, and the terms that it is found by.
CREATE TABLE entries (
    entry INTEGER PRIMARY KEY AUTOINCREMENT,
    user TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    coach TEXT, -- none: for every coach
    text TEXT NOT NULL,
    created INTEGER NOT NULL,
    tags TEXT NOT NULL, -- JSON
    words INTEGER NOT NULL, -- how many it has
    parts INTEGER NOT NULL, -- how many its words have
    reading INTEGER NOT NULL, -- how it was taken apart into them
    UNIQUE (user, kind, id)
) STRICT;
CREATE TABLE postings (
    user TEXT NOT NULL,
    sort TEXT NOT NULL, -- word or part
    term TEXT NOT NULL,
    entry INTEGER NOT NULL REFERENCES entries (entry) ON DELETE CASCADE,
    times INTEGER NOT NULL,
    PRIMARY KEY (user, sort, term, entry)
) STRICT, WITHOUT ROWID;
CREATE INDEX postings_of_entry ON postings (entry);
