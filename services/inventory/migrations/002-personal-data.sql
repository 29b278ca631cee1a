-- What was parked goes on without the address that it carried: nobody here needs it.
update parked_messages set type = 'order.OrderCreated.v2', message = jsonb_set(jsonb_set(
  message #- '{data,shippingAddress}', '{type}', '"order.OrderCreated.v2"'),
  '{dataschema}', '"urn:ashlar:schema:order.OrderCreated.v2"')
where type = 'order.OrderCreated.v1';
