-- +goose Up
-- Device, first visit and the last pages of a visitor: codec.AppendMore.
ALTER TABLE profile ADD COLUMN more TEXT NOT NULL DEFAULT '';
