-- What is parked is looked for every second: by its lines, however many messages wait in each.
create index inbox_parked on inbox (consumer, source, channel, key) where parked;
