-- With what shipping wants to have the addresses of each customer sealed: of a key pair the half that may be known.
create table shipping_keys (
  user_id text primary key,
  public_key text not null
);

-- Who has left has no key.
insert into personal_keys (owner, erased_at) select user_id, at from gone_users on conflict do nothing;
drop table gone_users;

-- What is on its way, kept for those who ask again, or parked, goes on without its address: shipping asks for it.
update outbox set type = 'order.OrderCreated.v2', data = data - 'shippingAddress'
where type = 'order.OrderCreated.v1';
update outbox set type = 'shipping.ArrangeShipment.v2', data = data - 'address'
where type = 'shipping.ArrangeShipment.v1';
update sagas set state = state #- '{progress,data,shippingAddress}'
where state #> '{progress,data,shippingAddress}' is not null;
