-- Whose account is whose. The money itself is in the event store, in the stream account-<id>.
create table accounts (
  id text primary key,
  user_id text not null,
  currency text not null,
  created_at timestamptz not null,
  unique (user_id, currency)
);

-- What became of the payment of each order: whoever asks again gets the same answer.
create table payments (
  id text primary key,
  version int not null,
  status text not null,
  state jsonb not null
);

create table deposits (
  id text primary key,
  version int not null,
  account_id text not null references accounts (id),
  status text not null check (status in ('pending', 'completed', 'declined')),
  state jsonb not null
);
create index deposits_pending on deposits (account_id) where status = 'pending';
