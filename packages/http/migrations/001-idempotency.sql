-- The first answer to each Idempotency-Key, for 24 hours. `scope` is the SHA-256 of caller, method, path and key.
-- `resource` is set instead of an answer where the answer is the present state of something that was begun.
-- Answers may hold personal data: all of one caller are deleted by `caller`.
create table idempotency_keys (
  scope bytea primary key,
  caller text not null,
  fingerprint bytea not null,
  status smallint,
  headers json not null default '{}',
  body text,
  resource text,
  written json not null default '[]',
  created_at timestamptz not null,
  check ((status is null) <> (resource is null))
);
create index idempotency_keys_age on idempotency_keys (created_at);
create index idempotency_keys_caller on idempotency_keys (caller);
