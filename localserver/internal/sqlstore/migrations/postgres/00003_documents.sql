-- +goose Up
-- Small records that belong to no conversation; see core.Document.
CREATE TABLE document (
	kind    TEXT COLLATE "C" NOT NULL,
	id      TEXT COLLATE "C" NOT NULL,
	version BIGINT NOT NULL,
	at      BIGINT,
	data    BYTEA  NOT NULL,
	PRIMARY KEY (kind, id)
);
