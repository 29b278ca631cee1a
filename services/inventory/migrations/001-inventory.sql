create table stock_levels (
  id text primary key,
  version int not null,
  on_hand bigint not null check (on_hand >= 0),
  reserved bigint not null check (reserved >= 0 and reserved <= on_hand)
);

create table reservations (
  id text primary key,
  version int not null,
  status text not null,
  state jsonb not null
);

create table adjustments (
  id text primary key,
  product_id text not null,
  delta bigint not null,
  reason text not null,
  adjusted_by text not null,
  at timestamptz not null
);
