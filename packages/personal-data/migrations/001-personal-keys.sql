-- One key for each person whose data this service keeps, sealed. Without its key nothing of a person can be read any
-- more, wherever copies of it are; the row stays, so that nobody makes a new key for someone who has gone.
create table personal_keys (
  owner text primary key,
  key bytea,
  erased_at timestamptz,
  check ((key is null) <> (erased_at is null))
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1);

-- The keys of keyed hashes, by which something is found that is stored sealed.
create table personal_secrets (
  name text primary key,
  secret bytea not null
);

-- What was stored open before there were keys, and is sealed by now.
create table personal_data_sealed (
  name text primary key,
  at timestamptz not null default clock_timestamp()
);
