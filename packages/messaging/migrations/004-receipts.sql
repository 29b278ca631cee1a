-- What the broker has answered for, noted now and then: there it has to be found again, or it has lost what came after.
create table receipts (
  number bigserial primary key,
  channel text not null,
  place bigint not null,
  id uuid not null,
  noted_at timestamptz not null default clock_timestamp()
);
