-- +goose Up
-- Which conversations have a tag.
CREATE TABLE label (
	tag          TEXT COLLATE "C" NOT NULL,
	conversation BIGINT NOT NULL REFERENCES conversation (key),
	PRIMARY KEY (tag, conversation)
);
