-- +goose Up
-- The tables of SQLite's version 2; from here on both have the same versions.
-- Times are milliseconds since 1970, NULL for none. Names are compared byte by
-- byte, whatever the locale of the database: lists are in that order.

CREATE TABLE conversation (
	key     BIGINT   NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id      TEXT     COLLATE "C" NOT NULL UNIQUE,
	site    TEXT     COLLATE "C" NOT NULL,
	visitor TEXT     COLLATE "C" NOT NULL,
	session BIGINT   NOT NULL,
	phase   SMALLINT NOT NULL, -- core.Phase
	grp     TEXT     COLLATE "C" NOT NULL,
	tag     TEXT     COLLATE "C" NOT NULL,
	agent   TEXT     COLLATE "C", -- who has a seat on it
	since   BIGINT   NOT NULL,
	queued  BIGINT,
	alarm   BIGINT
);
CREATE INDEX conversation_list  ON conversation (phase, since, id);
CREATE INDEX conversation_line  ON conversation (grp, queued, id) WHERE phase = 2;
CREATE INDEX conversation_seat  ON conversation (agent) WHERE agent IS NOT NULL;
CREATE INDEX conversation_alarm ON conversation (alarm, id) WHERE alarm IS NOT NULL;

-- The conversation is no foreign key: to check one, PostgreSQL would lock, and
-- so write, a row of conversation for each message. What inserts events finds
-- the key in that table, and nothing takes a row out of it.
CREATE TABLE event (
	conversation BIGINT   NOT NULL,
	seq          BIGINT   NOT NULL,
	prev         BIGINT   NOT NULL,
	session      BIGINT   NOT NULL,
	at           BIGINT   NOT NULL,
	by_kind      SMALLINT NOT NULL, -- core.PartyKind
	by_id        TEXT     COLLATE "C" NOT NULL,
	origin       TEXT     COLLATE "C" NOT NULL,
	n            BIGINT   NOT NULL,
	internal     BOOLEAN  NOT NULL,
	body         TEXT     COLLATE "C" NOT NULL, -- codec.AppendBody
	header       BYTEA,             -- codec.AppendConversation; the last event of a change has it
	PRIMARY KEY (conversation, seq)
);

CREATE TABLE mark (
	conversation BIGINT NOT NULL PRIMARY KEY REFERENCES conversation (key),
	visitor      BIGINT NOT NULL,
	agent        BIGINT NOT NULL
);

CREATE TABLE account (
	id       TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
	version  BIGINT  NOT NULL,
	name     TEXT    COLLATE "C" NOT NULL UNIQUE,
	display  TEXT    COLLATE "C" NOT NULL,
	avatar   TEXT    COLLATE "C" NOT NULL,
	role     TEXT    COLLATE "C" NOT NULL,
	groups   TEXT    COLLATE "C" NOT NULL, -- a JSON array, in the account's order
	capacity BIGINT  NOT NULL,
	weight   DOUBLE PRECISION NOT NULL,
	password TEXT    COLLATE "C" NOT NULL,
	tokens   BIGINT  NOT NULL,
	disabled BOOLEAN NOT NULL
);

CREATE TABLE member (
	grp   TEXT COLLATE "C" NOT NULL,
	agent TEXT COLLATE "C" NOT NULL REFERENCES account (id),
	PRIMARY KEY (grp, agent)
);
CREATE INDEX member_agent ON member (agent);

CREATE TABLE presence (
	agent  TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES account (id),
	status TEXT COLLATE "C" NOT NULL,
	lease  BIGINT,
	given  BIGINT, -- when they were last given a session
	pace   BIGINT  -- milliseconds
);

CREATE TABLE profile (
	id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	site     TEXT COLLATE "C" NOT NULL,
	name     TEXT COLLATE "C" NOT NULL,
	avatar   TEXT COLLATE "C" NOT NULL,
	lang     TEXT COLLATE "C" NOT NULL,
	external TEXT COLLATE "C" NOT NULL,
	url      TEXT COLLATE "C" NOT NULL,
	title    TEXT COLLATE "C" NOT NULL,
	referrer TEXT COLLATE "C" NOT NULL,
	seen     BIGINT
);

CREATE TABLE known (
	site     TEXT COLLATE "C" NOT NULL,
	external TEXT COLLATE "C" NOT NULL, -- the site's own id
	visitor  TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (site, external)
);

CREATE TABLE block (
	visitor TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	agent   TEXT COLLATE "C" NOT NULL,
	reason  TEXT COLLATE "C" NOT NULL,
	at      BIGINT NOT NULL,
	until   BIGINT
);

-- Answers that are kept for a while; see core.Records.Keep.
CREATE TABLE kept (
	key   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	value BYTEA  NOT NULL,
	until BIGINT NOT NULL
);
CREATE INDEX kept_until ON kept (until);

CREATE TABLE secret (
	name  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	value BYTEA NOT NULL
);

CREATE TABLE settings (
	version BIGINT NOT NULL PRIMARY KEY,
	body    TEXT COLLATE "C" NOT NULL -- codec.AppendSettings
);

CREATE TABLE store (
	id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	epoch    TEXT COLLATE "C" NOT NULL,
	identity TEXT COLLATE "C" NOT NULL, -- of the database that the epoch was begun in
	probed   BIGINT NOT NULL
);
