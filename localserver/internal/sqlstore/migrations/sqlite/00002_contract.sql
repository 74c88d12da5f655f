-- +goose Up
-- The settings keep their former versions.
CREATE TABLE settings_versions (
	version INTEGER NOT NULL PRIMARY KEY,
	body    TEXT    NOT NULL -- codec.AppendSettings
);
INSERT INTO settings_versions SELECT version, body FROM settings;
DROP TABLE settings;
ALTER TABLE settings_versions RENAME TO settings;

ALTER TABLE presence ADD COLUMN pace INTEGER; -- milliseconds

CREATE TABLE known (
	site     TEXT NOT NULL,
	external TEXT NOT NULL, -- the site's own id
	visitor  TEXT NOT NULL,
	PRIMARY KEY (site, external)
);

CREATE TABLE block (
	visitor TEXT NOT NULL PRIMARY KEY,
	agent   TEXT NOT NULL,
	reason  TEXT NOT NULL,
	at      INTEGER NOT NULL,
	until   INTEGER
);

-- Answers that are kept for a while; see core.Records.Keep.
CREATE TABLE kept (
	key   TEXT NOT NULL PRIMARY KEY,
	value BLOB NOT NULL,
	until INTEGER NOT NULL
);
CREATE INDEX kept_until ON kept (until);
