-- Further messages under the highest number on which an operator has decided: they are known when they come again.
alter table inbox add column other_ids uuid[];
