-- Who has left has no key.
insert into personal_keys (owner, erased_at) select user_id, at from gone_users on conflict do nothing;
drop table gone_users;

-- What was parked goes on without its address, and it is asked for.
update parked_messages set type = 'order.OrderCreated.v2', message = jsonb_set(jsonb_set(
  message #- '{data,shippingAddress}', '{type}', '"order.OrderCreated.v2"'),
  '{dataschema}', '"urn:ashlar:schema:order.OrderCreated.v2"')
where type = 'order.OrderCreated.v1';
update parked_messages set type = 'shipping.ArrangeShipment.v2', message = jsonb_set(jsonb_set(
  message #- '{data,address}', '{type}', '"shipping.ArrangeShipment.v2"'),
  '{dataschema}', '"urn:ashlar:schema:shipping.ArrangeShipment.v2"')
where type = 'shipping.ArrangeShipment.v1';
