-- How far each read model has come; written in the transaction of the read model itself.
create table projections (
  name text primary key,
  position bigint not null,
  last_at timestamptz,
  updated_at timestamptz not null default clock_timestamp()
);
