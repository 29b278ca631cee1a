-- In which span a message has failed last, as a traceparent: the next try links to it.
alter table parked_messages add column failed_in text;
