create table shipments (
  id text primary key,
  version int not null,
  shipment_id text not null unique,
  user_id text,
  status text not null,
  state jsonb not null
);
create index shipments_by_user on shipments (user_id);
