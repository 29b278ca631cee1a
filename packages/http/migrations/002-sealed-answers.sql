-- Whom an answer tells of: its body is sealed with their key, and cannot be read once that is deleted.
alter table idempotency_keys add column owner text;
