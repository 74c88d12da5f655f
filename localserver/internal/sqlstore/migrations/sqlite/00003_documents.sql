-- +goose Up
-- Small records that belong to no conversation; see core.Document.
CREATE TABLE document (
	kind    TEXT    NOT NULL,
	id      TEXT    NOT NULL,
	version INTEGER NOT NULL,
	at      INTEGER,
	data    BLOB    NOT NULL,
	PRIMARY KEY (kind, id)
);
