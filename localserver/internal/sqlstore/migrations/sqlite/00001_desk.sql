-- +goose Up
-- Times are milliseconds since 1970, NULL for none. How the tables are meant
-- is told in the package doc.

CREATE TABLE conversation (
	key     INTEGER PRIMARY KEY,
	id      TEXT    NOT NULL UNIQUE,
	site    TEXT    NOT NULL,
	visitor TEXT    NOT NULL,
	session INTEGER NOT NULL,
	phase   INTEGER NOT NULL, -- core.Phase
	grp     TEXT    NOT NULL,
	tag     TEXT    NOT NULL,
	agent   TEXT,             -- who has a seat on it
	since   INTEGER NOT NULL,
	queued  INTEGER,
	alarm   INTEGER
);
CREATE INDEX conversation_list  ON conversation (phase, since, id);
CREATE INDEX conversation_line  ON conversation (grp, queued, id) WHERE phase = 2;
CREATE INDEX conversation_seat  ON conversation (agent) WHERE agent IS NOT NULL;
CREATE INDEX conversation_alarm ON conversation (alarm, id) WHERE alarm IS NOT NULL;

CREATE TABLE event (
	conversation INTEGER NOT NULL REFERENCES conversation (key),
	seq          INTEGER NOT NULL,
	prev         INTEGER NOT NULL,
	session      INTEGER NOT NULL,
	at           INTEGER NOT NULL,
	by_kind      INTEGER NOT NULL, -- core.PartyKind
	by_id        TEXT    NOT NULL,
	origin       TEXT    NOT NULL,
	n            INTEGER NOT NULL,
	internal     INTEGER NOT NULL,
	body         TEXT    NOT NULL, -- codec.AppendBody
	header       BLOB,             -- codec.AppendConversation; the last event of a change has it
	PRIMARY KEY (conversation, seq)
);

CREATE TABLE mark (
	conversation INTEGER PRIMARY KEY REFERENCES conversation (key),
	visitor      INTEGER NOT NULL,
	agent        INTEGER NOT NULL
);

CREATE TABLE account (
	id       TEXT    NOT NULL PRIMARY KEY,
	version  INTEGER NOT NULL,
	name     TEXT    NOT NULL UNIQUE,
	display  TEXT    NOT NULL,
	avatar   TEXT    NOT NULL,
	role     TEXT    NOT NULL,
	groups   TEXT    NOT NULL, -- a JSON array, in the account's order
	capacity INTEGER NOT NULL,
	weight   REAL    NOT NULL,
	password TEXT    NOT NULL,
	tokens   INTEGER NOT NULL,
	disabled INTEGER NOT NULL
);

CREATE TABLE member (
	grp   TEXT NOT NULL,
	agent TEXT NOT NULL REFERENCES account (id),
	PRIMARY KEY (grp, agent)
);
CREATE INDEX member_agent ON member (agent);

CREATE TABLE presence (
	agent  TEXT NOT NULL PRIMARY KEY REFERENCES account (id),
	status TEXT NOT NULL,
	lease  INTEGER,
	given  INTEGER -- when they were last given a session
);

CREATE TABLE profile (
	id       TEXT NOT NULL PRIMARY KEY,
	site     TEXT NOT NULL,
	name     TEXT NOT NULL,
	avatar   TEXT NOT NULL,
	lang     TEXT NOT NULL,
	external TEXT NOT NULL,
	url      TEXT NOT NULL,
	title    TEXT NOT NULL,
	referrer TEXT NOT NULL,
	seen     INTEGER
);

CREATE TABLE secret (
	name  TEXT NOT NULL PRIMARY KEY,
	value BLOB NOT NULL
);

CREATE TABLE settings (
	id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	version INTEGER NOT NULL,
	body    TEXT    NOT NULL -- codec.AppendSettings
);

CREATE TABLE store (
	id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	epoch      TEXT    NOT NULL,
	generation INTEGER NOT NULL,
	probed     INTEGER NOT NULL
);
