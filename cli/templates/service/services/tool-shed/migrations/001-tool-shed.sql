create table key_rings (
  id text primary key,
  version int not null,
  owner_id text not null,
  name text not null,
  status text not null check (status in ('active', 'archived')),
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create unique index key_rings_name on key_rings (owner_id, name) where status = 'active';
create index key_rings_by_owner on key_rings (owner_id, status, id);
