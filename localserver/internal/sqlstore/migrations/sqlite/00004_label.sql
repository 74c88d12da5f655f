-- +goose Up
-- Which conversations have a tag.
CREATE TABLE label (
	tag          TEXT    NOT NULL,
	conversation INTEGER NOT NULL REFERENCES conversation (key),
	PRIMARY KEY (tag, conversation)
);
