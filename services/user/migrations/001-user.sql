-- An erased user keeps the id and nothing else.
create table users (
  id text primary key,
  version int not null,
  email text,
  role text check (role in ('customer', 'admin')),
  state jsonb not null
);
create unique index users_email on users (email);
create index users_administrators on users (id) where role = 'admin';

-- A session is the family of refresh tokens that one sign-in has begun; one token of it is good at a time.
create table sessions (
  id text primary key,
  version int not null,
  user_id text not null references users (id),
  expires_at timestamptz not null,
  state jsonb not null
);
create index sessions_by_user on sessions (user_id);
create index sessions_by_age on sessions (expires_at);

-- Every refresh token that was ever given out, as its SHA-256, so that a spent one is known when it comes back.
create table refresh_tokens (
  hash text primary key,
  session_id text not null references sessions (id) on delete cascade
);
create index refresh_tokens_by_session on refresh_tokens (session_id);

create table signing_keys (
  kid text primary key,
  private_jwk jsonb not null,
  public_jwk jsonb not null,
  created_at timestamptz not null,
  signs_from timestamptz not null,
  retired_at timestamptz
);
