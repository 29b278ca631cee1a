create table shipments (
  id text primary key,
  version int not null,
  shipment_id text not null unique,
  user_id text,
  status text not null,
  state jsonb not null
);
create index shipments_by_user on shipments (user_id);

-- Users who have left: what is asked for them later is done, and then forgotten.
create table gone_users (
  user_id text primary key,
  at timestamptz not null
);
