create table products (
  id text primary key,
  version int not null,
  sku text not null,
  name text not null,
  description text not null,
  category text not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  status text not null check (status in ('active', 'archived')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  search tsvector not null generated always as (
    setweight(to_tsvector('english', name), 'A') || setweight(to_tsvector('english', category), 'B')
    || setweight(to_tsvector('english', description), 'C') || setweight(to_tsvector('english', sku), 'D')
  ) stored
);
create unique index products_sku on products (sku);
create index products_by_status on products (status, id);
create index products_by_category on products (category, id) where status = 'active';
create index products_by_words on products using gin (search);

-- Which catalogues were put in for a start, so that it happens once.
create table seeds (
  name text primary key,
  at timestamptz not null
);
