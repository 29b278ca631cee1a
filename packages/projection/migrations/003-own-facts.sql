-- A new read model over facts that were there before it is filled by a first rebuild; until then lists of it lack some.
alter table projections add column filled boolean not null default true;

-- A read model that is kept elsewhere from now on. Answers whether there was one.
create function projection_drop(model text) returns boolean
language plpgsql as $$
declare
  one text;
begin
  perform pg_advisory_xact_lock(hashtextextended('projection ' || model, 0));
  if exists (select from projection_rebuilds where name = model) then
    execute format('drop schema if exists %I cascade', 'rebuild ' || model);
    delete from projection_rebuilds where name = model;
  end if;
  for one in select unnest(tables) from projections where name = model loop
    execute format('drop table %I', one);
  end loop;
  delete from projections where name = model;
  return found;
end $$;
