/**
 * The peers' side of the database: a table of the same shape, and the shortest functions that append one event
 * with a check of
 * its version, without and with a message and its dense number. They do the same work in our tables, for one
 * event only.
 */
export const BY_HAND = `
  create table plain_events (
    position bigserial primary key, stream text not null, version bigint not null, type text not null,
    data jsonb not null, at timestamptz not null, unique (stream, version));

  create function append_by_hand(in_stream text, expected bigint, in_type text, in_data jsonb) returns void
  language plpgsql as $$
  begin
    if expected = 0 then
      insert into streams (stream, version, last_at) values (in_stream, 1, clock_timestamp()) on conflict do nothing;
    else
      update streams set version = version + 1,
        last_at = greatest(clock_timestamp(), last_at + interval '1 microsecond')
      where stream = in_stream and version = expected;
    end if;
    if not found then raise exception 'lost race: %', in_stream using errcode = '40001'; end if;
    insert into events (stream, version, type, data, at) values (in_stream, expected + 1, in_type, in_data,
      clock_timestamp());
  end $$;

  create function append_and_tell_by_hand(in_stream text, expected bigint, in_type text, in_data jsonb) returns void
  language plpgsql as $$
  declare
    next bigint;
  begin
    perform append_by_hand(in_stream, expected, in_type, in_data);
    insert into outbox_keys as k (channel, key, sequence) values ('payment.events', in_stream, 1)
    on conflict (channel, key) do update set sequence = k.sequence + 1 returning sequence into next;
    insert into outbox (id, channel, key, sequence, type, time, data, context)
    values (gen_random_uuid(), 'payment.events', in_stream, next, 'payment.MoneyDeposited.v1',
      clock_timestamp(), in_data,
            '{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "correlationid": "0198c0de"}');
  end $$;`;
