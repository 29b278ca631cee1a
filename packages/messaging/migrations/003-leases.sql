-- A lease that was given back has no holder; `expires_at` still says when it was renewed last.
alter table leases alter column holder drop not null;

-- The replicas of this service that are here, for as long as they say so.
create table replicas (
  holder text primary key,
  expires_at timestamptz not null
);
