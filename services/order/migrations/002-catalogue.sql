-- The catalogue belongs to its projection from now on, which makes the table; one that is in use it takes over as it is.
do $$ begin
  if not exists (select from projections where name = 'order.catalogue') then
    drop table catalogue;
  end if;
end $$;
