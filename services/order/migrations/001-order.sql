create table orders (
  id text primary key,
  version int not null,
  user_id text not null,
  status text not null,
  state jsonb not null
) with (fillfactor = 50);
create index orders_by_user on orders (user_id, id);

-- What this service knows of products, fed by their events.
create table catalogue (
  product_id text primary key,
  version int not null,
  name text not null,
  price jsonb not null,
  archived boolean not null
);

-- Users who have left: an access token outlives its user for some minutes.
create table gone_users (
  user_id text primary key,
  at timestamptz not null
);
